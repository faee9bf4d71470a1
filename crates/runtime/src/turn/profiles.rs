//! The profiles of a turn: made for whoever is new, changed from outside and by journeys.

use engine::person::profile_changed;
use graph::{Name, Value};
use jiff::Timestamp;
use store::{Profile, Shard};

use super::{Batch, Visit};
use crate::{ProfileAnswer, ProfileChange, profile};

impl Batch<'_> {
    pub(super) fn ensure_profile(&mut self, shard: Shard, key: &Name) {
        let (now, schema) = (self.now, self.catalog.project().profile.clone());
        let person = self.person(key);
        if person.row.is_none() {
            person.is_new = true;
            person.changed = true;
            person.row = Some(new(shard, key, profile::bare(&schema, key), now));
        }
    }

    /// Changes a profile.
    pub(crate) fn change_profile(
        &mut self,
        shard: Shard,
        key: &Name,
        change: ProfileChange,
    ) -> ProfileAnswer {
        let schema = self.catalog.project().profile.clone();
        let now = self.now;
        let person = self.person(key);
        let stored = person.row.as_ref().map(|row| row.attributes.as_str());
        let attributes = match profile::changed(&schema, key, stored, change) {
            Ok(attributes) => attributes,
            Err(misfit) => return ProfileAnswer::Misfit(misfit),
        };
        let row = match person.row.take() {
            Some(row) => Profile { attributes, updated_at: now, ..row },
            None => {
                person.is_new = true;
                new(shard, key, attributes, now)
            }
        };
        person.row = Some(row.clone());
        person.changed = true;
        person.read = None;
        profile_changed(&mut Visit::new(self, shard, key));
        // A journey may have changed it further.
        ProfileAnswer::Stored(self.person(key).row.clone().unwrap_or(row))
    }

    /// What a journey sets is seen by every other input of this batch.
    pub(super) fn set_attributes(&mut self, key: &Name, changes: &[(Name, Value)]) {
        let now = self.now;
        let person = self.person(key);
        if let Some(row) = &mut person.row {
            row.attributes = profile::set(&row.attributes, changes);
            row.updated_at = now;
            person.changed = true;
            person.read = None;
        }
    }
}

/// The profile of somebody who becomes known now.
fn new(shard: Shard, key: &Name, attributes: String, now: Timestamp) -> Profile {
    Profile { shard, key: key.clone(), attributes, entries: "{}".into(), created_at: now, updated_at: now }
}
