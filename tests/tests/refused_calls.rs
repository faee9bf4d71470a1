//! Calls that are refused so that a partner is not called too often: beyond a cap, and beyond a budget of repetitions.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use testkit::{Partner, Reply, server::Server};
use tests::{eventually, instances, most_within, on_both, send_to_each, setup_of};

fn journeys(settings: &str) -> String {
    format!(
        r#"
profile {{ customerId: string key }}
event asked "Asked" {{ n: int }}
connection pressed {{
  url: "https://pressed.example.com"
  timeout: 5s each, 60s in all
  {settings}
}}
action press(n: int) {{ POST pressed "/pressed" json {{ "n": {{{{ n }}}} }} }}
journey pressing {{
  enter on asked
  re-enter always
  call press(event.n)
}}
"#
    )
}

#[test]
fn beyond_a_cap_calls_fail_at_once_and_no_stretch_sees_more() {
    const CAP: usize = 30;
    on_both(|database| {
        let came: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let recorder = came.clone();
        let partner = Partner::start(move |_, _| {
            recorder.lock().unwrap().push(Instant::now());
            Reply::ok("{}")
        })
        .unwrap();
        let setup = setup_of(database, &partner, &journeys("cap: 30 per second"), &["pressed"]);
        let servers: Vec<Server> = match database {
            "postgres" => ["one", "two"].iter().map(|name| setup.start_node(name).unwrap()).collect(),
            _ => vec![setup.start().unwrap()],
        };
        let begin = Instant::now();
        let mut sent = 0;
        while begin.elapsed() < Duration::from_secs(4) {
            send_to_each(&servers[0], "Asked", sent..sent + 10);
            sent += 10;
            thread::sleep(Duration::from_millis(100));
        }
        let failed = || instances(&servers[0], "status=failed&limit=500");
        eventually("each call goes out or is refused", Duration::from_secs(20), || {
            failed().len() + came.lock().unwrap().len() == sent
        });
        let failed = failed();
        let moments = came.lock().unwrap().clone();
        // On a busy machine some are a tenth of a second later here than they went out.
        let most = most_within(Duration::from_millis(900), &moments);
        assert!(most <= CAP, "{database}: {most} within a second");
        assert!(moments.len() >= 2 * CAP, "{database}: only {} of {sent} went out", moments.len());
        assert!(!failed.is_empty(), "{database}");
        assert!(failed.iter().all(|one| one["failure"]["kind"] == "capped"), "{database}: {:?}", failed[0]);
    });
}

#[test]
fn a_partner_that_fails_is_not_called_several_times_as_often() {
    const CALLS: usize = 300;
    on_both(|database| {
        let down = Arc::new(AtomicBool::new(true));
        let is_down = down.clone();
        let partner =
            Partner::start(
                move |_, _| {
                    if is_down.load(Ordering::SeqCst) { Reply::status(503) } else { Reply::ok("{}") }
                },
            )
            .unwrap();
        let settings = "retry: 20 times, 50ms to 100ms, at most 50% of calls";
        let setup = setup_of(database, &partner, &journeys(settings), &["pressed"]);
        let server = setup.start().unwrap();
        send_to_each(&server, "Asked", 0..CALLS);
        eventually("some are repeated", Duration::from_secs(20), || {
            partner.seen_at("POST /pressed").len() >= CALLS * 3 / 2
        });
        thread::sleep(Duration::from_secs(1));
        let tried = partner.seen_at("POST /pressed").len();
        assert!(tried <= CALLS * 3 / 2, "{database}: {tried} calls of a partner that is down");
        down.store(false, Ordering::SeqCst);
        eventually("nobody is forgotten", Duration::from_secs(60), || {
            instances(&server, "status=calling").is_empty()
        });
        assert_eq!(partner.effects("POST /pressed").len(), CALLS, "{database}");
        assert!(instances(&server, "status=failed").is_empty(), "{database}");
    });
}
