//! What must hold of the engine for any text and any data: nothing panics, nothing takes long, JSON stays JSON.
//!
//! The fuzzer calls these with what it makes up, `tests/corpus.rs` with what it has kept. An input is a text, and
//! behind its first zero byte the choices of data. Each says whether the input came as far as what it is about.

#![allow(dead_code, reason = "each target of the fuzzer is a program of its own and calls one of them")]

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use engine::{Context, Event, Scope, admit, request_of, start};
use graph::{Journey, Project, Value, json, schedule::Schedule};
use jiff::{Timestamp, tz::TimeZone};
use lang::{Source, compile};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Longer inputs only repeat what shorter ones show.
const LONGEST: usize = 1 << 13;

const DECLARED: &str = r#"
profile {
  id: string key
  text: string
  maybe: string?
  number: int
  amount: decimal
  yes: bool
  day: date
  moment: datetime
  length: duration
  zone: timezone
  tier: "gold" | "silver" = "gold"
  data: json
}
type Item = { sku: string, price: decimal, quantity: int }
event e "E" { n: int, d: decimal, s: string, items: [Item], tags: [string], at: datetime?, raw: json }
connection shop { url: "https://shop.example.com" }
"#;

/// The text of an input, and the choices behind it.
fn parted(data: &[u8]) -> Option<(&str, Choices<'_>)> {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let text = std::str::from_utf8(data.get(..end)?).ok().filter(|text| text.len() <= LONGEST)?;
    Some((text, Choices(data.get(end + 1..).unwrap_or_default())))
}

/// Bytes that choose; zero when there are none left.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> usize {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        usize::from(*first)
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.byte() % of.len().max(1)).cloned()
    }

    fn integer(&mut self) -> i64 {
        self.one(&[0, 1, -1, 2, 7, 100, 1_000_000_007, i64::MAX, i64::MIN, i64::MAX - 1]).unwrap_or_default()
    }

    fn decimal(&mut self) -> Decimal {
        let texts = ["0", "1", "-1", "0.1", "59.90", "-0.0000000000000000000000000001"];
        let some = self.one(&texts).and_then(|text| Decimal::from_str(text).ok());
        match self.byte() % 5 {
            0 => Decimal::MAX,
            1 => Decimal::MIN,
            _ => some.unwrap_or_default(),
        }
    }

    fn text(&mut self) -> String {
        let texts = [
            "",
            "a",
            "Ada",
            "12",
            "-3.5",
            "é🙂\u{2028}",
            "\"}}\\",
            "a\r\nb",
            "&<x>'",
            "2026-02-29",
            "PT1H",
            "gold,silver",
        ];
        let text = self.one(&texts).unwrap_or_default();
        text.repeat(self.one(&[1, 1, 1, 2, 100]).unwrap_or(1))
    }

    fn moment(&mut self) -> Timestamp {
        let seconds =
            [0, 1, -1, 1_700_000_000, 1_774_746_000, 253_402_207_200, -377_705_023_201, 4_102_444_800];
        let second = self.one(&seconds).unwrap_or_default();
        Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Value) -> Value {
        let count = self.one(&[0, 1, 2, 3, 40]).unwrap_or_default();
        Value::list((0..count).map(|_| item(self)).collect::<Vec<_>>())
    }

    fn any(&mut self, depth: usize) -> Value {
        match self.byte() % 8 {
            0 => Value::Int(self.integer()),
            1 => Value::Decimal(self.decimal()),
            2 => Value::from(self.text()),
            3 => Value::Bool(true),
            4 if depth > 0 => self.list(|choices| choices.any(depth - 1)),
            5 if depth > 0 => Value::record([("a", self.any(depth - 1)), ("$decimal", self.any(depth - 1))]),
            _ => Value::Null,
        }
    }

    fn profile(&mut self) -> Value {
        let day = TimeZone::UTC.to_datetime(self.moment()).date();
        Value::record([
            ("id", Value::text("p")),
            ("text", Value::from(self.text())),
            ("maybe", if self.byte().is_multiple_of(2) { Value::Null } else { Value::from(self.text()) }),
            ("number", Value::Int(self.integer())),
            ("amount", Value::Decimal(self.decimal())),
            ("yes", Value::Bool(self.byte().is_multiple_of(2))),
            ("day", Value::Date(day)),
            ("moment", Value::DateTime(self.moment())),
            ("length", Value::Duration(self.integer())),
            ("zone", Value::text(self.one(&["Europe/Berlin", "UTC", "Pacific/Apia"]).unwrap_or("UTC"))),
            ("tier", Value::text(self.one(&["gold", "silver"]).unwrap_or("gold"))),
            ("data", self.any(2)),
        ])
    }

    fn properties(&mut self) -> Value {
        let item = |choices: &mut Self| {
            Value::record([
                ("sku", Value::from(choices.text())),
                ("price", Value::Decimal(choices.decimal())),
                ("quantity", Value::Int(choices.integer())),
            ])
        };
        Value::record([
            ("n", Value::Int(self.integer())),
            ("d", Value::Decimal(self.decimal())),
            ("s", Value::from(self.text())),
            ("items", self.list(item)),
            ("tags", self.list(|choices| Value::from(choices.text()))),
            ("at", if self.byte().is_multiple_of(2) { Value::Null } else { Value::DateTime(self.moment()) }),
            ("raw", self.any(2)),
        ])
    }
}

