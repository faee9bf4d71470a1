//! A person as a member of audiences: met for each of them, looked at again whenever something happens.

use std::collections::BTreeSet;

use graph::{Journey, Name, is_system_key};
use uuid::Uuid;

use super::{Follow, Following, Past};
use crate::{
    Context, Input, Output, Status,
    audience::{IN, ended, look, meet},
};

impl Following<'_> {
    pub(super) fn is_member(&self, id: Uuid) -> bool {
        self.around.instance(id).is_some_and(|instance| instance.status == Status::Member)
    }

    /// The audiences that the person belongs to, of those that a journey asks about.
    pub(super) fn belongs_to(&mut self, journey: &Journey) -> BTreeSet<Name> {
        if journey.audiences.is_empty() {
            return BTreeSet::new();
        }
        self.meet();
        let listening = self.around.listening();
        let members = listening.iter().filter_map(|id| self.around.instance(*id));
        let inside = members.filter(|one| one.status == Status::Member && &*one.step == IN);
        inside.map(|one| one.journey.clone()).filter(|name| journey.audiences.contains(name)).collect()
    }

    /// Begins to watch the person for every audience that does not yet, as it is declared now.
    pub(super) fn meet(&mut self) {
        let audiences = self.around.audiences();
        // An audience is of people.
        if audiences.is_empty() || is_system_key(&self.around.key()) {
            return;
        }
        let listening = self.around.listening();
        for audience in audiences {
            let of_it = listening.iter().copied().filter(|id| {
                self.around
                    .instance(*id)
                    .is_some_and(|one| one.status == Status::Member && one.journey == audience.name)
            });
            let of_it: Vec<Uuid> = of_it.collect();
            let current = |id: &Uuid| {
                self.around.instance(*id).is_some_and(|instance| instance.version == audience.version)
            };
            if of_it.iter().any(current) {
                continue;
            }
            let (mut was, mut past) = (None, Vec::new());
            match self.around.past(&audience) {
                Past::New => was = Some(false),
                Past::Known(events) => past = events,
            }
            for id in of_it {
                was = self.around.instance(id).map(|instance| &*instance.step == IN);
                let reason = "declared anew".to_owned();
                self.look(id, &Input::End { status: Status::Replaced, reason });
            }
            let profile = self.around.attributes_for(&audience);
            let context = Context { follows: self.follows(), ..Context::of(&profile, self.around.now()) };
            let id = self.around.member_id(&audience);
            let output = meet(&audience, id, &self.around.key(), &past, was, context);
            self.keep_member(None, output);
        }
    }

    /// Looks at the person again for the audience that an instance watches them for.
    pub(super) fn look(&mut self, id: Uuid, input: &Input) -> Option<()> {
        let instance = self.around.instance(id)?;
        let (name, version) = (instance.journey.clone(), instance.version.clone());
        let before = (instance.step.clone(), instance.status);
        let audiences = self.around.audiences();
        let audience = audiences.iter().find(|audience| audience.name == name);
        let output = match audience {
            // Nothing is read for an event that does not matter.
            Some(audience)
                if audience.version == version
                    && matches!(input, Input::Event(event) if !audience.looks_at(&event.name)) =>
            {
                return Some(());
            }
            Some(audience) if audience.version == version || matches!(input, Input::End { .. }) => {
                let profile = self.around.attributes_for(audience);
                let context = Context { follows: self.follows(), ..Context::of(&profile, self.around.now()) };
                look(audience, self.around.instance(id)?, input, context)
            }
            // It is declared anew, and the person is met again.
            Some(_) => {
                self.meet();
                return Some(());
            }
            None => {
                let instance = self.around.instance(id)?.clone();
                ended(instance, Status::Stopped, self.around.now())
            }
        };
        if output.ignored.is_none() {
            self.keep_member(Some(before), output);
        }
        Some(())
    }

    /// Keeps what watching the person did, and remembers what follows from it.
    fn keep_member(&mut self, before: Option<(Name, Status)>, output: Output) {
        let depth = self.follows() + 1;
        if !output.emitted.is_empty() {
            // Who asks about audiences under `exit when` is told.
            self.queue.push_back((depth, Follow::ProfileChanged));
        }
        self.queue.extend(output.emitted.iter().map(|event| (depth, Follow::Event(event.clone()))));
        self.around.keep_member(before, output);
    }
}
