//! Two hundred calls at once to partners that hang, drip, never end and lie: each ends in its time, the server does not grow,
//! and the calls of another connection do not notice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::{Partner, Recorded, Reply, server::Server};
use tests::{DATABASES, eventually, instances, memory, setup_of};

const PROJECT: &str = r#"
profile { customerId: string key }
event pressed "Pressed" { kind: string }
event asked "Asked" { n: int }
connection hostile {
  url: "https://hostile.example.com"
  timeout: 5s each, 5s in all
  retry: never
}
connection shop { url: "https://shop.example.com"  timeout: 30s each, 60s in all }
action press(kind: string) -> { vip: bool } { GET hostile "/{{ kind }}" }
action tell(n: int) { POST shop "/tell/{{ n }}/now" }
journey pressing {
  enter on pressed
  call press(event.kind)
}
journey asking {
  enter on asked
  one per event.n
  call tell(event.n)
}
"#;

/// What partners do, and how such an attempt ends.
const KINDS: [(&str, &[&str]); 8] = [
    ("hangs", &["timeout"]),
    ("drips", &["timeout"]),
    ("endless-headers", &["invalid", "refused", "timeout"]),
    ("closes", &["refused"]),
    ("gigabyte", &["invalid"]),
    ("bomb", &["invalid"]),
    ("many-headers", &["invalid", "refused"]),
    ("no-utf8", &["invalid"]),
];
/// So many calls of each kind go out at once.
const EACH: usize = 25;
const TIMEOUT: Duration = Duration::from_secs(5);
/// What an attempt may take besides; and what it may take until its instance has failed by it, which costs two turns.
const GRACE: Duration = Duration::from_secs(1);
const TURNS: Duration = Duration::from_secs(4);
/// What the server may grow by, in KiB.
const MOST_GROWTH: u64 = 64 * 1024;
/// How many calls of the other connection are looked at, and how far apart.
const ASKED: usize = 150;
const APART: Duration = Duration::from_millis(20);
/// What a busy machine may add to twice the time that they take alone.
const BUSY: Duration = Duration::from_millis(750);

/// A partner on a raw socket.
fn hostile() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let bomb = Arc::new(bomb());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let bomb = bomb.clone();
            // Whoever hangs up has had enough.
            thread::spawn(move || drop(misbehave(stream, &bomb)));
        }
    });
    address
}

/// A gibibyte of zeros, packed a thousandfold.
fn bomb() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    (0..1024).for_each(|_| packed.write_all(&zeros).unwrap());
    packed.finish().unwrap()
}

fn misbehave(mut stream: TcpStream, bomb: &[u8]) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let length = stream.read(&mut request)?;
    let line = String::from_utf8_lossy(&request[..length]).into_owned();
    // A connection that was opened beforehand and is not needed says nothing.
    let Some(kind) = line.split(['/', ' ']).nth(2) else { return Ok(()) };
    let ok = |headers: &str| format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{headers}\r\n");
    match kind {
        "drips" => {
            stream.write_all(ok("content-length: 100000\r\n").as_bytes())?;
            loop {
                stream.write_all(b" ")?;
                thread::sleep(Duration::from_millis(300));
            }
        }
        "endless-headers" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            loop {
                stream.write_all(b"x-more: and more and more and more\r\n")?;
            }
        }
        "closes" => stream.write_all((ok("content-length: 1000\r\n") + "{\"vip\"").as_bytes()),
        "gigabyte" => {
            stream.write_all(ok("content-length: 1073741824\r\n").as_bytes())?;
            let piece = vec![b' '; 65_536];
            (0..16_384).try_for_each(|_| stream.write_all(&piece))
        }
        "bomb" => {
            let headers = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", bomb.len());
            stream.write_all(ok(&headers).as_bytes())?;
            stream.write_all(bomb)?;
            hold(stream)
        }
        "many-headers" => {
            let many: String = (0..100_000).map(|number| format!("x-{number}: 1\r\n")).collect();
            stream.write_all(ok(&many).as_bytes())?;
            hold(stream)
        }
        "no-utf8" => {
            stream.write_all(ok("content-length: 13\r\n").as_bytes())?;
            stream.write_all(b"{\"vip\":\"\xff\xfe\xc0\"}")?;
            hold(stream)
        }
        _ => hold(stream),
    }
}

/// Says nothing more, until the other side hangs up.
fn hold(mut stream: TcpStream) -> std::io::Result<()> {
    while stream.read(&mut [0; 4096])? > 0 {}
    Ok(())
}

/// When each call of the other connection arrived.
type Arrived = Arc<Mutex<HashMap<usize, Instant>>>;

