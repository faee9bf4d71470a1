//! A person with their instances, as whoever has them at hand offers them; and what an event did.

use std::{collections::BTreeMap, sync::Arc};

use graph::{Audience, Journey, Name, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Event, Instance, Output, Status,
    limit::Taken,
    link::Links,
    policy::{Barred, Standing},
};

/// A person with their instances, as this module wants to see them.
pub trait Around {
    /// The person's key.
    fn key(&self) -> Name;
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// A version of a journey; none when it cannot be read.
    fn journey(&mut self, name: &Name, version: &Name) -> Option<Arc<Journey>>;
    /// The current audiences.
    fn audiences(&mut self) -> Vec<Arc<Audience>>;
    /// The current journeys that an event of this name may start.
    fn entered_by(&mut self, event: &Name) -> Vec<Arc<Journey>>;
    /// The attributes as a journey sees them whose person is inside.
    fn attributes(&mut self, journey: &Journey) -> Value;
    /// The attributes as an audience sees them.
    fn attributes_for(&mut self, audience: &Audience) -> Value;
    /// The attributes as a journey wants them at entry, or why they do not fit.
    ///
    /// # Errors
    /// Why they do not fit.
    fn attributes_at_entry(&mut self, journey: &Journey) -> Result<Value, String>;
    /// The instances that events may matter to, in the order of their entry.
    fn listening(&mut self) -> Vec<Uuid>;
    /// An instance.
    fn instance(&self, id: Uuid) -> Option<&Instance>;
    /// What the person did before that an audience looks back at, earliest first.
    fn past(&mut self, audience: &Audience) -> Past;
    /// The id for the instance that watches the person for an audience.
    fn member_id(&mut self, audience: &Audience) -> Uuid;
    /// Keeps what watching the person did. `before` as in [`Around::keep`].
    fn keep_member(&mut self, before: Option<(Name, Status)>, output: Output);
    /// The id for an instance that an event starts. All but its first six bytes are the same whenever the same event
    /// starts the same journey: [`Instance::idempotency_key`] is made of them.
    fn new_id(&mut self, event: &Event, journey: &Name) -> Uuid;
    /// When the person last entered a journey under a key.
    fn last_entry(&self, journey: &Name, key: &Name) -> Option<Timestamp>;
    /// How the person stands with policies.
    fn standing(&self) -> Standing;
    /// The person unsubscribes from a policy, or comes back to it.
    fn subscribe(&mut self, policy: &Name, subscribed: bool, at: Timestamp);
    /// What is known against addresses that messages of this turn go to.
    fn suppressed(&self) -> Arc<BTreeMap<Name, Barred>>;
    /// Who writes the links in messages.
    fn links(&self) -> Arc<dyn Links>;
    /// Who has come through a limit of a journey.
    fn taken(&mut self, journey: &Name, limit: &Name) -> Taken;
    /// Keeps what an accepted input did, or what an entry began. `before` is the step and the status before it; none
    /// for a new instance.
    fn keep(&mut self, journey: &Journey, before: Option<(Name, Status)>, output: Output);
    /// Keeps an event that followed from another, and what became of it.
    fn log(&mut self, event: Event, outcomes: Vec<Outcome>);
}

/// What somebody did before.
#[derive(Clone, Debug, PartialEq)]
pub enum Past {
    /// Nothing: nobody knew of them before.
    New,
    /// This.
    Known(Vec<Event>),
}

/// What an event did in one journey; kept with the event, so that "why did this person not enter?" has an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The journey.
    pub journey: Name,
    /// `entered`, `queued`, `stayed-out`, `reached`, `consumed`, `kept` or `ignored`.
    pub outcome: Name,
    /// The instance it entered or met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Uuid>,
    /// Why, where it did not enter or was ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
