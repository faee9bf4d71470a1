//! What operators do with instances: `/v1/instances/{id}/retry` and the like for one, `/v1/instances/retry` for all that fit.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use engine::{Ignored, Operation};
use runtime::Operated;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::Filter;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    body::read,
    instances::{kind_of, no_instance, parse, view},
};
use crate::{App, problem::Problem, views::InstanceView};

/// How many instances one request is about at most.
const MOST: usize = 10_000;

/// What a partner is to have answered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ByHand {
    /// The answer, in the shape that the action declares.
    #[schema(value_type = Object)]
    answer: Box<RawValue>,
}

/// Which of the failed instances an operation is for: those for which all of it holds. Something must be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The journey.
    journey: Option<String>,
    /// The version.
    version: Option<String>,
    /// The step where they failed.
    step: Option<String>,
    /// The person.
    profile: Option<String>,
    /// How they failed: `timeout`, `refused`, `http`, `invalid`, `capped`, `open`, `auth` or `internal`.
    kind: Option<String>,
    /// The `next` of the answer before: goes on behind it.
    before: Option<Uuid>,
    /// How many at most; 10,000 if it does not say, which is the most.
    most: Option<usize>,
    /// What the partner is to have answered; only for `answer`.
    #[schema(value_type = Option<Object>)]
    answer: Option<Box<RawValue>>,
}

/// What became of the instances that an operation was for.
#[derive(Serialize, ToSchema)]
pub(super) struct OperatedView {
    /// With how many it was done.
    done: usize,
    /// How many it did not fit any more: somebody else was faster, or the answer does not fit.
    ignored: usize,
    /// Of how many it is not known. Those that are still failed can be asked about again.
    unknown: usize,
    /// Given as `before`, it goes on with those behind; none when all were looked at.
    next: Option<String>,
}

/// Run the failed step of an instance again.
#[utoipa::path(
    post, path = "/v1/instances/{id}/retry", operation_id = "retryInstance", tag = "instances", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstanceView), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn retry(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<InstanceView>, Problem> {
    operate_one(&app, &id, Operation::Retry).await
}

/// Go on after the failed step of an instance, as if it had succeeded without a value.
#[utoipa::path(
    post, path = "/v1/instances/{id}/skip", operation_id = "skipInstance", tag = "instances", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstanceView), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn skip(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<InstanceView>, Problem> {
    operate_one(&app, &id, Operation::Skip).await
}

/// End an instance.
#[utoipa::path(
    post, path = "/v1/instances/{id}/cancel", operation_id = "cancelInstance", tag = "instances", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstanceView), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<InstanceView>, Problem> {
    operate_one(&app, &id, Operation::Cancel).await
}

/// Go on after the failed call of an instance, as if its partner had answered this.
#[utoipa::path(
    post, path = "/v1/instances/{id}/answer", operation_id = "answerInstance", tag = "instances", params(("id" = Uuid, Path)),
    request_body = ByHand,
    responses(
        (status = 200, body = InstanceView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, description = "The answer does not fit what the action declares", body = Problem),
    )
)]
pub(super) async fn answer(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<InstanceView>, Problem> {
    let ByHand { answer } = read(&body)?;
    operate_one(&app, &id, Operation::Answer(answer.get().to_owned())).await
}

/// Run the failed steps of instances again: all that fit, newest first.
#[utoipa::path(
    post, path = "/v1/instances/retry", operation_id = "retryInstances", tag = "instances", request_body = Which,
    responses((status = 200, body = OperatedView), (status = 400, body = Problem))
)]
pub(super) async fn retry_all(State(app): State<App>, body: Bytes) -> Result<Json<OperatedView>, Problem> {
    operate_all(&app, read(&body)?, |_| Some(Operation::Retry)).await
}

/// Go on after the failed steps of instances, as if they had succeeded without a value: all that fit, newest first.
#[utoipa::path(
    post, path = "/v1/instances/skip", operation_id = "skipInstances", tag = "instances", request_body = Which,
    responses((status = 200, body = OperatedView), (status = 400, body = Problem))
)]
pub(super) async fn skip_all(State(app): State<App>, body: Bytes) -> Result<Json<OperatedView>, Problem> {
    operate_all(&app, read(&body)?, |_| Some(Operation::Skip)).await
}

/// Go on after the failed calls of instances, as if their partners had answered this: all that fit, newest first.
#[utoipa::path(
    post, path = "/v1/instances/answer", operation_id = "answerInstances", tag = "instances", request_body = Which,
    responses((status = 200, body = OperatedView), (status = 400, body = Problem))
)]
pub(super) async fn answer_all(State(app): State<App>, body: Bytes) -> Result<Json<OperatedView>, Problem> {
    let answer_of = |which: &Which| Some(Operation::Answer(which.answer.as_ref()?.get().to_owned()));
    operate_all(&app, read(&body)?, answer_of).await
}

/// End failed instances: all that fit, newest first.
#[utoipa::path(
    post, path = "/v1/instances/cancel", operation_id = "cancelInstances", tag = "instances", request_body = Which,
    responses((status = 200, body = OperatedView), (status = 400, body = Problem))
)]
pub(super) async fn cancel_all(State(app): State<App>, body: Bytes) -> Result<Json<OperatedView>, Problem> {
    operate_all(&app, read(&body)?, |_| Some(Operation::Cancel)).await
}

async fn operate_all(
    app: &App,
    which: Which,
    operation: impl FnOnce(&Which) -> Option<Operation>,
) -> Result<Json<OperatedView>, Problem> {
    let Some(operation) = operation(&which) else {
        return Err(Problem::bad_request("say what is answered: `{ \"answer\": … }`"));
    };
    if which.answer.is_some() && !matches!(operation, Operation::Answer(_)) {
        return Err(Problem::bad_request("`answer` is for /v1/instances/answer"));
    }
    let Which { journey, version, step, profile, kind, before, most, answer: _ } = which;
    let says = [&journey, &version, &step, &profile].iter().any(|said| said.is_some()) || kind.is_some();
    if !says {
        return Err(Problem::bad_request(
            "say which: a `journey`, `version`, `step`, `profile` or `kind` of failure",
        ));
    }
    let profile = profile.map(|key| (app.runtime.shard_of(&key), key));
    let failed_by = kind.as_deref().map(kind_of).transpose()?;
    let filter = Filter { journey, version, step, status: None, profile, failed_by };
    let most = most.unwrap_or(MOST).clamp(1, MOST);
    let Operated { done, ignored, unknown, next } =
        app.runtime.operate_all(&filter, &operation, before, most).await?;
    Ok(Json(OperatedView { done, ignored, unknown, next: next.map(|id| id.to_string()) }))
}

async fn operate_one(app: &App, id: &str, operation: Operation) -> Result<Json<InstanceView>, Problem> {
    let id = parse(id)?;
    match app.runtime.operate(id, operation).await? {
        None => Err(no_instance(id)),
        Some(Ok(())) => view(app, id).await.map(Json),
        Some(Err(ignored @ Ignored::Unfit(_))) => Err(Problem::misfit("answer", &ignored.reason())),
        Some(Err(ignored)) => {
            Err(Problem::new(StatusCode::CONFLICT, "not-now", "not possible now", ignored.reason()))
        }
    }
}
