//! Whether a JSON body is JSON whichever way its conditions go and however often its loops run.
//!
//! A reader of JSON goes over the body in all states at once that the text before may leave it in: a branch that may be
//! left out adds a state, and what follows must fit every one. Ways are not compared with each other, so two conditions
//! that exclude each other count as independent.

use std::collections::BTreeSet;

use crate::syntax::{
    At,
    ast::{Text, TextPart},
};

/// How many states are looked at; a body with more is left to the engine, which checks what it sends.
const MOST: usize = 64;

/// How often a loop is gone round until it must come to rest.
const ROUNDS: usize = 4;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// What the reader is in the middle of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Inside {
    Nothing,
    /// A string; how many characters of an escape are still to come (five: the one behind the backslash).
    String(u8),
    /// A number, `true`, `false` or `null`, as far as it was read.
    Word(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    /// The containers around it: whether each is an object.
    open: Vec<bool>,
    next: Next,
    inside: Inside,
}

type States = BTreeSet<State>;

/// The condition or list that decides whether the body is JSON, if one does.
pub(super) fn decides(text: &Text) -> Option<At> {
    let begin = State { open: Vec::new(), next: Next::Value, inside: Inside::Nothing };
    let mut paths = Paths { parted: None, gave_up: false };
    let end = paths.text(text, BTreeSet::from([begin]));
    let whole =
        |states: States| states.iter().all(|state| state.next == Next::Nothing && state.open.is_empty());
    if paths.gave_up || end.is_some_and(whole) { None } else { paths.parted }
}

struct Paths {
    /// Where the ways parted last.
    parted: Option<At>,
    gave_up: bool,
}

impl Paths {
    /// The states behind a text; none if one of the states before does not take it.
    fn text(&mut self, text: &Text, mut states: States) -> Option<States> {
        for part in &text.parts {
            states = match part {
                TextPart::Text { text, .. } => each(states, |state| state.read(text))?,
                TextPart::Hole { quoted, .. } => each(states, |state| state.hole(*quoted))?,
                TextPart::If { branches, otherwise } => {
                    let mut after = match otherwise {
                        Some(text) => self.text(text, states.clone())?,
                        None => states.clone(),
                    };
                    for (condition, text) in branches {
                        let Some(more) = self.text(text, states.clone()) else {
                            self.parted.get_or_insert(condition.at);
                            return None;
                        };
                        after.extend(more);
                    }
                    self.part(branches.first().map(|(condition, _)| condition.at), &after);
                    after
                }
                TextPart::For { list, body, .. } => {
                    self.parted = Some(list.at);
                    self.rounds(body, states)?
                }
            };
            if states.len() > MOST {
                self.gave_up = true;
                return None;
            }
        }
        Some(states)
    }

    fn rounds(&mut self, body: &Text, mut states: States) -> Option<States> {
        for _ in 0..ROUNDS {
            let before = states.len();
            states.extend(self.text(body, states.clone())?);
            if states.len() == before {
                return Some(states);
            }
        }
        None
    }

    fn part(&mut self, at: Option<At>, after: &States) {
        if after.len() > 1 {
            self.parted = at.or(self.parted);
        }
    }
}

fn each(states: States, read: impl Fn(State) -> Option<State>) -> Option<States> {
    states.into_iter().map(read).collect()
}

impl State {
    fn read(mut self, text: &str) -> Option<State> {
        for letter in text.chars() {
            self.letter(letter)?;
        }
        Some(self)
    }

    /// A hole outside a string writes a whole value.
    fn hole(mut self, quoted: bool) -> Option<State> {
        match self.inside {
            Inside::String(0) => quoted.then_some(self),
            Inside::Nothing if !quoted && matches!(self.next, Next::Value | Next::ValueOrEnd) => {
                self.end_value();
                Some(self)
            }
            _ => None,
        }
    }

    fn letter(&mut self, letter: char) -> Option<()> {
        match &mut self.inside {
            Inside::String(escape) => {
                *escape = match (*escape, letter) {
                    (0, '"') => {
                        self.inside = Inside::Nothing;
                        if matches!(self.next, Next::Key | Next::KeyOrEnd) {
                            self.next = Next::Colon;
                        } else {
                            self.end_value();
                        }
                        return Some(());
                    }
                    (0, '\\') => 5,
                    (0, letter) if letter >= ' ' => 0,
                    (5, 'u') => 4,
                    (5, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => 0,
                    (more @ 1..=4, letter) if letter.is_ascii_hexdigit() => more - 1,
                    _ => return None,
                };
                return Some(());
            }
            Inside::Word(word) if letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.') => {
                word.push(letter);
                return Some(());
            }
            Inside::Word(word) => {
                serde_json::from_str::<serde::de::IgnoredAny>(word).ok()?;
                self.inside = Inside::Nothing;
                self.end_value();
            }
            Inside::Nothing => {}
        }
        self.between(letter)
    }

    /// A letter outside strings and words.
    fn between(&mut self, letter: char) -> Option<()> {
        let value = matches!(self.next, Next::Value | Next::ValueOrEnd);
        match letter {
            ' ' | '\n' | '\r' | '\t' => {}
            '"' if value || matches!(self.next, Next::Key | Next::KeyOrEnd) => {
                self.inside = Inside::String(0);
            }
            '{' | '[' if value => {
                self.open.push(letter == '{');
                self.next = if letter == '{' { Next::KeyOrEnd } else { Next::ValueOrEnd };
            }
            '}' if matches!(self.next, Next::KeyOrEnd | Next::CommaOrEnd) => {
                self.open.pop().filter(|object| *object)?;
                self.end_value();
            }
            ']' if matches!(self.next, Next::ValueOrEnd | Next::CommaOrEnd) => {
                self.open.pop().filter(|object| !*object)?;
                self.end_value();
            }
            ',' if self.next == Next::CommaOrEnd => {
                self.next = if self.open.last() == Some(&true) { Next::Key } else { Next::Value };
            }
            ':' if self.next == Next::Colon => self.next = Next::Value,
            letter if value && (letter.is_ascii_alphanumeric() || letter == '-') => {
                self.inside = Inside::Word(letter.to_string());
            }
            _ => return None,
        }
        Some(())
    }

    fn end_value(&mut self) {
        self.next = if self.open.is_empty() { Next::Nothing } else { Next::CommaOrEnd };
    }
}
