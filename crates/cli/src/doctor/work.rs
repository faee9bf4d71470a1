//! What stays undone, and how much there is: the part that both kinds of database share.

use jiff::Timestamp;
use store::Work;

use super::{finding::Finding, words};

/// With more rows than this, somebody should have said how long they are kept.
const MANY: u64 = 10_000_000;

/// What is known besides the database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'a> {
    pub(crate) now: Timestamp,
    /// Whether somebody works on this database.
    pub(crate) served: bool,
    /// Whether events and instances are forgotten some day.
    pub(crate) forgets: (bool, bool),
    /// The versions that somebody is in and this program cannot read, each with how many people.
    pub(crate) unreadable: &'a [(String, u64)],
}

pub(crate) fn findings(work: &Work, around: &Around<'_>) -> Vec<Finding> {
    let mut found = undone(work, around);
    if found.is_empty() {
        found.push(Finding::ok("work", "nothing is overdue, and nothing has failed"));
    }
    for (version, people) in around.unreadable {
        found.push(Finding::wrong(
            "versions",
            format!("{} in {version}, which this program cannot read", words::plural(*people, "instance")),
            "they stay where they are; run the Wayfare that deployed it until they are out, or cancel them",
        ));
    }
    if work.refused.0 > 0 {
        found.push(
            Finding::note(
                "refused",
                format!("{} refused in the last hour", were(&words::counted(work.refused, "event"))),
            )
            .mend("GET /v1/refusals says which and why; their senders must correct them"),
        );
    }
    found.push(sizes(work, around));
    found
}

fn were(what: &str) -> String {
    if what.starts_with("1 ") { format!("{what} was") } else { format!("{what} were") }
}

fn undone(work: &Work, around: &Around<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if work.overdue.0 > 0 {
        let since = work.overdue_since.map_or(0, |since| around.now.duration_since(since).as_secs());
        let text = format!(
            "{} been due for up to {}: nobody works on them",
            have(&words::counted(work.overdue, "instance")),
            words::span(since)
        );
        found.push(if around.served {
            Finding::wrong(
                "overdue",
                text,
                "look in the server's log for errors, and in /metrics whether its turns and calls keep up; partners that \
                 are slow or down hold up only their own calls",
            )
        } else {
            Finding::note("overdue", text).mend("start a server: it goes on where things were left")
        });
    }
    if work.failed.0 > 0 {
        found.push(
            Finding::note(
                "failed",
                format!("{} failed and {} for an operator", have(&words::counted(work.failed, "instance")),
                    if work.failed.0 == 1 { "waits" } else { "wait" }),
            )
            .mend("see why on the dashboard or by GET /v1/instances?status=failed, then retry, skip or cancel them"),
        );
    }
    if work.long_calls.0 > 0 {
        found.push(Finding::wrong(
            "calls",
            format!(
                "{} been under way for more than an hour",
                have(&words::counted(work.long_calls, "call"))
            ),
            if around.served {
                "look in the server's log for the partner; GET /v1/instances?status=calling lists them"
            } else {
                "start a server: it makes them again under the same Idempotency-Key"
            },
        ));
    }
    found
}

fn have(what: &str) -> String {
    if what.starts_with("1 ") { format!("{what} has") } else { format!("{what} have") }
}

fn sizes(work: &Work, around: &Around<'_>) -> Finding {
    let rows = format!(
        "about {}, {} and {}",
        words::plural(work.events, "event"),
        words::plural(work.history, "row") + " of history",
        words::plural(work.instances, "instance"),
    );
    let (events, instances) = around.forgets;
    match (work.events > MANY && !events, work.history > MANY && !instances) {
        (false, false) => Finding::ok("sizes", rows),
        (some_events, some_history) => {
            let mut settings = Vec::new();
            if some_events {
                settings.push("`events = \"90 days\"`");
            }
            if some_history {
                settings.push("`instances = \"90 days\"`");
            }
            Finding::note("sizes", format!("{rows}, and nothing of it is ever forgotten")).mend(format!(
                "say how long things are kept under `[retention]`, as in {}",
                settings.join(" and ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use store::Counted;

    use super::*;
    use crate::doctor::finding::{
        Mark,
        expect::{found, well},
    };

    fn around() -> Around<'static> {
        let now = Timestamp::from_second(10_000).unwrap();
        Around { now, served: true, forgets: (false, false), unreadable: &[] }
    }

    fn idle() -> Around<'static> {
        Around { served: false, ..around() }
    }

    #[test]
    fn nothing_to_do_is_well() {
        let work = Work { events: 9_000_000, history: 1, ..Work::default() };
        well(&findings(&work, &around()));
        found(
            &findings(&work, &around()),
            Mark::Ok,
            "sizes",
            &["9,000,000 events, 1 row of history and 0 instances"],
        );
    }

    #[test]
    fn what_is_overdue_is_wrong_where_somebody_should_work_on_it() {
        let since = Some(Timestamp::from_second(10_000 - 7_200).unwrap());
        let work = Work { overdue: Counted(12), overdue_since: since, ..Work::default() };
        found(&findings(&work, &around()), Mark::Wrong, "overdue", &["12 instances have", "2 hours", "log"]);
        found(&findings(&work, &idle()), Mark::Note, "overdue", &["start a server"]);
    }

    #[test]
    fn what_failed_hangs_or_was_refused_is_named_with_where_to_look() {
        let work = Work { failed: Counted(1), ..Work::default() };
        found(
            &findings(&work, &around()),
            Mark::Note,
            "failed",
            &["1 instance has failed and waits", "status=failed"],
        );
        let work = Work { long_calls: Counted(1_000), ..Work::default() };
        found(&findings(&work, &around()), Mark::Wrong, "calls", &["1,000 calls or more", "status=calling"]);
        found(&findings(&work, &idle()), Mark::Wrong, "calls", &["Idempotency-Key"]);
        let work = Work { refused: Counted(2), ..Work::default() };
        found(&findings(&work, &around()), Mark::Note, "refused", &["2 events were refused", "/v1/refusals"]);
    }

    #[test]
    fn a_version_that_cannot_be_read_is_wrong() {
        let unreadable = [("`welcome` 1a2b".to_owned(), 3)];
        let around = Around { unreadable: &unreadable, ..around() };
        found(
            &findings(&Work::default(), &around),
            Mark::Wrong,
            "versions",
            &["3 instances", "`welcome` 1a2b"],
        );
    }

    #[test]
    fn much_that_is_never_forgotten_is_worth_a_note() {
        let work = Work { events: 10_000_001, history: 10_000_001, ..Work::default() };
        found(
            &findings(&work, &around()),
            Mark::Note,
            "sizes",
            &["`events = ", "`instances = ", "[retention]"],
        );
        let forgets = Around { forgets: (true, true), ..around() };
        well(&findings(&work, &forgets));
        let half = findings(&work, &Around { forgets: (true, false), ..around() });
        found(&half, Mark::Note, "sizes", &["as in `instances = "]);
    }
}
