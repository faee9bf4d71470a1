//! The API as its own document has it, on both databases: who may ask what, and that every answer is one that the document
//! names, whatever is sent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use testkit::{
    Partner, Reply,
    http::{Answer, Client},
    server::Server,
};
use tests::{on_both, person, power::Chance, send, setup};

/// How often each endpoint is asked with what chance brings.
const TIMES: u64 = 150;
/// What nobody should send, as a part of a path, a parameter or a value.
const ODD: [&str; 12] = [
    "",
    "c1",
    "..%2F..%2Fetc",
    "%00",
    "-1",
    "18446744073709551616",
    "%F0%9F%92%A9",
    "%FF",
    "';DROP%20TABLE%20events;--",
    "00000000-0000-0000-0000-000000000000",
    "1e400",
    "%7B%7B7*7%7D%7D",
];

/// An endpoint of the document.
struct Endpoint {
    method: String,
    path: String,
    keys: BTreeSet<String>,
    /// The statuses that the document names.
    statuses: BTreeSet<u16>,
    parameters: Vec<Value>,
    /// What a body looks like, if it takes one.
    body: Option<Value>,
}

fn endpoints(document: &Value) -> Vec<Endpoint> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(responses) = operation["responses"].as_object() else { continue };
            let security = operation["security"].as_array().into_iter().flatten();
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            all.push(Endpoint {
                method: method.to_uppercase(),
                path: path.clone(),
                keys: security.flat_map(|key| key.as_object().unwrap().keys().cloned()).collect(),
                statuses: responses.keys().map(|status| status.parse().unwrap()).collect(),
                parameters: operation["parameters"].as_array().cloned().unwrap_or_default(),
                body: schema.is_object().then(|| example(document, schema, 0)),
            });
        }
    }
    all
}

/// A value that fits a schema, more or less.
fn example(document: &Value, schema: &Value, depth: usize) -> Value {
    if depth > 6 {
        return Value::Null;
    }
    let deeper = |schema: &Value| example(document, schema, depth + 1);
    if let Some(reference) = schema["$ref"].as_str() {
        return deeper(document.pointer(reference.trim_start_matches('#')).unwrap());
    }
    for of in ["oneOf", "anyOf", "allOf"] {
        if let Some(last) = schema[of].as_array().and_then(|choices| choices.last()) {
            return deeper(last);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str(),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") => {
            let properties = schema["properties"].as_object();
            let fields = properties.into_iter().flatten();
            fields.map(|(name, schema)| (name.clone(), deeper(schema))).collect::<Map<_, _>>().into()
        }
        Some("array") => json!([deeper(&schema["items"])]),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("string") => json!("c1"),
        _ => json!({}),
    }
}

/// A body with one of its values replaced, or something else altogether.
fn spoilt(body: &Value, chance: &mut Chance) -> String {
    let values = [
        Value::Null,
        json!(""),
        json!("\u{0}\u{2028}\u{202e}</script>"),
        json!("x".repeat(6_000)),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!([[[]]]),
        json!({"$ref": "#"}),
        json!(true),
    ];
    let value = &values[chance.below(values.len() as u64) as usize];
    let whole = ["", "{", "null", "[]", "{}", "\"\"", "[{}]", "{\"a\":1,\"a\":2}", "\u{feff}{}"];
    match (chance.below(4), body.as_object()) {
        (0, _) => whole[chance.below(whole.len() as u64) as usize].to_owned(),
        (1, _) => body.to_string(),
        (_, Some(fields)) if !fields.is_empty() => {
            let name = fields.keys().nth(chance.below(fields.len() as u64) as usize).unwrap();
            let mut fields = fields.clone();
            fields.insert(name.clone(), value.clone());
            Value::from(fields).to_string()
        }
        (_, Some(_) | None) => value.to_string(),
    }
}

impl Endpoint {
    /// Its path, with one and the same value in every place.
    fn filled(&self, value: &str) -> String {
        let parts = self.path.split('/');
        parts.map(|part| if part.starts_with('{') { value } else { part }).collect::<Vec<_>>().join("/")
    }

    fn ask(&self, client: &mut Client, target: &str, body: &str) -> Answer {
        let content_type = if self.body.is_some() { "application/json" } else { "" };
        client.send(&self.method, target, content_type, body.as_bytes()).unwrap()
    }

