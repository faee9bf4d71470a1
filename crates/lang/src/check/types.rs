//! Types as they are written, resolved; which type fits where.

use std::{collections::HashMap, sync::Arc};

use graph::{Name, RecordType, Type, UnionType};
use petgraph::{algo::kosaraju_scc, graph::DiGraph};

use super::{Names, Ty, names::BUILT_IN};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Field, Ident, TypeExpr, TypeKind},
    },
};

/// How deep a type may be, names resolved.
const DEPTH: usize = 48;

/// The declared types and events by name; `None` for what could not be resolved.
pub(crate) type Types = HashMap<Name, (Ty, usize)>;

/// Resolves all declared types, those that others are made of first.
pub(crate) fn resolve(names: &Names<'_>, reports: &mut Vec<Report>) -> Types {
    let mut graph: DiGraph<Name, ()> = DiGraph::new();
    let mut nodes = HashMap::new();
    for name in names.types.keys().chain(names.events.keys()) {
        nodes.insert(name.clone(), graph.add_node(name.clone()));
    }
    let mut link = |from: &Name, ident: &Ident| {
        if let (Some(from), Some(to)) = (nodes.get(from), nodes.get(&ident.text)) {
            graph.add_edge(*from, *to, ());
        }
    };
    for (name, ty) in &names.types {
        references(ty, &mut |ident| link(name, ident));
    }
    for (name, event) in &names.events {
        event.fields.iter().for_each(|field| references(&field.ty, &mut |ident| link(name, ident)));
    }
    let mut types = Types::new();
    // Components come in reverse topological order: what a type is made of is there before it.
    for component in kosaraju_scc(&graph) {
        let members: Vec<&Name> = component.iter().filter_map(|node| graph.node_weight(*node)).collect();
        let endless = match component.as_slice() {
            [only] => graph.contains_edge(*only, *only),
            _ => true,
        };
        for name in &members {
            let resolved = if endless { (None, 0) } else { declared(names, name, &types, reports) };
            types.insert((*name).clone(), resolved);
        }
        if endless {
            report_endless(names, &members, reports);
        }
    }
    types
}

fn report_endless(names: &Names<'_>, members: &[&Name], reports: &mut Vec<Report>) {
    let mut sorted = members.to_vec();
    sorted.sort();
    let Some(first) = sorted.first() else { return };
    let at = names
        .types
        .get(*first)
        .map(|ty| ty.at)
        .or_else(|| names.events.get(*first).map(|event| event.name.at))
        .unwrap_or_default();
    let circle: Vec<String> = sorted.iter().map(|name| format!("`{name}`")).collect();
    reports.push(
        Report::new(Code::EndlessType, at, format!("the type {} contains itself", circle.join(" and ")))
            .label("never ends")
            .help("use `json` for data that nests without end"),
    );
}

fn declared(names: &Names<'_>, name: &Name, types: &Types, reports: &mut Vec<Report>) -> (Ty, usize) {
    let mut resolver = Resolver { names, types, reports };
    if let Some(ty) = names.types.get(name) {
        return match (&ty.kind, resolver.ty(ty)) {
            // A record carries the name it was declared under.
            (TypeKind::Record(_), (Some(Type::Record(record)), depth)) => {
                let named = RecordType { name: Some(name.clone()), fields: record.fields.clone() };
                (Some(Type::Record(Arc::new(named))), depth)
            }
            (TypeKind::Union(_), (Some(Type::Union(union)), depth)) => {
                let named = UnionType { name: Some(name.clone()), ..(*union).clone() };
                (Some(Type::Union(Arc::new(named))), depth)
            }
            (_, other) => other,
        };
    }
    match names.events.get(name) {
        Some(event) => {
            let (fields, depth) = resolver.fields(event.fields);
            let record =
                fields.map(|fields| Type::Record(Arc::new(RecordType { name: Some(name.clone()), fields })));
            (record, depth)
        }
        None => (None, 0),
    }
}

/// Calls `found` for every name in a type.
pub(crate) fn references(ty: &TypeExpr, found: &mut dyn FnMut(&Ident)) {
    match &ty.kind {
        TypeKind::Name(ident) => found(ident),
        TypeKind::Enum(_) => {}
        TypeKind::Union(members) => members.iter().for_each(|member| references(member, found)),
        TypeKind::List(inner) | TypeKind::Optional(inner) => references(inner, found),
        TypeKind::Record(fields) => fields.iter().for_each(|field| references(&field.ty, found)),
    }
}

