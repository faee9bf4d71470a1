//! `token { … }`: a request of the partner's own that is answered with a token. It is the same for everybody, so its holes
//! hold only what the environment has.

use graph::{
    Auth, Name, Setting, TokenCall,
    auth::{Found, Life, Piece, Sent, TokenBody},
};

use super::{
    action::{header_name, reserved_header},
    connection::{fixed_only, held, joined, named, url},
    json,
    scope::Env,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Body, Expr, ExprKind, SendAs, Text, TextPart},
    },
};

/// How the names of fields end whose values stand in no file.
const SECRET_WORDS: [&str; 6] = ["password", "passwd", "secret", "apikey", "token", "authorization"];

/// Checks a request for a token.
pub(super) fn check(call: &ast::TokenCall, env: &mut Env<'_>) -> Auth {
    let url = url(&call.url, "#", env);
    let named_texts = |pairs: &[(Text, Text)], header: bool, env: &mut Env<'_>| -> Vec<(Name, Setting)> {
        let one = |(name, value): &(Text, Text), env: &mut Env<'_>| {
            let name_text = if header { sent_header(name, true, env) } else { fixed(name, env) };
            not_in_the_file(&name_text, value, env);
            (name_text, joined(value, env))
        };
        pairs.iter().map(|pair| one(pair, env)).collect()
    };
    let query = named_texts(&call.sent.query, false, env);
    let headers = named_texts(&call.sent.headers, true, env);
    let body = body(call.sent.body.as_ref(), call.way.at, env);
    let Some((_, token)) = &call.token else {
        env.report(
            Report::new(Code::BadSetting, call.way.at, "`token` does not say where the token is")
                .label("something is missing")
                .help("add `token: \"data.token\"`, the names that lead to it in the answer, or `token: header \"X-Token\"`"),
        );
        return Auth::None;
    };
    let token = match token {
        ast::Found::Field(text) => Found::Field(path(text, env)),
        ast::Found::Header(name) => Found::Header(sent_header(name, false, env)),
    };
    let expires = call.expires.as_ref().map(|(at, expires)| match expires {
        ast::Expires::Fixed(micros) => Life::Fixed(lives(*at, *micros, env)),
        ast::Expires::Field(text, unit) => Life::Field { path: path(text, env), unit: *unit },
    });
    let send = match call.send.as_ref().map(|(_, send)| send) {
        None | Some(SendAs::Bearer) => Sent::Bearer,
        Some(SendAs::Header(name, value)) => in_header(name, value, env),
        Some(SendAs::Query(name)) => Sent::Query(fixed(name, env)),
    };
    let method = call.method.text.clone();
    Auth::Token(Box::new(TokenCall { method, url, query, headers, body, token, expires, send }))
}

fn lives(at: At, micros: i64, env: &mut Env<'_>) -> i64 {
    if !(1_000_000..=30 * 86_400_000_000).contains(&micros) {
        env.report(
            Report::new(Code::BadSetting, at, "a token lives from a second to 30 days").label("out of range"),
        );
    }
    micros
}

fn fixed(text: &Text, env: &mut Env<'_>) -> Name {
    let fixed = text.fixed();
    if fixed.is_none() {
        let report = Report::new(Code::BadTemplate, text.at, "this text cannot have holes");
        env.report(report.label("fixed text only"));
    }
    fixed.unwrap_or_default().into()
}

/// The name of a header; of one that we send only if nothing else sets it.
fn sent_header(name: &Text, ours: bool, env: &mut Env<'_>) -> Name {
    let fixed = fixed(name, env);
    if let Some(report) = header_name(&fixed, name.at) {
        env.report(report);
    } else if let Some(how) =
        reserved_header(&fixed).filter(|_| ours && !fixed.eq_ignore_ascii_case("authorization"))
    {
        env.report(
            Report::new(Code::BadSetting, name.at, format!("the header `{fixed}` is not set here"))
                .label("set elsewhere")
                .help(how),
        );
    }
    fixed
}

/// Names with points between: `"data.token"`.
fn path(text: &Text, env: &mut Env<'_>) -> Vec<Name> {
    let fixed = fixed(text, env);
    let names: Vec<Name> = fixed.split('.').map(Name::from).collect();
    if names.iter().any(|name| name.is_empty()) {
        env.report(
            Report::new(Code::BadSetting, text.at, "this leads to nothing in an answer")
                .label("a name is missing")
                .help("write the names that lead to it with points between: `\"data.token\"`"),
        );
    }
    names
}

