//! The journeys that ship with the repository: they compile, they are formatted, their versions stand for themselves.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its files has failed"
)]

use std::path::Path;

use lang::{Source, compile, draw, format};

fn sources() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../journeys");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "journey"))
        .map(|path| Source {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(path).unwrap(),
        })
        .collect()
}

#[test]
fn they_compile() {
    let sources = sources();
    let compiled = compile(&sources);
    assert!(compiled.diagnostics.is_empty(), "{}", draw(&compiled.diagnostics, &sources, false));
    let project = compiled.project.unwrap();
    let names: Vec<_> = project.journeys.keys().map(|name| &**name).collect();
    assert_eq!(names, ["cartReminder", "orderDispatch", "paymentAlert", "recommendation", "vipReward"]);
    for event in ["Cart Abandoned", "Order Completed", "Reward Requested", "Product Viewed", "Payment Failed"]
    {
        assert!(project.event_on_wire(event).is_some(), "{event}");
    }
}

#[test]
fn steps_have_names_from_their_structure() {
    let project = compile(&sources()).project.unwrap();
    let steps = |journey: &str| -> Vec<String> {
        project.journeys[journey].steps.keys().map(|name| name.to_string()).collect()
    };
    assert_eq!(steps("cartReminder"), ["end", "send-cartWaiting", "wait-1"]);
    assert_eq!(
        steps("vipReward"),
        [
            "call-vipStatus",
            "end",
            "if-1",
            "if-1.else.send-standardOffer",
            "if-1.else.wait-1",
            "if-1.then.send-vipOffer"
        ]
    );
    assert_eq!(
        steps("paymentAlert"),
        [
            "call-checkRisk",
            "end",
            "failure.call-slackAlert",
            "if-1",
            "if-1.then-2.call-slackAlert",
            "if-1.then.call-alertHighValue"
        ]
    );
}

#[test]
fn a_version_compiles_from_its_own_source() {
    let project = compile(&sources()).project.unwrap();
    for journey in project.journeys.values() {
        let alone = [Source { name: journey.name.to_string(), text: journey.source.to_string() }];
        let again = compile(&alone);
        assert!(again.diagnostics.is_empty(), "{}", draw(&again.diagnostics, &alone, false));
        let again = again.project.unwrap();
        let same = &again.journeys[&journey.name];
        assert_eq!(same.version, journey.version);
        assert_eq!(same.source, journey.source);
        for (a, b) in journey.graph.node_weights().zip(same.graph.node_weights()) {
            assert_eq!(a, b);
        }
        for step in journey.graph.node_weights().filter(|step| &*step.name != "end") {
            let text = &journey.source[step.span.start..step.span.end];
            assert!(
                text.starts_with(step.name.rsplit('.').next().unwrap().split('-').next().unwrap())
                    || text.starts_with("let"),
                "{} is not at `{text}`",
                step.name
            );
        }
    }
}

#[test]
fn they_are_formatted() {
    for source in sources() {
        assert_eq!(format(&source).unwrap(), source.text, "{}", source.name);
    }
}

#[test]
fn the_payloads_of_the_use_cases_stand_as_they_are() {
    let all: String = sources().iter().map(|source| source.text.clone()).collect();
    for payload in [
        r#"{ "to": "{{ profile.phoneNumber }}", "message": "Hi {{ profile.firstName }}, your cart is waiting!" }"#,
        r#"{ "orderId": "{{ event.orderId }}", "items": {{ event.items }} }"#,
        r#"{ "message": "High-value user {{ profile.email }} exited journey unexpectedly." }"#,
    ] {
        assert!(all.contains(payload), "{payload}");
    }
    for path in [
        "/messages",
        "/warehouse/dispatch",
        "/rewards/vip-status?customerId={{ profile.customerId }}",
        "/recommendation?userId={{ profile.userId }}",
        "/slack/webhook",
    ] {
        assert!(all.contains(&format!("\"{path}\"")), "{path}");
    }
}

#[test]
fn graphs_are_drawn() {
    let project = compile(&sources()).project.unwrap();
    let drawn = lang::mermaid(&project.journeys["vipReward"]);
    assert!(drawn.starts_with("flowchart TD\n  enter([\"rewardRequested\"]) --> n0\n"), "{drawn}");
    assert!(drawn.contains("-- \"status.vip\" -->"), "{drawn}");
    assert!(lang::dot(&project.journeys["vipReward"]).starts_with("digraph \"vipReward\" {\n"));
}
