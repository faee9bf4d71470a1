//! The calls of a turn: which are handed out, put off or held, and which nobody makes.

use std::collections::HashSet;

use engine::{AttemptId, Effect, Input, Instance};
use graph::Name;
use store::Shard;
use uuid::Uuid;

use super::Batch;
use crate::lane::NoPlace;

/// How often it is looked whether a call that takes long is still under way.
const STILL: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);

/// A call to hand out once the turn is written.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub(crate) shard: Shard,
    pub(crate) profile: Name,
    pub(crate) instance: Uuid,
    pub(crate) journey: Name,
    pub(crate) step: Name,
    pub(crate) effect: Effect,
}

impl Dispatch {
    pub(super) fn of(shard: Shard, instance: &Instance, effect: Effect) -> Dispatch {
        Dispatch {
            shard,
            profile: instance.profile.clone(),
            instance: instance.id,
            journey: instance.journey.clone(),
            step: instance.step.clone(),
            effect,
        }
    }

    /// Which attempt it hands out.
    pub(crate) fn attempt(&self) -> AttemptId {
        let Effect::Call { call, attempt, .. } = &self.effect;
        AttemptId { instance: self.instance, call: *call, attempt: *attempt }
    }
}

impl Batch<'_> {
    /// Whether what an instance waits for is one of these attempts: that one is not made again, however long it takes.
    pub(crate) fn waits_for_one_of(&mut self, attempts: &HashSet<AttemptId>, id: Uuid) -> bool {
        let later = self.now.checked_add(STILL).unwrap_or(self.now);
        let waiting = self.instances.get_mut(&id).filter(|place| {
            place.instance.attempt_under_way().is_some_and(|attempt| attempts.contains(&attempt))
        });
        waiting.is_some_and(|place| {
            place.instance.is_still_under_way(later);
            place.changed = true;
            true
        })
    }

    /// An instance whose call nobody makes: it was under way with whoever is gone, or its connection goes on after a pause.
    pub(crate) fn recover(&mut self, id: Uuid) {
        let Some(place) = self.instances.get_mut(&id) else { return };
        if place.instance.release(self.now) {
            place.changed = true;
        } else {
            self.apply(id, &Input::AttemptLost);
        }
    }

    /// The calls to hand out once the turn is written. One for which `reserve` has no place is put off until it says, or held.
    pub(super) fn hand_out(
        &mut self,
        reserve: &mut dyn FnMut(&Name, &Name) -> Result<(), NoPlace>,
    ) -> Vec<Dispatch> {
        let mut dispatches = Vec::with_capacity(self.dispatches.len());
        for dispatch in std::mem::take(&mut self.dispatches) {
            let Effect::Call { request, .. } = &dispatch.effect;
            let Some(place) = self.instances.get_mut(&dispatch.instance) else { continue };
            if place.instance.attempt_under_way() != Some(dispatch.attempt()) {
                continue;
            }
            match reserve(&request.connection, &place.instance.journey) {
                Ok(()) => dispatches.push(dispatch),
                Err(NoPlace::Until(later)) => place.instance.put_off(later),
                Err(NoPlace::Paused) => place.instance.hold(self.now),
            }
        }
        dispatches
    }
}
