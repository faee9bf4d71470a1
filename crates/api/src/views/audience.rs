//! Audiences on the wire.

use engine::audience::{IN, OUT};
use graph::Audience;
use serde::Serialize;
use store::Counter;
use utoipa::ToSchema;

/// The audiences.
#[derive(Debug, Serialize, ToSchema)]
pub struct AudienceList {
    /// Sorted by name.
    pub audiences: Vec<AudienceView>,
}

/// An audience and how many belong to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AudienceView {
    /// Its name.
    pub name: String,
    /// The current version.
    pub version: String,
    /// Its doc comment.
    pub doc: Option<String>,
    /// The text it was compiled from, complete in itself.
    pub source: String,
    /// How many people belong to it now.
    pub members: i64,
    /// How many people are watched for it; all, once everybody has been met after a deployment.
    pub watched: i64,
}

impl AudienceView {
    /// The view of an audience over the counters of all steps.
    pub(crate) fn of(audience: &Audience, counters: &[Counter]) -> AudienceView {
        let at = |step: &str| -> i64 {
            let own = counters.iter().filter(|counter| {
                counter.journey == audience.name
                    && counter.version == audience.version
                    && &*counter.step == step
            });
            own.map(|counter| counter.waiting).sum()
        };
        AudienceView {
            name: audience.name.to_string(),
            version: audience.version.to_string(),
            doc: audience.doc.as_ref().map(ToString::to_string),
            source: audience.source.to_string(),
            members: at(IN),
            watched: at(IN) + at(OUT),
        }
    }
}
