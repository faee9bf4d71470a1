//! Audiences: `/v1/audiences`.

use axum::{Json, extract::State};

use crate::{
    App,
    problem::Problem,
    views::{AudienceList, AudienceView},
};

/// The audiences, with how many belong to each. Who that is: `/v1/instances?journey=NAME&step=in`.
#[utoipa::path(get, path = "/v1/audiences", operation_id = "listAudiences", tag = "audiences", responses((status = 200, body = AudienceList)))]
pub(super) async fn list(State(app): State<App>) -> Result<Json<AudienceList>, Problem> {
    let counters = app.runtime.store().counters().await?;
    let audiences = app.runtime.catalog().audiences();
    let audiences = audiences.iter().map(|audience| AudienceView::of(audience, &counters)).collect();
    Ok(Json(AudienceList { audiences }))
}
