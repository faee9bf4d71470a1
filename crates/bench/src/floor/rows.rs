//! The rows of the measured journey, turn by turn, as the server writes them.

use std::{collections::VecDeque, ops::Range};

use jiff::Timestamp;
use uuid::Uuid;

/// How many turns a journey takes.
pub(super) const TURNS: usize = 4;

/// The step at which an instance stands after a turn, its status, and whether it is live.
const STANDS: [(&str, i16, i16); TURNS] =
    [("call-vipStatus", 1, 1), ("if-1.then.wait-1", 0, 1), ("if-1.then.call-notify", 1, 1), ("end", 2, 0)];

/// What the version of the journey is called.
pub(super) const VERSION: &str = "1f86b9a25e3cab30";

/// The counters that a turn with journeys at every stage changes: step, and changes of `passed` and `ended` for each
/// journey of a cohort. As many enter each step as leave it, so `waiting` stays.
pub(super) const COUNTERS: [(&str, i64, i64); 6] = [
    ("", 1, 1),
    ("call-vipStatus", 1, 0),
    ("end", 0, 1),
    ("if-1", 1, 0),
    ("if-1.then.call-notify", 1, 0),
    ("if-1.then.wait-1", 1, 0),
];

/// An instance as it is after one of its turns.
pub(super) struct Instance {
    pub(super) id: Uuid,
    pub(super) shard: i16,
    pub(super) profile: String,
    pub(super) sequence: i64,
    pub(super) entered_at: i64,
    /// From 1.
    pub(super) turn: usize,
}

impl Instance {
    pub(super) fn stands(&self) -> (&'static str, i16, i16) {
        STANDS.get(self.turn - 1).copied().unwrap_or_default()
    }

    /// When it goes on at the latest: at the end of its wait or of its call's lease.
    pub(super) fn due_at(&self, now: i64) -> Option<i64> {
        match self.turn {
            1 | 3 => Some(now + 20_000_000),
            2 => Some(now + 2_000_000),
            _ => None,
        }
    }

    pub(super) fn outcome(&self) -> String {
        format!(r#"[{{"journey":"measured","outcome":"entered","instance":"{}"}}]"#, self.id)
    }

    pub(super) fn attributes(&self) -> String {
        format!(r#"{{"customerId":"{}"}}"#, self.profile)
    }

    pub(super) fn state(&self) -> String {
        let event = r#"{"event":{"run":"bench"},"entered_by":"bench""#;
        let known = r#""variables":{"status":{"vip":true}}"#;
        let since = r#""attempt":1,"since":"2026-01-05T09:00:00.683321Z","under_way":true"#;
        match self.turn {
            1 => format!(
                r#"{event},"calls":1,"call":{{"number":1,"action":"vipStatus","request":{},{since}}}}}"#,
                self.get()
            ),
            2 => format!(r#"{event},{known},"calls":1}}"#),
            3 => format!(
                r#"{event},{known},"calls":2,"call":{{"number":2,"action":"notify","request":{},{since}}}}}"#,
                self.post()
            ),
            _ => format!(r#"{event},{known},"calls":2}}"#),
        }
    }

    pub(super) fn happenings(&self) -> String {
        match self.turn {
            1 => format!(
                r#"[{{"what":"entered","event":"{}"}},{{"what":"call-begun","step":"call-vipStatus","call":1,"attempt":1,"action":"vipStatus","request":{}}}]"#,
                self.profile,
                self.get()
            ),
            2 => r#"[{"what":"call-ended","step":"call-vipStatus","call":1,"attempt":1,"status":200,"body":"{\"vip\":true}"},{"what":"passed","step":"call-vipStatus"},{"what":"passed","step":"if-1","way":"status.vip"},{"what":"waits","step":"if-1.then.wait-1","until":"2026-01-05T09:00:02.683321Z"}]"#.to_owned(),
            3 => format!(
                r#"[{{"what":"passed","step":"if-1.then.wait-1"}},{{"what":"call-begun","step":"if-1.then.call-notify","call":2,"attempt":1,"action":"notify","request":{}}}]"#,
                self.post()
            ),
            _ => r#"[{"what":"call-ended","step":"if-1.then.call-notify","call":2,"attempt":1,"status":200,"body":"{\"sid\":\"m\"}"},{"what":"passed","step":"if-1.then.call-notify"},{"what":"ended","status":"completed"}]"#.to_owned(),
        }
    }

    fn get(&self) -> String {
        format!(
            r#"{{"connection":"partner","method":"GET","path":"/rewards/vip-status?customerId={}","headers":[],"body":null}}"#,
            self.profile
        )
    }

    fn post(&self) -> String {
        format!(
            r#"{{"connection":"partner","method":"POST","path":"/messages","headers":[],"body":["application/json","{{\n  \"to\": \"{}\",\n  \"message\": \"thank you\"\n}}"]}}"#,
            self.profile
        )
    }
}

/// The journeys under way of one writer. Each transaction lets a cohort of new ones in and moves those of the three
/// transactions before on by a turn, so that every transaction holds the mix of turns that the server's have.
pub(super) struct Cohorts {
    shards: Range<i16>,
    /// How many journeys a cohort has on average. The server's turns are not whole journeys, and a floor that rounded
    /// would have transactions of another size than they.
    mean: f64,
    /// What is left of the cohorts so far, less than a journey.
    owed: f64,
    /// The sequence number of the newest event of each shard.
    cursors: Vec<i64>,
    number: usize,
    under_way: VecDeque<Vec<Instance>>,
}

/// What a transaction is made of.
pub(super) struct Batch<'a> {
    pub(super) now: i64,
    /// The shards and where their logs end.
    pub(super) cursors: Vec<(i16, i64)>,
    /// Every journey that it touches, those that enter first.
    pub(super) instances: Vec<&'a Instance>,
    /// How many enter.
    pub(super) entering: usize,
    /// How many are complete by it.
    pub(super) complete: usize,
}

impl Cohorts {
    pub(super) fn new(shards: Range<i16>, mean: f64) -> Cohorts {
        let cursors = shards.clone().map(|_| 0).collect();
        Cohorts { shards, mean, owed: 0.0, cursors, number: 0, under_way: VecDeque::with_capacity(TURNS + 1) }
    }

    pub(super) fn next(&mut self) -> Batch<'_> {
        let now = Timestamp::now().as_microsecond();
        if self.under_way.len() == TURNS {
            self.under_way.pop_back();
        }
        self.under_way.iter_mut().flatten().for_each(|instance| instance.turn += 1);
        self.owed += self.mean;
        let size = self.owed.floor();
        self.owed -= size;
        let newcomers: Vec<Instance> = (0..size as usize).filter_map(|_| self.enter(now)).collect();
        let entering = newcomers.len();
        self.under_way.push_front(newcomers);
        let complete = self.under_way.get(TURNS - 1).map_or(0, Vec::len);
        Batch {
            now,
            cursors: self.shards.clone().zip(self.cursors.iter().copied()).collect(),
            instances: self.under_way.iter().flatten().collect(),
            entering,
            complete,
        }
    }

    fn enter(&mut self, now: i64) -> Option<Instance> {
        self.number += 1;
        let place = self.number % self.cursors.len();
        let shard = self.shards.start + i16::try_from(place).ok()?;
        let cursor = self.cursors.get_mut(place)?;
        *cursor += 1;
        let profile = format!("held-0-{shard}-{}", self.number);
        Some(Instance { id: Uuid::now_v7(), shard, profile, sequence: *cursor, entered_at: now, turn: 1 })
    }
}
