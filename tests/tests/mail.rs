//! Mail through the program: what a journey sends arrives at a real mail server, and what the server says takes the way that
//! the journey gives.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use mail_parser::MessageParser;
use serde_json::json;
use testkit::{
    Delivery, MailServer, Partner, Reply, Said, Security,
    server::{Server, Setup},
};
use tests::{DATABASES, eventually, lead_mail_to, setup_of};

const PROJECT: &str = r#"
profile {
  customerId: string key
  name: string = "Ada"
  email: string = "ada@example.com"
}
event asked "Asked" { n: int }
connection partner { url: "https://partner.example.com" }
action tell(text: string) { POST partner "/tell" json { "text": "{{ text }}" } }
connection email {
  smtp: "smtps://mail.example.com"
  from: "Shop <shop@example.com>"
  auth: basic { user: "shop", password: secret("SMTP_PASSWORD") }
  tls: { ca: secret("MAIL_CA") }
  timeout: 1s each, 30s in all
  retry: 3 times, 100ms to 300ms
}
message welcome(n: int) via email {
  to: "{{ profile.name }} <{{ profile.email }}>"
  subject: "{{ profile.name }}, welcome"
  html: "<p title=\"{{ profile.name }}\">Hello {{ profile.name }}, {{ n }}</p>"
}
journey greets {
  enter on asked
  re-enter always
  send welcome(event.n) on error as e {
    call tell("{{ e.kind }} {{ e.status ?? 0 }} {{ e.reason }}")
    exit "no mail"
  }
  call tell("sent")
}
"#;

struct World {
    mails: MailServer,
    partner: Partner,
    setup: Setup,
}

fn world(database: &str, script: impl Fn(&str, usize) -> Said + Send + Sync + 'static) -> World {
    let mails = MailServer::start(Security::Tls, script).unwrap();
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let mut setup = setup_of(database, &partner, PROJECT, &["partner"]);
    setup.environment.push(("SMTP_PASSWORD".into(), "canary-smtp-password".into()));
    lead_mail_to(&mut setup, &mails);
    World { mails, partner, setup }
}

fn person(server: &Server, key: &str, attributes: &serde_json::Value) {
    let answer =
        server.writer().json("PATCH", &format!("/v1/profiles/{key}"), &attributes.to_string()).unwrap();
    assert!((200..300).contains(&answer.status), "{}", answer.body);
}

fn ask(server: &Server, key: &str) {
    let event = json!({"id": format!("e-{key}"), "event": "Asked", "profile": key, "properties": {"n": 7}});
    let answer = server.writer().json("POST", "/v1/events", &json!([event]).to_string()).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.body);
}

fn told(partner: &Partner) -> String {
    let body = &partner.wait_for("POST /tell", 1)[0].body;
    serde_json::from_str::<serde_json::Value>(body).unwrap()["text"].as_str().unwrap().to_owned()
}

fn message_id(mail: &Delivery) -> String {
    MessageParser::default().parse(&mail.data).unwrap().message_id().unwrap().to_owned()
}

#[test]
fn a_journey_sends_a_mail_and_the_history_shows_it() {
    for database in DATABASES {
        let world = world(database, |_, _| Said::Usual);
        let server = world.setup.start().unwrap();
        person(&server, "c1", &json!({"name": "Zoë", "email": "zoe@example.com"}));
        ask(&server, "c1");
        assert_eq!(told(&world.partner), "sent");
        let [mail] = &world.mails.mails()[..] else { panic!("{database}: one mail") };
        assert_eq!(mail.to, ["zoe@example.com"]);
        assert_eq!(mail.login, Some(("shop".to_owned(), "canary-smtp-password".to_owned())));
        let read = MessageParser::default().parse(&mail.data).unwrap();
        assert_eq!(read.subject(), Some("Zoë, welcome"));
        assert_eq!(read.body_html(0).unwrap().trim_end(), "<p title=\"Zoë\">Hello Zoë, 7</p>");
        assert_eq!(read.body_text(0).unwrap().trim_end(), "Hello Zoë, 7");
        let history = server.admin().get("/v1/profiles/c1/timeline").unwrap();
        let shown = history.body.contains("\"MAIL\"") && history.body.contains("Hello Zoë, 7");
        assert!(history.status == 200 && shown, "{}", history.body);
        assert!(!history.body.contains("canary-smtp-password"));
        let log = std::fs::read_to_string(world.setup.log()).unwrap();
        assert!(!log.contains("canary-smtp-password") && !log.contains("zoe@example.com"), "{log}");
    }
}

