//! What is removed from PostgreSQL because it is old, in bounded chunks between turns.

use jiff::Timestamp;
use sqlx::{PgConnection, query, query_scalar};
use uuid::Uuid;

use crate::{Error, Shard, least_id, row::small};

/// The sequence of a shard is the order in which its events came, so the oldest are the first of its key.
const EVENTS: &str = "DELETE FROM events WHERE shard = $1 AND sequence IN (SELECT sequence FROM \
     (SELECT sequence, received_at FROM events WHERE shard = $1 ORDER BY sequence LIMIT $3) AS o WHERE received_at < $2)";

/// Ids are in the order of entry. What failed waits for an operator, and what watches has no end.
const INSTANCES: &str = "WITH page AS MATERIALIZED (SELECT id, shard, \
     live = 0 AND due_at IS NULL AND status NOT IN (4, 10) AND updated_at < $4 AS is_old FROM instances \
     WHERE id > $1 AND id < $2 AND shard = ANY($3) ORDER BY id LIMIT $5), \
     old_history AS (DELETE FROM history USING page WHERE is_old AND history.instance = page.id AND history.shard = page.shard), \
     old_instances AS (DELETE FROM instances USING page WHERE is_old AND instances.id = page.id AND instances.shard = page.shard) \
     SELECT id FROM page ORDER BY id DESC LIMIT 1";

pub(super) async fn forget_events(
    connection: &mut PgConnection,
    shard: Shard,
    before: Timestamp,
    limit: u32,
) -> Result<u64, Error> {
    let delete = query(EVENTS).bind(small(shard)).bind(before.as_microsecond()).bind(i64::from(limit));
    Ok(delete.execute(connection).await?.rows_affected())
}

pub(super) async fn forget_instances(
    connection: &mut PgConnection,
    shards: &[i16],
    before: Timestamp,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Option<Uuid>, Error> {
    let last = query_scalar(INSTANCES)
        .bind(after.unwrap_or(Uuid::nil()))
        .bind(least_id(before))
        .bind(shards)
        .bind(before.as_microsecond())
        .bind(i64::from(limit));
    Ok(last.fetch_optional(connection).await?)
}

/// The statements, by name.
#[cfg(test)]
pub(super) const ALL: [(&str, &str); 2] = [("old events", EVENTS), ("old instances", INSTANCES)];