    /// Asks with odd values in some of its places, and some of its parameters.
    fn ask_oddly(&self, client: &mut Client, chance: &mut Chance) -> (String, Answer) {
        let mut odd = |empty: bool| {
            let value = ODD[chance.below(ODD.len() as u64) as usize];
            if value.is_empty() && !empty { "x" } else { value }
        };
        let mut target = self.filled(odd(false));
        let queried = self.parameters.iter().filter(|parameter| parameter["in"] == "query");
        for (number, parameter) in queried.enumerate() {
            let value = odd(true);
            let mark = if number == 0 { '?' } else { '&' };
            target += &format!("{mark}{}={value}", parameter["name"].as_str().unwrap());
        }
        let body = self.body.as_ref().map(|body| spoilt(body, chance)).unwrap_or_default();
        let answer = self.ask(client, &target, &body);
        let shown: String = body.chars().take(120).collect();
        (format!("{} {target} {shown}", self.method), answer)
    }
}

#[test]
fn each_endpoint_takes_the_keys_that_the_document_says() {
    on_both(|database| {
        let (_partner, server, endpoints) = begun(database);
        assert!(endpoints.len() > 30, "{}", endpoints.len());
        let (mut nobody, mut stranger) =
            (Client::new(server.address, None), Client::new(server.address, Some("no-key")));
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.path.starts_with("/v1/")) {
            let (target, what) = (endpoint.filled("c1"), format!("{} {}", endpoint.method, endpoint.path));
            assert!(endpoint.keys.contains("admin"), "{what} takes no admin key");
            for client in [&mut nobody, &mut stranger] {
                assert_eq!(endpoint.ask(client, &target, "{}").status, 401, "{what}");
            }
            let status = endpoint.ask(&mut server.writer(), &target, "{}").status;
            match endpoint.keys.contains("write") {
                true => assert!(![401, 403].contains(&status), "{what}: {status}"),
                false => assert_eq!(status, 403, "{what}"),
            }
        }
        // What the document does not name.
        for (path, as_nobody, as_writer) in [("/metrics", 401, 403), ("/node", 405, 405)] {
            assert_eq!(nobody.get(path).unwrap().status, as_nobody, "{path}");
            assert_eq!(server.writer().get(path).unwrap().status, as_writer, "{path}");
        }
        assert_eq!(server.admin().json("POST", "/node", "{}").unwrap().status, 401);
    });
}

#[test]
fn whatever_is_sent_the_answer_is_one_that_the_document_names() {
    on_both(|database| {
        let (_partner, server, endpoints) = begun(database);
        person(&server, "c1");
        let (mut client, mut chance) = (server.admin(), Chance(1));
        let (mut seen, mut unnamed) = (BTreeSet::new(), Vec::new());
        for endpoint in &endpoints {
            for _ in 0..TIMES {
                let (what, answer) = endpoint.ask_oddly(&mut client, &mut chance);
                if answer.status >= 500 || !endpoint.statuses.contains(&answer.status) {
                    unnamed.push(format!("{what}: {} {}", answer.status, answer.body));
                    continue;
                }
                if answer.status >= 400 {
                    let kind = answer.header("content-type");
                    assert_eq!(kind, Some("application/problem+json"), "{what}: {}", answer.body);
                    assert!(!answer.json()["detail"].as_str().unwrap().is_empty(), "{what}");
                }
                seen.insert(answer.status);
            }
        }
        assert!(unnamed.is_empty(), "{database}: {}", unnamed.join("\n"));
        // Both ways were taken: what is right is done, what is wrong is refused for more than one reason.
        for status in [200, 202, 204, 400, 404, 422] {
            assert!(seen.contains(&status), "no answer had the status {status}: {seen:?}");
        }
        // And it goes on as before.
        send(&mut server.writer(), "after", "Reward Requested", "c1", &json!({"requestId": "after"}));
    });
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    on_both(|database| {
        let (_partner, server, _) = begun(database);
        for path in ["/", "/people/c1", "/health/ready", "/v1/journeys", "/u/x", "/nowhere.js"] {
            let answer = server.admin().get(path).unwrap();
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("default-src 'self'"), "{path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            assert!(!policy.contains("'unsafe-eval'") && !policy.contains("script-src"), "{path}: {policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        }
    });
}

/// A server that has begun, and the endpoints that its document names.
fn begun(database: &str) -> (Partner, Server, Vec<Endpoint>) {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let server = setup(database, &partner).start().unwrap();
    let document = server.admin().get("/openapi.json").unwrap().json();
    let endpoints = endpoints(&document);
    (partner, server, endpoints)
}
