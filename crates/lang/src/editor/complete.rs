//! What may stand at a place: a stand-in is written there, and whoever meets it says what they would have known.

use graph::{RecordType, Type, library};

use super::Thing;
use crate::{
    Source,
    check::{self, Check, Names, hover_of, signature},
    kits,
    syntax::{At, ast::DeclKind, parser::parse},
};

/// The stand-in for the word that is being written; nobody would call anything so.
pub(crate) const PLACEHOLDER: &str = "wayfareStandIn";

/// Something that may stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What is written.
    pub text: String,
    /// What it is.
    pub thing: Thing,
    /// Its type or signature.
    pub detail: String,
    /// What it is for, where that is more than its name says.
    pub doc: String,
}

impl Candidate {
    pub(crate) fn new(text: impl Into<String>, thing: Thing, detail: impl Into<String>) -> Candidate {
        Candidate { text: text.into(), thing, detail: detail.into(), doc: String::new() }
    }
}

/// What may stand at a byte of a file, whatever of it is written already.
pub fn complete(sources: &[Source], file: usize, byte: usize) -> Vec<Candidate> {
    if let Some(found) = sources.get(file).and_then(|source| kits_at(source, byte)) {
        return found;
    }
    let mut sources = sources.to_vec();
    let Some(source) = sources.get_mut(file) else { return Vec::new() };
    let before = source.text.get(..byte).unwrap_or_default();
    let start = before.len()
        - before.chars().rev().take_while(|letter| is_part(*letter)).map(char::len_utf8).sum::<usize>();
    let rest = source.text.get(byte..).unwrap_or_default();
    let end = byte + rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
    let words_before = source.text.get(..start).unwrap_or_default().trim_end_matches([' ', '\t']);
    let word_before = words_before.rsplit(|letter| !is_part(letter)).next().unwrap_or_default().to_owned();
    source.text.replace_range(start..end, PLACEHOLDER);

    let kits::Parsed { sources, files, documents, kits, reports } = kits::parse(&sources);
    let mut candidates = Vec::new();
    for report in &reports {
        let here = report.at.file as usize == file && report.at.start as usize == start;
        if here && report.message.contains(PLACEHOLDER) {
            candidates.extend(words(&report.message));
            // Which settings and parts there are is said in the help.
            if report.code == crate::Code::BadSetting {
                candidates.extend(report.help.as_deref().map(words).unwrap_or_default());
            }
        }
    }
    let mut found_reports = Vec::new();
    let mut names = Names::collect(&files, &kits, &mut found_reports);
    names.documents = documents;
    let (_, found) = check::check(&names, &sources, &mut found_reports, true);
    candidates.extend(found.candidates);
    // Without its arguments a call does not parse, so the checker never comes by.
    candidates.extend(match &*word_before {
        "call" => declared(crate::Code::UnknownAction, &names),
        "mock" | "via" => {
            let mut all = declared(crate::Code::UnknownAction, &names);
            let servers = names.connections.iter().filter(|(_, (connection, _))| connection.smtp.is_some());
            all.extend(servers.map(|(name, _)| Candidate::new(&**name, Thing::Connection, "")));
            all
        }
        "send" => declared(crate::Code::UnknownMessage, &names),
        _ => Vec::new(),
    });
    // A declaration that is asked for by name is known by the report that it does not exist.
    for report in &found_reports {
        if report.at.file as usize == file && report.at.start as usize == start {
            candidates.extend(declared(report.code, &names));
        }
    }
    candidates.sort_by(|a, b| a.text.cmp(&b.text));
    candidates.dedup_by(|a, b| a.text == b.text && a.thing == b.thing);
    candidates
}

/// Whether a letter may be part of a name.
fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The kits, where the text behind `use` is being written: what is missing of their names.
fn kits_at(source: &Source, byte: usize) -> Option<Vec<Candidate>> {
    let decls = parse(&source.text, 0).0;
    let inside = decls.iter().find_map(|decl| {
        let DeclKind::Use(path) = &decl.kind else { return None };
        let quoted = source.text.get(path.at.span().start..path.at.span().end)?;
        let inside = quoted.strip_prefix('"')?;
        let inside = inside.strip_suffix('"').unwrap_or(inside);
        let start = path.at.span().start + 1;
        (start..=start + inside.len()).contains(&byte).then_some(start)
    })?;
    let written = source.text.get(inside..byte)?.trim_end_matches(is_part);
    let missing = |kit: &kits::Kit| kit.path().strip_prefix(written).map(str::to_owned);
    let candidate = |kit: &kits::Kit| {
        let candidate = Candidate::new(missing(kit)?, Thing::Kit, kit.summary());
        Some(Candidate { doc: kit.head(), ..candidate })
    };
    Some(kits::kits().iter().filter_map(candidate).collect())
}

