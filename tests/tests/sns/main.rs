//! What SES tells through Amazon SNS, to the program on both databases: the program fetches the certificate from a server that
//! passes for SNS, confirms the subscription by itself, and lets the journey go on; what is not SNS's, or not of the topic, leaves
//! nothing behind.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod amazon;

use amazon::{Envelope, GOOD, SERVER, TOPIC, server, stamp};
use serde_json::{Value, json};
use testkit::{
    Partner, Reply,
    http::{Answer, Client},
    server::Server,
};
use tests::{DATABASES, counts, detour, refusals, setup_of};

const PROJECT: &str = r#"
use "std/ses"

profile { customerId: string key }
event asked "Asked" {}
connection partner { url: "https://partner.example.com" }
action tell(text: string) { POST partner "/tell" json { "text": "{{ text }}" } }
message reminder via sesHtmlTracked {
  configurationSet: "news"
  from: "shop@example.com"
  to: "ada@example.com"
  subject: "Your cart"
  text: "It waits"
  html: "<p>It waits</p>"
  token: links.token
}

journey reminds {
  enter on asked
  send reminder()
  wait 30 days
}
journey delivers { enter on reminder.delivered as it1 re-enter always call tell("delivered {{ it1.instance != null }}") }
journey opens { enter on reminder.opened re-enter always call tell("opened") }
journey clicks { enter on reminder.clicked as click re-enter always call tell("clicked {{ click.url ?? "" }}") }
journey bounces { enter on reminder.bounced as bounce re-enter always call tell("bounced {{ bounce.reason ?? "" }} of {{ bounce.address ?? "nobody" }}") }
journey complains { enter on reminder.complained as word re-enter always call tell("complained {{ word.address ?? "" }}") }
"#;

const FORGED: &str = "the signature does not fit what was sent";

struct World {
    partner: Partner,
    amazon: Partner,
    server: Server,
    /// The tags of the mail, as SES says them back.
    tags: Value,
    /// What the partner was told so far.
    told: usize,
}

