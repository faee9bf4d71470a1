//! What is wrong with a deployment, and how to mend it.
//!
//! What comes in: facts, of this machine (`setup`) and of the database (`store::Examination`). What goes out: findings,
//! each with a mark and a remedy. Deliberately absent: looking; `commands::doctor` does that, so that every finding is
//! tested with made-up facts.

pub(crate) mod finding;
mod nodes;
mod postgres;
mod schema;
pub(crate) mod setup;
mod sqlite;
pub(crate) mod words;
mod work;

use finding::Finding;
use jiff::Timestamp;
use runtime::Retention;
use setup::Listening;
use store::Examination;
use work::Around;

/// All that was found out.
pub(crate) struct Facts {
    pub(crate) setup: setup::Facts,
    /// The database's URL as it may be shown, and what it is like or why that is not known; none when nobody can tell which
    /// database is meant.
    pub(crate) database: Option<(String, Result<Examination, String>)>,
    /// The versions that somebody is in and this program cannot read, each with how many people.
    pub(crate) unreadable: Vec<(String, u64)>,
    pub(crate) retention: Retention,
    pub(crate) now: Timestamp,
}

/// What the facts mean.
pub(crate) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = setup::findings(&facts.setup);
    let around = |served| Around {
        now: facts.now,
        served,
        forgets: (facts.retention.events.is_some(), facts.retention.instances.is_some()),
        unreadable: &facts.unreadable,
    };
    match &facts.database {
        None => {
            let text = "the database is not looked at, for the settings that name it cannot be read";
            found.push(
                Finding::note("database", text).mend("name it with --database to look at it all the same"),
            );
        }
        Some((url, Err(reason))) => found.push(unreached(url, reason)),
        Some((_, Ok(Examination::Absent(path)))) => {
            let text = format!("there is no database {} yet", path.display());
            found.push(Finding::note("database", text).mend("`wayfare serve` makes it at its start"));
        }
        Some((_, Ok(Examination::Sqlite(file)))) => {
            found.extend(sqlite::findings(file));
            found.extend(schema::findings(&file.schema));
            let served = facts.setup.listen.1 != Listening::Nobody;
            found.extend(file.work.iter().flat_map(|work| work::findings(work, &around(served))));
        }
        Some((_, Ok(Examination::Postgres(server)))) => {
            found.extend(postgres::findings(server));
            found.extend(schema::findings(&server.schema));
            let served = server.nodes.iter().any(|node| node.alive);
            if let Some(work) = &server.work {
                found.extend(nodes::findings(server));
                found.extend(work::findings(work, &around(served)));
            }
        }
    }
    found
}

/// Remedies by what the database's own words hold.
const REMEDIES: [(&str, &str); 8] = [
    (
        "is no SQLite database",
        "name the right file with --database; whatever this is, Wayfare did not write it",
    ),
    ("authentication failed", "correct user and password in the URL, or the server's pg_hba.conf"),
    ("too many", "raise `max_connections` and restart PostgreSQL, or end sessions that nobody needs"),
    (
        "remaining connection slots",
        "raise `max_connections` and restart PostgreSQL, or end sessions that nobody needs",
    ),
    ("does not exist", "make it (CREATE DATABASE, CREATE ROLE), or correct the URL"),
    (
        "permission denied",
        "GRANT the user what it needs: the tables should belong to the user that Wayfare connects as",
    ),
    ("locked", "another program holds the file for itself: find it with `lsof` and end it"),
    ("URL", "write sqlite:FILE or postgres://USER@HOST/NAME"),
];

fn unreached(url: &str, reason: &str) -> Finding {
    let known = REMEDIES.iter().find(|(word, _)| reason.contains(word));
    let remedy = known.map_or(
        "see that it runs and that this machine may reach it, and correct --database",
        |(_, remedy)| remedy,
    );
    Finding::wrong("database", format!("the database {url} cannot be examined: {reason}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::{Mark, expect::found};

    #[test]
    fn a_database_that_cannot_be_reached_is_wrong_with_what_helps() {
        for (reason, remedy) in [
            ("x.db is no SQLite database", "right file"),
            ("password authentication failed for user \"w\"", "pg_hba.conf"),
            ("sorry, too many clients already", "max_connections"),
            ("database \"w\" does not exist", "CREATE DATABASE"),
            ("connection refused", "see that it runs"),
        ] {
            let findings = [unreached("postgres://w@h/d", reason)];
            found(&findings, Mark::Wrong, "database", &[reason, remedy, "postgres://w@h/d"]);
        }
    }
}