/// Resolves what is written against the declared types.
pub(crate) struct Resolver<'r, 'a> {
    pub(crate) names: &'r Names<'a>,
    pub(crate) types: &'r Types,
    pub(crate) reports: &'r mut Vec<Report>,
}

impl Resolver<'_, '_> {
    /// A type and how deep it is.
    pub(crate) fn ty(&mut self, ty: &TypeExpr) -> (Ty, usize) {
        let (resolved, depth) = match &ty.kind {
            TypeKind::Name(ident) => self.named(ident),
            TypeKind::Enum(members) => {
                let members: Option<Vec<Name>> =
                    members.iter().map(|member| member.fixed().map(Name::from)).collect();
                if members.is_none() {
                    self.reports.push(
                        Report::new(Code::BadTemplate, ty.at, "a type cannot have holes")
                            .label("fixed text only"),
                    );
                }
                (members.map(|members| Type::Enum(members.into())), 1)
            }
            TypeKind::Union(members) if members.iter().any(super::union::is_null) => {
                self.or_null(ty.at, members);
                (None, 0)
            }
            TypeKind::Union(members) => {
                let members: Vec<(Ty, usize)> = members.iter().map(|member| self.ty(member)).collect();
                let deepest = members.iter().map(|(_, depth)| *depth).max().unwrap_or_default();
                let members: Option<Vec<Type>> = members.into_iter().map(|(ty, _)| ty).collect();
                (members.and_then(|members| self.union(ty.at, &members)), deepest)
            }
            TypeKind::List(inner) => {
                let (inner, depth) = self.ty(inner);
                (inner.map(|inner| Type::List(Arc::new(inner))), depth + 1)
            }
            TypeKind::Optional(inner) => {
                let (inner, depth) = self.ty(inner);
                (inner.map(Type::optional), depth + 1)
            }
            TypeKind::Record(fields) => {
                let (fields, depth) = self.fields(fields);
                (fields.map(|fields| Type::Record(Arc::new(RecordType { name: None, fields }))), depth)
            }
        };
        if depth > DEPTH {
            self.reports.push(Report::new(
                Code::TooDeep,
                ty.at,
                format!("this type is more than {DEPTH} levels deep"),
            ));
            return (None, 0);
        }
        (resolved, depth)
    }

    fn named(&mut self, ident: &Ident) -> (Ty, usize) {
        let built_in = match &*ident.text {
            "string" => Type::Text,
            "int" => Type::Int,
            "decimal" => Type::Decimal,
            "bool" => Type::Bool,
            "date" => Type::Date,
            "datetime" => Type::DateTime,
            "duration" => Type::Duration,
            "timezone" => Type::TimeZone,
            "json" => Type::Json,
            name => {
                return self.types.get(name).cloned().unwrap_or_else(|| {
                    let known = BUILT_IN.into_iter().chain(self.types.keys().map(|name| &**name));
                    let known: Vec<&str> =
                        known.chain(self.names.types.keys().map(|name| &**name)).collect();
                    let report = Report::new(Code::UnknownType, ident.at, format!("there is no type `{name}`"))
                        .label("not a type")
                        .help("the types are `string int decimal bool date datetime duration timezone json`, those declared with `type`, and events");
                    let usual = match name {
                        "text" | "str" | "String" => Some("string"),
                        "number" | "float" | "double" => Some("decimal"),
                        "timestamp" | "instant" => Some("datetime"),
                        "object" | "any" => Some("json"),
                        "integer" | "long" => Some("int"),
                        "boolean" => Some("bool"),
                        _ => None,
                    };
                    self.reports.push(match usual {
                        Some(usual) => report.help(format!("did you mean `{usual}`?")).fix(ident.at, usual),
                        None => report.did_you_mean(ident.at, name, known.into_iter()),
                    });
                    (None, 0)
                });
            }
        };
        (Some(built_in), 1)
    }