fn shop(arrived: &Arrived) -> Partner {
    let arrived = arrived.clone();
    let answer = move |request: &Recorded, _: usize| {
        let number = request.line.split('/').nth(2).unwrap().parse().unwrap();
        arrived.lock().unwrap().entry(number).or_insert_with(Instant::now);
        Reply::ok("{}")
    };
    Partner::start(answer).unwrap()
}

/// Has calls made one after the other; gives how long it took until 99 of a hundred had arrived, each since its event was sent.
fn ask(server: &Server, arrived: &Arrived, from: usize) -> Duration {
    let (mut client, mut sent) = (server.writer(), HashMap::new());
    for n in from..from + ASKED {
        sent.insert(n, Instant::now());
        let body = json!({"id": format!("a{n}"), "event": "Asked", "profile": format!("p{n}"), "properties": {"n": n}});
        let answer = client.json("POST", "/v1/events", &body.to_string()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        thread::sleep(APART);
    }
    let all = || sent.keys().all(|n| arrived.lock().unwrap().contains_key(n));
    eventually("all calls have arrived", Duration::from_secs(60), all);
    let arrived = arrived.lock().unwrap();
    let mut took: Vec<Duration> = sent.iter().map(|(n, sent)| arrived[n].duration_since(*sent)).collect();
    took.sort();
    took[took.len() * 99 / 100]
}

fn press(server: &Server) {
    let one = |number: usize| {
        let kind = KINDS[number % KINDS.len()].0;
        json!({"id": format!("h{number}"), "event": "Pressed", "profile": format!("h{number}"), "properties": {"kind": kind}})
    };
    let all: Vec<Value> = (0..KINDS.len() * EACH).map(one).collect();
    let answer = server.writer().json("POST", "/v1/events", &Value::from(all).to_string()).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.body);
}

/// How each attempt ended, and in which time.
fn judge(server: &Server, database: &str) {
    let moment = |one: &Value| one.as_str().unwrap().parse::<Timestamp>().unwrap();
    let (mut longest, mut as_expected) = (Duration::ZERO, BTreeSet::new());
    for instance in instances(server, "journey=pressing&limit=500") {
        let failure = &instance["failure"];
        let whole =
            server.admin().get(&format!("/v1/instances/{}", instance["id"].as_str().unwrap())).unwrap();
        let kind = whole.json()["event"]["kind"].as_str().unwrap().to_owned();
        let (_, ends) = KINDS.iter().find(|(known, _)| *known == kind).unwrap();
        // Where the machine is busy with something else, time may be over first.
        let end = failure["kind"].as_str().unwrap();
        assert!(ends.contains(&end) || end == "timeout", "{database}: {kind}: {failure}");
        if ends.contains(&end) {
            as_expected.insert(kind.clone());
        }
        let took = moment(&failure["at"]).duration_since(moment(&instance["enteredAt"]));
        let took = Duration::try_from(took).unwrap();
        assert!(took <= TIMEOUT + TURNS, "{database}: {kind} took {took:?}");
        longest = longest.max(took);
    }
    assert_eq!(as_expected.len(), KINDS.len(), "{database}: {as_expected:?}");
    let connections = server.admin().get("/v1/connections").unwrap().json();
    let hostile = connections["connections"].as_array().unwrap().iter().find(|one| one["name"] == "hostile");
    let most = Duration::from_secs_f64(hostile.unwrap()["actions"][0]["p99"].as_f64().unwrap() / 1_000.0);
    println!(
        "{database}: 99% of attempts took {most:?} at most, the longest until its instance failed {longest:?}"
    );
    assert!(most <= TIMEOUT + GRACE, "{database}: {most:?}");
}

#[test]
fn each_ends_in_its_time_the_server_does_not_grow_and_others_do_not_notice() {
    let address = hostile();
    for database in DATABASES {
        let arrived = Arrived::default();
        let mut setup = setup_of(database, &shop(&arrived), PROJECT, &["shop"]);
        setup.connections.push(("hostile".into(), address));
        let server = setup.start().unwrap();
        // Whatever is made once is made.
        ask(&server, &arrived, 0);
        let alone = ask(&server, &arrived, ASKED);
        let before = memory(&server, "VmRSS");
        fs::write(format!("/proc/{}/clear_refs", server.pid()), "5").unwrap();
        press(&server);
        let beside = ask(&server, &arrived, 2 * ASKED);
        let failed = || instances(&server, "journey=pressing&status=failed&limit=500").len();
        eventually("all have ended", Duration::from_secs(30), || failed() == KINDS.len() * EACH);
        let grown = memory(&server, "VmHWM").saturating_sub(before);
        judge(&server, database);
        println!("{database}: grown by {grown} KiB; p99 {alone:?} alone, {beside:?} beside");
        assert!(grown < MOST_GROWTH, "{database}: grown by {grown} KiB");
        assert!(beside < 2 * alone + BUSY, "{database}: {beside:?} beside, {alone:?} alone");
    }
}
