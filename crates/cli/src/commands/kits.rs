//! `wayfare std`: the kits that ship with the language, their files, and the manual that is made from them.

use std::process::ExitCode;

use graph::Setting;
use lang::{Kit, Source};

use crate::commands::print;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print the file of this kit, to be copied and changed.
    name: Option<String>,
    /// Print the manual of all kits, as Markdown.
    #[arg(long, conflicts_with = "name")]
    manual: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.name {
        Some(name) => {
            // What `use` takes is a name too.
            let kit = lang::kit(name.strip_prefix("std/").unwrap_or(name));
            let kit =
                kit.ok_or_else(|| anyhow::anyhow!("there is no kit `{name}`; `wayfare std` lists them all"))?;
            print(kit.text);
        }
        None if args.manual => print(&manual()),
        None => {
            let widest = lang::kits().iter().map(|kit| kit.name.len()).max().unwrap_or_default();
            for kit in lang::kits() {
                print(&format!("{:widest$}  {}", kit.name, kit.summary()));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn manual() -> String {
    let mut out = String::from(
        "# Kits\n\n\
         Made by `wayfare std --manual`; the exact request of every action is tested in\n\
         [`tests/suite/rehearse/std.md`](../tests/suite/rehearse/std.md). What kits are is said in [language.md](language.md#kits).\n\
         `wayfare std slack` prints a kit's file.\n\n",
    );
    for kit in lang::kits() {
        out.push_str(&format!("- [{0}](#std{0}): {1}\n", kit.name, kit.summary()));
    }
    for kit in lang::kits() {
        out.push_str(&format!("\n{}", section(kit)));
    }
    out
}

fn section(kit: &Kit) -> String {
    let mut out =
        format!("## std/{}\n\n{}\n\n| Variable | Where it goes |\n|---|---|\n", kit.name, prose(&kit.head()));
    let compiled = lang::compile(&[Source { name: kit.name.to_owned(), text: kit.text.to_owned() }]);
    for connection in compiled.project.iter().flat_map(|project| project.connections.values()) {
        for variable in connection.variables() {
            let at = if connection.url.variables().contains(&variable) { "URL" } else { "credentials" };
            let of = |setting: &Setting| setting.is_secret() && setting.variables().contains(&variable);
            let secret = of(&connection.url) || connection.auth.settings().into_iter().any(of);
            let secret = if secret { ", secret" } else { "" };
            out.push_str(&format!("| `{variable}` | {at} of `{}`{secret} |\n", connection.name));
        }
    }
    for webhook in compiled.project.iter().flat_map(|project| project.webhooks.values()) {
        for setting in webhook.settings() {
            let secret = if setting.is_secret() { ", secret" } else { "" };
            for variable in setting.variables() {
                out.push_str(&format!("| `{variable}` | proof of `{}`{secret} |\n", webhook.name));
            }
        }
    }
    for one in kit.declarations() {
        // The connections are in the table.
        if !one.header.starts_with("connection ") {
            out.push_str(&format!("\n### `{}`\n\n{}\n", one.header, one.doc));
        }
    }
    out
}

/// The comment at a kit's head as Markdown: addresses become a list of links.
fn prose(head: &str) -> String {
    let line = |line: &str| match line.starts_with("https://") {
        true => format!("- <{line}>"),
        false => line.to_owned(),
    };
    head.lines().map(line).collect::<Vec<_>>().join("\n")
}
