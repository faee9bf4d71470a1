//! The places of a lane: how many calls of a connection are in memory, shared fairly between the journeys that call it.
//!
//! What has no place waits in the store and is looked at again later: the calls of a journey one after the other, as far
//! apart as its share allows. So a journey with a hundred thousand calls for a partner that takes ten a second has them go out
//! between those of another journey, and not before them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use graph::Name;
use jiff::{SignedDuration, Timestamp};

/// A call for which there is no place is looked at again not before so long.
const SOONEST: Duration = Duration::from_millis(500);

/// The places of one lane.
pub(crate) struct Places {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    journeys: HashMap<Name, Share>,
}

/// What of the places a journey has.
#[derive(Default)]
struct Share {
    places: usize,
    /// When the last of its calls that wait in the store is looked at again.
    ends: Timestamp,
}

/// A place for one call; given back when it is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    journey: Name,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(share) = taken.journeys.get_mut(&self.journey) {
            share.places -= 1;
        }
    }
}

impl Places {
    pub(crate) fn new(most: usize) -> Arc<Places> {
        Arc::new(Places { most, taken: Mutex::default() })
    }

    /// How many are taken.
    pub(crate) fn in_use(&self) -> usize {
        self.taken().all
    }

    /// A place for a call of a journey; or when it is to be tried again, calls going out so far `apart`.
    pub(crate) fn take(
        self: &Arc<Places>,
        journey: &Name,
        now: Timestamp,
        apart: Duration,
    ) -> Result<Place, Timestamp> {
        let mut taken = self.taken();
        let all = taken.all;
        taken.journeys.retain(|name, share| share.places > 0 || share.ends > now || name == journey);
        let callers = taken.journeys.len() + usize::from(!taken.journeys.contains_key(journey));
        let share = taken.journeys.entry(journey.clone()).or_default();
        if all < self.most && share.places < self.most.div_ceil(callers) {
            share.places += 1;
            taken.all += 1;
            return Ok(Place { places: self.clone(), journey: journey.clone() });
        }
        let at = share.ends.max(after(now, SOONEST));
        share.ends = after(at, apart.saturating_mul(u32::try_from(callers).unwrap_or(u32::MAX)));
        Err(at)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(moment: Timestamp, pause: Duration) -> Timestamp {
    let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
    moment.checked_add(pause).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    const APART: Duration = Duration::from_millis(100);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn one_journey_alone_has_all_places_and_its_calls_come_back_one_after_the_other() {
        let (places, herd) = (Places::new(3), Name::from("herd"));
        let mut held: Vec<Place> = (0..3).map(|_| places.take(&herd, at(0), APART).ok().unwrap()).collect();
        for expected in [500, 600, 700] {
            assert_eq!(places.take(&herd, at(0), APART).err(), Some(at(expected)));
        }
        held.pop();
        assert_eq!(places.in_use(), 2);
        assert!(places.take(&herd, at(500), APART).is_ok());
    }

    #[test]
    fn whoever_comes_later_gets_the_places_that_become_free_up_to_a_fair_share() {
        let (places, herd, few) = (Places::new(4), Name::from("herd"), Name::from("few"));
        let mut held: Vec<Place> = (0..4).map(|_| places.take(&herd, at(0), APART).ok().unwrap()).collect();
        (0..1_000).for_each(|_| drop(places.take(&herd, at(0), APART)));
        // Not behind the thousand that wait.
        assert_eq!(places.take(&few, at(10), APART).err(), Some(at(510)));
        assert_eq!(places.take(&few, at(10), APART).err(), Some(at(710)), "every second call is theirs");
        held.pop();
        assert!(places.take(&herd, at(510), APART).is_err(), "the herd has its share and more");
        let first = places.take(&few, at(510), APART);
        assert!(first.is_ok());
        held.truncate(1);
        assert!(places.take(&herd, at(520), APART).is_ok(), "there is one below its share now");
        drop(first);
        // Once they are gone the herd has everything again.
        let later = at(2_000);
        let again: Vec<_> = (0..3).map(|_| places.take(&herd, later, APART)).collect();
        assert_eq!(again.iter().filter(|place| place.is_ok()).count(), 3, "{}", places.in_use());
    }
}
