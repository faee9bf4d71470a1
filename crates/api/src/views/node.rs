//! Nodes on the wire.

use serde::Serialize;
use store::Survey;
use utoipa::ToSchema;

/// The nodes that share the database.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeList {
    /// Those that are alive, by address; empty where one process has the database to itself.
    pub nodes: Vec<NodeView>,
    /// How many shards there are.
    pub shards: u16,
    /// How many of them nobody alive holds: their people wait.
    pub free: usize,
}

/// A node.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeView {
    /// Where other nodes reach it.
    pub address: String,
    /// How many shards it holds.
    pub shards: usize,
}

impl NodeList {
    /// The view of a survey of so many shards.
    pub(crate) fn of(survey: &Survey, shards: u16) -> NodeList {
        let held = |id| survey.held.values().filter(|(owner, _)| *owner == id).count();
        let view = |node: &store::Node| NodeView { address: node.address.clone(), shards: held(node.id) };
        let mut nodes: Vec<NodeView> = survey.nodes.iter().map(view).collect();
        nodes.sort_by(|one, other| one.address.cmp(&other.address));
        NodeList { nodes, shards, free: usize::from(shards).saturating_sub(survey.held.len()) }
    }
}
