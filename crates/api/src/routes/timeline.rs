//! `GET /v1/profiles/{key}/timeline`: what happened to a person.
//!
//! Two lists are merged, the person's events and the turns of the person's instances, each read from where the page
//! before has left it. So nothing is missed or shown twice, whatever moments they share.

use axum::{
    Json,
    extract::{Path, Query, State},
};
use jiff::Timestamp;
use serde::Deserialize;
use store::Behind;
use utoipa::IntoParams;

use super::profiles::no_profile;
use crate::{
    App,
    problem::Problem,
    views::{Timeline, TimelineEntry},
};

/// How many entries a page has.
const PAGE: u32 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The `next` of the page before.
    before: Option<String>,
}

/// What happened to a person, newest first: events with what became of them in each journey, and the turns of the
/// person's instances.
#[utoipa::path(
    get, path = "/v1/profiles/{key}/timeline", operation_id = "getTimeline", tag = "profiles", params(("key" = String, Path), Page),
    responses((status = 200, body = Timeline), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn get(
    State(app): State<App>,
    Path(key): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Timeline>, Problem> {
    let mut position = match &page.before {
        None => Position::default(),
        Some(text) => Position::read(text)
            .ok_or_else(|| Problem::bad_request("`before` is not the `next` of another page"))?,
    };
    let (store, shard) = (app.runtime.store(), app.runtime.shard_of(&key));
    if store.profile(shard, &key).await?.is_none() {
        return Err(no_profile(&key));
    }
    let (events, turns) = tokio::try_join!(
        store.events(shard, &key, position.event, PAGE + 1),
        store.history_of_profile(shard, &key, position.turn.as_ref(), PAGE + 1),
    )?;
    let (mut events, mut turns) = (events.iter().peekable(), turns.iter().peekable());
    let mut entries = Vec::new();
    while entries.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
        // A turn comes after the event of the same moment that caused it, so it stands above it.
        let turn = turns.next_if(|(_, turn)| events.peek().is_none_or(|event| turn.at >= event.received_at));
        if let Some((journey, row)) = turn {
            position.turn = Some(Behind { at: row.at, instance: row.instance, turn: row.turn });
            entries.push(TimelineEntry::of_turn(journey, row));
        } else if let Some(event) = events.next() {
            position.event = Some(event.sequence);
            entries.push(event.into());
        } else {
            break;
        }
    }
    let more = events.peek().is_some() || turns.peek().is_some();
    Ok(Json(Timeline { entries, next: more.then(|| position.text()) }))
}

/// How far a reader has come in both lists.
#[derive(Default)]
struct Position {
    event: Option<i64>,
    turn: Option<Behind>,
}

impl Position {
    fn text(&self) -> String {
        let event = self.event.map(|sequence| sequence.to_string()).unwrap_or_default();
        let turn = self.turn.map(|Behind { at, instance, turn }| {
            format!("{}_{}_{turn}", at.as_microsecond(), instance.simple())
        });
        format!("{event}.{}", turn.unwrap_or_default())
    }

    fn read(text: &str) -> Option<Position> {
        let (event, turn) = text.split_once('.')?;
        let event = if event.is_empty() { None } else { Some(event.parse().ok()?) };
        let turn = match turn.split('_').collect::<Vec<_>>().as_slice() {
            [""] => None,
            [at, instance, turn] => Some(Behind {
                at: Timestamp::from_microsecond(at.parse().ok()?).ok()?,
                instance: instance.parse().ok()?,
                turn: turn.parse().ok()?,
            }),
            _ => return None,
        };
        Some(Position { event, turn })
    }
}
