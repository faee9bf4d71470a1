//! `wayfare demo`: the example journeys, a partner that answers them, and people who keep things happening.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};
use api::Keys;
use connect::{Environment, Override};
use tokio::net::TcpListener;

use crate::{
    commands::{
        print,
        serve::{Server, start, stop_signal, tokio_runtime},
    },
    demo, log, project,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen; a loopback address, since the demo asks nobody for a key.
    #[arg(long, default_value = "127.0.0.1:7070")]
    listen: String,
    /// The SQLite file; kept, so that a demo that was killed goes on where it was.
    #[arg(long, default_value = "wayfare-demo.db")]
    data: PathBuf,
    /// How many events people cause each second.
    #[arg(long, default_value = "3")]
    rate: u32,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    log::start(false, "warn");
    let address: std::net::SocketAddr =
        args.listen.parse().context("--listen takes an address such as 127.0.0.1:7070")?;
    if !address.ip().is_loopback() {
        bail!("the demo has no keys and listens on loopback addresses only; use `wayfare serve` for others");
    }
    let Some(project) = project::compile_sources(&demo::sources()) else {
        bail!("the example journeys have errors")
    };
    tokio_runtime()?.block_on(async {
        let stop = stop_signal();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let partner = listener.local_addr()?;
        tokio::spawn(demo::partner::serve(listener));
        let overrides: BTreeMap<String, Override> = project
            .connections
            .keys()
            .map(|name| {
                let url = Some(format!("http://{partner}"));
                let private = vec![partner.ip().to_string()];
                (name.to_string(), Override { url, private, ..Override::default() })
            })
            .collect();
        let running = start(Server {
            project,
            database: format!("sqlite:{}", args.data.display()),
            listen: args.listen.clone(),
            public_url: Some(format!("http://{}", args.listen)),
            advertise: None,
            nats: None,
            traces: None,
            retention: runtime::Retention::default(),
            keys: Keys::open(),
            overrides,
            environment: Environment::of(|name| Some(format!("demo-{}", name.to_lowercase()))),
        })
        .await?;
        print(&greeting(running.address, &args.data));
        let people = tokio::spawn(demo::people::live(running.address, args.rate));
        let finished = running.finish(stop).await;
        people.abort();
        finished
    })?;
    Ok(ExitCode::SUCCESS)
}

fn greeting(address: std::net::SocketAddr, data: &std::path::Path) -> String {
    format!(
        "Wayfare runs. Open the dashboard:\n\n    http://{address}\n\n\
         What to look at:\n  \
         1. Journeys: five of them, with live counts. Open cartReminder: the graph shows who waits where.\n  \
         2. Pick a person from a journey's list: events, steps, calls, and why an event did not start a journey.\n  \
         3. Failed: the partner is sometimes slow and sometimes fails. Retry or skip what got stuck.\n  \
         4. Kill this process (kill -9 {pid}) and start it again: everybody goes on where they were.\n\n\
         Waits are shortened for the demo (an hour takes 20 seconds). The data is kept in {data}.\n\
         Send an event yourself:\n\n    \
         curl http://{address}/v1/events -H 'content-type: application/json' \\\n      \
         -d '{{\"id\":\"my-1\",\"event\":\"Reward Requested\",\"profile\":\"ada-0\",\"properties\":{{\"requestId\":\"r-1\"}}}}'\n\n\
         Stop with Ctrl-C.\n",
        pid = std::process::id(),
        data = data.display(),
    )
}
