//! The journey language: text in, a checked [`graph::Project`] or diagnostics out.
//!
//! Sources are parsed (never fails), checked (never fails, collects every mistake) and lowered (cannot fail). Also here:
//! the formatter, the kits that ship with the language, the explanations of diagnostics, and drawings of a journey's graph.
//! Deliberately absent: files, IO, a clock, running anything.

mod check;
mod diagnostic;
pub mod draw_graph;
pub mod editor;
mod files;
mod format;
mod kits;
mod literal;
mod lower;
mod syntax;

pub use diagnostic::{Code, Diagnostic, Fix, Related, Severity, draw, draw_place, to_json, to_sarif};
pub use draw_graph::{dot, mermaid};
pub use files::{documents, is_document};
pub use format::format;
pub use kits::{Declared, Kit, kit, kits};
pub use literal::literal;
#[doc(hidden)]
pub use syntax::lexemes::{Lexeme, lexemes};

/// A file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, as diagnostics show it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What became of the sources.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The project; there is one if and only if no diagnostic is an error.
    pub project: Option<graph::Project>,
    /// The tests beside it, in the order of the files; none unless there is a project.
    pub tests: Vec<graph::test::Test>,
    /// What is wrong, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
}

/// The largest sources, all together: what is larger was not written by people.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Compiles a project. All sources are one namespace, in any order.
pub fn compile(sources: &[Source]) -> Compiled {
    build(sources, false).0
}

/// Compiles; collects what names mean where an editor wants to know.
fn build(sources: &[Source], for_editor: bool) -> (Compiled, Vec<editor::Mention>) {
    let file_names: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
    if sources.iter().map(|source| source.text.len()).sum::<usize>() > MOST_BYTES {
        let report = diagnostic::Report::new(
            Code::TooLarge,
            syntax::At::default(),
            format!("the sources are larger than {} MiB", MOST_BYTES / 1024 / 1024),
        );
        let diagnostics = vec![report.finish(&file_names)];
        return (Compiled { project: None, tests: Vec::new(), diagnostics }, Vec::new());
    }
    let kits::Parsed { sources, files, documents, kits, mut reports } = kits::parse(sources);
    let mut names = check::Names::collect(&files, &kits, &mut reports);
    names.documents = documents;
    let (module, found) = check::check(&names, &sources, &mut reports, for_editor);
    let mut mentions = found.mentions;
    if for_editor {
        editor::declared(kits.own(&files), &names, &mut mentions);
    }
    kits.hide(&mut reports);
    reports.sort_by_key(|report| report.at);
    reports.dedup();
    let mut project = reports.is_empty().then(|| lower::project(&module, &mut reports));
    if let Some(made) = &project {
        check::test::steps(&module.steps_named, &made.journeys, &mut reports);
        project = project.filter(|_| reports.is_empty());
    }
    let tests = if project.is_some() { module.tests } else { Vec::new() };
    let diagnostics = reports.into_iter().map(|report| report.finish(&file_names)).collect();
    (Compiled { project, tests, diagnostics }, mentions)
}

/// The page on a code of a diagnostic: what it means, an example, the fix.
pub fn explain(code: &str) -> Option<&'static str> {
    Code::ALL.iter().find(|known| known.word() == code).map(|known| known.page())
}

/// The codes of all diagnostics.
pub fn codes() -> impl Iterator<Item = &'static str> {
    Code::ALL.iter().map(|code| code.word())
}
