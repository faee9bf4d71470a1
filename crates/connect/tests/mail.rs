//! Mail, at a real server: what arrives, how it is protected, and what becomes of every reply.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use connect::{Environment, Partners};
use graph::{Answer, Auth, CallError, Connection, Dkim, ErrorKind, Mailer, Request, Setting, Tls};
use mail_parser::MessageParser;
use testkit::{MailServer, Said, Security};
use uuid::Uuid;

const KEY: Uuid = Uuid::from_u128(7);

fn secret(name: &str) -> Setting {
    Setting::Secret(name.into())
}

/// A connection to a server that is trusted, which has no account.
fn connection(url: &str) -> Connection {
    Connection {
        name: "email".into(),
        url: Setting::Text(url.into()),
        auth: Auth::None,
        sign: None,
        mail: Some(Mailer { from: Setting::Text("The Shop <shop@example.com>".into()), dkim: None }),
        tls: Some(Tls { identity: None, ca: Some(secret("CA")), ca_only: false }),
        timeout_each: 5_000_000,
        timeout_total: 5_000_000,
        retry: Connection::RETRY,
        pressure: graph::Pressure::default(),
        private: vec!["127.0.0.1".into()],
        doc: None,
    }
}

fn partners(connection: Connection, authority: &str, more: &[(&str, &str)]) -> Partners {
    connect::install_crypto();
    let mut values: BTreeMap<String, String> =
        more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    values.insert("CA".into(), authority.to_owned());
    let environment = Environment::of(move |name: &str| values.get(name).cloned());
    Partners::new([Arc::new(connection)], BTreeMap::new(), environment).unwrap()
}

fn at(server: &MailServer) -> Partners {
    partners(connection(&server.url()), &server.authority, &[])
}

/// A mail with these parts in its head.
fn mail(headers: &[(&str, &str)], html: &str) -> Request {
    Request {
        connection: "email".into(),
        method: "MAIL".into(),
        path: String::new(),
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).to_owned())).collect(),
        body: Some(("text/html".into(), html.to_owned())),
        text: None,
    }
}

fn simple() -> Request {
    mail(&[("To", "Ada <ada@example.com>"), ("Subject", "Hello")], "<p>Hello</p>")
}

async fn send(partners: &Partners, request: &Request) -> Result<Answer, CallError> {
    partners.attempt(request, KEY, None).await.outcome
}

#[tokio::test]
async fn a_mail_arrives_whole_whatever_the_way() {
    for (security, scheme) in
        [(Security::Plain, "smtp"), (Security::StartTls, "smtp"), (Security::Tls, "smtps")]
    {
        let server = MailServer::friendly(security).unwrap();
        let mut connection = connection(&format!("{scheme}://{}", server.address));
        connection.auth = Auth::Basic { user: Setting::Text("shop".into()), password: secret("PASSWORD") };
        let partners = partners(connection, &server.authority, &[("PASSWORD", "canary-canary")]);
        let html = "<p>.leading dot</p>\n.\n..\n<p>Grüße, <a href=\"https://shop.example.com/?a=1&amp;b=2\">your cart</a></p>";
        let request = mail(
            &[
                ("To", "Lovelace, Ada <ada@example.com>"),
                ("Cc", "ben@example.com"),
                ("Cc", "Zoë <zoe@müller.de>"),
                ("Bcc", "hidden@example.com"),
                ("Reply-To", "Help <help@example.com>"),
                (
                    "Subject",
                    "Grüße aus dem Laden, und ein sehr langer Betreff, der auf mehrere Zeilen umgebrochen wird 🛒",
                ),
            ],
            html,
        );
        let answer = send(&partners, &request).await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (250, "2.0.0 queued as 1"), "{security:?}");
        let [delivery] = &server.mails()[..] else { panic!("one mail") };
        assert_eq!(delivery.from, "shop@example.com");
        let recipients = ["ada@example.com", "ben@example.com", "zoe@xn--mller-kva.de", "hidden@example.com"];
        assert_eq!(delivery.to, recipients);
        assert_eq!(delivery.login, Some(("shop".to_owned(), "canary-canary".to_owned())));
        assert_eq!(delivery.secure, security != Security::Plain);
        let read = MessageParser::default().parse(&delivery.data).unwrap();
        assert_eq!(read.subject(), Some(request.headers[5].1.as_str()));
        let from = read.from().unwrap().first().unwrap();
        assert_eq!((from.name(), from.address()), (Some("The Shop"), Some("shop@example.com")));
        let to = read.to().unwrap().first().unwrap();
        assert_eq!((to.name(), to.address()), (Some("Lovelace, Ada"), Some("ada@example.com")));
        assert_eq!(read.cc().unwrap().iter().count(), 2);
        assert_eq!(read.reply_to().unwrap().first().unwrap().address(), Some("help@example.com"));
        assert!(read.bcc().is_none(), "nobody sees who is hidden");
        assert_eq!(read.message_id(), Some(format!("{KEY}@example.com").as_str()));
        assert!(read.date().is_some());
        let unix = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
        assert_eq!(unix(&read.body_html(0).unwrap()), html);
        let text = unix(&read.body_text(0).unwrap());
        assert_eq!(text, ".leading dot\n. ..\nGrüße, your cart (https://shop.example.com/?a=1&b=2)");
        assert!(
            delivery.data.is_ascii()
                && delivery.data.split(|byte| *byte == b'\n').all(|line| line.len() < 999)
        );
    }
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_to_a_public_host_and_certificates_count() {
    let plain = MailServer::friendly(Security::Plain).unwrap();
    let stranger = MailServer::friendly(Security::StartTls).unwrap();
    // `127.0.0.1` must be named to be dialled at all; it may do without TLS then, but not with a wrong certificate.
    let mut connection = connection(&plain.url());
    connection.private.clear();
    let error = send(&partners(connection.clone(), &plain.authority, &[]), &simple()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.reason.contains("loopback address; name it under `private`"), "{}", error.reason);
    for spelled in ["127.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST."] {
        connection.url = Setting::Text(format!("smtp://{spelled}:{}", plain.address.port()).as_str().into());
        let error = send(&partners(connection.clone(), &plain.authority, &[]), &simple()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused, "{spelled}");
    }
    assert!(plain.lines().is_empty(), "nothing was dialled: {:?}", plain.lines());
    let error = send(&partners(self::connection(&stranger.url()), &plain.authority, &[]), &simple()).await;
    let error = error.unwrap_err();
    assert!(error.kind == ErrorKind::Refused && error.reason.contains("certificate"), "{error:?}");
    assert!(stranger.mails().is_empty());
}

