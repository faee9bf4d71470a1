//! `wayfare preview`: the exact request that an action or a message makes, secrets masked; and its answer, when it is sent.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow, bail};
use connect::Partners;
use engine::preview::{NoPreview, Preview, Sample};
use graph::{Name, Project, Type, Value};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    commands::{print, serve::tokio_runtime},
    preview::{answer, record::Recorder, rehearsed},
    project,
    settings::Settings,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The action or message.
    name: String,
    /// A sample profile: a JSON file, or the JSON itself.
    #[arg(long, value_name = "FILE|JSON")]
    profile: Option<String>,
    /// A sample event, {"event": "Name", "properties": {…}}: a JSON file, or the JSON itself.
    #[arg(long, value_name = "FILE|JSON")]
    event: Option<String>,
    /// Arguments as a JSON object: a file, or the JSON itself.
    #[arg(long, value_name = "FILE|JSON")]
    args: Option<String>,
    /// An argument as NAME=JSON; arguments that are not given are taken from the event and the profile by name.
    #[arg(long = "arg", value_name = "NAME=JSON")]
    arg: Vec<String>,
    /// The test whose data is taken when none is given; without it the first one in which it goes out.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["profile", "event", "args", "arg"])]
    test: Option<String>,
    /// Send it for real, once, and show the answer.
    #[arg(long)]
    send: bool,
    /// Keep the answer as a mock in the test that the data is from.
    #[arg(long, requires = "send", conflicts_with_all = ["profile", "event", "args", "arg"])]
    record: bool,
    /// Journey files, or folders of them.
    #[arg(long, default_value = "journeys")]
    journeys: Vec<PathBuf>,
    /// The settings file, for the URLs of this environment.
    #[arg(long)]
    config: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let sources = project::read(&args.journeys)?;
    let compiled = lang::compile(&sources);
    project::show(&compiled.diagnostics, &sources);
    let Some(project) = compiled.project else { return Ok(ExitCode::FAILURE) };
    let given =
        [&args.profile, &args.event, &args.args].iter().any(|one| one.is_some()) || !args.arg.is_empty();
    let rehearsed = if given {
        None
    } else {
        rehearsed::find(&project, &compiled.tests, &args.name, args.test.as_deref())?
    };
    let previewed = match &rehearsed {
        Some(found) => Ok(found.preview.clone()),
        None => engine::preview::preview(
            &project,
            &args.name,
            &sample(&project, args)?,
            (runtime::wall_clock())(),
        ),
    };
    let previewed = previewed.map_err(|error| unknown(error, &project))?;
    let settings = Settings::read(args.config.as_deref())?;
    let environment = settings.environment()?;
    let connections: Vec<_> = project.connections.values().cloned().collect();
    let partners = Partners::new(connections, settings.overrides(), environment)?;
    let runtime = tokio_runtime()?;
    // A mail says itself what it says.
    let by_mail = previewed.action.connection.mail.is_some();
    if !by_mail && project.messages.contains_key(&*args.name) && !project.actions.contains_key(&*args.name) {
        print(&message(&args.name, &previewed));
    }
    if let Some(found) = &rehearsed {
        eprintln!("with the data of the test \"{}\"", found.test.name);
    }
    let key = Uuid::new_v4();
    print(&runtime.block_on(partners.preview(&previewed.request, if args.send { key } else { Uuid::nil() })));
    if !args.send {
        return Ok(ExitCode::SUCCESS);
    }
    let outcome = runtime.block_on(partners.attempt(&previewed.request, key, None));
    let read = answer::show(&previewed.action, &outcome);
    if let (true, Some(found)) = (args.record, &rehearsed) {
        Recorder { sources: &sources, found }.keep(outcome.outcome.as_ref(), read.as_ref())?;
    } else if args.record {
        bail!(
            "`--record` keeps the answer in a test, and no test lets `{}` go out; write one first",
            args.name
        );
    }
    Ok(if read.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a message says, before it is packed into a request.
fn message(name: &str, previewed: &Preview) -> String {
    let mut text = format!("message {name} via {}\n", previewed.action.name);
    for (field, value) in &previewed.carried {
        text += &format!("  {field}: {}\n", value.to_string().replace('\n', "\n    "));
    }
    text
}

fn unknown(error: NoPreview, project: &Project) -> anyhow::Error {
    match error {
        NoPreview::Unknown(name) => {
            let names = project.actions.keys().chain(project.messages.keys());
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            anyhow!("there is no action or message `{name}`; there are {}", names.join(", "))
        }
        NoPreview::Argument { name, wanted, reason } => {
            anyhow!("the argument `{name}` ({wanted}) {reason}; give it as --arg {name}=…")
        }
        NoPreview::Request(reason) => anyhow!(reason),
    }
}

/// The data that the command line gives.
fn sample(project: &Project, args: &Args) -> anyhow::Result<Sample> {
    let mut sample = Sample::default();
    if let Some(text) = &args.profile {
        let (tree, place) = read_json(text, "--profile")?;
        let shape = Type::Record(project.profile.record.clone());
        sample.profile = shape.read(&tree).map_err(|misfit| anyhow!("{place}: {misfit}"))?;
    }
    sample.event = args.event.as_ref().map(|text| event(project, text)).transpose()?;
    if let Some(text) = &args.args {
        let (tree, place) = read_json(text, "--args")?;
        let Json::Object(fields) = tree else { bail!("{place} is no JSON object of arguments") };
        sample.given.extend(fields);
    }
    for arg in &args.arg {
        let (name, value) =
            arg.split_once('=').with_context(|| format!("`{arg}` is not of the form NAME=JSON"))?;
        // A bare word is meant as text; quoting JSON in a shell is a nuisance.
        let value = serde_json::from_str(value).unwrap_or_else(|_| Json::from(value));
        sample.given.insert(name.to_owned(), value);
    }
    Ok(sample)
}

fn event(project: &Project, text: &str) -> anyhow::Result<(Name, Value)> {
    let (file, place) = read_json(text, "--event")?;
    let wire = file.get("event").and_then(Json::as_str);
    let wire = wire.with_context(|| format!("{place} has no \"event\": \"Name\""))?;
    let Some(schema) = project.event_on_wire(wire) else { bail!("there is no event `{wire}`") };
    let empty = Json::Object(serde_json::Map::new());
    let read = Type::Record(schema.record.clone()).read(file.get("properties").unwrap_or(&empty));
    Ok((schema.name.clone(), read.map_err(|misfit| anyhow!("{place}: {misfit}"))?))
}

/// JSON that is given, or that is in a file of this name; and what messages call it.
fn read_json(text: &str, option: &str) -> anyhow::Result<(Json, String)> {
    let (text, place) = match text.trim_start().starts_with('{') {
        true => (text.to_owned(), option.to_owned()),
        false => {
            let read =
                fs::read_to_string(Path::new(text)).with_context(|| format!("{text} cannot be read"))?;
            (read, text.to_owned())
        }
    };
    let tree = serde_json::from_str(&text).with_context(|| format!("{place} is not JSON"))?;
    Ok((tree, place))
}
