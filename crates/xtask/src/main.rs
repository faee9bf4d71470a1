//! The project's chores: `cargo xtask demo | test | soak | build | bench | keep-release`.
//!
//! Each is enough on a fresh machine with Rust and Node: what else is needed is found, installed by the system's package
//! manager where that is allowed, or named in one line.

mod need;
mod step;

use std::{path::Path, process::ExitCode};

use anyhow::{Result, bail};
use step::{Step, VSCODE, WEB, cargo, npm};

const USAGE: &str = "\
cargo xtask demo  [ARGS…]              build everything and run the demo on 127.0.0.1:7070
cargo xtask test                       everything CI runs: format, lints, tests, dashboard, editors, browser
cargo xtask soak  [FACTOR]             the proofs of `test` so many times as large as there (20): kills, power cuts, bad disks,
                                       a dying PostgreSQL, doubtful commits, jumping clocks, simulated years
cargo xtask build                      the dashboard and target/release/wayfare
cargo xtask bench [--quick] [--json FILE] [--only sqlite|postgres|language] [--part acks|journeys|calls|hot|sleepers|drain]
                                       measure the release binary: a table of the bars, and which are reached
cargo xtask keep-release NAME          keep databases of today's program, which every later one must be able to go on with";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let result = match command.as_str() {
        "demo" => demo(&rest),
        "test" => test(),
        "soak" => soak(&rest),
        "build" => build(),
        "bench" => bench(&rest),
        "keep-release" => keep_release(&rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Installs the packages that a folder's lock file names.
fn packages(folder: &str, name: &str) -> Result<()> {
    need::node()?;
    // A second install of the same lock file is skipped: npm takes seconds even when there is nothing to do.
    let folder_path = step::root().join(folder);
    let changed = |file: &str| folder_path.join(file).metadata().and_then(|meta| meta.modified()).ok();
    let (lock, mark) = (changed("package-lock.json"), changed("node_modules/.package-lock.json"));
    if mark.is_none() || mark < lock {
        npm(folder, name, &["ci", "--no-audit", "--no-fund"]).run()?;
    }
    Ok(())
}

fn dashboard() -> Result<()> {
    packages(WEB, "the dashboard's packages")?;
    npm(WEB, "build the dashboard", &["run", "build"]).run()
}

fn build() -> Result<()> {
    dashboard()?;
    cargo("build wayfare", &["build", "--release", "--locked", "--package", "cli"]).run()
}

fn demo(args: &[String]) -> Result<()> {
    build()?;
    let mut demo = Step::new("run the demo", &step::target().join("release/wayfare").display().to_string());
    demo.args(&["demo"]).args(args);
    demo.run()
}

fn test() -> Result<()> {
    need::postgres()?;
    need::nats()?;
    need::shell_tools()?;
    let chromium = need::chromium()?;
    cargo("format", &["fmt", "--all", "--check"]).run()?;
    dashboard()?;
    cargo("lints", &["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
    // All that is tested is built at once: alone, the programs would be built from libraries with fewer features, and
    // the tests from others.
    cargo("build", &["build", "--locked", "--workspace", "--all-targets"]).run()?;
    npm(WEB, "the dashboard's types", &["run", "check"]).run()?;
    npm(WEB, "the dashboard's unit tests", &["run", "test"]).run()?;
    let wayfare = step::target().join("debug/wayfare");
    cargo("tests", &["test", "--locked", "--workspace", "--no-fail-fast"])
        .env("WAYFARE_PROGRAM", &wayfare)
        .run()?;
    let mut again = cargo("the runtime's tests, left in doubt about their commits", &["test", "--locked"]);
    again.args(&["--workspace"]).args(&tests_of("crates/runtime")?).env("WAYFARE_DOUBTS", "3").run()?;
    extension(&wayfare)?;
    let mut browser = npm(WEB, "the dashboard in a browser", &["run", "e2e"]);
    browser.env("CHROMIUM", &chromium).env("WAYFARE_PROGRAM", &wayfare);
    browser.run()?;
    eprintln!("\nall checks passed");
    Ok(())
}

/// Selects the tests of a package by their names, which no other package has. Selected by its package, all that they
/// stand on would be built anew, with the few features that this one package wants.
fn tests_of(package: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for file in std::fs::read_dir(step::root().join(package).join("tests"))? {
        let file = file?.path();
        if let (Some(name), true) = (file.file_stem(), file.extension().is_some_and(|ending| ending == "rs"))
        {
            names.push(format!("--test={}", name.to_string_lossy()));
        }
    }
    Ok(names)
}

/// What withstands faults, much longer than `test` has time for: these read `WAYFARE_SOAK`. A clock jumps as often as ever.
fn soak(args: &[String]) -> Result<()> {
    let factor = args.first().map_or("20", String::as_str);
    if !factor.parse().is_ok_and(|factor: u32| factor > 0) {
        bail!("`{factor}` is no factor: a whole number such as 20");
    }
    need::postgres()?;
    let proofs = [
        ("rehearse", "ten_years"),
        ("tests", "crash"),
        ("tests", "chosen_kills"),
        ("tests", "power_cut"),
        ("tests", "bad_disk"),
        ("tests", "postgres_dies"),
        ("tests", "unknown_commits"),
        ("tests", "clock_jumps"),
        ("tests", "hot_profile"),
    ];
    for (package, proof) in proofs {
        let args = ["test", "--locked", "--package", package, "--test", proof, "--", "--nocapture"];
        cargo(&format!("{proof}, {factor} times"), &args).env("WAYFARE_SOAK", factor).run()?;
    }
    Ok(())
}

/// Keeps databases of today's program under `tests/releases`, for the test of upgrades.
fn keep_release(args: &[String]) -> Result<()> {
    let [name] = args else { bail!("which release? such as `cargo xtask keep-release 0.1.0`") };
    if step::root().join("tests/releases").join(name).exists() {
        bail!("{name} is kept already; what a release wrote does not change");
    }
    need::postgres()?;
    let args = ["run", "--locked", "--package", "tests", "--example", "keep_release", "--", name];
    cargo(&format!("keep {name}"), &args).run()
}

fn extension(wayfare: &Path) -> Result<()> {
    packages(VSCODE, "the extension's packages")?;
    npm(VSCODE, "the extension's types", &["run", "check"]).run()?;
    npm(VSCODE, "the extension's tests", &["run", "test"]).env("WAYFARE_PROGRAM", wayfare).run()?;
    npm(VSCODE, "package the extension", &["run", "package"]).run()
}

fn bench(args: &[String]) -> Result<()> {
    need::postgres()?;
    cargo("build wayfare", &["build", "--release", "--locked", "--package", "cli", "--package", "bench"])
        .run()?;
    let bench = step::target().join("release/bench");
    if !bench.exists() {
        bail!("{} was not built", bench.display());
    }
    let mut run = Step::new("measure", &bench.display().to_string());
    run.args(args);
    run.run()
}
