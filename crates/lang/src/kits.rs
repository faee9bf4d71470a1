//! The kits that ship with the language: connections and actions of well-known partners, which `use "std/NAME"` brings
//! into a project as if the file lay in its folder. A kit is parsed only where it is used.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    Source,
    diagnostic::{Code, Report},
    files::is_document,
    syntax::{
        At,
        ast::{Decl, DeclKind, Ident, Text},
        parser,
    },
};

/// A file that ships with the language.
#[derive(Debug, PartialEq, Eq)]
pub struct Kit {
    /// Its name: `slack` is used as `std/slack`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// A declaration of a kit, for those who use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its beginning, up to its body.
    pub header: String,
    /// Its doc comment.
    pub doc: String,
}

/// What the names of kits begin with where they are used.
pub(crate) const FOLDER: &str = "std/";

/// Takes the files into the program, by their names in `journeys/std`.
macro_rules! kits {
    ($($name:literal),* $(,)?) => {
        [$(Kit { name: $name, text: include_str!(concat!("../../../journeys/std/", $name, ".journey")) }),*]
    };
}

static KITS: [Kit; 16] = kits![
    "apns",
    "discord",
    "fcm",
    "hubspot",
    "mailgun",
    "messagebird",
    "postmark",
    "salesforce",
    "segment",
    "sendgrid",
    "ses",
    "slack",
    "teams",
    "twilio",
    "webhook",
    "whatsapp",
];

/// Every kit, by name.
pub fn kits() -> &'static [Kit] {
    &KITS
}

/// The kit of a name.
pub fn kit(name: &str) -> Option<&'static Kit> {
    KITS.iter().find(|kit| kit.name == name)
}

impl Kit {
    /// What it is for: the comment at its head, line by line. It is Markdown: an example is indented.
    pub fn head(&self) -> String {
        let lines = self.text.lines().map_while(|line| line.strip_prefix("//"));
        let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        lines.join("\n")
    }

    /// The first sentence of its head.
    pub fn summary(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default();
        line.trim_start_matches('/').trim()
    }

    /// What it declares, in order.
    pub fn declarations(&self) -> Vec<Declared> {
        let decls = parser::parse(self.text, 0).0;
        decls.iter().filter_map(|decl| self.declared(decl)).collect()
    }

    fn declared(&self, decl: &Decl) -> Option<Declared> {
        let until = |word: &str, name: &Ident, end: u32| {
            let rest = self.text.get(name.at.end as usize..end as usize).unwrap_or_default().trim_end();
            let rest = rest.strip_suffix(['{', '=']).unwrap_or(rest).trim_end();
            let words: Vec<&str> = rest.split_whitespace().collect();
            // Parameters that had a line each stand on one here.
            let line = words.join(" ").replace("( ", "(").replace(", )", ")");
            Some(format!("{word} {}{}{line}", name.text, if rest.starts_with(' ') { " " } else { "" }))
        };
        let header = match &decl.kind {
            DeclKind::Connection(one) => until("connection", &one.name, one.name.at.end),
            DeclKind::Action(one) => until("action", &one.name, one.method.at.start),
            DeclKind::Function(one) => until("fn", &one.name, one.body.at.start),
            DeclKind::Type { name, ty } => until("type", name, ty.at.end),
            DeclKind::Webhook(one) => until("webhook", &one.name, one.name.at.end),
            DeclKind::Profile { .. }
            | DeclKind::Event { .. }
            | DeclKind::Audience(_)
            | DeclKind::Policy(_)
            | DeclKind::Message(_)
            | DeclKind::Journey(_)
            | DeclKind::Test(_)
            | DeclKind::Use(_) => None,
        };
        let doc = decl.doc.as_deref().unwrap_or_default().to_owned();
        header.map(|header| Declared { header, doc })
    }

    /// How it is written behind `use`.
    pub(crate) fn path(&self) -> String {
        format!("{FOLDER}{}", self.name)
    }
}

/// The files of a project and, behind them, the kits that they use.
pub(crate) struct Parsed<'s> {
    pub(crate) sources: Cow<'s, [Source]>,
    pub(crate) files: Vec<Vec<Decl>>,
    /// The files that hold no declarations but a text.
    pub(crate) documents: Documents,
    pub(crate) kits: Used,
    pub(crate) reports: Vec<Report>,
}

/// Documents, by the numbers of their files.
pub(crate) type Documents = BTreeMap<u32, Text>;

/// Which of the files are kits.
#[derive(Default)]
pub(crate) struct Used {
    /// How many files the project has itself.
    own: usize,
    /// The kits behind them, in their order.
    kits: Vec<&'static Kit>,
}

