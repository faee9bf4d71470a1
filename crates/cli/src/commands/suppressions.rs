//! `wayfare suppressions`: the addresses that get nothing any more, as a running server keeps them.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value as Json, json};

use crate::{
    commands::{print, serve::tokio_runtime},
    remote::{Asked, Format, Remote, shown},
    table::table,
};

/// How many addresses are sent at once: as many as the API takes.
const AT_ONCE: usize = 10_000;

pub(crate) type Args = Asked<What>;

#[derive(Subcommand)]
pub(crate) enum What {
    /// How many addresses are on the list, and why.
    Count,
    /// Whether an address is on the list.
    Find {
        /// The address: an e-mail address or a number.
        address: String,
    },
    /// Put the addresses of a file on the list, one on each line.
    Add {
        /// The file; `-` is what comes in.
        file: PathBuf,
    },
    /// Take the addresses of a file off the list, one on each line.
    Remove {
        /// The file; `-` is what comes in.
        file: PathBuf,
    },
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let remote = args.place.remote()?;
    let text: anyhow::Result<String> = tokio_runtime()?.block_on(async {
        match &args.what {
            What::Count => {
                let answer = remote.get(&["v1", "suppressions"], &[]).await?;
                Ok(in_format(args.place.format, answer.text, || counted(&answer.json)))
            }
            What::Find { address } => {
                let asked = json!({ "address": address });
                let answer = remote.post(&["v1", "suppressions", "find"], &asked).await?;
                Ok(in_format(args.place.format, answer.text, || found(address, &answer.json)))
            }
            What::Add { file } => {
                let (changed, all) = send(&remote, &["v1", "suppressions"], &addresses(file)?).await?;
                let done = || format!("put {} on the list; the others of {all} were on it", many(changed));
                Ok(in_format(args.place.format, json!({ "changed": changed }).to_string(), done))
            }
            What::Remove { file } => {
                let path = ["v1", "suppressions", "remove"];
                let (changed, all) = send(&remote, &path, &addresses(file)?).await?;
                let done =
                    || format!("took {} off the list; the others of {all} were not on it", many(changed));
                Ok(in_format(args.place.format, json!({ "changed": changed }).to_string(), done))
            }
        }
    });
    print(&text?);
    Ok(ExitCode::SUCCESS)
}

fn in_format(format: Format, answer: String, text: impl FnOnce() -> String) -> String {
    match format {
        Format::Json => answer,
        Format::Text => text(),
    }
}

/// The addresses of a file. Empty lines are none.
fn addresses(file: &Path) -> anyhow::Result<Vec<String>> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("what comes in cannot be read")?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let all: Vec<String> = lines.map(str::to_owned).collect();
    if all.is_empty() {
        bail!("{} holds no address; write one on each line", file.display());
    }
    Ok(all)
}

/// Sends addresses; gives how many it concerned, of how many.
async fn send(remote: &Remote, path: &[&str], all: &[String]) -> anyhow::Result<(u64, usize)> {
    let mut changed = 0;
    for (index, part) in all.chunks(AT_ONCE).enumerate() {
        let answer = remote.post(path, &json!({ "addresses": part })).await;
        let answer = answer.with_context(|| match index {
            0 => "nothing was changed".to_owned(),
            _ => format!("the first {} addresses were sent; give the command again", index * AT_ONCE),
        })?;
        changed += answer.json.get("changed").and_then(Json::as_u64).unwrap_or(0);
    }
    Ok((changed, all.len()))
}

fn many(addresses: u64) -> String {
    if addresses == 1 { "1 address".to_owned() } else { format!("{addresses} addresses") }
}

fn counted(answer: &Json) -> String {
    let reasons = answer.get("reasons").and_then(Json::as_object);
    let rows: Vec<[String; 2]> =
        reasons.into_iter().flatten().map(|(reason, count)| [reason.clone(), count.to_string()]).collect();
    if rows.is_empty() {
        "no address is on the list\n".to_owned()
    } else {
        table(["REASON", "ADDRESSES"], rows)
    }
}

fn found(address: &str, answer: &Json) -> String {
    let mut lines = vec![match answer.get("reason").and_then(Json::as_str) {
        Some(reason) => format!("`{address}` is on the list since {}: {reason}", shown(answer, "since")),
        None => format!("`{address}` is not on the list"),
    }];
    for left in answer.get("left").and_then(Json::as_array).into_iter().flatten() {
        let (policy, since) = (shown(left, "policy"), shown(left, "since"));
        lines.push(format!(
            "it gets nothing under the policy `{policy}`, which it unsubscribed from on {since}"
        ));
    }
    lines.join("\n")
}
