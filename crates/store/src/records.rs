//! What is kept, wanted and written: the rows of the tables, as the runtime knows them.

use engine::{Instance, Status};
use graph::{ErrorKind, Name};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Shard, Suppression, shard_of};

/// A deployed version of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The journey.
    pub journey: Name,
    /// The hash of the source.
    pub version: Name,
    /// The text, complete in itself.
    pub source: Name,
    /// When it was first deployed.
    pub deployed_at: Timestamp,
    /// Whether people enter it now.
    pub current: bool,
}

/// A person's attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The shard the key hashes to.
    pub shard: Shard,
    /// The key that events carry.
    pub key: Name,
    /// The attributes as a JSON object, as they came.
    pub attributes: String,
    /// When the person last entered which journey under which key, and when messages went out to them, as a JSON
    /// object; kept only as far as some rule asks.
    pub entries: String,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An event of the log with what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedEvent {
    /// The shard its profile hashes to.
    pub shard: Shard,
    /// Its place in the shard's log, from 1 without gaps.
    pub sequence: i64,
    /// The id its sender gave it; unique per profile.
    pub id: Name,
    /// Its name in the language.
    pub name: Name,
    /// The person.
    pub profile: Name,
    /// When it happened.
    pub at: Timestamp,
    /// When it was taken in.
    pub received_at: Timestamp,
    /// Its properties as a JSON object, as they came.
    pub properties: String,
    /// What became of it, per journey, as a JSON list.
    pub outcome: String,
}

/// What happened to an instance in one turn.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The shard.
    pub shard: Shard,
    /// The instance.
    pub instance: Uuid,
    /// The instance's turn, from 1.
    pub turn: u32,
    /// When.
    pub at: Timestamp,
    /// The happenings as a JSON list.
    pub happenings: String,
}

/// A place in the history of a profile's instances: pages go on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// When.
    pub at: Timestamp,
    /// The instance.
    pub instance: Uuid,
    /// Its turn.
    pub turn: u32,
}

/// An event that was not taken. What could not be read of it is none.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedEvent {
    /// The shard of the profile; 0 when there is none.
    pub shard: Shard,
    /// Time-ordered (UUID version 7).
    pub id: Uuid,
    /// When it came.
    pub at: Timestamp,
    /// The id its sender gave it.
    pub event_id: Option<String>,
    /// Its name on the wire.
    pub event: Option<String>,
    /// The person.
    pub profile: Option<String>,
    /// The field that is wrong.
    pub field: String,
    /// Why.
    pub reason: String,
    /// The beginning of what came.
    pub body: String,
}

/// How many refused events of a shard are kept.
pub const MOST_REFUSALS: usize = 1_000;

/// A change of a step's counters, or their sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counter {
    /// The shard; 0 in sums.
    pub shard: Shard,
    /// The journey.
    pub journey: Name,
    /// The version.
    pub version: Name,
    /// The step; empty for the journey as a whole (`passed` counts entries there).
    pub step: Name,
    /// How many instances stand there now.
    pub waiting: i64,
    /// How many have passed.
    pub passed: i64,
    /// How many stand there failed.
    pub failed: i64,
    /// How many ended there, in whatever way.
    pub ended: i64,
    /// How many have reached the goal; counted for the journey as a whole.
    pub reached: i64,
}

/// What a batch of inputs touches.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Profiles that are needed, each with its live instances if the flag says so.
    pub profiles: Vec<(Shard, Name, bool)>,
    /// Events whose ids may be known already: shard, profile, id.
    pub events: Vec<(Shard, Name, Name)>,
    /// Instances that are needed, whatever their status.
    pub instances: Vec<(Shard, Uuid)>,
    /// Profiles whose past is needed.
    pub past: Vec<(Shard, Name)>,
    /// The events that count as such, by name.
    pub past_of: Vec<Name>,
    /// Whether it is needed who has come through limits.
    pub limits: bool,
    /// Instances whose moment has come are needed, and the profiles of their people.
    pub due: Option<Draw>,
}