/// The words that a message says it expected: those between backticks, before what was found.
fn words(message: &str) -> Vec<Candidate> {
    let wanted = message.split(", found").next().unwrap_or_default();
    let quoted = wanted.split('`').skip(1).step_by(2);
    let is_word = |word: &&str| word.chars().all(|letter| is_part(letter) || letter == ' ');
    quoted
        .filter(is_word)
        .filter(|word| *word != PLACEHOLDER)
        .map(|word| Candidate::new(word, Thing::Keyword, ""))
        .collect()
}

fn declared(code: crate::Code, names: &Names<'_>) -> Vec<Candidate> {
    use crate::Code;
    let list = |thing, names: &mut dyn Iterator<Item = &graph::Name>| -> Vec<Candidate> {
        names.map(|name| Candidate::new(&**name, thing, "")).collect()
    };
    match code {
        Code::UnknownEvent => list(Thing::Event, &mut names.events.keys()),
        Code::UnknownAction => list(Thing::Action, &mut names.actions.keys()),
        Code::UnknownMessage => list(Thing::Message, &mut names.messages.keys()),
        Code::UnknownConnection => list(Thing::Connection, &mut names.connections.keys()),
        Code::UnknownName => list(Thing::Journey, &mut names.journeys.keys()),
        Code::UnknownType => {
            let mut all = list(Thing::Type, &mut names.types.keys());
            all.extend(list(Thing::Event, &mut names.events.keys()));
            all.extend(check::BUILT_IN.map(|name| Candidate::new(name, Thing::Type, "")));
            all
        }
        _ => Vec::new(),
    }
}

impl Check<'_, '_> {
    /// The names that may stand here.
    pub(crate) fn offer_names(&mut self) {
        let mut found: Vec<Candidate> = Vec::new();
        for name in self.scope.names() {
            let ty = self.scope.get(name).and_then(|binding| binding.ty.clone());
            found.push(Candidate::new(name, Thing::Variable, hover_of(name, &ty)));
        }
        for root in ["profile", "event", "journey", "now"] {
            found.push(Candidate::new(root, Thing::Variable, ""));
        }
        for function in library::all().filter(|function| !function.method) {
            found.push(Candidate::new(function.name, Thing::Function, function.to_string()));
        }
        for (name, function) in &self.env.functions {
            found.push(Candidate::new(&**name, Thing::Function, signature(name, function)));
        }
        self.env.candidates.extend(found);
    }

    /// What may stand behind the point after a value of a type.
    pub(crate) fn offer_fields(&mut self, ty: &Type) {
        let mut found: Vec<Candidate> = Vec::new();
        let records: Vec<&RecordType> = match ty.settled() {
            Type::Record(record) => vec![&**record],
            Type::Union(union) => union.variants.iter().map(|variant| &**variant).collect(),
            _ => Vec::new(),
        };
        // Of a union only what every record of it has.
        let everywhere = |name: &str| records.iter().all(|record| record.field(name).is_some());
        for field in records.first().into_iter().flat_map(|record| &record.fields) {
            if everywhere(&field.name) {
                let detail = hover_of(&field.name, &Some(field.ty.clone()));
                found.push(Candidate::new(&*field.name, Thing::Field, detail));
            }
        }
        for function in library::all().filter(|function| function.method) {
            let takes = function.params.first().is_some_and(|param| check::takes(&param.shape, ty.settled()));
            if takes {
                found.push(Candidate::new(function.name, Thing::Function, function.to_string()));
            }
        }
        self.env.candidates.extend(found);
    }

    /// Notes what one of the names means that are known everywhere.
    pub(crate) fn root_mention(&mut self, name: &str, at: At) {
        let to = match name {
            "profile" => self.env.names.profile.map(|(word, _)| word),
            _ => None,
        };
        let code = match name {
            "profile" => "profile\n\nThe person's attributes, as they are now.",
            "event" => "event\n\nThe event that the instance entered with.",
            "journey" => "journey\n\nFacts about the instance: name, version, instance, enteredAt.",
            "now" => "now: datetime\n\nThe present moment.",
            _ => return,
        };
        self.env.mention(at, to, Thing::Profile, || code.to_owned());
    }
}
