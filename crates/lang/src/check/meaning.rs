//! What a name in an expression stands for: something bound, or one of the names that mean something everywhere.

use graph::{Expr as G, Name, Root, Type};

use super::{
    Ty,
    expr::{Check, failed},
    links::LINKS,
    scope::{Event, ROOTS, hover_of, record_of},
};
use crate::{
    diagnostic::{Code, Report},
    editor::{PLACEHOLDER, Thing},
    syntax::{At, foreign},
};

impl Check<'_, '_> {
    pub(super) fn name(&mut self, name: &Name, at: At) -> (G, Ty) {
        if let Some(binding) = self.scope.get(name) {
            let (value, ty, to) = (binding.value.clone(), binding.ty.clone(), binding.at);
            let ty = self.narrowed(ty, Some(name.to_string()));
            self.env.mention(at, Some(to), Thing::Variable, || hover_of(name, &ty));
            return (value, ty);
        }
        self.root_mention(name, at);
        if matches!(self.scope.event, Event::Nothing) && ROOTS.contains(&&**name) {
            return self.impure(name, at);
        }
        match &**name {
            "profile" => (G::Root(Root::Profile), self.env.profile.clone().map(Type::Record)),
            "now" => (G::Root(Root::Now), Some(Type::DateTime)),
            "journey" if matches!(self.scope.event, Event::Nobody) => self.no_entry(name, at),
            "journey" => {
                let ty = record_of(&[
                    ("name", Type::Text),
                    ("version", Type::Text),
                    ("instance", Type::Text),
                    ("enteredAt", Type::DateTime),
                ]);
                (G::Root(Root::Journey), Some(ty))
            }
            "event" => match self.scope.event.clone() {
                Event::Known(ty) => (G::Root(Root::Event), ty),
                Event::Unknown | Event::Nothing => (G::Root(Root::Event), None),
                Event::Nobody => self.no_entry(name, at),
            },
            _ => {
                let mut report =
                    Report::new(Code::UnknownName, at, format!("there is nothing called `{name}` here"))
                        .label("not found in this place");
                if &**name == LINKS {
                    report = report.help("`links` stands in a message: `links.unsubscribe`, `links.token`");
                } else if self.env.profile.as_ref().is_some_and(|profile| profile.field(name).is_some()) {
                    report = report
                        .help(format!("did you mean `profile.{name}`?"))
                        .fix(at, format!("profile.{name}"));
                } else if let Some(ours) = foreign::value(name) {
                    report = report.help(format!("write `{ours}`")).fix(at, ours);
                } else if &**name == PLACEHOLDER {
                    self.offer_names();
                } else if &**name == "it" {
                    report = report.help("`it` is the event that a `where` looks at");
                } else {
                    let known: Vec<String> = self.scope.names().map(str::to_owned).collect();
                    let known = known.iter().map(String::as_str).chain(ROOTS);
                    report = report.did_you_mean(at, name, known);
                }
                self.report(report);
                failed()
            }
        }
    }

    /// Reports a function that looks at more than its parameters.
    fn impure(&mut self, name: &Name, at: At) -> (G, Ty) {
        self.report(
            Report::new(
                Code::UnknownName,
                at,
                format!("a function knows only its parameters, so there is no `{name}` in it"),
            )
            .label("not known in a function")
            .help("give what it needs as an argument"),
        );
        failed()
    }

    /// Reports an audience that asks about an instance.
    fn no_entry(&mut self, name: &Name, at: At) -> (G, Ty) {
        self.report(
            Report::new(
                Code::UnknownName,
                at,
                format!("nobody has entered anything, so there is no `{name}`"),
            )
            .label("not known here")
            .help(
                "`profile` and `now` are known; an audience also looks back at events: `count(…)`, `last(…)`",
            ),
        );
        failed()
    }
}
