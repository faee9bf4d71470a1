//! What is written about addresses: those that get nothing any more, and those that get nothing under a policy.

use graph::Name;
use sqlx::{PgConnection, query};
use uuid::Uuid;

use super::turn;
use crate::{Departure, Error, Suppression};

/// Suppresses addresses.
pub(super) const SUPPRESS: &str = "INSERT INTO suppressions (address, reason, at) \
     SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::bigint[]) ORDER BY 1 ON CONFLICT (address) DO NOTHING";

const DEPART: &str = "INSERT INTO departures (address, policy, at) \
     SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::bigint[]) ORDER BY 1, 2 \
     ON CONFLICT (address, policy) DO UPDATE SET at = excluded.at WHERE excluded.at > departures.at";

/// Takes departures back.
pub(super) const LIFT: &str = "DELETE FROM departures AS d USING UNNEST($1::uuid[], $2::text[]) AS w (address, policy) \
     WHERE d.address = w.address AND d.policy = w.policy";

/// Suppresses addresses; gives how many were not.
pub(super) async fn suppress(
    connection: &mut PgConnection,
    suppressions: &[Suppression],
) -> Result<u64, Error> {
    Ok(turn::suppressions(suppressions).bind(query(SUPPRESS)).execute(connection).await?.rows_affected())
}

/// Suppresses addresses no more; gives how many were.
pub(super) async fn unsuppress(connection: &mut PgConnection, addresses: &[Uuid]) -> Result<u64, Error> {
    let gone = query("DELETE FROM suppressions WHERE address = ANY($1)").bind(addresses);
    Ok(gone.execute(connection).await?.rows_affected())
}

/// Writes departures down; gives how many are new or later than was known.
pub(super) async fn depart(connection: &mut PgConnection, departures: &[Departure]) -> Result<u64, Error> {
    let addresses: Vec<Uuid> = departures.iter().map(|one| one.address).collect();
    let policies: Vec<String> = departures.iter().map(|one| one.policy.to_string()).collect();
    let at: Vec<i64> = departures.iter().map(|one| one.at.as_microsecond()).collect();
    let done = query(DEPART).bind(addresses).bind(policies).bind(at).execute(connection).await?;
    Ok(done.rows_affected())
}

/// Takes departures back; gives how many there were.
pub(super) async fn lift(connection: &mut PgConnection, gone: &[(Uuid, Name)]) -> Result<u64, Error> {
    let addresses: Vec<Uuid> = gone.iter().map(|(address, _)| *address).collect();
    let policies: Vec<String> = gone.iter().map(|(_, policy)| policy.to_string()).collect();
    Ok(query(LIFT).bind(addresses).bind(policies).execute(connection).await?.rows_affected())
}
