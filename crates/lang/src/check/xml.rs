//! Whether an XML body is well-formed, whichever way its conditions go and however often its loops run.
//!
//! As with JSON, a reader goes over the body in all states at once that the text before may leave it in. What a name
//! space prefix stands for is not looked at: that is between us and the partner.

use std::collections::BTreeSet;

use super::{scope::Env, xml_reader::State};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Text, TextPart},
    },
};

/// How many states are looked at.
const MOST: usize = 64;

/// How often a loop is gone round until it must come to rest.
const ROUNDS: usize = 4;

type States = BTreeSet<State>;

/// What is wrong, and where.
struct Wrong {
    at: At,
    reason: String,
}

/// Reports a body that is not well-formed.
pub(super) fn check(text: &Text, env: &mut Env<'_>) {
    let begin = BTreeSet::from([State::default()]);
    let end = over(text, begin, env).and_then(|states| {
        states.iter().try_for_each(|state| state.end().map_err(|reason| Wrong { at: text.at, reason }))
    });
    if let Err(Wrong { at, reason }) = end {
        let report = Report::new(Code::BadXml, at, format!("this body is not XML: {reason}")).label("here");
        env.report(report.help(
            "every element is closed, attributes stand in quotes, `&` is `&amp;` and `<` is `&lt;`; a document that is ready made is sent by `text \"application/xml\" \"{{ … }}\"`",
        ));
    }
}

fn over(text: &Text, mut states: States, env: &Env<'_>) -> Result<States, Wrong> {
    for part in &text.parts {
        states = match part {
            TextPart::Text { text, at } => read(text, *at, states, env)?,
            TextPart::Hole { at, .. } => {
                let hole = |state: State| state.hole().map_err(|reason| Wrong { at: *at, reason });
                states.into_iter().map(hole).collect::<Result<_, _>>()?
            }
            TextPart::If { branches, otherwise } => {
                let mut after = match otherwise {
                    Some(text) => over(text, states.clone(), env)?,
                    None => states.clone(),
                };
                for (_, text) in branches {
                    after.extend(over(text, states.clone(), env)?);
                }
                after
            }
            TextPart::For { list, body, .. } => rounds(body, list.at, states, env)?,
        };
        if states.len() > MOST {
            let reason = format!("it has more than {MOST} ways to go, too many to look at each");
            return Err(Wrong { at: text.at, reason });
        }
    }
    Ok(states)
}

fn rounds(body: &Text, at: At, mut states: States, env: &Env<'_>) -> Result<States, Wrong> {
    for _ in 0..ROUNDS {
        let before = states.len();
        states.extend(over(body, states.clone(), env)?);
        if states.len() == before {
            return Ok(states);
        }
    }
    Err(Wrong { at, reason: "what the loop opens is not closed in each round".into() })
}

fn read(text: &str, at: At, states: States, env: &Env<'_>) -> Result<States, Wrong> {
    let mut after = BTreeSet::new();
    for mut state in states {
        for (index, letter) in text.chars().enumerate() {
            if let Err(reason) = state.letter(letter) {
                return Err(Wrong { at: place(index, at, env), reason });
            }
        }
        after.insert(state);
    }
    Ok(after)
}

/// Where in the source the letter of a text stands, escapes counted.
fn place(index: usize, at: At, env: &Env<'_>) -> At {
    let raw = env.source(at.file).get(at.start as usize..at.end as usize).unwrap_or_default();
    let mut letters = raw.char_indices();
    let mut start = 0;
    for _ in 0..=index {
        let Some((byte, letter)) = letters.next() else { return at };
        start = byte;
        if letter == '\\' && letters.next().is_some_and(|(_, letter)| letter == 'u') {
            letters.by_ref().take(4).for_each(drop);
        }
    }
    let end = letters.next().map_or(raw.len(), |(byte, _)| byte);
    let offset = |byte: usize| at.start + u32::try_from(byte).unwrap_or_default();
    At { start: offset(start), end: offset(end), ..at }
}
