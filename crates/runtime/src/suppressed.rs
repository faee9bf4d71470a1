//! Addresses that get nothing any more: which of a turn's are, and how they come to be.
//!
//! The list is asked when a turn is decided, with the addresses of all its messages at once, so that whoever was put on it
//! before the message went out gets none. Nearly always the answer is that none is on it, and the turn stands as it was
//! decided.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use engine::Event;
use graph::{Name, Value, reaction};
use jiff::Timestamp;
use store::{Store, Suppression};
use uuid::Uuid;

use crate::{Error, Runtime, links::SealedLinks};

/// Why an operator's address is on the list.
const LISTED: &str = "listed";

/// What is known of the addresses of a turn.
#[derive(Default)]
pub(crate) struct Suppressed {
    asked: BTreeSet<Name>,
    /// Those that get nothing, and why.
    pub(crate) known: Arc<BTreeMap<Name, Name>>,
}

impl Suppressed {
    /// Asks for the addresses that were not asked for yet. True if one of them is on the list, so that the turn must be
    /// decided anew.
    pub(crate) async fn look(
        &mut self,
        addresses: &BTreeSet<Name>,
        links: &SealedLinks,
        store: &dyn Store,
    ) -> Result<bool, store::Error> {
        let new: Vec<Name> = addresses.difference(&self.asked).cloned().collect();
        let hashed =
            new.iter().flat_map(|address| links.hashes(address).into_iter().map(move |hash| (hash, address)));
        let hashed: HashMap<Uuid, &Name> = hashed.collect();
        if hashed.is_empty() {
            return Ok(false);
        }
        let hashes: Vec<Uuid> = hashed.keys().copied().collect();
        let found = store.suppressed(&hashes).await?;
        let found =
            found.into_iter().filter_map(|one| Some(((*hashed.get(&one.address)?).clone(), one.reason)));
        let before = self.known.len();
        Arc::make_mut(&mut self.known).extend(found);
        let is_new = self.known.len() > before;
        self.asked.extend(new);
        Ok(is_new)
    }
}

/// The addresses that an event of a person says to get nothing any more: mail to them bounced, or they complained.
pub(crate) fn suppressions<'e>(
    event: &'e Event,
    links: &'e SealedLinks,
    now: Timestamp,
) -> impl Iterator<Item = Suppression> + 'e {
    let reason =
        reaction(&event.name).map(|(_, what)| what).filter(|what| ["bounced", "complained"].contains(what));
    let address = reason.and_then(|reason| match event.properties.field("address") {
        Some(Value::Text(address)) => Some((reason, links.hashes(address))),
        _ => None,
    });
    address.into_iter().flat_map(move |(reason, hashes)| {
        hashes.into_iter().map(move |address| Suppression { address, reason: reason.into(), at: now })
    })
}

/// What the list says of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Why it gets nothing: `bounced`, `complained`, `listed`.
    pub reason: Name,
    /// Since when.
    pub at: Timestamp,
}

impl Runtime {
    /// Puts addresses on the suppression list; gives how many were not there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn suppress(&self, addresses: &[String]) -> Result<u64, Error> {
        let (links, now) = (&self.shared.links, self.now());
        let hashes = addresses.iter().flat_map(|address| links.hashes(address));
        let listed: Vec<Suppression> =
            hashes.map(|address| Suppression { address, reason: LISTED.into(), at: now }).collect();
        Ok(self.store().suppress(&listed).await?)
    }

    /// Takes addresses off the suppression list; gives how many were there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unsuppress(&self, addresses: &[String]) -> Result<u64, Error> {
        let hashes: Vec<Uuid> =
            addresses.iter().flat_map(|address| self.shared.links.hashes(address)).collect();
        Ok(self.store().unsuppress(&hashes).await?)
    }

    /// What the suppression list says of an address; none if it is not there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn suppression(&self, address: &str) -> Result<Option<Listed>, Error> {
        let found = self.store().suppressed(&self.shared.links.hashes(address)).await?;
        Ok(found.into_iter().next().map(|one| Listed { reason: one.reason, at: one.at }))
    }
}
