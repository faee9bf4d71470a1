//! What proves to a partner who we are, ready to be sent with one request.

use base64::{Engine, engine::general_purpose::STANDARD};
use graph::{Auth, CallError, ErrorKind, Name, auth::Sent};
use reqwest::{
    RequestBuilder,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use url::Url;

use crate::{attempt::header_name, partner::Partner, secret::Secret};

/// Credentials, found and ready.
pub(crate) struct Credentials {
    way: Way,
    /// The number of the token, where it is one that can be had anew.
    pub(crate) token: Option<u64>,
    /// What must not come back in an answer.
    pub(crate) sent: Vec<Secret>,
}

enum Way {
    Nothing,
    Header(HeaderName, HeaderValue),
    Query(Name, Secret),
}

impl Credentials {
    /// Finds what the partner wants to see.
    pub(crate) async fn of(partner: &Partner) -> Result<Credentials, CallError> {
        let (here, mut sent) = (&partner.here, Vec::new());
        if let Some(token) = &partner.token {
            let (token, number) = token.get().await?;
            let way = as_said(sent_as(&here.connection.auth), &token)?;
            return Ok(Credentials { way, token: Some(number), sent: vec![token] });
        }
        let way = match &here.connection.auth {
            // A token's way is known above.
            Auth::None | Auth::OAuth2(_) | Auth::Jwt(_) | Auth::Token(_) => Way::Nothing,
            // The whole request is signed, and that is done last.
            Auth::Aws(_) => Way::Nothing,
            Auth::Basic { user, password } => {
                let user = here.credential(user, &mut sent).await?;
                let password = here.credential(password, &mut sent).await?;
                let pair = basic(user.expose(), password.expose());
                sent.push(pair.clone());
                header(AUTHORIZATION, &format!("Basic {}", pair.expose()))?
            }
            Auth::Bearer(token) => as_said(&Sent::Bearer, &here.credential(token, &mut sent).await?)?,
            Auth::HeaderKey { header: name, key } => {
                header(header_name(name)?, here.credential(key, &mut sent).await?.expose())?
            }
            Auth::QueryKey { parameter, key } => {
                Way::Query(parameter.clone(), here.credential(key, &mut sent).await?)
            }
        };
        Ok(Credentials { way, token: None, sent })
    }

    /// Adds what stands in the URL.
    pub(crate) fn onto_url(&self, url: &mut Url) {
        if let Way::Query(parameter, key) = &self.way {
            url.query_pairs_mut().append_pair(parameter, key.expose());
        }
    }

    /// Adds what stands in a header.
    pub(crate) fn onto_request(&self, builder: RequestBuilder) -> RequestBuilder {
        match &self.way {
            Way::Nothing | Way::Query(..) => builder,
            Way::Header(name, value) => builder.header(name, value),
        }
    }
}

/// How a connection's token is sent.
pub(crate) fn sent_as(auth: &Auth) -> &Sent {
    match auth {
        Auth::Token(call) => &call.send,
        Auth::OAuth2(_)
        | Auth::Jwt(_)
        | Auth::Aws(_)
        | Auth::None
        | Auth::Basic { .. }
        | Auth::Bearer(_)
        | Auth::HeaderKey { .. }
        | Auth::QueryKey { .. } => &Sent::Bearer,
    }
}

fn as_said(send: &Sent, token: &Secret) -> Result<Way, CallError> {
    match send {
        Sent::Bearer => header(AUTHORIZATION, &format!("Bearer {}", token.expose())),
        Sent::Header { name, before, behind } => {
            header(header_name(name)?, &format!("{before}{}{behind}", token.expose()))
        }
        Sent::Query(parameter) => Ok(Way::Query(parameter.clone(), token.clone())),
    }
}

/// The pair of HTTP basic authentication (RFC 7617).
pub(crate) fn basic(user: &str, password: &str) -> Secret {
    Secret::new(STANDARD.encode(format!("{user}:{password}")))
}

fn header(name: HeaderName, value: &str) -> Result<Way, CallError> {
    Ok(Way::Header(name, sensitive(value)?))
}

/// A header's value that no log of the HTTP client shows.
pub(crate) fn sensitive(value: &str) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::try_from(value).map_err(|_| {
        CallError::new(ErrorKind::Auth, "the credentials hold a character that no header has")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
