//! Reads a request's body whole before anything else sees it, or says why that was not possible.
//!
//! A body that is too large is still read to its end, up to a bound: whoever sends it is busy sending, and would see a
//! broken connection instead of our answer.

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use runtime::Room;
use serde::Deserialize;

use crate::{App, problem::Problem};

/// NUL as JSON writes it.
const NUL: &[u8] = b"\\u0000";
/// The most bytes that are read of a body that is too large.
const MOST_READ: usize = 64 * 1024 * 1024;

pub(super) async fn whole(State((app, most)): State<(App, usize)>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut kept = Kept { pieces: Vec::new(), length: 0, most, room: app.runtime.room() };
    match kept.read(body).await {
        // What is kept holds its room until the answer is there.
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(problem) => problem.into_response(),
    }
}

/// Reads what an admin sends. Texts must not hold NUL: PostgreSQL can neither keep it nor look for it.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    if body.windows(NUL.len()).any(|part| part == NUL) {
        return Err(Problem::bad_request("the body holds NUL (`\\u0000`), which no name has"));
    }
    serde_json::from_slice(body).map_err(|error| Problem::bad_request(error.to_string()))
}

/// What is kept of a body, and the room that it takes.
struct Kept {
    pieces: Vec<Bytes>,
    length: usize,
    most: usize,
    room: Room,
}

impl Kept {
    /// Reads a body; keeps nothing of one that is refused.
    async fn read(&mut self, mut body: Body) -> Result<Bytes, Problem> {
        let mut refused = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Problem::bad_request("the body did not arrive whole"))?;
            let Ok(data) = frame.into_data() else { continue };
            self.length = self.length.saturating_add(data.len());
            if refused.is_none()
                && let Err(problem) = self.keep(data)
            {
                self.pieces.clear();
                self.room.clear();
                refused = Some(problem);
            }
            if self.length > MOST_READ {
                break;
            }
        }
        if let Some(problem) = refused {
            return Err(problem);
        }
        // A small body comes in one piece, which is not copied; the pieces of a large one go as soon as they are one.
        match <[Bytes; 1]>::try_from(std::mem::take(&mut self.pieces)) {
            Ok([only]) => Ok(only),
            Err(pieces) => Ok(pieces.concat().into()),
        }
    }

    /// Keeps a piece, if there is room for it.
    fn keep(&mut self, piece: Bytes) -> Result<(), Problem> {
        if self.length > self.most {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "the body is too large",
                format!("a request takes at most {} MiB; send several smaller ones", self.most / 1024 / 1024),
            ));
        }
        self.room.hold(self.length)?;
        self.pieces.push(piece);
        Ok(())
    }
}
