//! Journeys: `/v1/journeys` and one of them.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use graph::{Entry, Journey, started};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    App,
    problem::Problem,
    views::{CountsView, GraphView, JourneyList, JourneySummary, JourneyView, VersionView},
};

/// The journeys that run, with their counts.
#[utoipa::path(get, path = "/v1/journeys", operation_id = "listJourneys", tag = "journeys", responses((status = 200, body = JourneyList)))]
pub(super) async fn list(State(app): State<App>) -> Result<Json<JourneyList>, Problem> {
    let counters = app.runtime.store().counters().await?;
    let project = app.runtime.catalog().project();
    let journeys = project
        .journeys
        .values()
        .map(|journey| JourneySummary {
            name: journey.name.to_string(),
            version: journey.version.to_string(),
            doc: journey.doc.as_ref().map(ToString::to_string),
            entries: entries(&app, journey),
            goal: goal(&app, journey),
            counts: CountsView::of_journey(&journey.name, &counters),
        })
        .collect();
    Ok(Json(JourneyList { journeys }))
}

fn entries(app: &App, journey: &Journey) -> Vec<String> {
    let start = started(&journey.name);
    let of = |entry: &Entry| if entry.event == start { "start".into() } else { wire_name(app, &entry.event) };
    journey.entries.iter().map(of).collect()
}

fn goal(app: &App, journey: &Journey) -> Option<String> {
    journey.goal.as_ref().map(|goal| wire_name(app, &goal.on.event))
}

fn wire_name(app: &App, event: &str) -> String {
    let events = &app.runtime.catalog().project().events;
    events.get(event).map_or(event, |schema| &schema.wire).to_owned()
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// A version; the current one if left out.
    version: Option<String>,
}

/// One journey: its text, its graph, its versions, and the counts of every step.
#[utoipa::path(
    get, path = "/v1/journeys/{name}", operation_id = "getJourney", tag = "journeys", params(("name" = String, Path), Which),
    responses((status = 200, body = JourneyView), (status = 404, body = Problem))
)]
pub(super) async fn get(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<JourneyView>, Problem> {
    let catalog = app.runtime.catalog();
    let versions = catalog.versions_of(&name);
    let wanted = match &which.version {
        Some(version) => versions.iter().find(|known| *known.version == **version),
        None => versions.first(),
    };
    let journey = wanted.and_then(|version| catalog.version(&version.journey, &version.version));
    let (Some(journey), Some(version)) = (journey, wanted) else {
        let known =
            catalog.project().journeys.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        return Err(Problem::not_found(format!(
            "there is no such journey or version; the journeys are {known}"
        )));
    };
    let counters = app.runtime.store().counters().await?;
    let of_version = || {
        counters
            .iter()
            .filter(|counter| counter.journey == journey.name && counter.version == journey.version)
    };
    let counts =
        of_version().find(|counter| counter.step.is_empty()).map(CountsView::from).unwrap_or_default();
    let steps: BTreeMap<String, CountsView> = of_version()
        .filter(|counter| !counter.step.is_empty())
        .map(|counter| (counter.step.to_string(), counter.into()))
        .collect();
    Ok(Json(JourneyView {
        name: journey.name.to_string(),
        version: journey.version.to_string(),
        current: version.current,
        doc: journey.doc.as_ref().map(ToString::to_string),
        entries: entries(&app, &journey),
        goal: goal(&app, &journey),
        source: journey.source.to_string(),
        versions: versions.iter().map(VersionView::from).collect(),
        graph: GraphView::from(&*journey),
        counts,
        steps,
    }))
}
