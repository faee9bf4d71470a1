//! Unions: what may be one, which record a literal is, what may be asked of one before it is known which record it is.

use std::sync::Arc;

use graph::{Name, RecordType, Type, UnionType};

use super::{
    Ty,
    expr::Check,
    types::{Resolver, join},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Expr, ExprKind, Ident, TypeExpr, TypeKind},
    },
};

impl Check<'_, '_> {
    /// The record of a union that a literal is, by the text in its tag; none where no fixed text is written there.
    ///
    /// # Errors
    /// When the tag is missing or has a text of no record; that is reported.
    pub(super) fn variant(
        &mut self,
        at: At,
        fields: &[(Ident, Expr)],
        union: &UnionType,
    ) -> Result<Option<Arc<RecordType>>, ()> {
        let tag = &union.tag;
        let Some((_, value)) = fields.iter().find(|(name, _)| name.text == *tag) else {
            let tags = union.tag_type();
            self.report(
                Report::new(Code::WrongType, at, format!("`{tag}` is missing here"))
                    .label(format!("wants `{tag}: {tags}`"))
                    .help(format!("add `{tag}: …`: it says which record of {union} this is")),
            );
            return Err(());
        };
        let text = match &value.kind {
            ExprKind::Text(text) => text.fixed(),
            ExprKind::Int(number) => Some(number.to_string()),
            _ => None,
        };
        let Some(text) = text else { return Ok(None) };
        match union.variant(&text) {
            Some(variant) => Ok(Some(variant.clone())),
            None => {
                self.expect(value, &union.tag_type(), &format!("`{tag}`"));
                Err(())
            }
        }
    }

    /// A field of a union, which every record of it must have.
    pub(super) fn union_field(&mut self, of: &Expr, union: &UnionType, name: &Ident) -> Ty {
        let having = |variant: &&Arc<RecordType>| variant.field(&name.text).is_some();
        let have: Vec<&Arc<RecordType>> = union.variants.iter().filter(having).collect();
        if have.len() == union.variants.len() {
            if name.text == union.tag {
                return Some(union.tag_type());
            }
            let mut types =
                have.iter().filter_map(|variant| variant.field(&name.text)).map(|field| &field.ty);
            let first = types.next()?.clone();
            let joined = types.try_fold(first, |before, ty| join(&before, ty));
            if joined.is_none() {
                let message = format!("`{}` is not the same in every record of {union}", name.text);
                let report = Report::new(Code::WrongType, name.at, message).label("one of several types");
                self.report(report.help(self.ask_first(of, union)));
            }
            return joined;
        }
        let text = self.env.text(of.at);
        if have.is_empty() {
            let known: Vec<&str> =
                union.variants.iter().flat_map(|variant| &variant.fields).map(|field| &*field.name).collect();
            let message = format!("no record of `{text}` has a field `{}`", name.text);
            let report = Report::new(Code::UnknownField, name.at, message).label("unknown field");
            self.report(report.did_you_mean(name.at, &name.text, known.into_iter()));
            return None;
        }
        let tags = have.iter().flat_map(|variant| union.tags_of(variant)).cloned().collect();
        let message = format!(
            "`{text}` has a field `{}` only where its `{}` is {}",
            name.text,
            union.tag,
            union.tag_of(tags)
        );
        let report = Report::new(Code::UnknownField, name.at, message).label("not in every record");
        self.report(report.help(self.ask_first(of, union)));
        None
    }

    fn ask_first(&self, of: &Expr, union: &UnionType) -> String {
        format!("ask first which record it is: `match {}.{} {{ … }}`", self.env.text(of.at), union.tag)
    }
}

impl Resolver<'_, '_> {
    /// Reports `decimal | null`, which other languages have.
    pub(super) fn or_null(&mut self, at: At, members: &[TypeExpr]) {
        let report = Report::new(
            Code::UnknownType,
            at,
            "`null` is no type: what may be missing has a `?` behind its type",
        )
        .label("may be missing");
        let others: Vec<&TypeExpr> = members.iter().filter(|member| !is_null(member)).collect();
        self.reports.push(match others.as_slice() {
            [TypeExpr { kind: TypeKind::Name(name), .. }] => {
                let instead = format!("{}?", name.text);
                report.help(format!("write `{instead}`")).fix(at, instead)
            }
            _ => report.help("write it as in `decimal?`"),
        });
    }

    /// One of several: of texts, or of records that a field tells apart.
    pub(super) fn union(&mut self, at: At, members: &[Type]) -> Ty {
        let mut texts: Vec<Name> = Vec::new();
        let mut records: Vec<Arc<RecordType>> = Vec::new();
        for member in members {
            match member {
                Type::Enum(more) => {
                    texts.extend(more.iter().filter(|one| !texts.contains(one)).cloned().collect::<Vec<_>>())
                }
                Type::Record(record) => records.push(record.clone()),
                Type::Union(union) => records.extend(union.variants.iter().cloned()),
                other => {
                    let message = format!(
                        "a type is one of several texts, or one of several records, not {other} or something else"
                    );
                    self.reports.push(
                        Report::new(Code::UntaggedUnion, at, message)
                            .label("cannot be told apart")
                            .help("write `T?` for what may be missing, and `json` for what may be anything"),
                    );
                    return None;
                }
            }
        }
        if records.is_empty() {
            return Some(Type::Enum(texts.into()));
        }
        let union = if texts.is_empty() { UnionType::of(None, records) } else { None };
        if union.is_none() {
            self.reports.push(
                Report::new(Code::UntaggedUnion, at, "nothing tells these records apart")
                    .label("no field has a text of its own in each of them")
                    .help(
                        "give each of them a field such as `kind: \"card\"`, with another text in every one",
                    ),
            );
        }
        union.map(|union| Type::Union(Arc::new(union)))
    }
}

pub(super) fn is_null(ty: &TypeExpr) -> bool {
    matches!(&ty.kind, TypeKind::Name(name) if matches!(&*name.text, "null" | "undefined"))
}
