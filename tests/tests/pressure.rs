//! How hard a partner is pressed, through the program: never above its rate, whoever calls it and whatever happens to
//! whom; no more at once than it bears; left alone when it is down, so that nobody else suffers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use testkit::{Partner, Reply, server::Server};
use tests::{DATABASES, eventually, instances, most_within, on_both, send_to_each, setup_of};

/// The journeys of a test: one connection with these settings, and one without any.
fn journeys(settings: &str) -> String {
    format!(
        r#"
profile {{ customerId: string key }}
event asked "Asked" {{ n: int }}
event other "Other" {{ n: int }}
connection pressed {{
  url: "https://pressed.example.com"
  timeout: 5s each, 60s in all
  {settings}
}}
connection free {{ url: "https://free.example.com" }}
action press(n: int) {{ POST pressed "/pressed" json {{ "n": {{{{ n }}}} }} }}
action tell(n: int) {{ POST free "/free" json {{ "n": {{{{ n }}}} }} }}
action look(n: int) -> {{ n: int }} {{ GET free "/look/{{{{ n }}}}" cache 1m }}
event looked "Looked" {{ n: int }}
journey looking {{
  enter on looked
  re-enter always
  let seen = call look(event.n % 2)
  call tell(seen.n)
}}
journey pressing {{
  enter on asked
  re-enter always
  call press(event.n)
}}
journey telling {{
  enter on other
  re-enter always
  call tell(event.n)
}}
"#
    )
}

#[test]
fn a_throttled_partner_never_gets_more_than_its_rate() {
    const CALLS: usize = 120;
    for database in DATABASES {
        let came: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let recorder = came.clone();
        let partner = Partner::start(move |_, _| {
            recorder.lock().unwrap().push(Instant::now());
            Reply::ok("{}")
        })
        .unwrap();
        let setup = setup_of(database, &partner, &journeys("throttle: 40 per second"), &["pressed", "free"]);
        let mut servers: Vec<Server> = match database {
            "postgres" => ["one", "two"].iter().map(|name| setup.start_node(name).unwrap()).collect(),
            _ => vec![setup.start().unwrap()],
        };
        // All at once, and for many people, so that every node has its part.
        send_to_each(&servers[0], "Asked", 0..CALLS);
        eventually("some have come", Duration::from_secs(20), || came.lock().unwrap().len() >= 20);
        // A process that begins anew does not begin the rate anew.
        servers.pop().unwrap().kill().unwrap();
        let begin_again = if database == "postgres" { setup.start_node("two") } else { setup.start() };
        servers.push(begin_again.unwrap());
        eventually("everybody was called for", Duration::from_secs(60), || {
            partner.effects("POST /pressed").len() == CALLS
        });
        let moments = came.lock().unwrap().clone();
        // On a busy machine some are a tenth of a second later here than they went out.
        let most = most_within(Duration::from_millis(900), &moments);
        assert!(most <= 40, "{database}: {most} within a second");
        let whole = moments.iter().max().unwrap().duration_since(*moments.iter().min().unwrap());
        assert!(whole >= Duration::from_millis(2_900), "{database}: {} in {whole:?}", moments.len());
    }
}

#[test]
fn a_partner_that_says_when_to_come_again_is_not_called_before() {
    const LATER: Duration = Duration::from_secs(3);
    on_both(|database| {
        let came: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let recorder = came.clone();
        let partner = Partner::start(move |request, before| {
            if !request.line.starts_with("POST /pressed") {
                return Reply::ok("{}");
            }
            recorder.lock().unwrap().push(Instant::now());
            match before {
                0 => Reply { headers: format!("retry-after: {}\r\n", LATER.as_secs()), ..Reply::status(429) },
                1 => Reply { headers: "retry-after: soon\r\n".into(), ..Reply::status(503) },
                _ => Reply::ok("{}"),
            }
        })
        .unwrap();
        // By itself it would come again after a tenth of a second, and after two.
        let settings = "retry: 5 times, 100ms to 200ms";
        let setup = setup_of(database, &partner, &journeys(settings), &["pressed", "free"]);
        let server = setup.start().unwrap();
        send_to_each(&server, "Asked", 0..1);
        eventually("the call was made three times", Duration::from_secs(20), || {
            came.lock().unwrap().len() == 3
        });
        let came = came.lock().unwrap().clone();
        let (first, second) = (came[1] - came[0], came[2] - came[1]);
        assert!(first >= LATER, "{database}: called again after {first:?}");
        assert!(second < LATER, "{database}: what is no time is no wait: {second:?}");
        let keys = partner.effects("POST /pressed");
        assert_eq!(keys.into_values().collect::<Vec<_>>(), [3], "{database}: one key for all three");
    });
}

