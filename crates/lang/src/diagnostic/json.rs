//! Diagnostics for machines.

use serde_json::{Value, json};

use super::{Diagnostic, place};
use crate::Source;

/// Diagnostics as a JSON list; lines and columns count from one, columns in characters.
pub fn to_json(diagnostics: &[Diagnostic], sources: &[Source]) -> Value {
    let range = |file: &str, span: graph::Span| {
        let text =
            sources.iter().find(|source| source.name == file).map_or("", |source| source.text.as_str());
        (place(text, span.start), place(text, span.end))
    };
    Value::Array(
        diagnostics
            .iter()
            .map(|diagnostic| {
                let ((line, column), (end_line, end_column)) = range(&diagnostic.file, diagnostic.span);
                let related: Vec<Value> = diagnostic
                    .related
                    .iter()
                    .map(|related| {
                        let ((line, column), (end_line, end_column)) = range(&related.file, related.span);
                        json!({ "file": related.file, "line": line, "column": column, "endLine": end_line,
                                "endColumn": end_column, "label": related.label })
                    })
                    .collect();
                let fix = diagnostic.fix.as_ref().map(|fix| {
                    let ((line, column), (end_line, end_column)) = range(&diagnostic.file, fix.span);
                    json!({ "line": line, "column": column, "endLine": end_line, "endColumn": end_column,
                            "start": fix.span.start, "end": fix.span.end, "replacement": fix.replacement })
                });
                json!({
                    "file": diagnostic.file, "line": line, "column": column,
                    "endLine": end_line, "endColumn": end_column,
                    "start": diagnostic.span.start, "end": diagnostic.span.end,
                    "code": diagnostic.code.word(), "severity": diagnostic.severity.word(),
                    "message": diagnostic.message, "label": diagnostic.label,
                    "related": related, "help": diagnostic.help, "fix": fix,
                })
            })
            .collect(),
    )
}
