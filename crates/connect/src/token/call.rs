//! A token that is had by a request of the partner's own: what is sent, and where in the answer it is.

use std::time::{Duration, Instant};

use graph::{
    Answer, CallError, ErrorKind, Name, TokenCall,
    auth::{Found, Life, Piece, TokenBody},
};
use jiff::Timestamp;
use reqwest::{
    Method,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap},
};
use serde_json::Value as Json;
use url::form_urlencoded;

use super::{exchange, lives, refused};
use crate::{attempt::header_name, credentials::sensitive, partner::Here, renewed::Made, secret::Secret};

/// Asks for a token.
pub(super) async fn ask(here: &Here, call: &TokenCall) -> Result<Made<Secret>, CallError> {
    let mut sent = Vec::new();
    let mut url = here.token_url(&call.url).await?;
    for (name, value) in &call.query {
        let value = here.credential(value, &mut sent).await?;
        url.query_pairs_mut().append_pair(name, value.expose());
    }
    let method = Method::from_bytes(call.method.as_bytes())
        .map_err(|_| CallError::new(ErrorKind::Invalid, "the method is not one"))?;
    let mut request = here.request(method, url).await?.header(ACCEPT, "application/json");
    for (name, value) in &call.headers {
        let value = here.credential(value, &mut sent).await?;
        request = request.header(header_name(name)?, sensitive(value.expose())?);
    }
    if let Some((content_type, body)) = body(here, &call.body, &mut sent).await? {
        request = request.header(CONTENT_TYPE, sensitive(&content_type)?).body(body);
    }
    let since = Instant::now();
    let (answer, headers) = exchange(request).await?;
    read(call, &answer, &headers, since, &sent)
}

async fn body(
    here: &Here,
    body: &TokenBody,
    sent: &mut Vec<Secret>,
) -> Result<Option<(String, String)>, CallError> {
    Ok(match body {
        TokenBody::None => None,
        TokenBody::Json(pieces) => {
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(written) => text += written,
                    Piece::Hole { value, quoted } => {
                        let value = here.credential(value, sent).await?;
                        let whole = Json::from(value.expose()).to_string();
                        // Between quotes that are written only what stands between those of the value goes.
                        let inside = whole.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                        text += inside.filter(|_| *quoted).unwrap_or(&whole);
                    }
                }
            }
            Some(("application/json".into(), text))
        }
        TokenBody::Form(fields) => {
            let mut pairs = Vec::new();
            for (name, value) in fields {
                pairs.push((name, here.credential(value, sent).await?));
            }
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(pairs.iter().map(|(name, value)| (name, value.expose())));
            Some(("application/x-www-form-urlencoded".into(), form.finish()))
        }
        TokenBody::Text { content_type, text } => {
            Some((content_type.to_string(), here.credential(text, sent).await?.expose().to_owned()))
        }
    })
}

fn read(
    call: &TokenCall,
    answer: &Answer,
    headers: &HeaderMap,
    since: Instant,
    sent: &[Secret],
) -> Result<Made<Secret>, CallError> {
    // A server of its own kind says what is wrong in its own way, so its body is not looked into.
    let refuse = |said: Option<String>| Err(refused(answer, said, sent));
    if !(200..300).contains(&answer.status) {
        return refuse(None);
    }
    let tree: Option<Json> = serde_json::from_str(&answer.body).ok();
    let token = match &call.token {
        Found::Header(name) => {
            let value = headers.get(&**name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            value.ok_or_else(|| format!("no header `{name}`"))
        }
        Found::Field(path) => match &tree {
            None => Err("no JSON".to_owned()),
            Some(tree) => text_at(tree, path).ok_or_else(|| format!("no text at `{}`", path.join("."))),
        },
    };
    let token = match token {
        Ok(token) if !token.is_empty() => token,
        Ok(_) => return refuse(Some("an empty token".into())),
        Err(said) => return refuse(Some(said)),
    };
    let life = match &call.expires {
        None => None,
        Some(Life::Fixed(micros)) => Some(Duration::from_micros(micros.unsigned_abs())),
        Some(Life::Field { path, unit }) => {
            let said = tree.as_ref().and_then(|tree| at(tree, path)).and_then(|said| life(said, *unit));
            match said {
                Some(life) => Some(life),
                None => return refuse(Some(format!("no time at `{}`", path.join(".")))),
            }
        }
    };
    Ok(lives(Secret::new(token), since, life))
}

/// What stands in a tree behind some names.
fn at<'a>(tree: &'a Json, path: &[Name]) -> Option<&'a Json> {
    path.iter().try_fold(tree, |tree, name| match tree {
        Json::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
        tree => tree.get(&**name),
    })
}

fn text_at(tree: &Json, path: &[Name]) -> Option<String> {
    match at(tree, path)? {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// How long a token lives from now on: so many units, also where they are written as a text, or until a moment.
fn life(said: &Json, unit: i64) -> Option<Duration> {
    let number = said.as_f64().or_else(|| said.as_str()?.trim().parse().ok());
    match number {
        Some(number) => {
            Duration::try_from_secs_f64(number * Duration::from_micros(unit.unsigned_abs()).as_secs_f64())
                .ok()
        }
        None => {
            let until: Timestamp = said.as_str()?.parse().ok()?;
            Some(Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_or_a_moment() {
        let second = 1_000_000;
        for (said, unit, millis) in [
            ("60", second, Some(60_000)),
            ("\"60\"", second, Some(60_000)),
            ("1500", 1_000, Some(1_500)),
            ("2.5", 60 * second, Some(150_000)),
            ("\"2001-01-01T00:00:00Z\"", second, Some(0)),
            ("-1", second, None),
            ("null", second, None),
            ("\"soon\"", second, None),
            ("1e300", second, None),
        ] {
            let read = life(&serde_json::from_str(said).unwrap(), unit);
            assert_eq!(read, millis.map(Duration::from_millis), "{said}");
        }
        let soon = Json::from((Timestamp::now() + Duration::from_secs(100)).to_string());
        assert!(life(&soon, second).is_some_and(|life| (98..=100).contains(&life.as_secs())));
    }

    #[test]
    fn names_lead_into_records_and_lists() {
        let tree = serde_json::from_str(r#"{"a":{"b":[{"c":"x"},7]}}"#).unwrap();
        let found = |path: &str| text_at(&tree, &path.split('.').map(Name::from).collect::<Vec<_>>());
        assert_eq!(found("a.b.0.c").as_deref(), Some("x"));
        assert_eq!(found("a.b.1").as_deref(), Some("7"));
        assert_eq!(
            [found("a.b"), found("a.c"), found("a.b.2"), found("a.b.0.c.d")],
            [None, None, None, None]
        );
    }
}
