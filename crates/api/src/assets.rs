//! The dashboard's files, embedded in the binary.
//!
//! A browser that asks for a path that is no file and no API gets the dashboard's page, which does its own routing. Nobody else
//! does: a sender that left `/v1` out, or a load balancer that looks for `/healthz`, must not take a page for consent.

use axum::{
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use crate::problem::Problem;

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
struct Files;

const NOT_BUILT: &str =
    "The dashboard is not part of this binary. Build it with `cargo xtask build`. The API is at /v1.";

const NOTHING: &str = "there is nothing at this address; the API is under /v1, and whether the server is well is at /health/ready";

pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let reads = matches!(method, Method::GET | Method::HEAD);
    let (name, file) = match Files::get(path) {
        Some(file) if reads => (path, Some(file)),
        _ if reads && (path.is_empty() || shows_pages(&headers)) => ("index.html", Files::get("index.html")),
        _ => return Problem::no_endpoint(NOTHING).into_response(),
    };
    let Some(file) = file else {
        return (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], NOT_BUILT)
            .into_response();
    };
    let etag: String =
        file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{etag}\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    // Files under assets/ carry a hash in their name and never change.
    let lifetime =
        if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (header::CACHE_CONTROL, lifetime.to_owned()),
        (header::ETAG, etag),
    ];
    (headers, file.data.into_owned()).into_response()
}

/// Whether who asks is a browser that goes to an address.
fn shows_pages(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accepts| accepts.to_str().is_ok_and(|accepts| accepts.contains("text/html")))
}
