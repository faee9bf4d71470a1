//! Tokens that a partner gives out in its own way: what is asked, where the token is found, how it is sent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod peer;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use connect::{Environment, Partners};
use graph::{
    Auth, ErrorKind, Request, Setting, TokenCall,
    auth::{Found, Life, Piece, Sent, TokenBody},
};
use peer::{Login, get, secret, storm};
use uuid::Uuid;

fn text(text: &str) -> Setting {
    Setting::Text(text.into())
}

fn path(path: &str) -> Vec<graph::Name> {
    path.split('.').map(Into::into).collect()
}

impl Login {
    fn session(&self) -> TokenCall {
        TokenCall {
            method: "POST".into(),
            url: self.token_url(),
            query: Vec::new(),
            headers: Vec::new(),
            body: TokenBody::None,
            token: Found::Field(path("access_token")),
            expires: Some(Life::Field { path: path("expires_in"), unit: 1_000_000 }),
            send: Sent::Bearer,
        }
    }

    /// Partners whose one secret has this value.
    fn with(&self, call: TokenCall, value: &str) -> Partners {
        connect::install_crypto();
        let connection = self.connection(Auth::Token(Box::new(call)));
        let value = value.to_owned();
        let environment = Environment::of(move |_| Some(value.clone()));
        Partners::new([Arc::new(connection)], BTreeMap::new(), environment).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_breaks_out_of_its_place() {
    let login = Login::start();
    let value = r#"canary" , "admin": true, "x": "\&=é"#;
    let hole = |quoted| Piece::Hole { value: secret("PASSWORD"), quoted };
    let json = TokenBody::Json(vec![
        Piece::Text(r#"{ "a": "x "#.into()),
        hole(true),
        Piece::Text(r#" y", "b": "#.into()),
        hole(false),
        Piece::Text(" }".into()),
    ]);
    let query = vec![("q".into(), secret("PASSWORD"))];
    let partners = login.with(TokenCall { query, body: json, ..login.session() }, value);
    get(&partners, "/a").await.unwrap();
    let asked = &login.asked()[0];
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body, serde_json::json!({ "a": format!("x {value} y"), "b": value }));
    let target = url::Url::parse(&format!("http://x{}", asked.line.split_once(' ').unwrap().1)).unwrap();
    assert_eq!(target.query_pairs().collect::<Vec<_>>(), [("q".into(), value.into())]);

    let fields = vec![("user".into(), text("a b")), ("password".into(), secret("PASSWORD"))];
    let partners = login.with(TokenCall { body: TokenBody::Form(fields), ..login.session() }, value);
    get(&partners, "/a").await.unwrap();
    let asked = login.asked().pop().unwrap();
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
    assert_eq!(pairs, [("user".into(), "a b".into()), ("password".to_owned(), value.to_owned())]);
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));

    let headers = vec![("X-App".into(), Setting::Joined(vec![text("app "), secret("APP")]))];
    let of = |value: &str| login.with(TokenCall { headers: headers.clone(), ..login.session() }, value);
    get(&of("canary"), "/a").await.unwrap();
    assert_eq!(login.asked().pop().unwrap().header("x-app"), Some("app canary"));
    let error = get(&of("canary\r\nx-evil: 1"), "/a").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth);
    assert_eq!(error.reason, "the credentials hold a character that no header has");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_sent_as_it_is_said() {
    let login = Login::start();
    let in_header = Sent::Header { name: "X-Session".into(), before: "Session ".into(), behind: "".into() };
    for (send, line, header, shown) in [
        (
            Sent::Bearer,
            "GET /a?b=c",
            Some(("authorization", "Bearer token-number-1")),
            "Authorization: Bearer ••••",
        ),
        (in_header, "GET /a?b=c", Some(("x-session", "Session token-number-2")), "X-Session: Session ••••"),
        (Sent::Query("sid".into()), "GET /a?b=c&sid=token-number-3", None, "/a?b=c&sid=•••• "),
    ] {
        let partners = login.with(TokenCall { send, ..login.session() }, "canary");
        assert_eq!(get(&partners, "/a?b=c").await.unwrap().status, 200);
        let seen = login.partner.seen().pop().unwrap();
        assert_eq!(seen.line, line);
        if let Some((name, value)) = header {
            assert_eq!(seen.header(name), Some(value));
        }
        let request = Request {
            connection: "shop".into(),
            method: "GET".into(),
            path: "/a?b=c".into(),
            headers: Vec::new(),
            body: None,
            text: None,
        };
        let preview = partners.preview(&request, Uuid::nil()).await;
        assert!(preview.contains(shown) && !preview.contains("token-number"), "{preview}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_serves_all_and_is_renewed_as_those_of_oauth_are() {
    let login = Login::start();
    login.state().delay = Duration::from_millis(100);
    let partners = login.with(login.session(), "canary");
    assert_eq!(storm(&partners, 300).await, BTreeMap::from([("200".to_owned(), 300)]));
    login.revoke_all();
    assert_eq!(storm(&partners, 300).await, BTreeMap::from([("200".to_owned(), 300)]));
    assert_eq!(login.asked().len(), 2);
    // A life that the file says counts, whatever the server means: due after 4/5 of two seconds.
    let fixed = TokenCall { expires: Some(Life::Fixed(2_000_000)), ..login.session() };
    let partners = login.with(fixed, "canary");
    get(&partners, "/a").await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    get(&partners, "/a").await.unwrap();
    assert_eq!(login.asked().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_token_is_an_error_that_shows_nothing_of_it() {
    let elsewhere = |login: &Login| TokenCall { token: Found::Header("X-Token".into()), ..login.session() };
    let usual = |login: &Login| login.session();
    type Of = fn(&Login) -> TokenCall;
    let cases: [(u16, &str, Of, &str); 8] = [
        (403, r#"{"message":"canary is wrong"}"#, usual, "403"),
        (200, "canary", usual, "200: no JSON"),
        (200, r#"{"access_token":null}"#, usual, "200: no text at `access_token`"),
        (200, r#"{"access_token":"","expires_in":5}"#, usual, "200: an empty token"),
        (200, r#"{"access_token":{"a":1}}"#, usual, "200: no text at `access_token`"),
        (200, r#"{"access_token":"a","expires_in":"soon"}"#, usual, "200: no time at `expires_in`"),
        (200, r#"{"access_token":"a"}"#, usual, "200: no time at `expires_in`"),
        (200, r#"{"access_token":"a","expires_in":5}"#, elsewhere, "200: no header `X-Token`"),
    ];
    for (status, body, call, said) in cases {
        let login = Login::start();
        login.state().instead = Some((status, body.to_owned()));
        let error = get(&login.with(call(&login), "canary"), "/a").await.unwrap_err();
        let reason = format!("the token server answered {said}");
        assert_eq!(
            (error.kind, error.status, error.reason),
            (ErrorKind::Auth, Some(status), reason),
            "{body}"
        );
    }
}
