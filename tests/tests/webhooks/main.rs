//! What providers call back with, through the program on both databases: the callbacks of their manuals, signed as each of them
//! signs, make the journey go on; what is not signed as it should be leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod calls;

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use calls::{Call, Providers, now, spoilt};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use testkit::{
    Partner, Reply,
    http::{Answer, Client},
    server::Server,
};
use tests::{DATABASES, counts, refusals, setup_of};

const PUBLIC: &str = "https://journeys.example.com";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const PROJECT: &str = r#"
use "std/twilio"
use "std/sendgrid"
use "std/mailgun"
use "std/postmark"
use "std/messagebird"
use "std/whatsapp"

profile { customerId: string key }
event asked "Asked" {}
connection partner { url: "https://partner.example.com" }
action tell(text: string) { POST partner "/tell" json { "text": "{{ text }}" } }
action carry(token: string) { POST partner "/carry" json { "token": "{{ token }}" } }
message reminder via carry { token: links.token }

webhook standard {
  verify: standard_webhooks secret("STANDARD_KEY")
  json: { token: string?, id: string?, at: datetime?, text: string? }
  message: body.token
  id: body.id
  at: body.at
  replied when body.text != null { text: body.text }
}

webhook open {
  verify: nothing
  form: { token: string, count: string }
  message: body.token
  clicked when (body.count.toInt() ?? 0) > 1
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
journey answers { enter on reminder.replied as word re-enter always call tell("replied {{ word.text ?? "" }}") }
"#;

struct World {
    partner: Partner,
    server: Server,
    from: Providers,
    /// What the partner was told so far.
    told: usize,
}

fn world(database: &str) -> World {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let mut setup = setup_of(database, &partner, PROJECT, &["partner"]);
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let sendgrid = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
    // A public key as SendGrid shows it: the head of all keys on this curve, and the point.
    let head = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
    let public = STANDARD.encode([head.as_slice(), sendgrid.public_key().as_ref()].concat());
    setup.environment.extend(
        [
            ("WAYFARE_PUBLIC_URL", PUBLIC),
            ("TWILIO_ACCOUNT_SID", "AC1"),
            ("TWILIO_AUTH_TOKEN", "canary-twilio"),
            ("SENDGRID_WEBHOOK_KEY", &public),
            ("MAILGUN_SIGNING_KEY", "canary-mailgun"),
            ("POSTMARK_WEBHOOK_PASSWORD", "canary-postmark"),
            ("MESSAGEBIRD_SIGNING_KEY", "canary-messagebird"),
            ("WHATSAPP_APP_SECRET", "canary-whatsapp"),
            ("WHATSAPP_VERIFY_TOKEN", "canary-verify"),
            ("STANDARD_KEY", WHSEC),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let server = setup.start().unwrap();
    let event = json!({ "id": "e1", "event": "Asked", "profile": "c1" }).to_string();
    assert_eq!(server.writer().json("POST", "/v1/events", &event).unwrap().status, 202);
    let carried = partner.wait_for("POST /carry", 1).pop().unwrap();
    let carried: Value = serde_json::from_str(&carried.body).unwrap();
    let token = carried["token"].as_str().unwrap().to_owned();
    World { partner, server, from: Providers { sendgrid_key: sendgrid, token }, told: 0 }
}

impl World {
    fn calls(&self, call: &Call) -> Answer {
        let headers: Vec<(&str, &str)> =
            call.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut anybody = Client::new(self.server.address, None);
        anybody.send_with(call.method, &call.path, &headers, call.body.as_bytes()).unwrap()
    }

    fn is_taken(&self, call: &Call) {
        let answer = self.calls(call);
        assert_eq!(answer.status, 200, "{call:?}: {}", answer.body);
    }

    /// What the partner is told next.
    fn next(&mut self) -> String {
        self.told += 1;
        let call = self.partner.wait_for("POST /tell", self.told).pop().unwrap();
        serde_json::from_str::<Value>(&call.body).unwrap()["text"].as_str().unwrap().to_owned()
    }

    /// The call makes the journey go on, once however often it comes, and not at all when it is not signed so.
    fn goes_on(&mut self, call: &Call, signed: &[&str], tells: &str) {
        for spoilt in spoilt(call, signed) {
            let answer = self.calls(&spoilt);
            assert_eq!(answer.status, 401, "{spoilt:?}: {}", answer.body);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
        let before = self.kept();
        self.is_taken(call);
        assert_eq!(self.next(), tells, "{call:?}");
        self.is_taken(call);
        // Of what was refused nothing is there, and of what came twice one.
        assert_eq!(self.kept(), before + 1, "{call:?}");
    }

    /// How many events in the person's timeline came from providers.
    fn kept(&self) -> usize {
        let page = self.server.admin().get("/v1/profiles/c1/timeline").unwrap().json();
        let page = page.to_string();
        let ids = page.split("webhook:").skip(1).filter_map(|rest| rest.split('"').next());
        ids.collect::<BTreeSet<&str>>().len()
    }
}

fn texts(world: &mut World) {
    let status = |status: &'static str, more: &[(&'static str, &'static str)]| {
        let mut fields = vec![
            ("SmsSid", "SM2xxxxxx"),
            ("SmsStatus", status),
            ("MessageStatus", status),
            ("To", "+15558675310"),
            ("MessageSid", "SM2xxxxxx"),
            ("AccountSid", "ACxxxxxxx"),
            ("From", "+15017122661"),
            ("ApiVersion", "2010-04-01"),
        ];
        fields.extend(more);
        fields
    };
    let token = world.from.token.clone();
    let signed = ["X-Twilio-Signature"];
    let call = world.from.twilio(&token, &status("delivered", &[]));
    world.goes_on(&call, &signed, "delivered true");
    let call = world.from.twilio(&token, &status("undelivered", &[("ErrorCode", "30007")]));
    world.goes_on(&call, &signed, "bounced Twilio's error 30007 of nobody");
    let call = world.from.twilio(&token, &status("failed", &[("ErrorCode", "30006")]));
    world.goes_on(&call, &signed, "bounced Twilio's error 30006 of +15558675310");
    // What is on its way is no news, and neither is what is about a message that is not ours.
    world.is_taken(&world.from.twilio(&token, &status("sent", &[])));
    world.is_taken(&world.from.twilio("of-somebody-else", &status("delivered", &[])));
    let call = world.from.messagebird("delivered", now());
    world.goes_on(&call, &["MessageBird-Signature-JWT"], "delivered true");
    assert_eq!(world.calls(&world.from.messagebird("delivered", now() - 400)).status, 401);
    let failed = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
    let one = |status: &str, more: Value| {
        let mut one = json!({ "id": "wamid.HBg", "status": status, "timestamp": "1603086313",
            "recipient_id": "16315551234", "biz_opaque_callback_data": token });
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    };
    let call = world.from.whatsapp(&json!([one("sent", json!({})), one("read", json!({}))]));
    world.goes_on(&call, &["X-Hub-Signature-256"], "opened");
    let call = world.from.whatsapp(&json!([one("failed", json!({ "errors": failed }))]));
    world.goes_on(&call, &["X-Hub-Signature-256"], "bounced Message undeliverable of nobody");
}

fn mails(world: &mut World) {
    let token = world.from.token.clone();
    let event = |kind: &str, id: &str, more: Value| {
        let mut event = json!({ "email": "ada@example.com", "timestamp": now(), "event": kind,
            "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>", "category": ["cat facts"],
            "sg_event_id": id, "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.1", "wayfare": token });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let signed = ["X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"];
    let click =
        event("click", "ZGU1", json!({ "url": "https://shop.example.com/cart", "ip": "255.255.255.255" }));
    let call = world.from.sendgrid(&json!([event("processed", "cGY0", json!({})), click]), now());
    world.goes_on(&call, &signed, "clicked https://shop.example.com/cart");
    let old = world.from.sendgrid(&json!([event("open", "b3Bl", json!({}))]), now() - 301);
    assert_eq!(world.calls(&old).status, 401);
    let bounce = event(
        "bounce",
        "Ym91",
        json!({ "type": "blocked", "reason": "550 5.7.1 blocked", "status": "5.7.1" }),
    );
    let call = world.from.sendgrid(&json!([bounce]), now());
    world.goes_on(&call, &signed, "bounced 550 5.7.1 blocked of nobody");
    let call = world.from.sendgrid(&json!([event("spamreport", "c3Bh", json!({}))]), now());
    world.goes_on(&call, &signed, "complained ada@example.com");

    let event = |kind: &str, more: Value| {
        let mut event = json!({ "event": kind, "id": format!("{kind}-DACSsAdVSeGpLid7TN03WA"),
            "timestamp": 1_521_233_195.375_624, "recipient": "ada@example.com", "recipient-domain": "example.com",
            "message": { "headers": { "message-id": "20130503182626@example.com" } },
            "user-variables": { "wayfare": token, "my_var_1": "Mailgun Variable #1" } });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let failed = json!({ "severity": "permanent", "reason": "suppress-bounce",
        "delivery-status": { "attempt-no": 1, "message": "", "code": 605, "description": "Not delivering to previously bounced address" } });
    let call = world.from.mailgun(&event("failed", failed), now());
    world.goes_on(&call, &[], "bounced  of ada@example.com");
    let call = world.from.mailgun(&event("opened", json!({ "ip": "50.56.129.169" })), now());
    world.goes_on(&call, &[], "opened");
    assert_eq!(world.calls(&world.from.mailgun(&event("clicked", json!({})), now() - 301)).status, 401);

    let parts: Vec<String> =
        token.as_bytes().chunks(80).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    let metadata: serde_json::Map<String, Value> = parts
        .iter()
        .enumerate()
        .map(|(place, part)| (format!("wayfare{}", place + 1), json!(part)))
        .collect();
    let call = world.from.postmark(&json!({ "RecordType": "Bounce", "MessageStream": "outbound", "ID": 4_323_372_036_854_775_807_i64,
        "Type": "HardBounce", "TypeCode": 1, "Tag": "Test", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Description": "The server was unable to deliver your message", "Email": "ada@example.com",
        "BouncedAt": "2026-11-05T16:33:54.9070259Z", "Inactive": true, "Metadata": metadata }));
    world.goes_on(
        &call,
        &["Authorization"],
        "bounced The server was unable to deliver your message of ada@example.com",
    );
}

fn others(world: &mut World) {
    let signed = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let body = json!({ "token": world.from.token, "id": "r1", "text": "Yes, please" }).to_string();
    let call = world.from.standard(&body, now());
    world.goes_on(&call, &signed, "replied Yes, please");
    assert_eq!(world.calls(&world.from.standard(&body, now() - 301)).status, 401);
    // The same by the provider's own id is no news, whatever else is said of it.
    let again = json!({ "token": world.from.token, "id": "r1", "text": "Yes, please!" }).to_string();
    world.is_taken(&world.from.standard(&again, now()));
    let at =
        json!({ "token": world.from.token, "id": "r2", "text": "And one", "at": "2026-03-02T09:00:00Z" });
    world.is_taken(&world.from.standard(&at.to_string(), now()));
    assert_eq!(world.next(), "replied And one");
    let page = world.server.admin().get("/v1/profiles/c1/timeline").unwrap().body;
    assert!(page.contains("2026-03-02T09:00:00"), "{page}");

    // What is signed and cannot be read is kept, with the reason; what is not signed is not.
    assert_eq!(refusals(&world.server), Vec::<Value>::new());
    for (body, reason) in [("{", "is not JSON"), ("{\"token\": 7}", "expected string, found the number 7")] {
        let answer = world.calls(&world.from.standard(body, now()));
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(reason), "{}", answer.body);
        let kept = refusals(&world.server);
        assert!(kept[0]["reason"].as_str().unwrap().contains(reason), "{kept:?}");
        assert!(kept[0]["field"].as_str().unwrap().starts_with("standard.body"), "{kept:?}");
    }
    assert_eq!(refusals(&world.server).len(), 2);

    // Whoever may call may say what he likes, but only of messages whose token he has.
    let form = |token: &str| Call {
        method: "POST",
        path: "/hooks/open".into(),
        headers: vec![("Content-Type", "application/x-www-form-urlencoded".into())],
        body: format!("token={token}&count=2"),
    };
    world.is_taken(&form("guessed"));
    world.is_taken(&form(&world.from.token));
    assert_eq!(world.next(), "clicked ");

    let get =
        |path: &str| Call { method: "GET", path: path.into(), headers: Vec::new(), body: String::new() };
    assert_eq!(world.calls(&get("/hooks/nothing")).status, 404);
    let ask = "/hooks/whatsappStatus?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    let answer = world.calls(&get(&format!("{ask}canary-verify")));
    assert_eq!((answer.status, answer.body.as_str()), (200, "1158201444"));
    assert_eq!(world.calls(&get(&format!("{ask}canary"))).status, 401);
    assert_eq!(world.calls(&get(&ask.replace("whatsappStatus", "standard"))).status, 401);
}

#[test]
fn what_providers_tell_makes_the_journey_go_on() {
    for database in DATABASES {
        let mut world = world(database);
        texts(&mut world);
        mails(&mut world);
        others(&mut world);
        let lines = [
            "wayfare_webhooks_total{webhook=\"twilioStatus\",outcome=\"taken\"} 3",
            "wayfare_webhooks_total{webhook=\"twilioStatus\",outcome=\"repeated\"} 3",
            "wayfare_webhooks_total{webhook=\"twilioStatus\",outcome=\"foreign\"} 1",
            "wayfare_webhooks_total{webhook=\"standard\",outcome=\"refused\"} 2",
        ];
        counts(&world.server, &lines);
        let told = world.partner.seen_at("POST /tell").len();
        assert_eq!(told, world.told, "{database}: the partner was told more");
    }
}
