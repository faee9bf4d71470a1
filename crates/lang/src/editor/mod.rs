//! Answers for editors: what a name means and where it is used, what may stand at a place, the outline of a file.
//!
//! What comes in: the sources as they are on the screen. What goes out: places and plain text. Deliberately absent: the
//! language server protocol, which counts in lines and has types of its own.

mod complete;
mod index;
mod outline;
mod tokens;

use graph::Span;

use crate::{Diagnostic, Source, build, syntax::At};

pub(crate) use complete::PLACEHOLDER;
pub use complete::{Candidate, complete};
pub(crate) use index::declared;
pub use outline::{Symbol, outline};
pub use tokens::{Token, TokenKind, tokens};

/// What a name may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thing {
    /// The profile.
    Profile,
    /// A field of the profile, an event, a type or a record.
    Field,
    /// A type.
    Type,
    /// An event.
    Event,
    /// A connection.
    Connection,
    /// An action.
    Action,
    /// A policy.
    Policy,
    /// What a partner tells.
    Webhook,
    /// A message.
    Message,
    /// An audience.
    Audience,
    /// A journey.
    Journey,
    /// A test.
    Test,
    /// A kit that ships with the language.
    Kit,
    /// A name bound by `let`, `as`, a parameter or a lambda.
    Variable,
    /// A function of the language or of the project.
    Function,
    /// A label.
    Label,
    /// A word of the language.
    Keyword,
}

/// A place in one of the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The position of the file among the sources.
    pub file: usize,
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

impl From<At> for Place {
    fn from(at: At) -> Place {
        let Span { start, end } = at.span();
        Place { file: at.file as usize, start, end }
    }
}

/// A name somewhere in the sources, and what it means.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    pub(crate) at: At,
    /// Where that is declared; its own place for a declaration.
    pub(crate) to: Option<At>,
    pub(crate) thing: Thing,
    /// What people want to read who point at it: a line of code, and perhaps a paragraph behind an empty line.
    pub(crate) hover: String,
}

/// What is known of sources.
#[derive(Debug)]
pub struct Analysis {
    /// What is wrong with them, as [`crate::compile`] says it.
    pub diagnostics: Vec<Diagnostic>,
    mentions: Vec<Mention>,
    sources: Vec<Source>,
}

/// Why a name cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRenamed {
    /// There is no name that could be.
    NoName,
    /// The new name is not one, or means something already.
    BadName,
    /// A kit declares it, and a project cannot change a kit.
    InKit,
}

/// Looks through sources.
pub fn analyse(sources: &[Source]) -> Analysis {
    let (compiled, mut mentions) = build(sources, true);
    // Nobody points at a place in a kit.
    mentions.retain(|mention| (mention.at.file as usize) < sources.len());
    mentions.sort_by_key(|mention| (mention.at, mention.to.is_none()));
    mentions.dedup_by_key(|mention| mention.at);
    Analysis { diagnostics: compiled.diagnostics, mentions, sources: sources.to_vec() }
}

impl Analysis {
    fn mention(&self, file: usize, byte: usize) -> Option<&Mention> {
        let behind = self.mentions.partition_point(|mention| {
            let at = Place::from(mention.at);
            (at.file, at.start) <= (file, byte)
        });
        let mention = self.mentions.get(behind.checked_sub(1)?)?;
        let at = Place::from(mention.at);
        (at.file == file && byte <= at.end).then_some(mention)
    }

    /// What people want to read who point at a byte: the place it is about, a line of code, and a paragraph.
    pub fn hover(&self, file: usize, byte: usize) -> Option<(Place, &str, &str)> {
        let mention = self.mention(file, byte)?;
        let (code, prose) = mention.hover.split_once("\n\n").unwrap_or((&mention.hover, ""));
        Some((mention.at.into(), code, prose))
    }

    /// Where the name at a byte is declared; nowhere, when a kit declares it, which is no file of the project.
    pub fn definition(&self, file: usize, byte: usize) -> Option<Place> {
        self.mention(file, byte)?.to.map(Place::from).filter(|place| place.file < self.sources.len())
    }

    /// Every place where the thing at a byte is named, its declaration first if that is in the project.
    pub fn references(&self, file: usize, byte: usize) -> Vec<Place> {
        let Some(mention) = self.mention(file, byte) else { return Vec::new() };
        let Some(to) = mention.to else { return Vec::new() };
        let declared = self.definition(file, byte);
        let word = self.text(declared.unwrap_or(mention.at.into()));
        let mut places: Vec<Place> = declared.into_iter().collect();
        let named = self.mentions.iter().filter(|mention| mention.to == Some(to) && mention.at != to);
        // `it` leads to an event too, but is no name of it.
        places.extend(named.map(|mention| Place::from(mention.at)).filter(|place| self.text(*place) == word));
        places
    }

    /// The places to be replaced when the name at a byte becomes another.
    ///
    /// # Errors
    /// When there is no name that could change, or the new one cannot be a name.
    pub fn rename(&self, file: usize, byte: usize, name: &str) -> Result<Vec<Place>, NotRenamed> {
        let mention = self.mention(file, byte).ok_or(NotRenamed::NoName)?;
        let to = mention.to.ok_or(NotRenamed::NoName)?;
        if to.file as usize >= self.sources.len() {
            return Err(NotRenamed::InKit);
        }
        if mention.thing == Thing::Profile || self.text(mention.at.into()) != self.text(to.into()) {
            return Err(NotRenamed::NoName);
        }
        let mut letters = name.chars();
        let begins = letters.next().is_some_and(|first| first.is_alphabetic() || first == '_');
        let goes_on = letters.all(|letter| letter.is_alphanumeric() || letter == '_');
        if !begins || !goes_on || index::is_reserved(name) {
            return Err(NotRenamed::BadName);
        }
        Ok(self.references(file, byte))
    }

    fn text(&self, place: Place) -> &str {
        let text = self.sources.get(place.file).map_or("", |source| source.text.as_str());
        text.get(place.start..place.end).unwrap_or_default()
    }
}
