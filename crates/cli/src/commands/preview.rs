//! `wayfare preview`: the exact request that an action or a message makes for sample data, secrets masked.

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, anyhow, bail};
use connect::Partners;
use engine::{Scope, evaluate, request_of};
use graph::{Action, Name, Project, Type, Value};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    commands::{print, serve::tokio_runtime},
    project,
    settings::Settings,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The action or message.
    name: String,
    /// A JSON file with a sample profile.
    #[arg(long)]
    profile: PathBuf,
    /// A JSON file with a sample event: {"event": "Name", "properties": {…}}.
    #[arg(long)]
    event: PathBuf,
    /// An argument as NAME=JSON; arguments that are not given are taken from the event and the profile by name.
    #[arg(long = "arg", value_name = "NAME=JSON")]
    args: Vec<String>,
    /// Journey files, or folders of them.
    #[arg(long, default_value = "journeys")]
    journeys: Vec<PathBuf>,
    /// The settings file, for the URLs of this environment.
    #[arg(long)]
    config: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(project) = project::compile(&args.journeys)? else { return Ok(ExitCode::FAILURE) };
    let sample = Sample::read(&project, args)?;
    let none = BTreeMap::new();
    let scope = Scope::new(&sample.profile, &sample.event, &none, (runtime::wall_clock())());
    let request = match (project.actions.get(&*args.name), project.messages.get(&*args.name)) {
        (Some(action), _) => request_of(action, &sample.arguments(&action.params)?, &scope),
        (None, Some(message)) => {
            let given = sample.arguments(&message.params)?;
            let params = message.params.iter().map(|(name, _)| name.clone()).zip(given).collect();
            let inner = Scope::new(&sample.profile, &sample.event, &params, (runtime::wall_clock())());
            let values = message.args.iter().map(|arg| evaluate(arg, &inner)).collect::<Result<Vec<_>, _>>();
            let values = values.map_err(|fault| anyhow!("the message cannot be made: {fault}"))?;
            let action: &Action = &message.action;
            request_of(action, &values, &scope)
        }
        (None, None) => {
            let names: Vec<String> = project
                .actions
                .keys()
                .chain(project.messages.keys())
                .map(|name| format!("`{name}`"))
                .collect();
            bail!("there is no action or message `{}`; there are {}", args.name, names.join(", "));
        }
    };
    let request = request.map_err(|error| anyhow!("{}", error.reason))?;
    let settings = Settings::read(args.config.as_deref())?;
    let environment = settings.environment()?;
    let connections: Vec<_> = project.connections.values().cloned().collect();
    let partners = Partners::new(connections, settings.overrides(), environment)?;
    print(&tokio_runtime()?.block_on(partners.preview(&request, Uuid::nil())));
    Ok(ExitCode::SUCCESS)
}

/// The data that a preview is made for.
struct Sample {
    profile: Value,
    event: Value,
    event_name: Name,
    given: BTreeMap<String, Json>,
}

impl Sample {
    fn read(project: &Project, args: &Args) -> anyhow::Result<Sample> {
        let profile_shape = Type::Record(project.profile.record.clone());
        let profile = profile_shape
            .read(&read_json(&args.profile)?)
            .map_err(|misfit| anyhow!("{}: {misfit}", args.profile.display()))?;
        let file = read_json(&args.event)?;
        let wire =
            file.get("event").and_then(Json::as_str).context("the event file has no \"event\": \"Name\"")?;
        let Some(schema) = project.event_on_wire(wire) else { bail!("there is no event `{wire}`") };
        let empty = Json::Object(serde_json::Map::new());
        let event = Type::Record(schema.record.clone())
            .read(file.get("properties").unwrap_or(&empty))
            .map_err(|misfit| anyhow!("{}: {misfit}", args.event.display()))?;
        let mut given = BTreeMap::new();
        for arg in &args.args {
            let (name, value) =
                arg.split_once('=').with_context(|| format!("`{arg}` is not of the form NAME=JSON"))?;
            // A bare word is meant as text; quoting JSON in a shell is a nuisance.
            let value = serde_json::from_str(value).unwrap_or_else(|_| Json::from(value));
            given.insert(name.to_owned(), value);
        }
        Ok(Sample { profile, event, event_name: schema.name.clone(), given })
    }

    fn arguments(&self, params: &[(Name, Type)]) -> anyhow::Result<Vec<Value>> {
        params.iter().map(|(name, ty)| self.argument(name, ty)).collect()
    }

    fn argument(&self, name: &str, ty: &Type) -> anyhow::Result<Value> {
        if let Some(given) = self.given.get(name) {
            return ty.read(given).map_err(|misfit| anyhow!("the argument `{name}`: {misfit}"));
        }
        if matches!(ty, Type::Record(record) if record.name.as_ref() == Some(&self.event_name)) {
            return Ok(self.event.clone());
        }
        let found = [&self.event, &self.profile].into_iter().find_map(|from| from.field(name));
        match found {
            Some(value) if !value.is_null() || ty.is_optional() => Ok(value.clone()),
            _ => bail!(
                "the argument `{name}` ({ty}) is not in the event or the profile; give it as --arg {name}=…"
            ),
        }
    }
}

fn read_json(path: &PathBuf) -> anyhow::Result<Json> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}
