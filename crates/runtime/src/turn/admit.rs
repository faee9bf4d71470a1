//! Whether an event starts an instance, and remembering that it did where a rule will ask.

use std::{collections::BTreeMap, sync::Arc};

use engine::{Admission, Context, enter};
use graph::{Journey, Name, Reentry, Value};
use jiff::Timestamp;
use store::{Profile, instance_id};

use super::{Batch, NewEvent, Outcome};
use crate::profile;

impl Batch<'_> {
    /// Lets an event start an instance of a journey.
    pub(super) fn admit(&mut self, journey: &Arc<Journey>, new: &NewEvent) -> Outcome {
        let outcome = |outcome: &str, instance, reason| Outcome {
            journey: journey.name.clone(),
            outcome: outcome.into(),
            instance,
            reason,
        };
        let attributes = self.person(&new.profile).row.as_ref().map(|row| row.attributes.clone());
        let attributes = attributes.unwrap_or_default();
        let profile = match self.read_current(journey, &new.profile, &attributes) {
            Ok(profile) => profile,
            Err(misfit) => {
                return outcome("stayed-out", None, Some(format!("the profile does not fit: {misfit}")));
            }
        };
        let person = self.person(&new.profile);
        let entries = entries_of(person.row.as_ref());
        let live = person.live.clone();
        let inside = |key: &str| {
            live.iter().filter_map(|id| self.instances.get(id)).any(|place| {
                place.instance.status.is_live()
                    && place.instance.journey == journey.name
                    && &*place.instance.key == key
            })
        };
        let last = |key: &str| entries.get(&entry_name(&journey.name, key)).copied();
        let id = instance_id(self.now, new.shard, &new.profile, &new.event.id, &journey.name);
        let context = Context { profile: &profile, now: self.now };
        match enter(journey, id, &new.profile, &new.event, context, &inside, &last) {
            Admission::StaysOut(reason) => outcome("stayed-out", None, Some(reason)),
            Admission::Enters(output) => {
                self.remember_entry(journey, new, &output.instance.key);
                self.keep(new.shard, None, *output);
                self.person(&new.profile).live.push(id);
                outcome("entered", Some(id), None)
            }
        }
    }

    fn read_current(
        &mut self,
        journey: &Journey,
        key: &Name,
        attributes: &str,
    ) -> Result<Value, graph::types::Misfit> {
        if let Some(read) = &self.person(key).read {
            return Ok(read.clone());
        }
        let read = profile::read_for_entry(&journey.profile, attributes)?;
        self.person(key).read = Some(read.clone());
        Ok(read)
    }

    /// Keeps the moment of an entry where a rule will ask for it.
    fn remember_entry(&mut self, journey: &Journey, new: &NewEvent, key: &str) {
        if journey.reentry == Reentry::Always {
            return;
        }
        let now = self.now;
        let person = self.person(&new.profile);
        let mut entries = entries_of(person.row.as_ref());
        entries.insert(entry_name(&journey.name, key), now);
        if let Some(row) = &mut person.row {
            row.entries = serde_json::to_string(&entries).unwrap_or_else(|_| "{}".into());
            person.changed = true;
        }
    }
}

fn entry_name(journey: &str, key: &str) -> String {
    format!("{journey}\u{1f}{key}")
}

fn entries_of(row: Option<&Profile>) -> BTreeMap<String, Timestamp> {
    row.and_then(|row| serde_json::from_str(&row.entries).ok()).unwrap_or_default()
}
