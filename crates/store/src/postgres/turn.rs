//! A turn in columns: for each table the arrays that its statement takes.

use sqlx::{Postgres, postgres::PgArguments};
use uuid::Uuid;

use crate::{Error, Suppression, Turn, row, row::small};

/// A statement that is being given its values.
pub(super) type Statement = sqlx::query::Query<'static, Postgres, PgArguments>;

/// The columns of a table's new rows.
macro_rules! columns {
    ($name:ident { $($column:ident: $type:ty),* $(,)? }) => {
        #[derive(Default)]
        pub(super) struct $name { $(pub(super) $column: Vec<$type>),* }

        impl $name {
            /// Gives the columns to a statement, in their order.
            pub(super) fn bind(self, query: Statement) -> Statement {
                query$(.bind(self.$column))*
            }
        }
    };
}
columns!(Events {
    shard: i16,
    sequence: i64,
    id: String,
    name: String,
    profile: String,
    at: i64,
    received_at: i64,
    properties: String,
    outcome: String,
});
columns!(Refusals {
    shard: i16,
    id: Uuid,
    at: i64,
    event_id: Option<String>,
    event: Option<String>,
    profile: Option<String>,
    field: String,
    reason: String,
    body: String,
});
columns!(Profiles {
    shard: i16,
    key: String,
    attributes: String,
    entries: String,
    created_at: i64,
    updated_at: i64,
});
columns!(Instances {
    id: Uuid, shard: i16, journey: String, version: String, profile: String, key: String, status: i16, live: i16,
    step: String, entered_at: i64, updated_at: i64, due_at: Option<i64>, turn: i64, state: String,
});
columns!(Histories { shard: i16, instance: Uuid, turn: i64, at: i64, happenings: String });
columns!(Counters {
    shard: i16,
    journey: String,
    version: String,
    step: String,
    waiting: i64,
    passed: i64,
    failed: i64,
    ended: i64,
    reached: i64,
});

columns!(Limits { journey: String, name: String, taken: i64, most: i64 });
columns!(Suppressions { address: Uuid, reason: String, at: i64 });
columns!(Sweeps { shard: i16, name: String, run: String, after: String, done: i16 });

pub(super) fn events(turn: &Turn) -> Events {
    let mut columns = Events::default();
    for event in &turn.events {
        columns.shard.push(small(event.shard));
        columns.sequence.push(event.sequence);
        columns.id.push(event.id.to_string());
        columns.name.push(event.name.to_string());
        columns.profile.push(event.profile.to_string());
        columns.at.push(event.at.as_microsecond());
        columns.received_at.push(event.received_at.as_microsecond());
        columns.properties.push(event.properties.clone());
        columns.outcome.push(event.outcome.clone());
    }
    columns
}

pub(super) fn refusals(turn: &Turn) -> Refusals {
    let mut columns = Refusals::default();
    for refused in &turn.refusals {
        columns.shard.push(small(refused.shard));
        columns.id.push(refused.id);
        columns.at.push(refused.at.as_microsecond());
        columns.event_id.push(refused.event_id.clone());
        columns.event.push(refused.event.clone());
        columns.profile.push(refused.profile.clone());
        columns.field.push(refused.field.clone());
        columns.reason.push(refused.reason.clone());
        columns.body.push(refused.body.clone());
    }
    columns
}

pub(super) fn profiles(turn: &Turn) -> Profiles {
    let mut columns = Profiles::default();
    for profile in &turn.profiles {
        columns.shard.push(small(profile.shard));
        columns.key.push(profile.key.to_string());
        columns.attributes.push(profile.attributes.clone());
        columns.entries.push(profile.entries.clone());
        columns.created_at.push(profile.created_at.as_microsecond());
        columns.updated_at.push(profile.updated_at.as_microsecond());
    }
    columns
}

pub(super) fn instances(turn: &Turn) -> Result<Instances, Error> {
    let mut columns = Instances::default();
    for (shard, instance) in &turn.instances {
        columns.id.push(instance.id);
        columns.shard.push(small(*shard));
        columns.journey.push(instance.journey.to_string());
        columns.version.push(instance.version.to_string());
        columns.profile.push(instance.profile.to_string());
        columns.key.push(instance.key.to_string());
        columns.status.push(instance.status.code());
        columns.live.push(i16::from(instance.listens()));
        columns.step.push(instance.step.to_string());
        columns.entered_at.push(instance.entered_at.as_microsecond());
        columns.updated_at.push(instance.updated_at.as_microsecond());
        columns.due_at.push(instance.due_at.map(|at| at.as_microsecond()));
        columns.turn.push(i64::from(instance.turn));
        columns.state.push(row::state_text(instance)?);
    }
    Ok(columns)
}

pub(super) fn history(turn: &Turn) -> Histories {
    let mut columns = Histories::default();
    for history in &turn.history {
        columns.shard.push(small(history.shard));
        columns.instance.push(history.instance);
        columns.turn.push(i64::from(history.turn));
        columns.at.push(history.at.as_microsecond());
        columns.happenings.push(history.happenings.clone());
    }
    columns
}

pub(super) fn counters(turn: &Turn) -> Counters {
    let mut columns = Counters::default();
    for counter in &turn.counters {
        columns.shard.push(small(counter.shard));
        columns.journey.push(counter.journey.to_string());
        columns.version.push(counter.version.to_string());
        columns.step.push(counter.step.to_string());
        columns.waiting.push(counter.waiting);
        columns.passed.push(counter.passed);
        columns.failed.push(counter.failed);
        columns.ended.push(counter.ended);
        columns.reached.push(counter.reached);
    }
    columns
}

pub(super) fn sweeps(turn: &Turn) -> Sweeps {
    let mut columns = Sweeps::default();
    for sweep in &turn.sweeps {
        columns.shard.push(small(sweep.shard));
        columns.name.push(sweep.name.to_string());
        columns.run.push(sweep.run.to_string());
        columns.after.push(sweep.after.to_string());
        columns.done.push(i16::from(sweep.done));
    }
    columns
}

pub(super) fn limits(turn: &Turn) -> Limits {
    let mut columns = Limits::default();
    for limit in &turn.limits {
        columns.journey.push(limit.journey.to_string());
        columns.name.push(limit.name.to_string());
        columns.taken.push(i64::from(limit.taken));
        columns.most.push(i64::from(limit.most));
    }
    columns
}

pub(super) fn suppressions(suppressions: &[Suppression]) -> Suppressions {
    let mut columns = Suppressions::default();
    for one in suppressions {
        columns.address.push(one.address);
        columns.reason.push(one.reason.to_string());
        columns.at.push(one.at.as_microsecond());
    }
    columns
}
