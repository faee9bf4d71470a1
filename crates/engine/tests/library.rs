//! Every example of the function library gives what it says, through compiler and engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use engine::{Context, Event, admit, start};
use graph::{Value, library};
use uuid::Uuid;

/// What an expression gives, as JSON.
fn result_of(expression: &str) -> String {
    let text = format!(
        "profile {{ id: string key }}\nevent e \"E\" {{}}\n\
         journey j {{\n  enter on e\n  let result = {expression}\n  wait 1 day\n}}\n"
    );
    let source = lang::Source { name: "example".into(), text };
    let compiled = lang::compile(std::slice::from_ref(&source));
    let Some(project) = compiled.project else {
        panic!("{}", lang::draw(&compiled.diagnostics, &[source], false));
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
        Some(value) => graph::json::write(value),
        None => panic!("`{expression}` failed: {:?}", output.instance.state.failure),
    }
}

#[test]
fn every_example_gives_what_it_says() {
    let mut examples = 0;
    for function in library::all() {
        assert!(!function.examples.is_empty(), "`{}` has no example", function.name);
        for (expression, gives) in function.examples {
            assert_eq!(result_of(expression), *gives, "`{expression}` of `{function}`");
            examples += 1;
        }
    }
    assert!(examples > 50, "{examples} examples");
}
