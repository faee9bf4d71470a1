//! Values that would like to be more than values, through every place of a request: what the partner's parser reads is what
//! was put in, or nothing was sent and the error says why.
//!
//! The parsers are others than ours: `roxmltree` for XML, `multer` for multipart, `form_urlencoded` for forms and queries,
//! `tinyjson` for JSON.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, HashMap};

use connect::{Environment, Partners};
use engine::{Scope, request_of};
use graph::{CallError, ErrorKind, Project, Value};
use lang::{Source, compile};
use testkit::{Partner, Recorded, Reply};
use uuid::Uuid;

const JOURNEYS: &str = r#"
profile { customerId: string key }
connection partner { url: "http://ADDRESS/base", private: "127.0.0.1", timeout: 10s each }
action asJson(x: string) { POST partner "/json" json { "before": 1, "x": "{{ x }}", "in": "a{{ x }}b", "whole": {{ x }}, "after": 2 } }
action asXml(x: string) { POST partner "/xml" xml "<r a=\"{{ x }}\" b='{{ x }}'><before/>{{ x }}<after/></r>" }
action asForm(x: string) { POST partner "/form" form { before: "1", x: x, in: "a{{ x }}b", after: "2" } }
action asMultipart(x: string) { POST partner "/multipart" multipart { before: "1", x: x, file: x as "text/plain" named "f.txt", after: "2" } }
action asFileName(x: string) { POST partner "/name" multipart { before: "1", file: "y" named "{{ x }}", after: "2" } }
action asText(x: string) { POST partner "/text" text "text/plain" "{{ x }}" }
action asHeader(x: string) { GET partner "/header" header "X-Before": "1" header "X-Value": "a{{ x }}b" header "X-After": "2" }
action asQuery(x: string) { GET partner "/query?before=1&x={{ x }}" query "more": "{{ x }}" query "after": "2" }
action asPath(x: string) { GET partner "/path/{{ x }}/end" }
"#;

/// What a place does with a value.
enum End {
    Sent(Recorded),
    Refused(String),
}

struct Place {
    project: Project,
    partners: Partners,
    partner: Partner,
}

impl Place {
    fn new() -> Place {
        connect::install_crypto();
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let text = JOURNEYS.replace("ADDRESS", &partner.address.to_string());
        let compiled = compile(&[Source { name: "a".into(), text }]);
        let project = compiled.project.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
        let connections: Vec<_> = project.connections.values().cloned().collect();
        let partners = Partners::new(connections, BTreeMap::new(), Environment::of(|_| None)).unwrap();
        Place { project, partners, partner }
    }

    async fn send(&self, action: &str, value: &str) -> End {
        let (nobody, none) = (Value::Null, BTreeMap::new());
        let scope = Scope::new(&nobody, &nobody, &none, jiff::Timestamp::UNIX_EPOCH);
        let before = self.partner.seen().len();
        let sent = match request_of(&self.project.actions[action], &[Value::text(value)], &scope) {
            Ok(request) => self.partners.attempt(&request, Uuid::nil(), None).await.outcome.map(|_| ()),
            Err(error) => Err(error),
        };
        let seen = self.partner.seen();
        match sent {
            Ok(()) => {
                assert_eq!(seen.len(), before + 1, "{action}");
                End::Sent(seen[before].clone())
            }
            Err(CallError { kind, reason, .. }) => {
                assert_eq!(kind, ErrorKind::Invalid, "{action}: {reason}");
                assert_eq!(seen.len(), before, "{action}: {reason}");
                End::Refused(reason)
            }
        }
    }
}

/// Values that mean something somewhere.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "plain",
        "",
        "\"",
        "'",
        "\\",
        "\\\" , \"evil\": \"",
        "</script><script>alert(1)</script>",
        "<evil/>",
        "\"/><evil a=\"",
        "]]>",
        "<![CDATA[",
        "<!-- ",
        "&amp;&evil;",
        "&x=1",
        "{{7*7}}",
        "{{ profile.customerId }}",
        "{% if true %}evil{% end %}",
        "${7*7}",
        "a\r\nX-Evil: 1",
        "a\nb",
        "a\rb",
        "\ta",
        "\u{2028}\u{2029}\u{85}",
        "\u{202e}evil",
        "\u{1f600}é",
        "\0",
        "a\0b",
        "\u{1}\u{b}\u{1f}",
        "\u{7f}",
        "\u{ffff}",
        "--boundary",
        "\r\n--boundary--\r\n",
        "\r\n--wayfare-0000\r\nContent-Disposition: form-data; name=\"evil\"\r\n\r\n1",
        "..",
        ".",
        "../../admin",
        "a/../b",
        "%2e%2e%2f",
        "//evil.example.com/",
        "@evil.example.com",
        "?x=1#y",
        "a b+c%20d",
        "javascript:alert(1)",
        "{\"a\": 1}",
        "null",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push("long \"<&>\" ".repeat(3_000));
    values.push("y".repeat(2 << 20));
    values
}

fn xml(body: &str) -> Vec<String> {
    let tree = roxmltree::Document::parse(body).unwrap_or_else(|error| panic!("{error}: {body:?}"));
    let root = tree.root_element();
    let names: Vec<&str> =
        root.children().filter(roxmltree::Node::is_element).map(|node| node.tag_name().name()).collect();
    assert_eq!(names, ["before", "after"]);
    assert_eq!(root.attributes().len(), 2);
    let inside = root.children().filter(roxmltree::Node::is_text).filter_map(|node| node.text());
    let attributes = ["a", "b"].map(|name| root.attribute(name).unwrap().to_owned());
    [inside.collect::<String>()].into_iter().chain(attributes).collect()
}