#[tokio::test]
async fn every_reply_is_an_answer_with_its_code() {
    for (when, line, status, said) in [
        ("CONNECT", "554 5.7.1 not you", 554, ""),
        ("MAIL", "451 4.7.1 greylisted", 451, "MAIL: 4.7.1 greylisted"),
        ("RCPT", "550 5.1.1 no such user", 550, "ada@example.com: 5.1.1 no such user"),
        ("DATA", "452 4.3.1 full", 452, "DATA: 4.3.1 full"),
        (".", "554 5.6.0 spam", 554, "5.6.0 spam"),
        (".", "250-2.0.0 queued\r\n250 as 7", 250, "2.0.0 queued\nas 7"),
    ] {
        let server = MailServer::start(Security::Plain, move |command, _| {
            if command.starts_with(when) { Said::line(line) } else { Said::Usual }
        })
        .unwrap();
        let answer = send(&at(&server), &simple()).await.unwrap();
        assert_eq!(answer.status, status, "{when}");
        assert!(answer.body.contains(said), "{when}: {}", answer.body);
    }
    let server = MailServer::start(Security::Plain, |command, _| match command {
        "AUTH" => Said::line("535 5.7.8 wrong password canary-canary"),
        _ => Said::Usual,
    })
    .unwrap();
    let mut connection = connection(&server.url());
    connection.auth = Auth::Basic { user: Setting::Text("shop".into()), password: secret("PASSWORD") };
    let partners = partners(connection, &server.authority, &[("PASSWORD", "canary-canary")]);
    let error = send(&partners, &simple()).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(535)));
    assert_eq!(error.reason, "the mail server does not let us in (535): 5.7.8 wrong password ••••");
}

