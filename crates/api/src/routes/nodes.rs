//! Nodes: `/v1/nodes`.

use axum::{Json, extract::State};

use crate::{App, problem::Problem, views::NodeList};

/// The nodes that share the database, with how many shards each holds.
#[utoipa::path(get, path = "/v1/nodes", operation_id = "listNodes", tag = "nodes", responses((status = 200, body = NodeList)))]
pub(super) async fn list(State(app): State<App>) -> Result<Json<NodeList>, Problem> {
    let store = app.runtime.store();
    let list = match store.nodes() {
        Some(nodes) => NodeList::of(&nodes.look().await?, store.shards()),
        None => NodeList { nodes: Vec::new(), shards: store.shards(), free: 0 },
    };
    Ok(Json(list))
}
