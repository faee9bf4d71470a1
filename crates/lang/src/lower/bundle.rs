//! The text of a version: the journey and every declaration it uses, by kind and name, each as it was written.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use graph::Name;

use crate::{
    check::{Kind, Names},
    files::beside,
    syntax::{
        At,
        ast::{EntryKind, Expr, ExprKind, Field, Ident, Journey, Param, TypeExpr, TypeKind},
        template::quoted,
        visit,
    },
};

/// The text, and what is added to a byte of the journey's file to find it there.
pub(crate) struct Bundle {
    pub(crate) text: String,
    pub(crate) shift: i64,
}

/// What `of` needs to know of a project.
pub(crate) trait Project {
    /// The declarations.
    fn names(&self) -> &Names<'_>;
    /// The text at a place.
    fn slice(&self, at: At) -> &str;
    /// The document of a name beside the file of a place.
    fn document(&self, at: At, name: &str) -> Option<&str>;
}

impl Project for crate::check::Environment<'_> {
    fn names(&self) -> &Names<'_> {
        self.names
    }
    fn slice(&self, at: At) -> &str {
        let text = self.sources.get(at.file as usize).map_or("", |source| source.text.as_str());
        text.get(at.start as usize..at.end as usize).unwrap_or_default()
    }
    fn document(&self, at: At, name: &str) -> Option<&str> {
        let file = beside(self.sources, at.file, name)?;
        self.sources.get(file as usize).map(|source| source.text.as_str())
    }
}

/// The bundle of a journey or an audience that names these declarations.
pub(crate) fn of(root: &(Kind, Name), used: &BTreeMap<(Kind, Name), At>, project: &impl Project) -> Bundle {
    let names = project.names();
    let mut found: BTreeSet<(Kind, Name)> = BTreeSet::new();
    let mut open: Vec<(Kind, Name)> = used.keys().cloned().collect();
    open.extend([(Kind::Profile, "profile".into()), root.clone()]);
    while let Some(next) = open.pop() {
        if names.places.contains_key(&next) && found.insert(next.clone()) {
            // What others are made of matters only as far as their header goes.
            needs(&next, next == *root, names, &mut open);
            let text = names.places.get(&next).map(|at| written(&next, *at, project)).unwrap_or_default();
            open.extend(functions(&text, names));
        }
    }
    let mut bundle = Bundle { text: String::new(), shift: 0 };
    for declaration in &found {
        let Some(at) = names.places.get(declaration) else { continue };
        if !bundle.text.is_empty() {
            bundle.text.push_str("\n\n");
        }
        if declaration != root
            && let Some(header) = header(declaration, names, project)
        {
            bundle.text.push_str(&header);
            continue;
        }
        if declaration == root {
            bundle.shift = i64::try_from(bundle.text.len()).unwrap_or_default() - i64::from(at.start);
        }
        bundle.text.push_str(&written(declaration, *at, project));
    }
    bundle.text.push('\n');
    bundle
}

/// A declaration as it stands in a version: the documents that a message takes from files stand in it.
fn written<'p>((kind, name): &(Kind, Name), at: At, project: &'p impl Project) -> Cow<'p, str> {
    let text = project.slice(at);
    let names = project.names();
    let takes = *kind == Kind::Message && !names.functions.contains_key("file");
    let message = names.messages.get(name).filter(|_| takes);
    let Some((message, _)) = message else { return Cow::Borrowed(text) };
    let taken = message.fields.iter().filter_map(|(_, value)| match &value.kind {
        ExprKind::Call { receiver: None, name, args, .. } if &*name.text == "file" => match args.as_slice() {
            [Expr { kind: ExprKind::Text(file), .. }] => {
                Some((value.at, project.document(value.at, &file.fixed()?)?))
            }
            _ => None,
        },
        _ => None,
    });
    let (mut whole, mut from) = (String::new(), at.start);
    for (place, document) in taken {
        whole.push_str(project.slice(At { start: from, end: place.start, ..at }));
        whole.push_str(&quoted(document));
        from = place.end;
    }
    whole.push_str(project.slice(At { start: from, ..at }));
    Cow::Owned(whole)
}

/// The functions whose names occur in a text. A word that merely looks like one costs nothing but its text.
fn functions<'n>(text: &'n str, names: &'n Names<'_>) -> impl Iterator<Item = (Kind, Name)> + use<'n> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words
        .filter_map(|word| names.functions.get_key_value(word))
        .map(|(name, _)| (Kind::Function, name.clone()))
}

