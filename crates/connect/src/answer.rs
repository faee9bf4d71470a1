//! Answers are read within bounds, and what goes wrong is said without what was sent.

use std::{
    error::Error as _,
    io::{self, Write},
    time::Duration,
};

use flate2::write::MultiGzDecoder;
use graph::{Answer, CallError, ErrorKind, Name};
use reqwest::{
    Response,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};

use crate::guard::Denied;

/// The longest pause that a partner may ask for, in seconds.
const LONGEST_PAUSE: i64 = 86_400;

/// The most bytes that the headers of an answer may have.
const MOST_HEADER_BYTES: usize = 64 << 10;

/// Who answers: what sentences call it, how many bytes it may say (after decompression), and how long it may take.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) who: &'static str,
    pub(crate) most_bytes: usize,
    pub(crate) within: Duration,
}

/// Up to how many bytes an answer is small.
const SMALL: usize = 64 << 10;

/// What we accept an answer to be packed with.
pub(crate) const PACKED: &str = "gzip";

/// Reads a whole answer. Its bytes are counted as they come and as they are unpacked, so neither can be without end.
pub(crate) async fn read(mut response: Response, patience: Patience) -> Result<Answer, CallError> {
    let status = response.status().as_u16();
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (content_type, retry_after) = (text(CONTENT_TYPE), text(RETRY_AFTER).and_then(|text| pause(&text)));
    let packed = text(CONTENT_ENCODING).is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case(PACKED));
    let misfit =
        |reason: String| CallError { status: Some(status), ..CallError::new(ErrorKind::Invalid, reason) };
    let headers = headers(response.headers()).map_err(misfit)?;
    // What says beforehand that it is too large need not be kept until it is.
    let most = u64::try_from(patience.most_bytes).unwrap_or(u64::MAX);
    if response.content_length().is_some_and(|length| length > most) {
        return Err(misfit(too_large(patience.most_bytes)));
    }
    let mut body = Body::new(packed, patience.most_bytes);
    let mut came = 0;
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, patience))? {
        came += chunk.len();
        if came > patience.most_bytes {
            return Err(misfit(too_large(patience.most_bytes)));
        }
        body.add(&chunk).map_err(misfit)?;
    }
    let mut body = body.finish().map_err(misfit)?;
    body.shrink_to_fit();
    let body = String::from_utf8(body);
    let body = body.map_err(|_| misfit("the answer is not UTF-8 text".into()))?;
    Ok(Answer { status, content_type, headers, retry_after, body })
}

/// The headers that are text, in the order in which they came.
fn headers(all: &HeaderMap) -> Result<Vec<(Name, String)>, String> {
    let mut made: Vec<(Name, String)> = Vec::with_capacity(all.keys_len());
    let mut bytes = 0;
    for name in all.keys() {
        let values: Vec<&str> = all.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        if values.is_empty() {
            continue;
        }
        let text = values.join(", ");
        bytes += name.as_str().len() + text.len();
        if bytes > MOST_HEADER_BYTES {
            return Err(format!("the headers of the answer are larger than {} KiB", MOST_HEADER_BYTES >> 10));
        }
        made.push((name.as_str().into(), text));
    }
    Ok(made)
}

fn too_large(most: usize) -> String {
    match most >> 10 {
        1024 => "the answer is larger than 1 MiB".into(),
        kibibytes => format!("the answer is larger than {kibibytes} KiB"),
    }
}

/// A body that is being read.
enum Body {
    Plain(Capped),
    Gzip(Box<MultiGzDecoder<Capped>>),
}

impl Body {
    fn new(packed: bool, most: usize) -> Body {
        let capped = Capped { bytes: Vec::new(), most, full: false };
        if packed { Body::Gzip(Box::new(MultiGzDecoder::new(capped))) } else { Body::Plain(capped) }
    }

    fn add(&mut self, chunk: &[u8]) -> Result<(), String> {
        match self {
            Body::Plain(body) => body.write_all(chunk).map_err(|_| too_large(body.most)),
            Body::Gzip(body) => body.write_all(chunk).map_err(|_| body.get_ref().wrong()),
        }
    }

    fn finish(self) -> Result<Vec<u8>, String> {
        match self {
            Body::Plain(body) => Ok(body.bytes),
            // Nothing at all is nothing, packed or not: the answer to HEAD, for one.
            Body::Gzip(mut body) => match body.try_finish() {
                Err(_) if body.get_ref().bytes.is_empty() && !body.get_ref().full => Ok(Vec::new()),
                Err(_) => Err(body.get_ref().wrong()),
                Ok(()) => Ok(std::mem::take(&mut body.get_mut().bytes)),
            },
        }
    }
}

/// So many bytes and no more.
struct Capped {
    bytes: Vec<u8>,
    most: usize,
    full: bool,
}

impl Capped {
    fn wrong(&self) -> String {
        if self.full { too_large(self.most) } else { "the answer is no whole gzip".into() }
    }
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            self.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let needed = self.bytes.len() + bytes.len();
        if needed > self.bytes.capacity() {
            // Doubled as usual while it is small, then all at once: what is not written to is not there yet, and many large
            // answers, each with the copy that it outgrows, are what memory must bear.
            let most = self.most.max(needed);
            let wanted = if needed <= SMALL { (self.bytes.capacity() * 2).clamp(needed, most) } else { most };
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
        let soon = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&soon).unwrap();
        let micros = pause(&soon).unwrap_or_default();
        assert!((58_000_000..=60_000_000).contains(&micros), "{soon}: {micros}");
    }
}
