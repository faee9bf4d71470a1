//! Reads a request's body whole before anything else sees it, or says why that was not possible.
//!
//! A body that is too large is still read to its end, up to a bound: whoever sends it is busy sending, and would see a
//! broken connection instead of our answer.

use axum::body::HttpBody as _;
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;

use crate::{App, problem::Problem};

/// The most bytes of a request's body.
const MOST: usize = 8 * 1024 * 1024;
/// The most bytes that are read of a body that is too large.
const MOST_READ: usize = 64 * 1024 * 1024;

pub(super) async fn whole(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // A body of unknown length may be as large as any.
    let length = body.size_hint().exact().and_then(|length| usize::try_from(length).ok()).unwrap_or(MOST);
    let _room = match app.runtime.make_room(length.min(MOST)) {
        Ok(room) => room,
        Err(error) => {
            discard(body).await;
            return Problem::from(error).into_response();
        }
    };
    match read(body).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(problem) => problem.into_response(),
    }
}

/// Reads a body to its end, up to a bound, and keeps nothing of it.
async fn discard(mut body: Body) {
    let mut length = 0_usize;
    while let Some(Ok(frame)) = body.frame().await {
        length = length.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        if length > MOST_READ {
            break;
        }
    }
}

async fn read(mut body: Body) -> Result<Bytes, Problem> {
    let (mut kept, mut length) = (Vec::<Bytes>::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::bad_request("the body did not arrive whole"))?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= MOST {
            kept.push(data);
        } else {
            kept.clear();
        }
        if length > MOST_READ {
            break;
        }
    }
    if length > MOST {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the body is too large",
            format!("a request takes at most {} MiB; send several smaller ones", MOST / 1024 / 1024),
        ));
    }
    // A small body comes in one piece, which is not copied.
    Ok(match kept.as_slice() {
        [only] => only.clone(),
        pieces => pieces.concat().into(),
    })
}