fn world(database: &str) -> World {
    let partner = Partner::start(|_, _| Reply::ok(r#"{"MessageId":"0107018c-1"}"#)).unwrap();
    let (amazon, authority) = server();
    let mut setup = setup_of(database, &partner, PROJECT, &["partner", "sesApi"]);
    setup.environment.extend(
        [
            ("WAYFARE_PUBLIC_URL", "https://journeys.example.com"),
            ("SES_URL", "https://email.eu-central-1.amazonaws.com"),
            ("SES_REGION", "eu-central-1"),
            ("SES_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("SES_SECRET_ACCESS_KEY", "canary-ses"),
            ("SES_TOPIC_ARN", TOPIC),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    detour::lead(&mut setup, ".amazonaws.com", amazon.address, &authority);
    let server = setup.start().unwrap();
    let event = json!({ "id": "e1", "event": "Asked", "profile": "c1" }).to_string();
    assert_eq!(server.writer().json("POST", "/v1/events", &event).unwrap().status, 202);
    let sent = partner.wait_for("POST /v2/email/outbound-emails", 1).pop().unwrap();
    let sent: Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!(sent["ConfigurationSetName"], "news");
    let mut tags = json!({ "ses:configuration-set": ["news"], "ses:from-domain": ["example.com"] });
    for tag in sent["EmailTags"].as_array().unwrap() {
        let value = tag["Value"].as_str().unwrap();
        // What SES takes as the value of a tag.
        let fits = |letter: u8| letter.is_ascii_alphanumeric() || b"_-".contains(&letter);
        assert!((1..=255).contains(&value.len()) && value.bytes().all(fits), "{value}");
        tags[tag["Name"].as_str().unwrap()] = json!([value]);
    }
    World { partner, amazon, server, tags, told: 0 }
}

impl World {
    fn says(&self, envelope: &Envelope) -> Answer {
        let headers = [("Content-Type", "text/plain; charset=UTF-8")];
        let mut anybody = Client::new(self.server.address, None);
        anybody.send_with("POST", "/hooks/sesEvents", &headers, envelope.0.to_string().as_bytes()).unwrap()
    }

    fn is_taken(&self, envelope: &Envelope) {
        let answer = self.says(envelope);
        assert_eq!(answer.status, 200, "{envelope:?}: {}", answer.body);
    }

    fn is_refused(&self, envelope: &Envelope, reason: &str) {
        let answer = self.says(envelope);
        assert_eq!(answer.status, 401, "{envelope:?}: {}", answer.body);
        assert!(answer.body.contains(reason), "{reason}: {}", answer.body);
    }

    /// An event as SES publishes it, from the examples of its manual.
    fn event(&self, kind: &str, more: Value) -> Value {
        let mut event = json!({
            "eventType": kind,
            "mail": {
                "timestamp": "2026-03-02T09:00:00.000Z",
                "source": "shop@example.com",
                "sourceArn": "arn:aws:ses:eu-central-1:123456789012:identity/shop@example.com",
                "sendingAccountId": "123456789012",
                "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
                "destination": ["ada@example.com"],
                "headersTruncated": false,
                "headers": [{ "name": "From", "value": "shop@example.com" }],
                "commonHeaders": { "from": ["shop@example.com"], "subject": "Your cart" },
                "tags": self.tags
            }
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    }

    fn goes_on(&mut self, event: &Value, tells: &str) {
        let envelope = Envelope::of(&event.to_string());
        for version in ["1", "2"] {
            self.is_taken(&envelope.clone().version(version).signed());
        }
        self.told += 1;
        let call = self.partner.wait_for("POST /tell", self.told).pop().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&call.body).unwrap()["text"], tells);
    }

    fn is_suppressed(&self, address: &str) -> bool {
        let body = json!({ "address": address }).to_string();
        let found = self.server.admin().json("POST", "/v1/suppressions/find", &body).unwrap();
        assert_eq!(found.status, 200, "{}", found.body);
        found.body.contains("bounced")
    }
}

/// Setting up is one step: the question is answered by the program, once; and the certificate is fetched once for all.
fn subscribes(world: &World) {
    let question = Envelope::asking("SubscriptionConfirmation", "2336412f37").signed();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| world.is_taken(&question));
        }
    });
    world.is_taken(&question.clone().version("2").signed());
    let visits = world.amazon.seen_at("GET /?");
    let line = format!("GET /?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37");
    assert_eq!(visits.iter().map(|visit| visit.line.as_str()).collect::<Vec<_>>(), [line]);
    assert_eq!(world.amazon.seen_at(&format!("GET {GOOD}")).len(), 1);
    // One that SNS does not take is asked again; one that leads elsewhere is not visited, however it is signed.
    let late = Envelope::asking("SubscriptionConfirmation", "late").signed();
    assert_eq!(world.says(&late).status, 503);
    world.is_taken(&late);
    let elsewhere = Envelope::asking("SubscriptionConfirmation", "3")
        .with("SubscribeURL", "https://sns.example.com/?Action=ConfirmSubscription")
        .signed();
    world.is_refused(&elsewhere, "its `SubscribeURL` is no address such as");
    world.is_taken(&Envelope::asking("UnsubscribeConfirmation", "4").signed());
    assert_eq!(world.amazon.seen_at("GET /?").len(), 3);
    world.is_taken(
        &Envelope::of("Successfully validated SNS topic for Amazon SES event publishing.").signed(),
    );
    assert_eq!(refusals(&world.server), Vec::<Value>::new());
}

fn goes_on(world: &mut World) {
    let at = "2026-03-02T09:00:07.123Z";
    world.is_taken(&Envelope::of(&world.event("Send", json!({ "send": {} })).to_string()).signed());
    let delivery = json!({ "delivery": { "timestamp": at, "processingTimeMillis": 546, "recipients": ["ada@example.com"],
        "smtpResponse": "250 ok:  Message 64111812 accepted", "reportingMTA": "a8-70.smtp-out.amazonses.com" } });
    world.goes_on(&world.event("Delivery", delivery), "delivered true");
    let open = json!({ "open": { "ipAddress": "192.0.2.1", "timestamp": at, "userAgent": "Mozilla/5.0" } });
    world.goes_on(&world.event("Open", open), "opened");
    let click = json!({ "click": { "ipAddress": "192.0.2.1", "link": "https://shop.example.com/cart", "linkTags": null,
        "timestamp": at, "userAgent": "Mozilla/5.0" } });
    world.goes_on(&world.event("Click", click), "clicked https://shop.example.com/cart");
    let bounce = |kind: &str, detail: &str, code: Value| {
        json!({ "bounce": { "bounceType": kind, "bounceSubType": detail,
            "bouncedRecipients": [{ "emailAddress": "ada@example.com", "action": "failed", "status": "5.1.1", "diagnosticCode": code }],
            "timestamp": at, "feedbackId": "01000157c44f053b-000000", "reportingMTA": "dsn; mta.example.com" } })
    };
    let full = world.event("Bounce", bounce("Transient", "MailboxFull", Value::Null));
    world.goes_on(&full, "bounced MailboxFull of nobody");
    let reject = world.event("Reject", json!({ "reject": { "reason": "Bad content" } }));
    world.goes_on(&reject, "bounced Bad content of nobody");
    assert!(!world.is_suppressed("ada@example.com"));
    let gone = world.event("Bounce", bounce("Permanent", "General", json!("smtp; 550 5.1.1 user unknown")));
    world.goes_on(&gone, "bounced smtp; 550 5.1.1 user unknown of ada@example.com");
    assert!(world.is_suppressed("Ada <ADA@example.com>"));
    let complaint = json!({ "complaint": { "complainedRecipients": [{ "emailAddress": "ada@example.com" }], "timestamp": at,
        "feedbackId": "01000157c44f053b-61b59c11", "userAgent": "Amazon SES Mailbox Simulator", "complaintFeedbackType": "abuse",
        "arrivalDate": at } });
    world.goes_on(&world.event("Complaint", complaint), "complained ada@example.com");
    let timeline = world.server.admin().get("/v1/profiles/c1/timeline").unwrap().body;
    assert!(timeline.contains("2026-03-02T09:00:07.123"), "{timeline}");
    // Of somebody else's message nothing is news, and what cannot be read is kept with the reason.
    let mut foreign = world.event("Open", json!({ "open": { "timestamp": at } }));
    foreign["mail"]["tags"] = json!({ "wayfare1": ["guessed"] });
    world.is_taken(&Envelope::of(&foreign.to_string()).signed());
    for (message, reason) in [("hello", "is not JSON"), ("{}", "eventType")] {
        let answer = world.says(&Envelope::of(message).signed());
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(reason), "{}", answer.body);
        assert!(refusals(&world.server)[0].to_string().contains(reason), "{:?}", refusals(&world.server)[0]);
    }
}

