//! What rules ask of a person's past: entries, messages, subscriptions, limits. It is kept with the profile.

use std::collections::{BTreeMap, BTreeSet};

use engine::policy::{Left, Sent};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Profile;
use uuid::Uuid;

/// How many addresses of a person are remembered.
const MOST_ADDRESSES: usize = 32;

/// What rules ask of a person's past; kept with the profile.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Memory {
    /// When messages went out, by policy. No name of the language has such a character in it.
    #[serde(default, rename = "\u{1f}sent", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sent: Sent,
    /// The policies that they have unsubscribed from, and when.
    #[serde(default, rename = "\u{1f}left", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) left: Left,
    /// The policies that they have come back to, or said that they want, and when.
    #[serde(default, rename = "\u{1f}back", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) back: Left,
    /// The hashes of the addresses that they were written to under a subscription, the latest last.
    #[serde(default, rename = "\u{1f}addresses", skip_serializing_if = "Vec::is_empty")]
    pub(super) addresses: Vec<Uuid>,
    /// The limits of journeys that they have come through.
    #[serde(default, rename = "\u{1f}passed", skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) passed: BTreeSet<String>,
    /// When they last entered which journey under which key.
    #[serde(flatten)]
    pub(super) entries: BTreeMap<String, Timestamp>,
}

impl Memory {
    /// What is kept with a profile; nothing of somebody without one.
    pub(super) fn of(row: Option<&Profile>) -> Memory {
        row.and_then(|row| serde_json::from_str(&row.entries).ok()).unwrap_or_default()
    }

    /// They were written to at these addresses.
    pub(super) fn reach(&mut self, addresses: Vec<Uuid>) {
        for address in addresses {
            self.addresses.retain(|known| *known != address);
            self.addresses.push(address);
        }
        let surplus = self.addresses.len().saturating_sub(MOST_ADDRESSES);
        self.addresses.drain(..surplus);
    }

    /// As it is kept.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".into())
    }
}

/// The policies that a person has unsubscribed from, and the hashes of the addresses that they were written to under a
/// subscription.
pub(crate) fn left_and_reached(row: &Profile) -> (Left, Vec<Uuid>) {
    let Memory { left, addresses, .. } = Memory::of(Some(row));
    (left, addresses)
}

/// The policies that a person has unsubscribed from, and when.
pub(crate) fn unsubscribed_from(row: Option<&Profile>) -> Left {
    Memory::of(row).left
}

/// Under which name an entry or a passage is remembered.
pub(super) fn entry_name(journey: &str, key: &str) -> String {
    format!("{journey}\u{1f}{key}")
}
