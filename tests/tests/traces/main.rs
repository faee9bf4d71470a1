//! Traces, through the program on both databases: what a collector of OpenTelemetry is sent is what happened and what partners
//! were told, holds nothing of anybody, and a collector that takes nothing costs its spans alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod seen;

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::span::SpanKind,
};
use prost::Message as _;
use seen::{Seen, hex, of_kind, spans};
use testkit::{
    Collector, MailServer, Manner, Partner, Recorded, Reply, Security,
    server::{Server, Setup},
};
use tests::{DATABASES, eventually, instances, lead_mail_to, send_to_each, setup_of};

const PROJECT: &str = r#"
profile {
  customerId: string key
  name: string = "canary-name"
  email: string = "canary-ada@example.com"
}
event asked "Asked" { n: int, note: string = "canary-note" }
event looked "Looked" { n: int }
connection shop {
  url: "https://shop.example.com"
  auth: bearer secret("SHOP_TOKEN")
  retry: 2 times, 50ms to 50ms
}
connection gone { url: "https://gone.example.com"  retry: never }
connection email {
  smtp: "smtps://mail.example.com"
  from: "Shop <shop@example.com>"
  tls: { ca: secret("MAIL_CA") }
}
action look(n: int, who: string) -> { vip: bool } {
  GET shop "/canary-path/{{ who }}/{{ n }}?note={{ who }}"
  header "X-Who": "{{ who }}"
}
action tell(note: string) { POST shop "/tell" json { "note": "{{ note }}" } }
action ask() { GET gone "/ask" }
message welcome() via email {
  to: "{{ profile.email }}"
  subject: "Welcome, {{ profile.name }}"
  text: "Hello {{ profile.name }}"
}
journey greets {
  enter on asked
  call look(event.n, profile.name)
  send welcome()
  call ask() on error { call tell(event.note) }
}
journey looks {
  enter on looked
  re-enter always
  call look(event.n, profile.name)
}
"#;

/// What a sender says of its own trace.
const SENDER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A shop that is busy the first time, and refuses to be told anything.
fn shop(request: &Recorded, before: usize) -> Reply {
    let body = r#"{"vip": true, "canary-answer": "canary"}"#.to_owned();
    let status = match (request.line.starts_with("GET"), before) {
        (true, 0) => 503,
        (true, _) => 200,
        (false, _) => 404,
    };
    Reply { body, ..Reply::status(status) }
}

fn site(database: &str, partner: &Partner, settings: &str) -> Setup {
    let mut setup = setup_of(database, partner, PROJECT, &["shop"]);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    setup.connections.push(("gone".into(), nobody));
    setup.environment.extend([
        ("SHOP_TOKEN".into(), "canary-shop-token".into()),
        ("MAIL_CA".into(), "none".into()),
        ("COLLECTOR_TOKEN".into(), "canary-collector-token".into()),
        ("WAYFARE_LOG".into(), "info".into()),
    ]);
    fs::write(setup.further_settings(), settings).unwrap();
    setup
}

fn to(collector: &Collector) -> String {
    format!("[telemetry]\notlp = \"http://{}\"\n", collector.address)
}

fn spans_counted(server: &Server, outcome: &str) -> u64 {
    let name = format!("wayfare_spans_total{{outcome=\"{outcome}\"}} ");
    let metrics = server.admin().get("/metrics").unwrap().body;
    metrics.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or(0)
}