impl Used {
    /// The kit that a place is in.
    pub(crate) fn at(&self, at: At) -> Option<&'static Kit> {
        self.kits.get((at.file as usize).checked_sub(self.own)?).copied()
    }

    /// The project's own files among all.
    pub(crate) fn own<'f>(&self, files: &'f [Vec<Decl>]) -> &'f [Vec<Decl>] {
        files.get(..self.own).unwrap_or(files)
    }

    /// What is to be said of a project: nothing about places in kits, which nobody can change. Kits are without mistakes,
    /// so what is wrong in one comes of what the project declares, and is reported there.
    pub(crate) fn hide(&self, reports: &mut Vec<Report>) {
        if self.kits.is_empty() {
            return;
        }
        if reports.iter().any(|report| self.at(report.at).is_none()) {
            reports.retain(|report| self.at(report.at).is_none());
        }
        for report in reports {
            report.related.retain(|(at, _)| self.at(*at).is_none());
        }
    }
}

/// Parses sources, and the kits that they use, directly or through other kits.
pub(crate) fn parse(sources: &[Source]) -> Parsed<'_> {
    let used = Used { own: sources.len(), kits: Vec::new() };
    let mut parsed = Parsed {
        sources: Cow::Borrowed(sources),
        files: Vec::new(),
        documents: Documents::new(),
        kits: used,
        reports: Vec::new(),
    };
    let mut next = 0;
    while let Some(source) = parsed.sources.get(next) {
        let file = u32::try_from(next).unwrap_or(u32::MAX);
        if is_document(&source.name) {
            let (text, found) = parser::document(&source.text, file);
            parsed.reports.extend(found);
            parsed.documents.insert(file, text);
            parsed.files.push(Vec::new());
            next += 1;
            continue;
        }
        let (decls, found) = parser::parse(&source.text, file);
        parsed.reports.extend(found);
        for decl in &decls {
            let DeclKind::Use(path) = &decl.kind else { continue };
            match named(path) {
                Ok(kit) if parsed.kits.kits.contains(&kit) => {}
                Ok(kit) => {
                    parsed.kits.kits.push(kit);
                    let source = Source { name: kit.path(), text: kit.text.to_owned() };
                    parsed.sources.to_mut().push(source);
                }
                Err(report) => parsed.reports.push(*report),
            }
        }
        parsed.files.push(decls);
        next += 1;
    }
    parsed
}

/// The kit that a text behind `use` names.
pub(crate) fn named(path: &Text) -> Result<&'static Kit, Box<Report>> {
    let wrong = |message: String, label: &str| {
        let names: Vec<String> = KITS.iter().map(|kit| format!("`{}`", kit.name)).collect();
        Report::new(Code::UnknownKit, path.at, message)
            .label(label)
            .help(format!("the kits in `{FOLDER}` are {}", names.join(", ")))
    };
    let Some(fixed) = path.fixed() else {
        return Err(Box::new(wrong("the name of a kit has no holes".into(), "fixed text only")));
    };
    let Some(name) = fixed.strip_prefix(FOLDER) else {
        let report = match kit(&fixed) {
            Some(kit) => {
                wrong(format!("kits are used by their whole name, `{}`", kit.path()), "only a part of it")
                    .help(format!("write `use \"{}\"`", kit.path()))
                    .fix(path.at, format!("\"{}\"", kit.path()))
            }
            None => wrong(
                format!("`{fixed}` is no kit; files of a folder know each other without `use`"),
                "not a kit",
            ),
        };
        return Err(Box::new(report));
    };
    kit(name).ok_or_else(|| {
        let paths: Vec<String> = KITS.iter().map(Kit::path).collect();
        let mut report = wrong(format!("there is no kit `{fixed}`"), "not one of them");
        let near = crate::diagnostic::nearest(&fixed, paths.iter().map(String::as_str));
        if let (Some(near), Some(help)) = (near, &report.help) {
            let help = format!("did you mean `{near}`? {help}");
            report = report.help(help).fix(path.at, format!("\"{near}\""));
        }
        Box::new(report)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_used_is_parsed_and_each_once() {
        let source = |text: &str| Source { name: "a".into(), text: text.into() };
        let none = [source("event e {}\n")];
        assert_eq!(parse(&none).files.len(), 1);
        let twice = [source("use \"std/slack\"\n"), source("use \"std/slack\"\nuse \"std/discord\"\n")];
        let parsed = parse(&twice);
        let names: Vec<&str> = parsed.sources.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, ["a", "a", "std/slack", "std/discord"]);
        assert_eq!(parsed.kits.own(&parsed.files).len(), 2);
    }
}
