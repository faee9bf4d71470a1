//! `wayfare new`: a project that compiles, to start from.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, ensure};

const JOURNEY: &str = include_str!("../../templates/welcome.journey");
const SETTINGS: &str = include_str!("../../templates/wayfare.toml");

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder to create.
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder = &args.folder;
    ensure!(!folder.exists(), "{} exists; give a new folder's name", folder.display());
    let journeys = folder.join("journeys");
    fs::create_dir_all(&journeys).with_context(|| format!("{} cannot be created", journeys.display()))?;
    fs::write(journeys.join("welcome.journey"), JOURNEY)?;
    fs::write(folder.join("wayfare.toml"), SETTINGS)?;
    eprintln!("created {0}; next: cd {0} && wayfare test", folder.display());
    Ok(ExitCode::SUCCESS)
}
