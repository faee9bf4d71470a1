//! A million instances that wait for a month: what memory they take, how soon the server is ready again after
//! `kill -9`, and whether a journey costs more beside a million stored instances than beside ten thousand.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use testkit::server::Server;

use crate::{
    Effort, figures, load,
    processes::{cpu_ms, rss_mib},
    site::{Site, count_of},
};

/// How many are stored when the first cost is measured.
const FEW: u64 = 10_000;
/// How long the server rests before its memory is that of those who wait, and no more of those who came in.
const REST: Duration = Duration::from_secs(5);
/// The pace at which the costs are measured. It is the same for both, and one that any server holds: turns that take
/// more at once cost less for each journey, and would be mistaken for stored instances that cost something.
const PACE: f64 = 500.0;
const CLIENTS: u64 = 64;
const KILLS: usize = 3;

/// Fills, measures, kills and measures again.
pub(crate) fn measure(site: &Site, effort: &Effort) -> Result<Value> {
    let server = site.start()?;
    let count = effort.sleepers;
    sleep(&server, 0..FEW)?;
    // The first journeys of a process pay for what is set up once.
    journeys(site, &server, "warm", effort.cost_seconds)?;
    let few = Cost::measure(site, &server, "few", effort)?;
    let seconds = sleep(&server, FEW..count)?;
    let rss_entering = rss_mib(server.pid())?;
    all_wait(&server, count)?;
    std::thread::sleep(REST);
    let rss = rss_mib(server.pid())?;
    let many = Cost::measure(site, &server, "many", effort)?;
    let rss_after_journeys = rss_mib(server.pid())?;
    let ratio =
        |many: &[f64], few: &[f64]| Some(figures::round(figures::median(many)? / figures::median(few)?));
    Ok(json!({
        "waiting": count,
        "filled_per_s": figures::round((count - FEW) as f64 / seconds),
        "rss_mib_as_the_last_enter": figures::round(rss_entering),
        "rss_mib": figures::round(rss),
        "rss_mib_after_journeys": figures::round(rss_after_journeys),
        "cost_beside_few": few.json(),
        "cost_beside_all": many.json(),
        "cost_ratio": ratio(&many.cpu_ms, &few.cpu_ms),
        "database_cost_ratio": ratio(&many.database_cpu_ms, &few.database_cpu_ms),
        "after_kill": figures::or_error("after kill -9", kill(site, server, count)),
    }))
}

/// Kills the server and starts it anew, several times.
fn kill(site: &Site, mut server: Server, count: u64) -> Result<Value> {
    let mut ready = Vec::new();
    for _ in 0..KILLS {
        server.kill()?;
        let start = Instant::now();
        server = site.start()?;
        ready.push(start.elapsed().as_secs_f64());
        all_wait(&server, count)?;
    }
    Ok(json!({"ready_s": figures::of_runs(&ready), "rss_mib": figures::round(rss_mib(server.pid())?)}))
}

fn all_wait(server: &Server, count: u64) -> Result<()> {
    let waiting = count_of(server, "sleeper", "waiting")?;
    ensure!(waiting == count, "{waiting} of {count} sleepers wait");
    Ok(())
}

fn sleep(server: &Server, range: std::ops::Range<u64>) -> Result<f64> {
    let text = |number: u64| {
        let profile = format!("sleeper-{number}");
        load::event("Sleep", &profile, &profile, "{}")
    };
    load::fill(server, range, Duration::from_secs(600), &text)
}

/// What a journey costs in CPU time, in milliseconds, in each of several runs.
#[derive(Default)]
struct Cost {
    cpu_ms: Vec<f64>,
    /// Nothing where the database has no processes of its own.
    database_cpu_ms: Vec<f64>,
}

impl Cost {
    fn measure(site: &Site, server: &Server, name: &str, effort: &Effort) -> Result<Cost> {
        let mut cost = Cost::default();
        for run in 0..effort.runs {
            let (own, database) = journeys(site, server, &format!("{name}-{run}"), effort.cost_seconds)?;
            cost.cpu_ms.push(own);
            cost.database_cpu_ms.extend(database);
        }
        Ok(cost)
    }

    fn json(&self) -> Value {
        json!({
            "cpu_ms_each": figures::of_runs(&self.cpu_ms),
            "database_cpu_ms_each": figures::of_runs(&self.database_cpu_ms),
        })
    }
}

/// Runs journeys at an even pace from first to last: what one of them costs us, and the database's own processes.
fn journeys(site: &Site, server: &Server, run: &str, seconds: u64) -> Result<(f64, Option<f64>)> {
    let count = (PACE * seconds as f64) as u64;
    let messages = site.messages()?;
    let (own, database) = (cpu_ms(server.pid())?, site.database_cpu_ms()?);
    let text = |number: u64| load::journey(&format!("{run}-{number}"));
    load::paced(server, CLIENTS, PACE, &text, &|number| number < count)?;
    site.wait_for_messages(messages + count, Duration::from_secs(60))?;
    let each = |after: f64, before: f64| (after - before) / count as f64;
    let database = site.database_cpu_ms()?.zip(database).map(|(after, before)| each(after, before));
    Ok((each(cpu_ms(server.pid())?, own), database))
}
