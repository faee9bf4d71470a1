//! One attempt of a call: the URL is joined and checked, credentials are added, the answer is read within bounds.

use std::time::Duration;

use graph::{Answer, Auth, CallError, ErrorKind, Request, auth::Sent};
use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use tokio::time::{Instant, timeout_at};
use url::Url;
use uuid::Uuid;

use crate::{
    Shown, Trace,
    answer::{Patience, failure, late, read},
    aws,
    credentials::{Credentials, sent_as},
    partner::{Here, Partner},
    secret::{MASK, without},
    sign::{self, Message},
};

/// The most bytes of a URL: the client holds no more than 65,534, and credentials may come to it.
const MOST_URL_BYTES: usize = 60_000;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const TRACEPARENT: &str = "traceparent";
/// The status of an answer to credentials that are not taken.
const UNAUTHORIZED: u16 = 401;

/// Makes one attempt, bounded in time and size. A token that is refused is had anew once, and the request sent again:
/// all of it within the time of one attempt, because whoever made the call looks for its end then.
pub(crate) async fn make(
    partner: &Partner,
    request: &Request,
    key: Uuid,
    trace: Option<Trace>,
) -> Result<Answer, CallError> {
    let within = Duration::from_micros(partner.here.connection.timeout_each.unsigned_abs());
    let patience = Patience { who: "the partner", most_bytes: 1 << 20, within };
    let deadline = Instant::now() + within;
    let in_time = timeout_at(deadline, async {
        let (answer, token) = send(partner, request, key, trace, patience).await?;
        let (Some(tokens), Some(number)) = (&partner.token, token) else { return Ok(answer) };
        if answer.status != UNAUTHORIZED || !tokens.refuse(number) {
            return Ok(answer);
        }
        let (answer, token) = send(partner, request, key, trace, patience).await?;
        if let Some(number) = token {
            tokens.judge(number, answer.status != UNAUTHORIZED);
        }
        Ok(answer)
    });
    in_time.await.unwrap_or_else(|_| Err(late(patience)))
}

/// Sends the request once. Gives the number of the token that went along.
async fn send(
    partner: &Partner,
    request: &Request,
    key: Uuid,
    trace: Option<Trace>,
    patience: Patience,
) -> Result<(Answer, Option<u64>), CallError> {
    let mut url = join(&partner.here, request).await?;
    let credentials = Credentials::of(partner).await?;
    credentials.onto_url(&mut url);
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|_| invalid("the method is not one"))?;
    let mut known = credentials.sent.clone();
    let signed = sign::headers(&partner.here, &Message { request, url: &url, id: key }, &mut known).await?;
    let mut builder = partner
        .here
        .request(method, url)
        .await?
        .timeout(patience.within)
        .header(IDEMPOTENCY_KEY, key.to_string());
    for (name, value) in &request.headers {
        builder = builder.header(header_name(name)?, header_value(value)?);
    }
    let says_another = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(TRACEPARENT));
    if let Some(trace) = trace.filter(|_| !says_another) {
        builder = builder.header(TRACEPARENT, trace.to_string());
    }
    if let Some((content_type, body)) = &request.body {
        builder = builder.header(CONTENT_TYPE, header_value(content_type)?).body(body.clone());
    }
    for (name, value) in signed {
        builder = builder.header(name, value);
    }
    let sent = credentials.onto_request(builder).send().await;
    let mut answer = read(sent.map_err(|error| failure(&error, patience))?, patience).await?;
    // A secret in the URL was found a moment ago; if it is lost since, it is not to be had for an error either.
    let _ = partner.here.credential(&partner.here.connection.url, &mut known).await;
    answer.body = without(answer.body, &known);
    answer.content_type = answer.content_type.map(|text| without(text, &known));
    for (_, text) in &mut answer.headers {
        *text = without(std::mem::take(text), &known);
    }
    Ok((answer, credentials.token))
}

