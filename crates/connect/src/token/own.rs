//! A token that we sign ourselves and the partner verifies: no server is asked for it.

use std::time::{Duration, Instant};

use graph::{CallError, ErrorKind, auth::Jwt};
use jiff::Timestamp;
use serde_json::json;

use super::{
    assertion::{signed, with},
    lives,
};
use crate::{partner::Here, renewed::Made, secret::Secret};

/// How long a token is used. The push service of Apple takes none older than an hour, and none that is made anew more
/// often than every twenty minutes.
const LIFE: Duration = Duration::from_secs(50 * 60);

/// Signs a token.
pub(super) async fn sign(here: &Here, way: &Jwt) -> Result<Made<Secret>, CallError> {
    let (since, now) = (Instant::now(), Timestamp::now().as_second());
    let pem = here.credential(&way.private_key, &mut Vec::new()).await?;
    let issuer = here.credential(&way.issuer, &mut Vec::new()).await?;
    let mut body = json!({ "iss": issuer.expose(), "iat": now });
    let audience = here.optional_text(way.audience.as_ref()).await?;
    if let (Some(_), Some(body)) = (&audience, body.as_object_mut()) {
        body.insert("exp".into(), now.saturating_add(LIFE.as_secs().cast_signed()).into());
    }
    with(&mut body, "aud", audience.as_deref());
    with(&mut body, "sub", here.optional_text(way.subject.as_ref()).await?.as_deref());
    let key_id = here.optional_text(way.key_id.as_ref()).await?;
    let token = signed(&body, key_id.as_deref(), pem.expose());
    let token = token.map_err(|reason| CallError::new(ErrorKind::Auth, reason))?;
    Ok(lives(Secret::new(token), since, Some(LIFE)))
}
