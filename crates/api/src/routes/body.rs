//! Reads a request's body whole before anything else sees it, or says why that was not possible.
//!
//! A body that is too large is still read to its end, up to a bound: whoever sends it is busy sending, and would see a
//! broken connection instead of our answer.

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;

use crate::{App, problem::Problem};

/// The most bytes that are read of a body that is too large.
const MOST_READ: usize = 64 * 1024 * 1024;

pub(super) async fn whole(State((app, most)): State<(App, usize)>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // A body of unknown length may be as large as any.
    let length = body.size_hint().exact().and_then(|length| usize::try_from(length).ok()).unwrap_or(most);
    let _room = match app.runtime.make_room(length.min(most)) {
        Ok(room) => room,
        Err(error) => {
            let _nothing = read(body, 0).await;
            return Problem::from(error).into_response();
        }
    };
    match read(body, most).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(problem) => problem.into_response(),
    }
}

/// Reads a body; keeps nothing of one that has more than so many bytes.
async fn read(mut body: Body, most: usize) -> Result<Bytes, Problem> {
    let (mut kept, mut length) = (Vec::<Bytes>::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::bad_request("the body did not arrive whole"))?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= most {
            kept.push(data);
        } else {
            kept.clear();
        }
        if length > MOST_READ {
            break;
        }
    }
    if length > most {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the body is too large",
            format!("a request takes at most {} MiB; send several smaller ones", most / 1024 / 1024),
        ));
    }
    // A small body comes in one piece, which is not copied.
    Ok(match kept.as_slice() {
        [only] => only.clone(),
        pieces => pieces.concat().into(),
    })
}
