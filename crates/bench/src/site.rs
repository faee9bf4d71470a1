//! Where a measurement takes place: a folder, a fresh database, a partner, and the server when it is started.

use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
    process::{Child, Command},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use testkit::{
    http::Client,
    server::{Server, Setup},
};

use crate::{
    partner::Times,
    processes::{parent_of, tree_cpu_ms},
};

/// A database that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    /// The URL of a fresh, empty database; a file's is in the folder.
    pub(crate) fn fresh(self, folder: &TempDir, name: &str) -> String {
        match self {
            Database::Sqlite => format!("sqlite:{}", folder.path().join(name).display()),
            Database::Postgres => testkit::postgres(),
        }
    }
}

/// A partner, a project and a fresh database.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) folder: TempDir,
    setup: Setup,
    partner: Partner,
    /// The parent of the database's processes, if it has any and they run here.
    postmaster: Option<u32>,
}

impl Site {
    pub(crate) fn new(database: Database) -> Result<Site> {
        let folder = tempfile::tempdir()?;
        let journeys = folder.path().join("journeys");
        std::fs::create_dir(&journeys)?;
        std::fs::write(journeys.join("bench.journey"), include_str!("../bench.journey"))?;
        let partner = Partner::start()?;
        let url = database.fresh(&folder, "bench.db");
        let postmaster = match database {
            Database::Sqlite => None,
            Database::Postgres => postmaster(&url)?,
        };
        let setup = Setup {
            program: std::env::current_exe()?.with_file_name("wayfare"),
            journeys,
            database: url,
            connections: vec![("partner".into(), partner.address)],
            environment: Vec::new(),
            folder: folder.path().to_owned(),
        };
        Ok(Site { database, folder, setup, partner, postmaster })
    }

    /// Starts the server; it is ready.
    pub(crate) fn start(&self) -> Result<Server> {
        Ok(self.setup.start()?)
    }

    /// Where the partner listens.
    pub(crate) fn partner_address(&self) -> SocketAddr {
        self.partner.address
    }

    /// How many messages have come to the partner.
    pub(crate) fn messages(&self) -> Result<u64> {
        let answer = self.partner.client().get("/count")?;
        answer.json().as_u64().context("the partner does not count")
    }

    /// Waits until so many messages have come to the partner.
    pub(crate) fn wait_for_messages(&self, wanted: u64, most: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            let came = self.messages()?;
            if came >= wanted {
                return Ok(());
            }
            ensure!(start.elapsed() < most, "{came} of {wanted} messages came within {most:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// When the requests of timed customers came; they are forgotten by it.
    pub(crate) fn times(&self) -> Result<HashMap<String, Times>> {
        Ok(serde_json::from_str(&self.partner.client().get("/times")?.body)?)
    }

    /// How large the database is, without its log of changes.
    pub(crate) fn database_bytes(&self) -> Result<u64> {
        match self.database {
            Database::Sqlite => Ok(std::fs::metadata(self.folder.path().join("bench.db"))?.len()),
            Database::Postgres => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(async {
                    let mut connection = PgConnection::connect(&self.setup.database).await?;
                    let bytes: i64 = sqlx::query_scalar("SELECT pg_database_size(current_database())")
                        .fetch_one(&mut connection)
                        .await?;
                    connection.close().await?;
                    Ok(u64::try_from(bytes)?)
                })
            }
        }
    }

    /// CPU time of the database's own processes in milliseconds; none where there are none, as with SQLite.
    pub(crate) fn database_cpu_ms(&self) -> Result<Option<f64>> {
        self.postmaster.map(tree_cpu_ms).transpose()
    }
}

/// One of the counts that the server shows of a journey.
pub(crate) fn count_of(server: &Server, journey: &str, which: &str) -> Result<u64> {
    let list = server.admin().get("/v1/journeys")?.json();
    let journeys = list.get("journeys").and_then(Value::as_array).context("no journeys")?;
    let named = journeys.iter().find(|one| one.get("name").is_some_and(|name| name == journey));
    let count = named.and_then(|journey| journey.get("counts")?.get(which)?.as_u64());
    count.with_context(|| format!("`{journey}` has no count `{which}`"))
}

/// A partner that runs; killed when it is dropped.
struct Partner {
    child: Child,
    address: SocketAddr,
}

impl Partner {
    fn start() -> Result<Partner> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(std::env::current_exe()?).args(["partner", &address.to_string()]).spawn()?;
        let partner = Partner { child, address };
        let start = Instant::now();
        while partner.client().get("/count").is_err() {
            ensure!(start.elapsed() < Duration::from_secs(10), "the partner does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(partner)
    }

    fn client(&self) -> Client {
        Client::new(self.address, None)
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process that has started the one that serves us; none if the server runs on another machine.
fn postmaster(url: &str) -> Result<Option<u32>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let parent = runtime.block_on(async {
        let mut connection = PgConnection::connect(url).await?;
        let serving: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        // It lives as long as the connection.
        let parent = parent_of(u32::try_from(serving)?, "postgres");
        connection.close().await?;
        anyhow::Ok(parent)
    })?;
    // A reader of the figures must know that something is missing from them.
    if parent.is_none() {
        eprintln!("PostgreSQL does not run on this machine: its CPU time is not measured");
    }
    Ok(parent)
}
