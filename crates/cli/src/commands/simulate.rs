//! `wayfare simulate`: run recorded or drawn people through a journey on virtual time.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use graph::{Answers, ErrorKind, Name, Project, Type, Value, duration_text};
use jiff::{SignedDuration, Timestamp};
use rehearse::simulate::{Answer, Plan, Report, Share, Story, drawn, simulate};
use serde_json::{Value as Json, json};

use crate::{JourneyFiles, commands::print, project};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The journey.
    journey: String,
    #[command(flatten)]
    files: JourneyFiles,
    /// People, one a line as JSON: their attributes.
    #[arg(long, requires = "events", required_unless_present = "generate")]
    profiles: Option<PathBuf>,
    /// Events, one a line as JSON: {"event", "profile", "at", "properties"}.
    #[arg(long, requires = "profiles")]
    events: Option<PathBuf>,
    /// Draw so many people by chance instead, each entering once on the first day.
    #[arg(long, value_name = "PEOPLE", conflicts_with = "profiles")]
    generate: Option<usize>,
    /// What partners answer, as JSON: {"action": [{"returns": …, "share": 30}, {"fails": "timeout"}]}.
    #[arg(long)]
    mocks: Option<PathBuf>,
    /// What chance draws from: the same number, the same people and answers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many days are simulated after the last event.
    #[arg(long, default_value_t = 90)]
    days: i64,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(project) = project::compile(&args.files.paths)? else { return Ok(ExitCode::FAILURE) };
    project::named(&project.journeys, "journey", &args.journey)?;
    let answers = args.mocks.as_deref().map(|path| mocks(path, &project)).transpose()?;
    let begin: Timestamp = "2026-01-05T00:00:00Z".parse()?;
    let stories = match (&args.profiles, &args.events) {
        (Some(profiles), Some(events)) => recorded(&project, profiles, events)?,
        _ => Vec::new(),
    };
    let last = stories.iter().flat_map(|story| story.events.last()).map(|(at, ..)| *at).max();
    let last = last.unwrap_or(begin.checked_add(SignedDuration::from_hours(24))?);
    let end = last.checked_add(SignedDuration::from_hours(24 * args.days)).context("--days is too large")?;
    let plan = Plan {
        project: &project,
        journey: args.journey.as_str().into(),
        answers: answers.unwrap_or_default(),
        seed: args.seed,
        end,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    let people = args.generate.unwrap_or(stories.len());
    let story = |number: usize| match stories.get(number) {
        Some(story) => story.clone(),
        // The journey is there, so there is a story to be drawn.
        None => drawn(&plan, begin, number, people).unwrap_or(Story {
            key: "nobody".into(),
            profile: Value::Null,
            events: Vec::new(),
        }),
    };
    let began = Instant::now();
    let report = simulate(&plan, people, &story).map_err(anyhow::Error::msg)?;
    match args.format {
        Format::Json => print(&serde_json::to_string_pretty(&as_json(&report))?),
        Format::Text => {
            print(&as_text(&report));
            eprintln!("simulated in {:.1} s", began.elapsed().as_secs_f64());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The lines of a file of JSON, each with its number.
fn lines(path: &Path) -> anyhow::Result<Vec<(usize, Json)>> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let tree = serde_json::from_str(line)
                .with_context(|| format!("{}:{}: not a line of JSON", path.display(), number + 1))?;
            Ok((number + 1, tree))
        })
        .collect()
}

fn recorded(project: &Project, profiles: &Path, events: &Path) -> anyhow::Result<Vec<Story>> {
    let mut stories: BTreeMap<String, Story> = BTreeMap::new();
    let shape = Type::Record(project.profile.record.clone());
    for (number, tree) in lines(profiles)? {
        let profile = shape
            .read(&tree)
            .map_err(|misfit| anyhow::anyhow!("{}:{number}: not a profile: {misfit}", profiles.display()))?;
        let key = profile.field(&project.profile.key).and_then(Value::as_text).unwrap_or_default().to_owned();
        let story = Story { key: key.as_str().into(), profile, events: Vec::new() };
        ensure!(
            stories.insert(key.clone(), story).is_none(),
            "{}:{number}: `{key}` is there already; give each person one line",
            profiles.display()
        );
    }
    for (number, tree) in lines(events)? {
        let (key, event) =
            event(project, &tree).with_context(|| format!("{}:{number}: not an event", events.display()))?;
        let Some(story) = stories.get_mut(&key) else {
            bail!("{}:{number}: `{key}` has no line in {}", events.display(), profiles.display());
        };
        story.events.push(event);
    }
    stories.values_mut().for_each(|story| story.events.sort_by_key(|(at, ..)| *at));
    Ok(stories.into_values().collect())
}

fn event(project: &Project, tree: &Json) -> anyhow::Result<(String, (Timestamp, Name, Value))> {
    let text = |field: &str| {
        tree.get(field).and_then(Json::as_str).with_context(|| format!("`{field}` is missing, a text"))
    };
    let wire = text("event")?;
    let Some(schema) = project.event_on_wire(wire) else {
        let known: Vec<&str> = project.events.values().map(|event| &*event.wire).collect();
        bail!("no event is called `{wire}`; there are {}", known.join(", "));
    };
    let at = text("at")?.parse().context("`at` is not a moment such as 2026-01-05T09:00:00Z")?;
    let none = json!({});
    let properties = Type::Record(schema.record.clone())
        .read(tree.get("properties").unwrap_or(&none))
        .map_err(|misfit| anyhow::anyhow!("{misfit}"))?;
    Ok((text("profile")?.to_owned(), (at, schema.name.clone(), properties)))
}