fn is_nobodys(world: &World) {
    let at = "2026-03-02T10:00:00.000Z";
    let open = world.event("Open", json!({ "open": { "timestamp": at } })).to_string();
    let good = Envelope::of(&open);
    let all = world.amazon.seen().len();
    // What costs nothing to refuse has nothing fetched.
    let other = "arn:aws:sns:eu-central-1:999999999999:ses-events";
    world.is_refused(&good.clone().with("TopicArn", other).signed(), "it is of another topic");
    let late = "it was signed more than an hour ago, or the clocks differ";
    for seconds in [-3_630, 330] {
        world.is_refused(&good.clone().with("Timestamp", &stamp(seconds)).signed(), late);
    }
    world.is_refused(&good.clone().with("Timestamp", "yesterday").signed(), "is no moment");
    world.is_refused(&good.clone().version("3").signed(), "its `SignatureVersion` is neither 1 nor 2");
    world.is_refused(&good.clone().with("Type", "Greeting").signed(), "its `Type` is none that SNS has");
    for host in ["https://sns.example.com", "http://sns.eu-central-1.amazonaws.com", "https://127.0.0.1"] {
        let elsewhere = good.clone().with("SigningCertURL", &format!("{host}{GOOD}")).signed();
        world.is_refused(&elsewhere, "its `SigningCertURL` is no address such as");
    }
    world.is_refused(&Envelope(world.event("Open", json!({}))), "raw message delivery must be off");
    assert_eq!(world.amazon.seen().len(), all);
    // With anything changed, added or taken away that is signed, it is nobody's.
    let signed = good.clone().signed();
    let later = stamp(-60);
    for (field, value) in [
        ("Message", open.replace("Open", "Send").as_str()),
        ("MessageId", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325"),
        ("Subject", "Another"),
        ("Timestamp", &later),
        ("SignatureVersion", "2"),
        ("Signature", "AAAA"),
        ("Signature", "no base64"),
    ] {
        world.is_refused(&signed.clone().with(field, value), FORGED);
    }
    for field in
        ["Message", "MessageId", "Timestamp", "TopicArn", "SignatureVersion", "Signature", "SigningCertURL"]
    {
        let mut without = signed.clone();
        without.0.as_object_mut().unwrap().remove(field);
        world.is_refused(&without, &format!("it has no `{field}`"));
    }
    let mut without = signed;
    without.0.as_object_mut().unwrap().remove("Subject");
    world.is_refused(&without, FORGED);
}

/// Certificates that do not hold, or are none, or are not to be had now.
fn is_not_certified(world: &World) {
    let good = Envelope::of(&world.event("Open", json!({})).to_string());
    let fetched = |path: &str| world.amazon.seen_at(&format!("GET {path}")).len();
    let by = |path: &str| good.clone().with("SigningCertURL", &format!("{SERVER}{path}")).signed();
    for (path, reason) in [
        ("/over.pem", "the certificate that it is signed with is over"),
        ("/early.pem", "the certificate that it is signed with does not hold yet"),
        ("/curve.pem", "the certificate that it names has no key of RSA"),
        ("/nonsense.pem", "the certificate that it names cannot be read"),
        ("/large.pem", "the answer is larger than 64 KiB"),
        ("/none.pem", "at the address of its certificate SNS answers 404"),
        ("/none", "its `SigningCertURL` is none of a certificate"),
    ] {
        world.is_refused(&by(path), reason);
    }
    assert_eq!((fetched("/over.pem"), fetched("/none ")), (1, 0));
    // What is not to be had now is sent again, and strangers cannot have us fetch without end.
    assert_eq!(world.says(&by("/again.pem")).status, 503);
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    world.is_refused(&by("/again.pem").with("Subject", "Another"), FORGED);
    for number in 0..40 {
        let answer = world.says(&by(&format!("/made-up-{number}.pem")));
        assert!([401, 503].contains(&answer.status), "{}", answer.body);
    }
    assert!((1..20).contains(&fetched("/made-up")), "{}", fetched("/made-up"));
    assert_eq!(fetched(GOOD), 1);
}

#[test]
fn what_ses_tells_through_sns_makes_the_journey_go_on() {
    for database in DATABASES {
        let mut world = world(database);
        subscribes(&world);
        goes_on(&mut world);
        is_nobodys(&world);
        is_not_certified(&world);
        let lines = [
            "wayfare_webhooks_total{webhook=\"sesEvents\",outcome=\"taken\"} 7",
            "wayfare_webhooks_total{webhook=\"sesEvents\",outcome=\"repeated\"} 7",
            "wayfare_webhooks_total{webhook=\"sesEvents\",outcome=\"foreign\"} 1",
            "wayfare_webhooks_total{webhook=\"sesEvents\",outcome=\"refused\"} 2",
            "wayfare_webhooks_total{webhook=\"sesEvents\",outcome=\"settled\"} 10",
        ];
        counts(&world.server, &lines);
        let told = world.partner.seen_at("POST /tell").len();
        assert_eq!(told, world.told, "{database}: the partner was told more");
    }
}
