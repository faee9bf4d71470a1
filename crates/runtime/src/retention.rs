//! Forgetting what is older than it is kept: events, and instances that are over with their history.
//!
//! A worker forgets for its own shards, a bounded chunk between two turns, so that what comes in waits for no more than
//! that. How far it has come is not stored: after a restart it begins again at the oldest. What is forgotten does not come
//! back, so a clock that may be wrong is not believed at once. Deliberately absent: profiles, which are somebody's as long
//! as nobody erases them, and what has failed, which waits for an operator.

use std::time::{Duration, Instant};

use graph::Project;
use jiff::{SignedDuration, Timestamp};
use store::{Shard, Writer};
use uuid::Uuid;

/// The most rows that are looked at in one chunk.
const CHUNK: u32 = 500;
/// How long turns have the database to themselves between two chunks.
const PAUSE: SignedDuration = SignedDuration::from_millis(50);
/// How often is looked whether something has grown old.
const LOOK: SignedDuration = SignedDuration::from_mins(10);
/// How long after the start nothing is forgotten: the clock of a machine that has just come up may be years ahead.
const AFTER_START: SignedDuration = SignedDuration::from_hours(1);
/// A clock that goes ahead by so much more than the time that has passed was set.
const LEAP: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long after that nothing is forgotten.
const AFTER_LEAP: SignedDuration = SignedDuration::from_hours(24);

/// How long things are kept; for ever where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Events of the log. An event whose id was forgotten would be taken again.
    pub events: Option<Duration>,
    /// Instances that are over, with their history.
    pub instances: Option<Duration>,
}

impl Retention {
    /// Whether events are kept as long as some audience looks back.
    ///
    /// # Errors
    /// The audience that looks further back, as a sentence.
    pub fn suits(&self, project: &Project) -> Result<(), String> {
        let Some(kept) = self.events else { return Ok(()) };
        let windows = project.audiences.values().flat_map(|audience| {
            audience.windows.iter().filter_map(|window| Some((&audience.name, window.within?)))
        });
        let furthest = windows.max_by_key(|(_, within)| *within);
        match furthest {
            Some((audience, within))
                if i128::from(within) > i128::try_from(kept.as_micros()).unwrap_or(i128::MAX) =>
            {
                Err(format!(
                    "the audience `{audience}` looks back {} days, but events are kept for {} only: keep them longer \
                     (`events` under `[retention]`)",
                    within / 86_400_000_000,
                    kept.as_secs() / 86_400,
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Forgets for one worker.
pub(crate) struct Forgetting {
    rule: Retention,
    next: Option<Timestamp>,
    task: Task,
    /// What the clock said last, and when that was.
    seen: (Timestamp, Instant),
}

/// What is to be forgotten next.
#[derive(Clone, Copy)]
enum Task {
    /// The events of the first shard from this one on.
    Events(Shard),
    /// The instances behind this one.
    Instances(Option<Uuid>),
}

impl Forgetting {
    /// Begins at the oldest.
    pub(crate) fn new(rule: Retention, now: Timestamp) -> Forgetting {
        let something = rule.events.is_some() || rule.instances.is_some();
        let first = now.checked_add(AFTER_START).ok();
        let seen = (now, Instant::now());
        Forgetting { rule, next: first.filter(|_| something), task: Task::Events(0), seen }
    }

    /// When there is something to do; none if everything is kept for ever.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// Forgets the next chunk, if it is time.
    pub(crate) async fn go_on(
        &mut self,
        writer: &mut dyn Writer,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        if self.next.is_none() {
            return Ok(());
        }
        self.heed(now);
        if self.next.is_none_or(|next| next > now) {
            return Ok(());
        }
        let pause = match self.task {
            Task::Events(shard) => self.events(writer, shard, now).await?,
            Task::Instances(after) => self.instances(writer, after, now).await?,
        };
        self.next = now.checked_add(pause).ok();
        Ok(())
    }

    /// Puts off what is next when the clock was set: for a while if it leapt ahead, and not for years if it was set back.
    fn heed(&mut self, now: Timestamp) {
        let (said, then) = std::mem::replace(&mut self.seen, (now, Instant::now()));
        let passed = SignedDuration::try_from(then.elapsed()).unwrap_or_default();
        let latest = now.checked_add(AFTER_LEAP).unwrap_or(now);
        if now.duration_since(said) > passed.saturating_add(LEAP) {
            tracing::warn!(%said, %now, "the clock was set ahead; nothing is forgotten for a day, in case it is wrong");
            self.next = Some(latest);
        }
        self.next = self.next.map(|next| next.min(latest));
    }

    async fn events(
        &mut self,
        writer: &mut dyn Writer,
        from: Shard,
        now: Timestamp,
    ) -> Result<SignedDuration, store::Error> {
        let shard = writer.held().range(from..).next().map(|(shard, _)| *shard);
        let (Some(before), Some(shard)) = (horizon(self.rule.events, now), shard) else {
            self.task = Task::Instances(None);
            return Ok(SignedDuration::ZERO);
        };
        let forgotten = writer.forget_events(shard, before, CHUNK).await?;
        note("events", forgotten);
        let more = forgotten >= u64::from(CHUNK);
        self.task = Task::Events(if more { shard } else { shard.saturating_add(1) });
        Ok(if forgotten == 0 { SignedDuration::ZERO } else { PAUSE })
    }

    async fn instances(
        &mut self,
        writer: &mut dyn Writer,
        after: Option<Uuid>,
        now: Timestamp,
    ) -> Result<SignedDuration, store::Error> {
        let last = match horizon(self.rule.instances, now) {
            Some(before) => writer.forget_instances(before, after, CHUNK).await?,
            None => None,
        };
        self.task = last.map_or(Task::Events(0), |last| Task::Instances(Some(last)));
        Ok(if last.is_some() { PAUSE } else { LOOK })
    }
}

/// The moment before which things are old.
fn horizon(kept: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
    now.checked_sub(SignedDuration::try_from(kept?).ok()?).ok()
}

fn note(what: &'static str, rows: u64) {
    metrics::counter!("wayfare_forgotten_total", "what" => what).increment(rows);
}
