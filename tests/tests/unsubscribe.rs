//! What nobody wants or can get does not go out: people unsubscribe by one click or on the page, addresses bounce or are put
//! on the suppression list, and what waits when that happens is dropped.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::{process::Command, time::Duration};

use mail_parser::MessageParser;
use serde_json::{Value, json};
use testkit::{
    Delivery, MailServer, Partner, Reply, Said, Security,
    http::Answer,
    server::{ADMIN_KEY, Server, Setup},
};
use tests::{DATABASES, eventually, lead_mail_to, setup_of, sql::Sql};

const PUBLIC: &str = "https://journeys.example.com";

const PROJECT: &str = r#"
profile {
  customerId: string key
  email: string
}
event asked "Asked" { what: string }
connection partner { url: "https://partner.example.com" }
action tell(text: string) { POST partner "/tell" json { "text": "{{ text }}" } }
connection email {
  smtp: "smtps://mail.example.com"
  from: "Shop <shop@example.com>"
  tls: { ca: secret("MAIL_CA") }
  timeout: 1s each, 30s in all
}
policy marketing { subscription "Offers & news" }
policy surveys { subscription "Surveys" }
message offer via email under marketing {
  to: "Ada <{{ profile.email }}>"
  subject: "An offer"
  html: "<p>Hello</p><a href=\"{{ links.unsubscribe }}\">Unsubscribe</a>"
}
message receipt via email under no policy {
  to: profile.email
  subject: "A receipt"
  text: "Thank you"
}
journey mails {
  enter on asked as a
  re-enter always
  when inside parallel
  if a.what == "offer" {
    send offer() on error as e { call tell("failed {{ e.status ?? 0 }}") }
  } else {
    send receipt() on error as e { call tell("failed {{ e.status ?? 0 }}") }
  }
  call tell("after {{ a.what }}")
}
journey farewells {
  enter on marketing.unsubscribed as change
  re-enter always
  call tell("left by {{ change.via ?? "" }} of {{ change.message ?? "" }}")
}
journey bounces {
  enter on offer.bounced as bounce
  re-enter always
  call tell("bounced {{ bounce.address ?? "" }}: {{ bounce.reason ?? "" }}")
}
"#;

struct World {
    mails: MailServer,
    partner: Partner,
    setup: Setup,
    server: Server,
}

fn world(database: &str) -> World {
    let mails = MailServer::start(Security::Tls, |command, _| match command {
        "RCPT TO:<gone@example.com>" => Said::line("550 5.1.1 no such user"),
        _ => Said::Usual,
    });
    let (mails, partner) = (mails.unwrap(), Partner::start(|_, _| Reply::ok("{}")).unwrap());
    let mut setup = setup_of(database, &partner, PROJECT, &["partner"]);
    setup.environment.push(("WAYFARE_PUBLIC_URL".into(), format!("{PUBLIC}/")));
    lead_mail_to(&mut setup, &mails);
    let server = setup.start().unwrap();
    World { mails, partner, setup, server }
}

impl World {
    fn person(&self, key: &str, email: &str) {
        let path = format!("/v1/profiles/{key}");
        let body = json!({"email": email}).to_string();
        assert_eq!(self.server.writer().json("PATCH", &path, &body).unwrap().status, 200);
    }

