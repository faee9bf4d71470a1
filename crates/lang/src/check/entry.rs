//! How people enter a journey: by which events, under which conditions, from when until when.

use std::{collections::BTreeSet, sync::Arc};

use graph::{
    Condition, Entry, Expr as G, Field, Name, Open, RecordType, Root, Scheduled, Type, scheduled, started,
};
use jiff::{Timestamp, civil, tz::TimeZone};

use super::{
    Kind, Ty,
    expr::Check,
    journey::{event_type, uses_event},
    scope::{Env, Event, Scope, record_of},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, EntryKind, Everyone, Expr, Ident, Journey, Text},
    },
};

/// What is known of a journey's entries.
pub(super) struct Entered {
    pub(super) entries: Vec<Entry>,
    /// What it is given when started.
    pub(super) input: Option<Arc<RecordType>>,
    /// When it lets people in by itself.
    pub(super) schedule: Option<Scheduled>,
    /// The names that stand for the entry's event from here on.
    pub(super) scope: Scope,
    /// The type of `event`: what all entries have in common.
    pub(super) event: Ty,
}

/// Checks the entries; `None` when there is none.
pub(super) fn check(journey: &Journey, env: &mut Env<'_>) -> Option<Entered> {
    if journey.entries.is_empty() {
        if !journey.entry_unread {
            missing(journey, env);
        }
        return None;
    }
    let mut made: Vec<(&ast::Entry, Entry, Ty)> = Vec::new();
    let (mut input, mut schedule) = (None, None);
    let mut asked = BTreeSet::new();
    for entry in &journey.entries {
        let (event, ty) = match &entry.kind {
            EntryKind::On(event) => (event.text.clone(), event_type(event, env)),
            EntryKind::Started(given) => {
                let ty = given.as_ref().map_or_else(|| Some(empty()), |given| env.ty(given));
                if let Some(Type::Record(record)) = &ty {
                    input = Some(record.clone());
                }
                (started(&journey.name.text), ty)
            }
            EntryKind::Everyone(everyone) => {
                schedule = scheduling(everyone, env);
                (scheduled(&journey.name.text), Some(record_of(&[("at", Type::DateTime)])))
            }
        };
        if made.iter().any(|(_, before, _)| before.event == event) {
            let message = "a journey is entered by one event once".to_owned();
            env.report(
                Report::new(Code::DuplicateName, entry.at, message)
                    .label("the same again")
                    .help("join the conditions with `or`"),
            );
            continue;
        }
        let condition = entry
            .condition
            .as_ref()
            .map(|condition| condition_at_entry(entry, condition, &ty, &mut asked, env));
        made.push((entry, Entry { event, condition }, ty));
    }
    let event = in_common(&made);
    let mut scope = Scope::new(Event::Known(event.clone()));
    scope.audiences = Some(asked);
    name(&made, &mut scope, env);
    Some(Entered {
        entries: made.into_iter().map(|(_, entry, _)| entry).collect(),
        input,
        schedule,
        scope,
        event,
    })
}

fn missing(journey: &Journey, env: &mut Env<'_>) {
    let message = format!("nothing says how people enter `{}`", journey.name.text);
    env.report(
        Report::new(Code::MissingEntry, journey.name.at, message)
            .label("no `enter`")
            .help("begin it with `enter on` and an event, `enter when started`, or `enter everyone`"),
    );
}

/// Notes what the entries use, and gives their events the names they have from here on.
fn name(made: &[(&ast::Entry, Entry, Ty)], scope: &mut Scope, env: &mut Env<'_>) {
    let only = made.len() == 1;
    for (declared, entry, ty) in made {
        match &declared.kind {
            EntryKind::On(event) => uses_event(event, scope),
            EntryKind::Everyone(Everyone { audience: Some(audience), .. }) => {
                scope.uses(Kind::Audience, audience);
            }
            EntryKind::Everyone(_) | EntryKind::Started(_) => {}
        }
        if let Some(alias) = &declared.alias {
            let (ty, value) = if only {
                (ty.clone(), G::Root(Root::Event))
            } else {
                (ty.clone().map(Type::optional), G::Entered(entry.event.clone()))
            };
            scope.bind(alias, ty, value, env);
        }
    }
}

/// When everyone, or everyone of an audience, is let in.
fn scheduling(everyone: &Everyone, env: &mut Env<'_>) -> Option<Scheduled> {
    let mut scope = Scope::new(Event::Unknown);
    let mut check = Check { env, scope: &mut scope };
    let schedule = check.cron(&everyone.schedule);
    let zone = check.fixed_zone(&everyone.zone);
    if let Some(name) = &everyone.audience {
        check.audience_named(name);
    }
    let audience = everyone.audience.as_ref().map(|name| name.text.clone());
    Some(Scheduled { schedule: schedule?, zone: zone?, audience, rate: everyone.rate })
}

