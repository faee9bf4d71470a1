//! `wayfare backup`: a copy of an SQLite file, made while a server uses it.

use std::{path::PathBuf, process::ExitCode};

use crate::{
    commands::{print, serve::tokio_runtime},
    settings::{DatabaseArgs, Settings},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The file to write; it must not be there yet.
    file: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(args.database.config.as_deref())?;
    let bytes = tokio_runtime()?.block_on(store::back_up(&args.database.url(&settings), &args.file))?;
    print(&format!("{}: {:.1} MiB", args.file.display(), bytes as f64 / f64::from(1 << 20)));
    Ok(ExitCode::SUCCESS)
}
