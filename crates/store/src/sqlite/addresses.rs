//! What is written about addresses: those that get nothing any more, and those that get nothing under a policy.

use graph::Name;
use sqlx::{SqliteConnection, query};
use uuid::Uuid;

use super::write::rows;
use crate::{Departure, Error, Suppression};

/// Suppresses addresses. The rows are those of [`suppressed`].
pub(super) const SUPPRESS: &str = "INSERT INTO suppressions (address, reason, at) \
     SELECT unhex(value ->> 0), value ->> 1, value ->> 2 FROM jsonb_each(?) WHERE TRUE ON CONFLICT (address) DO NOTHING";

const UNSUPPRESS: &str = "DELETE FROM suppressions WHERE address IN (SELECT unhex(value) FROM json_each(?))";

const DEPART: &str = "INSERT INTO departures (address, policy, at) \
     SELECT unhex(value ->> 0), value ->> 1, value ->> 2 FROM jsonb_each(?) WHERE TRUE \
     ON CONFLICT (address, policy) DO UPDATE SET at = excluded.at WHERE excluded.at > departures.at";

/// Takes departures back. The rows are those of [`lifted`].
pub(super) const LIFT: &str = "DELETE FROM departures WHERE (address, policy) IN \
     (SELECT unhex(value ->> 0), value ->> 1 FROM jsonb_each(?))";

/// Suppresses addresses; gives how many were not.
pub(super) async fn suppress(
    connection: &mut SqliteConnection,
    suppressions: &[Suppression],
) -> Result<u64, Error> {
    Ok(query(SUPPRESS).bind(suppressed(suppressions)?).execute(connection).await?.rows_affected())
}

/// Suppresses addresses no more; gives how many were.
pub(super) async fn unsuppress(connection: &mut SqliteConnection, addresses: &[Uuid]) -> Result<u64, Error> {
    let addresses = rows(addresses.iter().map(|address| address.simple()))?;
    Ok(query(UNSUPPRESS).bind(addresses).execute(connection).await?.rows_affected())
}

/// Writes departures down; gives how many are new or later than was known.
pub(super) async fn depart(
    connection: &mut SqliteConnection,
    departures: &[Departure],
) -> Result<u64, Error> {
    let departures =
        rows(departures.iter().map(|one| (one.address.simple(), &*one.policy, one.at.as_microsecond())))?;
    Ok(query(DEPART).bind(departures).execute(connection).await?.rows_affected())
}

/// Takes departures back; gives how many there were.
pub(super) async fn lift(connection: &mut SqliteConnection, gone: &[(Uuid, Name)]) -> Result<u64, Error> {
    Ok(query(LIFT).bind(lifted(gone)?).execute(connection).await?.rows_affected())
}

/// The rows of [`LIFT`].
pub(super) fn lifted(gone: &[(Uuid, Name)]) -> Result<String, Error> {
    rows(gone.iter().map(|(address, policy)| (address.simple(), &**policy)))
}

/// The rows of [`SUPPRESS`].
pub(super) fn suppressed(suppressions: &[Suppression]) -> Result<String, Error> {
    rows(suppressions.iter().map(|one| (one.address.simple(), &*one.reason, one.at.as_microsecond())))
}
