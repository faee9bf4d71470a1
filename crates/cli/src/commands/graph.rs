//! `wayfare graph`: a journey's graph for other tools.

use std::{path::PathBuf, process::ExitCode};

use clap::ValueEnum;

use crate::{commands::print, project};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The journey.
    journey: String,
    /// Journey files, or folders of them.
    #[arg(long, default_value = "journeys")]
    journeys: Vec<PathBuf>,
    /// The notation.
    #[arg(long, value_enum, default_value = "mermaid")]
    format: Notation,
}

#[derive(Clone, Copy, ValueEnum)]
enum Notation {
    /// Mermaid, as GitHub and GitLab draw it.
    Mermaid,
    /// Graphviz.
    Dot,
    /// As the API gives it.
    Json,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(project) = project::compile(&args.journeys)? else { return Ok(ExitCode::FAILURE) };
    let journey = project::named(&project.journeys, "journey", &args.journey)?;
    print(&match args.format {
        Notation::Mermaid => lang::mermaid(journey),
        Notation::Dot => lang::dot(journey),
        Notation::Json => serde_json::to_string_pretty(&api::views::GraphView::from(&**journey))?,
    });
    Ok(ExitCode::SUCCESS)
}
