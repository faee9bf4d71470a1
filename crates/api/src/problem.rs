//! The one error shape on the wire: RFC 9457 problem details.

use std::any::Any;

use axum::{
    body::to_bytes,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use runtime::Error;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An error as RFC 9457 problem details (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A stable name of the kind of problem, `urn:wayfare:problem:<code>`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem in a few words.
    title: &'static str,
    /// The HTTP status code.
    status: u16,
    /// What is wrong here, and what to do.
    detail: String,
    /// Further facts, by kind of problem.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    more: Map<String, Value>,
}

impl Problem {
    /// A problem of a kind.
    pub(crate) fn new(
        status: StatusCode,
        code: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        Problem {
            kind: format!("urn:wayfare:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            more: Map::new(),
        }
    }

    /// The problem with one more fact.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The request cannot be read.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", "the request cannot be read", detail)
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", "not found", detail)
    }

    /// There is no endpoint at this address.
    pub(crate) fn no_endpoint(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "no-endpoint", "nothing is there", detail)
    }

    /// What was sent does not fit its declared shape.
    pub(crate) fn misfit(field: &str, reason: &str) -> Problem {
        let detail = if field.is_empty() { reason.to_owned() } else { format!("`{field}`: {reason}") };
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "misfit",
            "the data does not fit its declared shape",
            detail,
        )
        .with("field", field)
        .with("reason", reason)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// The longest text of an error that another library says.
const LONGEST: usize = 4 * 1024;

/// Gives what the library of the server refuses by itself, in a line of text, the shape of all errors.
pub(crate) async fn in_one_shape(response: Response) -> Response {
    let status = response.status();
    let says = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !status.is_client_error() || !says.is_some_and(|says| says.starts_with("text/plain")) {
        return response;
    }
    let text = to_bytes(response.into_body(), LONGEST).await.unwrap_or_default();
    let detail = String::from_utf8_lossy(&text).into_owned();
    Problem { status: status.as_u16(), ..Problem::bad_request(detail) }.into_response()
}

/// Answers a request that met a fault of our own. The message of a panic may hold what is somebody's, so it is not said.
pub(crate) fn of_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a fault in Wayfare itself has ended a request");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "a fault in Wayfare itself",
        "the request met a fault in Wayfare itself, and it is not known what was done; the server's log says where it is",
    )
    .into_response()
}

/// The runtime's errors: the cause goes to the log, the sender learns what to do.
impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let (status, code, title) = match &error {
            Error::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too busy"),
            Error::Moved => (StatusCode::SERVICE_UNAVAILABLE, "unreachable", "not to be reached now"),
            Error::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is stopping"),
            Error::Store(_) | Error::NotWritten => {
                (StatusCode::SERVICE_UNAVAILABLE, "not-written", "the database cannot be written")
            }
        };
        if let Error::Store(cause) = &error {
            tracing::error!(error = cause as &dyn std::error::Error, "the store failed");
        }
        Problem::new(status, code, title, error.to_string())
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Problem {
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-read",
            "the database cannot be read",
            "the database cannot be read now; try again in a moment",
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test may fail loudly, and this one is about a panic"
    )]

    use axum::{Router, body::Body, http::Request, routing::get};
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    async fn falls() -> StatusCode {
        panic!("what is somebody's")
    }

    #[tokio::test]
    async fn a_request_that_panics_is_answered_and_says_nothing_of_the_panic() {
        let router: Router = Router::new().route("/", get(falls)).layer(CatchPanicLayer::custom(of_panic));
        let answer = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = to_bytes(answer.into_body(), LONGEST).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("urn:wayfare:problem:internal") && !body.contains("somebody"), "{body}");
    }
}