#[test]
fn a_mail_that_is_put_off_is_sent_again_and_one_that_is_refused_is_not() {
    for database in DATABASES {
        let world = world(database, |command, nth| match command {
            "RCPT TO:<later@example.com>" if nth == 0 => Said::line("451 4.7.1 greylisted"),
            "RCPT TO:<gone@example.com>" => Said::line("550 5.1.1 no such user"),
            _ => Said::Usual,
        });
        let server = world.setup.start().unwrap();
        person(&server, "c1", &json!({"email": "later@example.com"}));
        ask(&server, "c1");
        assert_eq!(told(&world.partner), "sent", "{database}");
        let lines = world.mails.lines();
        let tried = lines.iter().filter(|line| line.starts_with("RCPT")).count();
        assert_eq!((tried, world.mails.mails().len()), (2, 1), "{database}: {lines:?}");
        person(&server, "c2", &json!({"email": "gone@example.com"}));
        ask(&server, "c2");
        let body = &world.partner.wait_for("POST /tell", 2)[1].body;
        let said = "http 550 `email` answered 550: gone@example.com: 5.1.1 no such user";
        assert!(body.contains(said), "{database}: {body}");
        assert_eq!(world.mails.lines().iter().filter(|line| line.starts_with("RCPT")).count(), 3);
    }
}

#[test]
fn a_server_that_hangs_is_a_timeout_and_no_value_breaks_out() {
    for database in DATABASES {
        let world = world(database, |command, _| match command {
            "RCPT TO:<slow@example.com>" => Said::Hang(Duration::from_secs(3)),
            _ => Said::Usual,
        });
        let server = world.setup.start().unwrap();
        person(&server, "c1", &json!({"email": "slow@example.com"}));
        ask(&server, "c1");
        assert_eq!(told(&world.partner), "timeout 0 no whole answer within 1 second", "{database}");
        let evil = ["Ada\r\nBcc: eve@evil.example", "Ada\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n"];
        for (number, name) in evil.iter().enumerate() {
            person(&server, &format!("evil{number}"), &json!({"name": name}));
            ask(&server, &format!("evil{number}"));
        }
        person(&server, "evil2", &json!({"email": "ada@example.com>\r\nRCPT TO:<eve@evil.example"}));
        ask(&server, "evil2");
        person(&server, "evil3", &json!({"email": "ada@example.com, eve@evil.example"}));
        ask(&server, "evil3");
        for request in &world.partner.wait_for("POST /tell", 5)[1..] {
            assert!(request.body.contains("invalid 0"), "{database}: {}", request.body);
        }
        let name = "\"'<script>alert(1)</script> <eve@evil.example>, {{ 7 * 7 }}";
        person(&server, "c3", &json!({"name": name}));
        ask(&server, "c3");
        let [mail] = &world.mails.wait_for(1)[..] else { panic!("{database}: one mail") };
        assert_eq!(mail.to, ["ada@example.com"]);
        let read = MessageParser::default().parse(&mail.data).unwrap();
        assert_eq!(read.subject(), Some(format!("{name}, welcome").as_str()));
        let html = read.body_html(0).unwrap();
        assert!(
            !html.contains("<script") && html.contains("&lt;script&gt;") && html.contains("{{ 7 * 7 }}"),
            "{html}"
        );
    }
}

