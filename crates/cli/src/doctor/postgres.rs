//! What the facts of a PostgreSQL server mean: settings, connections, sessions, tables, clock.

use store::{PostgresFacts, Table};

use super::{finding::Finding, words};

/// The connections of a node: 2 that write, 6 that read, 2 for leases.
const PER_NODE: u64 = 10;
/// The most that two clocks may differ, in milliseconds.
const APART: i64 = 2_000;
/// Fewer rows than this are of no interest, dead or never analysed.
const MANY_ROWS: u64 = 100_000;

/// Settings that must be on, each with what happens while it is off.
const MUST_BE_ON: [(&str, &str); 5] = [
    ("fsync", "a crash can lose everything"),
    ("synchronous_commit", "an acknowledged event could be lost, and `wayfare serve` does not start"),
    ("full_page_writes", "a crash can leave torn pages"),
    ("autovacuum", "tables grow without end and statements become slow"),
    ("track_counts", "autovacuum does not know what to do"),
];

pub(crate) fn findings(facts: &PostgresFacts) -> Vec<Finding> {
    let mut found = vec![Finding::ok("database", format!("PostgreSQL {} answers", facts.version))];
    let off: Vec<Finding> = MUST_BE_ON.into_iter().filter_map(|(name, why)| off(facts, name, why)).collect();
    if off.is_empty() {
        found.push(Finding::ok("settings", "the server waits for the disk, and autovacuum is on"));
    }
    found.extend(off);
    found.push(connections(facts));
    sessions(facts, &mut found);
    let before = found.len();
    found.extend(facts.tables.iter().filter_map(dead));
    found.extend(facts.tables.iter().filter_map(never_analysed));
    if found.len() == before && !facts.tables.is_empty() {
        found.push(Finding::ok("tables", "autovacuum keeps up"));
    }
    if facts.ahead.abs() > APART {
        let (apart, which) =
            (words::span(facts.ahead / 1_000), if facts.ahead > 0 { "ahead of" } else { "behind" });
        found.push(
            Finding::note("clock", format!("the server's clock is {apart} {which} this machine's"))
                .mend("let both machines follow a time server (chrony, systemd-timesyncd): waits end by this machine's clock"),
        );
    }
    found
}

fn setting<'a>(facts: &'a PostgresFacts, name: &str) -> Option<&'a str> {
    facts.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn off(facts: &PostgresFacts, name: &str, why: &str) -> Option<Finding> {
    (setting(facts, name)? == "off").then(|| {
        Finding::wrong(
            "settings",
            format!("PostgreSQL runs with `{name} = off`: {why}"),
            format!("ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf(); (and see that no role or database sets it otherwise)"),
        )
    })
}

fn connections(facts: &PostgresFacts) -> Finding {
    let number = |name| setting(facts, name).and_then(|value| value.parse::<u64>().ok()).unwrap_or_default();
    let reserved = number("superuser_reserved_connections") + number("reserved_connections");
    let room = number("max_connections").saturating_sub(reserved);
    let alive = facts.nodes.iter().filter(|node| node.alive).count() as u64;
    let free = room.saturating_sub(facts.connections);
    let mend = format!(
        "raise `max_connections` and restart PostgreSQL, or end sessions that nobody needs; {PER_NODE} for each node \
         (2 that write, 6 that read, 2 for leases)"
    );
    let text = format!("{} of {room} connections are in use", facts.connections);
    if room < PER_NODE * alive.max(1) || (alive == 0 && free < PER_NODE) {
        let nodes = words::plural(alive.max(1), "node");
        Finding::wrong("connections", format!("{text}, too few are left for {nodes}"), mend)
    } else if free < PER_NODE {
        Finding::note("connections", format!("{text}: no room for another node")).mend(mend)
    } else {
        Finding::ok("connections", text)
    }
}

fn sessions(facts: &PostgresFacts, found: &mut Vec<Finding>) {
    for holder in &facts.holders {
        let who = if holder.application.is_empty() { "a nameless program" } else { &holder.application };
        let session = format!("the session {} of {who} (user {})", holder.pid, holder.user);
        let (pid, span) = (holder.pid, words::span(holder.seconds));
        let end = format!("end it, if it is not meant: SELECT pg_terminate_backend({pid});");
        found.push(if holder.idle {
            Finding::wrong(
                "sessions",
                format!("{session} has been idle in a transaction for {span}: it keeps its locks and may hold vacuum back"),
                format!("{end} and give such programs an `idle_in_transaction_session_timeout`"),
            )
        } else {
            Finding::note(
                "sessions",
                format!("{session} has held a snapshot for {span}: what was deleted since is not vacuumed"),
            )
            .mend(end)
        });
    }
    if facts.hidden_sessions > 0 {
        found.push(
            Finding::note(
                "sessions",
                format!(
                    "{} of other users cannot be looked into",
                    words::plural(facts.hidden_sessions, "session")
                ),
            )
            .mend(format!("GRANT pg_read_all_stats TO \"{}\"; to see what they hold", facts.user)),
        );
    } else if facts.holders.is_empty() {
        found.push(Finding::ok("sessions", "no session holds a transaction or a snapshot for long"));
    }
}

fn dead(table: &Table) -> Option<Finding> {
    let much = table.dead > MANY_ROWS && table.dead > table.rows / 2;
    much.then(|| {
        let vacuumed = match table.vacuumed {
            Some(seconds) => format!("was vacuumed {} ago", words::span(seconds)),
            None => "was never vacuumed".to_owned(),
        };
        Finding::note(
            "tables",
            format!(
                "the table {} has {} beside {} that live, and {vacuumed}: autovacuum does not keep up",
                table.name,
                words::plural(table.dead, "dead row"),
                words::number(table.rows),
            ),
        )
        .mend(format!(
            "end the sessions that hold it back, if there are any; then VACUUM {}; and, if it comes again, raise \
             autovacuum_vacuum_cost_limit",
            table.name
        ))
    })
}

