//! The journeys that run: the current ones, and every older version that somebody may still be in.
//!
//! A deployed version is its text plus the hash of it. The graph is built from the text when it is first needed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

use graph::{Audience, Journey, Name, Project};
use jiff::Timestamp;
use lang::Source;
use store::{Store, Version};

use crate::VersionKey;

/// The journeys that run.
pub struct Catalog {
    project: Project,
    /// The journeys that an event starts, by its name.
    entries: HashMap<Name, Vec<Arc<Journey>>>,
    audiences: Vec<Arc<Audience>>,
    /// The events that some audience looks back at.
    looked_back: Vec<Name>,
    has_limits: bool,
    versions: RwLock<HashMap<VersionKey, Version>>,
    /// Graphs of older versions; `None` for a text that this program cannot read.
    older: RwLock<HashMap<VersionKey, Option<Arc<Journey>>>>,
}

/// Why a project could not be deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The store failed.
    #[error("the versions could not be stored")]
    Store(#[from] store::Error),
}

impl Catalog {
    /// Deploys a compiled project: stores the versions that are new, and reads those that are not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deploy(project: Project, store: &dyn Store, now: Timestamp) -> Result<Catalog, DeployError> {
        let journeys = project.journeys.values().map(|one| (&one.name, &one.version, &one.source));
        let audiences = project.audiences.values().map(|one| (&one.name, &one.version, &one.source));
        let current: Vec<Version> = journeys
            .chain(audiences)
            .map(|(name, version, source)| Version {
                journey: name.clone(),
                version: version.clone(),
                source: source.clone(),
                deployed_at: now,
                current: true,
            })
            .collect();
        store.deploy(&current).await?;
        let versions = RwLock::new(read_versions(store).await?);
        let mut entries: HashMap<Name, Vec<Arc<Journey>>> = HashMap::new();
        for journey in project.journeys.values() {
            for entry in &journey.entries {
                entries.entry(entry.event.clone()).or_default().push(journey.clone());
            }
        }
        let audiences: Vec<Arc<Audience>> = project.audiences.values().cloned().collect();
        let windows = audiences.iter().flat_map(|audience| &audience.windows);
        let looked_back: BTreeSet<Name> = windows.map(|window| window.on.event.clone()).collect();
        let looked_back = looked_back.into_iter().collect();
        let has_limits = project.journeys.values().any(|journey| !journey.limits.is_empty());
        let older = RwLock::default();
        Ok(Catalog { project, entries, audiences, looked_back, has_limits, versions, older })
    }

    /// Reads again which versions there are: another node may have deployed some.
    pub(crate) async fn look_again(&self, store: &dyn Store) -> Result<(), store::Error> {
        let versions = read_versions(store).await?;
        *self.versions.write().unwrap_or_else(PoisonError::into_inner) = versions;
        self.older.write().unwrap_or_else(PoisonError::into_inner).retain(|_, journey| journey.is_some());
        Ok(())
    }

    /// Whether a version was ever deployed, as far as is known here.
    pub(crate) fn knows(&self, journey: &Name, version: &Name) -> bool {
        self.known(journey, version).is_some()
    }

    fn known(&self, journey: &Name, version: &Name) -> Option<Version> {
        let key = (journey.clone(), version.clone());
        self.versions.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    /// The current project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The journeys that an event of this name may start.
    pub fn entered_by(&self, event: &str) -> &[Arc<Journey>] {
        self.entries.get(event).map_or(&[], Vec::as_slice)
    }

    /// When the current version of a journey was first deployed.
    pub fn deployed_at(&self, journey: &Journey) -> Option<Timestamp> {
        self.known(&journey.name, &journey.version).map(|version| version.deployed_at)
    }

    /// Whether a current journey has limits.
    pub(crate) fn has_limits(&self) -> bool {
        self.has_limits
    }

    /// Which goes first where several journeys of a person act at the same moment: the higher one.
    pub(crate) fn priority_of(&self, journey: &str) -> i32 {
        self.project.journeys.get(journey).map_or(0, |journey| journey.priority)
    }

    /// The current audiences.
    pub fn audiences(&self) -> &[Arc<Audience>] {
        &self.audiences
    }

    /// The events that some audience looks back at, by name.
    pub fn looked_back(&self) -> &[Name] {
        &self.looked_back
    }

    /// The stored versions of a journey, newest first.
    pub fn versions_of(&self, journey: &str) -> Vec<Version> {
        let known = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        let mut versions: Vec<Version> =
            known.values().filter(|version| &*version.journey == journey).cloned().collect();
        versions.sort_by_key(|version| (!version.current, std::cmp::Reverse(version.deployed_at)));
        versions
    }

    /// The graph of a version; none when it was never deployed, or this program cannot read its text.
    pub fn version(&self, journey: &Name, version: &Name) -> Option<Arc<Journey>> {
        if let Some(current) = self.project.journeys.get(journey)
            && current.version == *version
        {
            return Some(current.clone());
        }
        // Whoever is watched for an audience is watched as it is declared now; the name is no journey's.
        if self.project.audiences.contains_key(journey) {
            return None;
        }
        let key = (journey.clone(), version.clone());
        if let Some(known) = self.older.read().ok().and_then(|older| older.get(&key).cloned()) {
            return known;
        }
        let built = self.known(journey, version).as_ref().and_then(build);
        if let Ok(mut older) = self.older.write() {
            older.insert(key, built.clone());
        }
        built
    }
}

async fn read_versions(store: &dyn Store) -> Result<HashMap<VersionKey, Version>, store::Error> {
    let versions = store.versions().await?.into_iter();
    Ok(versions.map(|version| ((version.journey.clone(), version.version.clone()), version)).collect())
}

fn build(version: &Version) -> Option<Arc<Journey>> {
    let source = Source { name: version.journey.to_string(), text: version.source.to_string() };
    let compiled = lang::compile(std::slice::from_ref(&source));
    let journey = compiled.project.and_then(|project| project.journeys.get(&version.journey).cloned());
    if journey.is_none() {
        tracing::error!(
            journey = %version.journey, version = %version.version,
            "a deployed version cannot be read any more; its instances stay where they are\n{}",
            lang::draw(&compiled.diagnostics, &[source], false),
        );
    }
    journey
}
