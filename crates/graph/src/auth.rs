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
    /// A bearer token that we sign ourselves (RFC 7519).
    Jwt(Box<Jwt>),
    /// Each request is signed with AWS Signature Version 4.
    Aws(Box<Aws>),
    /// A token that is had by a request of the partner's own.
    Token(Box<TokenCall>),
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
            Auth::Jwt(way) => way.settings(),
            Auth::Aws(way) => way.settings(),
            Auth::Token(call) => call.settings(),
        }
    }
}

/// A token that we sign ourselves: with a key on P-256 by ES256, with an RSA key by RS256 (RFC 7518, section 3).
#[derive(Clone, Debug, PartialEq)]
pub struct Jwt {
    /// The key that signs, in PEM.
    pub private_key: Setting,
    /// What the partner knows the key by, `kid`.
    pub key_id: Option<Setting>,
    /// Who makes the token, `iss`.
    pub issuer: Setting,
    /// Who it speaks of, `sub`.
    pub subject: Option<Setting>,
    /// Who it is for, `aud`. With one it says when it ends (`exp`), without one only when it was made: so the push
    /// service of Apple wants it.
    pub audience: Option<Setting>,
}

impl Jwt {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        let rest = [&self.key_id, &self.subject, &self.audience].map(Option::as_ref);
        [&self.private_key, &self.issuer].into_iter().chain(rest.into_iter().flatten()).collect()
    }
}

/// Who we are at AWS
/// ([Signature Version 4](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html)).
#[derive(Clone, Debug, PartialEq)]
pub struct Aws {
    /// The id of the access key.
    pub access_key: Setting,
    /// The secret access key.
    pub secret_key: Setting,
    /// The token of a session, where the key is of one.
    pub session_token: Option<Setting>,
    /// The region, such as `eu-central-1`.
    pub region: Setting,
    /// The service as signatures call it, such as `ses`.
    pub service: Setting,
}

impl Aws {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        let token = self.session_token.iter();
        [&self.access_key, &self.secret_key, &self.region, &self.service].into_iter().chain(token).collect()
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
    /// A signed assertion that is the grant itself (RFC 7523, section 2.1): by it a token is given, and nothing else is
    /// asked.
    Grant {
        /// The key that signs, in PEM.
        private_key: Setting,
        /// What the server knows the key by.
        key_id: Option<Setting>,
        /// Who the assertion is for; the token endpoint when it is not said.
        assertion_for: Option<Setting>,
        /// In whose name the token will act; nobody's but the client's when it is not said.
        subject: Option<Setting>,
    },
}

impl OAuth2 {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        let proof = match &self.proof {
            ClientProof::Basic(secret) | ClientProof::Body(secret) => [Some(secret), None, None, None],
            ClientProof::Assertion { private_key, key_id, assertion_for } => {
                [Some(private_key), key_id.as_ref(), assertion_for.as_ref(), None]
            }
            ClientProof::Grant { private_key, key_id, assertion_for, subject } => {
                [Some(private_key), key_id.as_ref(), assertion_for.as_ref(), subject.as_ref()]
            }
        };
        let rest = [&self.scope, &self.audience, &self.refresh_token].map(Option::as_ref);
        [&self.token_url, &self.client_id]
            .into_iter()
            .chain(proof.into_iter().chain(rest).flatten())
            .collect()
    }
}

/// A request that is answered with a token. It is the same for everybody: nothing of a person stands in it.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenCall {
    /// The HTTP method in capitals.
    pub method: Name,
    /// Where it goes.
    pub url: Setting,
    /// Further query parameters.
    pub query: Vec<(Name, Setting)>,
    /// Headers.
    pub headers: Vec<(Name, Setting)>,
    /// The body.
    pub body: TokenBody,
    /// Where the token is in the answer.
    pub token: Found,
    /// How long it lives, where that is known.
    pub expires: Option<Life>,
    /// How it is sent with a call.
    pub send: Sent,
}

/// The body of a request for a token.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenBody {
    /// No body.
    None,
    /// A JSON document with holes.
    Json(Vec<Piece>),
    /// `application/x-www-form-urlencoded` fields.
    Form(Vec<(Name, Setting)>),
    /// Text of the given content type.
    Text {
        /// The content type.
        content_type: Name,
        /// The text.
        text: Setting,
    },
}

/// A piece of a JSON document.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// As it is written.
    Text(Name),
    /// A value: a part of a text between quotes, or a text of its own.
    Hole {
        /// The value.
        value: Setting,
        /// Whether it stands between quotes.
        quoted: bool,
    },
}

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the JSON body, behind these names, one inside the other; a number counts the items of a list from 0.
    Field(Vec<Name>),
    /// In a header.
    Header(Name),
}

/// How long a token lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// Always so long, in microseconds.
    Fixed(i64),
    /// As the JSON body says, as a number of units or a moment.
    Field {
        /// The names that lead to it.
        path: Vec<Name>,
        /// The unit of a number, in microseconds.
        unit: i64,
    },
}

/// How a token is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// In the header of bearer tokens (RFC 6750).
    Bearer,
    /// In a header, between these texts.
    Header {
        /// The header's name.
        name: Name,
        /// What stands before the token.
        before: Name,
        /// What stands behind it.
        behind: Name,
    },
    /// In a query parameter of this name.
    Query(Name),
}

impl TokenCall {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        let body: Vec<&Setting> = match &self.body {
            TokenBody::None => Vec::new(),
            TokenBody::Json(pieces) => pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Text(_) => None,
                    Piece::Hole { value, .. } => Some(value),
                })
                .collect(),
            TokenBody::Form(fields) => fields.iter().map(|(_, value)| value).collect(),
            TokenBody::Text { text, .. } => vec![text],
        };
        let named = self.query.iter().chain(&self.headers).map(|(_, value)| value);
        std::iter::once(&self.url).chain(named).chain(body).collect()
    }
}

impl Auth {
    /// Where a token is asked for, if one is.
    pub fn token_url(&self) -> Option<&Setting> {
        match self {
            Auth::OAuth2(way) => Some(&way.token_url),
            Auth::Token(call) => Some(&call.url),
            Auth::None
            | Auth::Basic { .. }
            | Auth::Bearer(_)
            | Auth::HeaderKey { .. }
            | Auth::QueryKey { .. }
            | Auth::Jwt(_)
            | Auth::Aws(_) => None,
        }
    }
}
