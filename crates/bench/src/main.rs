//! Measures the release binary from outside: real HTTP, a real partner, durable databases, `kill -9`; and what authors
//! wait for: the compiler, the editor, tests, simulations.
//!
//! The load, the partner and the server are processes of their own on one machine; absolute figures move with it, and
//! CPU per journey is the sturdy one. `--json` writes the figures for programs.

mod language;
mod measure;
mod partner;

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command},
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use serde_json::{Map, Value, json};
use testkit::server::Setup;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// Shorter runs: enough to see a regression, not to quote.
    #[arg(long)]
    quick: bool,
    /// Write the figures to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only this section: sqlite, postgres or language.
    #[arg(long)]
    only: Option<String>,
}

#[derive(Subcommand)]
enum Role {
    /// Be the partner.
    Partner {
        /// Where to listen.
        address: SocketAddr,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    if let Some(Role::Partner { address }) = cli.role {
        return partner::serve(address);
    }
    let mut figures = Map::new();
    for database in ["sqlite", "postgres"] {
        if cli.only.as_deref().is_some_and(|only| only != database) {
            continue;
        }
        eprintln!("── {database}");
        let figure = run(database, cli.quick)?;
        eprintln!("{}", serde_json::to_string_pretty(&figure)?);
        figures.insert(database.to_owned(), figure);
    }
    if cli.only.as_deref().is_none_or(|only| only == "language") {
        eprintln!("── language");
        let figure = language::run(cli.quick)?;
        eprintln!("{}", serde_json::to_string_pretty(&figure)?);
        figures.insert("language".to_owned(), figure);
    }
    if let Some(file) = cli.json {
        std::fs::write(&file, serde_json::to_string_pretty(&figures)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
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
        Ok(Partner { child, address })
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(database: &str, quick: bool) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let journeys = folder.path().join("journeys");
    std::fs::create_dir(&journeys)?;
    std::fs::write(journeys.join("bench.journey"), include_str!("../bench.journey"))?;
    let partner = Partner::start()?;
    let setup = Setup {
        program: std::env::current_exe()?.with_file_name("wayfare"),
        journeys,
        database: match database {
            "sqlite" => format!("sqlite:{}", folder.path().join("bench.db").display()),
            _ => testkit::postgres(),
        },
        connections: vec![("partner".into(), partner.address)],
        environment: Vec::new(),
        folder: folder.path().to_owned(),
    };
    let server = setup.start()?;
    let seconds = if quick { 3 } else { 10 };
    let acks = measure::acks_per_second(&server, 64, seconds);
    let acks_batched = measure::acks_per_second_in_batches(&server, 8, 100, seconds);
    let latency = measure::ack_to_call(&server, partner.address, if quick { 300 } else { 1_000 })?;
    let journeys = measure::journeys(&server, partner.address, if quick { 5_000 } else { 20_000 })?;
    let sleepers = measure::fill(&server, 100_000)?;
    let rss = measure::rss_mib(server.pid())?;
    server.kill()?;
    let start = std::time::Instant::now();
    let server = setup.start()?;
    let recovery = start.elapsed().as_secs_f64();
    drop(server);
    Ok(json!({
        "acks_per_s": acks.round(),
        "acks_per_s_batches_of_100": acks_batched.round(),
        "journeys_per_s": journeys.per_second.round(),
        "cpu_ms_per_journey": (journeys.cpu_ms * 1000.0).round() / 1000.0,
        "ack_to_call_ms": {"p50": latency.p50, "p99": latency.p99},
        "waiting_instances": sleepers,
        "rss_mib_waiting": rss.round(),
        "recovery_s": (recovery * 1000.0).round() / 1000.0,
    }))
}
