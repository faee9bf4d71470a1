//! Addresses that get nothing any more: which of a turn's are, and how they come to be.
//!
//! The list is asked when a turn is decided, with the addresses of all its messages at once, so that whoever was put on it
//! before the message went out gets none. Nearly always the answer is that none is on it, and the turn stands as it was
//! decided.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use engine::{
    Event,
    policy::{Barred, Left, addresses},
};
use graph::{Name, Project, Value, reaction};
use jiff::Timestamp;
use store::{Against, Departure, Profile, Store, Suppression};
use uuid::Uuid;

use crate::{Error, Runtime, links::SealedLinks, profile, turn::left_and_reached};

/// Why an operator's address is on the list.
const LISTED: &str = "listed";

/// What is known of the addresses of a turn.
#[derive(Default)]
pub(crate) struct Suppressed {
    asked: BTreeSet<Name>,
    /// What is known against them.
    pub(crate) known: Arc<BTreeMap<Name, Barred>>,
}

impl Suppressed {
    /// Asks for the addresses that were not asked for yet. True if anything is known against one of them, so that the turn must be
    /// decided anew.
    pub(crate) async fn look(
        &mut self,
        addresses: &BTreeSet<Name>,
        links: &SealedLinks,
        store: &dyn Store,
    ) -> Result<bool, store::Error> {
        let new: Vec<Name> = addresses.difference(&self.asked).cloned().collect();
        // One address may be written in several ways.
        let mut hashed: HashMap<Uuid, Vec<&Name>> = HashMap::new();
        for address in &new {
            links.hashes(address).into_iter().for_each(|hash| hashed.entry(hash).or_default().push(address));
        }
        if hashed.is_empty() {
            return Ok(false);
        }
        let hashes: Vec<Uuid> = hashed.keys().copied().collect();
        let Against { suppressions, departures } = store.suppressed(&hashes).await?;
        let is_new = !suppressions.is_empty() || !departures.is_empty();
        let written = |hash: &Uuid| hashed.get(hash).into_iter().flatten().map(|address| (*address).clone());
        let known = Arc::make_mut(&mut self.known);
        for one in &suppressions {
            for address in written(&one.address) {
                known.entry(address).or_default().reason = Some(one.reason.clone());
            }
        }
        for one in &departures {
            for address in written(&one.address) {
                known.entry(address).or_default().left.insert(one.policy.clone(), one.at);
            }
        }
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

/// What is left of somebody who is erased: each address of theirs gets nothing more under what they had unsubscribed from.
/// Their addresses are those that something went out to under a subscription, and those that the profile says.
pub(crate) fn departures(
    row: Option<&Profile>,
    project: &Project,
    links: &SealedLinks,
    now: Timestamp,
) -> Vec<Departure> {
    let Some(row) = row else { return Vec::new() };
    let (left, reached) = left_and_reached(row);
    if left.is_empty() {
        return Vec::new();
    }
    let attributes = profile::read_inside(&project.profile, &row.attributes);
    let said = addresses(project.messages.values().map(|message| &**message), &attributes, now);
    let mut hashes: BTreeSet<Uuid> = reached.into_iter().collect();
    hashes.extend(said.iter().flat_map(|address| links.hashes(address)));
    let one = |(policy, at): (&Name, &Timestamp)| {
        let (policy, at) = (policy.clone(), *at);
        hashes.iter().map(move |address| Departure { address: *address, policy: policy.clone(), at })
    };
    left.iter().flat_map(one).collect()
}

/// What the list says of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Why it gets nothing, and since when: `bounced`, `complained`, `listed`; none if it gets messages.
    pub reason: Option<(Name, Timestamp)>,
    /// The policies that people of it had unsubscribed from when they were erased, and when.
    pub left: Left,
}

impl Runtime {
    /// Puts addresses on the suppression list, for all messages or those under a policy; gives how many were not there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn suppress(&self, addresses: &[String], policy: Option<&str>) -> Result<u64, Error> {
        let (links, now) = (&self.shared.links, self.now());
        let hashes = addresses.iter().flat_map(|address| links.hashes(address));
        if let Some(policy) = policy {
            // One statement writes no row twice.
            let hashes: BTreeSet<Uuid> = hashes.collect();
            let departure = |address| Departure { address, policy: policy.into(), at: now };
            return Ok(self.store().depart(&hashes.into_iter().map(departure).collect::<Vec<_>>()).await?);
        }
        let listed: Vec<Suppression> =
            hashes.map(|address| Suppression { address, reason: LISTED.into(), at: now }).collect();
        Ok(self.store().suppress(&listed).await?)
    }

    /// Takes addresses off the suppression list, for all messages or those under a policy; gives how many were there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unsuppress(&self, addresses: &[String], policy: Option<&str>) -> Result<u64, Error> {
        let hashes: Vec<Uuid> =
            addresses.iter().flat_map(|address| self.shared.links.hashes(address)).collect();
        if let Some(policy) = policy {
            let gone: Vec<(Uuid, Name)> = hashes.into_iter().map(|hash| (hash, policy.into())).collect();
            return Ok(self.store().lift(&gone).await?);
        }
        Ok(self.store().unsuppress(&hashes).await?)
    }

    /// What the suppression list says of an address.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn suppression(&self, address: &str) -> Result<Listed, Error> {
        let found = self.store().suppressed(&self.shared.links.hashes(address)).await?;
        Ok(Listed {
            reason: found.suppressions.into_iter().next().map(|one| (one.reason, one.at)),
            left: found.departures.into_iter().map(|one| (one.policy, one.at)).collect(),
        })
    }
}