/// A header's text with the token in its one hole.
fn in_header(name: &Text, value: &Text, env: &mut Env<'_>) -> Sent {
    let name = sent_header(name, true, env);
    let (mut texts, mut holes) = ([String::new(), String::new()], 0);
    for part in &value.parts {
        match part {
            TextPart::Text { text, .. } if holes == 0 => texts[0] += text,
            TextPart::Text { text, .. } => texts[1] += text,
            TextPart::Hole { value: Expr { kind: ExprKind::Name(name), .. }, .. } if &**name == "token" => {
                holes += 1;
            }
            TextPart::Hole { .. } | TextPart::If { .. } | TextPart::For { .. } => holes += 2,
        }
    }
    if holes != 1 {
        env.report(
            Report::new(Code::BadTemplate, value.at, "the token is sent in the one hole of a text")
                .label(if holes == 0 { "no hole" } else { "not one hole with the token" })
                .help("write `\"{{ token }}\"`, perhaps with text around it"),
        );
    }
    let [before, behind] = texts.map(Name::from);
    Sent::Header { name, before, behind }
}

fn body(body: Option<&Body>, at: At, env: &mut Env<'_>) -> TokenBody {
    match body {
        None => TokenBody::None,
        Some(Body::Json(text)) => {
            json::check(text, env);
            for name in literal_secrets(text) {
                plain(&name, text.at, env);
            }
            let piece = |part: &TextPart, env: &mut Env<'_>| match part {
                TextPart::Text { text, .. } => Piece::Text(text.as_str().into()),
                TextPart::Hole { quoted, .. } => {
                    Piece::Hole { value: held(part, text.at, env), quoted: *quoted }
                }
                TextPart::If { .. } | TextPart::For { .. } => {
                    Piece::Hole { value: fixed_only(text.at, env), quoted: false }
                }
            };
            TokenBody::Json(text.parts.iter().map(|part| piece(part, env)).collect())
        }
        Some(Body::Form(fields)) => {
            let field = |(name, value): &(ast::Ident, Expr), env: &mut Env<'_>| {
                let value = match &value.kind {
                    ExprKind::Text(text) => {
                        not_in_the_file(&name.text, text, env);
                        joined(text, env)
                    }
                    _ => named(value, env).unwrap_or_else(|| fixed_only(value.at, env)),
                };
                (name.text.clone(), value)
            };
            TokenBody::Form(fields.iter().map(|one| field(one, env)).collect())
        }
        Some(Body::Xml(_) | Body::Multipart(..)) => {
            env.report(
                Report::new(Code::BadSetting, at, "a token is asked for by `json`, `form` or `text`")
                    .label("has another kind of body")
                    .help("write XML that holds a secret as `text \"application/xml\" \"…\"`"),
            );
            TokenBody::None
        }
        Some(Body::Text(kind, text)) => {
            TokenBody::Text { content_type: fixed(kind, env), text: joined(text, env) }
        }
    }
}

/// What is called a secret must not be readable in the file.
fn not_in_the_file(name: &str, value: &Text, env: &mut Env<'_>) {
    if is_secret(name) && value.fixed().is_some_and(|text| !text.is_empty()) {
        plain(name, value.at, env);
    }
}

fn plain(name: &str, at: At, env: &mut Env<'_>) {
    env.report(
        Report::new(Code::SecretInText, at, format!("`{name}` must not stand in the file"))
            .label("a secret in plain text")
            .help("keep it in the environment and name it here: `\"{{ secret(\"NAME\") }}\"`"),
    );
}

fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    SECRET_WORDS.iter().any(|word| plain.to_ascii_lowercase().ends_with(word))
}

/// The fields of a JSON body that are called secrets and are written out.
fn literal_secrets(text: &Text) -> Vec<String> {
    const HOLE: &str = "\u{0}";
    let written = text.parts.iter().map(|part| match part {
        TextPart::Text { text, .. } => text.clone(),
        TextPart::Hole { quoted: true, .. } => "\\u0000".into(),
        TextPart::Hole { .. } | TextPart::If { .. } | TextPart::For { .. } => "null".into(),
    });
    let mut found = Vec::new();
    let mut open: Vec<serde_json::Value> =
        serde_json::from_str(&written.collect::<String>()).into_iter().collect();
    while let Some(tree) = open.pop() {
        match tree {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    let literal = value.as_str().is_some_and(|text| !text.is_empty() && !text.contains(HOLE));
                    if literal && is_secret(&name) {
                        found.push(name);
                    }
                    open.push(value);
                }
            }
            serde_json::Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}
