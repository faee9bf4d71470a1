//! Templates: each hole gets the escape of its place, and must have something to print.

use graph::{Escape, Part, Template, Type};

use super::expr::Check;
use crate::{
    diagnostic::{Code, Report},
    syntax::ast::{Expr, Text, TextPart},
};

/// Where a text will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Plain,
    Url,
    Header,
    Json,
    Xml,
    Html,
}

impl Check<'_, '_> {
    pub(crate) fn template(&mut self, text: &Text, place: Place) -> Template {
        let mut parts = Vec::new();
        for part in &text.parts {
            match part {
                TextPart::Text { text, .. } => parts.push(Part::Text(text.as_str().into())),
                TextPart::Hole { value, quoted, .. } => parts.push(self.hole(value, *quoted, place)),
                TextPart::If { branches, otherwise } => {
                    let mark = self.scope.mark();
                    let mut made = Vec::new();
                    for (condition, text) in branches {
                        let test = self.condition(condition);
                        let inner = self.scope.mark();
                        self.scope.learn(super::narrow::facts(condition, true));
                        made.push((test, self.template(text, place)));
                        self.scope.reset(inner);
                        self.scope.learn(super::narrow::facts(condition, false));
                    }
                    let otherwise =
                        otherwise.as_ref().map(|text| self.template(text, place)).unwrap_or_default();
                    self.scope.reset(mark);
                    parts.push(Part::If { branches: made, otherwise });
                }
                TextPart::For { variable, list, body } => {
                    let (items, ty) = self.infer(list, None);
                    let item = match ty {
                        Some(Type::List(item)) => Some((*item).clone()),
                        Some(Type::Json) => Some(Type::Json),
                        Some(found) if matches!(found.settled(), Type::List(_)) => {
                            self.unsettled(list.at, &found, "what `for` goes through");
                            None
                        }
                        Some(other) => {
                            self.report(
                                Report::new(
                                    Code::WrongType,
                                    list.at,
                                    format!("`for` goes through a list, this is {other}"),
                                )
                                .label(format!("this is {other}")),
                            );
                            None
                        }
                        None => None,
                    };
                    let mark = self.scope.mark();
                    self.scope.bind_variable(variable, item, self.env);
                    let body = self.template(body, place);
                    self.scope.reset(mark);
                    parts.push(Part::For { variable: variable.text.clone(), list: items, body });
                }
            }
        }
        Template { parts }
    }

    fn hole(&mut self, value: &Expr, quoted: bool, place: Place) -> Part {
        let escape = match place {
            Place::Plain => Escape::Plain,
            Place::Url => Escape::Url,
            Place::Header => Escape::Header,
            Place::Xml => Escape::Xml,
            Place::Html => Escape::Html,
            Place::Json if quoted => Escape::JsonString,
            Place::Json => Escape::JsonValue,
        };
        let (made, ty) = self.infer(value, None);
        if let Some(ty) = ty {
            // A bare JSON value may be missing: it is written as `null`.
            if ty.is_optional() && escape != Escape::JsonValue {
                self.unsettled_hole(value, &ty);
            } else if matches!(ty, Type::List(_) | Type::Record(_) | Type::Union(_))
                && matches!(place, Place::Url | Place::Header)
            {
                self.report(
                    Report::new(
                        Code::WrongType,
                        value.at,
                        format!("{ty} cannot be printed in a URL or a header"),
                    )
                    .label(format!("this is {ty}"))
                    .help("print one of its fields, or make it text with `.join(\",\")` or `.toJson()`"),
                );
            }
        }
        Part::Hole { value: made, escape }
    }

    fn unsettled_hole(&mut self, value: &Expr, ty: &Type) {
        let text = self.env.text(value.at);
        let default = match ty.settled() {
            Type::Int | Type::Decimal => "0".to_owned(),
            Type::Enum(members) => format!("\"{}\"", members.first().map_or("…", |member| member)),
            _ => "\"…\"".into(),
        };
        self.report(
            Report::new(
                Code::UnsettledOptional,
                value.at,
                format!("`{text}` may be missing, and then there is nothing to print"),
            )
            .label(format!("this is {ty}"))
            .help(format!("say what is printed then: `{{{{ {text} ?? {default} }}}}`"))
            .fix(value.at.end_only(), format!(" ?? {default}")),
        );
    }
}
