//! What the tests of credentials share: a login server that issues tokens on a real socket and an API that wants them,
//! and connections to both.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, and none needs all of it"
)]

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use connect::{Environment, Partners};
use graph::{Auth, CallError, ClientProof, Connection, OAuth2, Request, Setting};
use testkit::{Partner, Recorded, Reply};
use uuid::Uuid;

/// A login server and an API on one address.
pub(crate) struct Login {
    pub(crate) partner: Partner,
    state: Arc<Mutex<State>>,
}

/// How a login server behaves.
pub(crate) struct State {
    /// The tokens that are good, with the end of their lives.
    good: HashMap<String, Instant>,
    issued: usize,
    /// What it says about a token's life, as JSON.
    pub(crate) expires_in: String,
    /// How long a token lives in truth.
    pub(crate) life: Duration,
    /// How long it takes to issue one.
    pub(crate) delay: Duration,
    /// What it answers instead of a token.
    pub(crate) instead: Option<(u16, String)>,
    /// The only refresh token that is good, when they are rotated.
    pub(crate) refresh: Option<String>,
    /// Whether the API takes no token at all.
    pub(crate) refuses_all: bool,
    /// Whether the API says back all that it is sent.
    pub(crate) echoes: bool,
}

impl Login {
    pub(crate) fn start() -> Login {
        let state = State {
            good: HashMap::new(),
            issued: 0,
            expires_in: "3600".into(),
            life: Duration::from_secs(3_600),
            delay: Duration::ZERO,
            instead: None,
            refresh: None,
            refuses_all: false,
            echoes: false,
        };
        let state = Arc::new(Mutex::new(state));
        let known = state.clone();
        let partner = Partner::start(move |request, _| answer(&mut known.lock().unwrap(), request)).unwrap();
        Login { partner, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The requests for a token that came.
    pub(crate) fn asked(&self) -> Vec<Recorded> {
        self.partner.seen_at("POST /token")
    }

    pub(crate) fn revoke_all(&self) {
        self.state().good.clear();
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.partner.address)
    }

    pub(crate) fn token_url(&self) -> Setting {
        Setting::Text(format!("{}/token", self.url()).into())
    }

    /// A connection with these credentials.
    pub(crate) fn connection(&self, auth: Auth) -> Connection {
        Connection {
            name: "shop".into(),
            url: Setting::Text(self.url().into()),
            auth,
            sign: None,
            mail: None,
            tls: None,
            timeout_each: 5_000_000,
            timeout_total: 60_000_000,
            retry: Connection::RETRY,
            pressure: graph::Pressure::default(),
            private: vec!["127.0.0.1".into()],
            doc: None,
        }
    }

    pub(crate) fn oauth(&self) -> OAuth2 {
        OAuth2 {
            token_url: self.token_url(),
            client_id: Setting::Text("wayfare:1".into()),
            proof: ClientProof::Basic(secret("PASSWORD")),
            scope: None,
            audience: None,
            refresh_token: None,
        }
    }

    pub(crate) fn partners(&self, way: OAuth2) -> Partners {
        partners(self.connection(Auth::OAuth2(Box::new(way))))
    }
}

fn answer(state: &mut State, request: &Recorded) -> Reply {
    if request.line.starts_with("POST /token") {
        return Reply { delay: state.delay, ..token(state, request) };
    }
    // Wherever the token is, its name is the last word.
    let sent = [
        request.header("authorization"),
        request.header("x-session"),
        request.line.split_once("sid=").map(|(_, sid)| sid),
    ];
    let sent = sent.into_iter().flatten().next().and_then(|value| value.rsplit(' ').next());
    let good = sent.and_then(|token| state.good.get(token)).is_some_and(|end| Instant::now() < *end);
    let echo = if state.echoes { echo(request) } else { "{}".into() };
    Reply {
        body: echo,
        ..Reply::status(if good && !state.refuses_all && !request.line.contains("/locked") {
            200
        } else {
            401
        })
    }
}

/// All of a request, as it came.
fn echo(request: &Recorded) -> String {
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{}\n{}\n\n{}", request.line, headers.join("\n"), request.body)
}

fn token(state: &mut State, request: &Recorded) -> Reply {
    if let Some((status, _)) = state.instead.as_ref().filter(|_| state.echoes) {
        let said = serde_json::json!({ "error": "invalid_client", "error_description": echo(request) });
        return Reply { body: said.to_string(), ..Reply::status(*status) };
    }
    if let Some((status, body)) = &state.instead {
        return Reply { body: body.clone(), ..Reply::status(*status) };
    }
    let mut rotated = String::new();
    if let Some(good) = &state.refresh {
        let form: HashMap<String, String> =
            url::form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
        if form.get("refresh_token") != Some(good) {
            return Reply { body: r#"{"error":"invalid_grant"}"#.into(), ..Reply::status(400) };
        }
        let next = format!("refresh-{}", state.issued + 1);
        rotated = format!(r#","refresh_token":"{next}""#);
        state.refresh = Some(next);
    }
    state.issued += 1;
    let token = format!("token-number-{}", state.issued);
    state.good.insert(token.clone(), Instant::now() + state.life);
    Reply::ok(&format!(
        r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{}{rotated}}}"#,
        state.expires_in
    ))
}

/// The secrets of the tests; each is a canary.
pub(crate) fn environment() -> Environment {
    Environment::of(|name: &str| match name {
        "UNSET" => None,
        "RSA" => Some(include_str!("rsa.pem").to_owned()),
        name => Some(format!("canary {}", name.to_lowercase())),
    })
}

pub(crate) fn secret(name: &str) -> Setting {
    Setting::Secret(name.into())
}

pub(crate) fn partners(connection: Connection) -> Partners {
    connect::install_crypto();
    Partners::new([Arc::new(connection)], BTreeMap::new(), environment()).unwrap()
}

/// One attempt of `GET path`.
pub(crate) async fn get(partners: &Partners, path: &str) -> Result<graph::Answer, CallError> {
    let request = Request {
        connection: "shop".into(),
        method: "GET".into(),
        path: path.into(),
        headers: Vec::new(),
        body: None,
        text: None,
    };
    partners.attempt(&request, Uuid::nil(), None).await.outcome
}

/// So many attempts at once; the statuses and errors that they end with, counted.
pub(crate) async fn storm(partners: &Partners, calls: usize) -> BTreeMap<String, usize> {
    let tasks: Vec<_> = (0..calls)
        .map(|_| {
            let partners = partners.clone();
            tokio::spawn(async move {
                match get(&partners, "/a").await {
                    Ok(answer) => answer.status.to_string(),
                    Err(error) => format!("{} {}", error.kind.word(), error.reason),
                }
            })
        })
        .collect();
    let mut ends = BTreeMap::new();
    for task in tasks {
        *ends.entry(task.await.unwrap()).or_default() += 1;
    }
    ends
}
