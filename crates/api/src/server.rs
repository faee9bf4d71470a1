//! The HTTP server: accepts connections within bounds and gives up on those that dawdle.
//!
//! `axum::serve` has no timeout for headers and no bound on connections, so the accept loop is our own on hyper-util.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{App, routes};

/// How many connections are served beside each other; more wait to be accepted.
const MOST_CONNECTIONS: usize = 4_096;
/// How long a client may take to send a request's headers, the idle time of a kept connection included.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long open connections are given to finish when the server stops.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Serves until `stop` is cancelled, then lets requests under way finish.
///
/// # Errors
/// When the listener fails.
pub async fn serve(app: App, listener: TcpListener, stop: CancellationToken) -> io::Result<()> {
    let router = routes::router(app);
    let (places, open) = (Arc::new(Semaphore::new(MOST_CONNECTIONS)), TaskTracker::new());
    loop {
        let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: it passes when connections close.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Without it small answers wait for the client's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let (router, stop) = (router.clone(), stop.clone());
        open.spawn(async move {
            connection(router, stream, stop).await;
            drop(place);
        });
    }
    open.close();
    let _ = tokio::time::timeout(LAST_WORDS, open.wait()).await;
    Ok(())
}

async fn connection(router: Router, stream: tokio::net::TcpStream, stop: CancellationToken) {
    // Told the version, the server need not wait for first bytes to find it out: it would wait for ever.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    tokio::select! {
        // A client that goes away or sends nonsense is its own affair.
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
