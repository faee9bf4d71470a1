//! The dashboard's counters: what a turn changes of them.

use std::collections::BTreeMap;

use engine::{Happening, Instance, Status};
use graph::Name;
use store::{Counter, Shard};

/// Changes of counters by shard, journey, version and step.
#[derive(Default)]
pub(crate) struct Counts {
    changes: BTreeMap<(Shard, Name, Name, Name), Counter>,
}

impl Counts {
    /// An instance stood at a step with a status (`before`; none when it is new), and stands elsewhere now.
    pub(crate) fn move_on(
        &mut self,
        shard: Shard,
        before: Option<(Name, Status)>,
        after: &Instance,
        happenings: &[Happening],
    ) {
        let whole: Name = "".into();
        match before {
            None => self.counter(shard, after, &whole).passed += 1,
            Some((step, status)) => {
                for place in [&step, &whole] {
                    stand(self.counter(shard, after, place), status, -1);
                }
            }
        }
        for happening in happenings {
            match happening {
                Happening::Passed { step, .. } => self.counter(shard, after, step).passed += 1,
                Happening::Reached { .. } => self.counter(shard, after, &whole).reached += 1,
                _ => {}
            }
        }
        for place in [&after.step, &whole] {
            stand(self.counter(shard, after, place), after.status, 1);
        }
    }

    /// The changes that are not nothing.
    pub(crate) fn changes(self) -> Vec<Counter> {
        let moves = |counter: &Counter| {
            (counter.waiting, counter.passed, counter.failed, counter.ended, counter.reached)
                != (0, 0, 0, 0, 0)
        };
        self.changes.into_values().filter(moves).collect()
    }

    fn counter(&mut self, shard: Shard, instance: &Instance, step: &Name) -> &mut Counter {
        let (journey, version) = (instance.journey.clone(), instance.version.clone());
        let key = (shard, journey.clone(), version.clone(), step.clone());
        self.changes.entry(key).or_insert_with(|| Counter {
            shard,
            journey,
            version,
            step: step.clone(),
            ..Counter::default()
        })
    }
}

fn stand(counter: &mut Counter, status: Status, by: i64) {
    match status {
        Status::Waiting | Status::Calling | Status::Queued | Status::Member => counter.waiting += by,
        Status::Failed => counter.failed += by,
        Status::Completed
        | Status::Exited
        | Status::Cancelled
        | Status::Expired
        | Status::Stopped
        | Status::Replaced => counter.ended += by,
    }
}
