//! The outline of a file: its declarations, with the fields and steps that people look for.

use graph::Span;

use super::Thing;
use crate::{
    Source,
    syntax::{
        At,
        ast::{Decl, DeclKind, Field},
        parser::parse,
    },
};

/// A declaration, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Symbol {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub thing: Thing,
    /// All of it.
    pub span: Span,
    /// Its name.
    pub name_span: Span,
    /// Its parts.
    pub parts: Vec<Symbol>,
}

/// The declarations of a file, in order.
pub fn outline(source: &Source) -> Vec<Symbol> {
    parse(&source.text, 0).0.iter().map(symbol).collect()
}

fn symbol(decl: &Decl) -> Symbol {
    let made = |name: &str, at: At, thing, parts| Symbol {
        name: name.to_owned(),
        thing,
        span: decl.at.span(),
        name_span: at.span(),
        parts,
    };
    match &decl.kind {
        DeclKind::Profile { word, fields } => made("profile", *word, Thing::Profile, parts(fields)),
        DeclKind::Event { name, fields, .. } => made(&name.text, name.at, Thing::Event, parts(fields)),
        DeclKind::Type { name, .. } => made(&name.text, name.at, Thing::Type, Vec::new()),
        DeclKind::Function(one) => made(&one.name.text, one.name.at, Thing::Function, Vec::new()),
        DeclKind::Audience(one) => made(&one.name.text, one.name.at, Thing::Audience, Vec::new()),
        DeclKind::Connection(one) => made(&one.name.text, one.name.at, Thing::Connection, Vec::new()),
        DeclKind::Action(one) => made(&one.name.text, one.name.at, Thing::Action, Vec::new()),
        DeclKind::Policy(one) => made(&one.name.text, one.name.at, Thing::Policy, Vec::new()),
        DeclKind::Message(one) => made(&one.name.text, one.name.at, Thing::Message, Vec::new()),
        DeclKind::Webhook(one) => made(&one.name.text, one.name.at, Thing::Webhook, Vec::new()),
        DeclKind::Journey(one) => made(&one.name.text, one.name.at, Thing::Journey, Vec::new()),
        DeclKind::Test(one) => {
            made(&one.name.fixed().unwrap_or_default(), one.name.at, Thing::Test, Vec::new())
        }
        DeclKind::Use(path) => made(&path.fixed().unwrap_or_default(), path.at, Thing::Kit, Vec::new()),
    }
}

fn parts(fields: &[Field]) -> Vec<Symbol> {
    let part = |field: &Field| Symbol {
        name: field.name.text.to_string(),
        thing: Thing::Field,
        span: field.name.at.to(field.ty.at).span(),
        name_span: field.name.at.span(),
        parts: Vec::new(),
    };
    fields.iter().map(part).collect()
}
