//! `POST /node`: what other nodes on the same database ask of this one. Not for people: it takes no key but the one that
//! this process put into the database when it started.

use axum::{body::Bytes, extract::State};

use crate::App;

pub(super) async fn hear(State(app): State<App>, message: Bytes) -> Vec<u8> {
    app.runtime.hear(&message).await
}
