//! What is known while expressions are checked: the project around, the names in scope, what is known about paths.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use graph::{Connection, Expr, Name, RecordType, Type};

use super::{
    Kind, Names, Ty,
    narrow::Fact,
    types::{Resolver, Types},
};
use crate::{
    Source,
    diagnostic::{Code, Report},
    editor::{Candidate, Mention, Thing},
    syntax::{
        At,
        ast::{Ident, TypeExpr, TypeKind},
    },
};

/// What is the same for all expressions of a project.
pub(crate) struct Env<'a> {
    pub(crate) names: &'a Names<'a>,
    pub(crate) types: Types,
    pub(crate) sources: &'a [Source],
    /// The type of `profile`.
    pub(crate) profile: Option<Arc<RecordType>>,
    pub(crate) connections: BTreeMap<Name, Arc<Connection>>,
    pub(crate) policies: BTreeMap<Name, Arc<graph::Policy>>,
    pub(crate) functions: BTreeMap<Name, super::function::Checked>,
    pub(crate) reports: Vec<Report>,
    /// What names in expressions mean; collected for editors only.
    pub(crate) mentions: Option<Vec<Mention>>,
    /// What may stand where an editor asks, once the checker has come by there.
    pub(crate) candidates: Vec<Candidate>,
}

impl Env<'_> {
    pub(crate) fn report(&mut self, report: Report) {
        self.reports.push(report);
    }

    /// Notes what a name means, where an editor wants to know.
    pub(crate) fn mention(&mut self, at: At, to: Option<At>, thing: Thing, hover: impl FnOnce() -> String) {
        if let Some(mentions) = &mut self.mentions {
            mentions.push(Mention { at, to, thing, hover: hover() });
        }
    }

    /// The field of a declared record, and its doc comment.
    pub(crate) fn field_place(&self, record: &RecordType, field: &str) -> Option<At> {
        let name = record.name.as_deref()?;
        let fields = match name {
            "profile" => self.names.profile.map(|(_, fields)| fields),
            _ => match self.names.events.get(name) {
                Some(event) => Some(event.fields),
                None => match &self.names.types.get(name)?.kind {
                    TypeKind::Record(fields) => Some(fields.as_slice()),
                    _ => None,
                },
            },
        };
        fields?.iter().find(|one| *one.name.text == *field).map(|one| one.name.at)
    }

    pub(crate) fn ty(&mut self, ty: &TypeExpr) -> Ty {
        Resolver { names: self.names, types: &self.types, reports: &mut self.reports }.ty(ty).0
    }

    /// The text at a place, white space made single, as labels show it.
    pub(crate) fn text(&self, at: At) -> String {
        let text = self.source(at.file).get(at.start as usize..at.end as usize).unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().take(40).collect();
        let text = words.join(" ");
        if text.chars().count() <= 100 { text } else { text.chars().take(99).chain(['…']).collect() }
    }

    /// The text of a file.
    pub(crate) fn source(&self, file: u32) -> &str {
        self.sources.get(file as usize).map_or("", |source| source.text.as_str())
    }
}

/// The names that mean something everywhere in a journey.
pub(crate) const ROOTS: [&str; 4] = ["profile", "event", "journey", "now"];

/// A name that is in scope.
#[derive(Clone)]
pub(crate) struct Binding {
    pub(crate) ty: Ty,
    pub(crate) value: Expr,
    pub(crate) at: At,
}

/// What `event` means.
#[derive(Clone)]
pub(crate) enum Event {
    /// Nothing: a function knows only its parameters.
    Nothing,
    /// Nothing: an audience is about people, whatever they entered.
    Nobody,
    /// Some event, not known which.
    Unknown,
    /// This one.
    Known(Ty),
}

/// The names in scope, and what is known about paths.
pub(crate) struct Scope {
    pub(crate) event: Event,
    bindings: HashMap<Name, Vec<Binding>>,
    bound: Vec<Name>,
    facts: HashMap<String, Vec<Fact>>,
    known: Vec<String>,
    /// Actions, messages and events that were named, with the first place of each.
    pub(crate) used: BTreeMap<(Kind, Name), At>,
    pub(crate) awaited: BTreeSet<Name>,
    /// Messages that were sent.
    pub(crate) sent: BTreeSet<Name>,
    /// Messages whose reactions are listened for.
    pub(crate) heeded: Vec<(Name, At)>,
    /// On whose clock times are that do not say it themselves.
    pub(crate) zone: Option<Expr>,
    /// The limits of the journey so far, and where each stands.
    pub(crate) limits: HashMap<Name, At>,
    /// The audiences that were asked about, where that can be asked.
    pub(crate) audiences: Option<BTreeSet<Name>>,
    /// Where an audience looks back, in one.
    pub(crate) windows: Option<Vec<graph::audience::Window>>,
    /// The message whose texts these are, in one.
    pub(crate) sending: Option<Sending>,
}

/// A message, as links in it name it.
pub(crate) struct Sending {
    pub(crate) message: Name,
    /// The policy that whoever gets it may unsubscribe from.
    pub(crate) policy: Option<Name>,
    /// Whether it holds any.
    pub(crate) links: bool,
}

/// Where a scope was when a block began.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    bound: usize,
    known: usize,
}

