//! `wayfare test`: play the tests of a project on virtual time.

use std::{
    io::{IsTerminal, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::ValueEnum;
use graph::test::Test;
use lang::Source;
use notify::Watcher;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use rehearse::{Coverage, Covered, Played};
use serde_json::json;

use crate::{JourneyFiles, commands::print, project};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    files: JourneyFiles,
    /// Play only tests whose names contain this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Show which steps and ways no test reaches; fail when there are any.
    #[arg(long)]
    coverage: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Play again whenever a file changes.
    #[arg(long)]
    watch: bool,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// JUnit's XML, which CI systems read.
    Junit,
}

/// A test and how it went, row by row.
struct Case<'a> {
    test: &'a Test,
    source: &'a Source,
    played: Vec<Played>,
    took: Duration,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if !args.watch {
        return play(args);
    }
    let (tell, told) = std::sync::mpsc::channel();
    let mut watcher = notify::recommended_watcher(tell).context("files cannot be watched here")?;
    for path in &args.files.paths {
        watcher
            .watch(path, notify::RecursiveMode::Recursive)
            .with_context(|| format!("{} cannot be watched", path.display()))?;
    }
    loop {
        if let Err(error) = play(args) {
            eprintln!("error: {error:#}");
        }
        eprintln!("waiting for changes in {}; ctrl-c ends", list(&args.files.paths));
        while !told.recv().context("files are watched no more")?.is_ok_and(|event| changes(&event)) {}
        // Editors write a file in several steps: what follows at once belongs to the same change.
        while told.recv_timeout(Duration::from_millis(100)).is_ok() {}
    }
}

fn changes(event: &notify::Event) -> bool {
    let journey = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "journey");
    !matches!(event.kind, notify::EventKind::Access(_)) && event.paths.iter().any(journey)
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn play(args: &Args) -> anyhow::Result<ExitCode> {
    let sources = project::read(&args.files.paths)?;
    let compiled = lang::compile(&sources);
    project::show(&compiled.diagnostics, &sources);
    let Some(project) = compiled.project else { return Ok(ExitCode::FAILURE) };
    let wanted = |test: &&Test| args.only.as_ref().is_none_or(|only| test.name.contains(only.as_str()));
    let cases: Vec<Case<'_>> = compiled
        .tests
        .iter()
        .filter(wanted)
        .filter_map(|test| {
            let began = Instant::now();
            let played = rehearse::play(&project, test);
            Some(Case { test, source: sources.get(test.place.0)?, played, took: began.elapsed() })
        })
        .collect();
    let mut coverage = Coverage::default();
    for played in cases.iter().flat_map(|case| &case.played) {
        coverage.add(played.coverage.clone());
    }
    let covered = coverage.of(&project);
    match args.format {
        Format::Text => show(&cases, args.coverage.then_some(covered.as_slice())),
        Format::Json => print(&serde_json::to_string_pretty(&as_json(&cases, &covered))?),
        Format::Junit => print(&as_junit(&cases).to_string()?),
    }
    let failed = cases.iter().flat_map(|case| &case.played).any(|played| played.failure.is_some());
    let missed = args.coverage
        && covered.iter().any(|one| !one.missed_steps.is_empty() || !one.missed_ways.is_empty());
    Ok(if failed || missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The name of a played row: that of its test, and the number of the row.
fn name_of(test: &Test, played: &Played) -> String {
    match played.row {
        Some(row) => format!("{} (row {row})", test.name),
        None => test.name.to_string(),
    }
}

fn show(cases: &[Case<'_>], coverage: Option<&[Covered]>) {
    let color = std::io::stdout().is_terminal();
    let mut out = std::io::stdout().lock();
    let (mut passed, mut failed) = (0, 0);
    for case in cases {
        for played in &case.played {
            let name = name_of(case.test, played);
            let Some(failure) = &played.failure else {
                passed += 1;
                let _ = writeln!(out, "ok      {name}");
                continue;
            };
            failed += 1;
            let title = format!("{name}: {}", failure.message);
            let drawn = lang::draw_place(case.source, failure.span, &title, &failure.notes, color);
            let _ = writeln!(out, "FAILED  {name}\n\n{drawn}\n");
        }
    }
    let took: Duration = cases.iter().map(|case| case.took).sum();
    if cases.is_empty() {
        let _ = writeln!(out, "there are no tests; write `test \"…\" {{ … }}` beside a journey");
    } else {
        let _ = writeln!(out, "\n{passed} passed, {failed} failed in {} ms", took.as_millis());
    }
    for one in coverage.unwrap_or_default() {
        let steps = one.steps - one.missed_steps.len();
        let ways = one.ways - one.missed_ways.len();
        let _ = writeln!(out, "{}: {steps} of {} steps, {ways} of {} ways", one.journey, one.steps, one.ways);
        for step in &one.missed_steps {
            let _ = writeln!(out, "  never visited: {step}");
        }
        for (step, way) in &one.missed_ways {
            let way = if way.is_empty() { "going on" } else { way };
            let _ = writeln!(out, "  never taken: {step}: {way}");
        }
    }
}

fn as_json(cases: &[Case<'_>], covered: &[Covered]) -> serde_json::Value {
    let tests = cases.iter().flat_map(|case| {
        case.played.iter().map(|played| {
            let failure = played.failure.as_ref().map(|failure| {
                json!({
                    "file": case.source.name, "start": failure.span.start, "end": failure.span.end,
                    "message": failure.message, "notes": failure.notes,
                })
            });
            json!({ "name": case.test.name, "row": played.row, "passed": failure.is_none(), "failure": failure })
        })
    });
    let coverage = covered.iter().map(|one| {
        json!({
            "journey": one.journey, "steps": one.steps, "ways": one.ways, "missedSteps": one.missed_steps,
            "missedWays": one.missed_ways.iter().map(|(step, way)| json!({ "step": step, "way": way })).collect::<Vec<_>>(),
        })
    });
    json!({ "tests": tests.collect::<Vec<_>>(), "coverage": coverage.collect::<Vec<_>>() })
}

fn as_junit(cases: &[Case<'_>]) -> Report {
    let mut report = Report::new("wayfare");
    for suite in cases.chunk_by(|a, b| a.source.name == b.source.name) {
        let Some(first) = suite.first() else { continue };
        let mut made = TestSuite::new(first.source.name.as_str());
        for case in suite {
            for played in &case.played {
                let status = match &played.failure {
                    None => TestCaseStatus::success(),
                    Some(failure) => {
                        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                        status
                            .set_message(failure.message.as_str())
                            .set_description(failure.notes.join("\n"));
                        status
                    }
                };
                let mut made_case = TestCase::new(name_of(case.test, played), status);
                made_case.set_time(case.took / u32::try_from(case.played.len()).unwrap_or(1).max(1));
                made.add_test_case(made_case);
            }
        }
        report.add_test_suite(made);
    }
    report
}
