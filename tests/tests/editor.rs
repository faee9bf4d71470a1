//! The language server as an editor meets it: `wayfare lsp` over standard input and output.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// An editor with one server.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    number: i64,
    /// The diagnostics of files, as they were said last.
    said: Vec<(String, Value)>,
}

impl Editor {
    fn start() -> Editor {
        let mut server = Command::new(tests::program())
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
        let mut editor = Editor { server, input, output, number: 0, said: Vec::new() };
        let answer =
            editor.ask("initialize", json!({"processId": null, "rootUri": null, "capabilities": {}}));
        assert_eq!(answer["capabilities"]["hoverProvider"], true);
        editor.tell("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server went away");
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The whole response; what is said meanwhile is kept.
    fn response(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let id = self.number;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.read();
            if message["id"] == id {
                return message;
            }
            if message["method"] == "textDocument/publishDiagnostics" {
                let uri = message["params"]["uri"].as_str().unwrap().to_owned();
                self.said.retain(|(known, _)| *known != uri);
                self.said.push((uri, message["params"]["diagnostics"].clone()));
            }
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let response = self.response(method, params);
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].clone()
    }

    fn diagnostics(&mut self, uri: &str) -> Value {
        // An answer comes after everything that was said before.
        self.response("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
        self.said.iter().find(|(known, _)| known == uri).unwrap().1.clone()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

const PROFILE: &str = "profile {\n  customerId: string key\n  firstName: string?\n}\nevent asked {}\n";
const JOURNEY: &str = "\
journey j {
  enter on asked
  let größe = \"😀 {{ profile.firstName ?? \"you\" }}\"
  wait 1 day
  exit \"{{ größe }}\"
}

test \"nobody\" {
  profile { customerId: \"a\" }
}
";

struct Project {
    _folder: tempfile::TempDir,
    profile: PathBuf,
    journey: PathBuf,
}

fn project() -> Project {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let (profile, journey) = (write("profile.journey", PROFILE), write("j.journey", JOURNEY));
    Project { _folder: folder, profile, journey }
}

#[test]
fn an_editor_is_answered() {
    let project = project();
    let (journey, profile) = (uri(&project.journey), uri(&project.profile));
    let mut editor = Editor::start();
    let document = json!({"uri": journey, "languageId": "journey", "version": 1, "text": JOURNEY});
    editor.tell("textDocument/didOpen", json!({"textDocument": document}));
    assert_eq!(editor.diagnostics(&journey), json!([]));
    let at = |line: u32, character: u32| json!({"textDocument": {"uri": journey}, "position": {"line": line, "character": character}});

    // `firstName` stands behind a letter of two UTF-16 units; it is declared in a file that is not open.
    let hover = editor.ask("textDocument/hover", at(2, 32));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("firstName: string?"), "{hover}");
    assert_eq!(hover["range"]["start"], json!({"line": 2, "character": 29}));
    let definition = editor.ask("textDocument/definition", at(2, 32));
    assert_eq!(definition["uri"], profile);
    assert_eq!(definition["range"]["start"], json!({"line": 2, "character": 2}));
    let mut references = at(4, 12);
    references["context"] = json!({"includeDeclaration": true});
    assert_eq!(editor.ask("textDocument/references", references).as_array().unwrap().len(), 2);
    assert_eq!(editor.ask("textDocument/documentHighlight", at(4, 12)).as_array().unwrap().len(), 2);

    let mut rename = at(4, 12);
    rename["newName"] = json!("size");
    let edit = editor.ask("textDocument/rename", rename.clone());
    assert_eq!(edit["changes"][&journey].as_array().unwrap().len(), 2);
    rename["newName"] = json!("a b");
    let refused = editor.response("textDocument/rename", rename);
    assert!(refused["error"]["message"].as_str().unwrap().contains("cannot be a name"), "{refused}");
    assert!(editor.response("textDocument/prepareRename", at(3, 3)).get("error").is_some());

    let symbols = editor.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": journey}}));
    assert_eq!(symbols[0]["name"], "j");
    let lens = editor.ask("textDocument/codeLens", json!({"textDocument": {"uri": journey}}));
    assert_eq!(lens[0]["command"]["arguments"][1], "nobody");
    let tokens = editor.ask("textDocument/semanticTokens/full", json!({"textDocument": {"uri": journey}}));
    assert_eq!(tokens["data"].as_array().unwrap().len() % 5, 0);
    assert!(editor.response("textDocument/unknown", json!({}))["error"]["code"] == -32601);
    assert_eq!(editor.ask("shutdown", Value::Null), Value::Null);
    editor.tell("exit", Value::Null);
    assert!(editor.server.wait().unwrap().success());
}

#[test]
fn mistakes_are_said_as_one_types_and_mended() {
    let project = project();
    let journey = uri(&project.journey);
    let mut editor = Editor::start();
    let document = json!({"uri": journey, "languageId": "journey", "version": 1, "text": JOURNEY});
    editor.tell("textDocument/didOpen", json!({"textDocument": document}));
    let change = |text: &str, version: i64| json!({"textDocument": {"uri": journey, "version": version}, "contentChanges": [{"text": text}]});
    let broken = JOURNEY.replace("profile.firstName", "profile.fristName").replace("  wait", "     wait");
    editor.tell("textDocument/didChange", change(&broken, 2));
    let said = editor.diagnostics(&journey);
    assert_eq!(said[0]["code"], "unknown-field", "{said}");
    assert_eq!(said[0]["range"]["start"], json!({"line": 2, "character": 29}));
    let range = said[0]["range"].clone();
    let wanted = json!({"textDocument": {"uri": journey}, "range": range, "context": {"diagnostics": said}});
    let fixes = editor.ask("textDocument/codeAction", wanted);
    assert_eq!(fixes[0]["edit"]["changes"][&journey][0]["newText"], "firstName", "{fixes}");

    let options = json!({"tabSize": 2, "insertSpaces": true});
    let asked = json!({"textDocument": {"uri": journey}, "options": options});
    let formatted = editor.ask("textDocument/formatting", asked);
    assert!(formatted[0]["newText"].as_str().unwrap().contains("\n  wait 1 day"), "{formatted}");

    let half = JOURNEY.replace("profile.firstName", "profile.");
    editor.tell("textDocument/didChange", change(&half, 3));
    let at = json!({"textDocument": {"uri": journey}, "position": {"line": 2, "character": 29}});
    let offered = editor.ask("textDocument/completion", at);
    let labels: Vec<&str> =
        offered.as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).collect();
    assert!(labels.contains(&"firstName") && labels.contains(&"customerId"), "{labels:?}");