#[tokio::test]
async fn a_server_that_hangs_or_breaks_is_an_error_in_time() {
    for (when, said, kind) in [
        ("CONNECT", Said::Hang(Duration::from_secs(5)), ErrorKind::Timeout),
        (".", Said::Hang(Duration::from_secs(5)), ErrorKind::Timeout),
        ("DATA", Said::Close, ErrorKind::Refused),
        (".", Said::Close, ErrorKind::Refused),
        ("EHLO", Said::line("hello yourself"), ErrorKind::Refused),
        ("EHLO", Said::Line("250-x\r\n".repeat(20_000)), ErrorKind::Refused),
    ] {
        let then = said.clone();
        let server = MailServer::start(Security::Plain, move |command, _| {
            if command.starts_with(when) { then.clone() } else { Said::Usual }
        })
        .unwrap();
        let mut connection = connection(&server.url());
        connection.timeout_each = 500_000;
        let partners = partners(connection, &server.authority, &[]);
        let error = send(&partners, &simple()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{when} {said:?}: {}", error.reason);
    }
}

#[tokio::test]
async fn sessions_are_used_again_and_a_stale_one_is_replaced_once() {
    let server = MailServer::start(Security::Tls, |command, nth| match (command, nth) {
        // The second mail of the first session finds it closed.
        (line, 1) if line.starts_with("MAIL") => Said::Close,
        (line, 4) if line.starts_with("MAIL") => Said::line("421 4.4.2 idle for too long"),
        _ => Said::Usual,
    })
    .unwrap();
    let partners = partners(connection(&format!("smtps://{}", server.address)), &server.authority, &[]);
    for _ in 0..4 {
        assert_eq!(send(&partners, &simple()).await.unwrap().status, 250);
    }
    let sessions: Vec<usize> = server.mails().iter().map(|mail| mail.session).collect();
    assert_eq!(sessions, [0, 1, 1, 2], "{:?}", server.lines());
}

#[tokio::test]
async fn nothing_breaks_out_of_its_place() {
    let server = MailServer::friendly(Security::Plain).unwrap();
    let partners = at(&server);
    let evil = "x\r\n.\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<eve@evil.example>\r\nDATA\r\n";
    for (name, value) in [
        ("Subject", "Hi\r\nBcc: eve@evil.example"),
        ("Subject", "Hi\nBcc: eve@evil.example"),
        ("Subject", "Hi\0"),
        ("To", "ada@example.com\r\nRCPT TO:<eve@evil.example>"),
        ("To", "ada@example.com> BODY=8BITMIME\r\nRCPT TO:<eve@evil.example"),
        ("To", "Ada\r\nBcc: eve@evil.example <ada@example.com>"),
        ("Cc", "ben@example.com, eve@evil.example"),
        ("Reply-To", "nobody"),
        ("From", "not an address"),
        ("X-Mine", "unknown"),
    ] {
        let request = mail(&[("To", "ada@example.com"), ("Subject", "Hi"), (name, value)], "<p>Hi</p>");
        let error = send(&partners, &request).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{name} {value}");
    }
    assert!(server.lines().is_empty(), "{:?}", server.lines());
    let name = "\"; <eve@evil.example>, =?utf-8?q?=0D=0ABcc:_eve?= \\ é";
    let to = format!("{name} <ada@example.com>");
    let html = format!("<p>{}</p>\n{evil}</script>", "long ".repeat(400));
    let request = mail(&[("To", &to), ("Subject", "=?utf-8?q?=0D=0ABcc:_eve?= \"'<>")], &html);
    assert_eq!(send(&partners, &request).await.unwrap().status, 250);
    let [delivery] = &server.mails()[..] else { panic!("one mail") };
    assert_eq!(delivery.to, ["ada@example.com"]);
    let read = MessageParser::default().parse(&delivery.data).unwrap();
    assert!(read.bcc().is_none() && read.header("Bcc").is_none());
    let to = read.to().unwrap();
    assert_eq!(to.iter().count(), 1);
    assert_eq!(to.first().unwrap().address(), Some("ada@example.com"));
    assert_eq!(read.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), html.replace("\r\n", "\n"));
    let mut nul = simple();
    nul.body = Some(("text/html".into(), "a\0b".into()));
    assert_eq!(send(&partners, &nul).await.unwrap_err().reason, "the content of the mail holds a NUL");
}

/// White space as the relaxed form of DKIM wants it (RFC 6376, section 3.4).
fn relaxed(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a verifier checks of a mail that was signed: the hash of its body, then the bytes that the signature is over,
/// and the signature.
fn signed(data: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let text = String::from_utf8(data.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        match line.strip_prefix([' ', '\t']) {
            Some(more) => headers.last_mut().unwrap().1 += &format!(" {more}"),
            None => {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_ascii_lowercase(), value.to_owned()));
            }
        }
    }
    let find = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| relaxed(value));
    let signature = find("dkim-signature").unwrap();
    let tags: BTreeMap<&str, String> = signature
        .split(';')
        .filter_map(|tag| tag.trim().split_once('='))
        .map(|(name, value)| (name, value.replace(' ', "")))
        .collect();
    assert_eq!((tags["d"].as_str(), tags["s"].as_str()), ("example.com", "s1"));
    let mut lines: Vec<String> = body
        .split("\r\n")
        .map(|line| {
            let lead = if line.starts_with([' ', '\t']) && !line.trim().is_empty() { " " } else { "" };
            format!("{lead}{}", relaxed(line))
        })
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let body = lines.join("\r\n") + "\r\n";
    let decode = |text: &str| base64_of(text);
    assert_eq!(
        decode(&tags["bh"]),
        ring::digest::digest(&ring::digest::SHA256, body.as_bytes()).as_ref(),
        "the body is as it was signed"
    );
    let names: Vec<&str> = tags["h"].split(':').collect();
    assert!(
        ["from", "to", "subject", "date", "message-id"].iter().all(|name| names.contains(name)),
        "{names:?}"
    );
    let mut over: String =
        names.iter().filter_map(|name| Some(format!("{name}:{}\r\n", find(name)?))).collect();
    let (before, _) = signature.rsplit_once("b=").unwrap();
    over += &format!("dkim-signature:{before}b=");
    (over.into_bytes(), decode(&tags["b"]))
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.decode(text).unwrap()
}

