//! Calls a second: how fast the server makes calls that fell due together, each of them a state that is stored before it is
//! made and again when it has ended, next to a bare loop of the same client library against the same partner.

use std::{
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::server::Server;

use crate::{Effort, drain, figures, processes::output_within, site::Site};

/// How many calls run at once: what a connection allows when the file does not say.
const AT_ONCE: usize = 256;
/// Which part of them is timed: not the first, while it begins, and not the last, when little is left to do.
const TIMED: std::ops::Range<f64> = 0.1..0.9;

/// Measures both several times, one after the other, so that they meet the same machine.
pub(crate) fn measure(site: &Site, effort: &Effort) -> Result<Value> {
    let server = site.start()?;
    let (mut rates, mut bares) = (Vec::new(), Vec::new());
    for run in 0..effort.runs {
        rates.push(rate(site, &server, run, effort)?);
        bares.push(bare_rate(site, effort.call_seconds)?);
    }
    let shares: Vec<f64> = rates.iter().zip(&bares).map(|(rate, bare)| rate / bare).collect();
    Ok(json!({
        "per_s": figures::of_runs(&rates),
        "bare_per_s": figures::of_runs(&bares),
        "share_of_bare": figures::of_runs(&shares),
    }))
}

/// Calls a second, while as many as are wanted are due.
fn rate(site: &Site, server: &Server, run: usize, effort: &Effort) -> Result<f64> {
    let before = site.messages()?;
    drain::gather(server, &drain::Herd { event: "Call", journey: "caller", run, count: effort.callers })?;
    let part = |share: f64| before + (effort.callers as f64 * share) as u64;
    site.wait_for_messages(part(TIMED.start), effort.drain_deadline)?;
    let (first, start) = (site.messages()?, Instant::now());
    site.wait_for_messages(part(TIMED.end), effort.drain_deadline)?;
    let (last, seconds) = (site.messages()?, start.elapsed().as_secs_f64());
    site.wait_for_messages(before + effort.callers, effort.drain_deadline)?;
    ensure!(last > first, "the calls ended before they could be timed");
    Ok((last - first) as f64 / seconds)
}

/// What a process of its own makes that does nothing else.
fn bare_rate(site: &Site, seconds: u64) -> Result<f64> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", &site.partner_address().to_string(), "--seconds", &seconds.to_string()]);
    let printed = output_within(&mut command, Duration::from_secs(seconds + 30))?;
    printed.trim().parse().with_context(|| format!("not a rate: {printed}"))
}

/// The bare loop: prints how many calls a second it makes.
#[expect(
    clippy::disallowed_types,
    reason = "the bare loop is bare: it calls the partner of the measurement alone"
)]
pub(crate) fn bare(address: std::net::SocketAddr, seconds: u64) -> Result<()> {
    // The library wants one, though nothing is encrypted here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let url = Arc::new(format!("http://{address}/messages"));
    let time = Duration::from_secs(seconds);
    let made: Result<u64> = runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let start = Instant::now();
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..AT_ONCE {
            let (client, url) = (client.clone(), url.clone());
            callers.spawn(async move {
                let body = format!(r#"{{"to":"bare-{caller}","message":"hello"}}"#);
                let mut made = 0_u64;
                while start.elapsed() < time {
                    let request = client.post(url.as_str()).header("content-type", "application/json");
                    let answer = request.body(body.clone()).send().await?;
                    answer.error_for_status()?.bytes().await?;
                    made += 1;
                }
                anyhow::Ok(made)
            });
        }
        let mut all = 0;
        while let Some(made) = callers.join_next().await {
            all += made??;
        }
        Ok(all)
    });
    println!("{}", made? as f64 / seconds as f64);
    Ok(())
}
