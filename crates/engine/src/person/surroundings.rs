//! What a journey is advanced in for a person, gathered once for all that looks at it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use graph::{Name, Value};
use jiff::Timestamp;

use crate::{
    Context,
    limit::Limits,
    link::Links,
    policy::{Barred, Standing},
};

/// What a context borrows.
pub(super) struct Surroundings {
    pub(super) profile: Value,
    pub(super) now: Timestamp,
    pub(super) audiences: BTreeSet<Name>,
    pub(super) standing: Standing,
    pub(super) suppressed: Arc<BTreeMap<Name, Barred>>,
    pub(super) links: Arc<dyn Links>,
    pub(super) limits: Limits,
    pub(super) follows: u32,
}

impl Surroundings {
    pub(super) fn context(&self) -> Context<'_> {
        Context {
            profile: &self.profile,
            now: self.now,
            audiences: &self.audiences,
            standing: &self.standing,
            suppressed: &self.suppressed,
            links: &*self.links,
            limits: &self.limits,
            follows: self.follows,
        }
    }
}
