//! `wayfare functions`: the reference of the expression library, made from the functions themselves.

use std::process::ExitCode;

use graph::library::{self, Function, Shape};

use crate::commands::print;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the functions of this name.
    name: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.name {
        None => print(&reference()),
        Some(name) => {
            let found: Vec<String> = library::named(name).map(entry).collect();
            anyhow::ensure!(
                !found.is_empty(),
                "there is no function `{name}`; `wayfare functions` lists them all"
            );
            print(&found.join("\n"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The whole reference, as Markdown.
fn reference() -> String {
    let mut out = String::from(
        "# The expression library\n\n\
         Made by `wayfare functions`; every example is run by a test. A function is a method of its first argument\n\
         (`text.trim()`), unless it stands alone (`min(2, 3)`). Where the data does not allow an answer it faults, and the\n\
         step fails as a call does; where there may be none its type ends in `?`. No text grows beyond 1 MiB.\n\
         Functions know nothing but their arguments: those that look at the present are given `now`.\n\n",
    );
    let families = FAMILIES.map(|(title, fits)| {
        let family: Vec<&Function> = library::all().filter(|function| fits(function)).collect();
        (title, family)
    });
    for (title, family) in &families {
        let mut names: Vec<&str> = Vec::new();
        let mut links = String::new();
        for function in family {
            if !names.contains(&function.name) {
                names.push(function.name);
                links.push_str(&format!(" [{}](#{})", function.name, anchor(&function.to_string())));
            }
        }
        out.push_str(&format!("- **[{title}](#{})**:{links}\n", anchor(title)));
    }
    out.push_str(&format!("- [{ADOBE}](#{})\n", anchor(ADOBE)));
    for (title, family) in &families {
        out.push_str(&format!("\n## {title}\n"));
        for function in family {
            out.push_str(&format!("\n{}", entry(function)));
        }
    }
    debug_assert_eq!(
        out.matches("\n### ").count(),
        library::all().count(),
        "a function belongs to one family"
    );
    out.push_str(&format!("\n## {ADOBE}\n\n| There | Here |\n|---|---|\n"));
    for (theirs, ours) in FROM_ADOBE {
        out.push_str(&format!("| {theirs} | {ours} |\n"));
    }
    out
}

/// The anchor that Markdown viewers give a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

/// A title, and what belongs under it.
type Family = (&'static str, fn(&Function) -> bool);

const FAMILIES: [Family; 9] = [
    ("Texts", |function| receiver(function) == Some(Shape::Text)),
    ("Numbers", |function| matches!(receiver(function), Some(Shape::Int | Shape::Decimal | Shape::Number))),
    ("Lists", |function| matches!(receiver(function), Some(Shape::List(_)))),
    ("Moments", |function| receiver(function) == Some(Shape::DateTime)),
    ("Dates", |function| receiver(function) == Some(Shape::Date)),
    ("Durations", |function| receiver(function) == Some(Shape::Duration)),
    ("JSON", |function| receiver(function) == Some(Shape::Json)),
    ("Any value", |function| {
        matches!(
            receiver(function),
            Some(
                Shape::Any
                    | Shape::A
                    | Shape::B
                    | Shape::Bool
                    | Shape::TimeZone
                    | Shape::Optional(_)
                    | Shape::Function(..)
            )
        )
    }),
    ("Without a receiver", |function| receiver(function).is_none()),
];

fn receiver(function: &Function) -> Option<Shape> {
    function.params.first().filter(|_| function.method).map(|param| param.shape)
}

fn entry(function: &Function) -> String {
    let examples: String =
        function.examples.iter().map(|(example, gives)| format!("{example}  // {gives}\n")).collect();
    format!("### `{function}`\n\n{}\n\n```text\n{examples}```\n", function.doc)
}

const ADOBE: &str = "Coming from Adobe Journey Optimizer";

/// Adobe's functions, and how the same is written here where the name is another.
const FROM_ADOBE: [(&str, &str); 30] = [
    ("`currentTimeInMillis()`", "`now.toMilliseconds()`"),
    ("`now()`, `nowWithDelta(-2, \"hours\")`", "`now`, `now - 2 hours`, `now.plusMonths(-2, zone)`"),
    ("`inLastDays(x, 3)`, `inLastHours(x, 3)`", "`x.inLast(3 days, now)`, `x.inLast(3 hours, now)`"),
    ("`inLastMonths(x, 3)`, `inLastYears(x, 3)`", "`x.isBetween(now.plusMonths(-3, zone), now)`"),
    ("`inNextDays(x, 3)`, `inNextHours(x, 3)`", "`x.inNext(3 days, now)`, `x.inNext(3 hours, now)`"),
    ("`inNextMonths(x, 3)`, `inNextYears(x, 3)`", "`x.isBetween(now, now.plusMonths(3, zone))`"),
    ("`setHours(x, 9)`, `setDays(x, 1)`", "`x.withTime(9, 0, zone)`, `x.withDay(1, zone)`"),
    ("`updateTimeZone(x, zone)`", "moments have no zone: each function that needs one is given it"),
    ("`toDateOnly(x)`, `toDateTimeOnly(x)`", "`x.toDate()`, `x.date(zone)`, `x.format(\"%FT%T\", zone)`"),
    ("`toInteger(x)`", "`x.toInt()`"),
    ("`toDuration(3600000)`", "`3600 * 1 second`, `\"PT1H\".toDuration()`"),
    ("`concat(a, b)`", "`a + b`, or `\"{{ a }}{{ b }}\"`"),
    ("`containIgnoreCase`, `startWithIgnoreCase`", "`containsIgnoringCase`, `startsWithIgnoringCase`"),
    ("`endWithIgnoreCase`, `equalIgnoreCase`", "`endsWithIgnoringCase`, `equalsIgnoringCase`"),
    ("`notEqualIgnoreCase(a, b)`", "`not a.equalsIgnoringCase(b)`"),
    ("`isNotEmpty(x)`", "`not x.isEmpty()`"),
    ("`matchRegExp(x, p)`", "`x.matches(p)`; with `^` and `$` for the whole text"),
    ("`substr(x, 1, 3)`", "`x.substring(1, 3)`"),
    ("`uuid()`", "`\"{{ journey.instance }} order\".uuid()`: the same each time it is asked for"),
    ("`random()`", "`profile.customerId.fraction()`, or a `split`"),
    ("`countOnlyNull(x)`", "`x.filter(one => one == null).count()`"),
    ("`countWithNull(x)`, `listSize(x)`", "`x.count()`"),
    ("`count(x)`, `distinct(x)`", "`x.present().count()`, `x.present().distinct()`"),
    ("`distinctCount(x)`", "`x.present().distinctCount()`"),
    ("`distinctWithNull(x)`, `distinctCountWithNull(x)`", "`x.distinct()`, `x.distinctCount()`"),
    ("`in(x, list)`, `contain(text, x)`", "`x in list`, `text.contains(x)`"),
    ("`getListItem(x, 2)`", "`x[2]`, `x.at(2)`"),
    ("`limit(x, 3)`, `topN(x, key, 3)`", "`x.take(3)`, `x.sortByDescending(one => one.key).take(3)`"),
    ("`serializeList(x, \", \", true)`", "`x.join(\", \")`, `x.toJson()`"),
    ("`distance(a, b, c, d, \"km\")`", "`distance(a, b, c, d) / 1000`"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_that_stand_for_adobes_exist() {
        for (_, ours) in FROM_ADOBE {
            for (before, _) in ours.match_indices('(').map(|(at, _)| ours.split_at(at)) {
                let name = before.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
                assert!(library::named(name).next().is_some(), "`{name}` in {ours}");
            }
        }
    }

    #[test]
    fn every_function_has_an_anchor_of_its_own() {
        let anchors: std::collections::BTreeSet<String> =
            library::all().map(|function| anchor(&function.to_string())).collect();
        assert_eq!(anchors.len(), library::all().count());
    }
}
