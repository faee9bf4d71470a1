//! Every example of the function library gives what it says, through compiler and engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use engine::{Context, Event, admit, start};
use graph::{Value, library};
use uuid::Uuid;

/// What an expression gives, as JSON, or why it fails.
fn result_of(expression: &str) -> Result<String, String> {
    let text = format!(
        "profile {{ id: string key }}\nevent e \"E\" {{}}\n\
         journey j {{\n  enter on e\n  let result = {expression}\n  wait 1 day\n}}\n"
    );
    let source = lang::Source { name: "example".into(), text };
    let compiled = lang::compile(std::slice::from_ref(&source));
    let Some(project) = compiled.project else {
        return Err(lang::draw(&compiled.diagnostics, &[source], false));
    };
    let journey = project.journeys.values().next().unwrap();
    let event = Event {
        id: "1".into(),
        name: "e".into(),
        at: "2026-11-24T09:00:00Z".parse().unwrap(),
        properties: Value::record([] as [(&str, Value); 0]),
    };
    let profile = Value::record([("id", Value::text("p"))]);
    let context = Context::of(&profile, event.at);
    let key = admit(journey, &event, context).unwrap();
    let output = start(journey, Uuid::nil(), &"p".into(), key, &event, context, false);
    match output.instance.state.variables.get("result") {
        Some(value) => Ok(graph::json::write(value)),
        None => Err(output.instance.state.failure.unwrap().error.reason),
    }
}

