//! `/c/{token}` and `/o/{token}`: links of messages that lead through this server, and the picture that says one was opened.
//!
//! They need no key, for each is one: only this deployment can write it, so a link leads nowhere but where its message said.
//! Whoever follows one comes to its end even when the click cannot be kept.

use axum::{
    extract::{Path, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use runtime::{Done, WayBack};

use crate::App;

/// A picture of one transparent point (GIF89a).
const POINT: [u8; 43] = [
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0x21, 0xf9, 4, 1, 0, 0, 0,
    0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b,
];

/// Notes a click and leads on.
pub(super) async fn click(State(app): State<App>, method: Method, Path(token): Path<String>) -> Response {
    let back = app.runtime.read_link(&token);
    let Some((back, url)) = back.and_then(|back| back.url.clone().map(|url| (back, url))) else {
        let text =
            "This link leads nowhere. It is not whole: open it from the message itself, or copy all of it.";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    keep(&app, &method, &back, Done::Clicked).await;
    match header::HeaderValue::try_from(&url) {
        Ok(to) => {
            (StatusCode::FOUND, [(header::LOCATION, to), (header::CACHE_CONTROL, NO_STORE)]).into_response()
        }
        // An address that no header can hold is none that anybody could follow.
        Err(_) => (StatusCode::NOT_FOUND, "this link is no address").into_response(),
    }
}

/// Notes that a message was opened.
pub(super) async fn open(State(app): State<App>, method: Method, Path(token): Path<String>) -> Response {
    if let Some(back) = app.runtime.read_link(&token) {
        keep(&app, &method, &back, Done::Opened).await;
    }
    let kind = header::HeaderValue::from_static("image/gif");
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, NO_STORE)], POINT).into_response()
}

const NO_STORE: header::HeaderValue = header::HeaderValue::from_static("no-store");

/// Whoever only asks what there would be (`HEAD`) has done nothing.
async fn keep(app: &App, method: &Method, back: &WayBack, done: Done) {
    if method != Method::GET {
        return;
    }
    if let Err(error) = app.runtime.note(back, done).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "what became of a message could not be kept"
        );
    }
}
