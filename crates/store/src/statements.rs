//! Statements that both databases take as they are: what erases a person, and what lists instances.

use sqlx::{Database, Encode, QueryBuilder, Type};
use uuid::Uuid;

use crate::{Filter, row::instance_columns, row::small};

/// Takes a person's instances out of the counters, wherever they stand or have ended (the codes are those of
/// `engine::Status`): in the rows of the person's shard, wherever they were counted, since only sums are read. How often a
/// step was passed stays: it tells of the step, not of the person.
const UNCOUNT: &str = "INSERT INTO counters AS c (shard, journey, version, step, waiting, passed, failed, ended) \
     SELECT $1, s.journey, s.version, s.step, -SUM(s.waiting), 0, -SUM(s.failed), -SUM(s.ended) \
     FROM (WITH own AS (SELECT journey, version, step, CASE WHEN status IN (0, 1, 7, 10) THEN 1 ELSE 0 END AS waiting, \
             CASE WHEN status = 4 THEN 1 ELSE 0 END AS failed, \
             CASE WHEN status NOT IN (0, 1, 4, 7, 10) THEN 1 ELSE 0 END AS ended \
             FROM instances WHERE shard = $1 AND profile = $2) \
           SELECT * FROM own UNION ALL SELECT journey, version, '', waiting, failed, ended FROM own) AS s \
     WHERE TRUE GROUP BY s.journey, s.version, s.step \
     ON CONFLICT (journey, version, step, shard) DO UPDATE SET waiting = c.waiting + excluded.waiting, \
     failed = c.failed + excluded.failed, ended = c.ended + excluded.ended";

/// What removes the person `$2` of the shard `$1`, in this order: the instances say which history is the person's.
pub(crate) const ERASE: [&str; 6] = [
    UNCOUNT,
    "DELETE FROM history WHERE shard = $1 AND instance IN \
     (SELECT id FROM instances WHERE shard = $1 AND profile = $2)",
    "DELETE FROM instances WHERE shard = $1 AND profile = $2",
    "DELETE FROM events WHERE shard = $1 AND profile = $2",
    "DELETE FROM refusals WHERE shard = $1 AND profile = $2",
    "DELETE FROM profiles WHERE shard = $1 AND key = $2",
];

/// The statement that lists instances. Its text is made of fixed parts; values are only ever bound.
///
/// `kind` is how the database names the kind of a failure in a state.
pub(crate) fn listing<DB>(
    filter: &Filter,
    kind: &'static str,
    before: Option<Uuid>,
    limit: u32,
) -> QueryBuilder<DB>
where
    DB: Database,
    for<'t> String: Encode<'t, DB> + Type<DB>,
    for<'t> Uuid: Encode<'t, DB> + Type<DB>,
    for<'t> i16: Encode<'t, DB> + Type<DB>,
    for<'t> i64: Encode<'t, DB> + Type<DB>,
{
    let mut query =
        QueryBuilder::new(concat!("SELECT ", instance_columns!(), " FROM instances AS i WHERE TRUE"));
    // Whoever lists without saying which wants journeys' instances, not those that watch for audiences.
    if filter.status.is_none() && filter.journey.is_none() {
        query.push(" AND i.status <> ").push(engine::Status::Member.code());
    }
    if let Some(status) = filter.status {
        // Written out, not bound: only so can the partial indexes on a status serve it.
        query.push(" AND i.status = ").push(status.code());
    }
    if let Some((shard, profile)) = &filter.profile {
        query.push(" AND i.shard = ").push_bind(small(*shard));
        query.push(" AND i.profile = ").push_bind(profile.clone());
    }
    let texts = [
        (" AND i.journey = ", &filter.journey),
        (" AND i.version = ", &filter.version),
        (" AND i.step = ", &filter.step),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            query.push(condition).push_bind(value.clone());
        }
    }
    if let Some(failed_by) = filter.failed_by {
        query.push(" AND i.status = ").push(engine::Status::Failed.code());
        query.push(" AND ").push(kind).push(" = ").push_bind(failed_by.word().to_owned());
    }
    if let Some(before) = before {
        query.push(" AND i.id < ").push_bind(before);
    }
    query.push(" ORDER BY i.id DESC LIMIT ").push_bind(i64::from(limit));
    query
}
