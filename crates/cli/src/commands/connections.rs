//! `wayfare connections`: how the calls of a running server go, and holding them.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value as Json, json};

use crate::{
    commands::{print, serve::tokio_runtime},
    remote::{Answer, Asked, Format, items, shown},
    table::table,
};

pub(crate) type Args = Asked<What>;

#[derive(Subcommand)]
pub(crate) enum What {
    /// Each connection, and how the calls of its actions went in the last minutes, over all nodes.
    List,
    /// Hold the calls of a connection on all nodes until it goes on; those under way end.
    Pause {
        /// The connection.
        name: String,
    },
    /// Let a connection go on; what was held goes out as its limits allow.
    Resume {
        /// The connection.
        name: String,
    },
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let remote = args.place.remote()?;
    let answer = tokio_runtime()?.block_on(async {
        match &args.what {
            What::List => remote.get(&["v1", "connections"], &[]).await,
            What::Pause { name } => remote.post(&["v1", "connections", name, "pause"], &json!({})).await,
            What::Resume { name } => remote.post(&["v1", "connections", name, "resume"], &json!({})).await,
        }
    })?;
    print(&match (args.place.format, &args.what) {
        (Format::Json, _) => answer.text,
        (Format::Text, What::List) => listed(&answer),
        (Format::Text, What::Pause { name }) => format!(
            "`{name}` is paused since {}: its calls are held within about a second, on all nodes",
            shown(&answer.json, "pausedSince")
        ),
        (Format::Text, What::Resume { name }) => {
            format!("`{name}` goes on: what was held goes out as its limits allow")
        }
    });
    Ok(ExitCode::SUCCESS)
}

fn listed(answer: &Answer) -> String {
    const HEAD: [&str; 11] = [
        "CONNECTION",
        "STATE",
        "RUNNING",
        "WAITING",
        "ACTION",
        "CALLS",
        "FAILED",
        "PER SECOND",
        "P50",
        "P95",
        "P99",
    ];
    let mut rows = Vec::new();
    for connection in items(&answer.json, "connections") {
        let [name, running, waiting] = ["name", "running", "waiting"].map(|field| shown(connection, field));
        let mut place = [name, state(connection), running, waiting];
        for action in items(connection, "actions") {
            rows.push(row(place, calls(action)));
            // Said once, above all of its actions.
            place = Default::default();
        }
        if items(connection, "actions").is_empty() {
            rows.push(row(place, std::array::from_fn(|_| "-".to_owned())));
        }
    }
    let mut out = table(HEAD, rows);
    let silent = answer.json.get("silentNodes").and_then(Json::as_u64).unwrap_or(0);
    if silent > 0 {
        out.push_str(&format!("\n{silent} of the nodes did not answer; their calls are missing here\n"));
    }
    out
}

fn row([name, state, running, waiting]: [String; 4], calls: [String; 7]) -> [String; 11] {
    let [action, number, failed, rate, half, most, nearly_all] = calls;
    [name, state, running, waiting, action, number, failed, rate, half, most, nearly_all]
}

fn state(connection: &Json) -> String {
    if connection.get("pausedSince").is_some_and(Json::is_string) {
        return "paused".to_owned();
    }
    match connection.get("breaker").and_then(Json::as_str) {
        Some("open") => "left alone".to_owned(),
        Some("trying") => "tried again".to_owned(),
        Some(_) | None => "ok".to_owned(),
    }
}

/// The figures of an action: what failed is whatever ended neither well nor from what is kept.
fn calls(action: &Json) -> [String; 7] {
    let ends = action.get("ends").and_then(Json::as_object);
    let (mut all, mut failed, mut kinds) = (0, 0, Vec::new());
    for (end, count) in ends.into_iter().flatten() {
        let count = count.as_u64().unwrap_or(0);
        all += count;
        if end != "ok" && end != "cached" {
            failed += count;
            kinds.push(format!("{end} {count}"));
        }
    }
    let said = if failed == 0 { "0".to_owned() } else { format!("{failed} ({})", kinds.join(", ")) };
    let millis = |field| match action.get(field).and_then(Json::as_f64) {
        Some(millis) => format!("{millis} ms"),
        None => "-".to_owned(),
    };
    let rate = action.get("perSecond").and_then(Json::as_f64).unwrap_or(0.0);
    let name = shown(action, "name");
    [name, all.to_string(), said, format!("{rate:.1}"), millis("p50"), millis("p95"), millis("p99")]
}