impl Scope {
    pub(crate) fn new(event: Event) -> Scope {
        Scope {
            event,
            bindings: HashMap::new(),
            bound: Vec::new(),
            facts: HashMap::new(),
            known: Vec::new(),
            used: BTreeMap::new(),
            awaited: BTreeSet::new(),
            sent: BTreeSet::new(),
            heeded: Vec::new(),
            zone: None,
            limits: HashMap::new(),
            audiences: None,
            windows: None,
            sending: None,
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { bound: self.bound.len(), known: self.known.len() }
    }

    /// Forgets what was bound and learnt since the mark.
    pub(crate) fn reset(&mut self, mark: Mark) {
        while self.bound.len() > mark.bound {
            if let Some(bindings) = self.bound.pop().and_then(|name| self.bindings.get_mut(&name)) {
                bindings.pop();
            }
        }
        while self.known.len() > mark.known {
            self.forget_last();
        }
    }

    fn forget_last(&mut self) {
        if let Some(path) = self.known.pop()
            && let Some(facts) = self.facts.get_mut(&path)
        {
            facts.pop();
        }
    }

    pub(crate) fn learn(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            self.known.push(fact.path().to_owned());
            self.facts.entry(fact.path().to_owned()).or_default().push(fact);
        }
    }

    /// The profile may have changed: what was known of it is known no more.
    pub(crate) fn time_passes(&mut self) {
        self.facts.retain(|path, _| path != "profile" && !path.starts_with("profile."));
    }

    /// Anybody may come here from elsewhere: what was known is known no more.
    pub(crate) fn forget(&mut self) {
        self.facts.clear();
    }

    /// A type, as far as it is known more closely what stands at the path.
    pub(crate) fn narrow(&self, path: &str, ty: &Type) -> Type {
        match ty {
            Type::Optional(inner) if self.about(path).contains(&Fact::There(path.to_owned())) => {
                self.narrow(path, inner)
            }
            Type::Optional(inner) => self.narrow(path, inner).optional(),
            Type::Enum(members) | Type::Codes(members) => {
                let facts = self.about(path);
                let left: Vec<Name> = members.iter().filter(|one| possible(facts, one)).cloned().collect();
                // Where nothing is left, nobody comes.
                if left.is_empty() || left.len() == members.len() {
                    ty.clone()
                } else if matches!(ty, Type::Codes(_)) {
                    Type::Codes(left.into())
                } else {
                    Type::Enum(left.into())
                }
            }
            Type::Union(union) => {
                let facts = self.about(&format!("{path}.{}", union.tag));
                if facts.is_empty() { ty.clone() } else { union.only(&|tag| possible(facts, tag)) }
            }
            other => other.clone(),
        }
    }

    fn about(&self, path: &str) -> &[Fact] {
        self.facts.get(path).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Binding> {
        self.bindings.get(name)?.last()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.bindings.iter().filter(|(_, bindings)| !bindings.is_empty()).map(|(name, _)| &**name)
    }

    fn push(&mut self, name: Name, binding: Binding) {
        self.bindings.entry(name.clone()).or_default().push(binding);
        self.bound.push(name);
    }

    /// Binds a variable without asking whether the name is free.
    pub(crate) fn bind_quietly(&mut self, name: &Name, at: At, ty: Ty) {
        self.push(name.clone(), Binding { ty, value: Expr::Variable(name.clone()), at });
    }

    /// Binds a name to a value without asking whether the name is free.
    pub(crate) fn bind_as(&mut self, name: &Name, at: At, ty: Ty, value: Expr) {
        self.push(name.clone(), Binding { ty, value, at });
    }

    /// Binds a name to a value; a name that means something already is refused.
    pub(crate) fn bind(&mut self, ident: &Ident, ty: Ty, value: Expr, env: &mut Env<'_>) {
        if ROOTS.contains(&&*ident.text) || crate::syntax::parser::expr::RESERVED.contains(&&*ident.text) {
            env.report(
                Report::new(
                    Code::DuplicateName,
                    ident.at,
                    format!("`{}` already means something everywhere", ident.text),
                )
                .label("choose another name"),
            );
            return;
        }
        if let Some(before) = self.get(&ident.text) {
            env.report(
                Report::new(
                    Code::DuplicateName,
                    ident.at,
                    format!("`{}` is already the name of something here", ident.text),
                )
                .label("named again here")
                .related(before.at, "first named here")
                .help("choose another name: a value never changes once it is named"),
            );
            return;
        }
        env.mention(ident.at, Some(ident.at), Thing::Variable, || hover_of(&ident.text, &ty));
        self.push(ident.text.clone(), Binding { ty, value, at: ident.at });
    }

    pub(crate) fn bind_variable(&mut self, ident: &Ident, ty: Ty, env: &mut Env<'_>) {
        self.bind(ident, ty, Expr::Variable(ident.text.clone()), env);
    }

    pub(crate) fn uses(&mut self, kind: Kind, ident: &Ident) {
        self.used.entry((kind, ident.text.clone())).or_insert(ident.at);
    }
}

/// Whether a text may stand where these facts hold.
fn possible(facts: &[Fact], text: &Name) -> bool {
    facts.iter().all(|fact| match fact {
        Fact::There(_) => true,
        Fact::OneOf(_, texts) => texts.contains(text),
        Fact::NoneOf(_, texts) => !texts.contains(text),
    })
}

/// What a name is, for people who point at it.
pub(crate) fn hover_of(name: &str, ty: &Ty) -> String {
    match ty {
        Some(ty) => format!("{name}: {ty}"),
        None => name.to_owned(),
    }
}

/// A record type without a name, of required fields.
pub(crate) fn record_of(fields: &[(&str, Type)]) -> Type {
    let fields = fields
        .iter()
        .map(|(name, ty)| graph::Field { name: (*name).into(), ty: ty.clone(), default: None, doc: None })
        .collect();
    Type::Record(Arc::new(RecordType { name: None, fields }))
}