#[tokio::test]
async fn a_signature_of_the_domain_holds_with_both_kinds_of_keys() {
    let ed = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let rsa = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer/rsa.pem")).unwrap();
    let public = rsa_public(&rsa);
    for (pem, algorithm) in [(rsa, "rsa"), (ed.serialize_pem(), "ed25519")] {
        let server = MailServer::friendly(Security::Plain).unwrap();
        let mut connection = connection(&server.url());
        let text = |text: &str| Setting::Text(text.into());
        let dkim = Dkim { domain: text("example.com"), selector: text("s1"), key: secret("DKIM_KEY") };
        connection.mail = Some(Mailer { from: text("shop@example.com"), dkim: Some(dkim) });
        let partners = partners(connection, &server.authority, &[("DKIM_KEY", &pem)]);
        let request = mail(
            &[("To", "Ada <ada@example.com>"), ("Subject", &"Grüße und noch viel mehr ".repeat(8))],
            "<p> two  spaces </p>\n\n\n",
        );
        assert_eq!(send(&partners, &request).await.unwrap().status, 250);
        let (over, signature) = signed(&server.mails()[0].data);
        let hash = ring::digest::digest(&ring::digest::SHA256, &over);
        match algorithm {
            "rsa" => {
                ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, &public)
                    .verify(&over, &signature)
                    .unwrap()
            }
            // Ed25519 signs the hash (RFC 8463, section 3).
            _ => ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, ed.public_key_raw())
                .verify(hash.as_ref(), &signature)
                .unwrap(),
        }
        assert!(!partners.preview(&request, KEY).await.contains("PRIVATE KEY"));
    }
    let server = MailServer::friendly(Security::Plain).unwrap();
    let mut connection = connection(&server.url());
    let text = |text: &str| Setting::Text(text.into());
    let dkim = Dkim { domain: text("example.com"), selector: text("s1"), key: secret("DKIM_KEY") };
    connection.mail = Some(Mailer { from: text("shop@example.com"), dkim: Some(dkim) });
    for (key, reason) in [
        (Some("no-key-at-all"), "the key of `dkim` is no private key in PEM, RSA or Ed25519"),
        (None, "the environment variable DKIM_KEY is not set"),
    ] {
        let values: Vec<(&str, &str)> = key.iter().map(|key| ("DKIM_KEY", *key)).collect();
        let error =
            send(&partners(connection.clone(), &server.authority, &values), &simple()).await.unwrap_err();
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Auth, reason));
    }
    assert!(server.lines().is_empty(), "no mail goes out unsigned");
}

/// The public key of an RSA key in PEM, as ring reads it.
fn rsa_public(pem: &str) -> Vec<u8> {
    use rsa::{pkcs1::EncodeRsaPublicKey, pkcs8::DecodePrivateKey};
    let key = rsa::RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
    key.to_public_key().to_pkcs1_der().unwrap().into_vec()
}

#[tokio::test]
async fn a_preview_is_readable_and_shows_no_secret() {
    let server = MailServer::friendly(Security::Plain).unwrap();
    let mut connection = connection("smtps://mail.example.com");
    connection.auth = Auth::Basic { user: Setting::Text("shop".into()), password: secret("PASSWORD") };
    let partners = partners(connection, &server.authority, &[("PASSWORD", "canary-canary")]);
    let shown = partners.preview(&simple(), KEY).await;
    assert_eq!(
        shown,
        format!(
            "MAIL smtps://mail.example.com\nFrom: The Shop <shop@example.com>\nTo: Ada <ada@example.com>\nSubject: Hello\n\
             Message-ID: <{KEY}@example.com>\n\n--- text/plain ---\nHello\n\n--- text/html ---\n<p>Hello</p>"
        )
    );
    assert!(server.lines().is_empty());
}
