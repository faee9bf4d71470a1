//! One file per command.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod connections;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod functions;
pub(crate) mod graph;
pub(crate) mod instances;
pub(crate) mod kits;
pub(crate) mod new;
pub(crate) mod preview;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod suppressions;
pub(crate) mod test;

use std::{io::Write, process::ExitCode};

/// Prints text for another program or a person; a reader that has gone away is no error.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
}

pub(crate) fn lsp() -> anyhow::Result<ExitCode> {
    lsp::serve()?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn openapi() -> anyhow::Result<ExitCode> {
    print(&api::openapi().to_pretty_json()?);
    Ok(ExitCode::SUCCESS)
}
