//! How a connection signs, and its certificates: keys stand in no file, and what is signed can be verified.

use graph::{
    Name, Sign, Tls,
    sign::{Algorithm, Encoding, Hmac, Mark},
};

use super::{
    action::{header_name, reserved_header},
    auth::{needed, secret},
    connection::setting,
    scope::Env,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::ast::{self, Expr, ExprKind, Parts, SettingSource, TextPart},
};

/// What may stand in the holes of what is signed, and of what stands before the signature.
const OVER: [(&str, Mark); 5] = [
    ("timestamp", Mark::Timestamp),
    ("body", Mark::Body),
    ("method", Mark::Method),
    ("path", Mark::Path),
    ("id", Mark::Id),
];
const PREFIX: [(&str, Mark); 2] = [("timestamp", Mark::Timestamp), ("id", Mark::Id)];

/// Checks the `sign` of a connection.
pub(super) fn check(sign: &ast::Sign, env: &mut Env<'_>) -> Option<Sign> {
    match sign {
        ast::Sign::StandardWebhooks(written) => {
            Some(Sign::StandardWebhooks(secret(written, "the secret of the signature", env)))
        }
        ast::Sign::Hmac(parts) => hmac(parts, env).map(|made| Sign::Hmac(Box::new(made))),
    }
}

pub(super) fn hmac(parts: &Parts, env: &mut Env<'_>) -> Option<Hmac> {
    let header = needed(parts, "header", "\"X-Signature\"", env).map(|written| header(written, env));
    let key = needed(parts, "key", "secret(\"NAME\")", env).map(|key| secret(key, "the key", env));
    let algorithm = match parts.word("algorithm").map(|(_, word)| word) {
        Some("sha1") => Algorithm::Sha1,
        Some("sha512") => Algorithm::Sha512,
        _ => Algorithm::Sha256,
    };
    let encoding = match parts.word("encoding").map(|(_, word)| word) {
        Some("base64") => Encoding::Base64,
        _ => Encoding::Hex,
    };
    let prefix = parts.given("prefix").map(|written| marks(written, &PREFIX, env)).unwrap_or_default();
    let timestamp = parts.given("timestamp").map(|written| self::header(written, env));
    let over = match parts.given("over") {
        None => vec![Mark::Body],
        Some(written) => {
            let over = marks(written, &OVER, env);
            verifiable(&over, timestamp.is_some() || prefix.contains(&Mark::Timestamp), written, env);
            over
        }
    };
    Some(Hmac { header: header?, key: key?, algorithm, encoding, prefix, over, timestamp })
}

/// Whoever gets the request must be able to write down what was signed.
fn verifiable(over: &[Mark], dated: bool, written: &ast::Setting, env: &mut Env<'_>) {
    let mut wrong = |message: &str, label: &str, help: &str| {
        env.report(Report::new(Code::BadSetting, written.at, message).label(label).help(help));
    };
    if !over.contains(&Mark::Body) {
        wrong(
            "the signature does not cover the body",
            "no `{{ body }}`",
            "put it in: `over: \"{{ timestamp }}.{{ body }}\"`",
        );
    }
    if over.contains(&Mark::Timestamp) && !dated {
        wrong(
            "nobody could verify this signature: its moment is not sent",
            "`{{ timestamp }}` is signed",
            "name a header for it: `timestamp: \"X-Timestamp\"`",
        );
    }
}

fn header(written: &ast::Setting, env: &mut Env<'_>) -> Name {
    let fixed = written.text.fixed().filter(|_| written.source == SettingSource::Text).unwrap_or_default();
    let reserved = reserved_header(&fixed).map(|how| {
        Report::new(Code::BadSetting, written.at, format!("the header `{fixed}` cannot be a signature"))
            .label("set elsewhere")
            .help(how)
    });
    if let Some(report) = header_name(&fixed, written.at).or(reserved) {
        env.report(report);
    }
    fixed.into()
}

fn marks(written: &ast::Setting, allowed: &[(&str, Mark)], env: &mut Env<'_>) -> Vec<Mark> {
    let mark = |part: &TextPart| match part {
        TextPart::Text { text, .. } => Some(Mark::Text(text.as_str().into())),
        TextPart::Hole { value: Expr { kind: ExprKind::Name(name), .. }, .. } => {
            allowed.iter().find(|(known, _)| *known == &**name).map(|(_, mark)| mark.clone())
        }
        TextPart::Hole { .. } | TextPart::If { .. } | TextPart::For { .. } => None,
    };
    let marks: Option<Vec<Mark>> = written.text.parts.iter().map(mark).collect();
    if let Some(marks) = marks.filter(|_| written.source == SettingSource::Text) {
        return marks;
    }
    let list: Vec<String> = allowed.iter().map(|(name, _)| format!("`{name}`")).collect();
    env.report(
        Report::new(Code::BadTemplate, written.at, format!("holes here hold {}", list.join(", ")))
            .label("something else")
            .help("write what the partner's manual says, such as `over: \"{{ timestamp }}.{{ body }}\"`"),
    );
    // What follows from a signature that is not understood is not said too.
    vec![Mark::Body]
}

/// Checks the `tls` of a connection.
pub(super) fn tls(parts: &Parts, env: &mut Env<'_>) -> Tls {
    let (certificate, key) = (parts.given("certificate"), parts.given("key"));
    if certificate.is_some() != key.is_some() {
        let (one, other) = if key.is_some() { ("key", "certificate") } else { ("certificate", "key") };
        env.report(
            Report::new(Code::BadSetting, parts.way.at, format!("`tls` has a `{one}` and no `{other}`"))
                .label("something is missing")
                .help(format!("add `{other}: secret(\"NAME\")`; both are PEM")),
        );
    }
    let ca = parts.given("ca").map(|ca| setting(ca, env));
    let only = parts.word("ca_only").filter(|(_, word)| *word == "true");
    if let (Some((name, _)), None) = (only, &ca) {
        env.report(
            Report::new(Code::BadSetting, name.at, "`ca_only` leaves no authority at all")
                .label("there is no `ca`")
                .help("add `ca: secret(\"NAME\")`, the certificates of the partner's authorities"),
        );
    }
    let identity = certificate.zip(key).map(|(certificate, key)| {
        (setting(certificate, env), secret(key, "the key of the certificate", env))
    });
    Tls { identity, ca, ca_only: only.is_some() }
}
