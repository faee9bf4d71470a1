//! What README and manual show is what happens: their journeys are those of `journeys/`, their commands are run.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use testkit::{
    Partner, Reply,
    server::{ADMIN_KEY, WRITE_KEY, workspace},
};
use tests::{program, setup_of};

/// The blocks of a language in a page, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(workspace().join(page)).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The block of commands in which a word occurs.
fn commands(page: &str, word: &str) -> String {
    blocks(page, "sh").into_iter().find(|block| block.contains(word)).unwrap()
}

/// Runs commands as a shell would that stops at the first failure, with `wayfare` on its path.
fn shell(script: &str, folder: &Path) -> Output {
    let programs = program().parent().unwrap().display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    Command::new("sh").args(["-eu", "-c", script]).current_dir(folder).env("PATH", path).output().unwrap()
}

fn succeeds(script: &str, folder: &Path) -> String {
    let output = shell(script, folder);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{out}\n{err}");
    out.into_owned()
}

/// A folder with the journeys of the repository.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("journeys")).unwrap();
    for file in fs::read_dir(workspace().join("journeys")).unwrap() {
        let file = file.unwrap();
        if file.path().is_file() {
            fs::copy(file.path(), folder.path().join("journeys").join(file.file_name())).unwrap();
        }
    }
    folder
}

#[test]
fn the_journeys_shown_are_those_that_run() {
    let shipped: String = fs::read_dir(workspace().join("journeys"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let shown = blocks("README.md", "journey");
    assert_eq!(shown.len(), 2);
    for block in shown {
        assert!(shipped.contains(&block), "stands in no file of journeys/:\n{block}");
    }
}

#[test]
fn a_project_is_started_as_the_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let script: String = commands("README.md", "wayfare new")
        .lines()
        .filter(|line| !line.starts_with("cargo "))
        .map(|line| format!("{line}\n"))
        .collect();
    let printed = succeeds(&script, folder.path());
    assert!(printed.contains("10000 people"), "{printed}");
    assert!(printed.contains("flowchart"), "{printed}");
}

#[test]
fn a_request_is_previewed_and_a_journey_simulated_as_the_pages_say() {
    let folder = project();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let profile = r#"{"customerId": "c1", "userId": "u1", "phoneNumber": "+49", "firstName": "Ada"}"#;
    write("profile.json", profile);
    write(
        "event.json",
        r#"{"event": "Order Completed", "properties": {"orderId": "o1", "total": 59.90, "items": []}}"#,
    );
    let preview = commands("README.md", "wayfare preview");
    let printed = succeeds(&format!("export WAREHOUSE_KEY=k\n{preview}"), folder.path());
    assert!(printed.starts_with("POST https://warehouse.example.com/"), "{printed}");

    let manual = fs::read_to_string(workspace().join("docs/language.md")).unwrap();
    let mocks = manual.split('`').find(|part| part.starts_with("{\"vipStatus\"")).unwrap();
    write("mocks.json", mocks);
    write("profiles.ndjson", profile);
    let event = manual.split('`').find(|part| part.starts_with("{\"event\": \"Cart Abandoned\"")).unwrap();
    write("events.ndjson", &event.replace("{…}", r#"{"cartId": "k", "total": 5, "items": []}"#));
    let simulated = succeeds(&commands("docs/language.md", "wayfare simulate"), folder.path());
    assert!(simulated.contains("\"entered\": 1"), "{simulated}");
}

#[test]
fn traces_go_to_where_the_collector_of_the_page_listens() {
    let page = "docs/operating.md";
    let (settings, collector) = (blocks(page, "toml").concat(), blocks(page, "yaml").concat());
    let port = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap();
        line.rsplit_once(':').unwrap().1.trim_matches(['"', ' ']).to_owned()
    };
    assert_eq!(port(&settings, "otlp ="), port(&collector, "endpoint:"));
}

/// The blocks of commands of a page in order, each with the JSON that is shown before the next.
fn conversation(page: &str) -> Vec<(String, Option<Value>)> {
    let text = fs::read_to_string(workspace().join(page)).unwrap();
    let mut said: Vec<(String, Option<Value>)> = Vec::new();
    for block in text.split("\n```").filter(|block| !block.starts_with('\n')) {
        match block.split_once('\n') {
            Some(("sh", commands)) => said.push((commands.to_owned(), None)),
            Some(("json", answer)) => {
                said.last_mut().unwrap().1 = Some(serde_json::from_str(answer).unwrap())
            }
            _ => {}
        }
    }
    said
}

#[test]
fn a_sender_is_answered_as_the_page_says() {
    const BETWEEN: &str = "\n--- next ---\n";
    let page = "docs/events.md";
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let setup = setup_of("sqlite", &partner, &blocks(page, "journey").concat(), &[]);
    let server = setup.start().unwrap();
    let event = r#"{"id":"order-80","event":"Order Completed","profile":"cy","properties":{"orderId":"80","total":1}}"#;
    fs::write(setup.folder.join("events.ndjson"), format!("{event}\n{event}\n")).unwrap();
    let said = conversation(page);
    assert_eq!(said.iter().filter(|(_, answer)| answer.is_some()).count(), 6, "of {} blocks", said.len());
    let commands: String =
        said.iter().map(|(commands, _)| format!("{commands}\nprintf '{BETWEEN}'\n")).collect();
    let printed = succeeds(
        &format!(
            "export WAYFARE=http://{} WAYFARE_WRITE_KEYS={WRITE_KEY} WAYFARE_ADMIN_KEYS={ADMIN_KEY}\n{commands}",
            server.address
        ),
        &setup.folder,
    );
    for ((commands, shown), printed) in said.iter().zip(printed.split(BETWEEN)) {
        let answers = serde_json::Deserializer::from_str(printed).into_iter::<Value>();
        let answers: Vec<Value> = answers.collect::<Result<_, _>>().unwrap();
        match shown {
            Some(shown) => assert_eq!(answers.last(), Some(shown), "{commands}"),
            None => assert!(answers.iter().all(|answer| answer["type"].is_null()), "{commands}\n{printed}"),
        }
    }
    assert!(printed.contains(r#"{"accepted":1,"duplicates":1}"#), "the file was sent: {printed}");
    assert!(printed.contains(r#""outcome":"entered""#), "{printed}");
}

#[test]
fn the_server_is_run_and_fed_as_the_readme_says() {
    let folder = project();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (serve, send) = (commands("README.md", "wayfare serve"), commands("README.md", "/v1/events"));
    let backup = commands("docs/operating.md", "wayfare backup");
    let secrets = "export TWILIO_TOKEN=t WAREHOUSE_KEY=t REWARDS_TOKEN=t RECOMMENDATIONS_KEY=t PAYMENTS_TOKEN=t SLACK_TOKEN=t";
    let script = format!(
        "{secrets}\n{} 2>log &\nserver=$!\ntrap 'kill $server' EXIT\n\
         for try in $(seq 100); do curl -sf http://127.0.0.1:7070/health/ready >/dev/null && break; sleep 0.1; done\n{send}\necho\n{backup}",
        serve.trim_end()
    );
    let printed = succeeds(&script.replace("7070", &port.to_string()), folder.path());
    assert!(printed.starts_with("{\"accepted\":1,\"duplicates\":0}\n"), "{printed}");
    assert!(printed.trim().ends_with(" MiB") && folder.path().join("copy.db").exists(), "{printed}");
}
