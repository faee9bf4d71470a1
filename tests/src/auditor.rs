//! An auditor: compares what senders were told, what a partner saw, and what the database and the API say.
//!
//! It is called when everything has drained, and wants everything to be exactly right: it knows no tolerance.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test must fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testkit::{Partner, server::Server};

use crate::{ledger::Ledger, proof::begins, sql::Sql};

/// What is audited.
pub struct Auditor<'a> {
    sql: Sql,
    ledger: &'a Ledger,
}

impl<'a> Auditor<'a> {
    /// The auditor of a database and of those who sent to it.
    pub fn of(database: &str, ledger: &'a Ledger) -> Auditor<'a> {
        Auditor { sql: Sql::of(database), ledger }
    }

    /// Everything; no event may be unknown any more. `most` is how often a call may have been attempted.
    pub fn all(&self, server: &Server, partner: &Partner, most: usize) {
        self.log();
        self.turns();
        self.counters();
        self.effects(partner, most);
        self.over_the_api(server);
        assert_eq!(self.ledger.forgotten(server, 7), [0; 0], "acknowledged and taken anew");
    }

    /// Every acknowledged event is in the log exactly once, nothing else is, and the log has no gap.
    pub fn log(&self) {
        assert_eq!(self.ledger.unknown(), [0; 0], "settle the ledger first");
        let mut log = self.sql.rows("SELECT profile || ' ' || id FROM events");
        log.sort();
        let names = self.ledger.acknowledged().into_iter().map(|number| self.ledger.name_of(number));
        let wanted: BTreeSet<String> = names.collect();
        if !log.iter().eq(wanted.iter()) {
            let found: BTreeSet<String> = log.iter().cloned().collect();
            let lost: Vec<_> = wanted.difference(&found).collect();
            let foreign: Vec<_> = found.difference(&wanted).collect();
            panic!("lost {lost:?}, never sent {foreign:?}, {} rows of {} events", log.len(), found.len());
        }
        let gaps = self.sql.rows(
            "SELECT CAST(s.shard AS TEXT) || ': ' || CAST(coalesce(e.n, 0) AS TEXT) || ' of ' || CAST(s.cursor AS TEXT) \
             FROM shards AS s LEFT JOIN (SELECT shard, count(*) AS n, min(sequence) AS a, max(sequence) AS z \
             FROM events GROUP BY shard) AS e ON e.shard = s.shard \
             WHERE coalesce(e.n, 0) <> s.cursor OR coalesce(e.z, 0) <> s.cursor OR coalesce(e.a, 1) <> 1",
        );
        assert_eq!(gaps, [""; 0], "shards whose log has a gap");
    }

    /// Every instance has turns 1, 2, 3 … and passed no step twice; no history is of nobody.
    pub fn turns(&self) {
        let gaps = self.sql.rows(
            "SELECT i.profile || ' ' || i.key || ': turn ' || CAST(i.turn AS TEXT) FROM instances AS i \
             LEFT JOIN (SELECT instance, count(*) AS n, min(turn) AS a, max(turn) AS z FROM history GROUP BY instance) \
             AS h ON h.instance = i.id \
             WHERE coalesce(h.n, 0) <> i.turn OR coalesce(h.z, 0) <> i.turn OR coalesce(h.a, 0) <> 1",
        );
        assert_eq!(gaps, [""; 0], "instances whose turns have a gap");
        let stray = "SELECT count(*) FROM history WHERE instance NOT IN (SELECT id FROM instances)";
        assert_eq!(self.sql.number(stray), 0, "history of nobody");
        let mut passed = BTreeSet::new();
        for (instance, happening) in self.happenings("instance") {
            if happening["what"] == "passed" {
                let step = happening["step"].to_string();
                assert!(passed.insert((instance.clone(), step)), "{instance} passed {happening} twice");
            }
        }
        let began = self.ledger.acknowledged().into_iter().filter(|number| begins(*number)).count();
        let found = self.sql.number("SELECT count(*) FROM instances");
        assert_eq!(usize::try_from(found).unwrap(), began, "one instance for each event that begins one");
    }

    /// The counters are what the instances and their history say.
    pub fn counters(&self) {
        let counted = self.sql.rows(
            "SELECT step || ': ' || CAST(sum(waiting) AS TEXT) || ' ' || CAST(sum(failed) AS TEXT) || ' ' || \
             CAST(sum(ended) AS TEXT) FROM counters \
             GROUP BY journey, version, step HAVING sum(waiting) <> 0 OR sum(failed) <> 0 OR sum(ended) <> 0",
        );
        let kinds = "CAST(sum(CASE WHEN status IN (0, 1, 7) THEN 1 ELSE 0 END) AS TEXT) || ' ' || \
             CAST(sum(CASE WHEN status = 4 THEN 1 ELSE 0 END) AS TEXT) || ' ' || \
             CAST(sum(CASE WHEN status IN (2, 3, 5, 6, 8, 9) THEN 1 ELSE 0 END) AS TEXT)";
        let stand = self.sql.rows(&format!(
            "SELECT step || ': ' || {kinds} FROM instances WHERE step <> '' GROUP BY journey, version, step \
             UNION ALL SELECT ': ' || {kinds} FROM instances GROUP BY journey, version",
        ));
        let sorted = |rows: Vec<String>| rows.into_iter().collect::<BTreeSet<_>>();
        assert_eq!(sorted(counted), sorted(stand), "counters and instances");
        let mut passed: BTreeMap<String, u64> = BTreeMap::new();
        for (step, happening) in self.happenings("instance") {
            let place = match happening["what"].as_str() {
                Some("passed") => happening["step"].as_str().unwrap().to_owned(),
                Some("entered") => String::new(),
                _ => continue,
            };
            assert!(!step.is_empty());
            *passed.entry(place).or_default() += 1;
        }
        let passed: BTreeSet<String> = passed.into_iter().map(|(step, n)| format!("{step}: {n}")).collect();
        let counted = self.sql.rows(
            "SELECT step || ': ' || CAST(sum(passed) AS TEXT) FROM counters GROUP BY journey, version, step \
             HAVING sum(passed) <> 0",
        );
        assert_eq!(sorted(counted), passed, "counters and history");
    }

    /// Every happening with a column of its row.
    fn happenings(&self, column: &str) -> Vec<(String, Value)> {
        let column = self.sql.id(column);
        let rows = self.sql.rows(&format!("SELECT {column} || '|' || happenings FROM history"));
        let mut all = Vec::new();
        for row in rows {
            let (value, happenings) = row.split_once('|').unwrap();
            let happenings: Vec<Value> = serde_json::from_str(happenings).unwrap();
            all.extend(happenings.into_iter().map(|happening| (value.to_owned(), happening)));
        }
        all
    }

    /// Everybody was asked and told, each under one key; nobody else was. Every key stands for one request.
    pub fn effects(&self, partner: &Partner, most: usize) {
        let mut keys: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        let mut requests: BTreeMap<String, String> = BTreeMap::new();
        for request in partner.seen() {
            let key = request.header("idempotency-key").unwrap_or_default().to_owned();
            assert!(!key.is_empty(), "{request:?} has no key");
            let whole = format!("{} {}", request.line, request.body);
            let first = requests.entry(key.clone()).or_insert_with(|| whole.clone());
            assert_eq!(*first, whole, "one key for two requests");
            *keys.entry(request.line).or_default().entry(key).or_default() += 1;
        }
        let mut wanted = BTreeSet::new();
        for number in self.ledger.acknowledged().into_iter().filter(|number| begins(*number)) {
            wanted.insert(format!("GET /ask/{number}/now"));
            wanted.insert(format!("POST /tell/{number}/now"));
        }
        let done: BTreeSet<String> = keys.keys().cloned().collect();
        let (missing, foreign): (Vec<_>, Vec<_>) =
            (wanted.difference(&done).collect(), done.difference(&wanted).collect());
        assert!(missing.is_empty() && foreign.is_empty(), "never done {missing:?}, for nobody {foreign:?}");
        for (line, attempts) in keys {
            assert_eq!(attempts.len(), 1, "{line} was done under several keys: {attempts:?}");
            assert!(attempts.values().all(|count| *count <= most), "{line}: {attempts:?}, more than {most}");
        }
    }

    /// The API says the same: counts are those of the pages, and turns have no gap.
    pub fn over_the_api(&self, server: &Server) {
        let mut admin = server.admin();
        let (mut before, mut statuses, mut ids) = (None::<String>, BTreeMap::new(), Vec::new());
        loop {
            let behind = before.map(|id| format!("&before={id}")).unwrap_or_default();
            let page = admin.get(&format!("/v1/instances?limit=500{behind}")).unwrap().json();
            for instance in page["instances"].as_array().unwrap() {
                *statuses.entry(instance["status"].as_str().unwrap().to_owned()).or_insert(0_u64) += 1;
                ids.push(instance["id"].as_str().unwrap().to_owned());
            }
            before = page["next"].as_str().map(str::to_owned);
            if before.is_none() {
                break;
            }
        }
        let journeys = admin.get("/v1/journeys").unwrap().json();
        let counts = &journeys["journeys"][0]["counts"];
        assert_eq!(statuses.keys().collect::<Vec<_>>(), ["completed"], "{statuses:?}");
        assert_eq!(counts["passed"].as_u64().unwrap(), ids.len() as u64, "{counts}");
        assert_eq!(counts["ended"].as_u64().unwrap(), ids.len() as u64, "{counts}");
        assert_eq!((&counts["waiting"], &counts["failed"]), (&Value::from(0), &Value::from(0)), "{counts}");
        for id in ids.iter().step_by((ids.len() / 40).max(1)) {
            let instance = admin.get(&format!("/v1/instances/{id}")).unwrap().json();
            let path = instance["path"].as_array().unwrap();
            let turns: Vec<u64> = path.iter().map(|turn| turn["turn"].as_u64().unwrap()).collect();
            assert!(!turns.is_empty() && turns.iter().copied().eq(1..=turns.len() as u64), "{id}: {turns:?}");
        }
    }
}
