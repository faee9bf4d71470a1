//! Who may do what: write keys send events and profiles, admin keys do everything, other nodes hand on what they took.
//!
//! Only digests of keys are held, and digests of equal length are compared in constant time.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{App, problem::Problem};

/// The keys that are accepted.
pub struct Keys {
    open: bool,
    write: Vec<[u8; 32]>,
    admin: Vec<[u8; 32]>,
}

impl Keys {
    /// Nobody needs a key; for a server that only this machine reaches.
    pub fn open() -> Keys {
        Keys { open: true, write: Vec::new(), admin: Vec::new() }
    }

    /// Only these keys are accepted.
    pub fn of(write: &[String], admin: &[String]) -> Keys {
        let digests =
            |keys: &[String]| keys.iter().map(|key| Sha256::digest(key.as_bytes()).into()).collect();
        Keys { open: false, write: digests(write), admin: digests(admin) }
    }

    fn allows(&self, key: Option<&str>, needed: Needed) -> Result<(), bool> {
        if self.open {
            return Ok(());
        }
        let Some(key) = key else { return Err(false) };
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        // Every key is compared, so that the time does not tell which one came close.
        let among = |keys: &[[u8; 32]]| {
            keys.iter().fold(false, |found, known| found | bool::from(known.ct_eq(&digest)))
        };
        let (admin, write) = (among(&self.admin), among(&self.write));
        match needed {
            _ if admin => Ok(()),
            Needed::Write if write => Ok(()),
            _ => Err(write),
        }
    }
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needed {
    /// A write key or an admin key.
    Write,
    /// An admin key.
    Admin,
}

pub(crate) async fn write(state: State<App>, request: Request, next: Next) -> Response {
    guard(state, request, next, Needed::Write).await
}

pub(crate) async fn admin(state: State<App>, request: Request, next: Next) -> Response {
    guard(state, request, next, Needed::Admin).await
}

/// Lets only other nodes through. Nothing is read of whoever has no key.
pub(crate) async fn node(State(app): State<App>, request: Request, next: Next) -> Response {
    if bearer(request.headers()).is_some_and(|key| app.runtime.is_node_key(key)) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "a key is needed",
        "this is for the other nodes of a cluster, which find the key in the database",
    )
    .into_response()
}

/// The key that a request carries.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    // RFC 9110, section 11.1: a scheme is written in any case.
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

async fn guard(State(app): State<App>, request: Request, next: Next, needed: Needed) -> Response {
    match app.keys.allows(bearer(request.headers()), needed) {
        Ok(()) => next.run(request).await,
        Err(true) => Problem::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "not allowed",
            "a write key sends events and profiles; this needs an admin key",
        )
        .into_response(),
        Err(false) => {
            let problem = Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "a key is needed",
                "send a valid key as `Authorization: Bearer KEY`",
            );
            ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response()
        }
    }
}
