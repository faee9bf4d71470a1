//! Renders templates and requests: every value is escaped for the place where it stands.

use std::{collections::BTreeMap, fmt::Write as _};

use graph::{
    Action, Body, CallError, ErrorKind, Escape, MailPart, Name, Part, Request, Template, Value,
    library::{
        Fault,
        encode::{html, url},
    },
};

use crate::{
    body,
    eval::{Local, Scope, evaluate, holds},
};

/// The most bytes a rendered text may have.
pub(crate) const MOST_BYTES: usize = 1 << 20;

/// The text of a template in a scope.
///
/// # Errors
/// When an expression in it fails, or the text grows beyond 1 MiB.
pub fn template_text(template: &Template, scope: &Scope<'_>) -> Result<String, Fault> {
    text(template, scope)
}

pub(crate) fn text(template: &Template, scope: &Scope<'_>) -> Result<String, Fault> {
    let mut out = String::new();
    write_into(&mut out, template, scope)?;
    Ok(out)
}

fn write_into(out: &mut String, template: &Template, scope: &Scope<'_>) -> Result<(), Fault> {
    for part in &template.parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Hole { value, escape } => write_value(out, &evaluate(value, scope)?, *escape)?,
            Part::If { branches, otherwise } => {
                let mut taken = otherwise;
                for (condition, branch) in branches {
                    if holds(condition, scope)? {
                        taken = branch;
                        break;
                    }
                }
                write_into(out, taken, scope)?;
            }
            Part::For { variable, list, body } => {
                let Value::List(items) = evaluate(list, scope)? else { continue };
                for item in items.iter() {
                    let local = Local { name: variable, value: item.clone(), next: scope.local() };
                    let inner = scope.with(&local);
                    write_into(out, body, &inner)?;
                    scope.settle(&inner);
                    scope.spend(1)?;
                }
            }
        }
        if out.len() > MOST_BYTES {
            return Err(Fault::new("the text grows beyond 1 MiB"));
        }
    }
    Ok(())
}

fn write_value(out: &mut String, value: &Value, escape: Escape) -> Result<(), Fault> {
    match escape {
        Escape::JsonValue => out.push_str(&graph::json::write(value)),
        Escape::JsonString => {
            let quoted = graph::json::write(&Value::from(value.to_string()));
            out.push_str(
                quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default(),
            );
        }
        Escape::Plain => {
            let _ = write!(out, "{value}");
        }
        Escape::Url => out.push_str(&url(&value.to_string())),
        Escape::Header => {
            let text = value.to_string();
            if text.contains(['\r', '\n', '\0']) {
                return Err(Fault::new("a header must not contain a line break"));
            }
            out.push_str(&text);
        }
        Escape::Xml => body::escape_xml(out, &value.to_string())?,
        Escape::Html => out.push_str(&html(&value.to_string())),
    }
    Ok(())
}

/// The request of an action for these arguments.
///
/// # Errors
/// Of kind `invalid`, when the data does not make a request.
pub fn request_of(action: &Action, args: &[Value], scope: &Scope<'_>) -> Result<Request, CallError> {
    let params: BTreeMap<Name, Value> =
        action.params.iter().map(|(name, _)| name.clone()).zip(args.iter().cloned()).collect();
    let scope = scope.with_variables(&params);
    let made = match action.body {
        Body::Mail => mail(action, &params),
        Body::None
        | Body::Json(_)
        | Body::Xml(_)
        | Body::Form(_)
        | Body::Multipart(_)
        | Body::Text { .. } => render(action, &scope),
    };
    made.map_err(|fault| {
        CallError::new(
            ErrorKind::Invalid,
            format!("the request of `{}` cannot be made: {fault}", action.name),
        )
    })
}

fn render(action: &Action, scope: &Scope<'_>) -> Result<Request, Fault> {
    let mut path = text(&action.path, scope)?;
    for (name, value) in &action.query {
        let mark = if path.contains('?') { '&' } else { '?' };
        let _ = write!(path, "{mark}{}={}", url(name), text(value, scope)?);
    }
    let mut headers = Vec::with_capacity(action.headers.len());
    for (name, value) in &action.headers {
        headers.push((name.clone(), text(value, scope)?));
    }
    let mut body = body::of(&action.body, scope)?;
    // What the file says of the content type is said of the body.
    let said = headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let (Some(said), Some((content_type, _))) = (said, &mut body) {
        *content_type = headers.remove(said).1.into();
    }
    Ok(Request {
        connection: action.connection.name.clone(),
        method: action.method.clone(),
        path,
        headers,
        body,
        text: None,
    })
}

/// The parts of a mail in their places. What may stand in them is known to whoever writes the mail.
fn mail(action: &Action, parts: &BTreeMap<Name, Value>) -> Result<Request, Fault> {
    let (mut headers, mut html, mut plain) = (Vec::new(), None, None);
    for part in MailPart::ALL {
        let texts: Vec<String> = match parts.get(part.word()) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(items)) => items.iter().map(ToString::to_string).collect(),
            Some(one) => vec![one.to_string()],
        };
        if texts.iter().any(|text| text.len() > MOST_BYTES) {
            return Err(Fault::new("the text grows beyond 1 MiB"));
        }
        match (part.header(), part) {
            (Some(header), _) => headers.extend(texts.into_iter().map(|text| (header.into(), text))),
            (None, MailPart::Html) => html = texts.into_iter().next(),
            (None, _) => plain = texts.into_iter().next(),
        }
    }
    let (body, text) = match html {
        Some(html) => (("text/html".into(), html), plain),
        None => (("text/plain".into(), plain.unwrap_or_default()), None),
    };
    Ok(Request {
        connection: action.connection.name.clone(),
        method: action.method.clone(),
        path: String::new(),
        headers,
        body: Some(body),
        text,
    })
}
