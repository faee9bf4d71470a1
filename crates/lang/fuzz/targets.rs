//! What must hold of the compiler for any text: nothing panics, and formatting changes nothing but white space.
//!
//! The fuzzer calls this with what it makes up, `tests/corpus.rs` with what it has kept.

use lang::{Source, compile as compiled, draw, format, to_json, to_sarif};

/// Longer inputs only repeat what shorter ones show.
const LONGEST: usize = 1 << 16;

/// One file of any text, as a project.
pub(crate) fn compile(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if text.len() > LONGEST {
        return;
    }
    let source = Source { name: "input".into(), text: text.into() };
    let sources = std::slice::from_ref(&source);
    let made = compiled(sources);
    assert_eq!(made.project.is_some(), made.diagnostics.is_empty(), "a project or reasons");
    for diagnostic in &made.diagnostics {
        let span = diagnostic.span;
        assert!(span.start <= span.end && span.end <= text.len(), "{diagnostic:?}");
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{diagnostic:?}");
    }
    let some = made.diagnostics.get(..made.diagnostics.len().min(20)).unwrap_or_default();
    let _ = (draw(some, sources, true), to_json(some, sources), to_sarif(some, sources));
    let Ok(formatted) = format(&source) else { return };
    let formatted = Source { name: "input".into(), text: formatted };
    assert_eq!(format(&formatted).as_ref(), Ok(&formatted.text), "formatting twice");
    let again = compiled(&[formatted]);
    assert_eq!(meaning(&made), meaning(&again), "formatting keeps the meaning");
}

/// The versions of all journeys up to white space and commas, and the codes of what is wrong.
fn meaning(made: &lang::Compiled) -> (Vec<String>, Vec<&'static str>) {
    let journeys = made.project.iter().flat_map(|project| project.journeys.values());
    let versions =
        journeys.map(|journey| journey.source.split([' ', '\n', '\t', '\r', ',']).collect()).collect();
    let mut codes: Vec<&str> = made.diagnostics.iter().map(|diagnostic| diagnostic.code.word()).collect();
    codes.sort_unstable();
    (versions, codes)
}