    editor.tell("textDocument/didChange", change(JOURNEY, 4));
    assert_eq!(editor.diagnostics(&journey), json!([]));
}

#[test]
fn kits_are_offered_and_shown_and_lead_nowhere() {
    let project = project();
    let journey = uri(&project.journey);
    let mut editor = Editor::start();
    let text = "use \"std/slack\"\njourney k {\n  enter on asked\n  call slackHook(\"a\")\n  call slackHook(\"b\")\n}\n";
    let document = json!({"uri": journey, "languageId": "journey", "version": 1, "text": text});
    editor.tell("textDocument/didOpen", json!({"textDocument": document}));
    assert_eq!(editor.diagnostics(&journey), json!([]));
    let at = |line: u32, character: u32| json!({"textDocument": {"uri": journey}, "position": {"line": line, "character": character}});

    let offered = editor.ask("textDocument/completion", at(0, 9));
    let slack = offered.as_array().unwrap().iter().find(|one| one["label"] == "slack").unwrap();
    assert!(slack["documentation"].as_str().unwrap().contains("SLACK_BOT_TOKEN"), "{slack}");
    for (place, part) in [(at(0, 8), "- `action slackHook(text: string)`"), (at(3, 9), "incoming webhook")] {
        let hover = editor.ask("textDocument/hover", place);
        assert!(hover["contents"]["value"].as_str().unwrap().contains(part), "{hover}");
    }
    assert_eq!(editor.ask("textDocument/definition", at(3, 9)), Value::Null);
    for with in [true, false] {
        let mut references = at(3, 9);
        references["context"] = json!({"includeDeclaration": with});
        assert_eq!(editor.ask("textDocument/references", references).as_array().unwrap().len(), 2);
    }
    let refused = editor.response("textDocument/prepareRename", at(3, 9));
    assert!(refused["error"]["message"].as_str().unwrap().contains("a kit declares this"), "{refused}");
}
