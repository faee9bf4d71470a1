//! Functions of a project, through compiler and engine: what they give, and that the highest tree that compiles fits the
//! stack of a thread.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use engine::{Context, Event, admit, start};
use graph::{Journey, Value};
use lang::{Source, compile};
use uuid::Uuid;

fn compiled(functions: &str, expression: &str) -> Option<std::sync::Arc<Journey>> {
    let text = format!(
        "profile {{ id: string key }}\nevent e \"E\" {{}}\n{functions}\n\
         journey j {{\n  enter on e\n  let result = {expression}\n  wait 1 day\n}}\n"
    );
    compile(&[Source { name: "functions".into(), text }]).project?.journeys.values().next().cloned()
}

fn result_of(journey: &Journey) -> String {
    let at = "2026-11-24T09:00:00Z".parse().unwrap();
    let event = Event { id: "1".into(), name: "e".into(), at, properties: Value::Null };
    let profile = Value::record([("id", Value::text("p"))]);
    let context = Context::of(&profile, at);
    let key = admit(journey, &event, context).unwrap();
    let output = start(journey, Uuid::nil(), &"p".into(), key, &event, context, false);
    match output.instance.state.variables.get("result") {
        Some(value) => graph::json::write(value),
        None => format!("{:?}", output.instance.state.failure.map(|failure| failure.error.reason)),
    }
}

#[test]
fn they_compute_from_their_arguments() {
    let functions = "fn net(gross: decimal, rate: decimal = ) -> decimal = gross";
    assert!(compiled(functions, "1").is_none(), "a parameter has no default");
    let functions = "
        fn net(gross: decimal) -> decimal = gross / 1.19
        fn shown(amounts: [decimal]) -> string = amounts.map(a => \"{{ net(a).round(2) }}\").join(\", \")";
    let journey = compiled(functions, "shown([11.90, 119, 0])").unwrap();
    assert_eq!(result_of(&journey), "\"10, 100, 0\"");
    let journey = compiled("fn share(a: int, of: int) -> decimal = a / of", "share(1, 0)").unwrap();
    assert_eq!(result_of(&journey), "Some(\"division by zero\")");
}

#[test]
fn the_highest_that_compiles_fits_the_stack() {
    let chain = |length: usize| {
        let mut text = "fn f0(x: int) -> int = x + 1\n".to_owned();
        for number in 1..length {
            text.push_str(&format!("fn f{number}(x: int) -> int = -f{}((x))\n", number - 1));
        }
        let nested = "(".repeat(40) + &format!("f{}(1)", length - 1) + &" + 1)".repeat(40);
        compiled(&text, &nested)
    };
    let longest = (1..200).take_while(|length| chain(*length).is_some()).last().unwrap();
    assert!((20..199).contains(&longest), "{longest} functions deep");
    let journey = chain(longest).unwrap();
    let run = std::thread::Builder::new().stack_size(2 << 20).spawn(move || result_of(&journey));
    assert!(run.unwrap().join().unwrap().parse::<i64>().is_ok());
}

#[test]
fn no_expression_takes_too_much_memory() {
    let numbers = format!("[{}]", (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>().join(", "));
    for greedy in [
        format!("{numbers}.map(n => \"x\".repeat(100000)).count()"),
        format!(
            "{numbers}.map(n => {numbers}.map(m => \"{{{{ n }}}} {{{{ m }}}}\").join(\" \")).join(\" \").length()"
        ),
    ] {
        let journey = compiled("", &greedy).unwrap();
        let result = result_of(&journey);
        assert!(result.contains("too many steps, or too much memory"), "{result}");
    }
}
