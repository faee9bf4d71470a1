//! What the chores need besides Rust: found, or installed by the system's package manager, or named in one line.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

use crate::step::Step;

/// Node and npm.
pub(crate) fn node() -> Result<()> {
    if found("npm").is_none() {
        bail!("npm is needed for the dashboard: install Node.js 20 or newer with npm");
    }
    Ok(())
}

/// PostgreSQL's server programs, unless the tests are given a server.
pub(crate) fn postgres() -> Result<()> {
    if std::env::var_os("WAYFARE_TEST_POSTGRES").is_some() || initdb().is_some() {
        return Ok(());
    }
    install("PostgreSQL", "postgresql")?;
    if initdb().is_none() {
        bail!(
            "PostgreSQL's `initdb` is needed: install the package postgresql, or set WAYFARE_TEST_POSTGRES to a URL"
        );
    }
    Ok(())
}

fn initdb() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    found("initdb")
        .or_else(|| versions.map(|version| version.path().join("bin/initdb")).find(|path| path.exists()))
}

/// A NATS server, which the tests take events from.
pub(crate) fn nats() -> Result<()> {
    let there = || found("nats-server").is_some() || Path::new("/usr/sbin/nats-server").exists();
    if !there() {
        install("NATS", "nats-server")?;
    }
    if !there() {
        bail!("`nats-server` is needed for the tests: install the package nats-server");
    }
    Ok(())
}

/// The programs that the README's commands use.
pub(crate) fn shell_tools() -> Result<()> {
    for program in ["curl", "openssl"] {
        if found(program).is_none() {
            install(program, program)?;
        }
    }
    Ok(())
}

/// Chromium, for the dashboard's tests in a browser.
pub(crate) fn chromium() -> Result<PathBuf> {
    const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    if let Some(given) = std::env::var_os("CHROMIUM") {
        return Ok(given.into());
    }
    let find = || NAMES.iter().find_map(|name| found(name));
    if find().is_none() {
        install("Chromium", "chromium")?;
    }
    match find() {
        Some(path) => Ok(path),
        None => bail!("Chromium is needed for the browser tests: install it, or set CHROMIUM to its path"),
    }
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Installs a Debian or Ubuntu package where we may.
fn install(what: &str, package: &str) -> Result<()> {
    if found("apt-get").is_none() {
        bail!("{what} is needed: install the package {package} with your system's package manager");
    }
    let sudo = if is_root() { None } else { Some("sudo") };
    if sudo.is_some() && !may_sudo() {
        bail!("{what} is needed: run `sudo apt-get install {package}`");
    }
    let apt = |name: &str, args: &[&str]| {
        let mut step = Step::new(name, sudo.unwrap_or("apt-get"));
        if sudo.is_some() {
            step.args(&["apt-get"]);
        }
        step.args(args).env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    apt("refresh the package lists", &["update", "-qq"])?;
    apt(&format!("install {what}"), &["install", "-y", "-qq", "--no-install-recommends", package])
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|meta| meta.uid() == 0)
}

fn may_sudo() -> bool {
    let quiet =
        Command::new("sudo").args(["-n", "true"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}
