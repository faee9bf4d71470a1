//! What every request must be, whatever it asks for; refused before anything is looked up.

use std::borrow::Cow;

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::problem::Problem;

pub(super) async fn only(request: Request, next: Next) -> Response {
    match problem_of(&request) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn problem_of(request: &Request) -> Option<Problem> {
    // No name holds NUL, and PostgreSQL cannot look for it.
    if request.uri().path_and_query().is_some_and(|address| address.as_str().contains("%00")) {
        return Some(Problem::bad_request("the address holds NUL (`%00`), which no name has"));
    }
    // RFC 9110, section 8.4: what cannot be unpacked is refused as such, not as what it looks like when it is packed.
    if let Some(packing) = other_than(request.headers(), header::CONTENT_ENCODING, "identity") {
        return Some(packed(StatusCode::UNSUPPORTED_MEDIA_TYPE, &format!("Content-Encoding: {packing}")));
    }
    // RFC 9112, section 6.1. Whoever reads the body as it comes would take it for something else.
    if let Some(packing) = other_than(request.headers(), header::TRANSFER_ENCODING, "chunked") {
        return Some(packed(StatusCode::NOT_IMPLEMENTED, &format!("Transfer-Encoding: {packing}")));
    }
    None
}

fn packed(status: StatusCode, how: &str) -> Problem {
    let detail = format!("the body is packed (`{how}`); send it as it is");
    Problem::new(status, "packed", "the body is packed", detail)
}

/// What a header says, unless it is that.
fn other_than(headers: &HeaderMap, name: header::HeaderName, usual: &str) -> Option<String> {
    let mut said = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    said.find(|value| !value.trim().eq_ignore_ascii_case(usual)).map(Cow::into_owned)
}