/// Base path and the request's path, nothing else: what a value holds cannot change the host or climb out of a folder.
async fn join(here: &Here, request: &Request) -> Result<Url, CallError> {
    let mut url = here.base().await?;
    let base = url.path().to_owned();
    let (path, query) = match request.path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.path.as_str(), None),
    };
    // Without a path of the action's own the URL stays what it is, to its last slash.
    let wanted = if path.is_empty() { base } else { format!("{}{path}", base.trim_end_matches('/')) };
    let parts: Vec<&str> = url.query().into_iter().chain(query).collect();
    let query = Some(parts.join("&")).filter(|query| !query.is_empty());
    url.set_path(&wanted);
    url.set_query(query.as_deref());
    let begins = path.is_empty() || path.starts_with('/');
    if !begins || url.path() != wanted || url.query() != query.as_deref() {
        return Err(invalid(
            "the path does not stay as it was written: a value holds `.`, `..` or a character that no URL has",
        ));
    }
    if url.as_str().len() > MOST_URL_BYTES {
        return Err(invalid(
            "the URL would have more than 60,000 bytes; what is so long belongs in the body",
        ));
    }
    Ok(url)
}

/// The request as it would go out, secrets masked.
pub(crate) async fn preview(here: &Here, request: &Request, key: Uuid) -> Shown {
    let url = join(here, request).await;
    let (mut target, host) = match &url {
        Ok(url) => match here.masked_base() {
            Some(base) => (format!("{base}{}", request.path), MASK.to_owned()),
            None => (url.to_string(), url.host_str().unwrap_or_default().to_owned()),
        },
        Err(error) => (format!("{} ({})", request.path, error.reason), String::new()),
    };
    let mut headers = vec![("Host".to_owned(), host), ("Idempotency-Key".to_owned(), key.to_string())];
    headers.extend(request.headers.iter().map(|(name, value)| (name.to_string(), value.clone())));
    match &here.connection.auth {
        Auth::None => {}
        Auth::Basic { user, .. } => {
            headers.push(("Authorization".into(), format!("Basic {}:{MASK}", here.shown(user))))
        }
        Auth::Bearer(token) => {
            headers.push(("Authorization".into(), format!("Bearer {}", here.shown(token))))
        }
        Auth::HeaderKey { header, key } => headers.push((header.to_string(), here.shown(key))),
        Auth::QueryKey { parameter, key } => with_key(&mut target, parameter, &here.shown(key)),
        Auth::Aws(way) => {
            if let Ok(url) = &url {
                headers.extend(aws::preview(here, way, &Message { request, url, id: key }));
            }
        }
        auth @ (Auth::OAuth2(_) | Auth::Jwt(_) | Auth::Token(_)) => match sent_as(auth) {
            Sent::Bearer => headers.push(("Authorization".into(), format!("Bearer {MASK}"))),
            Sent::Header { name, before, behind } => {
                headers.push((name.to_string(), format!("{before}{MASK}{behind}")))
            }
            Sent::Query(parameter) => with_key(&mut target, parameter, MASK),
        },
    }
    if let Ok(url) = &url {
        headers.extend(sign::preview(here, &Message { request, url, id: key }));
    }
    if let Some((content_type, _)) = &request.body {
        headers.push(("Content-Type".into(), content_type.to_string()));
    }
    let body = request.body.as_ref().map(|(_, body)| body.clone());
    Shown { method: request.method.to_string(), url: target, headers, body }
}

fn with_key(target: &mut String, parameter: &str, shown: &str) {
    let mark = if target.contains('?') { '&' } else { '?' };
    *target += &format!("{mark}{parameter}={shown}");
}

pub(crate) fn header_name(name: &str) -> Result<HeaderName, CallError> {
    HeaderName::try_from(name).map_err(|_| invalid("a header's name is not one"))
}

pub(crate) fn header_value(value: &str) -> Result<HeaderValue, CallError> {
    HeaderValue::try_from(value)
        .map_err(|_| invalid("a header's value holds a line break or another control character"))
}

fn invalid(reason: &str) -> CallError {
    CallError::new(ErrorKind::Invalid, reason)
}