/// All that others need to know of a journey or an audience: that it is there, and what it is given. So what others do
/// does not make a new version of it.
fn header((kind, name): &(Kind, Name), names: &Names<'_>, project: &impl Project) -> Option<String> {
    match kind {
        Kind::Journey => Some(journey_header(name, names, project)),
        Kind::Audience => {
            Some(format!("// Its own condition is no part of this version.\naudience {name} = false"))
        }
        _ => None,
    }
}

fn journey_header(journey: &Name, names: &Names<'_>, project: &impl Project) -> String {
    let input = names.journeys.get(journey).and_then(|(journey, _)| input(journey));
    let with = input.map(|ty| format!(" with {}", project.slice(ty.at))).unwrap_or_default();
    format!("journey {journey} {{\n  enter when started{with}\n}}")
}

fn input(journey: &Journey) -> Option<&TypeExpr> {
    journey.entries.iter().find_map(|entry| match &entry.kind {
        EntryKind::Started(input) => input.as_ref(),
        EntryKind::On(_) | EntryKind::Everyone(_) => None,
    })
}

/// What a declaration is made of.
fn needs((kind, name): &(Kind, Name), is_root: bool, names: &Names<'_>, open: &mut Vec<(Kind, Name)>) {
    let mut types = Types { open };
    match kind {
        Kind::Profile => types.fields(names.profile.map(|(_, fields)| fields).unwrap_or_default()),
        Kind::Type => {
            if let Some(ty) = names.types.get(name) {
                types.ty(ty);
            }
        }
        Kind::Event => {
            if let Some(event) = names.events.get(name) {
                types.fields(event.fields);
            }
        }
        Kind::Action => {
            if let Some((action, _)) = names.actions.get(name) {
                types.params(&action.params);
                action.answer_types().for_each(|ty| types.ty(ty));
                open.push((Kind::Connection, action.connection.text.clone()));
                open.extend(action.policy.iter().map(|policy| (Kind::Policy, policy.text.clone())));
            }
        }
        Kind::Message => {
            if let Some((message, _)) = names.messages.get(name) {
                types.params(&message.params);
                let carrier = &message.action.text;
                let is_action = names.actions.contains_key(carrier);
                open.push((if is_action { Kind::Action } else { Kind::Connection }, carrier.clone()));
                let policies = names.policies_over(&message.under).into_iter();
                open.extend(policies.map(|policy| (Kind::Policy, policy.clone())));
            }
        }
        Kind::Journey => {
            if let Some(input) = names.journeys.get(name).and_then(|(journey, _)| input(journey)) {
                types.ty(input);
            }
        }
        Kind::Function => {
            if let Some((function, _)) = names.functions.get(name) {
                types.params(&function.params);
                types.ty(&function.result);
            }
        }
        Kind::Audience => {
            if let Some((audience, _)) = names.audiences.get(name).filter(|_| is_root) {
                visit::looked_back(&audience.condition, &mut |event| types.named(event));
            }
        }
        Kind::Policy => {
            if let Some((policy, _)) = names.policies.get(name) {
                let asked = &mut |audience: &Name| open.push((Kind::Audience, audience.clone()));
                policy.only_when.iter().for_each(|condition| visit::asked(condition, asked));
            }
        }
        Kind::Connection | Kind::Webhook | Kind::Test => {}
    }
}

struct Types<'o> {
    open: &'o mut Vec<(Kind, Name)>,
}

impl Types<'_> {
    fn params(&mut self, params: &[Param]) {
        params.iter().for_each(|param| self.ty(&param.ty));
    }

    fn fields(&mut self, fields: &[Field]) {
        fields.iter().for_each(|field| self.ty(&field.ty));
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeKind::Name(ident) => self.named(ident),
            TypeKind::Enum(_) => {}
            TypeKind::Union(members) => members.iter().for_each(|member| self.ty(member)),
            TypeKind::List(inner) | TypeKind::Optional(inner) => self.ty(inner),
            TypeKind::Record(fields) => self.fields(fields),
        }
    }

    /// A name may be a type's or an event's; what does not exist is skipped by the caller.
    fn named(&mut self, ident: &Ident) {
        self.open.push((Kind::Type, ident.text.clone()));
        self.open.push((Kind::Event, ident.text.clone()));
    }
}
