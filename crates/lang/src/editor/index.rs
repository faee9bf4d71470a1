//! What declarations are called, and where steps, actions, messages and tests name them.

use graph::Name;

use super::{Mention, Thing};
use crate::{
    check::{Names, blocks},
    kits,
    syntax::{
        At,
        ast::{
            Decl, DeclKind, EntryKind, Expect, Field, Ident, Listen, Step, StepKind, TestKind, Text,
            TypeExpr, TypeKind, Under, Webhook,
        },
        parser::expr::RESERVED,
        visit,
    },
};

/// Whether a word can be no name.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word) || ["profile", "event", "journey", "now", "it"].contains(&word)
}

/// Adds what the declarations of files say of names.
pub(crate) fn declared(files: &[Vec<Decl>], names: &Names<'_>, mentions: &mut Vec<Mention>) {
    let mut index = Index { names, mentions };
    for decl in files.iter().flatten() {
        index.declaration(decl);
    }
}

struct Index<'i, 'n> {
    names: &'i Names<'n>,
    mentions: &'i mut Vec<Mention>,
}

impl Index<'_, '_> {
    fn add(&mut self, at: At, to: Option<At>, thing: Thing, code: String, doc: Option<&Name>) {
        let hover = match doc {
            Some(doc) => format!("{code}\n\n{doc}"),
            None => code,
        };
        self.mentions.push(Mention { at, to, thing, hover });
    }

    fn declaration(&mut self, decl: &Decl) {
        match &decl.kind {
            DeclKind::Profile { word, fields } => {
                self.add(*word, Some(*word), Thing::Profile, "profile".into(), decl.doc.as_ref());
                self.fields(fields);
            }
            DeclKind::Event { name, fields, .. } => {
                self.event(name);
                self.fields(fields);
            }
            DeclKind::Type { name, ty } => {
                self.named_type(name);
                self.ty(ty);
            }
            DeclKind::Function(function) => {
                let name = &function.name;
                let code = format!("fn {}", name.text);
                self.add(name.at, Some(name.at), Thing::Function, code, decl.doc.as_ref());
                function.params.iter().for_each(|param| self.ty(&param.ty));
                self.ty(&function.result);
            }
            DeclKind::Audience(audience) => {
                let name = &audience.name;
                let code = format!("audience {}", name.text);
                self.add(name.at, Some(name.at), Thing::Audience, code, decl.doc.as_ref());
                visit::looked_back(&audience.condition, &mut |event| self.event(event));
            }
            DeclKind::Connection(connection) => self.connection(&connection.name),
            DeclKind::Action(action) => {
                self.action(&action.name);
                self.connection(&action.connection);
                action.policy.iter().for_each(|policy| self.policy(policy));
                action.params.iter().for_each(|param| self.ty(&param.ty));
                action.answer_types().for_each(|ty| self.ty(ty));
            }
            DeclKind::Webhook(webhook) => self.webhook(webhook, decl.doc.as_ref()),
            DeclKind::Policy(policy) => self.policy(&policy.name),
            DeclKind::Message(message) => {
                if let Under::One(policy) = &message.under {
                    self.policy(policy);
                }
                self.message(&message.name);
                match self.names.actions.contains_key(&message.action.text) {
                    true => self.action(&message.action),
                    false => self.connection(&message.action),
                }
                message.params.iter().for_each(|param| self.ty(&param.ty));
            }
            DeclKind::Journey(journey) => {
                self.journey(&journey.name);
                for entry in &journey.entries {
                    match &entry.kind {
                        EntryKind::On(event) => self.event(event),
                        EntryKind::Started(input) => input.iter().for_each(|ty| self.ty(ty)),
                        EntryKind::Everyone(everyone) => {
                            everyone.audience.iter().for_each(|audience| self.audience(audience));
                        }
                    }
                }
                journey.goal.iter().for_each(|goal| self.listen(&goal.on));
                journey.exits.iter().for_each(|listen| self.listen(listen));
                let handlers = journey.failure.iter().chain(&journey.farewell).map(|(_, _, block)| block);
                for block in handlers.chain([&journey.steps]) {
                    self.steps(&block.steps);
                }
            }
            DeclKind::Test(test) => test.lines.iter().for_each(|line| self.test_line(&line.kind)),
            DeclKind::Use(path) => self.kit(path),
        }
    }

