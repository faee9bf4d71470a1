//! The dashboard's counters: what a turn changes of them.

use std::collections::BTreeMap;

use engine::{Happening, Instance, Status};
use graph::Name;
use store::{Counter, Shard};

/// Changes of counters by journey, version and step.
#[derive(Default)]
pub(crate) struct Counts {
    changes: BTreeMap<(Name, Name, Name), Counter>,
}

impl Counts {
    /// An instance stood at a step with a status (`before`; none when it is new), and stands elsewhere now.
    pub(crate) fn move_on(
        &mut self,
        before: Option<(Name, Status)>,
        after: &Instance,
        happenings: &[Happening],
    ) {
        let whole: Name = "".into();
        match before {
            None => self.counter(after, &whole).passed += 1,
            Some((step, status)) => {
                for place in [&step, &whole] {
                    stand(self.counter(after, place), status, -1);
                }
            }
        }
        for happening in happenings {
            match happening {
                Happening::Passed { step, .. } => self.counter(after, step).passed += 1,
                Happening::Reached { .. } => self.counter(after, &whole).reached += 1,
                _ => {}
            }
        }
        for place in [&after.step, &whole] {
            stand(self.counter(after, place), after.status, 1);
        }
    }

    /// The changes that are not nothing, all of them in the rows of one shard of the writer. Which one does not matter:
    /// what is read is the sum over shards, and a turn that changed a row for each would mostly write counters.
    pub(crate) fn changes(self, shard: Shard) -> Vec<Counter> {
        let moves = |counter: &Counter| {
            (counter.waiting, counter.passed, counter.failed, counter.ended, counter.reached)
                != (0, 0, 0, 0, 0)
        };
        self.changes.into_values().filter(moves).map(|counter| Counter { shard, ..counter }).collect()
    }

    fn counter(&mut self, instance: &Instance, step: &Name) -> &mut Counter {
        let (journey, version) = (instance.journey.clone(), instance.version.clone());
        let key = (journey.clone(), version.clone(), step.clone());
        self.changes.entry(key).or_insert_with(|| Counter {
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
