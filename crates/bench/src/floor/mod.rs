//! The floor: what the same database can do at best for the rows that complete journeys leave.
//!
//! A process of its own writes by hand, in transactions as large as the server's were and with the same settings for
//! durability, what the server writes for a journey: one event, one person, an instance that is written four times, four
//! rows of history, the counters and the cursor. One writer on SQLite, two on PostgreSQL, each with shards of its own.
//!
//! What it does not do: it speaks no HTTP, neither to senders nor to a partner; it reads nothing back (no look-up of
//! people, of known events, of instances, of what is due); it decides nothing; it waits for nothing, so a cohort of
//! journeys is over after four transactions and its rows are still in memory; and no epoch is checked.

mod postgres;
mod rows;
mod sqlite;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use self::rows::Cohorts;
use crate::{Effort, processes::output_within, site::Site};

/// Until files and caches have grown.
const WARM_UP: Duration = Duration::from_secs(1);

/// Journeys a second of a floor process on a fresh database beside the site's, with so many inputs in a transaction.
pub(crate) fn measure(site: &Site, name: &str, inputs_per_turn: f64, effort: &Effort) -> Result<f64> {
    let url = site.database.fresh(&site.folder, name);
    let seconds = effort.floor_seconds;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["floor", "--database", &url]);
    command.args(["--inputs", &inputs_per_turn.to_string(), "--seconds", &seconds.to_string()]);
    let printed = output_within(&mut command, Duration::from_secs(seconds + 60))?;
    eprintln!("floor: {}", printed.trim());
    let figures: Value = serde_json::from_str(&printed)?;
    figures.get("journeys_per_s").and_then(Value::as_f64).context("the floor says no rate")
}

/// Is the floor: writes for so many seconds and prints the rate.
pub(crate) fn run(url: &str, inputs: f64, seconds: u64) -> Result<()> {
    // Each transaction takes one of the four inputs of every journey that it touches.
    ensure!(inputs > 0.0 && inputs.is_finite(), "a transaction has some inputs, not {inputs}");
    let a_cohort = inputs / rows::TURNS as f64;
    let time = Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (journeys, transactions) = match url.split_once(':') {
        Some(("sqlite", _)) => runtime.block_on(sqlite::run(url, a_cohort, time)),
        Some(("postgres" | "postgresql", _)) => runtime.block_on(postgres::run(url, a_cohort, time)),
        _ => bail!("`{url}` is no database's URL"),
    }?;
    let figures = json!({
        "journeys_per_s": journeys.round(),
        "transactions_per_s": transactions.round(),
        "inputs_per_transaction": inputs,
    });
    println!("{figures}");
    Ok(())
}

/// Counts what a writer has done since it was warm.
struct Pace {
    time: Duration,
    begun: Instant,
    warm: Option<Instant>,
    journeys: usize,
    transactions: usize,
}

impl Pace {
    fn new(time: Duration) -> Pace {
        Pace { time, begun: Instant::now(), warm: None, journeys: 0, transactions: 0 }
    }

    /// A transaction is written, and so many journeys are complete by it; whether to go on.
    fn written(&mut self, complete: usize) -> bool {
        match self.warm {
            None => {
                self.warm = (self.begun.elapsed() >= WARM_UP).then(Instant::now);
                true
            }
            Some(warm) => {
                self.journeys += complete;
                self.transactions += 1;
                warm.elapsed() < self.time
            }
        }
    }

    /// Journeys and transactions a second.
    fn rates(&self) -> (f64, f64) {
        let seconds = self.warm.map_or(f64::INFINITY, |warm| warm.elapsed().as_secs_f64());
        (self.journeys as f64 / seconds, self.transactions as f64 / seconds)
    }
}
