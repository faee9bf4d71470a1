//! One step of a chore: a command whose beginning and end are told.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, ensure};

/// One step of a chore.
pub(crate) struct Step {
    name: String,
    command: Command,
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").components().collect::<PathBuf>()
}

/// The dashboard's folder.
pub(crate) const WEB: &str = "web";

/// The folder of the extension for VS Code.
pub(crate) const VSCODE: &str = "editors/vscode";

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// A step by cargo.
pub(crate) fn cargo(name: &str, args: &[&str]) -> Step {
    let mut step = Step::new(name, "cargo");
    step.args(args);
    step
}

/// A step by npm, in a folder of the workspace.
pub(crate) fn npm(folder: &str, name: &str, args: &[&str]) -> Step {
    let mut step = Step::new(name, "npm");
    step.args(args).command.current_dir(root().join(folder));
    step
}

impl Step {
    pub(crate) fn new(name: &str, program: &str) -> Step {
        let mut command = Command::new(program);
        command.current_dir(root());
        Step { name: name.to_owned(), command }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(&mut self, args: &[S]) -> &mut Step {
        self.command.args(args);
        self
    }

    pub(crate) fn env(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Step {
        self.command.env(name, value);
        self
    }

    /// Runs the step; its output goes where ours goes.
    pub(crate) fn run(&mut self) -> Result<()> {
        eprintln!("\n── {}", self.name);
        let start = Instant::now();
        let status = self.command.status().with_context(|| format!("{}: cannot be started", self.name))?;
        ensure!(status.success(), "{}: failed ({status})", self.name);
        eprintln!("   done in {:.1} s", start.elapsed().as_secs_f64());
        Ok(())
    }
}
