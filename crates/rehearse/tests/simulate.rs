//! Simulations: the same whatever the number of threads, and nothing is counted twice or lost.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{collections::BTreeMap, fs, path::Path};

use graph::{ErrorKind, Project, Value};
use jiff::{SignedDuration, Timestamp};
use lang::Source;
use rehearse::simulate::{Answer, Plan, Report, Share, drawn, simulate};

fn project() -> Project {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../journeys");
    let mut sources = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        sources.push(Source { name: path.display().to_string(), text: fs::read_to_string(path).unwrap() });
    }
    lang::compile(&sources).project.unwrap()
}

fn begin() -> Timestamp {
    "2026-01-05T00:00:00Z".parse().unwrap()
}

fn run(
    project: &Project,
    journey: &str,
    people: usize,
    threads: usize,
    answers: &[(&str, Vec<Share>)],
) -> Report {
    let answers = answers.iter().map(|(name, shares)| ((*name).into(), shares.clone()));
    let plan = Plan {
        project,
        journey: journey.into(),
        answers: answers.collect::<BTreeMap<_, _>>(),
        seed: 7,
        end: begin() + SignedDuration::from_hours(24 * 30),
        threads,
    };
    let story = |number| drawn(&plan, begin(), number, people).unwrap();
    simulate(&plan, people, &story).unwrap()
}

#[test]
fn the_counts_add_up_and_do_not_depend_on_the_threads() {
    let project = project();
    let one = run(&project, "vipReward", 1_001, 1, &[]);
    let three = run(&project, "vipReward", 1_001, 3, &[]);
    assert_eq!(
        format!("{:?}", three.steps().collect::<Vec<_>>()),
        format!("{:?}", one.steps().collect::<Vec<_>>())
    );
    assert_eq!((&one.calls, &one.messages, &one.ended), (&three.calls, &three.messages, &three.ended));
    assert_eq!((one.duration(50), one.duration(100)), (three.duration(50), three.duration(100)));
    assert_eq!((one.people, one.entered), (1_001, 1_001));
    assert_eq!(one.ended.values().sum::<u64>(), 1_001);
    assert_eq!(one.messages.values().sum::<u64>(), 1_001);
    assert_eq!(one.calls["vipStatus"], 1_001);
    assert_eq!(one.never_taken().count(), 0);
    assert_eq!(one.duration(100), Some(600_000_000));
}

#[test]
fn partners_answer_as_the_shares_say() {
    let project = project();
    let vip = |vip| Value::record([("vip", Value::Bool(vip)), ("level", Value::Null)]);
    let shares = vec![
        Share { percent: 30, answer: Answer::Returns(vip(true)) },
        Share { percent: 70, answer: Answer::Returns(vip(false)) },
    ];
    let report = run(&project, "vipReward", 10_000, 2, &[("vipStatus", shares)]);
    let vips = report.messages["vipOffer"];
    assert!((2_800..3_200).contains(&vips), "{vips}");
    assert_eq!(vips + report.messages["standardOffer"], 10_000);

    let down = vec![Share { percent: 100, answer: Answer::Fails(ErrorKind::Timeout) }];
    let report = run(&project, "vipReward", 100, 2, &[("vipStatus", down)]);
    assert_eq!((report.calls["vipStatus"], report.messages["standardOffer"]), (100, 100));
    assert_eq!(report.never_taken().map(|(step, _)| step.to_string()).collect::<Vec<_>>(), ["if-1"]);

    let error = vec![Share { percent: 100, answer: Answer::Status(404) }];
    let report = run(&project, "paymentAlert", 100, 2, &[("checkRisk", error)]);
    let failed = report.steps().find(|(step, _)| &***step == "call-checkRisk").unwrap().1.failed;
    assert_eq!(failed, 100);
}
