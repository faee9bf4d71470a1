//! A token of an OAuth 2.0 server: by the client's own credentials (RFC 6749, section 4.4) or a refresh token (section
//! 6), with a password (section 2.3.1) or a signed assertion (RFC 7523) as the client's proof.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use graph::{Answer, CallError, ClientProof, ErrorKind, OAuth2, Setting};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde_json::Value as Json;
use url::{Url, form_urlencoded};

use super::{
    assertion::{self, Claims},
    exchange, lives, refused,
};
use crate::{
    credentials::{basic, sensitive},
    partner::Here,
    renewed::Made,
    secret::Secret,
};

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks an OAuth 2.0 server for tokens.
pub(super) struct Asker {
    here: Arc<Here>,
    way: OAuth2,
    /// The refresh token that the deployment gives, and the one that the server gave in its place.
    rotated: Mutex<Option<(Secret, Secret)>>,
}

/// A request that is being written.
struct Asking {
    fields: Vec<(&'static str, String)>,
    authorization: Option<Secret>,
    /// What must not come back in an error.
    sent: Vec<Secret>,
}

impl Asker {
    pub(super) fn new(here: Arc<Here>, way: OAuth2) -> Asker {
        Asker { here, way, rotated: Mutex::default() }
    }

    /// Asks for a token.
    pub(super) async fn ask(&self) -> Result<Made<Secret>, CallError> {
        let url = self.here.token_url(&self.way.token_url).await?;
        let mut asking = Asking { fields: Vec::new(), authorization: None, sent: Vec::new() };
        let given = self.grant(&mut asking).await?;
        self.prove(&mut asking, &url).await?;
        let request = self.here.request(Method::POST, url).await?;
        let mut request = request
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, FORM)
            .body(form_urlencoded::Serializer::new(String::new()).extend_pairs(&asking.fields).finish());
        if let Some(pair) = &asking.authorization {
            request = request.header(AUTHORIZATION, sensitive(&format!("Basic {}", pair.expose()))?);
        }
        let since = Instant::now();
        let (answer, _) = exchange(request).await?;
        self.read(&answer, given, since, &asking.sent)
    }

    /// Says what we ask by. Gives the refresh token that the deployment gives.
    async fn grant(&self, asking: &mut Asking) -> Result<Option<Secret>, CallError> {
        let given = match &self.way.refresh_token {
            Some(token) => Some(self.here.credential(token, &mut asking.sent).await?),
            None => None,
        };
        match &given {
            Some(given) => {
                let current = self.current(given);
                asking.fields.push(("grant_type", "refresh_token".into()));
                asking.fields.push(("refresh_token", current.expose().into()));
                asking.sent.push(current);
            }
            None => {
                let by_assertion = matches!(self.way.proof, ClientProof::Grant { .. });
                let grant = if by_assertion { GRANT_TYPE } else { "client_credentials" };
                asking.fields.push(("grant_type", grant.into()));
            }
        }
        for (name, setting) in [("scope", &self.way.scope), ("audience", &self.way.audience)] {
            if let Some(setting) = setting {
                asking.fields.push((name, self.text(setting).await?));
            }
        }
        Ok(given)
    }

