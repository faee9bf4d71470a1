//! `wayfare fmt`: one style, no options.

use std::process::ExitCode;

use anyhow::Context;

use crate::{JourneyFiles, project};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    files: JourneyFiles,
    /// Change nothing; fail if a file is not formatted.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for source in project::read(&args.files.paths)? {
        if lang::is_document(&source.name) {
            continue;
        }
        match lang::format(&source) {
            Err(diagnostics) => {
                project::show(&diagnostics, std::slice::from_ref(&source));
                code = ExitCode::FAILURE;
            }
            Ok(formatted) if formatted == source.text => {}
            Ok(_) if args.check => {
                eprintln!("{} is not formatted; run `wayfare fmt`", source.name);
                code = ExitCode::FAILURE;
            }
            Ok(formatted) => {
                std::fs::write(&source.name, formatted)
                    .with_context(|| format!("{} cannot be written", source.name))?;
                eprintln!("formatted {}", source.name);
            }
        }
    }
    Ok(code)
}