#[test]
fn no_more_calls_run_at_once_than_the_file_says() {
    for database in DATABASES {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (now, seen) = (running.clone(), most.clone());
        let partner = Partner::start(move |request, _| {
            if request.line.starts_with("POST /pressed") {
                seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(40));
                now.fetch_sub(1, Ordering::SeqCst);
            }
            Reply::ok("{}")
        })
        .unwrap();
        let setup = setup_of(database, &partner, &journeys("concurrency: 3"), &["pressed", "free"]);
        let server = setup.start().unwrap();
        send_to_each(&server, "Asked", 0..60);
        eventually("everybody was called for", Duration::from_secs(60), || {
            partner.effects("POST /pressed").len() == 60
        });
        assert_eq!(most.load(Ordering::SeqCst), 3, "{database}");
    }
}

#[test]
fn a_partner_that_is_down_is_left_alone_and_nothing_is_lost() {
    const CALLS: usize = 200;
    for database in DATABASES {
        let down = Arc::new(AtomicBool::new(true));
        let is_down = down.clone();
        let partner = Partner::start(move |request, _| {
            let fails = request.line.starts_with("POST /pressed") && is_down.load(Ordering::SeqCst);
            if fails { Reply::status(503) } else { Reply::ok("{}") }
        })
        .unwrap();
        let settings = "retry: 5 times, 100ms to 200ms\n  concurrency: 1\n  breaker: 50% of 4 calls, open 3s";
        let setup = setup_of(database, &partner, &journeys(settings), &["pressed", "free"]);
        let server = setup.start().unwrap();
        send_to_each(&server, "Asked", 0..CALLS);
        eventually("the breaker opens", Duration::from_secs(20), || {
            partner.seen_at("POST /pressed").len() >= 4
        });
        // Others are served meanwhile.
        send_to_each(&server, "Other", 0..50);
        eventually("the others are told", Duration::from_secs(20), || {
            partner.effects("POST /free").len() == 50
        });
        thread::sleep(Duration::from_secs(4));
        let tried = partner.seen_at("POST /pressed").len();
        // Four until it opened, and one each time that it was tried.
        assert!((4..=4 + 4).contains(&tried), "{database}: {tried} calls of a partner that is down");
        down.store(false, Ordering::SeqCst);
        eventually("everybody is called for", Duration::from_secs(60), || {
            partner.effects("POST /pressed").len() == CALLS && instances(&server, "status=calling").is_empty()
        });
        assert_eq!(partner.effects("POST /pressed").len(), CALLS, "{database}");
        let metrics = server.admin().get("/metrics").unwrap().body;
        assert!(metrics.contains("wayfare_breaker_open{connection=\"pressed\"} 0"), "{database}: {metrics}");
    }
}

#[test]
fn an_answer_that_is_kept_is_asked_for_once() {
    for database in DATABASES {
        let partner = Partner::start(|request, _| {
            if request.line.starts_with("GET /look/") {
                thread::sleep(Duration::from_millis(100));
                Reply::ok(&format!(r#"{{"n": {}}}"#, request.line.rsplit('/').next().unwrap()))
            } else {
                Reply::ok("{}")
            }
        })
        .unwrap();
        let setup = setup_of(database, &partner, &journeys(""), &["pressed", "free"]);
        let server = setup.start().unwrap();
        send_to_each(&server, "Looked", 0..40);
        eventually("everybody is told", Duration::from_secs(30), || {
            partner.effects("POST /free").len() == 40
        });
        send_to_each(&server, "Looked", 40..80);
        eventually("everybody is told", Duration::from_secs(30), || {
            partner.effects("POST /free").len() == 80
        });
        // One request for each of two questions, and each person has the answer to their own.
        let mut asked: Vec<String> =
            partner.seen_at("GET /look").into_iter().map(|request| request.line).collect();
        asked.sort();
        assert_eq!(asked, ["GET /look/0", "GET /look/1"], "{database}");
        let ones = partner.seen_at("POST /free").iter().filter(|request| request.body.contains('1')).count();
        assert_eq!(ones, 40, "{database}");
    }
}