    fn event(&self, name: &str, profile: &str, properties: &Value) {
        let id = uuid::Uuid::now_v7().to_string();
        let event = json!({"id": id, "event": name, "profile": profile, "properties": properties});
        let answer = self.server.writer().json("POST", "/v1/events", &event.to_string()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    fn ask(&self, profile: &str, what: &str) {
        self.event("Asked", profile, &json!({"what": what}));
    }

    /// The texts that the partner was told so far, of at least so many.
    fn told(&self, count: usize) -> Vec<String> {
        let text =
            |body: &str| serde_json::from_str::<Value>(body).unwrap()["text"].as_str().unwrap().to_owned();
        self.partner.wait_for("POST /tell", count).iter().map(|call| text(&call.body)).collect()
    }

    fn admin(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server.admin().json(method, path, &body.to_string()).unwrap()
    }

    /// A request of somebody without a key.
    fn anybody(&self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        testkit::http::Client::new(self.server.address, None)
            .send(method, path, kind, body.as_bytes())
            .unwrap()
    }

    fn timeline(&self, profile: &str) -> String {
        self.server.admin().get(&format!("/v1/profiles/{profile}/timeline")).unwrap().body
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The path of the link by which the recipient of a mail unsubscribes, as its head says it.
fn link_of(mail: &Delivery) -> String {
    let read = MessageParser::default().parse(&mail.data).unwrap();
    let raw = |name: &str| read.header_raw(name).unwrap().trim().to_owned();
    assert_eq!(raw("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let url = raw("List-Unsubscribe");
    let url = url.strip_prefix('<').unwrap().strip_suffix('>').unwrap();
    assert!(read.body_html(0).unwrap().contains(url), "the same link stands in the text");
    url.strip_prefix(PUBLIC).unwrap().to_owned()
}

#[test]
fn whoever_unsubscribes_by_one_click_gets_no_more_until_they_come_back() {
    for database in DATABASES {
        let world = world(database);
        world.person("c1", "ada@example.com");
        world.ask("c1", "offer");
        assert_eq!(world.told(1), ["after offer"], "{database}");
        let link = link_of(&world.mails.mails()[0]);
        assert!(!link.contains("offer") && !link.contains("ada@"), "{link}");

        // Whoever looks at the page has not unsubscribed, and neither has a scanner.
        let page = world.anybody("GET", &link, "", "");
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("Unsubscribe from “Offers &amp; news”?") && page.body.contains("Surveys"));
        assert!(
            page.header("content-security-policy")
                .is_some_and(|policy| policy.contains("default-src 'self'"))
        );
        world.ask("c1", "offer");
        assert_eq!(world.told(2).len(), 2);
        assert_eq!(world.mails.mails().len(), 2, "{database}");

        // Only what the recipient's mail program sends is a click.
        let clicked = world.anybody("POST", &link, FORM, "List-Unsubscribe=One-Click");
        assert_eq!(clicked.status, 200, "{}", clicked.body);
        assert!(clicked.body.contains("You are unsubscribed"), "{}", clicked.body);
        assert_eq!(world.told(3)[2], "left by one-click of offer", "{database}");
        let again = world.anybody("POST", &link, FORM, "List-Unsubscribe=One-Click");
        assert_eq!(again.status, 200);
        world.ask("c1", "offer");
        world.ask("c1", "receipt");
        let mut told = world.told(5);
        told[3..].sort();
        assert_eq!(told[3..], ["after offer", "after receipt"], "{database}: a second click is none");
        assert_eq!(world.mails.mails().len(), 3, "{database}: the receipt, and no offer");
        assert!(
            world.timeline("c1").contains("unsubscribed from “Offers & news”"),
            "{}",
            world.timeline("c1")
        );

        let back = world.anybody("POST", &link, FORM, "join=marketing");
        assert!(back.status == 200 && !back.body.contains("You are unsubscribed"), "{}", back.body);
        world.ask("c1", "offer");
        assert_eq!(world.told(6).len(), 6);
        assert_eq!(world.mails.mails().len(), 4, "{database}");

        // The list on the page: what is not kept is left. Some mail programs send their click in parts.
        let chosen = world.anybody("POST", &link, FORM, "choose=all&keep=marketing");
        assert!(chosen.status == 200 && chosen.body.matches(" checked").count() == 1, "{}", chosen.body);
        let parts =
            "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
        assert_eq!(world.anybody("POST", &link, "multipart/form-data; boundary=b", parts).status, 200);
        assert_eq!(world.told(7)[6], "left by one-click of offer", "{database}");
    }
}

#[test]
fn a_link_that_nobody_was_sent_changes_nothing() {
    for database in DATABASES {
        let world = world(database);
        world.person("c1", "ada@example.com");
        world.ask("c1", "offer");
        world.told(1);
        let link = link_of(&world.mails.mails()[0]);
        let (head, last) = link.split_at(link.len() - 8);
        let other = format!("{head}{}", last.chars().rev().collect::<String>());
        for path in ["/u/x", "/u/AAAA", other.as_str()] {
            for method in ["GET", "POST"] {
                let answer = world.anybody(method, path, FORM, "List-Unsubscribe=One-Click");
                assert!([404, 405].contains(&answer.status), "{database} {method} {path}: {}", answer.status);
            }
        }
        let large = "x".repeat(20_000);
        assert_eq!(world.anybody("POST", &link, FORM, &large).status, 413, "{database}");
        world.ask("c1", "offer");
        world.told(2);
        assert_eq!(world.mails.mails().len(), 2, "{database}");
    }
}

#[test]
fn an_address_that_bounced_gets_nothing_more_whoever_has_it() {
    for database in DATABASES {
        let world = world(database);
        world.person("c1", "gone@example.com");
        world.ask("c1", "offer");
        let mut told = world.told(3);
        told.sort();
        let bounced = "bounced gone@example.com: 5.1.1 no such user";
        assert_eq!(told, ["after offer", bounced, "failed 550"], "{database}");

        // The person is forgotten, the address is not, however it is written.
        assert_eq!(world.admin("DELETE", "/v1/profiles/c1", &json!({})).status, 204);
        world.person("c2", "Gone@Example.com");
        world.ask("c2", "receipt");
        assert_eq!(world.told(4)[3], "after receipt", "{database}");
        let tried = world.mails.lines().iter().filter(|line| line.starts_with("RCPT")).count();
        assert_eq!(tried, 1, "{database}: {:?}", world.mails.lines());
        assert!(world.timeline("c2").contains("its address is on the suppression list: bounced"));

        let found = world.admin("POST", "/v1/suppressions/find", &json!({"address": "gone@example.com"}));
        assert_eq!(found.json()["reason"], "bounced", "{}", found.body);
        let gone =
            world.admin("POST", "/v1/suppressions/remove", &json!({"addresses": ["gone@example.com"]}));
        assert_eq!(gone.json(), json!({"changed": 1}));
        world.ask("c2", "receipt");
        assert_eq!(world.told(5)[4], "after receipt", "{database}");
        assert_eq!(world.mails.mails()[0].to, ["Gone@example.com"], "{database}");
    }
}

#[test]
fn whoever_unsubscribed_and_was_erased_gets_no_more_under_the_same_address() {
    for database in DATABASES {
        let world = world(database);
        let find =
            |address: &str| world.admin("POST", "/v1/suppressions/find", &json!({"address": address})).json();
        let erase = |key: &str| {
            let path = format!("/v1/profiles/{key}");
            assert_eq!(world.admin("DELETE", &path, &json!({})).status, 204, "{database}");
        };
        let sends = |key: &str, what: &str, told: usize, mails: usize| {
            world.ask(key, what);
            let said = world.told(told);
            assert_eq!(said[told - 1], format!("after {what}"), "{database}: {said:?}");
            assert_eq!(world.mails.mails().len(), mails, "{database} {key} {what}");
        };
        // Written to at one address, moved to another, and nothing was written there yet.
        world.person("c1", "old@example.com");
        sends("c1", "offer", 1, 1);
        world.person("c1", "ada@example.com");
        world.event("marketing.unsubscribed", "c1", &json!({"via": "account"}));
        assert_eq!(world.told(2)[1], "left by account of ");
        assert_eq!(find("ada@example.com"), json!({"reason": null, "since": null, "left": []}));
        erase("c1");
        for address in ["Ada <ADA@example.com>", "old@example.com"] {
            let left = &find(address)["left"];
            assert_eq!((left[0]["policy"].as_str(), left.as_array().unwrap().len()), (Some("marketing"), 1));
            assert_eq!(left[0]["title"], "Offers & news");
        }
        assert_eq!(find("ben@example.com")["left"], json!([]));
        let counts = world.server.admin().get("/v1/suppressions").unwrap();
        assert_eq!(counts.json(), json!({"reasons": {"unsubscribed": 2}}), "{}", counts.body);

        // The same key and address come back; and a stranger has the address. Neither gets what was left, both the rest.
        for (key, told, mails) in [("c1", 3, 1), ("c2", 5, 2)] {
            world.person(key, "ada@example.com");
            sends(key, "offer", told, mails);
            sends(key, "receipt", told + 1, mails + 1);
            let timeline = world.timeline(key);
            let reason = "its address unsubscribed from “Offers & news” on ";
            assert!(timeline.contains(reason), "{database}: {timeline}");
        }
        // Whoever says now that they want it gets it, and the address has not left any more.
        world.event("marketing.subscribed", "c2", &json!({}));
        sends("c2", "offer", 7, 4);
        assert_eq!(find("ada@example.com")["left"], json!([]), "{database}");
        sends("c1", "offer", 8, 5);
        // Who came back last is remembered as that, and an older word changes nothing.
        let old = json!({"id": "late", "event": "marketing.unsubscribed", "profile": "c2", "at": "2020-01-01T00:00:00Z", "properties": {"via": "late"}});
        assert_eq!(world.server.writer().json("POST", "/v1/events", &old.to_string()).unwrap().status, 202);
        assert_eq!(world.told(9)[8], "left by late of ");
        sends("c2", "offer", 10, 6);
        erase("c2");
        assert_eq!(find("ada@example.com")["left"], json!([]), "{database}");

        // Operators bring such words along too, and take them back.
        let left = json!({"addresses": ["ada@example.com", "Ada@Example.com"], "policy": "marketing"});
        assert_eq!(world.admin("POST", "/v1/suppressions", &left).json(), json!({"changed": 1}));
        sends("c1", "offer", 11, 6);
        sends("c1", "receipt", 12, 7);
        let all = json!({"addresses": ["ada@example.com"]});
        assert_eq!(world.admin("POST", "/v1/suppressions/remove", &all).json(), json!({"changed": 0}));
        assert_eq!(world.admin("POST", "/v1/suppressions/remove", &left).json(), json!({"changed": 1}));
        sends("c1", "offer", 13, 8);
        let unknown = json!({"addresses": ["ada@example.com"], "policy": "nothing"});
        assert_eq!(world.admin("POST", "/v1/suppressions", &unknown).status, 422, "{database}");
    }
}

#[test]
fn operators_bring_their_list_along_and_it_holds_no_address() {
    for database in DATABASES {
        let world = world(database);
        let addresses = json!({"addresses": ["Ada <ADA@example.com>", "+49 170 1234", "ada@example.com"]});
        let path = "/v1/suppressions";
        assert_eq!(world.admin("POST", path, &addresses).json(), json!({"changed": 2}), "{database}");
        assert_eq!(world.admin("POST", path, &addresses).json(), json!({"changed": 0}), "{database}");
        let counts = world.server.admin().get(path).unwrap();
        assert_eq!(counts.json(), json!({"reasons": {"listed": 2}}), "{}", counts.body);
        let sql = Sql::of(&world.setup.database);
        let rows = sql.rows(&format!("SELECT {} || ' ' || reason FROM suppressions", sql.id("address")));
        assert_eq!(rows.len(), 2, "{database}: {rows:?}");
        for row in rows {
            let (hash, reason) = row.split_once(' ').unwrap();
            let digits = hash.chars().filter(char::is_ascii_hexdigit).count();
            assert_eq!((digits, reason), (32, "listed"), "{database}: {row}");
        }
        world.person("c1", "ada@example.com");
        world.ask("c1", "receipt");
        assert_eq!(world.told(1), ["after receipt"], "{database}");
        // A complaint says the same of an address.
        world.person("c2", "ben@example.com");
        world.event("offer.complained", "c2", &json!({"address": "ben@example.com"}));
        world.ask("c2", "offer");
        assert_eq!(world.told(2).len(), 2);
        assert_eq!(world.mails.mails().len(), 0, "{database}");

        for (body, status) in [
            (json!({"addresses": []}), 422),
            (json!({"addresses": [" "]}), 422),
            (json!({"addresses": vec!["a@b"; 10_001]}), 422),
            (json!({"adresses": ["a@b"]}), 400),
        ] {
            let answer = world.admin("POST", path, &body);
            assert_eq!(answer.status, status, "{database}: {}", answer.body);
        }
        let writer = world.server.writer().json("POST", path, &addresses.to_string()).unwrap();
        assert_eq!(writer.status, 403, "{}", writer.body);
    }
}

#[test]
fn what_waits_when_somebody_unsubscribes_is_dropped() {
    for database in DATABASES {
        let world = world(database);
        world.person("c1", "ada@example.com");
        assert_eq!(world.admin("POST", "/v1/connections/email/pause", &json!({})).status, 200);
        // A node hears of it within a second.
        std::thread::sleep(Duration::from_millis(1_500));
        world.ask("c1", "offer");
        world.ask("c1", "receipt");
        eventually("both are held", Duration::from_secs(20), || {
            let held = world.server.admin().get("/v1/instances?status=calling").unwrap().json();
            held["instances"].as_array().is_some_and(|held| held.len() == 2)
        });
        world.event("marketing.unsubscribed", "c1", &json!({"via": "a form of the shop"}));
        assert_eq!(world.told(1), ["left by a form of the shop of "], "{database}");
        assert_eq!(world.admin("POST", "/v1/connections/email/resume", &json!({})).status, 200);
        let mut told = world.told(3);
        told.sort();
        assert_eq!(told[..2], ["after offer", "after receipt"], "{database}");
        let mails = world.mails.mails();
        let read = MessageParser::default().parse(&mails[0].data).unwrap();
        assert_eq!((mails.len(), read.subject()), (1, Some("A receipt")), "{database}");
    }
}

#[test]
fn a_server_that_does_not_know_where_it_is_reached_sends_no_links() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let setup = setup_of("sqlite", &partner, PROJECT, &["partner"]);
    for (url, says) in [
        (None, "the message `offer` holds a link by which people unsubscribe"),
        (Some("journeys.example.com"), "`journeys.example.com` is no address of a server"),
    ] {
        let mut serve = Command::new(&setup.program);
        serve.args(["serve", "--listen", "127.0.0.1:0", "--database", &setup.database, "--journeys"]);
        serve.arg(&setup.journeys).env("WAYFARE_ADMIN_KEYS", ADMIN_KEY).env_remove("WAYFARE_PUBLIC_URL");
        serve.envs(url.map(|url| ("WAYFARE_PUBLIC_URL", url)));
        let said = serve.output().unwrap();
        let said = (said.status.success(), String::from_utf8_lossy(&said.stderr).into_owned());
        assert!(!said.0 && said.1.contains(says), "{}", said.1);
    }
}
