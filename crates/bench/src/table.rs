//! The bars, and the table that holds the figures against them.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::Effort;

/// What a figure must be.
#[derive(Clone, Copy)]
enum Bar {
    AtLeast(f64),
    AtMost(f64),
    /// Said beside another figure.
    None,
}

/// One line of the table.
struct Line {
    measure: &'static str,
    /// Where the figure is in a database's figures.
    path: &'static str,
    unit: &'static str,
    sqlite: Bar,
    postgres: Bar,
    /// Whether it says nothing, except that a bar is missed, when fewer than a million instances are stored.
    of_a_million: bool,
}

const fn line(
    measure: &'static str,
    path: &'static str,
    unit: &'static str,
    sqlite: Bar,
    postgres: Bar,
) -> Line {
    Line { measure, path, unit, sqlite, postgres, of_a_million: false }
}

const fn of_a_million(line: Line) -> Line {
    Line { of_a_million: true, ..line }
}

use Bar::{AtLeast, AtMost};

const LINES: [Line; 25] = [
    line(
        "durable acknowledgements, 64 clients, single events",
        "/acks/single_per_s/median",
        "/s",
        AtLeast(15_000.0),
        AtLeast(10_000.0),
    ),
    line(
        "the same in batches of 100",
        "/acks/in_batches_of_100_per_s/median",
        "/s",
        AtLeast(60_000.0),
        AtLeast(40_000.0),
    ),
    line("complete journeys, held", "/journeys/held/per_s/median", "/s", AtLeast(4_000.0), AtLeast(3_000.0)),
    line(
        "CPU of our process for each",
        "/journeys/held/cpu_ms_each/median",
        " ms",
        AtMost(0.35),
        AtMost(0.35),
    ),
    line(
        "CPU of the database's processes for each",
        "/journeys/held/database_cpu_ms_each/median",
        " ms",
        Bar::None,
        Bar::None,
    ),
    line(
        "what each leaves behind in the database, indexes included",
        "/journeys/bytes_each",
        " bytes",
        Bar::None,
        Bar::None,
    ),
    line(
        "acknowledgement to first call at 100 events/s, p50",
        "/journeys/at_100_per_s/ack_to_call_ms/p50",
        " ms",
        AtMost(1.5),
        AtMost(2.0),
    ),
    line("the same, p99", "/journeys/at_100_per_s/ack_to_call_ms/p99", " ms", AtMost(8.0), AtMost(10.0)),
    line(
        "acknowledgement to first call at half of the top rate, p50",
        "/journeys/at_half_of_the_top_rate/ack_to_call_ms/p50",
        " ms",
        AtMost(10.0),
        AtMost(15.0),
    ),
    line(
        "the same, p99",
        "/journeys/at_half_of_the_top_rate/ack_to_call_ms/p99",
        " ms",
        AtMost(50.0),
        AtMost(80.0),
    ),
    line(
        "wait overshoot at half of the top rate, p99",
        "/journeys/at_half_of_the_top_rate/overshoot_ms/p99",
        " ms",
        AtMost(100.0),
        AtMost(150.0),
    ),
    of_a_million(line(
        "{nappers} due in one second: drained in",
        "/drain/drained_s",
        " s",
        AtMost(40.0),
        AtMost(60.0),
    )),
    of_a_million(line(
        "acknowledgements meanwhile, p99",
        "/drain/ack_ms_meanwhile/p99",
        " ms",
        AtMost(1_000.0),
        AtMost(1_000.0),
    )),
    of_a_million(line(
        "resident memory with {sleepers} waiting",
        "/sleepers/rss_mib",
        " MiB",
        AtMost(150.0),
        AtMost(150.0),
    )),
    line(
        "the same while the last of them come in",
        "/sleepers/rss_mib_as_the_last_enter",
        " MiB",
        Bar::None,
        Bar::None,
    ),
    of_a_million(line(
        "ready again after kill -9 with {sleepers} waiting",
        "/sleepers/after_kill/ready_s/median",
        " s",
        AtMost(3.0),
        AtMost(3.0),
    )),
    of_a_million(line(
        "cost of a journey beside {sleepers} stored, as a multiple of that beside 10000",
        "/sleepers/cost_ratio",
        "",
        AtMost(1.2),
        AtMost(1.2),
    )),
    line("rate of the floor program", "/journeys/held/floor_per_s/median", "/s", Bar::None, Bar::None),
    line(
        "share of it that the server reaches",
        "/journeys/held/share_of_floor/median",
        "",
        AtLeast(0.4),
        AtLeast(0.4),
    ),
    line("calls that are due together", "/calls/per_s/median", "/s", Bar::None, Bar::None),
    line("calls of a bare loop", "/calls/bare_per_s/median", "/s", Bar::None, Bar::None),
    line(
        "share of them that the server reaches",
        "/calls/share_of_bare/median",
        "",
        AtLeast(0.5),
        AtLeast(0.5),
    ),
    line(
        "acknowledgements of others, p99",
        "/hot/others_ack_ms_p99_alone/median",
        " ms",
        Bar::None,
        Bar::None,
    ),
    line(
        "the same beside one person who gets 10000 events/s",
        "/hot/others_ack_ms_p99_beside/median",
        " ms",
        Bar::None,
        Bar::None,
    ),
    line("as a multiple", "/hot/ratio/median", "", AtMost(2.0), AtMost(2.0)),
];

