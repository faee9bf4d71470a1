//! The limits of journeys during a turn: how many people have come through, and how many more do.

use std::collections::BTreeMap;

use engine::limit::Passage;
use graph::Name;
use store::Limit;

/// The limits during a turn.
pub(super) struct Limits {
    /// How many people came through before this turn, by journey and limit; none if that was not loaded.
    before: Option<BTreeMap<(Name, Name), u32>>,
    /// How many more do, and how many may.
    more: BTreeMap<(Name, Name), (u32, u32)>,
    /// Whether it was asked for and not loaded: the turn must be decided anew with it.
    pub(super) missing: bool,
}

impl Limits {
    pub(super) fn new(loaded: Option<Vec<Limit>>) -> Limits {
        let before = loaded.map(|limits| {
            limits.into_iter().map(|limit| ((limit.journey, limit.name), limit.taken)).collect()
        });
        Limits { before, more: BTreeMap::new(), missing: false }
    }

    /// How many people have come through, this turn's included.
    pub(super) fn people(&mut self, journey: &Name, limit: &Name) -> u32 {
        let limit = (journey.clone(), limit.clone());
        let more = self.more.get(&limit).map_or(0, |(more, _)| *more);
        match &self.before {
            Some(before) => before.get(&limit).copied().unwrap_or_default().saturating_add(more),
            None => {
                self.missing = true;
                0
            }
        }
    }

    /// A person comes through.
    pub(super) fn pass(&mut self, journey: &Name, passage: &Passage) {
        let limit = (journey.clone(), passage.limit.clone());
        let (more, most) = self.more.entry(limit).or_default();
        *more += 1;
        *most = passage.most.max(*most);
    }

    /// What is to be written.
    pub(super) fn changes(self) -> Vec<Limit> {
        let limit = |((journey, name), (taken, most))| Limit { journey, name, taken, most };
        self.more.into_iter().map(limit).collect()
    }
}
