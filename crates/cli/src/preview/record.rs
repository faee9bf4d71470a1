//! Keeps an answer as a mock: a line of the test that the data came from, written as the formatter writes it.

use std::{fs, ops::Range};

use anyhow::{Context, bail};
use graph::{Answer, Answers, CallError, Value, test::StatementKind};
use lang::{Source, literal};

use super::rehearsed::Rehearsed;
use crate::project;

/// Writes a mock into the test that a request came from.
pub(crate) struct Recorder<'a> {
    pub(crate) sources: &'a [Source],
    pub(crate) found: &'a Rehearsed<'a>,
}

impl Recorder<'_> {
    /// Keeps an answer, or what went wrong, in the file of the test. A line that says what the partner answers to the
    /// same arguments is replaced.
    pub(crate) fn keep(
        &self,
        answer: Result<&Answer, &CallError>,
        read: Result<&Value, &CallError>,
    ) -> anyhow::Result<()> {
        let (begin, reply) = (self.begin(), self.reply(answer, read)?);
        let test = self.found.test;
        let (place, _) = test.place;
        let source = self.sources.get(place).context("the file of the test is not there any more")?;
        let (at, text) = match self.known(&begin, source) {
            Some(at) => (at, format!("{begin}{reply}")),
            None => {
                // The latest that fits answers: it stands behind the other mocks, and before anything happens.
                let first = test.statements.iter().find(|one| {
                    matches!(
                        one.kind,
                        StatementKind::Event { .. }
                            | StatementKind::After(_)
                            | StatementKind::Set { .. }
                            | StatementKind::Expect(_)
                    )
                });
                let first = first.context("nothing happens in the test")?.span.start;
                // In the first column its words would begin a declaration.
                (first..first, format!("{begin}{reply}\n  "))
            }
        };
        let mut whole = source.text.clone();
        whole.replace_range(at, &text);
        let written = Source { name: source.name.clone(), text: whole };
        let Ok(formatted) = lang::format(&written) else {
            bail!("the answer cannot be written as a mock: `{begin}{reply}`");
        };
        let mut sources = self.sources.to_vec();
        if let Some(source) = sources.get_mut(place) {
            source.text = formatted.clone();
        }
        if project::compile_sources(&sources).is_none() {
            bail!("{} was left as it is: with the answer in it, it does not compile", source.name);
        }
        fs::write(&source.name, formatted).with_context(|| format!("{} cannot be written", source.name))?;
        eprintln!("recorded in the test \"{}\" in {}", test.name, source.name);
        Ok(())
    }

    /// `mock action with { … }`
    fn begin(&self) -> String {
        let preview = &self.found.preview;
        let given = preview.carried.iter().filter_map(|(name, value)| {
            let (_, ty) = preview.action.params.iter().find(|(param, _)| param == name)?;
            Some(format!("{name}: {}", literal(value, ty)))
        });
        let given: Vec<String> = given.collect();
        match given.is_empty() {
            true => format!("mock {}", preview.action.name),
            false => format!("mock {} with {{ {} }}", preview.action.name, given.join(", ")),
        }
    }

    /// Where the test says already what is answered to the same arguments.
    fn known(&self, begin: &str, source: &Source) -> Option<Range<usize>> {
        let plain = |text: &str| text.split_whitespace().collect::<String>();
        let begin = plain(begin);
        let mocks =
            self.found.test.statements.iter().filter(|one| matches!(one.kind, StatementKind::Mock(_)));
        let mut spans = mocks.map(|one| one.span.start..one.span.end);
        spans.find(|span| {
            let rest = source.text.get(span.clone()).map(plain);
            let rest = rest.as_deref().and_then(|text| text.strip_prefix(&*begin));
            rest.is_some_and(|rest| ["returns", "fails"].iter().any(|word| rest.starts_with(word)))
        })
    }

    /// ` returns …` or ` fails …`
    fn reply(
        &self,
        answer: Result<&Answer, &CallError>,
        read: Result<&Value, &CallError>,
    ) -> anyhow::Result<String> {
        let action = &self.found.preview.action;
        Ok(match (read, answer) {
            (Ok(value), _) => match &action.answer {
                Some(answers) => {
                    format!(" returns {}", literal(&to_keep(answers, value), &answers.ty()))
                }
                None => " returns null".into(),
            },
            (Err(error), Ok(answer)) if error.status.is_some() && answer.status >= 300 => {
                let body = match (&error.body, &action.error) {
                    (Some(body), Some(shape)) => format!(" {}", literal(body, shape)),
                    _ if answer.body.is_empty() => String::new(),
                    _ => format!(" {}", literal(&Value::text(answer.body.as_str()), &graph::Type::Text)),
                };
                format!(" fails http {}{body}", answer.status)
            }
            (Err(error), _) => format!(" fails {}", error.kind.word()),
        })
    }
}

/// An answer without its headers, which are of the moment: dates, cookies, names of requests.
fn to_keep(answers: &Answers, value: &Value) -> Value {
    match (answers, value) {
        (Answers::ByStatus(_), Value::Record(fields)) => {
            let kept = fields.iter().filter(|(name, _)| &***name != "headers");
            Value::record(kept.map(|(name, value)| (name.clone(), value.clone())))
        }
        (Answers::Body(_) | Answers::ByStatus(_), value) => value.clone(),
    }
}