fn project(rest: &str) -> Option<Project> {
    compile(&[Source { name: "input".into(), text: format!("{DECLARED}{rest}") }]).project
}

/// What a journey makes of a person and an event: any outcome, and no panic.
fn walk(journey: &Arc<Journey>, choices: &mut Choices<'_>) {
    let profile = choices.profile();
    let now = choices.moment();
    let event = Event { id: "1".into(), name: "e".into(), at: now, properties: choices.properties() };
    let context = Context::of(&profile, now);
    if let Ok(key) = admit(journey, &event, context) {
        let _ = start(journey, Uuid::nil(), &"p".into(), key, &event, context, false);
    }
}

/// An expression over any data.
pub(crate) fn expression(data: &[u8]) -> bool {
    let Some((text, mut choices)) = parted(data) else { return false };
    let Some(project) =
        project(&format!("journey j {{\n  enter on e\n  let result = {text}\n  wait 1 day\n}}\n"))
    else {
        return false;
    };
    for journey in project.journeys.values() {
        walk(journey, &mut choices);
    }
    true
}

/// A text with holes in every place of a request.
pub(crate) fn template(data: &[u8]) -> bool {
    let Some((text, mut choices)) = parted(data) else { return false };
    let action = match choices.byte() % 6 {
        0 => format!("POST shop \"/x\" json {{{text}}}"),
        1 => format!("POST shop \"/x\" json [{text}]"),
        2 => format!("POST shop \"/{text}\" query \"a\": \"{text}\""),
        3 => format!("POST shop \"/x\" header \"X-A\": \"{text}\""),
        4 => format!("POST shop \"/x\" form {{ a: \"{text}\" }}"),
        _ => format!("POST shop \"/x\" text \"text/html\" \"{text}\""),
    };
    let uses = "journey j {\n  enter on e\n  call a(event.s, event.n, event.items)\n}\n";
    let Some(project) =
        project(&format!("action a(text: string, number: int, items: [Item]) {{ {action} }}\n{uses}"))
    else {
        return false;
    };
    let (profile, event) = (choices.profile(), choices.properties());
    let args = ["s", "n", "items"].map(|name| event.field(name).cloned().unwrap_or(Value::Null));
    let names = BTreeMap::new();
    let scope = Scope::new(&profile, &event, &names, choices.moment());
    for action in project.actions.values() {
        match request_of(action, &args, &scope) {
            Ok(request) => {
                for (name, value) in &request.headers {
                    assert!(!value.contains(['\r', '\n']), "the header {name} is broken: {value:?}");
                }
            }
            Err(error) => assert!(!error.reason.contains("not JSON"), "{}: {text}", error.reason),
        }
    }
    true
}

/// A schedule, from any moment in any zone.
pub(crate) fn schedule(data: &[u8]) -> bool {
    let Some((text, mut choices)) = parted(data) else { return false };
    let Ok(schedule) = Schedule::parse(text) else { return false };
    let zones = [
        "UTC",
        "Europe/Berlin",
        "Pacific/Apia",
        "America/Sao_Paulo",
        "Africa/Monrovia",
        "Australia/Lord_Howe",
    ];
    let Ok(zone) = TimeZone::get(choices.one(&zones).unwrap_or("UTC")) else { return false };
    let mut at = choices.moment();
    let shift = jiff::SignedDuration::from_mins(choices.integer() % 10_000_000);
    at = at.checked_add(shift).unwrap_or(at);
    for _ in 0..4 {
        let Some(next) = schedule.next(at, &zone) else { break };
        assert!(next > at, "{text}: {next} does not follow {at}");
        at = next;
    }
    true
}

/// Any JSON against the declared shapes: what is taken comes back the same from the store and from the wire.
pub(crate) fn event(data: &[u8]) -> bool {
    let Some((text, _)) = parted(data) else { return false };
    let Ok(tree) = serde_json::from_str::<serde_json::Value>(text) else { return false };
    let Some(project) = project("") else { return false };
    let records = project.events.values().map(|event| event.record.clone());
    let mut taken = false;
    for record in records.chain([project.profile.record.clone()]) {
        let shape = graph::Type::Record(record);
        let Ok(value) = shape.read(&tree) else { continue };
        assert_eq!(json::restore(&json::store(&value)).as_ref(), Ok(&value), "the store");
        // Undeclared numbers may change their kind (`1e3` comes back as `1000`), what is written may not.
        let again = shape.read(&json::to_json(&value)).map(|again| json::write(&again));
        assert_eq!(again.as_deref(), Ok(&*json::write(&value)), "the wire");
        taken = true;
    }
    taken
}
