//! What an operator does with many failed instances at once: they are counted, the operator is asked, it is done page by page,
//! and it is said with how many it was done and with how many not. What comes in: an operation and a filter. Deliberately
//! absent: the choice of instances, which the server makes.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, Write as _},
    process::ExitCode,
};

use serde_json::{Map, Value as Json, json};

use crate::{
    commands::print,
    doctor::words::{number, plural},
    remote::{Format, Remote, items, shown},
};

/// How many instances one command is about at most, as one request of the API is.
const MOST: usize = 10_000;
/// How many are counted by one request.
const PAGE: usize = 500;
/// With how many one request does it: few enough that its answer comes in seconds.
const AT_ONCE: usize = 1_000;

/// Which instances are meant: those for which all of it holds.
#[derive(clap::Args)]
pub(crate) struct Filter {
    /// The journey.
    #[arg(long)]
    journey: Option<String>,
    /// The version of the journey.
    #[arg(long)]
    version: Option<String>,
    /// The step.
    #[arg(long)]
    step: Option<String>,
    /// The person.
    #[arg(long)]
    profile: Option<String>,
    /// How they failed: timeout, refused, http, invalid, capped, open or auth.
    #[arg(long)]
    kind: Option<String>,
}

impl Filter {
    /// As the API wants it in a query.
    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        let Filter { journey, version, step, profile, kind } = self;
        let fields = [
            ("journey", journey),
            ("version", version),
            ("step", step),
            ("profile", profile),
            ("kind", kind),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

/// The sums of what the requests did, as the API says it.
#[derive(Default)]
struct Sum {
    done: u64,
    ignored: u64,
    unknown: u64,
}

/// What was done, in the past: `retried`.
pub(crate) fn past(operation: &str) -> &'static str {
    match operation {
        "retry" => "retried",
        "skip" => "skipped",
        "answer" => "answered",
        _ => "cancelled",
    }
}

/// Does it with all that fit. The exit code is 1 if it was not done with all of them.
pub(crate) async fn operate(
    remote: &Remote,
    operation: &str,
    filter: &Filter,
    answer: Option<Json>,
    yes: bool,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let (count, places, more) = count(remote, filter).await?;
    eprint!("{}", concerned(count, &places, more));
    if count > 0 && !yes && !agreed(operation, count) {
        eprintln!("nothing was done");
        return Ok(ExitCode::FAILURE);
    }
    let (mut sum, mut next, mut left) = (Sum::default(), Json::Null, count);
    // No more than were counted: what fails from now on was not agreed to.
    while left > 0 {
        let body = request(filter, answer.as_ref(), &next, left.min(AT_ONCE));
        let said = remote.post(&["v1", "instances", operation], &body).await;
        let said = said.inspect_err(|_| eprintln!("it ended early: {}", sum.said(operation)))?.json;
        let looked_at = sum.add(&said);
        next = said.get("next").cloned().unwrap_or_default();
        left = left.saturating_sub(looked_at);
        if next.is_null() || looked_at == 0 {
            break;
        }
    }
    // Those were counted and fit no more.
    sum.ignored += u64::try_from(left).unwrap_or(u64::MAX);
    print(&match format {
        Format::Json => {
            json!({ "done": sum.done, "ignored": sum.ignored, "unknown": sum.unknown, "next": more.then_some(next) })
                .to_string()
        }
        Format::Text => {
            let more = if more { "; there are more: give the command again" } else { "" };
            sum.said(operation) + more
        }
    });
    let all = sum.ignored + sum.unknown == 0;
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many failed instances fit, how many there are at which step, and whether there are more than one command is about.
async fn count(remote: &Remote, filter: &Filter) -> anyhow::Result<(usize, BTreeMap<String, u64>, bool)> {
    let (mut count, mut places, mut before) = (0, BTreeMap::new(), None);
    loop {
        let mut query = filter.query();
        query.extend([("status", "failed".to_owned()), ("limit", PAGE.to_string())]);
        query.extend(before.map(|before| ("before", before)));
        let page = remote.get(&["v1", "instances"], &query).await?.json;
        for one in items(&page, "instances") {
            if count == MOST {
                return Ok((count, places, true));
            }
            count += 1;
            let failure = one.get("failure").unwrap_or(&Json::Null);
            let place =
                format!("{} at {}: {}", shown(one, "journey"), shown(one, "step"), shown(failure, "kind"));
            *places.entry(place).or_insert(0) += 1;
        }
        before = page.get("next").and_then(Json::as_str).map(str::to_owned);
        if before.is_none() {
            return Ok((count, places, false));
        }
    }
}

fn concerned(count: usize, places: &BTreeMap<String, u64>, more: bool) -> String {
    let of = if more { "or more; it is done with the newest of them" } else { "in all" };
    let all = u64::try_from(count).unwrap_or(u64::MAX);
    let mut out = match count {
        0 => "no failed instance fits".to_owned(),
        1 => "1 failed instance fits".to_owned(),
        _ => format!("{} failed instances fit, {of}", number(all)),
    };
    for (place, count) in places {
        out.push_str(&format!("\n  {:>7}  {place}", number(*count)));
    }
    out.push('\n');
    out
}

/// Asks on standard error and reads a line. Whoever is not there to answer has not agreed.
fn agreed(operation: &str, count: usize) -> bool {
    let them = if count == 1 { "it" } else { "them" };
    eprint!("{operation} {them}? Type yes (--yes says so beforehand): ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.is_ok() && ["y", "yes"].contains(&line.trim().to_lowercase().as_str())
}

fn request(filter: &Filter, answer: Option<&Json>, next: &Json, most: usize) -> Json {
    let fields = filter.query().into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    let mut body: Map<String, Json> = fields.collect();
    body.insert("most".to_owned(), most.into());
    if !next.is_null() {
        body.insert("before".to_owned(), next.clone());
    }
    if let Some(answer) = answer {
        body.insert("answer".to_owned(), answer.clone());
    }
    body.into()
}

impl Sum {
    /// Adds what one request did, and gives at how many it looked.
    fn add(&mut self, said: &Json) -> usize {
        let figure = |name| said.get(name).and_then(Json::as_u64).unwrap_or(0);
        let (done, ignored, unknown) = (figure("done"), figure("ignored"), figure("unknown"));
        self.done += done;
        self.ignored += ignored;
        self.unknown += unknown;
        usize::try_from(done + ignored + unknown).unwrap_or(usize::MAX)
    }

    fn said(&self, operation: &str) -> String {
        let mut out = format!("{} {}", past(operation), plural(self.done, "instance"));
        if self.ignored > 0 {
            let why = if operation == "answer" {
                "the answer does not fit what their action declares, or they had changed meanwhile"
            } else {
                "they had changed meanwhile, most likely because somebody else was faster"
            };
            out.push_str(&format!("; not {}: {why}", number(self.ignored)));
        }
        if self.unknown > 0 {
            out.push_str(&format!(
                "; of {} it is not known, because the database or another node failed meanwhile: those that are still \
                 failed can be asked about again",
                number(self.unknown)
            ));
        }
        out
    }
}
