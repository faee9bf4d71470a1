//! What proves to a partner who we are, ready to be sent with one request.

use base64::{Engine, engine::general_purpose::STANDARD};
use graph::{Auth, CallError, ErrorKind, Name};
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
        let here = &partner.here;
        if let Some(token) = &partner.token {
            let (token, number) = token.get().await?;
            return Ok(Credentials { token: Some(number), ..bearer(&token)? });
        }
        let (way, sent) = match &here.connection.auth {
            // A token's way is known above.
            Auth::None | Auth::OAuth2(_) => (Way::Nothing, Vec::new()),
            Auth::Basic { user, password } => {
                let (user, password) = (here.credential(user).await?, here.credential(password).await?);
                let pair = basic(user.expose(), password.expose());
                (header(AUTHORIZATION, &format!("Basic {}", pair.expose()))?, vec![password, pair])
            }
            Auth::Bearer(token) => return bearer(&here.credential(token).await?),
            Auth::HeaderKey { header: name, key } => {
                let key = here.credential(key).await?;
                (header(header_name(name)?, key.expose())?, vec![key])
            }
            Auth::QueryKey { parameter, key } => {
                let key = here.credential(key).await?;
                (Way::Query(parameter.clone(), key.clone()), vec![key])
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

fn bearer(token: &Secret) -> Result<Credentials, CallError> {
    let way = header(AUTHORIZATION, &format!("Bearer {}", token.expose()))?;
    Ok(Credentials { way, token: None, sent: vec![token.clone()] })
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
