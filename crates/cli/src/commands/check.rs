//! `wayfare check`: report every error of a project.

use std::process::ExitCode;

use clap::ValueEnum;

use crate::{JourneyFiles, commands::print, doctor::words::plural, project};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    files: JourneyFiles,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// How the result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code hosts and their reviews.
    Sarif,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let sources = project::read(&args.files.paths)?;
    let compiled = lang::compile(&sources);
    match args.format {
        Format::Json => {
            print(&serde_json::to_string_pretty(&lang::to_json(&compiled.diagnostics, &sources))?)
        }
        Format::Sarif => {
            print(&serde_json::to_string_pretty(&lang::to_sarif(&compiled.diagnostics, &sources))?)
        }
        Format::Text => project::show(&compiled.diagnostics, &sources),
    }
    let Some(compiled) = compiled.project else { return Ok(ExitCode::FAILURE) };
    if args.format == Format::Text {
        let counted = |count: usize, what: &str| plural(u64::try_from(count).unwrap_or(u64::MAX), what);
        eprintln!(
            "{}, {}, {} in {}: no errors",
            counted(compiled.journeys.len(), "journey"),
            counted(compiled.actions.len(), "action"),
            counted(compiled.events.len(), "event"),
            counted(sources.len(), "file")
        );
    }
    Ok(ExitCode::SUCCESS)
}
