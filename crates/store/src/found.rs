//! What a load finds, in one statement of either database: rows of several kinds in the columns of an instance.
//!
//! A turn needs instances, profiles, and whether events are known. Asked for one after the other, each answer would cost
//! a way to the database and back, and those ways were most of what a turn took; so they come as one answer, and each row
//! says of what kind it is.

use std::collections::HashSet;

use engine::Instance;
use uuid::Uuid;

use crate::{Due, Error, KnownEvent, Loaded, Profile, row, row::corrupt};

/// A row of an instance that is wanted. The codes of the kinds stand in the statements as numbers.
const INSTANCE: i32 = 0;
/// A row of one of the earliest instances that are due.
const DUE: i32 = 1;
/// The moment at which the next one is due.
const NEXT: i32 = 2;
/// A row of a profile.
const PROFILE: i32 = 3;
/// An event that is known.
const KNOWN: i32 = 4;
/// A row of one of the latest instances that are due.
const DUE_LATE: i32 = 5;

/// A profile `p` in the columns of an instance, behind the kind.
macro_rules! profile_as_found {
    () => {
        "NULL, NULL, NULL, p.key, NULL, p.shard, p.entries, p.created_at, p.updated_at, NULL, NULL, p.attributes"
    };
}
/// An event `e` in the columns of an instance, behind the kind.
macro_rules! known_as_found {
    () => {
        "NULL, NULL, NULL, e.profile, e.id, NULL, e.name, NULL, NULL, NULL, NULL, e.properties"
    };
}
pub(crate) use {known_as_found, profile_as_found};

/// A row of any kind.
#[derive(sqlx::FromRow)]
pub(crate) struct FoundRow {
    kind: i32,
    id: Option<Uuid>,
    journey: Option<String>,
    version: Option<String>,
    profile: Option<String>,
    key: Option<String>,
    status: Option<i16>,
    step: Option<String>,
    entered_at: Option<i64>,
    updated_at: Option<i64>,
    due_at: Option<i64>,
    turn: Option<i64>,
    state: Option<String>,
}

impl FoundRow {
    fn instance(self) -> Result<Instance, Error> {
        let whole = || {
            Some(row::InstanceRow {
                id: self.id?,
                journey: self.journey?,
                version: self.version?,
                profile: self.profile?,
                key: self.key?,
                status: self.status?,
                step: self.step?,
                entered_at: self.entered_at?,
                updated_at: self.updated_at?,
                due_at: self.due_at,
                turn: self.turn?,
                state: self.state?,
            })
        };
        whole().ok_or_else(|| corrupt("instance", "a column is empty".into()))?.try_into()
    }

    fn profile(self) -> Result<Profile, Error> {
        let whole = || {
            Some(row::ProfileRow {
                shard: self.status?,
                key: self.profile?,
                attributes: self.state?,
                entries: self.step?,
                created_at: self.entered_at?,
                updated_at: self.updated_at?,
            })
        };
        whole().ok_or_else(|| corrupt("profile", "a column is empty".into()))?.try_into()
    }

    fn known(self) -> Result<KnownEvent, Error> {
        let whole = || {
            Some(KnownEvent {
                profile: self.profile?.into(),
                id: self.key?.into(),
                name: self.step?.into(),
                properties: self.state?,
            })
        };
        whole().ok_or_else(|| corrupt("event", "a column is empty".into()))
    }
}

/// Sorts what was found. One more instance than `earliest` may be among the earliest that are due: it is what follows.
pub(crate) fn sorted(rows: Vec<FoundRow>, earliest: usize) -> Result<Loaded, Error> {
    let mut loaded = Loaded::default();
    let (mut instances, mut people) = (HashSet::new(), HashSet::new());
    let (mut late, mut next) = (Vec::new(), None);
    for row in rows {
        match row.kind {
            INSTANCE => {
                let instance = row.instance()?;
                if instances.insert(instance.id) {
                    loaded.instances.push(instance);
                }
            }
            DUE => loaded.due.instances.push(row.instance()?),
            DUE_LATE => late.push(row.instance()?),
            NEXT => next = row.due_at.map(|at| row::time("instance", at)).transpose()?,
            PROFILE => {
                let profile = row.profile()?;
                if people.insert(profile.key.clone()) {
                    loaded.profiles.push(profile);
                }
            }
            KNOWN => loaded.events.push(row.known()?),
            kind => return Err(corrupt("row", format!("it is of the kind {kind}"))),
        }
    }
    let Due { instances: due, .. } = &mut loaded.due;
    let order = |instance: &Instance| (instance.due_at, instance.id);
    due.sort_by_key(order);
    let follows = due.get(earliest).and_then(|instance| instance.due_at);
    due.truncate(earliest);
    // Where few are due, the latest are the earliest.
    due.extend(late);
    due.sort_by_key(order);
    due.dedup_by_key(|instance| instance.id);
    loaded.due.next = follows.or(next);
    Ok(loaded)
}
