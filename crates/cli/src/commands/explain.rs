//! `wayfare explain`: the page of an error code.

use std::process::ExitCode;

use crate::commands::print;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The code, such as `unknown-field`; without it, all codes are listed.
    code: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(code) = &args.code else {
        lang::codes().for_each(print);
        return Ok(ExitCode::SUCCESS);
    };
    match lang::explain(code) {
        Some(page) => {
            print(page);
            Ok(ExitCode::SUCCESS)
        }
        None => {
            eprintln!("error: there is no code `{code}`; `wayfare explain` lists them all");
            Ok(ExitCode::FAILURE)
        }
    }
}
