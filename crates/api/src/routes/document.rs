//! The OpenAPI document: what each endpoint says of itself, and what is the same for all that need a key.

use utoipa::{
    OpenApi as _,
    openapi::{
        Content, OpenApi, Ref, Response, ResponseBuilder,
        path::{Operation, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{hearing, reading, writing};
use crate::problem::Problem;

/// The key of a sender, and that of who looks after the server.
const WRITE: &str = "write";
const ADMIN: &str = "admin";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Wayfare",
        description = "Customer journeys as text: events in, journeys inspected.",
        version = "1",
        license(name = "Apache-2.0")
    ),
    components(schemas(Problem))
)]
struct Document;

/// The OpenAPI document of the API.
pub fn openapi() -> OpenApi {
    let (mut writes, mut reads) = (writing().split_for_parts().1, reading().split_for_parts().1);
    needs(&mut writes, &[WRITE, ADMIN], &[(401, "No valid key")]);
    needs(&mut reads, &[ADMIN], &[(401, "No valid key"), (403, "A write key, where an admin key is needed")]);
    let mut document = Document::openapi();
    document.merge(writes);
    document.merge(reads);
    document.merge(hearing().split_for_parts().1);
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        if operation.parameters.is_some() {
            answers(operation, 400, "The path or the query cannot be read");
        }
        if operation.request_body.is_some() {
            answers(operation, 415, "The body is packed, or of a kind that is not taken");
        }
    }
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(WRITE, bearer("A key that sends events and profiles, and nothing else"));
    components.add_security_scheme(ADMIN, bearer("A key that may do everything"));
    document
}

/// Says of every endpoint which keys it takes, and how it answers without one; and that the database may be out of reach, or
/// we at fault.
fn needs(part: &mut OpenApi, keys: &[&str], refused: &[(u16, &str)]) {
    for operation in part.paths.paths.values_mut().flat_map(operations) {
        let keys = keys.iter().map(|key| SecurityRequirement::new(*key, [] as [&str; 0]));
        operation.security = Some(keys.collect());
        let fault = (500, "A fault in Wayfare itself");
        let unreachable = (503, "Too busy, or the database is out of reach; try again in a moment");
        for (status, description) in refused.iter().chain([&fault, &unreachable]) {
            answers(operation, *status, description);
        }
    }
}

/// Says that an endpoint may answer so, unless it says so itself.
fn answers(operation: &mut Operation, status: u16, description: &str) {
    let known = operation.responses.responses.entry(status.to_string());
    known.or_insert_with(|| problem(description).into());
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn problem(description: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

fn bearer(description: &str) -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description));
    SecurityScheme::Http(scheme.build())
}
