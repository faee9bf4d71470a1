//! Opens and clicks: the links of a mail lead through the server to where the mail said, and what somebody did is an event
//! that their journey waits for.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use mail_parser::MessageParser;
use serde_json::{Value, json};
use testkit::{
    MailServer, Partner, Reply, Said, Security,
    http::{Answer, Client},
    server::Server,
};
use tests::{lead_mail_to, on_both, setup_of};

const PUBLIC: &str = "https://journeys.example.com";

const PROJECT: &str = r#"
profile { customerId: string key }
event asked "Asked" {}
connection partner { url: "https://partner.example.com" }
action tell(text: string) { POST partner "/tell" json { "text": "{{ text }}" } }
connection email {
  smtp: "smtps://mail.example.com"
  from: "Shop <shop@example.com>"
  tls: { ca: secret("MAIL_CA") }
}
message news via email {
  to: "ada@example.com"
  subject: "News"
  html: "<a href=\"https://shop.example.com/?who={{ profile.customerId }}&amp;n=1\">Shop</a>"
  track_clicks: true
  track_opens: true
}
journey informs {
  enter on asked
  send news()
  wait for news.opened
  call tell("opened")
  wait for news.clicked as click
  call tell("clicked {{ click.url ?? "" }}")
}
journey counts {
  enter on news.opened
  re-enter always
  call tell("an opening")
}
"#;

/// The address in the first attribute of a name.
fn attribute(html: &str, name: &str) -> String {
    let (_, rest) = html.split_once(&format!("{name}=\"")).unwrap();
    let url = rest.split('"').next().unwrap();
    url.strip_prefix(PUBLIC).unwrap_or_else(|| panic!("{url} leads through the server")).to_owned()
}

fn fetch(server: &Server, method: &str, path: &str) -> Answer {
    Client::new(server.address, None).send(method, path, "", b"").unwrap()
}

/// How often the person did something, as their timeline has it.
fn done(server: &Server, event: &str) -> usize {
    let timeline = server.admin().get("/v1/profiles/customer-1/timeline").unwrap().json();
    let entries = timeline["entries"].as_array().unwrap();
    entries.iter().filter(|entry| entry["event"]["name"] == event).count()
}

fn told(partner: &Partner, count: usize) -> Vec<String> {
    let text = |body: &str| serde_json::from_str::<Value>(body).unwrap()["text"].as_str().unwrap().to_owned();
    let mut told: Vec<String> =
        partner.wait_for("POST /tell", count).iter().map(|call| text(&call.body)).collect();
    told.sort();
    told
}

#[test]
fn what_somebody_does_with_a_mail_is_an_event_of_theirs() {
    on_both(|database| {
        let mails = MailServer::start(Security::Tls, |_, _| Said::Usual).unwrap();
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let mut setup = setup_of(database, &partner, PROJECT, &["partner"]);
        setup.environment.push(("WAYFARE_PUBLIC_URL".into(), PUBLIC.into()));
        lead_mail_to(&mut setup, &mails);
        let server = setup.start().unwrap();
        let event = json!({"id": "e1", "event": "Asked", "profile": "customer-1", "properties": {}});
        assert_eq!(server.writer().json("POST", "/v1/events", &event.to_string()).unwrap().status, 202);
        let mail = mails.wait_for(1).remove(0);
        let html = MessageParser::default().parse(&mail.data).unwrap().body_html(0).unwrap().into_owned();
        let (link, picture) = (attribute(&html, "href"), attribute(&html, "src"));
        assert!(!html.contains("customer-1") && !html.contains("shop.example.com"), "{database}: {html}");

        // Whoever asks what there would be has not opened it; whoever opens it twice has opened it.
        assert_eq!(fetch(&server, "HEAD", &picture).status, 200);
        assert_eq!(done(&server, "news.opened"), 0, "{database}");
        for _ in 0..2 {
            let point = fetch(&server, "GET", &picture);
            assert_eq!((point.status, point.header("content-type")), (200, Some("image/gif")), "{database}");
            assert_eq!(point.header("cache-control"), Some("no-store"));
        }
        assert_eq!(told(&partner, 2), ["an opening", "opened"], "{database}");
        assert_eq!(fetch(&server, "HEAD", &link).status, 302);
        assert_eq!(done(&server, "news.clicked"), 0, "{database}");
        let led = fetch(&server, "GET", &link);
        let end = "https://shop.example.com/?who=customer-1&n=1";
        assert_eq!((led.status, led.header("location")), (302, Some(end)), "{database}");
        assert_eq!(told(&partner, 3)[1], format!("clicked {end}"), "{database}");

        // A link that nobody was sent leads nowhere, and neither does one of another kind.
        let other = link.replace("/c/", "/c/A");
        for path in [other.as_str(), "/c/x", &picture.replace("/o/", "/c/")] {
            assert_eq!(fetch(&server, "GET", path).status, 404, "{database}: {path}");
        }
        assert_eq!(fetch(&server, "GET", "/o/x").status, 200, "{database}: a picture is a picture");
        assert_eq!(done(&server, "news.clicked"), 1, "{database}");
    });
}
