//! A model of the store for one person, and of a turn over it: a turn works on a copy, which takes the person's place when
//! it is committed and is thrown away when it is not.
//!
//! The laws of instances are checked where a turn keeps what the engine gives.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engine::{
    Around, Effect, Event, Input, Instance, Outcome, Output, Status,
    limit::Taken,
    link::{Links, Readable},
    person::Past,
    policy::{Barred, Standing, remember, subscribe},
};
use graph::{Audience, Journey, Name, Project, StepKind, Value};
use jiff::Timestamp;
use uuid::Uuid;

/// What is kept of a person.
#[derive(Clone, Default)]
pub(crate) struct Person {
    pub(crate) key: Name,
    pub(crate) profile: Value,
    pub(crate) instances: BTreeMap<Uuid, Arc<Instance>>,
    /// Those that may still change, in the order of their entry.
    pub(crate) live: Vec<Uuid>,
    entries: BTreeMap<(Name, Name), Timestamp>,
    standing: Standing,
    passed: BTreeSet<(Name, Name)>,
    /// Whether the person is watched for audiences.
    met: bool,
}

impl Person {
    /// Somebody whom nothing has happened to.
    pub(crate) fn new(key: Name, profile: Value) -> Person {
        Person { key, profile, ..Person::default() }
    }
}

/// How many people have come through which limit.
pub(crate) type Limits = BTreeMap<(Name, Name), u32>;

/// A turn that is being decided.
pub(crate) struct Turn<'a> {
    pub(crate) project: &'a Project,
    pub(crate) person: Person,
    pub(crate) limits: Limits,
    pub(crate) now: Timestamp,
    pub(crate) effects: Vec<(Uuid, Effect)>,
    /// What is appended to the log if it is committed.
    pub(crate) lines: String,
    /// The instances that it changes.
    pub(crate) touched: BTreeSet<Uuid>,
}

impl Turn<'_> {
    fn put(&mut self, journey: Option<&Journey>, output: &Output) {
        use std::fmt::Write as _;
        let instance = &output.instance;
        let before = self.person.instances.get(&instance.id);
        // Who is watched for an audience has a turn only for coming and going.
        let counts = u32::from(journey.is_some() || !output.happenings.is_empty());
        assert_eq!(instance.turn, before.map_or(0, |before| before.turn) + counts, "turns have no gap");
        assert!(before.is_none_or(|before| before.listens()) || operated(output), "who is over stays over");
        assert!(output.ignored.is_none());
        if let Some(journey) = journey {
            never_stuck(journey, instance);
        }
        writeln!(
            self.lines,
            "{} {} {} {} {} {} {:?} {:?}",
            self.now,
            self.person.key,
            instance.id,
            instance.turn,
            instance.status.word(),
            instance.step,
            instance.due_at,
            output.happenings
        )
        .unwrap();
        self.touched.insert(instance.id);
        self.person.live.retain(|id| *id != instance.id);
        if instance.listens() {
            self.person.live.push(instance.id);
        }
        self.person.instances.insert(instance.id, Arc::new(instance.clone()));
    }
}

fn operated(output: &Output) -> bool {
    output.happenings.iter().any(|happening| matches!(happening, engine::Happening::Operated { .. }))
}

/// Whoever is not over waits for something that will come.
fn never_stuck(journey: &Journey, instance: &Instance) {
    let kind = journey.find(&instance.step).and_then(|node| journey.step(node)).map(|step| &step.kind);
    match instance.status {
        Status::Calling => {
            assert!(instance.state.call.is_some() && instance.due_at.is_some(), "{instance:?}");
        }
        Status::Waiting => match kind {
            Some(StepKind::WaitFor { timeout, .. }) => {
                assert_eq!(timeout.is_some() || journey.expire.is_some(), instance.due_at.is_some());
            }
            _ => assert!(instance.due_at.is_some(), "{instance:?}"),
        },
        Status::Queued => assert_eq!(journey.expire.is_some(), instance.due_at.is_some()),
        Status::Failed => assert!(instance.state.failure.is_some()),
        Status::Member => panic!("a journey has no members"),
        Status::Completed
        | Status::Exited
        | Status::Cancelled
        | Status::Expired
        | Status::Stopped
        | Status::Replaced => assert_eq!(instance.state.watching, instance.due_at.is_some()),
    }
}

