//! Certificates, at a real server that demands one: shown, refused, and replaced while calls go on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod peer;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use connect::{Environment, Partners};
use graph::{Auth, ClientProof, Connection, ErrorKind, OAuth2, Setting, Tls};
use peer::{Login, get, secret};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name, and its key, in PEM.
fn issue(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// The certificates that clients showed, one for each request.
type Shown = Arc<Mutex<Vec<Option<CertificateDer<'static>>>>>;

/// A server with a certificate of `authority`, which demands one of `clients` if there is one.
async fn serve(authority: &Authority, clients: Option<&Authority>) -> (SocketAddr, Shown) {
    connect::install_crypto();
    let (certificate, key) = issue(authority, "127.0.0.1");
    let builder = match clients {
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(der(&clients.pem())).unwrap();
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
        None => ServerConfig::builder().with_no_client_auth(),
    };
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = builder.with_single_cert(vec![der(&certificate)], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shown = Shown::default();
    let seen = shown.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, seen) = (acceptor.clone(), seen.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let certificate =
                    stream.get_ref().1.peer_certificates().and_then(|chain| chain.first().cloned());
                let mut buffer = [0; 8_192];
                // A request of the tests comes in one piece.
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                    seen.lock().unwrap().push(certificate.clone());
                    let body = r#"{"access_token":"token-of-a-certificate"}"#;
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                    if stream.write_all((head + body).as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, shown)
}

/// Secrets that may change while they are used.
type Secrets = Arc<Mutex<BTreeMap<&'static str, String>>>;

fn partners(url: &str, auth: Auth, tls: Tls, secrets: &Secrets) -> Partners {
    let url = Setting::Text(url.into());
    let connection = Connection { url, tls: Some(tls), ..Login::start().connection(auth) };
    let secrets = secrets.clone();
    let environment = Environment::of(move |name| secrets.lock().unwrap().get(name).cloned());
    Partners::new([Arc::new(connection)], BTreeMap::new(), environment).unwrap()
}

fn tls(ca_only: bool) -> Tls {
    Tls { identity: Some((secret("CERT"), secret("KEY"))), ca: Some(secret("CA")), ca_only }
}

fn secrets(authority: &Authority, client: &(String, String)) -> Secrets {
    let (certificate, key) = client.clone();
    Arc::new(Mutex::new(BTreeMap::from([("CA", authority.pem()), ("CERT", certificate), ("KEY", key)])))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_prove_who_they_are() {
    let (servers, clients) = (authority(), authority());
    let (address, shown) = serve(&servers, Some(&clients)).await;
    let url = format!("https://{address}");
    let client = issue(&clients, "wayfare");
    for ca_only in [true, false] {
        let partners = partners(&url, Auth::None, tls(ca_only), &secrets(&servers, &client));
        assert_eq!(get(&partners, "/a").await.unwrap().status, 200, "{ca_only}");
        assert_eq!(shown.lock().unwrap().pop(), Some(Some(der(&client.0))));
    }
    let stranger = issue(&servers, "stranger");
    for (what, tls, secrets) in [
        ("no certificate", Tls { identity: None, ..tls(true) }, secrets(&servers, &client)),
        ("another authority's certificate", tls(true), secrets(&servers, &stranger)),
        ("a server of another authority", tls(true), secrets(&clients, &client)),
        ("a server of no public authority", Tls { ca: None, ..tls(false) }, secrets(&servers, &client)),
    ] {
        let error = get(&partners(&url, Auth::None, tls, &secrets), "/a").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused, "{what}: {error:?}");
        assert!(error.reason.starts_with("the partner cannot be reached: "), "{what}: {}", error.reason);
    }
    assert!(shown.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_replaced_while_calls_go_on() {
    let (servers, clients) = (authority(), authority());
    let (address, shown) = serve(&servers, Some(&clients)).await;
    let (old, new) = (issue(&clients, "old"), issue(&clients, "new"));
    let secrets = secrets(&servers, &old);
    let partners = partners(&format!("https://{address}"), Auth::None, tls(true), &secrets);
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let partners = partners.clone();
            tokio::spawn(async move {
                for _ in 0..100 {
                    assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(150)).await;
    // As files are replaced: first the one, then the other, which fits it.
    secrets.lock().unwrap().insert("CERT", new.0.clone());
    tokio::time::sleep(Duration::from_millis(100)).await;
    secrets.lock().unwrap().insert("KEY", new.1.clone());
    for caller in callers {
        caller.await.unwrap();
    }
    let shown = shown.lock().unwrap();
    let (old, new) = (Some(der(&old.0)), Some(der(&new.0)));
    assert_eq!(shown.len(), 400);
    assert!(shown.first() == Some(&old) && shown.last() == Some(&new));
    let by_new = shown.iter().filter(|one| **one == new).count();
    assert!((20..380).contains(&by_new), "{by_new} of 400 with the new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_asked_for_with_the_certificate_too() {
    let (servers, clients) = (authority(), authority());
    let (address, shown) = serve(&servers, Some(&clients)).await;
    let client = issue(&clients, "wayfare");
    let way = OAuth2 {
        token_url: Setting::Text(format!("https://{address}/token").into()),
        client_id: Setting::Text("wayfare".into()),
        proof: ClientProof::Body(secret("KEY")),
        scope: None,
        audience: None,
        refresh_token: None,
    };
    let auth = Auth::OAuth2(Box::new(way));
    let partners = partners(&format!("https://{address}"), auth, tls(true), &secrets(&servers, &client));
    let answer = get(&partners, "/a").await.unwrap();
    assert_eq!(answer.body, r#"{"access_token":"••••"}"#, "it says back what it was sent");
    assert_eq!(*shown.lock().unwrap(), [Some(der(&client.0)), Some(der(&client.0))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_none_are_said_to_be() {
    let (servers, clients) = (authority(), authority());
    let (address, shown) = serve(&servers, Some(&clients)).await;
    let (good, other) = (issue(&clients, "wayfare"), issue(&clients, "other"));
    for (certificate, key, ca) in [
        ("canary", good.1.as_str(), servers.pem()),
        (&good.0, "canary", servers.pem()),
        (&good.0, &other.1, servers.pem()),
        (&good.0, &good.1, "canary".to_owned()),
    ] {
        let secrets = secrets(&servers, &(certificate.to_owned(), key.to_owned()));
        secrets.lock().unwrap().insert("CA", ca);
        let partners = partners(&format!("https://{address}"), Auth::None, tls(true), &secrets);
        let error = get(&partners, "/a").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth, "{error:?}");
        assert!(error.reason.starts_with("the certificates cannot be used: "), "{}", error.reason);
        assert!(!format!("{error:?}").contains("canary"));
    }
    let lacking = secrets(&servers, &good);
    lacking.lock().unwrap().remove("KEY");
    let partners = partners(&format!("https://{address}"), Auth::None, tls(true), &lacking);
    assert_eq!(get(&partners, "/a").await.unwrap_err().reason, "the environment variable KEY is not set");
    assert_eq!(partners.missing().await.len(), 1);
    assert!(shown.lock().unwrap().is_empty());
}
