//! Audiences: their conditions, where those look back at events, and questions whether a person belongs to one.

use graph::{
    Expr as G, Name, Type, Value,
    audience::{Window, counted, joined, latest, left},
};

use super::{
    CheckedAudience, Kind, Ty,
    expr::{Check, failed},
    journey::listener,
    scope::{Env, Event, ROOTS, Scope},
};
use crate::{
    diagnostic::{Code, Report},
    lower::bundle,
    syntax::{
        At,
        ast::{Audience, Expr, ExprKind, Ident, LookedBack, Past},
        visit,
    },
};

/// Checks an audience.
pub(super) fn check(audience: &Audience, doc: Option<&Name>, env: &mut Env<'_>) -> CheckedAudience {
    let mut scope = Scope::new(Event::Nobody);
    scope.windows = Some(Vec::new());
    let condition = Check { env, scope: &mut scope }.condition(&audience.condition);
    let name = &audience.name.text;
    let bundle = bundle::of(&(Kind::Audience, name.clone()), &scope.used, env);
    CheckedAudience {
        name: name.clone(),
        doc: doc.cloned(),
        source: bundle.text.into(),
        condition,
        windows: scope.windows.unwrap_or_default(),
        looks_at_clock: visit::names(&audience.condition, "now"),
    }
}

/// The type of what an audience lets happen: `loyal.joined`, `loyal.left`. None for a name that is no such event.
pub(super) fn event_type(event: &Ident, env: &Env<'_>) -> Option<Type> {
    let (base, _) = event.text.split_once('.')?;
    env.names.audiences.get(base)?;
    (event.text == joined(base) || event.text == left(base)).then(super::entry::empty)
}

impl Check<'_, '_> {
    /// `count(event within 30 days where …)`, `last(event …)`
    pub(super) fn past(&mut self, at: At, past: &Past) -> (G, Ty) {
        let word = past.what.word();
        let Some(mut windows) = self.scope.windows.take() else {
            self.report(
                Report::new(
                    Code::UnknownFunction,
                    at,
                    format!("`{word}` of an event looks back, which only an audience does"),
                )
                .label("not in an audience")
                .help("declare `audience name = count(…) >= 3`, and ask here: `profile in name`"),
            );
            return failed();
        };
        // A window is not looked for inside another.
        let (on, ty) = listener(&past.on, self);
        let window = Window { on, within: past.within };
        let place = windows.iter().position(|known| *known == window).unwrap_or_else(|| {
            windows.push(window);
            windows.len() - 1
        });
        self.scope.windows = Some(windows);
        match past.what {
            LookedBack::Count => (G::Variable(counted(place)), Some(Type::Int)),
            LookedBack::Last => (G::Variable(latest(place)), ty.map(Type::optional)),
        }
    }

    /// Reports an audience that does not exist.
    pub(super) fn audience_named(&mut self, name: &Ident) {
        if !self.env.names.audiences.contains_key(&name.text) {
            self.unknown_audience(&name.text, name.at);
        }
    }

    fn unknown_audience(&mut self, name: &Name, at: At) -> G {
        let known = self.env.names.audiences.keys().map(|name| &**name);
        let report = Report::new(Code::UnknownName, at, format!("there is no audience `{name}`"))
            .label("not declared")
            .help(format!("declare it: `audience {name} = …`"))
            .did_you_mean(at, name, known);
        self.report(report);
        failed().0
    }

    /// `profile in loyal`, if that is what it is.
    pub(super) fn member(&mut self, left: &Expr, right: &Expr) -> Option<G> {
        let (ExprKind::Name(who), ExprKind::Name(name)) = (&left.kind, &right.kind) else { return None };
        let names = self.env.names;
        if self.scope.get(name).is_some() {
            return None;
        }
        let Some((audience, doc)) = names.audiences.get(name) else {
            let people = &**who == "profile" && self.scope.get(who).is_none() && !ROOTS.contains(&&**name);
            return people.then(|| self.unknown_audience(name, right.at));
        };
        if &**who != "profile" {
            self.report(
                Report::new(Code::WrongType, left.at, format!("`{name}` is an audience of people"))
                    .label("not a person")
                    .help(format!("write `profile in {name}`")),
            );
            return Some(failed().0);
        }
        self.root_mention(who, left.at);
        self.env.mention(right.at, Some(audience.name.at), crate::editor::Thing::Audience, || {
            format!("audience {name}{}", doc.map(|doc| format!("\n\n{doc}")).unwrap_or_default())
        });
        let Some(asked) = &mut self.scope.audiences else {
            self.report(
                Report::new(Code::UnknownName, right.at, format!("`{name}` cannot be asked about here"))
                    .label("only in the conditions and values of journeys and tests")
                    .help("ask in the journey, and give the answer as an argument"),
            );
            return Some(G::Literal(Value::Bool(false)));
        };
        asked.insert(name.clone());
        self.scope.uses(Kind::Audience, &Ident { text: name.clone(), at: right.at });
        Some(G::Member(name.clone()))
    }
}
