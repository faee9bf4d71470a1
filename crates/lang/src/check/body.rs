//! The bodies of actions: each hole gets the escape of its place, and what is fixed is checked for what it says it is.

use graph::{Body, FormPart, Name, Template};

use super::{expr::Check, json, templates::Place, xml};
use crate::{
    diagnostic::{Code, Report},
    syntax::ast::{self, Expr, ExprKind, RequestParts, Text, TextPart},
};

impl Check<'_, '_> {
    /// The body of a request.
    pub(super) fn body(&mut self, body: Option<&ast::Body>) -> Body {
        match body {
            None => Body::None,
            Some(ast::Body::Json(text)) => {
                json::check(text, self.env);
                Body::Json(self.template(text, Place::Json))
            }
            Some(ast::Body::Xml(text)) => {
                xml::check(text, self.env);
                Body::Xml(self.template(text, Place::Xml))
            }
            Some(ast::Body::Form(fields)) => {
                let fields = fields.iter().map(|(name, value)| (name.text.clone(), self.form_value(value)));
                Body::Form(fields.collect())
            }
            Some(ast::Body::Multipart(at, parts)) => {
                if parts.is_empty() {
                    let report =
                        Report::new(Code::MissingValue, *at, "a `multipart` body has at least one part");
                    self.env
                        .report(report.label("has none").help("write one as in `note: profile.firstName`"));
                }
                Body::Multipart(parts.iter().map(|part| self.form_part(part)).collect())
            }
            Some(ast::Body::Text(kind, text)) => {
                let content_type = self.media_type(kind);
                Body::Text { content_type, text: self.template(text, Place::Plain) }
            }
        }
    }

    fn form_part(&mut self, part: &ast::FormPart) -> FormPart {
        FormPart {
            name: part.name.text.clone(),
            value: self.form_value(&part.value),
            content_type: part.content_type.as_ref().map(|kind| self.media_type(kind)),
            file_name: part.file_name.as_ref().map(|name| {
                if name.parts.is_empty() {
                    let report = Report::new(Code::MissingValue, name.at, "the name of a file is empty");
                    self.env.report(report.label("no name").help("write it as in `named \"orders.csv\"`"));
                }
                self.template(name, Place::Header)
            }),
        }
    }

    /// A field of a form: a template, or the one hole of an expression.
    fn form_value(&mut self, value: &Expr) -> Template {
        match &value.kind {
            ExprKind::Text(text) => self.template(text, Place::Plain),
            _ => {
                let hole = TextPart::Hole { value: value.clone(), quoted: false, at: value.at };
                self.template(&Text { at: value.at, parts: vec![hole] }, Place::Plain)
            }
        }
    }

    /// A content type: two names with a slash between, perhaps with parameters.
    fn media_type(&mut self, text: &Text) -> Name {
        let Some(fixed) = self.fixed(text) else { return Name::default() };
        if !is_media_type(&fixed) {
            self.env.report(
                Report::new(Code::BadSetting, text.at, format!("`{fixed}` is not a content type"))
                    .label("not a content type")
                    .help("write two names with a slash between, as in `\"text/plain\"` or `\"application/vnd.api+json\"`"),
            );
        }
        fixed
    }

    /// Reports a header that says of the body what the body says itself.
    pub(super) fn content_type_said_once(&mut self, sent: &RequestParts) {
        let named = |name: &Text| name.fixed().is_some_and(|name| name.eq_ignore_ascii_case("content-type"));
        let mut said = sent.headers.iter().filter(|(name, _)| named(name)).map(|(name, _)| name.at);
        let Some(first) = said.next() else { return };
        if let Some(again) = said.next() {
            let report = Report::new(Code::DuplicateName, again, "`Content-Type` is said twice");
            self.env.report(report.label("second time").related(first, "first time"));
        }
        let word = match &sent.body {
            None | Some(ast::Body::Json(_) | ast::Body::Xml(_)) => return,
            Some(ast::Body::Form(_)) => "form",
            Some(ast::Body::Multipart(..)) => "multipart",
            Some(ast::Body::Text(..)) => "text",
        };
        self.env.report(
            Report::new(Code::BadSetting, first, format!("the content type is said by `{word}` already"))
                .label("said again")
                .help("leave the header out; only `json` and `xml` may be called something else by it"),
        );
    }
}

fn is_media_type(text: &str) -> bool {
    let token = |name: &str| {
        let good = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
        !name.is_empty() && name.chars().all(good)
    };
    let (kind, parameters) = text.split_once(';').map_or((text, ""), |(kind, rest)| (kind, rest));
    let two = kind.trim_end().split_once('/').is_some_and(|(kind, own)| token(kind) && token(own));
    two && parameters.chars().all(|letter| matches!(letter, ' '..='~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_is_two_names_and_perhaps_more() {
        for good in ["text/plain", "application/vnd.api+json", "text/csv; charset=utf-8; header=\"a b\""] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in ["", "text", "text/", "/plain", "text/plain\r\nX: y", "a b/c", "text/plain; a=é"] {
            assert!(!is_media_type(bad), "{bad}");
        }
    }
}
