//! One attempt of a call: the URL is joined and checked, credentials are added, the answer is read within bounds.

use std::{error::Error as _, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use graph::{Answer, Auth, CallError, ErrorKind, Request};
use reqwest::{
    Method, RequestBuilder, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
};
use url::Url;
use uuid::Uuid;

use crate::{
    guard::Denied,
    partner::{MASK, Partner},
};

/// The most bytes of an answer, after decompression.
const MOST_BYTES: usize = 1 << 20;
/// The longest pause that a partner may ask for, in seconds.
const LONGEST_PAUSE: i64 = 86_400;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Makes one attempt, bounded in time and size.
pub(crate) async fn make(partner: &Partner, request: &Request, key: Uuid) -> Result<Answer, CallError> {
    let each = Duration::from_micros(partner.connection.timeout_each.unsigned_abs());
    let mut url = join(partner, request)?;
    if let Auth::QueryKey { parameter, key } = &partner.connection.auth {
        url.query_pairs_mut().append_pair(parameter, &partner.resolve(key, ErrorKind::Auth)?);
    }
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|_| invalid("the method is not one"))?;
    let guarded = partner.guard.request(method, url);
    let mut builder = guarded
        .map_err(|reason| CallError::new(ErrorKind::Refused, reason))?
        .timeout(each)
        .header(IDEMPOTENCY_KEY, key.to_string());
    for (name, value) in &request.headers {
        builder = builder.header(header_name(name)?, header_value(value)?);
    }
    if let Some((content_type, body)) = &request.body {
        builder = builder.header(CONTENT_TYPE, header_value(content_type)?).body(body.clone());
    }
    let response = with_credentials(partner, builder)?.send().await.map_err(|error| failure(&error, each))?;
    read(response, each).await
}

/// Base path and the request's path, nothing else: what a value holds cannot change the host or climb out of a folder.
fn join(partner: &Partner, request: &Request) -> Result<Url, CallError> {
    let mut url = partner.base()?;
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
    Ok(url)
}

fn with_credentials(partner: &Partner, builder: RequestBuilder) -> Result<RequestBuilder, CallError> {
    let resolve = |setting| partner.resolve(setting, ErrorKind::Auth);
    let secret = |text: String| {
        let mut value = HeaderValue::try_from(text).map_err(|_| {
            CallError::new(ErrorKind::Auth, "the credentials hold a character that no header has")
        })?;
        value.set_sensitive(true);
        Ok::<_, CallError>(value)
    };
    Ok(match &partner.connection.auth {
        Auth::None | Auth::QueryKey { .. } => builder,
        Auth::Basic { user, password } => {
            let pair = STANDARD.encode(format!("{}:{}", resolve(user)?, resolve(password)?));
            builder.header(AUTHORIZATION, secret(format!("Basic {pair}"))?)
        }
        Auth::Bearer(token) => builder.header(AUTHORIZATION, secret(format!("Bearer {}", resolve(token)?))?),
        Auth::HeaderKey { header, key } => builder.header(header_name(header)?, secret(resolve(key)?)?),
    })
}

async fn read(mut response: Response, each: Duration) -> Result<Answer, CallError> {
    let status = response.status().as_u16();
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (content_type, retry_after) = (text(CONTENT_TYPE), text(RETRY_AFTER).and_then(|text| pause(&text)));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, each))? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(CallError { status: Some(status), ..invalid("the answer is larger than 1 MiB") });
        }
        body.extend_from_slice(&chunk);
    }
    let body = String::from_utf8(body)
        .map_err(|_| CallError { status: Some(status), ..invalid("the answer is not UTF-8 text") })?;
    Ok(Answer { status, content_type, retry_after, body })
}

/// The pause of a `Retry-After` header in microseconds: seconds or a date; nonsense is no pause.
fn pause(text: &str) -> Option<i64> {
    let seconds = match text.trim().parse::<i64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
            at.as_second() - jiff::Timestamp::now().as_second()
        }
    };
    (seconds >= 0).then(|| seconds.min(LONGEST_PAUSE) * 1_000_000)
}

/// What went wrong, in words without the URL, which may hold a key.
fn failure(error: &reqwest::Error, each: Duration) -> CallError {
    if error.is_timeout() {
        let reason = format!(
            "no whole answer within {}",
            graph::duration_text(each.as_micros().try_into().unwrap_or(0))
        );
        return CallError::new(ErrorKind::Timeout, reason);
    }
    let mut cause = error.source();
    let mut deepest = None;
    while let Some(inner) = cause {
        if let Some(denied) = inner.downcast_ref::<Denied>() {
            return CallError::new(ErrorKind::Refused, denied.to_string());
        }
        deepest = Some(inner.to_string());
        cause = inner.source();
    }
    let why = deepest.unwrap_or_else(|| "the connection broke".into());
    CallError::new(ErrorKind::Refused, format!("the partner cannot be reached: {why}"))
}

/// The request as it would go out, secrets masked.
pub(crate) fn preview(partner: &Partner, request: &Request, key: Uuid) -> String {
    let (mut target, host) = match join(partner, request) {
        Ok(url) => match partner.masked_base() {
            Some(base) => (format!("{base}{}", request.path), MASK.to_owned()),
            None => (url.to_string(), url.host_str().unwrap_or_default().to_owned()),
        },
        Err(error) => (format!("{} ({})", request.path, error.reason), String::new()),
    };
    let mut headers = vec![("Host".to_owned(), host), ("Idempotency-Key".to_owned(), key.to_string())];
    headers.extend(request.headers.iter().map(|(name, value)| (name.to_string(), value.clone())));
    match &partner.connection.auth {
        Auth::None => {}
        Auth::Basic { user, .. } => {
            headers.push(("Authorization".into(), format!("Basic {}:••••", partner.shown(user))))
        }
        Auth::Bearer(token) => {
            headers.push(("Authorization".into(), format!("Bearer {}", partner.shown(token))))
        }
        Auth::HeaderKey { header, key } => headers.push((header.to_string(), partner.shown(key))),
        Auth::QueryKey { parameter, key } => {
            let mark = if target.contains('?') { '&' } else { '?' };
            target = format!("{target}{mark}{parameter}={}", partner.shown(key));
        }
    }
    if let Some((content_type, _)) = &request.body {
        headers.push(("Content-Type".into(), content_type.to_string()));
    }
    let lines: Vec<String> = headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let body = request.body.as_ref().map(|(_, body)| body.as_str()).unwrap_or_default();
    format!("{} {target} HTTP/1.1\n{}\n\n{body}", request.method, lines.join("\n"))
}

fn header_name(name: &str) -> Result<HeaderName, CallError> {
    HeaderName::try_from(name).map_err(|_| invalid("a header's name is not one"))
}

fn header_value(value: &str) -> Result<HeaderValue, CallError> {
    HeaderValue::try_from(value)
        .map_err(|_| invalid("a header's value holds a line break or another control character"))
}

fn invalid(reason: &str) -> CallError {
    CallError::new(ErrorKind::Invalid, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sensible_pauses_are_kept() {
        for (text, micros) in [
            ("2", Some(2_000_000)),
            ("0", Some(0)),
            ("-5", None),
            ("1e99", None),
            ("soon", None),
            ("99999999", Some(LONGEST_PAUSE * 1_000_000)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ] {
            assert_eq!(pause(text), micros, "{text}");
        }
    }
}
