//! `wayfare serve`: run journeys.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, bail};
use api::{App, Keys};
use connect::{Collector, Override, Partners, Peers};
use feed::{Feed, Source};
use graph::{Name, Project, hook::Webhook};
use metrics_exporter_prometheus::PrometheusBuilder;
use runtime::{Catalog, Retention, Runtime, Witness};
use telemetry::{Exporting, Telemetry};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    log, project,
    settings::{Deployment, Nats, Settings, Traces, keys},
};

/// The shortest key that is accepted, in characters.
const SHORTEST_KEY: usize = 16;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Deployment,
    /// Where other nodes on the same PostgreSQL reach this one, such as http://10.0.0.7:7070 [default: where it listens].
    #[arg(long, env = "WAYFARE_ADVERTISE")]
    advertise: Option<String>,
    /// Log as JSON lines.
    #[arg(long)]
    log_json: bool,
}

/// What a server is started with.
pub(crate) struct Server {
    pub(crate) project: Project,
    pub(crate) database: String,
    pub(crate) listen: String,
    /// Where it is reached from outside, for the links in messages.
    pub(crate) public_url: Option<String>,
    /// Where other nodes reach it, if that is not where it listens.
    pub(crate) advertise: Option<String>,
    pub(crate) retention: Retention,
    /// Where events come from besides HTTP.
    pub(crate) nats: Option<Source>,
    /// Where traces go.
    pub(crate) traces: Option<Traces>,
    pub(crate) keys: Keys,
    pub(crate) overrides: BTreeMap<String, Override>,
    pub(crate) environment: connect::Environment,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    log::start(args.log_json, "info,sqlx=warn");
    let settings = Settings::read(args.place.database.config.as_deref())?;
    let Some(project) = project::compile(&[args.place.journeys(&settings)])? else {
        bail!("the journeys have errors; nothing was started");
    };
    let server = Server {
        project,
        database: args.place.database.url(&settings),
        listen: args.place.listen(&settings),
        public_url: args.place.public_url(&settings),
        advertise: args.advertise.clone().or(settings.advertise.clone()),
        retention: settings.retention.read()?,
        nats: settings.nats.as_ref().map(Nats::source).transpose()?,
        traces: settings.traces()?,
        keys: accepted_keys()?,
        environment: settings.environment()?,
        overrides: settings.overrides(),
    };
    tokio_runtime()?.block_on(async {
        let stop = stop_signal();
        let running = start(server).await?;
        tracing::info!(address = %running.address, "listening");
        running.finish(stop).await
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn accepted_keys() -> anyhow::Result<Keys> {
    let (write, admin) = (keys("WAYFARE_WRITE_KEYS"), keys("WAYFARE_ADMIN_KEYS"));
    if admin.is_empty() {
        bail!(
            "a server needs keys: set WAYFARE_ADMIN_KEYS (for the dashboard and operators) and WAYFARE_WRITE_KEYS (for \
             senders of events), each a list of keys separated by commas, such as the output of `openssl rand -hex 24`"
        );
    }
    if let Some(short) = write.iter().chain(&admin).find(|key| key.chars().count() < SHORTEST_KEY) {
        bail!("a key has {} characters; keys need at least {SHORTEST_KEY}", short.chars().count());
    }
    Ok(Keys::of(&write, &admin))
}

pub(crate) fn tokio_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot start")
}

/// The connections that journeys use: a kit brings others, and nobody must set what those want.
pub(crate) fn needed(project: &Project) -> BTreeSet<Name> {
    let actions = project.journeys.values().flat_map(|journey| journey.actions.values());
    actions.map(|action| action.connection.name.clone()).collect()
}

/// A server that runs.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    runtime: Runtime,
    feed: Option<Feed>,
    exporting: Option<Exporting>,
    app: App,
    listener: TcpListener,
}

/// Opens the database, deploys the project, starts the workers and binds the address.
pub(crate) async fn start(server: Server) -> anyhow::Result<Running> {
    let metrics = PrometheusBuilder::new().install_recorder().context("metrics cannot be recorded")?;
    server.retention.suits(&server.project).map_err(anyhow::Error::msg)?;
    let public_url = public_url(server.public_url, &server.project)?;
    let store = store::open(&server.database).await.context("the database cannot be used")?;
    let clock = runtime::wall_clock();
    let connections: Vec<_> = server.project.connections.values().cloned().collect();
    let needed = needed(&server.project);
    let webhooks: Vec<_> = server.project.webhooks.values().cloned().collect();
    let catalog = Catalog::deploy(server.project, &*store, clock()).await?;
    let (telemetry, exporting) = match server.traces {
        Some(traces) => Some(recorded(traces, server.environment.clone())?).unzip(),
        None => (None, None),
    };
    let partners = Partners::new(connections, server.overrides, server.environment)?;
    // Not waited for: a program that gives a secret may take its time.
    tokio::spawn(warn_of_missing(partners.clone(), needed, webhooks));
    // Bound before any shard is taken: whoever else was at this address is gone for certain.
    let listener = TcpListener::bind(&server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", server.listen))?;
    let address = listener.local_addr()?;
    let reached_at = reached_at(server.advertise, address, &server.database)?;
    let runtime = Runtime::start(runtime::Setup {
        store,
        catalog: Arc::new(catalog),
        partners,
        peers: Peers::new()?,
        clock,
        retention: server.retention,
        public_url,
        address: Some(reached_at),
        witness: telemetry.map(|telemetry| telemetry as Arc<dyn Witness>),
    })
    .await?;
    let feed = match &server.nats {
        Some(source) => Some(Feed::open(source, runtime.clone()).await?),
        None => None,
    };
    let app = App { runtime: runtime.clone(), keys: Arc::new(server.keys), metrics };
    Ok(Running { address, runtime, feed, exporting, app, listener })
}

/// Begins to record traces.
fn recorded(
    traces: Traces,
    environment: connect::Environment,
) -> anyhow::Result<(Arc<Telemetry>, Exporting)> {
    let Traces { url, headers, service, share } = traces;
    let collector =
        Collector::new(url, headers, environment).context("the headers for the collector are wrong")?;
    tracing::info!(collector = %collector.url(), share, "traces are recorded");
    Ok(Telemetry::start(collector, &service, share))
}

/// Where the server is reached from outside, which must be known where messages hold links to it.
fn public_url(url: Option<String>, project: &Project) -> anyhow::Result<Option<String>> {
    if let Some(url) = &url
        && !Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
    {
        bail!("`{url}` is no address of a server: write `public_url = \"https://journeys.example.com\"`");
    }
    let mut sent = project.journeys.values().flat_map(|journey| journey.messages.values());
    match sent.find(|message| message.links) {
        Some(message) if url.is_none() => bail!(
            "the message `{}` holds a link by which people unsubscribe, and nobody has said where this server is reached from \
             outside: set `public_url = \"https://journeys.example.com\"` in wayfare.toml, or WAYFARE_PUBLIC_URL",
            message.name
        ),
        Some(_) | None => Ok(url),
    }
}

/// Tells which values the connections that are used, and the webhooks, do not have.
async fn warn_of_missing(partners: Partners, needed: BTreeSet<Name>, webhooks: Vec<Arc<Webhook>>) {
    for missing in partners.missing().await.iter().filter(|missing| needed.contains(&missing.connection)) {
        let (connection, reason) = (&missing.connection, &missing.reason);
        tracing::warn!(%connection, %reason, "calls will fail as long as a value is missing");
    }
    for webhook in webhooks {
        for (_, reason) in partners.lacking(&webhook).await {
            // A kit brings webhooks that not everybody uses.
            tracing::info!(webhook = %webhook.name, %reason, "a partner that calls is turned away as long as a value is missing");
        }
    }
}

/// Where other nodes reach this one.
fn reached_at(advertise: Option<String>, listening: SocketAddr, database: &str) -> anyhow::Result<String> {
    match advertise {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        Some(other) => bail!("`{other}` is no address to reach a node at: write http://HOST:PORT"),
        None if listening.ip().is_unspecified() => {
            let address = address_towards(database).unwrap_or(Ipv4Addr::LOCALHOST.into());
            Ok(format!("http://{}", SocketAddr::new(address, listening.port())))
        }
        None => Ok(format!("http://{listening}")),
    }
}

/// This machine's address on the way to the database: other nodes are most often on the same network.
fn address_towards(database: &str) -> Option<IpAddr> {
    let url = Url::parse(database).ok()?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Nothing is sent: the system only chooses the way.
    socket.connect((url.host_str()?, url.port().unwrap_or(5432))).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

impl Running {
    /// Serves until told to stop, then finishes what was taken.
    pub(crate) async fn finish(self, stop: CancellationToken) -> anyhow::Result<()> {
        let fenced = {
            let (runtime, stop) = (self.runtime.clone(), stop.clone());
            tokio::spawn(async move {
                runtime.stopping().await;
                stop.cancel();
            })
        };
        let upkeep = {
            let metrics = self.app.metrics.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
                    metrics.run_upkeep();
                }
            })
        };
        let feeding = self.feed.map(|feed| tokio::spawn(feed.run(stop.clone())));
        let served = api::serve(self.app, self.listener, stop).await;
        if let Some(feeding) = feeding {
            let _ = feeding.await;
        }
        upkeep.abort();
        let stopped_itself = !self.runtime.is_running();
        self.runtime.stop().await;
        if let Some(exporting) = self.exporting {
            exporting.stop().await;
        }
        fenced.abort();
        served?;
        if stopped_itself {
            bail!(
                "stopped by itself, for the reason above: another process writes to this database, or a fault of this program"
            );
        }
        Ok(())
    }
}

/// Cancelled by the first interrupt or termination signal.
pub(crate) fn stop_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let signalled = stop.clone();
    tokio::spawn(async move {
        let interrupt = tokio::signal::ctrl_c();
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} },
            Err(_) => drop(interrupt.await),
        }
        tracing::info!("stopping");
        signalled.cancel();
    });
    stop
}