fn mocks(path: &Path, project: &Project) -> anyhow::Result<BTreeMap<Name, Vec<Share>>> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let tree: BTreeMap<String, Vec<Json>> = serde_json::from_str(&text).with_context(|| {
        format!("{} is not of the form {{\"action\": [{{\"returns\": …}}]}}", path.display())
    })?;
    let mut answers = BTreeMap::new();
    for (name, shares) in tree {
        let action = project::named(&project.actions, "action", &name)?;
        let rest = shares.iter().rev().skip(1).any(|share| share.get("share").is_none());
        ensure!(!rest, "{}: `{name}`: only the last answer may go without a `share`", path.display());
        let shares = shares.iter().map(|share| one_mock(share, action.answer.as_ref().map(Answers::ty)));
        let shares = shares
            .collect::<anyhow::Result<Vec<Share>>>()
            .with_context(|| format!("{}: `{name}`", path.display()))?;
        let sum: u32 = shares.iter().map(|share| share.percent).sum();
        ensure!(
            sum <= 100,
            "{}: the shares of `{name}` are {sum}% together; they are at most 100%",
            path.display()
        );
        answers.insert(name.as_str().into(), shares);
    }
    Ok(answers)
}

fn one_mock(tree: &Json, shape: Option<Type>) -> anyhow::Result<Share> {
    let percent = match tree.get("share") {
        // The last one gets what the others leave over.
        None => 0,
        Some(share) => {
            share.as_u64().and_then(|share| u32::try_from(share).ok()).context("`share` is a number")?
        }
    };
    let kind = |word: &str| ErrorKind::ALL.into_iter().find(|kind| kind.word() == word);
    let answer = match (tree.get("returns"), tree.get("fails")) {
        (Some(body), None) => {
            let shape = shape.unwrap_or(Type::Json);
            Answer::Returns(shape.read(body).map_err(|misfit| anyhow::anyhow!("`returns`: {misfit}"))?)
        }
        (None, Some(Json::String(word))) => {
            Answer::Fails(kind(word).with_context(|| format!("`{word}` is no kind of failure"))?)
        }
        (None, Some(fails)) => {
            let status =
                fails.get("http").and_then(Json::as_u64).and_then(|status| u16::try_from(status).ok());
            Answer::Status(status.context("`fails` is a kind of failure, or {\"http\": 500}")?)
        }
        _ => bail!("say either `returns` or `fails`"),
    };
    Ok(Share { percent, answer })
}

fn as_text(report: &Report) -> String {
    let mut out = format!("{} people, {} entered\n", report.people, report.entered);
    let mut list = |title: &str, counts: Vec<(String, u64)>| {
        if !counts.is_empty() {
            let _ = writeln!(out, "\n{title}");
        }
        for (name, count) in counts {
            let _ = writeln!(out, "  {count:>9}  {name}");
        }
    };
    let named = |counts: &BTreeMap<Name, u64>| -> Vec<(String, u64)> {
        counts.iter().map(|(name, count)| (name.to_string(), *count)).collect()
    };
    list("Stayed out", report.stayed_out.clone().into_iter().collect());
    list("Calls", named(&report.calls));
    list("Messages", named(&report.messages));
    list("Ended", report.ended.clone().into_iter().collect());
    let _ = writeln!(out, "\nSteps: passed, waiting, failed");
    for (step, count) in report.steps() {
        let _ = writeln!(out, "  {:>9} {:>9} {:>9}  {step}", count.passed, count.waiting, count.failed);
    }
    if let (Some(half), Some(most), Some(all)) =
        (report.duration(50), report.duration(90), report.duration(100))
    {
        let [half, most, all] = [half, most, all].map(duration_text);
        let _ = writeln!(out, "\nFrom entry to end: half within {half}, 90% within {most}, all within {all}");
    }
    for (step, way) in report.never_taken() {
        let way = if way.is_empty() { "going on" } else { way };
        let _ = writeln!(out, "never taken: {step}: {way}");
    }
    out
}

fn as_json(report: &Report) -> Json {
    let steps: serde_json::Map<String, Json> = report
        .steps()
        .map(|(step, count)| {
            let count = json!({ "passed": count.passed, "waiting": count.waiting, "failed": count.failed });
            (step.to_string(), count)
        })
        .collect();
    let never: Vec<Json> =
        report.never_taken().map(|(step, way)| json!({ "step": step, "way": way })).collect();
    let micros = |percent| report.duration(percent);
    json!({
        "people": report.people, "entered": report.entered, "stayedOut": report.stayed_out,
        "calls": report.calls, "messages": report.messages, "ended": report.ended, "steps": steps,
        "durationMicros": { "p50": micros(50), "p90": micros(90), "max": micros(100) }, "neverTaken": never,
    })
}
