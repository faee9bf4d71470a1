//! `wayfare instances`: finding instances on a running server, looking at one, and what operators do with those that failed.

use std::{fs, process::ExitCode};

use anyhow::Context;
use clap::{ArgGroup, Subcommand};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::{
    commands::{print, serve::tokio_runtime},
    many::{self, Filter},
    remote::{Answer, Asked, Format, Remote, items, shown},
    table::{plain, table},
};

pub(crate) type Args = Asked<What>;

// The filters have a `--version` of their own.
#[derive(Subcommand)]
#[command(disable_version_flag = true)]
pub(crate) enum What {
    /// Those that fit, newest first.
    #[command(disable_version_flag = true)]
    List(List),
    /// One whole: its variables, what it waits for, its path with every call.
    #[command(disable_version_flag = true)]
    Show {
        /// Its id.
        id: Uuid,
    },
    /// Run the failed step again, as a new call.
    #[command(disable_version_flag = true)]
    Retry(Which),
    /// Go on behind the failed step, as if it had succeeded without a value.
    #[command(disable_version_flag = true)]
    Skip(Which),
    /// Go on behind the failed step, as if the partner had answered this.
    #[command(disable_version_flag = true)]
    Answer {
        /// What it answered: JSON of the action's type, or a file with it.
        #[arg(long = "with", value_name = "JSON")]
        answer: String,
        #[command(flatten)]
        which: Which,
    },
    /// End instances.
    #[command(disable_version_flag = true)]
    Cancel(Which),
}

#[derive(clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    filter: Filter,
    /// waiting, calling, queued, completed, exited, failed, cancelled, expired, stopped or replaced.
    #[arg(long)]
    status: Option<String>,
    /// How many, 500 at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on behind this one, the last of the list before.
    #[arg(long, value_name = "ID")]
    before: Option<Uuid>,
}

/// One by its id, or all failed ones that fit.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true).args(["id", "journey", "version", "step", "profile", "kind"]))]
pub(crate) struct Which {
    /// One by its id; without it all failed ones that fit, 10,000 at most.
    #[arg(conflicts_with_all = ["journey", "version", "step", "profile", "kind"])]
    id: Option<Uuid>,
    #[command(flatten)]
    filter: Filter,
    /// Do not ask before it is done with many.
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (remote, format) = (args.place.remote()?, args.place.format);
    tokio_runtime()?.block_on(async {
        match &args.what {
            What::List(list) => show_list(&remote, list, format).await,
            What::Show { id } => {
                let answer = remote.get(&["v1", "instances", &id.to_string()], &[]).await?;
                Ok(shown_whole(&answer, format))
            }
            What::Retry(which) => operate(&remote, "retry", which, None, format).await,
            What::Skip(which) => operate(&remote, "skip", which, None, format).await,
            What::Answer { answer, which } => {
                operate(&remote, "answer", which, Some(read(answer)?), format).await
            }
            What::Cancel(which) => operate(&remote, "cancel", which, None, format).await,
        }
    })
}

async fn show_list(remote: &Remote, list: &List, format: Format) -> anyhow::Result<ExitCode> {
    let mut query = list.filter.query();
    query.extend(list.status.clone().map(|status| ("status", status)));
    query.extend(list.before.map(|before| ("before", before.to_string())));
    query.push(("limit", list.limit.to_string()));
    let answer = remote.get(&["v1", "instances"], &query).await?;
    print(&match format {
        Format::Json => answer.text,
        Format::Text => listed(&answer.json),
    });
    Ok(ExitCode::SUCCESS)
}

fn listed(page: &Json) -> String {
    let row = |one: &Json| {
        let [id, status, journey, step] = ["id", "status", "journey", "step"].map(|field| shown(one, field));
        [id, status, journey, step, shown(one, "profile"), shown(one, "updatedAt"), reason(one)]
    };
    let rows: Vec<_> = items(page, "instances").iter().map(row).collect();
    if rows.is_empty() {
        return "no instance fits\n".to_owned();
    }
    let mut out = table(["ID", "STATUS", "JOURNEY", "STEP", "PROFILE", "CHANGED", "REASON"], rows);
    if let Some(next) = page.get("next").and_then(Json::as_str) {
        out.push_str(&format!("\nthere may be more: --before {next}\n"));
    }
    out
}

/// Why it ended or failed, in a line.
fn reason(one: &Json) -> String {
    match one.get("failure") {
        Some(failure) if failure.is_object() => {
            let status = failure.get("status").and_then(Json::as_u64);
            let status = status.map(|status| format!(" {status}")).unwrap_or_default();
            format!("{}{status}: {}", shown(failure, "kind"), shown(failure, "reason"))
        }
        Some(_) | None => shown(one, "reason"),
    }
}

fn shown_whole(answer: &Answer, format: Format) -> ExitCode {
    print(&match format {
        Format::Json => answer.text.clone(),
        Format::Text => whole(&answer.json),
    });
    ExitCode::SUCCESS
}

fn whole(one: &Json) -> String {
    let field = |label: &str, text: String| format!("{label:10} {}\n", plain(&text));
    let mut out = field("instance", shown(one, "id"));
    out += &field("journey", format!("{}, version {}", shown(one, "journey"), shown(one, "version")));
    out += &field("profile", shown(one, "profile"));
    out += &field("status", format!("{}, at {}", shown(one, "status"), shown(one, "step")));
    out += &field("reason", reason(one));
    if let Some(waits) = one.get("waits").filter(|waits| waits.is_object()) {
        let until = waits.get("until").and_then(Json::as_str).map(|until| format!(", until {until}"));
        out += &field("waits for", format!("{}{}", shown(waits, "text"), until.unwrap_or_default()));
    }
    out += &field("event", shown(one, "event"));
    out += &field("variables", shown(one, "variables"));
    out.push('\n');
    let happened = items(one, "path").iter().flat_map(|turn| {
        items(turn, "happenings").iter().map(|happening| {
            let rest = happening.as_object().into_iter().flatten().filter(|(name, _)| *name != "what");
            let rest: Vec<String> =
                rest.map(|(name, _)| format!("{name} {}", shown(happening, name))).collect();
            [shown(turn, "turn"), shown(turn, "at"), shown(happening, "what"), rest.join(", ")]
        })
    });
    out + &table(["TURN", "AT", "WHAT", "HOW"], happened.collect())
}

/// Does something with one instance, or with all failed ones that fit.
async fn operate(
    remote: &Remote,
    operation: &str,
    which: &Which,
    answer: Option<Json>,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let Some(id) = which.id else {
        return many::operate(remote, operation, &which.filter, answer, which.yes, format).await;
    };
    let body = answer.map_or_else(|| json!({}), |answer| json!({ "answer": answer }));
    let answer = remote.post(&["v1", "instances", &id.to_string(), operation], &body).await?;
    print(&match format {
        Format::Json => answer.text,
        Format::Text => {
            let [status, step] = ["status", "step"].map(|field| shown(&answer.json, field));
            format!("{} {id}: it is {status} now, at {step}", many::past(operation))
        }
    });
    Ok(ExitCode::SUCCESS)
}

/// JSON that is given, or that is in a file of this name.
fn read(text: &str) -> anyhow::Result<Json> {
    if let Ok(given) = serde_json::from_str(text) {
        return Ok(given);
    }
    let read = fs::read_to_string(text)
        .with_context(|| format!("`--with {text}` is neither JSON nor a file that can be read"))?;
    serde_json::from_str(&read).with_context(|| format!("{text} is not JSON"))
}