    /// The fields of a record, without their defaults, which need expressions; `None` if one of them has no type.
    pub(crate) fn fields(&mut self, fields: &[Field]) -> (Option<Vec<graph::Field>>, usize) {
        let (mut made, mut whole, mut deepest): (Vec<graph::Field>, bool, usize) = (Vec::new(), true, 0);
        let mut seen: HashMap<&Name, At> = HashMap::new();
        for field in fields {
            if let Some(before) = seen.insert(&field.name.text, field.name.at) {
                self.reports.push(
                    Report::new(
                        Code::DuplicateName,
                        field.name.at,
                        format!("the field `{}` is declared twice", field.name.text),
                    )
                    .label("declared again here")
                    .related(before, "first declared here"),
                );
                continue;
            }
            let (ty, depth) = self.ty(&field.ty);
            deepest = deepest.max(depth);
            match ty {
                Some(ty) => {
                    let default = field.default.as_ref().and_then(|default| {
                        let value = super::literals::constant(default, &ty);
                        if let Err(report) = &value {
                            self.reports.push((**report).clone());
                        }
                        value.ok()
                    });
                    made.push(graph::Field {
                        name: field.name.text.clone(),
                        ty,
                        default,
                        doc: field.doc.clone(),
                    });
                }
                None => whole = false,
            }
        }
        (whole.then_some(made), deepest + 1)
    }
}

/// Whether a value of one type may stand where the other is wanted.
pub(crate) fn fits(found: &Type, wanted: &Type) -> bool {
    match (found, wanted) {
        (_, Type::Json) => true,
        (Type::Null, Type::Optional(_)) => true,
        (Type::Optional(found), Type::Optional(wanted)) => Arc::ptr_eq(found, wanted) || fits(found, wanted),
        (found, Type::Optional(wanted)) => fits(found, wanted),
        (Type::Int, Type::Decimal) => true,
        (Type::Enum(_) | Type::TimeZone, Type::Text) => true,
        (Type::Codes(_), Type::Int | Type::Decimal) => true,
        (Type::Enum(found), Type::Enum(wanted)) | (Type::Codes(found), Type::Codes(wanted)) => {
            found.iter().all(|member| wanted.contains(member))
        }
        (Type::List(found), Type::List(wanted)) => Arc::ptr_eq(found, wanted) || fits(found, wanted),
        (Type::Record(found), Type::Record(wanted)) => {
            Arc::ptr_eq(found, wanted)
                || wanted
                    .fields
                    .iter()
                    .all(|field| found.field(&field.name).is_some_and(|given| fits(&given.ty, &field.ty)))
        }
        (Type::Union(found), wanted) => {
            found.variants.iter().all(|variant| fits(&Type::Record(variant.clone()), wanted))
        }
        (found @ Type::Record(_), Type::Union(wanted)) => {
            wanted.variants.iter().any(|variant| fits(found, &Type::Record(variant.clone())))
        }
        (
            Type::Null
            | Type::Bool
            | Type::Int
            | Type::Decimal
            | Type::Text
            | Type::DateTime
            | Type::Date
            | Type::Duration
            | Type::TimeZone
            | Type::Json
            | Type::Enum(_)
            | Type::Codes(_)
            | Type::List(_)
            | Type::Record(_)
            | Type::Optional(_),
            _,
        ) => std::mem::discriminant(found) == std::mem::discriminant(wanted) && is_plain(found),
    }
}

fn is_plain(ty: &Type) -> bool {
    !matches!(
        ty,
        Type::Enum(_) | Type::Codes(_) | Type::List(_) | Type::Record(_) | Type::Union(_) | Type::Optional(_)
    )
}

/// The type of a value that is one or the other.
pub(crate) fn join(a: &Type, b: &Type) -> Option<Type> {
    match (a, b) {
        (Type::Null, other) | (other, Type::Null) => Some(other.clone().optional()),
        (Type::Optional(x), Type::Optional(y)) => Some(join(x, y)?.optional()),
        (Type::Optional(x), y) | (y, Type::Optional(x)) => Some(join(x, y)?.optional()),
        _ if fits(a, b) => Some(b.clone()),
        _ if fits(b, a) => Some(a.clone()),
        (Type::Enum(x), Type::Enum(y)) => {
            let more = y.iter().filter(|member| !x.contains(member));
            Some(Type::Enum(x.iter().chain(more).cloned().collect()))
        }
        (Type::Codes(_), Type::Codes(_)) => Some(Type::Int),
        (Type::Record(x), Type::Record(y)) if x.fields.len() == y.fields.len() => {
            let both = x.fields.iter().map(|field| {
                let ty = join(&field.ty, &y.field(&field.name)?.ty)?;
                Some(graph::Field { name: field.name.clone(), ty, default: None, doc: None })
            });
            let fields = both.collect::<Option<_>>()?;
            Some(Type::Record(Arc::new(RecordType { name: None, fields })))
        }
        _ => None,
    }
}
