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

/// How many addresses are suppressed, by reason.
pub(crate) const COUNT: &str = "SELECT reason, count(*) FROM suppressions GROUP BY reason";
/// Keeps a key, unless there is one of that name.
pub(crate) const KEEP_KEY: &str =
    "INSERT INTO keys (name, key) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
/// The key of a name.
pub(crate) const KEY: &str = "SELECT key FROM keys WHERE name = $1";

/// What is found of suppressed addresses.
pub(crate) fn read(rows: Vec<(Uuid, String, i64)>) -> Result<Vec<Suppression>, Error> {
    let one = |(address, reason, at): (Uuid, String, i64)| {
        Ok(Suppression { address, reason: reason.into(), at: time("suppression", at)? })
    };
    rows.into_iter().map(one).collect()
}

/// What [`COUNT`] finds.
pub(crate) fn counted(rows: Vec<(String, i64)>) -> BTreeMap<Name, u64> {
    rows.into_iter().map(|(reason, count)| (reason.into(), count.unsigned_abs())).collect()
}
