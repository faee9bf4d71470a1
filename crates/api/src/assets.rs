//! The dashboard's files, embedded in the binary.
//!
//! Every path that is no file and no API is answered with the dashboard's page, which does its own routing.

use axum::{
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
struct Files;

const NOT_BUILT: &str =
    "The dashboard is not part of this binary. Build it with `cargo xtask build`. The API is at /v1.";

pub(crate) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let (name, file) = match Files::get(path) {
        Some(file) => (path, Some(file)),
        None => ("index.html", Files::get("index.html")),
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
