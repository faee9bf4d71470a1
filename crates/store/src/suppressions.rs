//! The statements about suppressed addresses and about keys that both databases take as they are, and what they find.

use std::collections::BTreeMap;

use graph::Name;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Error, row::time};

/// An address that gets nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The keyed hash of the address.
    pub address: Uuid,
    /// Why: `bounced`, `complained`, `listed`.
    pub reason: Name,
    /// Since when.
    pub at: Timestamp,
}

/// A policy that people of an address had unsubscribed from when they were erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The keyed hash of the address.
    pub address: Uuid,
    /// The policy.
    pub policy: Name,
    /// When they unsubscribed.
    pub at: Timestamp,
}

/// What is known against some addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Against {
    /// Those that get nothing any more.
    pub suppressions: Vec<Suppression>,
    /// Those that get nothing under a policy.
    pub departures: Vec<Departure>,
}

/// How many addresses are suppressed, by reason.
pub(crate) const COUNT: &str = "SELECT reason, count(*) FROM suppressions GROUP BY reason \
     UNION ALL SELECT 'unsubscribed', count(*) FROM departures HAVING count(*) > 0";
/// Keeps a key, unless there is one of that name.
pub(crate) const KEEP_KEY: &str =
    "INSERT INTO keys (name, key) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
/// The key of a name.
pub(crate) const KEY: &str = "SELECT key FROM keys WHERE name = $1";

/// What is found against addresses: of each either the reason why it gets nothing, or a policy.
pub(crate) fn read(rows: Vec<(Uuid, Option<String>, Option<String>, i64)>) -> Result<Against, Error> {
    let mut against = Against::default();
    for (address, reason, policy, at) in rows {
        let at = time("suppression", at)?;
        let reason = reason.map(|reason| Suppression { address, reason: reason.into(), at });
        against.suppressions.extend(reason);
        let policy = policy.map(|policy| Departure { address, policy: policy.into(), at });
        against.departures.extend(policy);
    }
    Ok(against)
}

/// What [`COUNT`] finds.
pub(crate) fn counted(rows: Vec<(String, i64)>) -> BTreeMap<Name, u64> {
    rows.into_iter().map(|(reason, count)| (reason.into(), count.unsigned_abs())).collect()
}