/// The parts of a multipart body: name, file name, text.
async fn multipart(request: &Recorded) -> Vec<(String, Option<String>, String)> {
    let boundary = multer::parse_boundary(request.header("content-type").unwrap()).unwrap();
    let body = request.body.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, std::io::Error>(body) });
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut found = Vec::new();
    while let Some(part) = parts.next_field().await.unwrap() {
        let (name, file) = (part.name().unwrap().to_owned(), part.file_name().map(str::to_owned));
        found.push((name, file, part.text().await.unwrap()));
    }
    found
}

fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn json(body: &str) -> HashMap<String, tinyjson::JsonValue> {
    let tree: tinyjson::JsonValue = body.parse().unwrap_or_else(|error| panic!("{error}: {body:?}"));
    tree.try_into().unwrap()
}

/// Whether the partner read the value, and nothing but it.
async fn is_read(action: &str, value: &str, request: &Recorded) {
    let around = format!("a{value}b");
    match action {
        "asJson" => {
            let read = json(&request.body);
            let text = |name: &str| read[name].get::<String>().cloned().unwrap();
            assert_eq!([text("x"), text("in"), text("whole")], [value, &*around, value]);
            assert_eq!(read.len(), 5, "{value:?}");
        }
        "asXml" => assert_eq!(xml(&request.body), [value, value, value]),
        "asForm" => {
            let wanted = [pair("before", "1"), pair("x", value), pair("in", &around), pair("after", "2")];
            assert_eq!(pairs(&request.body), wanted);
        }
        "asMultipart" => {
            let part = |name: &str, value: &str| (name.to_owned(), None, value.to_owned());
            let file = ("file".to_owned(), Some("f.txt".to_owned()), value.to_owned());
            let wanted = [part("before", "1"), part("x", value), file, part("after", "2")];
            assert_eq!(multipart(request).await, wanted);
        }
        "asFileName" => {
            let read = multipart(request).await;
            assert_eq!(read.len(), 3, "{value:?}");
            assert_eq!((read[1].1.as_deref(), &*read[1].2), (Some(value), "y"));
        }
        "asText" => assert_eq!(request.body, value),
        "asHeader" => {
            assert_eq!(request.header("x-value"), Some(&*around));
            assert!(request.header("x-evil").is_none() && request.header("x-after") == Some("2"));
        }
        "asQuery" => {
            let (path, query) = request.line.split_once('?').unwrap();
            assert_eq!(path, "GET /base/query");
            let wanted = [pair("before", "1"), pair("x", value), pair("more", value), pair("after", "2")];
            assert_eq!(pairs(query), wanted);
        }
        "asPath" => {
            let segments: Vec<&str> = request.line.trim_start_matches("GET ").split('/').collect();
            assert_eq!([segments[0], segments[1], segments[2], segments[4]], ["", "base", "path", "end"]);
            let read = percent_encoding::percent_decode_str(segments[3]).decode_utf8().unwrap();
            assert_eq!((read.as_ref(), segments.len()), (value, 5));
        }
        other => panic!("{other} is read by nobody"),
    }
}

/// Why a place refuses a value, if it does.
fn refusal(action: &str, value: &str) -> Option<&'static str> {
    let has = |wrong: &dyn Fn(char) -> bool| value.chars().any(wrong);
    let control = |letter: char| letter < ' ' || letter == '\u{7f}';
    match action {
        _ if value.len() > 1 << 20 => Some("1 MiB"),
        "asPath" | "asQuery" if value.len() > 20_000 => Some("more than 60,000 bytes"),
        "asXml" if has(&|c| (c < ' ' && !"\t\r\n".contains(c)) || c == '\u{ffff}') => {
            Some("XML cannot hold the character U+")
        }
        "asFileName" | "asHeader" if has(&|c| matches!(c, '\r' | '\n' | '\0')) => {
            Some("a header must not contain a line break")
        }
        "asHeader" if has(&|c| control(c) && c != '\t') => Some("another control character"),
        "asFileName" if value.is_empty() => Some("the name of a file is empty"),
        "asFileName" if has(&|c| c.is_control() || "\"\\/".contains(c)) => {
            Some("the name of a file must not hold")
        }
        "asPath" if matches!(value, "." | "..") => Some("the path does not stay as it was written"),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_read_as_it_was_put_in_or_nothing_is_sent() {
    let place = Place::new();
    let (mut sent, mut refused) = (0, 0);
    for action in place.project.actions.keys() {
        for value in values() {
            let shown: String = value.chars().take(40).collect();
            match (place.send(action, &value).await, refusal(action, &value)) {
                (End::Sent(request), None) => {
                    is_read(action, &value, &request).await;
                    sent += 1;
                }
                (End::Refused(reason), Some(wanted)) => {
                    assert!(reason.contains(wanted), "{action} {shown:?}: {reason}");
                    refused += 1;
                }
                (End::Sent(_), Some(wanted)) => panic!("{action} sends {shown:?}; wanted: {wanted}"),
                (End::Refused(reason), None) => panic!("{action} refuses {shown:?}: {reason}"),
            }
        }
    }
    // Nine places; most values go through most of them.
    assert!(sent > 330 && refused > 20, "{sent} sent, {refused} refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_data_makes_the_same_bytes() {
    let place = Place::new();
    for action in place.project.actions.keys() {
        let (End::Sent(first), End::Sent(second)) =
            (place.send(action, "--b é").await, place.send(action, "--b é").await)
        else {
            panic!("{action} refuses a plain value");
        };
        assert_eq!(first, second);
    }
}
