//! Networks that fail: a node that loses its database, in both directions or in one, nodes that lose each other, and
//! connections that are cut off all the time. It costs a while and nothing else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    fs,
    net::{SocketAddr, ToSocketAddrs},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use testkit::{
    Partner, Relay, Way,
    http::Client,
    server::{Server, Setup, WRITE_KEY},
};
use tests::{
    auditor::Auditor,
    eventually,
    ledger::{Ledger, Pace},
    power::Chance,
    proof,
};

/// A lease and five seconds, and as much again for a machine that has other things to do.
const TAKEN_OVER: Duration = Duration::from_secs(20);
/// How long it may take until everything is as before.
const AS_BEFORE: Duration = Duration::from_secs(60);
const LOST: (Way, Way) = (Way::Vanishes, Way::Vanishes);
const WAITING: (Way, Way) = (Way::Waits, Way::Waits);
const ANSWERS_LOST: (Way, Way) = (Way::Passes, Way::Vanishes);

/// Two nodes, and the networks between them and what they need.
struct Two {
    setup: Setup,
    partner: Partner,
    ledger: Ledger,
    servers: [Server; 2],
    /// Between each and the database.
    databases: [Relay; 2],
    /// Between each and those that ask it.
    peers: [Relay; 2],
}

/// Where a server of PostgreSQL is, and the same URL with another address in its place.
fn moved(url: &str, to: impl FnOnce(SocketAddr) -> SocketAddr) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (place, database) = rest.split_once('/').unwrap();
    let (user, host) = place.rsplit_once('@').unwrap_or(("postgres", place));
    let port = if host.contains(':') { "" } else { ":5432" };
    let found = format!("{host}{port}").to_socket_addrs().unwrap().next().unwrap();
    format!("{scheme}://{user}@{}/{database}", to(found))
}

impl Two {
    fn start() -> Two {
        let partner = proof::partner();
        let setup = proof::setup("postgres", &partner);
        let node = |name: &str| {
            let mut own = setup.clone();
            let mut database = None;
            own.database =
                moved(&setup.database, |server| database.insert(Relay::before(server).unwrap()).address);
            let peers = Relay::before(own.address(name).unwrap()).unwrap();
            let advertised = ("WAYFARE_ADVERTISE".to_owned(), format!("http://{}", peers.address));
            own.environment.push(advertised);
            (own.start_node(name).unwrap(), database.unwrap(), peers)
        };
        let (one, two) = (node("one"), node("two"));
        proof::shared(&one.0, 2, AS_BEFORE);
        Two {
            setup,
            partner,
            ledger: Ledger::new(proof::event),
            servers: [one.0, two.0],
            databases: [one.1, two.1],
            peers: [one.2, two.2],
        }
    }

    /// Sends to both while there is trouble.
    fn while_sending(&self, trouble: impl FnOnce()) {
        let pace = Pace { threads: 2, pause: Duration::from_millis(20) };
        let [one, two] = &self.servers;
        self.ledger.while_sending(one.address, pace, || {
            self.ledger.while_sending(two.address, pace, trouble);
        });
    }

    /// The second node has all the work, and does it.
    fn second_works_alone(&self) {
        let took = proof::shared(&self.servers[1], 1, TAKEN_OVER);
        let told = self.ledger.acknowledged().len();
        eventually("events are taken by the other node", TAKEN_OVER, || {
            self.ledger.acknowledged().len() > told + 50
        });
        println!("taken over after {took:?}");
    }

    /// Both have their share again, and the first takes an event of its own.
    fn both_work(&self) {
        let begin = Instant::now();
        proof::shared(&self.servers[1], 2, AS_BEFORE);
        let mut client = Client::new(self.servers[0].address, Some(WRITE_KEY));
        eventually("the first node has a share and takes events", AS_BEFORE, || {
            (0..12).all(|number| self.ledger.send(&mut client, 4 * number) == Some(202))
        });
        println!("both work again after {:?}", begin.elapsed());
    }

    /// Everything was done once, whatever happened.
    fn audit(&self, most: usize) {
        self.ledger.settle(&self.servers[0]);
        proof::shared(&self.servers[0], 2, AS_BEFORE);
        proof::drained(&self.servers[0]);
        Auditor::of(&self.setup.database, &self.ledger).all(&self.servers[1], &self.partner, most);
        assert_eq!(self.ledger.hasty(), [0; 0], "errors say when to try again");
        println!("{}", self.ledger.told());
    }

    fn log_of(&self, name: &str) -> String {
        fs::read_to_string(self.setup.log_of(name)).unwrap()
    }
}

#[test]
fn a_node_that_loses_its_database_is_replaced_and_what_it_writes_too_late_changes_nothing() {
    let two = Two::start();
    let database = &two.databases[0];
    // A turn with a refused event takes several ways to the database, so that some are lost half way.
    let refused = |address| {
        let body = json!({"id": "r", "event": "Unheard Of", "profile": "p1"}).to_string();
        Client::new(address, Some(WRITE_KEY)).json("POST", "/v1/events", &body)
    };
    two.while_sending(|| {
        for (there, back) in [WAITING, LOST] {
            let slow = Way::Late(Duration::from_millis(15));
            database.set(slow, slow);
            let address = two.servers[0].address;
            let refusing = thread::spawn(move || (0..20).for_each(|_| drop(refused(address))));
            thread::sleep(Duration::from_millis(700));
            database.set(there, back);
            two.second_works_alone();
            database.heal();
            two.both_work();
            refusing.join().unwrap();
        }
    });
    two.audit(8);
    assert!(two.log_of("one").contains("taken over by other nodes"), "it found itself replaced");
}

#[test]
fn a_node_that_hears_no_answers_of_its_database_is_replaced_and_has_done_nothing_twice() {
    let two = Two::start();
    two.while_sending(|| {
        two.databases[0].set(ANSWERS_LOST.0, ANSWERS_LOST.1);
        two.second_works_alone();
        two.databases[0].heal();
        two.both_work();
    });
    two.audit(8);
}

#[test]
fn nodes_that_cannot_reach_each_other_ask_their_senders_for_patience() {
    let two = Two::start();
    let before = proof::shares(&two.servers[0]);
    two.while_sending(|| {
        two.peers.iter().for_each(|peer| peer.set(LOST.0, LOST.1));
        eventually("somebody is asked for patience", AS_BEFORE, || two.ledger.answered(503) > 4);
        let told = two.ledger.acknowledged().len();
        eventually("each takes what is its own", AS_BEFORE, || two.ledger.acknowledged().len() > told);
        assert_eq!(proof::shares(&two.servers[1]), before, "both are alive, so nobody takes anything over");
        two.peers.iter().for_each(Relay::heal);
    });
    two.audit(4);
    for name in ["one", "two"] {
        assert!(!two.log_of(name).contains("taken over by other nodes"), "{name}");
    }
}

#[test]
fn connections_that_are_cut_off_all_the_time_cost_nothing_but_time() {
    let two = Two::start();
    let mut chance = Chance(23);
    let mut cut = 0;
    two.while_sending(|| {
        let end = Instant::now() + Duration::from_secs(12);
        while Instant::now() < end {
            for relay in two.databases.iter().chain(&two.peers) {
                cut += relay.cut(|_| chance.below(100) < 30);
            }
            thread::sleep(Duration::from_millis(600));
        }
    });
    println!("{cut} connections were cut off");
    assert!(cut > 20, "{cut}");
    two.audit(40);
}
