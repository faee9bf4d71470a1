//! The suppression list: addresses that get nothing any more.

use std::collections::BTreeMap;

use axum::{Json, body::Bytes, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::read;
use crate::{App, problem::Problem};

/// The most addresses of one request.
const MOST: usize = 10_000;

/// Addresses.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Addresses {
    /// E-mail addresses or numbers, as messages have them in their `to`; at most 10,000.
    addresses: Vec<String>,
    /// Only messages under this policy, which people can unsubscribe from; without it, all messages.
    policy: Option<String>,
}

/// How the list changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Changed {
    /// How many addresses it concerned; those that were as wanted already are not among them.
    changed: u64,
}

/// What the list holds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SuppressionCounts {
    /// How many addresses, by reason: `bounced`, `complained`, `listed`; and `unsubscribed`, for each policy that an address
    /// gets nothing under.
    reasons: BTreeMap<String, u64>,
}

/// What the list says of an address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddressView {
    /// Why it gets nothing: `bounced`, `complained`, `listed`; null if it is not on the list.
    reason: Option<String>,
    /// Since when.
    since: Option<String>,
    /// What else it gets no more, because whoever had it had unsubscribed before they were erased.
    left: Vec<LeftView>,
}

/// A policy under which an address gets nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeftView {
    /// The policy.
    policy: String,
    /// What it is called for people; null if there is none of that name any more.
    title: Option<String>,
    /// Since when.
    since: String,
}

/// Which address is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The address.
    address: String,
}

/// How many addresses are on the suppression list. The addresses themselves are not kept, only hashes of them.
#[utoipa::path(
    get, path = "/v1/suppressions", operation_id = "countSuppressions", tag = "suppressions",
    responses((status = 200, body = SuppressionCounts))
)]
pub(super) async fn count(State(app): State<App>) -> Result<Json<SuppressionCounts>, Problem> {
    let counts = app.runtime.store().count_suppressed().await?;
    let reasons = counts.into_iter().map(|(reason, count)| (reason.to_string(), count)).collect();
    Ok(Json(SuppressionCounts { reasons }))
}

/// Whether an address is on the suppression list. Asked in a body, so that no address stands in the logs of a proxy.
#[utoipa::path(
    post, path = "/v1/suppressions/find", operation_id = "findSuppression", tag = "suppressions", request_body = Wanted,
    responses((status = 200, body = AddressView), (status = 400, body = Problem))
)]
pub(super) async fn find(State(app): State<App>, body: Bytes) -> Result<Json<AddressView>, Problem> {
    let Wanted { address } = read(&body)?;
    let listed = app.runtime.suppression(&address).await?;
    let known = app.runtime.subscriptions_of(None);
    let title =
        |policy: &str| known.iter().find(|one| &*one.policy == policy).map(|one| one.title.to_string());
    Ok(Json(AddressView {
        since: listed.reason.as_ref().map(|(_, at)| at.to_string()),
        reason: listed.reason.map(|(reason, _)| reason.to_string()),
        left: listed
            .left
            .into_iter()
            .map(|(policy, at)| LeftView {
                title: title(&policy),
                policy: policy.to_string(),
                since: at.to_string(),
            })
            .collect(),
    }))
}

/// Put addresses on the suppression list: no message goes to them any more, or none under a policy.
#[utoipa::path(
    post, path = "/v1/suppressions", operation_id = "suppress", tag = "suppressions", request_body = Addresses,
    responses((status = 200, body = Changed), (status = 400, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn add(State(app): State<App>, body: Bytes) -> Result<Json<Changed>, Problem> {
    let Addresses { addresses, policy } = read(&body)?;
    bounded(&addresses)?;
    let known = app.runtime.subscriptions_of(None);
    if let Some(policy) = policy.as_deref().filter(|policy| !known.iter().any(|one| &*one.policy == *policy))
    {
        return Err(Problem::misfit(
            "policy",
            &format!("`{policy}` is nothing that people unsubscribe from"),
        ));
    }
    Ok(Json(Changed { changed: app.runtime.suppress(&addresses, policy.as_deref()).await? }))
}

/// Take addresses off the suppression list.
#[utoipa::path(
    post, path = "/v1/suppressions/remove", operation_id = "unsuppress", tag = "suppressions", request_body = Addresses,
    responses((status = 200, body = Changed), (status = 400, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn remove(State(app): State<App>, body: Bytes) -> Result<Json<Changed>, Problem> {
    let Addresses { addresses, policy } = read(&body)?;
    bounded(&addresses)?;
    Ok(Json(Changed { changed: app.runtime.unsuppress(&addresses, policy.as_deref()).await? }))
}

fn bounded(addresses: &[String]) -> Result<(), Problem> {
    let misfit = |reason: &str| Err(Problem::misfit("addresses", reason));
    match addresses {
        [] => misfit("is empty: say which"),
        many if many.len() > MOST => misfit("has more than 10,000: send them in several requests"),
        many if many.iter().any(|address| address.trim().is_empty()) => misfit("holds an empty address"),
        _ => Ok(()),
    }
}
