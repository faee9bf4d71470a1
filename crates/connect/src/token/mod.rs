//! Tokens: had of a server when they are needed, shared by all calls of a connection, renewed before they expire.

mod assertion;
mod call;
mod oauth2;
mod own;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use graph::{Answer, Auth, CallError, ErrorKind};
use reqwest::header::HeaderMap;

use crate::{
    answer::{Patience, failure, read},
    partner::Here,
    renewed::{Made, Old, Renewed},
    secret::{Secret, without},
};

/// How patient we are with a token server. A token serves all calls, so it is not the time of one of them that counts.
const PATIENCE: Patience =
    Patience { who: "the token server", most_bytes: 64 << 10, within: Duration::from_secs(10) };
/// How long a token is used whose server does not say how long it lives.
const USUAL_LIFE: Duration = Duration::from_secs(3_600);
/// The shortest and the longest life that is believed.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 86_400);
/// The most characters of what a token server says about an error.
const SAID: usize = 200;

/// The token of a connection, if it wants one.
pub(crate) fn of(here: &Arc<Here>) -> Option<Renewed<Secret, CallError>> {
    let here = here.clone();
    let renewed = match &here.connection.auth {
        Auth::OAuth2(way) => {
            let asker = Arc::new(oauth2::Asker::new(here.clone(), (**way).clone()));
            Renewed::new(Old::Dies, move || {
                let (asker, here) = (asker.clone(), here.clone());
                Box::pin(async move { asker.ask().await.inspect_err(|error| tell(&here, error)) })
            })
        }
        Auth::Jwt(way) => {
            let way = Arc::new((**way).clone());
            Renewed::new(Old::Dies, move || {
                let (way, here) = (way.clone(), here.clone());
                Box::pin(async move { own::sign(&here, &way).await.inspect_err(|error| tell(&here, error)) })
            })
        }
        Auth::Token(call) => {
            let call = Arc::new((**call).clone());
            Renewed::new(Old::Dies, move || {
                let (call, here) = (call.clone(), here.clone());
                Box::pin(async move { call::ask(&here, &call).await.inspect_err(|error| tell(&here, error)) })
            })
        }
        Auth::None
        | Auth::Basic { .. }
        | Auth::Bearer(_)
        | Auth::HeaderKey { .. }
        | Auth::QueryKey { .. }
        | Auth::Aws(_) => return None,
    };
    Some(renewed)
}

/// Nobody has a token now: whoever runs the server should know why.
fn tell(here: &Here, error: &CallError) {
    tracing::warn!(connection = %here.connection.name, reason = %error.reason, "no token could be had");
}

/// A token that lives so long from `since`, the moment before it was asked for. Another one is asked for when four
/// fifths of its life are over, or a minute before its end if that is later; it is not used in its last moments, so that
/// it does not expire on the way.
fn lives(value: Secret, since: Instant, life: Option<Duration>) -> Made<Secret> {
    let life = life.unwrap_or(USUAL_LIFE).clamp(SHORTEST_LIFE, LONGEST_LIFE);
    let due = life.mul_f64(0.8).max(life.saturating_sub(Duration::from_secs(60)));
    let overdue = life - (life / 20).min(Duration::from_secs(10));
    Made { value, due: since + due, overdue: since + overdue }
}

/// Sends a request for a token and reads the answer, with its headers.
async fn exchange(request: reqwest::RequestBuilder) -> Result<(Answer, HeaderMap), CallError> {
    let sent = request.timeout(PATIENCE.within).send().await.map_err(|error| failure(&error, PATIENCE));
    let answer = match sent {
        Ok(response) => {
            let headers = response.headers().clone();
            read(response, PATIENCE).await.map(|answer| (answer, headers))
        }
        Err(error) => Err(error),
    };
    answer.map_err(|error| match error.kind {
        ErrorKind::Timeout => CallError { reason: format!("{}: {}", PATIENCE.who, error.reason), ..error },
        ErrorKind::Invalid => CallError {
            kind: ErrorKind::Auth,
            reason: format!("{}: {}", PATIENCE.who, error.reason),
            ..error
        },
        _ => error,
    })
}

/// The error of a token server that answered, in its own words as far as they are fit to be kept.
fn refused(answer: &Answer, said: Option<String>, sent: &[Secret]) -> CallError {
    let said = said.map(|said| format!(": {}", fit(without(said, sent)))).unwrap_or_default();
    CallError {
        status: Some(answer.status),
        ..CallError::new(ErrorKind::Auth, format!("the token server answered {}{said}", answer.status))
    }
}

/// A text without control characters, not too long.
fn fit(text: String) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if plain.chars().count() <= SAID { plain } else { plain.chars().take(SAID - 1).chain(['…']).collect() }
}
