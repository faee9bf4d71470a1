//! Journeys on the wire.

use std::collections::BTreeMap;

use graph::Journey;
use serde::Serialize;
use store::{Counter, Version};
use utoipa::ToSchema;

/// The journeys that run.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyList {
    /// Sorted by name.
    pub journeys: Vec<JourneySummary>,
}

/// A journey in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneySummary {
    /// Its name.
    pub name: String,
    /// The current version.
    pub version: String,
    /// Its doc comment.
    pub doc: Option<String>,
    /// The events that people enter by, with their names on the wire; `start` where it may be started.
    pub entries: Vec<String>,
    /// The event that is its goal, by its name on the wire.
    pub goal: Option<String>,
    /// Counts over all versions; `passed` counts entries.
    pub counts: CountsView,
}

/// How many people stand somewhere or have passed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CountsView {
    /// Inside now.
    pub waiting: i64,
    /// Have passed; entries, for a whole journey.
    pub passed: i64,
    /// Parked as failed now.
    pub failed: i64,
    /// Have ended there.
    pub ended: i64,
    /// Have reached the goal; of a whole journey only.
    pub reached: i64,
}

/// One journey whole.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JourneyView {
    /// Its name.
    pub name: String,
    /// The version shown.
    pub version: String,
    /// Whether people enter this version now.
    pub current: bool,
    /// Its doc comment.
    pub doc: Option<String>,
    /// The events that people enter by, with their names on the wire; `start` where it may be started.
    pub entries: Vec<String>,
    /// The event that is its goal, by its name on the wire.
    pub goal: Option<String>,
    /// The text of the version, complete in itself.
    pub source: String,
    /// Every deployed version, the current one first.
    pub versions: Vec<VersionView>,
    /// The steps and the ways between them.
    pub graph: GraphView,
    /// Counts of this version as a whole.
    pub counts: CountsView,
    /// Counts of this version by step.
    pub steps: BTreeMap<String, CountsView>,
}

/// A deployed version.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    /// The hash of its text.
    pub version: String,
    /// When it was first deployed.
    pub deployed_at: String,
    /// Whether people enter it now.
    pub current: bool,
}

/// A journey's graph.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GraphView {
    /// The first step.
    pub start: String,
    /// The first step of the `on failure` block.
    pub on_failure: Option<String>,
    /// The steps.
    pub steps: Vec<StepView>,
    /// The ways between them.
    pub edges: Vec<EdgeView>,
}

/// A step of a graph.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// Its stable name.
    pub name: String,
    /// `wait`, `wait-for`, `call`, `send`, `if`, `match`, `repeat`, `split`, `limit`, `let`, `set`, `emit`, `start`, `stop`, `label`, `goto` or `exit`.
    pub kind: String,
    /// What it says.
    pub label: String,
    /// Where it stands in the source.
    pub span: SpanView,
}

/// A place in a source, in bytes of UTF-8.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpanView {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A way from one step to another.
#[derive(Debug, Serialize, ToSchema)]
pub struct EdgeView {
    /// The step it leaves.
    pub from: String,
    /// The step it leads to.
    pub to: String,
    /// What it says; empty for the only way on.
    pub label: String,
}

impl From<&Counter> for CountsView {
    fn from(counter: &Counter) -> CountsView {
        CountsView {
            waiting: counter.waiting,
            passed: counter.passed,
            failed: counter.failed,
            ended: counter.ended,
            reached: counter.reached,
        }
    }
}

impl CountsView {
    /// The counts of a journey over all its versions.
    pub fn of_journey(journey: &str, counters: &[Counter]) -> CountsView {
        counters.iter().filter(|counter| &*counter.journey == journey && counter.step.is_empty()).fold(
            CountsView::default(),
            |sum, counter| CountsView {
                waiting: sum.waiting + counter.waiting,
                passed: sum.passed + counter.passed,
                failed: sum.failed + counter.failed,
                ended: sum.ended + counter.ended,
                reached: sum.reached + counter.reached,
            },
        )
    }
}

impl From<&Version> for VersionView {
    fn from(version: &Version) -> VersionView {
        VersionView {
            version: version.version.to_string(),
            deployed_at: version.deployed_at.to_string(),
            current: version.current,
        }
    }
}

impl From<&Journey> for GraphView {
    fn from(journey: &Journey) -> GraphView {
        let name = |node| journey.step(node).map(|step| step.name.to_string()).unwrap_or_default();
        GraphView {
            start: name(journey.start),
            on_failure: journey.on_failure.as_ref().map(|(node, _)| name(*node)),
            steps: journey
                .graph
                .node_weights()
                .map(|step| StepView {
                    name: step.name.to_string(),
                    kind: step.kind.word().to_owned(),
                    label: step.label.to_string(),
                    span: SpanView { start: step.span.start, end: step.span.end },
                })
                .collect(),
            edges: journey
                .ways()
                .map(|(from, edge, to)| EdgeView {
                    from: from.name.to_string(),
                    to: to.name.to_string(),
                    label: edge.label().to_owned(),
                })
                .collect(),
        }
    }
}