#[test]
fn every_example_gives_what_it_says() {
    let mut wrong = Vec::new();
    for function in library::all() {
        assert!(function.examples.len() > 1, "`{function}` has no example of an edge case");
        for (expression, gives) in function.examples {
            let result = result_of(expression);
            if result.as_deref() != Ok(*gives) {
                wrong.push(format!("{expression}\n  gives {result:?}\n  not {gives}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_data_does_not_allow_is_a_fault_that_says_why() {
    let faults = [
        (r#""a".repeat(100001)"#, "the text would have 100001 characters, the most are 100000"),
        (r#""ab".repeat(9223372036854775807)"#, "the text would have 18446744073709551614 characters"),
        (r#""a".padStart(100001)"#, "the text would have 100001 characters, the most are 100000"),
        (r#""a".padEnd(5, "")"#, "the filling must have a character"),
        (r#""a".repeat(100000).replace("a", "a".repeat(100000))"#, "the text grows beyond 1 MiB"),
        (r#""a".repeat(100000).replaceAll("a", "b".repeat(100000))"#, "the text grows beyond 1 MiB"),
        (r#""a".repeat(100000).replaceAll(".*", "$0".repeat(50000))"#, "the text grows beyond 1 MiB"),
        (
            r#"["a", "b", "c"].join("-".repeat(100000).repeat(1)).repeat(2)"#,
            "the text would have 400006 characters",
        ),
        (
            r#"("a".repeat(60000) + "b".repeat(60000)).allMatches("a")"#,
            "has 120000 bytes, too many to find every match",
        ),
        (r#""a".repeat(100000).replaceAll("", "$x".repeat(1000))"#, "the text grows beyond 1 MiB"),
        (r#""a".matches("(")"#, "not a regular expression, or one that is too large"),
        (r#""a".matches("(a{1000}){1000}")"#, "not a regular expression, or one that is too large"),
        (r#""x".toDate()"#, "`x` is not a date, such as 2026-11-24"),
        (r#""2026-02-30".toDate()"#, "`2026-02-30` is not a date"),
        (r#""x".toDateTime()"#, "`x` is not a date and time with offset"),
        (r#"now.format("%Q%", "UTC")"#, "not a date pattern"),
        (r#""x".parseDate("%!")"#, "not a date pattern"),
        (r#"now.plusYears(9223372036854775807, "UTC")"#, "the date lies beyond the calendar"),
        (r#"now.plusYears(9000, "UTC")"#, "the date lies beyond the calendar"),
        (r#""9999-12-31".toDate().plusDays(1)"#, "the date lies beyond the calendar"),
        (r#""9999-12-31".toDate().endOfWeek()"#, "the date lies beyond the calendar"),
        (r#"now.withTime(24, 0, "UTC")"#, "24:00 is not a time of day"),
        (r#"now.withTime(-3, 5000, "UTC")"#, "-3:5000 is not a time of day"),
        (r#"now.withDay(0, "UTC")"#, "a day of the month is between 1 and 31"),
        ("(9223372036854775807).toDateTime()", "the date lies beyond the calendar"),
        ("(1).round(29)", "digits must be between 0 and 28"),
        ("(7922816251426433759354395033).toInt()", "the number grows too large"),
        ("(-1).sqrt()", "a number below zero has no square root"),
        ("(10).pow(29)", "the number grows too large"),
        ("(0).pow(-1)", "division by zero"),
        ("(0).pow(-0.5)", "division by zero"),
        ("(-8).pow(0.5)", "a number below zero has no power with a fraction"),
        ("(5).mod(0)", "division by zero"),
        ("(5.5).mod(0)", "division by zero"),
        ("(5).clamp(3, 1)", "3 is above 1: the lower bound comes first"),
        ("distance(91, 0, 0, 0)", "91 degrees are no place: they go from -90 to 90"),
        (r#""a".hmacSha256("k", "b64")"#, "`b64` is not an encoding"),
        (r#""a".uuid("b")"#, "`b` is not a UUID"),
        (r#""{}".parseJson().get("a..b")"#, "`a..b` is not a path"),
        (r#""{}".parseJson().get("[x]")"#, "`[x]` is not a path"),
        (r#""a".asText()"#, "`asText` is a function of json, this is string"),
    ];
    let mut wrong = Vec::new();
    for (expression, reason) in faults {
        let result = result_of(expression);
        if !result.as_ref().is_err_and(|found| found.contains(reason)) {
            wrong.push(format!("{expression}\n  gives {result:?}\n  not {reason}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn extremes_have_an_answer() {
    let mixed = r#"("[3, \"a\", null, {\"b\": 1}, 1.0, [2], true]".parseJson().asList() ?? [])"#;
    for (expression, gives) in [
        ("(7922816251426433759354395033).sqrt()".to_owned(), "89010203074852.2321297904375"),
        ("(0.0000000000000000000000000001).sqrt()".into(), "0.00000000000001"),
        ("(0).sqrt()".into(), "0"),
        ("(0.25).sqrt()".into(), "0.5"),
        ("(1).pow(9223372036854775807)".into(), "1"),
        ("(0).pow(0)".into(), "1"),
        ("(0.5).pow(9223372036854775807) < 0.001".into(), "true"),
        ("(-9223372036854775807 - 1).mod(-1)".into(), "0"),
        ("(-0.4).round()".into(), "0"),
        ("(7922816251426433759354395033).format(28).length()".into(), "57"),
        ("(7922816251426433759354395033).round(28) > 0".into(), "true"),
        ("(-7922816251426433759354395033).mod(0.0000000001)".into(), "0.0000000000"),
        (r#""İstanbul".containsIgnoringCase("STAN")"#.into(), "true"),
        (r#""a".truncate(-1)"#.into(), r#""""#),
        (r#""abc".substring(2, 1)"#.into(), r#""""#),
        ("[1].at(-9223372036854775807)".into(), "null"),
        (format!("{mixed}.sort()"), r#"[null,true,1.0,3,"a",[2],{"b":1}]"#),
        (format!("{mixed}.sortDescending().distinctCount()"), "7"),
        (format!("{mixed}.max()"), r#"{"b":1}"#),
    ] {
        assert_eq!(result_of(&expression).as_deref(), Ok(gives), "{expression}");
    }
}
