//! Diagnostics drawn for people: the place underlined, the reason beside it, the fix below.

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::Source;

/// How many are drawn: nobody reads more, and a broken file may have thousands.
const MOST: usize = 100;

/// Draws diagnostics as rustc does, one after the other.
pub fn draw(diagnostics: &[Diagnostic], sources: &[Source], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut drawn = String::new();
    for diagnostic in diagnostics.iter().take(MOST) {
        if !drawn.is_empty() {
            drawn.push_str("\n\n");
        }
        drawn.push_str(&renderer.render(&groups(diagnostic, sources)));
    }
    if !drawn.is_empty() {
        drawn.push('\n');
    }
    if diagnostics.len() > MOST {
        drawn.push_str(&format!("\n… and {} more\n", diagnostics.len() - MOST));
    }
    drawn
}

/// Draws one place of a source with what is to be said about it, in the style of diagnostics.
pub fn draw_place(source: &Source, span: graph::Span, title: &str, notes: &[String], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let snippet = Snippet::source(source.text.as_str())
        .path(source.name.as_str())
        .annotation(AnnotationKind::Primary.span(clamp(&source.text, span)));
    let notes = notes.iter().map(|note| Level::NOTE.message(note.as_str()));
    let group = notes.fold(Level::ERROR.primary_title(title).element(snippet), Group::element);
    renderer.render(&[group])
}

fn groups<'a>(diagnostic: &'a Diagnostic, sources: &'a [Source]) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut first = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.word())
        .elements(std::iter::empty::<Snippet<'a, annotate_snippets::Annotation<'a>>>());
    if let Some(text) = text_of(&diagnostic.file, sources) {
        let mut snippet = Snippet::source(text).path(diagnostic.file.as_str()).annotation(
            AnnotationKind::Primary
                .span(clamp(text, diagnostic.span))
                .label(Some(diagnostic.label.as_str()).filter(|label| !label.is_empty())),
        );
        for related in diagnostic.related.iter().filter(|related| related.file == diagnostic.file) {
            snippet = snippet.annotation(
                AnnotationKind::Context.span(clamp(text, related.span)).label(related.label.as_str()),
            );
        }
        first = first.element(snippet);
    }
    for related in diagnostic.related.iter().filter(|related| related.file != diagnostic.file) {
        if let Some(text) = text_of(&related.file, sources) {
            first = first.element(Snippet::source(text).path(related.file.as_str()).annotation(
                AnnotationKind::Context.span(clamp(text, related.span)).label(related.label.as_str()),
            ));
        }
    }
    let mut groups = Vec::new();
    match (&diagnostic.help, &diagnostic.fix) {
        (Some(help), Some(fix)) if text_of(&diagnostic.file, sources).is_some() => {
            groups.push(first);
            let text = text_of(&diagnostic.file, sources).unwrap_or_default();
            groups.push(
                Level::HELP.secondary_title(help.as_str()).element(
                    Snippet::source(text)
                        .path(diagnostic.file.as_str())
                        .patch(Patch::new(clamp(text, fix.span), fix.replacement.as_str())),
                ),
            );
        }
        (Some(help), _) => groups.push(first.element(Level::HELP.message(help.as_str()))),
        (None, _) => groups.push(first),
    }
    groups
}

fn text_of<'a>(file: &str, sources: &'a [Source]) -> Option<&'a str> {
    sources.iter().find(|source| source.name == file).map(|source| source.text.as_str())
}

/// The span within the text and on character boundaries, whatever was handed in.
fn clamp(text: &str, span: graph::Span) -> std::ops::Range<usize> {
    let floor = |mut byte: usize| {
        byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}