pub(super) fn empty() -> Type {
    Type::Record(Arc::new(RecordType { name: None, fields: Vec::new() }))
}

/// At entry it is known which event it is.
fn condition_at_entry(
    entry: &ast::Entry,
    condition: &Expr,
    ty: &Ty,
    asked: &mut BTreeSet<Name>,
    env: &mut Env<'_>,
) -> Condition {
    let mut scope = Scope::new(Event::Known(ty.clone()));
    match &entry.alias {
        Some(Ident { text, at }) => scope.bind_as(text, *at, ty.clone(), G::Root(Root::Event)),
        // As in every other `where`.
        None => scope.bind_as(&"it".into(), entry.at, ty.clone(), G::Root(Root::Event)),
    }
    let text = env.text(condition.at).into();
    scope.audiences = Some(std::mem::take(asked));
    let expr = Check { env, scope: &mut scope }.condition(condition);
    *asked = scope.audiences.unwrap_or_default();
    Condition { expr, text }
}

/// The fields that all entries have, of the same type.
fn in_common(entries: &[(&ast::Entry, Entry, Ty)]) -> Ty {
    let (_, _, first) = entries.first()?;
    if entries.len() == 1 {
        return first.clone();
    }
    let mut fields: Option<Vec<Field>> = None;
    for (_, _, ty) in entries {
        let Some(Type::Record(record)) = ty else { return None };
        let same = |field: &Field| record.field(&field.name).is_some_and(|other| other.ty == field.ty);
        fields = Some(match fields {
            None => record.fields.clone(),
            Some(fields) => fields.into_iter().filter(same).collect(),
        });
    }
    Some(Type::Record(Arc::new(RecordType { name: None, fields: fields? })))
}

/// What a journey is given when somebody starts it; `None` for one that cannot be started.
pub(super) fn input_of(journey: &Journey, env: &mut Env<'_>) -> Option<Ty> {
    let given = journey.entries.iter().find_map(|entry| match &entry.kind {
        EntryKind::Started(given) => Some(given),
        EntryKind::On(_) | EntryKind::Everyone(_) => None,
    })?;
    // What is wrong with the type is said where it stands.
    let quiet = env.reports.len();
    let ty = given.as_ref().map_or_else(|| Some(empty()), |given| env.ty(given));
    env.reports.truncate(quiet);
    Some(ty)
}

impl Check<'_, '_> {
    /// A time zone that is written.
    fn fixed_zone(&mut self, zone: &Text) -> Option<TimeZone> {
        let name = self.fixed(zone)?;
        let found = TimeZone::get(&name).ok();
        if found.is_none() {
            self.report(
                Report::new(Code::BadSchedule, zone.at, format!("`{name}` is not a time zone"))
                    .label("not a time zone")
                    .help("write a name such as `\"Europe/Berlin\"`"),
            );
        }
        found
    }
}

/// The moments between which a journey takes people in.
pub(super) fn open(open: &ast::Open, check: &mut Check<'_, '_>) -> Open {
    let zone = open.zone.as_ref().and_then(|zone| check.fixed_zone(zone));
    let mut moment =
        |text: &Option<Text>| text.as_ref().and_then(|text| moment(text, open, zone.as_ref(), check));
    let (from, until) = (moment(&open.from), moment(&open.until));
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        check.report(
            Report::new(Code::BadSchedule, open.at, "it would close before it opens")
                .label("nobody could enter")
                .help("put the earlier moment behind `from`"),
        );
    }
    Open { from, until }
}

fn moment(
    text: &Text,
    open: &ast::Open,
    zone: Option<&TimeZone>,
    check: &mut Check<'_, '_>,
) -> Option<Timestamp> {
    let fixed: Name = check.fixed(text)?;
    if let Ok(moment) = fixed.parse::<Timestamp>() {
        return Some(moment);
    }
    let local = fixed
        .parse::<civil::DateTime>()
        .or_else(|_| fixed.parse::<civil::Date>().map(|date| date.at(0, 0, 0, 0)));
    let report = |at: At, message: String| Report::new(Code::BadSchedule, at, message);
    match (local, zone) {
        (Ok(local), Some(zone)) => zone.to_timestamp(local).ok(),
        (Ok(_), None) if open.zone.is_some() => None,
        (Ok(_), None) => {
            check.report(
                report(text.at, format!("`{fixed}` is a different moment in every time zone"))
                    .label("no zone")
                    .help("say in which: `open … in \"Europe/Berlin\"`"),
            );
            None
        }
        (Err(_), _) => {
            check.report(
                report(text.at, format!("`{fixed}` is neither a date nor a moment"))
                    .label("not a date")
                    .help("write `\"2026-12-01\"` or `\"2026-12-01T09:00\"`"),
            );
            None
        }
    }
}
