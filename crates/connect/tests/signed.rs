//! What we sign ourselves, at a real server: tokens that the partner verifies, requests to AWS, and both over HTTP/2.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod peer;

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use connect::{Environment, Partners};
use graph::{
    Auth, Connection, Request, Setting, Tls,
    auth::{Aws, Jwt},
};
use http_body_util::{BodyExt, Empty};
use hyper::{Version, body::Bytes, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use peer::{Login, get, secret};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

fn text(text: &str) -> Setting {
    Setting::Text(text.into())
}

fn jwt(audience: Option<&str>) -> Auth {
    Auth::Jwt(Box::new(Jwt {
        private_key: secret("KEY"),
        key_id: Some(text("ABC123DEFG")),
        issuer: text("DEF123GHIJ"),
        subject: None,
        audience: audience.map(text),
    }))
}

fn partners(connection: Connection, secrets: &[(&str, &str)]) -> Partners {
    connect::install_crypto();
    let secrets: BTreeMap<String, String> =
        secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let environment = Environment::of(move |name| secrets.get(name).cloned());
    Partners::new([Arc::new(connection)], BTreeMap::new(), environment).unwrap()
}

#[tokio::test]
async fn a_token_of_our_own_is_made_once_and_verified() {
    let login = Login::start();
    let key = rcgen::KeyPair::generate().unwrap();
    let public = DecodingKey::from_ec_pem(key.public_key_pem().as_bytes()).unwrap();
    for audience in [None, Some("https://partner.example.com")] {
        let secrets = [("KEY", key.serialize_pem())];
        let partners = partners(login.connection(jwt(audience)), &[(secrets[0].0, &secrets[0].1)]);
        for _ in 0..3 {
            get(&partners, "/open").await.unwrap();
        }
        let mut seen = login.partner.seen();
        let tokens: Vec<String> = seen
            .split_off(seen.len() - 3)
            .iter()
            .map(|one| one.header("authorization").unwrap().to_owned())
            .collect();
        // The server takes no token, so one more is made after the first refusal and none after that.
        assert!(tokens[1] == tokens[2], "{tokens:?}");
        let mut wanted = Validation::new(Algorithm::ES256);
        wanted.required_spec_claims.clear();
        wanted.validate_aud = audience.is_some();
        wanted.set_issuer(&["DEF123GHIJ"]);
        if let Some(audience) = audience {
            wanted.set_audience(&[audience]);
        }
        let token = tokens[2].strip_prefix("Bearer ").unwrap();
        let read = jsonwebtoken::decode::<serde_json::Value>(token, &public, &wanted).unwrap();
        assert_eq!(read.header.kid.as_deref(), Some("ABC123DEFG"));
        let names: Vec<&str> = read.claims.as_object().unwrap().keys().map(String::as_str).collect();
        let expected: &[&str] =
            if audience.is_some() { &["iss", "iat", "exp", "aud"] } else { &["iss", "iat"] };
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn a_key_that_signs_nothing_is_an_error_that_says_so() {
    let login = Login::start();
    let wrong = partners(login.connection(jwt(None)), &[("KEY", "canary")]);
    let error = get(&wrong, "/a").await.unwrap_err();
    assert_eq!(error.kind, graph::ErrorKind::Auth);
    assert_eq!(error.reason, "the private key is no PEM text of a private key");
    assert!(login.partner.seen().is_empty());
}

#[tokio::test]
async fn a_request_to_aws_is_signed_with_its_body_and_session() {
    let login = Login::start();
    let way = Aws {
        access_key: text("AKIDEXAMPLE"),
        secret_key: secret("KEY"),
        session_token: Some(secret("SESSION")),
        region: text("eu-central-1"),
        service: text("ses"),
    };
    let connection = login.connection(Auth::Aws(Box::new(way)));
    let partners = partners(connection, &[("KEY", "canary key"), ("SESSION", "canary session")]);
    let request = Request {
        connection: "shop".into(),
        method: "POST".into(),
        path: "/v2/email/outbound-emails".into(),
        headers: Vec::new(),
        body: Some(("application/json".into(), "{}".into())),
        text: None,
    };
    partners.attempt(&request, Uuid::nil(), None).await.outcome.unwrap();
    let seen = login.partner.seen().pop().unwrap();
    let moment = seen.header("x-amz-date").unwrap();
    let (day, _) = moment.split_once('T').unwrap();
    let proof = seen.header("authorization").unwrap();
    let begin = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{day}/eu-central-1/ses/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
    );
    assert_eq!(proof.strip_prefix(&begin).map(str::len), Some(64), "{proof}");
    assert_eq!(seen.header("x-amz-security-token"), Some("canary session"));
    assert_eq!(seen.header("host"), Some(login.partner.address.to_string().as_str()));
    let preview = partners.preview(&request, Uuid::nil()).await;
    assert!(preview.contains("Signature=••••\n") && !preview.contains("canary"), "{preview}");
}

/// A server that speaks HTTP/2 alone, as Apple's push service does. Gives its certificate, and what it saw.
async fn serve() -> (SocketAddr, String, Arc<Mutex<Vec<(Version, String)>>>) {
    connect::install_crypto();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::from_pem_slice(signing_key.serialize_pem().as_bytes()).unwrap();
    let builder = ServerConfig::builder().with_no_client_auth();
    let mut config = builder.with_single_cert(vec![cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, noted) = (acceptor.clone(), noted.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let answer = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
                    let noted = noted.clone();
                    async move {
                        let topic = request
                            .headers()
                            .get("apns-topic")
                            .map(|value| value.to_str().unwrap().to_owned());
                        let line = format!(
                            "{} {} {}",
                            request.method(),
                            request.uri().path(),
                            topic.unwrap_or_default()
                        );
                        noted.lock().unwrap().push((request.version(), line));
                        request.into_body().collect().await.unwrap();
                        Ok::<_, Infallible>(hyper::Response::new(Empty::<Bytes>::new()))
                    }
                });
                // A client that goes away ends it.
                let _ = http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
            });
        }
    });
    (address, cert.pem(), seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_speaks_http_2_alone_is_spoken_to_in_it() {
    let (address, certificate, seen) = serve().await;
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let tls = Tls { identity: None, ca: Some(secret("CA")), ca_only: true };
    let url = text(&format!("https://{address}"));
    let connection = Connection { url, tls: Some(tls), ..Login::start().connection(jwt(None)) };
    let partners = partners(connection, &[("KEY", &key), ("CA", &certificate)]);
    let request = Request {
        connection: "shop".into(),
        method: "POST".into(),
        path: "/3/device/00fc13".into(),
        headers: vec![("apns-topic".into(), "com.example.shop".into())],
        body: Some(("application/json".into(), "{\"aps\":{}}".into())),
        text: None,
    };
    for _ in 0..2 {
        let answer = partners.attempt(&request, Uuid::nil(), None).await.outcome.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    }
    let expected = (Version::HTTP_2, "POST /3/device/00fc13 com.example.shop".to_owned());
    assert_eq!(*seen.lock().unwrap(), [expected.clone(), expected]);
}