#[test]
fn what_a_collector_is_sent_is_what_happened_and_what_partners_were_told() {
    for database in DATABASES {
        let collector = Collector::start(|_| Manner::Takes).unwrap();
        let partner = Partner::start(shop).unwrap();
        let mails = MailServer::friendly(Security::Tls).unwrap();
        let mut setup = site(database, &partner, "");
        lead_mail_to(&mut setup, &mails);
        let mail = fs::read_to_string(setup.further_settings()).unwrap();
        let own = "service = \"shop-journeys\"\n[telemetry.headers]\nauthorization = 'Bearer {{ secret(\"COLLECTOR_TOKEN\") }}'\n";
        fs::write(setup.further_settings(), mail + &to(&collector) + own).unwrap();
        // All that the libraries know to tell goes into the log.
        setup.environment.push(("WAYFARE_LOG".into(), "trace".into()));
        let server = setup.start().unwrap();
        let event =
            r#"{"id": "canary-event", "event": "Asked", "profile": "canary-key", "properties": {"n": 4711}}"#;
        let headers = [("content-type", "application/json"), ("traceparent", SENDER)];
        let answer = server.writer().send_with("POST", "/v1/events", &headers, event.as_bytes()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        // The request, the entry, two attempts to look, a mail, one at whoever is gone, and one to tell.
        eventually("all spans", Duration::from_secs(30), || spans(&collector).len() >= 7);
        assert_eq!(mails.mails().len(), 1);
        let spans = spans(&collector);
        assert_eq!(spans.len(), 7, "{database}: {spans:#?}");
        let instance = instances(&server, "journey=greets").remove(0);
        assert_eq!(instance["status"], "failed", "{instance}");
        the_entry_is_the_root_and_leads_to_the_sender(&spans, instance["id"].as_str().unwrap());
        the_attempts_are_those_that_were_made(&spans, &partner, &setup);
        assert_eq!(spans_counted(&server, "sent"), 7);
        for (request, body) in collector.seen() {
            assert_eq!(request.line, "POST /v1/traces");
            assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
            assert_eq!(request.header("authorization"), Some("Bearer canary-collector-token"));
            let text = String::from_utf8_lossy(&body);
            for secret in ["canary", "4711", "ada@example.com"] {
                assert!(!text.contains(secret), "{database}: {secret} in {text}");
            }
        }
        server.stop().unwrap();
        let log = fs::read_to_string(setup.log()).unwrap();
        assert!(log.contains("traces are recorded") && !log.contains("canary-collector-token"), "{database}");
    }
}

fn the_entry_is_the_root_and_leads_to_the_sender(spans: &[Seen], instance: &str) {
    let [request] = &of_kind(spans, SpanKind::Server)[..] else { panic!("{spans:#?}") };
    let [entry] = &of_kind(spans, SpanKind::Internal)[..] else { panic!("{spans:#?}") };
    assert_eq!(request.span.name, "POST /v1/events");
    assert_eq!(hex(&request.span.trace_id), &SENDER[3..35]);
    assert_eq!(hex(&request.span.parent_span_id), &SENDER[36..52]);
    let says = request.says();
    assert_eq!((&*says["http.route"], &*says["http.response.status_code"]), ("/v1/events", "202"));
    assert!(!request.is_error());

    assert_eq!(entry.span.name, "journey greets");
    assert_eq!(entry.place(), format!("00-{}-0000000000000001-01", instance.replace('-', "")));
    assert!(entry.span.parent_span_id.is_empty());
    let says = entry.says();
    assert_eq!((&*says["wayfare.journey"], &*says["wayfare.instance"]), ("greets", instance));
    assert!(says["wayfare.shard"].parse::<u16>().is_ok() && !says["wayfare.version"].is_empty(), "{says:?}");
    let [link] = &entry.span.links[..] else { panic!("{entry:#?}") };
    assert_eq!((&link.trace_id, &link.span_id), (&request.span.trace_id, &request.span.span_id));
    for seen in spans {
        assert!(seen.span.start_time_unix_nano <= seen.span.end_time_unix_nano, "{seen:#?}");
        assert_eq!((&*seen.resource["service.name"], seen.resource.len()), ("shop-journeys", 3), "{seen:#?}");
    }
}

fn the_attempts_are_those_that_were_made(spans: &[Seen], partner: &Partner, setup: &Setup) {
    let mut attempts = of_kind(spans, SpanKind::Client);
    attempts.sort_by_key(Seen::place);
    let told: BTreeSet<String> =
        partner.seen().iter().map(|request| request.header("traceparent").unwrap().to_owned()).collect();
    let at_the_shop = attempts.iter().filter(|one| one.says()["wayfare.connection"] == "shop");
    assert_eq!(at_the_shop.map(Seen::place).collect::<BTreeSet<_>>(), told);
    let expected = [
        ("GET look", "look", "1", "1", Some("503"), partner.address.port()),
        ("GET look", "look", "1", "2", None, partner.address.port()),
        ("MAIL email", "email", "2", "1", None, 0),
        ("GET ask", "ask", "3", "1", Some("refused"), setup.connections[1].1.port()),
        ("POST tell", "tell", "4", "1", Some("404"), partner.address.port()),
    ];
    assert_eq!(attempts.len(), expected.len());
    for (seen, (name, _, call, attempt, error, port)) in attempts.iter().zip(expected) {
        let says = seen.says();
        assert_eq!(seen.span.name, name, "{seen:#?}");
        assert_eq!(hex(&seen.span.parent_span_id), "0000000000000001");
        assert_eq!((&*says["wayfare.call"], &*says["wayfare.attempt"]), (call, attempt));
        assert_eq!(says.get("error.type").map(String::as_str), error, "{seen:#?}");
        assert_eq!(seen.is_error(), error.is_some());
        assert_eq!(says["server.address"], "127.0.0.1");
        assert!(!says["wayfare.step"].is_empty() && says["wayfare.journey"] == "greets");
        if name == "MAIL email" {
            assert_eq!((&*says["network.protocol.name"], &*says["wayfare.smtp.reply_code"]), ("smtp", "250"));
            assert!(!says.contains_key("http.request.method"));
            continue;
        }
        assert_eq!((&*says["server.port"], &*says["url.scheme"]), (&*port.to_string(), "http"));
        assert_eq!(says["http.request.method"], name.split(' ').next().unwrap());
        let status = error.filter(|error| *error != "refused").or(error.is_none().then_some("200"));
        assert_eq!(says.get("http.response.status_code").map(String::as_str), status, "{seen:#?}");
        assert_eq!(
            says.get("http.request.resend_count").map(String::as_str),
            (attempt == "2").then_some("1")
        );
    }
}

#[test]
fn a_share_is_recorded_and_partners_are_told_of_the_same() {
    const PEOPLE: usize = 60;
    for database in DATABASES {
        for share in ["0", "0.5"] {
            let collector = Collector::start(|_| Manner::Takes).unwrap();
            let partner = Partner::start(|_, _| Reply::ok(r#"{"vip": true}"#)).unwrap();
            let setup = site(database, &partner, &format!("{}share = {share}\n", to(&collector)));
            let server = setup.start().unwrap();
            send_to_each(&server, "Looked", 0..PEOPLE);
            let asked = partner.wait_for("GET /", PEOPLE);
            // What is left is handed over at the end.
            server.stop().unwrap();
            let spans = spans(&collector);
            let told: Vec<&str> =
                asked.iter().map(|request| request.header("traceparent").unwrap()).collect();
            let sampled: BTreeSet<&str> = told.iter().copied().filter(|told| told.ends_with("-01")).collect();
            let attempts = of_kind(&spans, SpanKind::Client);
            assert_eq!(
                attempts.iter().map(Seen::place).collect::<BTreeSet<_>>(),
                sampled.iter().map(ToString::to_string).collect()
            );
            let entries: BTreeSet<String> =
                of_kind(&spans, SpanKind::Internal).iter().map(|one| hex(&one.span.trace_id)).collect();
            assert_eq!(entries, sampled.iter().map(|told| told[3..35].to_owned()).collect());
            let about = if share == "0" { 0..=0 } else { 10..=50 };
            assert!(about.contains(&sampled.len()), "{database}: {share}: {}", sampled.len());
            assert!(told.iter().all(|told| told.ends_with("-01") || told.ends_with("-00")));
        }
    }
}

/// A collector that takes nothing: how it does that, and its address.
fn deaf() -> Vec<(&'static str, String)> {
    let hangs = Collector::start(|_| Manner::Hangs).unwrap().address;
    let busy = Collector::start(|_| Manner::Answers(503)).unwrap().address;
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    vec![("hangs", hangs.to_string()), ("busy", busy.to_string()), ("dead", nobody.to_string())]
}

#[test]
fn a_collector_that_takes_nothing_costs_its_spans_and_nothing_else() {
    let collectors = deaf();
    thread::scope(|scope| {
        for database in DATABASES {
            for (how, address) in &collectors {
                scope.spawn(move || nothing_is_taken(database, how, address));
            }
        }
    });
}

fn nothing_is_taken(database: &str, how: &str, address: &str) {
    let partner = Partner::start(|_, _| Reply::ok(r#"{"vip": true}"#)).unwrap();
    let setup = site(database, &partner, &format!("[telemetry]\notlp = \"http://{address}\"\n"));
    let server = setup.start().unwrap();
    send_to_each(&server, "Looked", 0..20);
    partner.wait_for("GET /", 20);
    eventually("the spans are lost", Duration::from_secs(40), || spans_counted(&server, "failed") > 0);
    // Life goes on, with spans that wait.
    let begin = Instant::now();
    send_to_each(&server, "Looked", 20..40);
    partner.wait_for("GET /", 40);
    eventually("all are through", Duration::from_secs(20), || {
        instances(&server, "status=calling").is_empty()
    });
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(15), "{database}, {how}: {took:?}");
    let begin = Instant::now();
    server.stop().unwrap();
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(12), "{database}, {how}: the stop took {took:?}");
    let log = fs::read_to_string(setup.log()).unwrap();
    let lines = log.lines().filter(|line| line.contains("spans of traces were lost")).count();
    assert!((1..=2).contains(&lines), "{database}, {how}: it is said now and then\n{log}");
    let reason = match how {
        "hangs" => "within 10 seconds",
        "busy" => "it answered with status 503",
        _ => "Connection refused",
    };
    assert!(log.contains(reason), "{database}, {how}: {reason} is missing in\n{log}");
}

#[test]
fn a_collector_that_was_away_for_a_moment_loses_nothing() {
    let away = |before: usize| if before < 2 { Manner::Answers(503) } else { Manner::Takes };
    let collector = Collector::start(away).unwrap();
    let partner = Partner::start(|_, _| Reply::ok(r#"{"vip": true}"#)).unwrap();
    let server = site("sqlite", &partner, &to(&collector)).start().unwrap();
    send_to_each(&server, "Looked", 0..10);
    eventually("the third attempt", Duration::from_secs(20), || spans_counted(&server, "sent") == 21);
    assert_eq!(spans_counted(&server, "failed"), 0);
}

fn run(setup: &Setup, command: &str, variables: &[(&str, &str)]) -> String {
    let mut program = Command::new(&setup.program);
    program.arg(command).args(["--database", &setup.database, "--listen", "127.0.0.1:0", "--config"]);
    program.arg(setup.folder.join("wayfare.toml")).arg("--journeys").arg(&setup.journeys);
    let keys = [("WAYFARE_ADMIN_KEYS", "admin-key-for-tests-only")];
    let output = program.envs(keys).envs(setup.environment.iter().cloned()).envs(variables.iter().copied());
    let output = output.output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn wrong_settings_are_said_at_the_start_and_by_the_doctor() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let setup = site("sqlite", &partner, "");
    let settings = |text: &str| fs::write(setup.folder.join("wayfare.toml"), text).unwrap();
    for (text, words) in [
        ("[telemetry]\notlp = \"collector\"\n", "`otlp` under `[telemetry]` is `collector`"),
        ("[telemetry]\nshare = 0.1\n", "write `otlp = \"http://collector:4318\"`"),
        (
            "[telemetry]\notlp = \"http://c:4318\"\nheaders = { \"a b\" = \"c\" }\n",
            "`a b` is no name of a header",
        ),
        ("[telemetry]\notpl = \"http://c:4318\"\n", "unknown field `otpl`"),
    ] {
        settings(text);
        for command in ["serve", "doctor"] {
            let said = run(&setup, command, &[]);
            assert!(said.contains(words), "{command}: {words} is missing in\n{said}");
        }
    }
    settings("");
    let said = run(&setup, "serve", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")]);
    assert!(said.contains("OTEL_EXPORTER_OTLP_ENDPOINT is `collector:4318`, which is no address"), "{said}");
}

#[test]
fn the_doctor_asks_the_collector() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let setup = site("sqlite", &partner, "");
    let strict =
        Collector::start(|before| if before == 0 { Manner::Takes } else { Manner::Answers(401) }).unwrap();
    let own = "[telemetry.headers]\nx-key = '{{ secret(\"COLLECTOR_TOKEN\") }}'\n";
    fs::write(setup.folder.join("wayfare.toml"), to(&strict) + own).unwrap();
    let address = format!("http://{}/v1/traces", strict.address);
    let said = run(&setup, "doctor", &[]);
    assert!(said.contains(&format!("the collector at {address} takes traces")), "{said}");
    let (request, body) = strict.seen().remove(0);
    assert_eq!(request.header("x-key"), Some("canary-collector-token"));
    assert!(ExportTraceServiceRequest::decode(&*body).unwrap().resource_spans.is_empty());
    let said = run(&setup, "doctor", &[]);
    assert!(
        said.contains(&format!("the collector at {address} takes no traces: it answered with status 401")),
        "{said}"
    );
    let nowhere = "[telemetry.headers]\nx-key = '{{ secret(\"NO_SUCH\") }}'\n";
    fs::write(setup.folder.join("wayfare.toml"), to(&strict) + nowhere).unwrap();
    let said = run(&setup, "doctor", &[]);
    assert!(
        said.contains("the environment variable NO_SUCH is not set") && !said.contains("canary"),
        "{said}"
    );
}
