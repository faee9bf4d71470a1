//! `wayfare`: the one binary. It composes the crates and speaks to people in a terminal; it has no rules of its own.
//!
//! Exit codes: 0 when all is well, 1 when what was asked for failed or found errors, 2 when the command line is wrong.

mod commands;
mod demo;
mod doctor;
mod log;
mod many;
mod preview;
mod project;
mod remote;
mod settings;
mod table;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Customer journeys as text: checked, tested, versioned, run by one binary.
#[derive(Parser)]
#[command(name = "wayfare", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check journey files and report every error.
    Check(commands::check::Args),
    /// Format journey files in the one style.
    Fmt(commands::fmt::Args),
    /// Play the tests in journey files on virtual time.
    Test(commands::test::Args),
    /// Run recorded or drawn people through a journey on virtual time.
    Simulate(commands::simulate::Args),
    /// Print a journey's graph.
    Graph(commands::graph::Args),
    /// Show the exact request an action or message makes for sample data.
    Preview(commands::preview::Args),
    /// Run journeys: take events, walk people, serve the API and the dashboard.
    Serve(commands::serve::Args),
    /// Say what is wrong with a deployment and how to mend it; changes nothing.
    Doctor(commands::doctor::Args),
    /// Copy an SQLite file while a server uses it.
    Backup(commands::backup::Args),
    /// Find instances on a running server; retry, skip, answer or cancel those that failed.
    Instances(commands::instances::Args),
    /// See how the calls of a running server go; hold a connection's calls, and let them go on.
    Connections(commands::connections::Args),
    /// See and change which addresses get nothing any more.
    Suppressions(commands::suppressions::Args),
    /// Run the five example journeys with a partner and people of their own.
    Demo(commands::demo::Args),
    /// Answer an editor: the language server, over standard input and output.
    Lsp,
    /// Explain an error code.
    Explain(commands::explain::Args),
    /// Print the reference of the expression library.
    Functions(commands::functions::Args),
    /// List the kits that ship with the language, or print the file of one.
    Std(commands::kits::Args),
    /// Start a new project.
    New(commands::new::Args),
    /// Print the OpenAPI document of the HTTP API.
    Openapi,
}

/// Where the journeys are.
#[derive(clap::Args)]
struct JourneyFiles {
    /// Journey files, or folders of them.
    #[arg(default_value = "journeys")]
    paths: Vec<PathBuf>,
}

fn main() -> ExitCode {
    connect::install_crypto();
    let result = match Cli::parse().command {
        Command::Check(args) => commands::check::run(&args),
        Command::Fmt(args) => commands::fmt::run(&args),
        Command::Test(args) => commands::test::run(&args),
        Command::Simulate(args) => commands::simulate::run(&args),
        Command::Graph(args) => commands::graph::run(&args),
        Command::Preview(args) => commands::preview::run(&args),
        Command::Serve(args) => commands::serve::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Backup(args) => commands::backup::run(&args),
        Command::Instances(args) => commands::instances::run(&args),
        Command::Connections(args) => commands::connections::run(&args),
        Command::Suppressions(args) => commands::suppressions::run(&args),
        Command::Demo(args) => commands::demo::run(&args),
        Command::Lsp => commands::lsp(),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Functions(args) => commands::functions::run(&args),
        Command::Std(args) => commands::kits::run(&args),
        Command::New(args) => commands::new::run(&args),
        Command::Openapi => commands::openapi(),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes in one line. Some libraries tell their cause in their own text too: it is said once.
fn told(error: &anyhow::Error) -> String {
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.ends_with(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::told;
    use anyhow::anyhow;

    #[test]
    fn a_cause_is_said_once() {
        let twice = anyhow!("refused").context("no answer: refused").context("the database cannot be used");
        assert_eq!(told(&twice), "the database cannot be used: no answer: refused");
        assert_eq!(told(&anyhow!("no room").context("not written")), "not written: no room");
    }
}
