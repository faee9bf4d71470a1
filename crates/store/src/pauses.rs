//! The statements about paused connections, which both databases take as they are.

use std::collections::BTreeMap;

use graph::Name;
use jiff::Timestamp;

use crate::{Error, row::time};

/// Pauses a connection; one that is paused stays so since then.
pub(crate) const PAUSE: &str =
    "INSERT INTO pauses (connection, since) VALUES ($1, $2) ON CONFLICT (connection) DO NOTHING";
/// Lets a connection go on.
pub(crate) const RESUME: &str = "DELETE FROM pauses WHERE connection = $1";
/// Those that are paused.
pub(crate) const LIST: &str = "SELECT connection, since FROM pauses";

/// What [`LIST`] finds.
pub(crate) fn read(rows: Vec<(String, i64)>) -> Result<BTreeMap<Name, Timestamp>, Error> {
    rows.into_iter().map(|(name, since)| Ok((name.into(), time("pause", since)?))).collect()
}
