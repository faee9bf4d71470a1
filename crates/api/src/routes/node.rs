//! `POST /node`: what other nodes on the same database ask of this one. Not for people: it takes no key but the one that
//! this process put into the database when it started.

use axum::{
    body::{HttpBody as _, to_bytes},
    extract::Request,
    extract::State,
    http::StatusCode,
};

use crate::{App, keys::bearer, problem::Problem};

/// The most bytes of a message: what another node took of a sender, each event as it came and as it was read.
const MOST: usize = 32 * 1024 * 1024;

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
    let length = request.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let _room = app.runtime.make_room(length.unwrap_or(MOST).min(MOST))?;
    let whole = to_bytes(request.into_body(), MOST).await;
    let body = whole.map_err(|_| Problem::bad_request("the message did not arrive whole"))?;
    Ok(app.runtime.hear(&body).await)
}
