//! Declarations, and how the parser goes on behind one that it could not read.

use nom::{Input as _, Parser as _, combinator::cut};

use super::{
    P, R, action, connection,
    expr::{arguments, expression},
    ident, journey, policy, tag, test, text, types, webhook,
};
use crate::syntax::{
    ast::{Audience, Decl, DeclKind, Function, Message, Under},
    token::Kind,
};

/// The words that declarations begin with.
pub(crate) const KEYWORDS: [&str; 13] = [
    "use",
    "profile",
    "event",
    "type",
    "fn",
    "audience",
    "connection",
    "action",
    "policy",
    "message",
    "webhook",
    "journey",
    "test",
];

/// All declarations of a file.
pub(crate) fn file(mut input: P<'_>) -> Vec<Decl> {
    let mut decls = Vec::new();
    while input.first().is_some() {
        match declaration(input) {
            Ok((rest, decl)) => {
                decls.push(decl);
                input = rest;
            }
            Err(error) => {
                let left = input.complain(error).min(input.tokens.len().saturating_sub(1));
                input = input.take_from(input.tokens.len() - left);
                while input.first().is_some() && !begins(&input) {
                    input = input.take_from(1);
                }
            }
        }
    }
    decls
}

/// Whether a declaration begins here: its word stands in the first column.
pub(crate) fn begins(input: &P<'_>) -> bool {
    input
        .first()
        .is_some_and(|token| token.outermost && token.kind == Kind::Word && KEYWORDS.contains(&token.text))
}

fn declaration(input: P<'_>) -> R<'_, Decl> {
    let doc = input.doc();
    let start = input;
    let (rest, kind) = match input.peek(0) {
        "use" => {
            let (rest, path) =
                cut(text("what is used, such as `\"std/slack\"`")).parse(input.take_from(1))?;
            (rest, DeclKind::Use(path))
        }
        "profile" => {
            let (rest, word) = tag!("profile")(input)?;
            let (rest, fields) = types::fields(rest)?;
            (rest, DeclKind::Profile { word, fields })
        }
        "event" => event(input.take_from(1))?,
        "type" => {
            let (rest, name) = cut(ident("the name of the type")).parse(input.take_from(1))?;
            let (rest, _) = cut(tag!("=")).parse(rest)?;
            let (rest, ty) = cut(types::type_expr).parse(rest)?;
            (rest, DeclKind::Type { name, ty })
        }
        "fn" => function(input.take_from(1))?,
        "audience" => audience(input.take_from(1))?,
        "connection" => connection::connection(input.take_from(1))?,
        "action" => action::action(input.take_from(1))?,
        "policy" => policy::policy(input.take_from(1))?,
        "message" => message(input.take_from(1))?,
        "webhook" => webhook::webhook(input.take_from(1))?,
        "journey" => journey::journey(input.take_from(1))?,
        "test" => test::test(input.take_from(1))?,
        _ => {
            return input.error(
                "a declaration (`use`, `profile`, `event`, `type`, `fn`, `audience`, `connection`, `action`, `policy`, `message`, `webhook`, `journey` or `test`)",
            );
        }
    };
    let at = start.until(&rest);
    let (from, doc) = doc.map_or((at, None), |(from, doc)| (from, Some(doc)));
    Ok((rest, Decl { at: from.to(at), doc, kind }))
}

fn event(input: P<'_>) -> R<'_, DeclKind> {
    let (mut input, name) = cut(ident("the name of the event")).parse(input)?;
    let mut wire = None;
    if input.first().is_some_and(|token| token.kind == Kind::Text) {
        let (rest, quoted) = text("its name on the wire")(input)?;
        wire = Some(quoted);
        input = rest;
    }
    let (input, fields) = types::fields(input)?;
    Ok((input, DeclKind::Event { name, wire, fields }))
}

/// Behind `fn`: `name(param: type) -> type = expression`
fn function(input: P<'_>) -> R<'_, DeclKind> {
    let (input, name) = cut(ident("the name of the function")).parse(input)?;
    let (input, params) = types::params(input)?;
    let (input, _) = cut(tag!("->")).parse(input)?;
    let (input, result) = cut(types::type_expr).parse(input)?;
    let (input, _) = cut(tag!("=")).parse(input)?;
    let (input, body) = cut(expression).parse(input)?;
    Ok((input, DeclKind::Function(Box::new(Function { name, params, result, body }))))
}

/// Behind `audience`: `name = condition`
fn audience(input: P<'_>) -> R<'_, DeclKind> {
    let (input, name) = cut(ident("the name of the audience")).parse(input)?;
    let (input, _) = cut(tag!("=")).parse(input)?;
    let (input, condition) = cut(expression).parse(input)?;
    Ok((input, DeclKind::Audience(Box::new(Audience { name, condition }))))
}

fn message(input: P<'_>) -> R<'_, DeclKind> {
    let (input, name) = cut(ident("the name of the message")).parse(input)?;
    let (input, params) = types::params(input)?;
    let (input, _) = cut(tag!("via")).parse(input)?;
    let (input, action) = cut(ident("the name of an action")).parse(input)?;
    let (input, under) = if input.is("under") && input.peek(1) == "no" && input.peek(2) == "policy" {
        (input.take_from(3), Under::None)
    } else {
        let (input, policy) = policy::under(input)?;
        (input, policy.map_or(Under::All, Under::One))
    };
    let (input, _) = cut(tag!("{")).parse(input)?;
    let (input, fields) = cut(action::named_values).parse(input)?;
    let (input, end) = cut(tag!("}")).parse(input)?;
    Ok((input, DeclKind::Message(Message { name, params, action, under, fields, end })))
}

/// `name(args)`, the callee of `call` and `send`.
pub(crate) fn invoke<'a>(input: P<'a>, what: &'static str) -> R<'a, crate::syntax::ast::Invoke> {
    let start = input;
    let (input, name) = cut(ident(what)).parse(input)?;
    let (rest, args) = cut(arguments).parse(input)?;
    let at = start.until(&rest);
    Ok((rest, crate::syntax::ast::Invoke { name, args, at }))
}