/// The table in Markdown, of whatever was measured.
pub(crate) fn of(figures: &Map<String, Value>, effort: &Effort) -> String {
    let mut table =
        "| measure | bar (SQLite) | SQLite | reached | bar (PostgreSQL) | PostgreSQL | reached |\n\
                     |---|---|---|---|---|---|---|\n"
            .to_owned();
    for line in LINES {
        let measure = line
            .measure
            .replace("{sleepers}", &effort.sleepers.to_string())
            .replace("{nappers}", &effort.nappers.to_string());
        let _ = write!(table, "| {measure} |");
        for (database, bar) in [("sqlite", line.sqlite), ("postgres", line.postgres)] {
            let (figure, reached) = cells(figures.get(database), &line, bar, effort);
            let _ = write!(table, " {} | {figure} | {reached} |", said(bar, line.unit));
        }
        table.push('\n');
    }
    table
}

fn said(bar: Bar, unit: &str) -> String {
    match bar {
        AtLeast(bar) => format!("≥ {bar}{unit}"),
        AtMost(bar) => format!("≤ {bar}{unit}"),
        Bar::None => "–".to_owned(),
    }
}

/// The figure, and whether it reaches the bar.
fn cells(figures: Option<&Value>, line: &Line, bar: Bar, effort: &Effort) -> (String, &'static str) {
    let nothing = || ("–".to_owned(), "–");
    let Some(figures) = figures else { return nothing() };
    let Some(figure) = figures.pointer(line.path).and_then(Value::as_f64) else {
        return if failed(figures, line.path) { ("failed".to_owned(), "**no**") } else { nothing() };
    };
    let reached = match bar {
        AtLeast(bar) => figure >= bar,
        AtMost(bar) => figure <= bar,
        Bar::None => return (shown(figure, line.unit), "–"),
    };
    let reached = match (reached, line.of_a_million && !effort.is_whole()) {
        (false, _) => "**no**",
        (true, false) => "yes",
        (true, true) => "too few to say",
    };
    (shown(figure, line.unit), reached)
}

/// With as many digits as say something.
fn shown(figure: f64, unit: &str) -> String {
    match figure {
        100.0.. => format!("{figure:.0}{unit}"),
        10.0..100.0 => format!("{figure:.1}{unit}"),
        _ => format!("{figure:.2}{unit}"),
    }
}

/// Whether what should hold a figure holds an error instead.
fn failed(figures: &Value, path: &str) -> bool {
    let ends = path.match_indices('/').skip(1).map(|(end, _)| end).chain([path.len()]);
    ends.filter_map(|end| path.get(..end))
        .any(|start| figures.pointer(start).is_some_and(|value| value.get("error").is_some()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row<'a>(table: &'a str, beginning: &str) -> &'a str {
        table.lines().find(|line| line.starts_with(&format!("| {beginning}"))).unwrap()
    }

    #[test]
    fn what_is_missed_and_what_has_failed_is_said() {
        let figures = json!({
            "sqlite": {
                "acks": {"single_per_s": {"median": 14_999.0}},
                "drain": {"drained_s": {"error": "7 of 50000 still wait"}},
                "sleepers": {"rss_mib": 20.0},
            },
            "postgres": {"acks": {"single_per_s": {"median": 10_000.0}}, "sleepers": {"rss_mib": 151.0}},
        });
        let quick = Effort::new(true);
        let table = of(figures.as_object().unwrap(), &quick);
        let acks = row(&table, "durable");
        assert!(acks.contains("| ≥ 15000/s | 14999/s | **no** | ≥ 10000/s | 10000/s | yes |"), "{acks}");
        let drain = row(&table, "50000 due");
        assert!(drain.contains("| failed | **no** | ≤ 60 s | – | – |"), "{drain}");
        let memory = row(&table, "resident");
        assert!(memory.contains("| 20.0 MiB | too few to say | ≤ 150 MiB | 151 MiB | **no** |"), "{memory}");
    }
}
