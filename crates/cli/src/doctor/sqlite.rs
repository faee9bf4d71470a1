//! What the facts of an SQLite file mean.

use store::{Disk, SqliteFacts};

use super::{finding::Finding, words};

/// A write-ahead log is emptied at 16 MiB and cut at 64: one of this size has a reader that never ends.
const LONG_WAL: u64 = 200 << 20;
/// The least free space in bytes. No part of the whole: a twentieth of a large disk is a lot of room, and is other
/// programs' affair.
const LEAST_FREE: u64 = 1 << 30;

pub(crate) fn findings(facts: &SqliteFacts) -> Vec<Finding> {
    let path = facts.path.display();
    let mut found = vec![Finding::ok(
        "database",
        format!("SQLite {} reads {path} ({})", facts.version, words::bytes(facts.size)),
    )];
    if !facts.keeps_commits {
        found.push(Finding::wrong(
            "version",
            format!("SQLite {} can lose committed writes", facts.version),
            "build Wayfare with the bundled SQLite, 3.51.3 or newer, which is the default",
        ));
    }
    if !facts.wal {
        found.push(Finding::note("wal", format!("{path} is not in WAL mode")).mend(
            "`wayfare serve` sets it at its start, if the file is on a local disk and no other program has it open",
        ));
    }
    if facts.wal_size > LONG_WAL {
        found.push(Finding::wrong(
            "wal",
            format!(
                "{path}-wal has grown to {}: somebody reads and does not end",
                words::bytes(facts.wal_size)
            ),
            format!("find who has the file open (`lsof {path}`), such as a backup or a shell, and end it"),
        ));
    }
    if let Some(disk) = &facts.disk {
        found.extend(on_disk(disk, &path.to_string(), facts.size));
    }
    match &facts.damage {
        None => {}
        Some(damage) if damage.is_empty() => {
            found.push(Finding::ok("damage", "the whole file was read and is sound"));
        }
        Some(damage) => found.push(Finding::wrong(
            "damage",
            format!("the file is damaged: {}", words::some(damage)),
            "stop the server, keep a copy of the file and its -wal, and restore the last backup; `sqlite3 FILE .recover` \
             saves what can be read",
        )),
    }
    found
}

fn on_disk(disk: &Disk, path: &str, size: u64) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(kind) = disk.remote {
        found.push(Finding::wrong(
            "disk",
            format!(
                "{path} is on a file system of the kind {kind}, whose locks and syncs SQLite cannot rely on"
            ),
            "put the file on a local disk, or use PostgreSQL",
        ));
    }
    let free = words::bytes(disk.free);
    if disk.free < LEAST_FREE {
        found.push(Finding::wrong(
            "disk",
            format!("the disk of {path} has {free} left of {}", words::bytes(disk.total)),
            "free some space, move the file to a larger disk, or let old data be forgotten (`[retention]`); when the disk \
             is full, no event is taken",
        ));
    } else if disk.free < size {
        found.push(
            Finding::note("disk", format!("the disk of {path} has {free} left, less than the file has"))
                .mend("a copy or a VACUUM beside the file needs as much again: make room before you try"),
        );
    } else if disk.remote.is_none() {
        found.push(Finding::ok("disk", format!("its disk has {free} left")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::{
        Mark,
        expect::{found, well},
    };
    use store::Schema;

    fn good() -> SqliteFacts {
        SqliteFacts {
            path: "wayfare.db".into(),
            version: "3.51.3".into(),
            keeps_commits: true,
            wal: true,
            size: 5 << 20,
            wal_size: 16 << 20,
            disk: Some(Disk { free: 50 << 30, total: 100 << 30, remote: None }),
            damage: None,
            schema: Schema::default(),
            work: None,
        }
    }

    fn with_disk(free: u64, total: u64, remote: Option<&'static str>) -> SqliteFacts {
        SqliteFacts { disk: Some(Disk { free, total, remote }), ..good() }
    }

    #[test]
    fn a_good_file_is_well() {
        well(&findings(&good()));
        found(&findings(&good()), Mark::Ok, "database", &["SQLite 3.51.3", "wayfare.db (5.0 MiB)"]);
        let sound = findings(&SqliteFacts { damage: Some(Vec::new()), ..good() });
        well(&sound);
        found(&sound, Mark::Ok, "damage", &["sound"]);
        well(&findings(&SqliteFacts { disk: None, ..good() }));
    }

    #[test]
    fn a_file_that_may_lose_data_is_wrong() {
        let old = SqliteFacts { keeps_commits: false, version: "3.50.0".into(), ..good() };
        found(&findings(&old), Mark::Wrong, "version", &["SQLite 3.50.0", "bundled"]);
        found(
            &findings(&SqliteFacts { wal: false, ..good() }),
            Mark::Note,
            "wal",
            &["not in WAL mode", "serve"],
        );
        let damaged = SqliteFacts { damage: Some(vec!["page 7 is lost".into()]), ..good() };
        found(&findings(&damaged), Mark::Wrong, "damage", &["page 7 is lost", ".recover"]);
    }

    #[test]
    fn a_log_that_only_grows_is_wrong() {
        let facts = SqliteFacts { wal_size: 300 << 20, ..good() };
        found(&findings(&facts), Mark::Wrong, "wal", &["300.0 MiB", "lsof wayfare.db"]);
    }

    #[test]
    fn a_full_or_remote_disk_is_wrong() {
        found(
            &findings(&with_disk(500 << 20, 2 << 30, None)),
            Mark::Wrong,
            "disk",
            &["500.0 MiB left", "[retention]"],
        );
        let large = SqliteFacts { size: 20 << 30, ..with_disk(4 << 30, 100 << 30, None) };
        found(&findings(&large), Mark::Note, "disk", &["4.0 GiB left", "VACUUM"]);
        found(
            &findings(&with_disk(50 << 30, 100 << 30, Some("NFS"))),
            Mark::Wrong,
            "disk",
            &["NFS", "PostgreSQL"],
        );
        well(&findings(&with_disk(4 << 30, 100 << 30, None)));
    }
}