/// The server is killed when the mail server has taken the mail and before it hears of that. Nobody can know then whether
/// the mail went out, so it goes out again, as the same mail.
#[test]
fn a_mail_that_is_sent_again_after_a_crash_is_the_same_mail() {
    for database in DATABASES {
        let victim = Arc::new(AtomicU32::new(0));
        let taken: Arc<Mutex<usize>> = Arc::default();
        let (pid, count) = (victim.clone(), taken.clone());
        let world = world(database, move |command, _| {
            if command == "." {
                let mut taken = count.lock().unwrap();
                *taken += 1;
                if *taken == 1 {
                    let pid = pid.load(Ordering::Relaxed).to_string();
                    std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
                }
            }
            Said::Usual
        });
        let server = world.setup.start().unwrap();
        victim.store(server.pid(), Ordering::Relaxed);
        person(&server, "c1", &json!({}));
        ask(&server, "c1");
        eventually("the mail was taken", Duration::from_secs(20), || *taken.lock().unwrap() == 1);
        drop(server);
        let _server = world.setup.start().unwrap();
        assert_eq!(told(&world.partner), "sent", "{database}");
        let mails = world.mails.mails();
        assert_eq!(mails.len(), 2, "{database}: once more, and not twice");
        assert_eq!(message_id(&mails[0]), message_id(&mails[1]), "{database}");
        assert_eq!(mails[0].to, mails[1].to);
    }
}

#[test]
fn a_document_beside_the_journeys_is_part_of_what_goes_out() {
    let mut world = world("sqlite", |_, _| Said::Usual);
    let folder = world.setup.folder.join("project");
    std::fs::create_dir(&folder).unwrap();
    let html = PROJECT.lines().find(|line| line.trim_start().starts_with("html:")).unwrap();
    let project = PROJECT.replace(html, "  mjml: file(\"welcome.mjml\")");
    let mjml = "<mjml><mj-body><mj-section><mj-column>\n<mj-text>Dear \"{{ profile.name }}\", {{ n }}</mj-text>\n</mj-column></mj-section></mj-body></mjml>\n";
    std::fs::write(folder.join("a.journey"), project.trim_start()).unwrap();
    let run = |args: &[&str]| {
        let output =
            std::process::Command::new(tests::program()).args(args).current_dir(&folder).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    let (good, said) = run(&["check", "."]);
    assert!(!good && said.contains("there is no file `welcome.mjml` beside this one"), "{said}");
    std::fs::write(folder.join("welcome.mjml"), mjml).unwrap();
    let (good, said) = run(&["check", "."]);
    assert!(good, "{said}");
    let (good, said) = run(&["fmt", "."]);
    assert!(good && std::fs::read_to_string(folder.join("welcome.mjml")).unwrap() == mjml, "{said}");
    std::fs::write(
        folder.join("profile.json"),
        r#"{"customerId":"c1","name":"Ada","email":"ada@example.com"}"#,
    )
    .unwrap();
    std::fs::write(folder.join("event.json"), r#"{"event":"Asked","properties":{"n":7}}"#).unwrap();
    let sample = ["--profile", "profile.json", "--event", "event.json", "--journeys", "."];
    let (good, said) = run(&[&["preview", "welcome"][..], &sample[..]].concat());
    assert!(
        good && said.starts_with("MAIL smtps://mail.example.com\nFrom: Shop <shop@example.com>\n"),
        "{said}"
    );
    assert!(said.contains("--- text/plain ---\nDear \"Ada\", 7"), "{said}");

    world.setup.journeys = folder;
    let server = world.setup.start().unwrap();
    person(&server, "c1", &json!({"name": "<Zoë>"}));
    ask(&server, "c1");
    assert_eq!(told(&world.partner), "sent");
    let mails = world.mails.mails();
    let read = MessageParser::default().parse(&mails[0].data).unwrap();
    assert!(read.body_html(0).unwrap().contains("Dear \"&lt;Zoë&gt;\", 7"));
    assert_eq!(read.body_text(0).unwrap().trim(), "Dear \"<Zoë>\", 7");
}
