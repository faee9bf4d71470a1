//! Answers are read within bounds, and what goes wrong is said without what was sent.

use std::{error::Error as _, time::Duration};

use graph::{Answer, CallError, ErrorKind};
use reqwest::{
    Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
};

use crate::guard::Denied;

/// The longest pause that a partner may ask for, in seconds.
const LONGEST_PAUSE: i64 = 86_400;

/// Who answers: what sentences call it, how many bytes it may say (after decompression), and how long it may take.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) who: &'static str,
    pub(crate) most_bytes: usize,
    pub(crate) within: Duration,
}

/// Reads a whole answer.
pub(crate) async fn read(mut response: Response, patience: Patience) -> Result<Answer, CallError> {
    let status = response.status().as_u16();
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (content_type, retry_after) = (text(CONTENT_TYPE), text(RETRY_AFTER).and_then(|text| pause(&text)));
    let misfit =
        |reason: String| CallError { status: Some(status), ..CallError::new(ErrorKind::Invalid, reason) };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, patience))? {
        if body.len() + chunk.len() > patience.most_bytes {
            let most = match patience.most_bytes >> 10 {
                1024 => "1 MiB".to_owned(),
                kibibytes => format!("{kibibytes} KiB"),
            };
            return Err(misfit(format!("the answer is larger than {most}")));
        }
        body.extend_from_slice(&chunk);
    }
    let body = String::from_utf8(body).map_err(|_| misfit("the answer is not UTF-8 text".into()))?;
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
pub(crate) fn failure(error: &reqwest::Error, patience: Patience) -> CallError {
    if error.is_timeout() {
        return late(patience);
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
    CallError::new(ErrorKind::Refused, format!("{} cannot be reached: {why}", patience.who))
}

/// There is no whole answer in time.
pub(crate) fn late(patience: Patience) -> CallError {
    let within = graph::duration_text(patience.within.as_micros().try_into().unwrap_or(0));
    CallError::new(ErrorKind::Timeout, format!("no whole answer within {within}"))
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
