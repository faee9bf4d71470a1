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

/// Diagnostics as a SARIF 2.1.0 log, which code hosts read; columns in UTF-16 units, as is SARIF's default.
pub fn to_sarif(diagnostics: &[Diagnostic], sources: &[Source]) -> Value {
    let region = |file: &str, span: graph::Span| {
        let text =
            sources.iter().find(|source| source.name == file).map_or("", |source| source.text.as_str());
        let ((line, column), (end_line, end_column)) = (utf16(text, span.start), utf16(text, span.end));
        json!({ "physicalLocation": {
            "artifactLocation": { "uri": file.replace('\\', "/") },
            "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
        } })
    };
    let mut codes: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code.word()).collect();
    codes.sort_unstable();
    codes.dedup();
    let results = diagnostics.iter().map(|diagnostic| {
        let text = match &diagnostic.help {
            Some(help) => format!("{}. {help}", diagnostic.message),
            None => diagnostic.message.clone(),
        };
        let related = diagnostic.related.iter().map(|related| {
            let mut place = region(&related.file, related.span);
            if let Value::Object(place) = &mut place {
                place.insert("message".into(), json!({ "text": related.label }));
            }
            place
        });
        json!({
            "ruleId": diagnostic.code.word(), "level": diagnostic.severity.word(), "message": { "text": text },
            "locations": [region(&diagnostic.file, diagnostic.span)],
            "relatedLocations": related.collect::<Vec<_>>(),
        })
    });
    let rules = codes.iter().map(|code| json!({ "id": code }));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "wayfare", "rules": rules.collect::<Vec<_>>() } },
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// The line and the column in UTF-16 units, both from one.
fn utf16(text: &str, byte: usize) -> (usize, usize) {
    let (line, column) = place(text, byte);
    let letters = text.lines().nth(line - 1).unwrap_or_default().chars().take(column - 1);
    (line, letters.map(char::len_utf16).sum::<usize>() + 1)
}