    /// Says who we are, and proves it.
    async fn prove(&self, asking: &mut Asking, url: &Url) -> Result<(), CallError> {
        let client = self.text(&self.way.client_id).await?;
        match &self.way.proof {
            ClientProof::Basic(secret) => {
                let secret = self.here.credential(secret, &mut asking.sent).await?;
                // Each of the two is encoded as in a form first (RFC 6749, section 2.3.1).
                let encoded =
                    |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
                let pair = basic(&encoded(&client), &encoded(secret.expose()));
                asking.sent.push(pair.clone());
                asking.authorization = Some(pair);
            }
            ClientProof::Body(secret) => {
                let secret = self.here.credential(secret, &mut asking.sent).await?;
                asking.fields.extend([("client_id", client), ("client_secret", secret.expose().into())]);
            }
            ClientProof::Assertion { private_key, key_id, assertion_for } => {
                let pem = self.here.credential(private_key, &mut asking.sent).await?;
                let key_id = self.here.optional_text(key_id.as_ref()).await?;
                let audience = self.here.optional_text(assertion_for.as_ref()).await?;
                let claims = Claims {
                    client: &client,
                    subject: Some(&client),
                    audience: audience.as_deref().unwrap_or(url.as_str()),
                    scope: None,
                    key_id: key_id.as_deref(),
                };
                let signed = signed(&claims, &pem, asking)?;
                asking.fields.extend([
                    ("client_id", client),
                    ("client_assertion_type", ASSERTION_TYPE.into()),
                    ("client_assertion", signed),
                ]);
            }
            ClientProof::Grant { private_key, key_id, assertion_for, subject } => {
                let pem = self.here.credential(private_key, &mut asking.sent).await?;
                let key_id = self.here.optional_text(key_id.as_ref()).await?;
                let audience = self.here.optional_text(assertion_for.as_ref()).await?;
                let subject = self.here.optional_text(subject.as_ref()).await?;
                let scope = self.here.optional_text(self.way.scope.as_ref()).await?;
                let claims = Claims {
                    client: &client,
                    subject: subject.as_deref(),
                    audience: audience.as_deref().unwrap_or(url.as_str()),
                    scope: scope.as_deref(),
                    key_id: key_id.as_deref(),
                };
                let signed = signed(&claims, &pem, asking)?;
                asking.fields.push(("assertion", signed));
            }
        }
        Ok(())
    }

    async fn text(&self, setting: &Setting) -> Result<String, CallError> {
        self.here.credential(setting, &mut Vec::new()).await.map(|value| value.expose().to_owned())
    }

    /// The refresh token to use: the one that the server gave last, unless the deployment gives another one since.
    fn current(&self, given: &Secret) -> Secret {
        match &*self.rotated.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((before, rotated)) if before == given => rotated.clone(),
            _ => given.clone(),
        }
    }

    /// Reads an answer (RFC 6749, section 5).
    fn read(
        &self,
        answer: &Answer,
        given: Option<Secret>,
        since: Instant,
        sent: &[Secret],
    ) -> Result<Made<Secret>, CallError> {
        let tree: Option<Json> = serde_json::from_str(&answer.body).ok();
        let field =
            |name: &str| tree.as_ref().and_then(|tree| tree.get(name)).filter(|value| !value.is_null());
        let text = |name: &str| field(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        let refuse = |said: Option<String>| Err(refused(answer, said, sent));
        let error = text("error").map(|error| match text("error_description") {
            Some(description) => format!("{error} ({description})"),
            None => error.to_owned(),
        });
        if !(200..300).contains(&answer.status) || error.is_some() {
            // What the server gave us is worth nothing any more: the next time it is what the deployment gives.
            if text("error") == Some("invalid_grant") {
                *self.rotated.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
            return refuse(error);
        }
        let Some(token) = text("access_token") else {
            return refuse(Some(if tree.is_some() { "no `access_token`" } else { "no JSON" }.into()));
        };
        if let Some(kind) = text("token_type").filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return refuse(Some(format!("a token of the type `{kind}`, which is not supported")));
        }
        if let (Some(given), Some(rotated)) = (given, text("refresh_token")) {
            let pair = Some((given, Secret::new(rotated)));
            *self.rotated.lock().unwrap_or_else(PoisonError::into_inner) = pair;
        }
        Ok(lives(Secret::new(token), since, field("expires_in").and_then(seconds)))
    }
}

/// An assertion, which must not come back.
fn signed(claims: &Claims<'_>, pem: &Secret, asking: &mut Asking) -> Result<String, CallError> {
    let signed = assertion::sign(claims, pem.expose());
    let signed = signed.map_err(|reason| CallError::new(ErrorKind::Auth, reason))?;
    asking.sent.push(Secret::new(signed.as_str()));
    Ok(signed)
}

/// A number of seconds, also where a server writes it as a text.
fn seconds(value: &Json) -> Option<Duration> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Duration::try_from_secs_f64(seconds).ok()
}
