//! `wayfare doctor`: looks at a deployment and says what is wrong with it and how to mend it. It only looks: `doctor` says
//! what the facts mean.

use std::{
    collections::BTreeMap,
    io::{IsTerminal as _, Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use connect::{Collector, Environment, Override, Partners};
use graph::Project;
use lang::Source;
use runtime::Retention;
use store::{Examination, Inhabited};
use url::Url;

use crate::{
    commands::{
        print,
        serve::{accepted_keys, needed, tokio_runtime},
    },
    doctor::{
        self, Facts, finding,
        setup::{self, Journeys, Listening},
    },
    project,
    settings::{Deployment, Nats, Settings, Traces, keys},
};

/// How long a server may take to say whether it is ready.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Deployment,
    /// Read a whole SQLite file for damage; takes long for a large one.
    #[arg(long)]
    deep: bool,
    /// Print the findings for programs.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let facts = tokio_runtime()?.block_on(look(args));
    let findings = doctor::findings(&facts);
    if args.json {
        print(&serde_json::to_string_pretty(&finding::json(&findings))?);
    } else {
        let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        print(&finding::text(&findings, colours));
    }
    Ok(if finding::healthy(&findings) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn look(args: &Args) -> Facts {
    let (settings, settings_read) = match Settings::read(args.place.database.config.as_deref()) {
        Ok(settings) => (settings, Ok(())),
        Err(error) => (Settings::default(), Err(said(&error))),
    };
    let readable = settings_read.is_ok();
    let (journeys, project) = compile(&args.place.journeys(&settings));
    let database = args.place.database.url(&settings);
    let listen = args.place.listen(&settings);
    let retention = settings.retention.read();
    let suits = match (&retention, &project) {
        (Ok(retention), Some(project)) => retention.suits(project),
        (Ok(_), None) => Ok(()),
        (Err(error), _) => Err(said(error)),
    };
    let nats = settings.nats.as_ref().map(Nats::source).transpose();
    let mut setup = setup::Facts {
        settings: settings_read,
        journeys,
        keys: accepted_keys().map(drop).map_err(|error| said(&error)),
        write_keys: !keys("WAYFARE_WRITE_KEYS").is_empty(),
        secrets: Ok(()),
        connections: Ok(()),
        missing: Vec::new(),
        unreachable: Vec::new(),
        retention: suits,
        nats: nats.map(drop).map_err(|error| said(&error)),
        telemetry: Ok(None),
        listen: (listen.clone(), who_listens(&listen)),
    };
    let traces = settings.traces().map_err(|error| said(&error));
    setup.telemetry = match (traces, settings.environment()) {
        (Ok(Some(traces)), Ok(environment)) => who_collects(traces, environment).await.map(Some),
        // What is wrong with the secrets is said for itself.
        (Ok(_), _) => Ok(None),
        (Err(reason), _) => Err(reason),
    };
    match (&project, settings.environment()) {
        (Some(project), Ok(environment)) => {
            connections(project, settings.overrides(), environment, &mut setup).await;
        }
        (None, Ok(_)) => {}
        (_, Err(error)) => setup.secrets = Err(said(&error)),
    }
    // Another database than the one that is meant would only mislead.
    let known = readable || args.place.database.database.is_some();
    let database = if known {
        let examined = store::examine(&database, args.deep).await;
        Some((shown(&database), examined.map_err(|error| said(&error.into()))))
    } else {
        None
    };
    Facts {
        setup,
        unreadable: unreadable(inhabited(database.as_ref()), project.as_ref()),
        database,
        retention: retention.unwrap_or(Retention::default()),
        now: (runtime::wall_clock())(),
    }
}

/// An error with all its reasons, in one line; a reason that the one before quotes is not said again.
fn said(error: &anyhow::Error) -> String {
    let mut reasons: Vec<String> = Vec::new();
    for reason in error.chain().map(ToString::to_string) {
        if !reasons.last().is_some_and(|before| before.contains(&reason)) {
            reasons.push(reason);
        }
    }
    reasons.join(": ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn compile(folder: &Path) -> (Journeys, Option<Project>) {
    let sources = match project::read(&[folder.to_owned()]) {
        Ok(sources) => sources,
        Err(error) => return (Journeys::Unreadable(said(&error)), None),
    };
    let (compiled, folder) = (lang::compile(&sources), folder.display().to_string());
    match compiled.project {
        Some(project) => {
            let (journeys, connections) = (project.journeys.len(), needed(&project).len());
            (Journeys::Compile { folder, journeys, connections }, Some(project))
        }
        None => (Journeys::Errors { folder, errors: compiled.diagnostics.len() }, None),
    }
}

/// Looks at the connections that journeys use, as a server would set them up.
async fn connections(
    project: &Project,
    overrides: BTreeMap<String, Override>,
    environment: Environment,
    setup: &mut setup::Facts,
) {
    let partners = match Partners::new(project.connections.values().cloned(), overrides, environment) {
        Ok(partners) => partners,
        Err(error) => {
            setup.connections = Err(error.to_string());
            return;
        }
    };
    let needed = needed(project);
    let missing = partners.missing().await.into_iter().filter(|one| needed.contains(&one.connection));
    setup.missing =
        missing.map(|one| (one.connection.to_string(), one.name.to_string(), one.reason)).collect();
    for connection in needed {
        if let Some(reason) = partners.unreachable(&connection).await {
            setup.unreachable.push((connection.to_string(), reason));
        }
    }
}

/// Whether a collector takes traces: it is sent none, in a request that is whole. Gives its address.
async fn who_collects(traces: Traces, environment: Environment) -> Result<String, String> {
    let Traces { url, headers, .. } = traces;
    let collector = Collector::new(url.clone(), headers, environment).map_err(|error| error.to_string())?;
    match collector.take(Vec::new()).await {
        Ok(_) => Ok(url.to_string()),
        Err(error) => Err(format!("the collector at {url} takes no traces: {error}")),
    }
}

/// Asks whoever is at an address whether it is a server that is ready.
fn who_listens(address: &str) -> Listening {
    let ask = || -> std::io::Result<String> {
        let place = address.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::NotFound)?;
        let mut stream = TcpStream::connect_timeout(&place, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut answer = Vec::new();
        // Whoever hangs up or keeps silent has answered nothing, but is there.
        let asked =
            write!(stream, "GET /health/ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        if asked.is_ok() {
            let _ = stream.take(4_096).read_to_end(&mut answer);
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    match ask() {
        Err(_) => Listening::Nobody,
        Ok(answer) if answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ready\n") => Listening::Ready,
        Ok(answer) if answer.starts_with("HTTP/1.1 503 ") && answer.contains("not ready") => {
            Listening::Unready
        }
        Ok(_) => Listening::Stranger,
    }
}

/// A database's URL without its password.
fn shown(database: &str) -> String {
    match Url::parse(database) {
        Ok(mut url) if url.has_authority() && !url.scheme().starts_with("sqlite") => {
            // Parameters may hold one too.
            let _ = url.set_password(None);
            url.set_query(None);
            url.to_string()
        }
        Ok(_) if database.starts_with("sqlite:") => database.to_owned(),
        Ok(_) | Err(_) => "that was given".to_owned(),
    }
}

fn inhabited(database: Option<&(String, Result<Examination, String>)>) -> &[Inhabited] {
    let work = match database {
        Some((_, Ok(Examination::Sqlite(facts)))) => facts.work.as_ref(),
        Some((_, Ok(Examination::Postgres(facts)))) => facts.work.as_ref(),
        Some((_, Ok(Examination::Absent(_)) | Err(_))) | None => None,
    };
    work.map_or(&[], |work| &work.inhabited)
}

/// The versions that somebody is in and this program cannot read, each with how many people.
fn unreadable(inhabited: &[Inhabited], project: Option<&Project>) -> Vec<(String, u64)> {
    let unreadable = |one: &&Inhabited| {
        let name = one.journey.as_str();
        let current = project.is_some_and(|project| {
            // Whoever is watched for an audience is watched as it is declared now.
            project.audiences.contains_key(name)
                || project.journeys.get(name).is_some_and(|journey| *journey.version == *one.version)
        });
        !current && !one.source.as_ref().is_some_and(|source| compiles(name, source))
    };
    let said = |one: &Inhabited| (format!("the version {} of `{}`", one.version, one.journey), one.people);
    inhabited.iter().filter(unreadable).map(said).collect()
}

/// Whether the text of an older version is still one: it stands alone, with all that it uses.
fn compiles(name: &str, text: &str) -> bool {
    let source = Source { name: name.to_owned(), text: text.to_owned() };
    lang::compile(&[source])
        .project
        .is_some_and(|project| project.journeys.contains_key(name) || project.audiences.contains_key(name))
}
