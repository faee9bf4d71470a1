//! Types as they are written, and the fields of records.

use nom::{
    Input as _, Parser as _,
    combinator::{cut, opt},
};

use super::{P, R, expr::expression, ident, many, tag, text};
use crate::syntax::{
    ast::{Field, Param, TypeExpr, TypeKind},
    token::Kind,
};

/// A type: `string`, `[Item]`, `"a" | "b"`, `{ x: int }`, `T?`.
pub(crate) fn type_expr(input: P<'_>) -> R<'_, TypeExpr> {
    let start = input;
    let (mut input, kind) = input.deeper(union)?;
    let mut ty = TypeExpr { at: start.until(&input), kind };
    // One `?` says it all; a second one would only make the tree higher.
    if input.is("?") {
        input = input.take_from(1);
        ty = TypeExpr { at: start.until(&input), kind: TypeKind::Optional(Box::new(ty)) };
    }
    Ok((input, ty))
}

/// A type without `|` outside parentheses, perhaps with a `?` behind it.
pub(crate) fn one_type(input: P<'_>) -> R<'_, TypeExpr> {
    let start = input;
    let (mut input, kind) = input.deeper(bare)?;
    let mut ty = TypeExpr { at: start.until(&input), kind };
    if input.is("?") {
        input = input.take_from(1);
        ty = TypeExpr { at: start.until(&input), kind: TypeKind::Optional(Box::new(ty)) };
    }
    Ok((input, ty))
}

/// Types with `|` between them: of texts alone they are an enum.
fn union(input: P<'_>) -> R<'_, TypeKind> {
    let start = input;
    let (mut input, kind) = bare(input)?;
    if !input.is("|") {
        return Ok((input, kind));
    }
    let mut members = vec![TypeExpr { at: start.until(&input), kind }];
    while input.is("|") {
        let start = input.take_from(1);
        let (rest, kind) = cut(bare).parse(start)?;
        members.push(TypeExpr { at: start.until(&rest), kind });
        input = rest;
    }
    Ok((input, TypeKind::Union(members)))
}

fn bare(input: P<'_>) -> R<'_, TypeKind> {
    match input.first() {
        Some(token) if token.text == "[" => {
            let (input, item) = cut(type_expr).parse(input.take_from(1))?;
            let (input, _) = cut(tag!("]")).parse(input)?;
            Ok((input, TypeKind::List(Box::new(item))))
        }
        Some(token) if token.text == "{" => {
            let (input, fields) = fields(input)?;
            Ok((input, TypeKind::Record(fields)))
        }
        Some(token) if token.text == "(" => {
            let (input, inner) = cut(type_expr).parse(input.take_from(1))?;
            let (input, _) = cut(tag!(")")).parse(input)?;
            Ok((input, inner.kind))
        }
        Some(token) if token.kind == Kind::Text => {
            let (mut input, first) = text("a text")(input)?;
            let mut members = vec![first];
            while input.is("|") && input.tokens.get(1).is_some_and(|token| token.kind == Kind::Text) {
                let (rest, member) = cut(text("a text")).parse(input.take_from(1))?;
                members.push(member);
                input = rest;
            }
            Ok((input, TypeKind::Enum(members)))
        }
        Some(token) if token.kind == Kind::Word => {
            let (input, name) = ident("a type")(input)?;
            Ok((input, TypeKind::Name(name)))
        }
        _ => input.error("a type"),
    }
}

/// `{ name: type = default key, … }`
pub(crate) fn fields(input: P<'_>) -> R<'_, Vec<Field>> {
    let (input, _) = cut(tag!("{")).parse(input)?;
    let (input, fields) = cut(many(field, "}")).parse(input)?;
    let (input, _) = cut(tag!("}")).parse(input)?;
    Ok((input, fields))
}

fn field(input: P<'_>) -> R<'_, Field> {
    let doc = input.doc().map(|(_, doc)| doc);
    let (input, name) = ident("the name of a field")(input)?;
    let (input, _) = cut(tag!(":")).parse(input)?;
    let (mut input, ty) = cut(type_expr).parse(input)?;
    let mut default = None;
    if input.is("=") {
        let (rest, value) = cut(expression).parse(input.take_from(1))?;
        default = Some(value);
        input = rest;
    }
    // `key` on the next line is the name of a field.
    let (input, key) =
        if input.is("key") && input.peek(1) != ":" { opt(tag!("key")).parse(input)? } else { (input, None) };
    Ok((input, Field { name, ty, default, key, doc }))
}

/// `(name: type, …)`; an action without parameters may leave it out.
pub(crate) fn params(input: P<'_>) -> R<'_, Vec<Param>> {
    if !input.is("(") {
        return Ok((input, Vec::new()));
    }
    let param = |input| {
        let (input, name) = ident("the name of a parameter")(input)?;
        let (input, _) = cut(tag!(":")).parse(input)?;
        let (input, ty) = cut(type_expr).parse(input)?;
        Ok((input, Param { name, ty }))
    };
    let (input, params) = cut(many(param, ")")).parse(input.take_from(1))?;
    let (input, _) = cut(tag!(")")).parse(input)?;
    Ok((input, params))
}