    /// What a kit is for, and what it declares.
    fn kit(&mut self, path: &Text) {
        let Ok(kit) = kits::named(path) else { return };
        let declared: Vec<String> =
            kit.declarations().into_iter().map(|one| format!("- `{}`", one.header)).collect();
        let doc = format!("{}\n\n{}", kit.head(), declared.join("\n"));
        self.add(path.at, None, Thing::Kit, format!("use \"{}\"", kit.path()), Some(&doc.into()));
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            let at = field.name.at;
            self.add(at, Some(at), Thing::Field, field.name.text.to_string(), field.doc.as_ref());
            self.ty(&field.ty);
        }
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeKind::Name(name) if self.names.events.contains_key(&name.text) => self.event(name),
            TypeKind::Name(name) => self.named_type(name),
            TypeKind::Enum(_) => {}
            TypeKind::Union(members) => members.iter().for_each(|member| self.ty(member)),
            TypeKind::List(inner) | TypeKind::Optional(inner) => self.ty(inner),
            TypeKind::Record(fields) => self.fields(fields),
        }
    }

    fn named_type(&mut self, name: &Ident) {
        let to = self.names.type_names.get(&name.text).copied();
        self.add(name.at, to, Thing::Type, format!("type {}", name.text), None);
    }

    fn webhook(&mut self, webhook: &Webhook, doc: Option<&Name>) {
        let name = &webhook.name;
        let code = format!("webhook {} // POST /hooks/{}", name.text, name.text);
        self.add(name.at, Some(name.at), Thing::Webhook, code, doc);
        webhook.types().into_iter().for_each(|ty| self.ty(ty));
    }

    fn policy(&mut self, name: &Ident) {
        let Some((policy, doc)) = self.names.policies.get(&name.text).copied() else { return };
        self.add(name.at, Some(policy.name.at), Thing::Policy, format!("policy {}", name.text), doc);
    }

    fn audience(&mut self, name: &Ident) {
        let to = self.names.audiences.get(&name.text).map(|(audience, _)| audience.name.at);
        self.add(name.at, to, Thing::Audience, format!("audience {}", name.text), None);
    }

    fn event(&mut self, name: &Ident) {
        // What an audience or a message lets happen leads there.
        if let Some((base, _)) = name.text.split_once('.') {
            let audience = self.names.audiences.get(base).map(|(audience, _)| audience.name.at);
            let message = || self.names.messages.get(base).map(|(message, _)| message.name.at);
            let policy = || self.names.policies.get(base).map(|(policy, _)| policy.name.at);
            let to = audience.or_else(message).or_else(policy);
            return self.add(name.at, to, Thing::Event, format!("event {}", name.text), None);
        }
        let Some(event) = self.names.events.get(&name.text) else { return };
        let (to, doc) = (event.name.at, event.doc);
        let wire = event.wire.and_then(|wire| wire.fixed()).map(|wire| format!(" \"{wire}\""));
        let fields: Vec<&str> = event.fields.iter().map(|field| &*field.name.text).collect();
        let code = format!("event {}{} {{ {} }}", name.text, wire.unwrap_or_default(), fields.join(", "));
        self.add(name.at, Some(to), Thing::Event, code, doc);
    }

    fn connection(&mut self, name: &Ident) {
        let Some((connection, doc)) = self.names.connections.get(&name.text).copied() else { return };
        let url = connection
            .smtp
            .as_ref()
            .or(connection.url.as_ref())
            .and_then(|url| url.text.fixed())
            .unwrap_or_default();
        let code = format!("connection {} // {url}", name.text);
        self.add(name.at, Some(connection.name.at), Thing::Connection, code, doc);
    }

    fn action(&mut self, name: &Ident) {
        let Some((action, doc)) = self.names.actions.get(&name.text).copied() else { return };
        let params: Vec<&str> = action.params.iter().map(|param| &*param.name.text).collect();
        let path = action.path.fixed().unwrap_or_else(|| "…".into());
        let code = format!(
            "action {}({}) // {} {} {path}",
            name.text,
            params.join(", "),
            action.method.text,
            action.connection.text
        );
        self.add(name.at, Some(action.name.at), Thing::Action, code.trim_end().to_owned(), doc);
    }

    fn message(&mut self, name: &Ident) {
        let Some((message, doc)) = self.names.messages.get(&name.text).copied() else { return };
        let params: Vec<&str> = message.params.iter().map(|param| &*param.name.text).collect();
        let code = format!("message {}({}) via {}", name.text, params.join(", "), message.action.text);
        self.add(name.at, Some(message.name.at), Thing::Message, code, doc);
    }

    fn journey(&mut self, name: &Ident) {
        let Some((journey, doc)) = self.names.journeys.get(&name.text).copied() else { return };
        let code = format!("journey {}", name.text);
        self.add(name.at, Some(journey.name.at), Thing::Journey, code, doc);
    }

    fn listen(&mut self, listen: &Listen) {
        self.event(&listen.event);
    }

    /// Steps with all that is inside them; labels are looked for among them all.
    fn steps(&mut self, steps: &[Step]) {
        let mut all: Vec<&Step> = steps.iter().collect();
        let mut next = 0;
        while let Some(step) = all.get(next).copied() {
            next += 1;
            all.extend(blocks(&step.kind).into_iter().flat_map(|block| &block.steps));
        }
        for step in &all {
            match &step.kind {
                StepKind::WaitFor(wait) => wait.arms.iter().for_each(|arm| self.listen(&arm.on)),
                StepKind::Call { call, .. } => self.action(&call.name),
                StepKind::Send { call, .. } => self.message(&call.name),
                StepKind::Emit { event, .. } => self.event(event),
                StepKind::Start(start) => self.journey(&start.journey),
                StepKind::Stop { journey, .. } => self.journey(journey),
                StepKind::Label(name) => self.label(name, name.at),
                StepKind::Goto(name) => {
                    let label = all.iter().find_map(|step| match &step.kind {
                        StepKind::Label(label) if label.text == name.text => Some(label.at),
                        _ => None,
                    });
                    if let Some(to) = label {
                        self.label(name, to);
                    }
                }
                StepKind::Wait(_)
                | StepKind::If { .. }
                | StepKind::Match { .. }
                | StepKind::Repeat { .. }
                | StepKind::Split { .. }
                | StepKind::Limit { .. }
                | StepKind::Let { .. }
                | StepKind::Give { .. }
                | StepKind::Set { .. }
                | StepKind::Exit { .. } => {}
            }
        }
    }

    fn label(&mut self, name: &Ident, to: At) {
        self.add(name.at, Some(to), Thing::Label, format!("label {}", name.text), None);
    }

    fn test_line(&mut self, line: &TestKind) {
        match line {
            TestKind::Journeys(names) => names.iter().for_each(|name| self.journey(name)),
            TestKind::Mock { action, .. } => match self.names.actions.contains_key(&action.text) {
                true => self.action(action),
                false => self.connection(action),
            },
            TestKind::Event { event, .. } => self.event(event),
            TestKind::StartJourney { journey, .. } => self.journey(journey),
            TestKind::Expect(Expect::Journey { journey, .. }) => self.journey(journey),
            TestKind::Expect(Expect::Outgoing { kind, name: Some(name), .. }) => match kind {
                graph::test::Outgoing::Call => self.action(name),
                graph::test::Outgoing::Send => self.message(name),
            },
            TestKind::Expect(Expect::Outgoing { name: None, .. } | Expect::Holds(_))
            | TestKind::Start(_)
            | TestKind::Profile(_)
            | TestKind::Set { .. }
            | TestKind::After(_) => {}
        }
    }
}
