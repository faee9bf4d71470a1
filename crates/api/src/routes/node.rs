//! `POST /node`: what other nodes on the same database ask of this one. Not for people: it takes no key but the one that
//! this process put into the database when it started.

use axum::{body::to_bytes, extract::Request, extract::State, http::StatusCode};

use crate::{App, keys::bearer, problem::Problem};

/// The most bytes of a message: whatever another node took of its sender, and what is said about it.
const MOST: usize = 64 * 1024 * 1024;

pub(super) async fn hear(State(app): State<App>, request: Request) -> Result<Vec<u8>, Problem> {
    // Nothing is read of whoever has no key.
    if !bearer(request.headers()).is_some_and(|key| app.runtime.is_node_key(key)) {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "a key is needed",
            "this is for the other nodes of a cluster, which find the key in the database",
        ));
    }
    let whole = to_bytes(request.into_body(), MOST).await;
    let body = whole.map_err(|_| Problem::bad_request("the message did not arrive whole"))?;
    Ok(app.runtime.hear(&body).await)
}
