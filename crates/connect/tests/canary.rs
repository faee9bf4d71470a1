//! A canary in every place where a secret may stand, a partner that says back all that it is sent, and libraries that log
//! all they know: nothing that we give out holds one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod peer;

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, Mutex},
};

use connect::{Environment, Partners, Source};
use graph::{
    Auth, ClientProof, Connection, OAuth2, Request, Setting, Sign, TokenCall,
    auth::{Aws, Found, Jwt, Piece, Sent, TokenBody},
    sign::{Algorithm, Encoding, Hmac, Mark},
};
use peer::{Login, secret};
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

/// What every secret of this test holds, and every token that the login server gives out.
const CANARIES: [&str; 3] = ["canary", "token-number", "Y2FuYXJ5"];

/// Spelt otherwise in a query, in JSON and in a header.
const VALUE: &str = "canary/of \"value\"&more";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Log;
    fn make_writer(&self) -> Log {
        self.clone()
    }
}

fn oauth(login: &Login, proof: ClientProof, refresh_token: Option<Setting>) -> Auth {
    Auth::OAuth2(Box::new(OAuth2 { proof, refresh_token, ..login.oauth() }))
}

fn token(login: &Login, send: Sent) -> Auth {
    let joined = |text: &str| Setting::Joined(vec![Setting::Text(text.into()), secret("SECRET")]);
    Auth::Token(Box::new(TokenCall {
        method: "POST".into(),
        url: login.token_url(),
        query: vec![("a".into(), joined("q "))],
        headers: vec![("X-App".into(), joined("h "))],
        body: TokenBody::Json(vec![
            Piece::Text("{\"a\": \"".into()),
            Piece::Hole { value: joined("j "), quoted: true },
            Piece::Text("\"}".into()),
        ]),
        token: Found::Field(vec!["access_token".into()]),
        expires: None,
        send,
    }))
}

/// Every way to prove who we are.
fn ways(login: &Login) -> Vec<Auth> {
    let assertion = ClientProof::Assertion { private_key: secret("RSA"), key_id: None, assertion_for: None };
    let grant =
        ClientProof::Grant { private_key: secret("RSA"), key_id: None, assertion_for: None, subject: None };
    let in_header = Sent::Header { name: "X-Session".into(), before: "S ".into(), behind: "".into() };
    vec![
        Auth::Basic { user: Setting::Text("ada".into()), password: secret("SECRET") },
        Auth::Bearer(secret("SECRET")),
        Auth::Bearer(Setting::Joined(vec![Setting::Text("AccessKey ".into()), secret("SECRET")])),
        Auth::HeaderKey { header: "X-Key".into(), key: secret("SECRET") },
        Auth::QueryKey { parameter: "key".into(), key: secret("SECRET") },
        oauth(login, ClientProof::Basic(secret("SECRET")), None),
        oauth(login, ClientProof::Body(secret("SECRET")), Some(secret("REFRESH"))),
        oauth(login, assertion, None),
        oauth(login, grant, None),
        Auth::Jwt(Box::new(Jwt {
            private_key: secret("RSA"),
            key_id: None,
            issuer: Setting::Text("us".into()),
            subject: None,
            audience: None,
        })),
        Auth::Aws(Box::new(Aws {
            access_key: Setting::Text("AKIDEXAMPLE".into()),
            secret_key: secret("SECRET"),
            session_token: Some(secret("SECRET")),
            region: Setting::Text("eu-central-1".into()),
            service: Setting::Text("ses".into()),
        })),
        token(login, Sent::Bearer),
        token(login, in_header),
        token(login, Sent::Query("sid".into())),
    ]
}

fn signs() -> Vec<Option<Sign>> {
    let hmac = Hmac {
        header: "X-Signature".into(),
        key: secret("SECRET"),
        algorithm: Algorithm::Sha256,
        encoding: Encoding::Hex,
        prefix: Vec::new(),
        over: vec![Mark::Path, Mark::Body],
        timestamp: None,
    };
    vec![None, Some(Sign::Hmac(Box::new(hmac))), Some(Sign::StandardWebhooks(secret("WHSEC")))]
}

fn environment(folder: &std::path::Path) -> Environment {
    let file = folder.join("secret");
    std::fs::write(&file, VALUE).unwrap();
    let words = ["printf", "canary-of-a-program"].map(str::to_owned).to_vec();
    let command = Source::Command { words, every: std::time::Duration::from_secs(60) };
    let sources = BTreeMap::from([("SECRET".to_owned(), Source::File(file)), ("REFRESH".into(), command)]);
    let pem = include_str!("peer/rsa.pem");
    let of = move |name: &str| match name {
        "RSA" => Some(pem.to_owned()),
        // "canarycanarycanarycanary" in base64.
        "WHSEC" => Some("whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5".to_owned()),
        "URL" => Some("canary-in-a-path".to_owned()),
        _ => None,
    };
    Environment::of(of).with(sources)
}

#[track_caller]
fn clean(what: &str, text: &str) {
    let line = text.lines().find(|line| CANARIES.iter().any(|canary| line.contains(canary)));
    assert_eq!(line, None, "in {what}");
}

/// Makes calls that succeed, are refused and meet a token server that refuses; gives all that comes out.
async fn all_that_comes_out(login: &Login, connection: Connection, environment: Environment) -> String {
    let shown = format!("{environment:?}");
    let request = Request {
        connection: "shop".into(),
        method: "POST".into(),
        path: "/a?b=c".into(),
        headers: vec![("x-note".into(), "marker".into())],
        body: Some(("application/json".into(), "{}".into())),
        text: None,
    };
    let mut out = vec![shown];
    let connection = Arc::new(connection);
    for (refuses_all, instead) in [(false, None), (true, None), (true, Some((401, String::new())))] {
        (login.state().refuses_all, login.state().instead) = (refuses_all, instead);
        // Each begins anew: what is remembered of a failure would hide the next one.
        let partners = Partners::new([connection.clone()], BTreeMap::new(), environment.clone()).unwrap();
        out.extend([format!("{partners:?}"), partners.preview(&request, Uuid::nil()).await]);
        let attempt = partners.attempt(&request, Uuid::nil(), None).await;
        out.push(format!("{attempt:?} {:?}", attempt.outcome.as_ref().map_err(|error| error.to_value())));
        out.extend(partners.missing().await.iter().map(|missing| format!("{missing:?}")));
    }
    (login.state().refuses_all, login.state().instead) = (false, None);
    out.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_comes_out_alive() {
    let log = Log::default();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).init();
    connect::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let login = Login::start();
    login.state().echoes = true;
    let mut markers = 0;
    for auth in ways(&login) {
        for sign in signs() {
            let url =
                Setting::Joined(vec![Setting::Text(format!("{}/x/", login.url()).into()), secret("URL")]);
            let what = format!("{auth:?} {sign:?}");
            let connection = Connection { sign, url, ..login.connection(auth.clone()) };
            let out = all_that_comes_out(&login, connection, environment(folder.path())).await;
            clean(&what, &out);
            markers += out.matches("marker").count();
            assert!(out.contains("••••"), "{out}");
        }
    }
    // The echoes were there, and the log is not empty for want of a listener.
    assert!(markers > 100, "{markers}");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("TRACE") && log.contains("no token could be had"), "{} bytes", log.len());
    clean("the log", &log);
}
