//! What is removed from SQLite because it is old, in bounded chunks between turns.

use jiff::Timestamp;
use sqlx::{SqliteConnection, query, query_as};
use uuid::Uuid;

use super::{begin, write::rows};
use crate::{Error, Shard, least_id};

/// The sequence of a shard is the order in which its events came, so the oldest are the first of its key.
const EVENTS: &str = "DELETE FROM events WHERE shard = ?1 AND sequence IN (SELECT sequence FROM \
     (SELECT sequence, received_at FROM events WHERE shard = ?1 ORDER BY sequence LIMIT ?3) WHERE received_at < ?2)";

/// Ids are in the order of entry. What failed waits for an operator, and what watches has no end.
const PAGE: &str = "SELECT id, live = 0 AND due_at IS NULL AND status NOT IN (4, 10) AND updated_at < ?4 FROM instances \
     WHERE id > ?1 AND id < ?2 AND shard IN (SELECT value FROM json_each(?3)) ORDER BY id LIMIT ?5";

const HISTORY: &str = "DELETE FROM history WHERE instance IN (SELECT unhex(value) FROM json_each(?1))";

const INSTANCES: &str = "DELETE FROM instances WHERE id IN (SELECT unhex(value) FROM json_each(?1))";

pub(super) async fn forget_events(
    connection: &mut SqliteConnection,
    shard: Shard,
    before: Timestamp,
    limit: u32,
) -> Result<u64, Error> {
    let delete = query(EVENTS).bind(shard).bind(before.as_microsecond()).bind(limit);
    Ok(delete.execute(connection).await?.rows_affected())
}

pub(super) async fn forget_instances(
    connection: &mut SqliteConnection,
    shards: &str,
    before: Timestamp,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Option<Uuid>, Error> {
    let page: Vec<(Uuid, bool)> = query_as(PAGE)
        .bind(after.unwrap_or(Uuid::nil()))
        .bind(least_id(before))
        .bind(shards)
        .bind(before.as_microsecond())
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
    let old = rows(page.iter().filter(|(_, is_old)| *is_old).map(|(id, _)| id.simple()))?;
    if old != "[]" {
        let mut transaction = begin(connection).await?;
        query(HISTORY).bind(&old).execute(&mut *transaction).await?;
        query(INSTANCES).bind(&old).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(page.last().map(|(id, _)| *id))
}

/// The statements, by name.
#[cfg(test)]
pub(super) const ALL: [(&str, &str); 4] =
    [("old events", EVENTS), ("a page", PAGE), ("old history", HISTORY), ("old instances", INSTANCES)];