fn never_analysed(table: &Table) -> Option<Finding> {
    (table.rows > MANY_ROWS && !table.analysed).then(|| {
        Finding::note(
            "tables",
            format!("the planner knows nothing of the {} rows of {}", words::number(table.rows), table.name),
        )
        .mend(format!("ANALYZE {};", table.name))
    })
}

#[cfg(test)]
mod tests {
    use store::{Holder, NodeFacts, Schema};

    use super::*;
    use crate::doctor::finding::{
        Mark,
        expect::{found, well},
    };

    fn good() -> PostgresFacts {
        let settings = [
            ("autovacuum", "on"),
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("max_connections", "100"),
            ("superuser_reserved_connections", "3"),
            ("synchronous_commit", "on"),
            ("track_counts", "on"),
        ];
        PostgresFacts {
            version: "17.2".into(),
            user: "wayfare".into(),
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            connections: 12,
            ahead: 3,
            hidden_sessions: 0,
            holders: Vec::new(),
            tables: vec![table(5_000_000, 1_000, true)],
            nodes: vec![node()],
            shards: 64,
            unheld: Vec::new(),
            schema: Schema::default(),
            work: None,
        }
    }

    fn node() -> NodeFacts {
        NodeFacts { address: "http://10.0.0.7:7070".into(), alive: true, silent: -4, shards: 64 }
    }

    fn table(rows: u64, dead: u64, analysed: bool) -> Table {
        Table { name: "instances".into(), rows, dead, analysed, vacuumed: Some(7_200) }
    }

    fn with(name: &str, value: &str) -> PostgresFacts {
        let mut facts = good();
        facts.settings.retain(|(known, _)| known != name);
        facts.settings.push((name.to_owned(), value.to_owned()));
        facts
    }

    fn holder(idle: bool) -> Holder {
        Holder { pid: 4711, application: "psql".into(), user: "eve".into(), idle, seconds: 3_700 }
    }

    #[test]
    fn a_good_server_is_well() {
        well(&findings(&good()));
        found(&findings(&good()), Mark::Ok, "database", &["PostgreSQL 17.2"]);
        found(&findings(&good()), Mark::Ok, "connections", &["12 of 97"]);
        well(&findings(&with("synchronous_commit", "remote_apply")));
    }

    #[test]
    fn settings_that_lose_data_are_wrong() {
        for (name, _) in MUST_BE_ON {
            let remedy = format!("ALTER SYSTEM SET {name} = on");
            found(
                &findings(&with(name, "off")),
                Mark::Wrong,
                "settings",
                &[&format!("`{name} = off`"), &remedy],
            );
        }
    }

    #[test]
    fn too_few_connections_are_wrong() {
        found(
            &findings(&with("max_connections", "12")),
            Mark::Wrong,
            "connections",
            &["too few", "max_connections"],
        );
        let full = PostgresFacts { connections: 90, ..good() };
        found(&findings(&full), Mark::Note, "connections", &["no room for another node", "10 for each node"]);
        let nobody = PostgresFacts { nodes: Vec::new(), ..full };
        found(&findings(&nobody), Mark::Wrong, "connections", &["too few are left for 1 node"]);
        let crowd = PostgresFacts { nodes: (0..10).map(|_| node()).collect(), ..good() };
        found(&findings(&crowd), Mark::Wrong, "connections", &["10 nodes"]);
    }

    #[test]
    fn sessions_that_hold_are_named_with_how_to_end_them() {
        let idle = PostgresFacts { holders: vec![holder(true)], ..good() };
        let words = ["session 4711 of psql (user eve)", "61 minutes", "pg_terminate_backend(4711)"];
        found(&findings(&idle), Mark::Wrong, "sessions", &words);
        let busy = PostgresFacts { holders: vec![holder(false)], ..good() };
        found(&findings(&busy), Mark::Note, "sessions", &["snapshot", "pg_terminate_backend(4711)"]);
        let hidden = PostgresFacts { hidden_sessions: 2, ..good() };
        found(
            &findings(&hidden),
            Mark::Note,
            "sessions",
            &["2 sessions", "GRANT pg_read_all_stats TO \"wayfare\""],
        );
    }

    #[test]
    fn tables_that_are_not_looked_after_are_worth_a_note() {
        let bloated = PostgresFacts { tables: vec![table(150_000, 200_000, true)], ..good() };
        found(
            &findings(&bloated),
            Mark::Note,
            "tables",
            &["200,000 dead rows", "2 hours ago", "VACUUM instances"],
        );
        let young = PostgresFacts { tables: vec![table(200_000, 0, false)], ..good() };
        found(&findings(&young), Mark::Note, "tables", &["200,000 rows of instances", "ANALYZE instances"]);
        well(&findings(&PostgresFacts { tables: vec![table(50, 90_000, false)], ..good() }));
    }

    #[test]
    fn clocks_that_differ_are_worth_a_note() {
        found(
            &findings(&PostgresFacts { ahead: 5_000, ..good() }),
            Mark::Note,
            "clock",
            &["5 seconds ahead", "chrony"],
        );
        found(
            &findings(&PostgresFacts { ahead: -5_000, ..good() }),
            Mark::Note,
            "clock",
            &["5 seconds behind"],
        );
        well(&findings(&PostgresFacts { ahead: -1_900, ..good() }));
    }
}
