//! Measures the language: how long authors wait for the compiler, the editor, their tests and a simulation.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::processes::peak_mib;

const DECLARED: &str = include_str!("../language.journey");

/// How many lines the project has that is checked.
const LINES: usize = 5_000;

/// How many journeys stand in one of its files.
const A_FILE: usize = 10;

/// All figures.
pub(crate) fn run(quick: bool) -> Result<Value> {
    let program = std::env::current_exe()?.with_file_name("wayfare");
    let folder = tempfile::tempdir()?;
    let files = project(folder.path())?;
    let check = check(&program, folder.path(), if quick { 5 } else { 21 })?;
    let keystrokes = keystrokes(&program, folder.path(), &files, 30)?;
    let count = if quick { 1_000 } else { 10_000 };
    let tests = tests(&program, count)?;
    let people = if quick { 100_000 } else { 1_000_000 };
    let simulation = simulation(&program, people)?;
    Ok(json!({
        "lines": LINES,
        "check_ms": round(check),
        "keystroke_ms": {"median": round(keystrokes.0), "worst": round(keystrokes.1)},
        "tests": count,
        "tests_of_a_month_s": round(tests),
        "simulated_people": people,
        "simulation_s": round(simulation.0),
        "simulation_peak_mib": simulation.1.round(),
    }))
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Writes a project of so many lines, as a team writes one: many files, each with a few journeys.
fn project(folder: &Path) -> Result<Vec<PathBuf>> {
    fs::write(folder.join("declared.journey"), DECLARED)?;
    let (mut written, mut files, mut number) = (DECLARED.lines().count(), Vec::new(), 0);
    while written < LINES {
        let mut text = String::new();
        for _ in 0..A_FILE {
            number += 1;
            text.push_str(&journey(number));
        }
        written += text.lines().count();
        let file = folder.join(format!("journeys-{number}.journey"));
        fs::write(&file, text)?;
        files.push(file);
    }
    Ok(files)
}

fn journey(number: usize) -> String {
    format!(
        r#"
/// Brings back people who left a full cart.
journey rescue{number} {{
  enter on cartAbandoned as cart where cart.total >= {number}
  one per cart.cartId
  re-enter after 7 days
  exit on orderPlaced as order where order.cartId == cart.cartId

  wait 1 hour
  let status = call vipStatus(profile.customerId) or {{ vip: false, level: null }}
  if status.vip {{
    send reminder(cart, status.level ?? "gold")
  }} else {{
    split "subject line {number}" {{
      50% "short" {{ send reminder(cart, "none") }}
      30% "long" {{ send reminder(cart, "nothing at all") }}
      holdout
    }}
  }}
  repeat 3 times as round until profile.email != null {{
    call sendText(profile.phone, "Reminder {{{{ round }}}}: {{{{ cart.items.map(item => item.sku).join(", ") }}}}")
    wait 2 days
  }}
}}
"#
    )
}

/// The median of so many runs of `wayfare check`, from start to end of the process.
fn check(program: &Path, folder: &Path, times: usize) -> Result<f64> {
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let start = Instant::now();
        let output = Command::new(program).arg("check").arg(folder).output()?;
        taken.push(millis(start));
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(median(taken))
}

/// From a keystroke in one file of the project to its diagnostics: the median and the worst of so many.
fn keystrokes(program: &Path, folder: &Path, files: &[PathBuf], times: usize) -> Result<(f64, f64)> {
    let file = files.first().context("a project without files")?;
    let text = fs::read_to_string(file)?;
    let uri = format!("file://{}", file.display());
    let mut editor = Editor::start(program, folder)?;
    editor.tell(
        "textDocument/didOpen",
        json!({"textDocument": {"uri": uri, "languageId": "journey", "version": 0, "text": text}}),
    )?;
    editor.diagnostics(&uri)?;
    let mut taken = Vec::with_capacity(times);
    for version in 1..=times {
        // A name is typed letter by letter: what is half written is unknown, so that there is something to say.
        let typed = text.replacen("profile.customerId", &format!("profile.c{}", "u".repeat(version)), 1);
        let start = Instant::now();
        editor.tell(
            "textDocument/didChange",
            json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": typed}]}),
        )?;
        let said = editor.diagnostics(&uri)?;
        taken.push(millis(start));
        ensure!(said.as_array().is_some_and(|said| said.len() == 1), "one error was typed: {said}");
    }
    let worst = taken.iter().copied().fold(0.0, f64::max);
    Ok((median(taken), worst))
}

/// An editor with the language server; it is killed when the editor is dropped.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Editor {
    fn start(program: &Path, folder: &Path) -> Result<Editor> {
        let mut server =
            Command::new(program).arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = server.stdin.take().context("no input")?;
        let output = BufReader::new(server.stdout.take().context("no output")?);
        let mut editor = Editor { server, input, output };
        let root = format!("file://{}", folder.display());
        let params = json!({"processId": null, "rootUri": root, "capabilities": {}});
        editor.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}))?;
        while editor.read()?.get("id").is_none() {}
        editor.tell("initialized", json!({}))?;
        Ok(editor)
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        Ok(self.input.flush()?)
    }

    fn tell(&mut self, method: &str, params: Value) -> Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    fn read(&mut self) -> Result<Value> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            ensure!(self.output.read_line(&mut line)? > 0, "the language server went away");
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// What is said next about a file.
    fn diagnostics(&mut self, uri: &str) -> Result<Value> {
        loop {
            let message = self.read()?;
            let params = message.get("params").cloned().unwrap_or_default();
            if params.get("uri").is_some_and(|said| said == uri) {
                return Ok(params.get("diagnostics").cloned().unwrap_or_default());
            }
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// So many tests, each of a month on virtual time.
fn tests(program: &Path, count: usize) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("declared.journey"), DECLARED)?;
    let mut text = journey(1);
    for number in 0..count {
        let _ = write!(
            text,
            r#"
test "month {number}" {{
  profile {{ customerId: "c{number}", phone: "+4915112345" }}
  mock vipStatus returns {{ vip: true, level: "gold" }}
  event cartAbandoned {{ cartId: "k{number}", total: 59.90, items: [] }}
  after 30 days
  expect send reminder once
  expect journey rescue1 at end
}}
"#
        );
    }
    fs::write(folder.path().join("tests.journey"), text)?;
    let start = Instant::now();
    let output = Command::new(program).arg("test").arg(folder.path()).output()?;
    let taken = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{}", said.lines().rev().take(20).collect::<Vec<_>>().join("\n"));
    Ok(taken)
}

/// So many people through the shipped `vipReward`: seconds, and the most memory in MiB.
fn simulation(program: &Path, people: usize) -> Result<(f64, f64)> {
    let folder = tempfile::tempdir()?;
    for (name, text) in [
        ("profile", include_str!("../../../journeys/profile.journey")),
        ("connections", include_str!("../../../journeys/connections.journey")),
        ("vip_reward", include_str!("../../../journeys/vip_reward.journey")),
    ] {
        fs::write(folder.path().join(format!("{name}.journey")), text)?;
    }
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(["simulate", "vipReward", "--format", "json", "--generate", &people.to_string()])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak = 0.0_f64;
    let status = loop {
        // The statistics go with the process, so they are read while it runs.
        peak = peak.max(peak_mib(child.id()).unwrap_or(0.0));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    ensure!(status.success(), "the simulation failed");
    Ok((start.elapsed().as_secs_f64(), peak))
}
