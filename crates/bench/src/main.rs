//! Measures the release binary from outside: real HTTP, a real partner, durable databases, `kill -9`; and what authors
//! wait for: the compiler, the editor, tests, simulations.
//!
//! The load, the partner and the server are processes of their own on one machine; absolute figures move with it, and
//! CPU per journey is the sturdy one. Each part has a fresh database, so that parts can be run alone and in any order.
//! Nothing waits for ever: what fails or takes too long is said in its place, and the rest is measured. A table of the
//! bars goes to stdout, `--json` writes all figures for programs.

mod acks;
mod calls;
mod drain;
mod figures;
mod floor;
mod hot;
mod journeys;
mod language;
mod load;
mod partner;
mod processes;
mod site;
mod sleepers;
mod table;
mod timing;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use serde_json::{Map, Value};

use site::{Database, Site};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// Shorter runs, one of each, and fewer instances: enough to see a regression, not to quote.
    #[arg(long)]
    quick: bool,
    /// Write the figures to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only this section.
    #[arg(long)]
    only: Option<Section>,
    /// Only these parts of what is measured of a database; may be given more than once.
    #[arg(long)]
    part: Vec<Part>,
}

#[derive(Subcommand)]
enum Role {
    /// Be the partner.
    Partner {
        /// Where to listen.
        address: SocketAddr,
    },
    /// Be a bare loop of calls of the partner.
    Bare {
        /// Where the partner listens.
        address: SocketAddr,
        /// For how many seconds.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Be the floor program: write the rows of complete journeys by hand.
    Floor {
        /// The URL of an empty database.
        #[arg(long)]
        database: String,
        /// How many inputs are in a transaction on average; a complete journey is four.
        #[arg(long, default_value_t = 400.0)]
        inputs: f64,
        /// For how many seconds.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    Sqlite,
    Postgres,
    Language,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Acknowledgements a second.
    Acks,
    /// Complete journeys: their rate, cost and lateness, and the floor.
    Journeys,
    /// Calls a second, next to a bare loop.
    Calls,
    /// What others notice of one person who gets most of the events.
    Hot,
    /// A million waiting instances: memory, restart, cost.
    Sleepers,
    /// A million instances due in one second.
    Drain,
}

/// How long and how large the measurements are.
struct Effort {
    /// How often a rate is measured.
    runs: usize,
    ack_seconds: u64,
    held_seconds: u64,
    floor_seconds: u64,
    timed_seconds: u64,
    cost_seconds: u64,
    /// How many calls fall due together, and for how long a bare loop calls.
    callers: u64,
    call_seconds: u64,
    sleepers: u64,
    nappers: u64,
    drain_deadline: Duration,
}

impl Effort {
    fn new(quick: bool) -> Effort {
        let of = |quick_one, whole| if quick { quick_one } else { whole };
        Effort {
            runs: if quick { 1 } else { 3 },
            ack_seconds: of(3, 10),
            held_seconds: of(6, 30),
            floor_seconds: of(4, 10),
            timed_seconds: of(5, 15),
            cost_seconds: of(4, 15),
            callers: of(20_000, 100_000),
            call_seconds: of(4, 10),
            sleepers: of(100_000, 1_000_000),
            nappers: of(50_000, 1_000_000),
            drain_deadline: Duration::from_secs(of(60, 300)),
        }
    }

    /// Whether the instances are as many as the bars speak of.
    fn is_whole(&self) -> bool {
        self.sleepers.min(self.nappers) >= 1_000_000
    }
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.role {
        Some(Role::Partner { address }) => return partner::serve(address),
        Some(Role::Bare { address, seconds }) => return calls::bare(address, seconds),
        Some(Role::Floor { database, inputs, seconds }) => return floor::run(&database, inputs, seconds),
        None => {}
    }
    let effort = Effort::new(cli.quick);
    let mut all = Map::new();
    let wants = |section| cli.only.is_none_or(|only| only == section);
    for (section, database, name) in
        [(Section::Sqlite, Database::Sqlite, "sqlite"), (Section::Postgres, Database::Postgres, "postgres")]
    {
        if wants(section) {
            eprintln!("── {name}");
            all.insert(name.to_owned(), measure(database, &cli.part, &effort));
        }
    }
    if wants(Section::Language) && cli.part.is_empty() {
        eprintln!("── language");
        all.insert("language".to_owned(), figures::or_error("language", language::run(cli.quick)));
    }
    if all.contains_key("sqlite") || all.contains_key("postgres") {
        println!("{}", table::of(&all, &effort));
    }
    match cli.json {
        Some(file) => std::fs::write(&file, serde_json::to_string_pretty(&all)?)
            .with_context(|| format!("{} cannot be written", file.display())),
        None => Ok(()),
    }
}

/// All that is wanted of a database.
fn measure(database: Database, parts: &[Part], effort: &Effort) -> Value {
    type Measure = fn(&Site, &Effort) -> Result<Value>;
    let known: [(Part, &str, Measure); 6] = [
        (Part::Acks, "acks", acks::measure),
        (Part::Journeys, "journeys", journeys::measure),
        (Part::Calls, "calls", calls::measure),
        (Part::Hot, "hot", hot::measure),
        (Part::Sleepers, "sleepers", sleepers::measure),
        (Part::Drain, "drain", drain::measure),
    ];
    let mut all = Map::new();
    for (part, name, measure) in known {
        if parts.is_empty() || parts.contains(&part) {
            let measured = Site::new(database).and_then(|site| measure(&site, effort));
            all.insert(name.to_owned(), figures::or_error(name, measured));
        }
    }
    all.into()
}