/// Which of the instances whose moment has come are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// The moment by which they are due.
    pub by: Timestamp,
    /// So many of the earliest, at most.
    pub earliest: u32,
    /// And so many of the latest: what has only just become due need not wait until a herd is through.
    pub latest: u32,
}

impl Wanted {
    /// Wants the people of these instances as well.
    pub fn also(&mut self, instances: &[Instance], shards: u16) {
        let person = |one: &Instance| (shard_of(&one.profile, shards), one.profile.clone(), false);
        self.profiles.extend(instances.iter().map(person));
    }

    /// Wants every profile once, however often it was asked for: of a busy person a turn has many events.
    pub fn each_once(&mut self) {
        self.profiles.sort_unstable();
        self.profiles.dedup_by(|next, kept| {
            let same = next.0 == kept.0 && next.1 == kept.1;
            kept.2 |= same && next.2;
            same
        });
    }
}

/// An event that was taken, as far as it tells whether another one under its id is the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownEvent {
    /// The person's key.
    pub profile: Name,
    /// The id that its sender gave it.
    pub id: Name,
    /// Its name in the language.
    pub name: Name,
    /// The properties as they came.
    pub properties: String,
}

/// What was found of [`Wanted`].
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The profiles that exist.
    pub profiles: Vec<Profile>,
    /// The events whose ids are known.
    pub events: Vec<KnownEvent>,
    /// The instances, each once.
    pub instances: Vec<Instance>,
    /// The wanted events of the past, earliest first.
    pub past: Vec<LoggedEvent>,
    /// How many people have come through which limit, where anybody has.
    pub limits: Vec<Limit>,
    /// What is due.
    pub due: Due,
}

/// What is due.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// The instances, earliest first.
    pub instances: Vec<Instance>,
    /// The earliest moment of all instances that are not among the earliest.
    pub next: Option<Timestamp>,
}

/// All that one turn writes.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// New events; the cursor of each shard moves to its last one.
    pub events: Vec<LoggedEvent>,
    /// Events that were refused; the newest [`MOST_REFUSALS`] of each shard are kept.
    pub refusals: Vec<RefusedEvent>,
    /// New and changed profiles.
    pub profiles: Vec<Profile>,
    /// New and changed instances with their shard.
    pub instances: Vec<(Shard, Instance)>,
    /// New history.
    pub history: Vec<History>,
    /// Changes of counters, at most one per shard, journey, version and step.
    pub counters: Vec<Counter>,
    /// How far passes over people have come, at most one per shard and name.
    pub sweeps: Vec<Sweep>,
    /// How many more people come through limits, at most one per limit. Where that would be too many, because another
    /// writer let people through meanwhile, nothing is written.
    pub limits: Vec<Limit>,
    /// Addresses that get nothing any more from now on.
    pub suppressions: Vec<Suppression>,
    /// Addresses that get messages under a policy again.
    pub lifted: Vec<(Uuid, Name)>,
}

/// How many people have come through a limit of a journey, or come through it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The journey.
    pub journey: Name,
    /// The limit's name.
    pub name: Name,
    /// How many people.
    pub taken: u32,
    /// How many may come through.
    pub most: u32,
}

/// A pass over the people of a shard, and how far it has come. A new run under the same name takes the place of the one
/// before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The shard.
    pub shard: Shard,
    /// What it is for: an audience or a journey.
    pub name: Name,
    /// Which run: the version of the audience, or the moment of the journey's schedule.
    pub run: Name,
    /// The key of the last person that it has come by, in the order of the database; empty at the beginning.
    pub after: Name,
    /// Whether it has come by everybody.
    pub done: bool,
}

/// Which instances are listed; each part that is given must fit.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The journey.
    pub journey: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The step.
    pub step: Option<String>,
    /// The status.
    pub status: Option<Status>,
    /// The person, with the shard of their key.
    pub profile: Option<(Shard, String)>,
    /// Of those that failed, how they did.
    pub failed_by: Option<ErrorKind>,
}