/// Whether an instance waits for an input; none where that takes the engine to say.
pub(crate) fn waits_for(instance: &Instance, input: &Input, now: Timestamp) -> Option<bool> {
    let call = instance.state.call.as_ref().filter(|call| call.under_way && instance.status.is_live());
    match input {
        Input::Due => Some(instance.listens() && instance.due_at.is_some_and(|due| due <= now)),
        Input::AttemptLost => Some(call.is_some()),
        Input::CallEnded { call: number, attempt, .. } => {
            Some(call.is_some_and(|call| call.number == *number && call.attempt == *attempt))
        }
        Input::Event(_) | Input::Operation(_) | Input::End { .. } | Input::Begin | Input::ProfileChanged => {
            None
        }
    }
}

impl Around for Turn<'_> {
    fn key(&self) -> Name {
        self.person.key.clone()
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn journey(&mut self, name: &Name, _: &Name) -> Option<Arc<Journey>> {
        self.project.journeys.get(name).cloned()
    }

    fn audiences(&mut self) -> Vec<Arc<Audience>> {
        self.project.audiences.values().cloned().collect()
    }

    fn entered_by(&mut self, event: &Name) -> Vec<Arc<Journey>> {
        self.project.journeys.values().filter(|journey| journey.entry_by(event).is_some()).cloned().collect()
    }

    fn attributes(&mut self, _: &Journey) -> Value {
        self.person.profile.clone()
    }

    fn attributes_for(&mut self, _: &Audience) -> Value {
        self.person.profile.clone()
    }

    fn attributes_at_entry(&mut self, _: &Journey) -> Result<Value, String> {
        Ok(self.person.profile.clone())
    }

    fn listening(&mut self) -> Vec<Uuid> {
        self.person.live.clone()
    }

    fn instance(&self, id: Uuid) -> Option<&Instance> {
        self.person.instances.get(&id).map(|instance| &**instance)
    }

    fn past(&mut self, _: &Audience) -> Past {
        assert!(!self.person.met, "watched for an audience a second time");
        self.person.met = true;
        Past::New
    }

    fn member_id(&mut self, audience: &Audience) -> Uuid {
        id_of(&[&self.person.key, &audience.name])
    }

    fn keep_member(&mut self, _: Option<(Name, Status)>, output: Output) {
        self.put(None, &output);
    }

    fn new_id(&mut self, event: &Event, journey: &Name) -> Uuid {
        id_of(&[&self.person.key, &event.id, journey])
    }

    fn last_entry(&self, journey: &Name, key: &Name) -> Option<Timestamp> {
        self.person.entries.get(&(journey.clone(), key.clone())).copied()
    }

    fn standing(&self) -> Standing {
        self.person.standing.clone()
    }

    fn subscribe(&mut self, policy: &Name, subscribed: bool, at: Timestamp) {
        let Standing { left, back, .. } = &mut self.person.standing;
        subscribe(left, back, policy, subscribed, at);
    }

    fn suppressed(&self) -> Arc<BTreeMap<Name, Barred>> {
        Arc::default()
    }

    fn links(&self) -> Arc<dyn Links> {
        Arc::new(Readable)
    }

    fn taken(&mut self, journey: &Name, limit: &Name) -> Taken {
        let limit = (journey.clone(), limit.clone());
        let people = self.limits.get(&limit).copied().unwrap_or_default();
        Taken { people, own: self.person.passed.contains(&limit) }
    }

    fn keep(&mut self, journey: &Journey, before: Option<(Name, Status)>, output: Output) {
        self.put(Some(journey), &output);
        remember(&mut self.person.standing.sent, journey, &output.sent, self.now);
        for passage in &output.passages {
            let limit = (journey.name.clone(), passage.limit.clone());
            let taken = self.limits.entry(limit.clone()).or_default();
            *taken += 1;
            assert!(*taken <= passage.most, "too many came through {limit:?}");
            assert!(self.person.passed.insert(limit), "came through a limit for the first time twice");
        }
        for (field, value) in &output.changes {
            if let Value::Record(record) = &self.person.profile {
                self.person.profile = Value::Record(record.with(field, value.clone()));
            }
        }
        if before.is_none() {
            let entry = (output.instance.journey.clone(), output.instance.key.clone());
            self.person.entries.insert(entry, self.now);
        }
        let id = output.instance.id;
        self.effects.extend(output.effects.into_iter().map(|effect| (id, effect)));
    }

    fn log(&mut self, _: Event, _: Vec<Outcome>) {}
}

fn id_of(parts: &[&str]) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, parts.join("\u{0}").as_bytes())
}
