//! How a connection proves who we are: texts that may be found elsewhere, and the ways to send them.

use crate::Name;

/// A text that is written in the file or found in the environment when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Written in the file.
    Text(Name),
    /// `env("NAME")`: an environment variable.
    Env(Name),
    /// `secret("NAME")`: what is never shown, in an environment variable or where the deployment says.
    Secret(Name),
    /// A text with some of these in its holes.
    Joined(Vec<Setting>),
}

/// A part of a setting that has no parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf<'a> {
    /// Written in the file.
    Text(&'a Name),
    /// The name of an environment variable.
    Env(&'a Name),
    /// The name of a secret.
    Secret(&'a Name),
}

impl Setting {
    /// The parts that it is made of, in order.
    pub fn leaves(&self) -> Vec<Leaf<'_>> {
        match self {
            Setting::Text(text) => vec![Leaf::Text(text)],
            Setting::Env(name) => vec![Leaf::Env(name)],
            Setting::Secret(name) => vec![Leaf::Secret(name)],
            Setting::Joined(parts) => parts.iter().flat_map(Setting::leaves).collect(),
        }
    }

    /// The names in it of what is found elsewhere.
    pub fn variables(&self) -> Vec<&Name> {
        let name = |leaf| match leaf {
            Leaf::Text(_) => None,
            Leaf::Env(name) | Leaf::Secret(name) => Some(name),
        };
        self.leaves().into_iter().filter_map(name).collect()
    }

    /// Whether some of it is never shown.
    pub fn is_secret(&self) -> bool {
        match self {
            Setting::Text(_) | Setting::Env(_) => false,
            Setting::Secret(_) => true,
            Setting::Joined(parts) => parts.iter().any(Setting::is_secret),
        }
    }
}

/// How a connection proves who we are.
#[derive(Clone, Debug, PartialEq)]
pub enum Auth {
    /// Not at all.
    None,
    /// HTTP basic authentication (RFC 7617).
    Basic {
        /// The user.
        user: Setting,
        /// The password.
        password: Setting,
    },
    /// A bearer token (RFC 6750).
    Bearer(Setting),
    /// A key in a header.
    HeaderKey {
        /// The header's name.
        header: Name,
        /// The key.
        key: Setting,
    },
    /// A key in the query.
    QueryKey {
        /// The parameter's name.
        parameter: Name,
        /// The key.
        key: Setting,
    },
    /// A bearer token that a server gives us (RFC 6749).
    OAuth2(Box<OAuth2>),
}

impl Auth {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        match self {
            Auth::None => Vec::new(),
            Auth::Basic { user, password } => vec![user, password],
            Auth::Bearer(token) => vec![token],
            Auth::HeaderKey { key, .. } | Auth::QueryKey { key, .. } => vec![key],
            Auth::OAuth2(way) => way.settings(),
        }
    }
}

/// How a token is had of an authorization server (RFC 6749).
#[derive(Clone, Debug, PartialEq)]
pub struct OAuth2 {
    /// The server's token endpoint.
    pub token_url: Setting,
    /// Who we are there.
    pub client_id: Setting,
    /// How we prove it.
    pub proof: ClientProof,
    /// What the token is for, as names separated by spaces.
    pub scope: Option<Setting>,
    /// Who the token is for.
    pub audience: Option<Setting>,
    /// The grant: with a refresh token that one (RFC 6749, section 6), else the client's own (section 4.4).
    pub refresh_token: Option<Setting>,
}

/// How a client proves to a token endpoint who it is.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientProof {
    /// A password by HTTP basic authentication (RFC 6749, section 2.3.1).
    Basic(Setting),
    /// A password in the body.
    Body(Setting),
    /// A signed assertion (RFC 7523, section 2.2).
    Assertion {
        /// The key that signs, in PEM.
        private_key: Setting,
        /// What the server knows the key by.
        key_id: Option<Setting>,
        /// Who the assertion is for; the token endpoint when it is not said.
        assertion_for: Option<Setting>,
    },
}

impl OAuth2 {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        let proof = match &self.proof {
            ClientProof::Basic(secret) | ClientProof::Body(secret) => [Some(secret), None, None],
            ClientProof::Assertion { private_key, key_id, assertion_for } => {
                [Some(private_key), key_id.as_ref(), assertion_for.as_ref()]
            }
        };
        let rest = [&self.scope, &self.audience, &self.refresh_token].map(Option::as_ref);
        [&self.token_url, &self.client_id]
            .into_iter()
            .chain(proof.into_iter().chain(rest).flatten())
            .collect()
    }
}
