//! Which declarations there are, by kind and name.

use std::collections::{BTreeMap, HashMap};

use graph::{Name, library};

use crate::{
    diagnostic::{Code, Report},
    kits,
    syntax::{
        At,
        ast::{
            Action, Audience, Connection, Decl, DeclKind, Field, Function, Ident, Journey, Message, Policy,
            Test, Text, TypeExpr, Under, Webhook,
        },
    },
};

/// Kinds of declarations, in the order in which a journey's source lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Profile,
    Type,
    Event,
    Function,
    Audience,
    Connection,
    Action,
    Policy,
    Message,
    Webhook,
    Journey,
    Test,
}

/// An event as it is declared.
pub(crate) struct EventDecl<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) wire: Option<&'a Text>,
    pub(crate) fields: &'a [Field],
    pub(crate) doc: Option<&'a Name>,
}

/// All declarations by name.
#[derive(Default)]
pub(crate) struct Names<'a> {
    pub(crate) profile: Option<(At, &'a [Field])>,
    pub(crate) types: BTreeMap<Name, &'a TypeExpr>,
    pub(crate) events: BTreeMap<Name, EventDecl<'a>>,
    pub(crate) functions: BTreeMap<Name, (&'a Function, Option<&'a Name>)>,
    pub(crate) audiences: BTreeMap<Name, (&'a Audience, Option<&'a Name>)>,
    pub(crate) connections: BTreeMap<Name, (&'a Connection, Option<&'a Name>)>,
    pub(crate) actions: BTreeMap<Name, (&'a Action, Option<&'a Name>)>,
    pub(crate) policies: BTreeMap<Name, (&'a Policy, Option<&'a Name>)>,
    pub(crate) messages: BTreeMap<Name, (&'a Message, Option<&'a Name>)>,
    pub(crate) webhooks: BTreeMap<Name, (&'a Webhook, Option<&'a Name>)>,
    pub(crate) journeys: BTreeMap<Name, (&'a Journey, Option<&'a Name>)>,
    pub(crate) tests: Vec<(&'a Test, At)>,
    /// The documents beside the journeys.
    pub(crate) documents: kits::Documents,
    /// Where the names of types stand.
    pub(crate) type_names: HashMap<Name, At>,
    /// Where each declaration stands, doc comment included.
    pub(crate) places: HashMap<(Kind, Name), At>,
}

/// The names of the types that the language itself has.
pub(crate) const BUILT_IN: [&str; 9] =
    ["string", "int", "decimal", "bool", "date", "datetime", "duration", "timezone", "json"];

impl<'a> Names<'a> {
    /// Collects them; a name that is declared twice is reported, and the first one counts.
    pub(crate) fn collect(files: &'a [Vec<Decl>], kits: &kits::Used, reports: &mut Vec<Report>) -> Names<'a> {
        let mut names = Names::default();
        let mut first: HashMap<(Kind, Name), At> = HashMap::new();
        for decl in files.iter().flatten() {
            let Some((kind, name, at)) = identity(decl) else { continue };
            // Events and types share a namespace, for an event's name is the type of its properties.
            // So do audiences and journeys, for people stand in both.
            let space = match kind {
                Kind::Event => Kind::Type,
                Kind::Audience => Kind::Journey,
                other => other,
            };
            if let Some(before) = first.get(&(space, name.clone())) {
                if let Some(kit) = kits.at(at) {
                    reports.push(declared_by_a_kit(&name, *before, kit));
                    continue;
                }
                let (code, message) = if kind == Kind::Profile {
                    (Code::DuplicateName, "there are two profiles".to_owned())
                } else {
                    (Code::DuplicateName, format!("`{name}` is declared twice"))
                };
                reports.push(
                    Report::new(code, at, message)
                        .label("declared again here")
                        .related(*before, "first declared here"),
                );
                continue;
            }
            if space == Kind::Type && BUILT_IN.contains(&&*name) {
                reports.push(
                    Report::new(Code::DuplicateName, at, format!("`{name}` is a type of the language"))
                        .label("choose another name"),
                );
                continue;
            }
            if kind == Kind::Function && library::named(&name).any(|function| !function.method) {
                reports.push(
                    Report::new(Code::DuplicateName, at, format!("`{name}` is a function of the language"))
                        .label("choose another name"),
                );
                continue;
            }
            first.insert((space, name.clone()), at);
            names.places.insert((kind, name.clone()), decl.at);
            names.add(decl, name);
        }
        names
    }

    /// The policies that a message is sent under, each once: those for all messages, then its own.
    pub(crate) fn policies_over<'n>(&'n self, under: &'n Under) -> Vec<&'n Name> {
        let own = match under {
            Under::None => return Vec::new(),
            Under::All => None,
            Under::One(own) => Some(&own.text),
        };
        let for_all = self.policies.iter().filter(|(_, (policy, _))| policy.for_all).map(|(name, _)| name);
        for_all.filter(|name| Some(*name) != own).chain(own).collect()
    }

    fn add(&mut self, decl: &'a Decl, name: Name) {
        let doc = decl.doc.as_ref();
        match &decl.kind {
            DeclKind::Profile { word, fields } => self.profile = Some((*word, fields)),
            DeclKind::Event { name: ident, wire, fields } => {
                self.events.insert(name, EventDecl { name: ident, wire: wire.as_ref(), fields, doc });
            }
            DeclKind::Type { ty, name: ident } => {
                self.type_names.insert(name.clone(), ident.at);
                self.types.insert(name, ty);
            }
            DeclKind::Function(function) => {
                self.functions.insert(name, (function, doc));
            }
            DeclKind::Audience(audience) => {
                self.audiences.insert(name, (audience, doc));
            }
            DeclKind::Connection(connection) => {
                self.connections.insert(name, (connection, doc));
            }
            DeclKind::Action(action) => {
                self.actions.insert(name, (action, doc));
            }
            DeclKind::Policy(policy) => {
                self.policies.insert(name, (policy, doc));
            }
            DeclKind::Message(message) => {
                self.messages.insert(name, (message, doc));
            }
            DeclKind::Webhook(webhook) => {
                self.webhooks.insert(name, (webhook, doc));
            }
            DeclKind::Journey(journey) => {
                self.journeys.insert(name, (journey, doc));
            }
            DeclKind::Test(test) => self.tests.push((test, decl.at)),
            DeclKind::Use(_) => {}
        }
    }
}

/// A kit cannot be changed, so what is in the way of one is reported.
fn declared_by_a_kit(name: &Name, at: At, kit: &kits::Kit) -> Report {
    let path = kit.path();
    let message = format!("`{name}` is declared by the kit `{path}` too");
    Report::new(Code::DuplicateName, at, message).label("declared here, and in the kit").help(format!(
        "choose another name; or take `use \"{path}\"` away and copy what you need of it (`wayfare std {}`)",
        kit.name
    ))
}

/// The kind and the name of a declaration that has one, and where the name stands.
fn identity(decl: &Decl) -> Option<(Kind, Name, At)> {
    let of = |kind, ident: &Ident| (kind, ident.text.clone(), ident.at);
    Some(match &decl.kind {
        DeclKind::Profile { word, .. } => (Kind::Profile, "profile".into(), *word),
        DeclKind::Event { name, .. } => of(Kind::Event, name),
        DeclKind::Type { name, .. } => of(Kind::Type, name),
        DeclKind::Function(function) => of(Kind::Function, &function.name),
        DeclKind::Audience(audience) => of(Kind::Audience, &audience.name),
        DeclKind::Connection(connection) => of(Kind::Connection, &connection.name),
        DeclKind::Action(action) => of(Kind::Action, &action.name),
        DeclKind::Policy(policy) => of(Kind::Policy, &policy.name),
        DeclKind::Message(message) => of(Kind::Message, &message.name),
        DeclKind::Webhook(webhook) => of(Kind::Webhook, &webhook.name),
        DeclKind::Journey(journey) => of(Kind::Journey, &journey.name),
        DeclKind::Test(test) => (Kind::Test, test.name.fixed().unwrap_or_default().into(), test.name.at),
        DeclKind::Use(_) => return None,
    })
}
