//! What editors ask, on a project with marks: `‸` is where the cursor stands.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use lang::{
    Source,
    editor::{NotRenamed, Place, Thing, TokenKind, analyse, complete, outline, tokens},
};

const PROJECT: &str = r#"
/// What we know.
profile {
  customerId: string key
  /// How they like to be called.
  firstName: string = "you"
}

event asked "Asked" { amount: decimal, topic: Topic }
type Topic = { name: string, tags: [string] }
connection partner { url: "https://partner.example.com" }
/// Tells somebody something.
action tell(text: string) { POST partner "/tell" json { "text": "{{ text }}" } }
message hello(name: string) via tell { text: "Hello {{ name }}" }

journey first {
  enter on asked as question where question.amount > 1
  label again
  let name = profile.firstName
  send hello(name.upper())
  call tell(question.topic.name)
  wait 1 day
  goto again
}

test "it says hello" {
  profile { customerId: "c1" }
  event asked { amount: 2, topic: { name: "x", tags: [] } }
  expect send hello with { name: "YOU" }
}
"#;

fn sources(text: &str) -> Vec<Source> {
    vec![Source { name: "p.journey".into(), text: text.into() }]
}

/// The byte of the `nth` occurrence of `part`.
fn at(part: &str, nth: usize) -> usize {
    PROJECT.match_indices(part).nth(nth).unwrap_or_else(|| panic!("no {part}")).0
}

fn text(place: Place) -> &'static str {
    &PROJECT[place.start..place.end]
}

#[test]
fn names_have_meanings() {
    let analysis = analyse(&sources(PROJECT));
    assert!(analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
    let hover = |part: &str, nth: usize| {
        let (place, code, prose) = analysis.hover(0, at(part, nth) + 1).unwrap_or_else(|| panic!("{part}"));
        (text(place), code.to_owned(), prose.to_owned())
    };
    assert_eq!(hover("firstName", 1).1, "firstName: string");
    assert_eq!(hover("firstName", 1).2, "How they like to be called.");
    assert_eq!(hover("question.amount", 0), ("question", "question: asked".into(), String::new()));
    assert_eq!(hover("tell(question", 0).1, "action tell(text) // POST partner /tell");
    assert_eq!(hover("tell(question", 0).2, "Tells somebody something.");
    assert!(hover("upper", 0).1.contains("upper"));
    assert_eq!(hover("hello(name.", 0).1, "message hello(name) via tell");
    assert_eq!(hover("Topic }", 0).1, "type Topic");
    assert_eq!(analysis.hover(0, 0), None);
}

#[test]
fn definitions_and_references() {
    let analysis = analyse(&sources(PROJECT));
    let definition =
        |part: &str, nth: usize| analysis.definition(0, at(part, nth) + 1).map(|place| place.start);
    assert_eq!(definition("name.upper", 0), Some(at("name = profile", 0)));
    assert_eq!(definition("firstName", 1), Some(at("firstName", 0)));
    assert_eq!(definition("hello(name.", 0), Some(at("hello(name:", 0)));
    assert_eq!(definition("again", 1), Some(at("again", 0)));
    assert_eq!(definition("amount > 1", 0), Some(at("amount: decimal", 0)));
    assert_eq!(definition("partner \"/tell\"", 0), Some(at("partner {", 0)));
    assert_eq!(definition("upper", 0), None);
    let names = |part: &str, nth: usize| {
        let places = analysis.references(0, at(part, nth) + 1);
        places.iter().map(|place| place.start).collect::<Vec<_>>()
    };
    assert_eq!(
        names("asked \"Asked\"", 0),
        [at("asked \"", 0), at("asked as", 0), at("asked { amount: 2", 0)]
    );
    assert_eq!(names("tell(text:", 0).len(), 3);
    assert_eq!(names("amount: 2", 0).len(), 3);
}

#[test]
fn renaming_changes_every_place_or_says_why_not() {
    let analysis = analyse(&sources(PROJECT));
    let mut changed = PROJECT.to_owned();
    let mut places = analysis.rename(0, at("hello(name:", 0) + 1, "greeting").unwrap();
    places.sort();
    for place in places.iter().rev() {
        changed.replace_range(place.start..place.end, "greeting");
    }
    assert!(lang::compile(&sources(&changed)).diagnostics.is_empty(), "{changed}");
    assert_eq!(changed.matches("greeting").count(), 3);
    for bad in ["", "a b", "1a", "if", "profile", "a-b"] {
        assert_eq!(analysis.rename(0, at("hello(name:", 0), bad), Err(NotRenamed::BadName), "{bad}");
    }
    assert_eq!(analysis.rename(0, at("upper", 0) + 1, "lower"), Err(NotRenamed::NoName));
    assert_eq!(analysis.rename(0, 0, "lower"), Err(NotRenamed::NoName));
}

fn offered(part: &str, instead: &str) -> Vec<(String, Thing)> {
    let text = PROJECT.replacen(part, instead, 1);
    assert!(text.contains('‸'), "{part}");
    let byte = text.find('‸').unwrap();
    let found = complete(&sources(&text.replace('‸', "")), 0, byte);
    found.into_iter().map(|one| (one.text, one.thing)).collect()
}

#[test]
fn completion_knows_the_place() {
    let has = |found: &[(String, Thing)], text: &str, thing: Thing| {
        assert!(found.contains(&(text.to_owned(), thing)), "{text} is missing in {found:?}");
    };
    let fields = offered("profile.firstName", "profile.fi‸");
    has(&fields, "firstName", Thing::Field);
    has(&fields, "customerId", Thing::Field);
    assert!(!fields.iter().any(|(text, _)| text == "name"));
    has(&offered("profile.firstName", "profile.‸"), "firstName", Thing::Field);
    let text = offered("name.upper()", "name.‸");
    has(&text, "upper", Thing::Function);
    has(&text, "trim", Thing::Function);
    assert!(!text.iter().any(|(text, _)| text == "filter"));
    has(&offered("question.topic.name", "question.topic.‸"), "tags", Thing::Field);
    has(&offered("call tell(question.topic.name)", "call te‸"), "tell", Thing::Action);
    has(&offered("send hello(name.upper())", "send ‸"), "hello", Thing::Message);
    has(&offered("call tell(question", "call tell(qu‸"), "question", Thing::Variable);
    has(&offered("enter on asked", "enter on as‸"), "asked", Thing::Event);
    has(&offered("  wait 1 day", "  wa‸"), "wait", Thing::Keyword);
    has(&offered("\ntest \"it", "\n‸\ntest \"it"), "journey", Thing::Keyword);
    has(&offered("topic: Topic", "topic: To‸"), "Topic", Thing::Type);
    has(&offered("  expect send", "  ‸\n  expect send"), "mock", Thing::Keyword);
    has(&offered("\"Hello {{ name }}\"", "\"Hello {{ na‸ }}\""), "name", Thing::Variable);
    let url = "url: \"https://partner.example.com\"";
    let settings = offered(url, &format!("{url}, re‸"));
    has(&settings, "retry", Thing::Keyword);
    assert!(settings.iter().all(|(text, _)| !text.contains("wayfare")), "{settings:?}");
    has(&offered(url, &format!("{url}, auth: oa‸")), "oauth2", Thing::Keyword);
    let parts = offered(url, &format!("{url}, auth: oauth2 {{ cl‸ }}"));
    has(&parts, "client_secret", Thing::Keyword);
    has(&parts, "assertion_for", Thing::Keyword);
    let call = "token { POST \"https://login.example.com\"\n  ex‸\n }";
    has(&offered(url, &format!("{url}, auth: {call}")), "expires", Thing::Keyword);
}

#[test]
fn outline_and_tokens() {
    let symbols = outline(&sources(PROJECT)[0]);
    let names: Vec<&str> = symbols.iter().map(|symbol| symbol.name.as_str()).collect();
    assert_eq!(names, ["profile", "asked", "Topic", "partner", "tell", "hello", "first", "it says hello"]);
    assert_eq!(symbols[0].parts.len(), 2);
    assert_eq!(&PROJECT[symbols[1].name_span.start..symbols[1].name_span.end], "asked");

    let analysis = analyse(&sources(PROJECT));
    let all = tokens(&analysis, 0);
    assert!(all.windows(2).all(|pair| pair[0].place.end <= pair[1].place.start), "none inside another");
    let kind = |part: &str, nth: usize| {
        all.iter().find(|token| token.place.start == at(part, nth)).map(|token| token.kind)
    };
    assert_eq!(kind("/// What we", 0), Some(TokenKind::Comment));
    assert_eq!(kind("firstName", 1), Some(TokenKind::Name(Thing::Field)));
    assert_eq!(kind("name }}", 0), Some(TokenKind::Name(Thing::Variable)));
    assert_eq!(kind("\"Hello", 0), Some(TokenKind::Text));
}

/// A project that uses a kit; `‸` is where the cursor stands.
const WITH_KIT: &str = r#"use "std/slack"
profile { customerId: string key }
event asked { text: string }
journey first {
  enter on asked
  call slackHook(slackEscape(event.text))
  call slackHook("again")
}
"#;

#[test]
fn kits_are_shown_and_never_led_to() {
    let analysis = analyse(&sources(WITH_KIT));
    assert!(analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
    let at = |part: &str| WITH_KIT.find(part).unwrap() + 1;
    let (place, code, prose) = analysis.hover(0, at("std/")).unwrap();
    assert_eq!((&WITH_KIT[place.start..place.end], code), ("\"std/slack\"", "use \"std/slack\""));
    assert!(prose.starts_with("Slack: ") && prose.contains("- `action slackHook(text: string)`"), "{prose}");
    let (_, code, prose) = analysis.hover(0, at("slackHook")).unwrap();
    assert_eq!(code, "action slackHook(text) // POST slackWebhook");
    assert_eq!(prose, "Posts a text to the channel of the incoming webhook.");
    assert!(analysis.hover(0, at("slackEscape")).unwrap().1.contains("slackEscape"));
    for part in ["std/", "slackHook", "slackEscape"] {
        assert_eq!(analysis.definition(0, at(part)), None, "{part}");
    }
    let places = analysis.references(0, at("slackHook"));
    assert_eq!(places.len(), 2);
    assert!(places.iter().all(|place| &WITH_KIT[place.start..place.end] == "slackHook"), "{places:?}");
    for part in ["slackHook", "slackEscape"] {
        assert_eq!(analysis.rename(0, at(part), "tell"), Err(NotRenamed::InKit), "{part}");
    }
    assert_eq!(analysis.rename(0, at("std/"), "tell"), Err(NotRenamed::NoName));
    let all = tokens(&analysis, 0);
    assert!(all.iter().all(|token| token.place.file == 0 && token.place.end <= WITH_KIT.len()));
    assert_eq!(outline(&sources(WITH_KIT)[0])[0].name, "std/slack");
}

#[test]
fn completion_knows_kits_and_what_they_declare() {
    let offered = |written: &str| {
        let text = WITH_KIT.replacen("use \"std/slack\"", written, 1);
        let byte = text.find('‸').unwrap();
        complete(&sources(&text.replace('‸', "")), 0, byte)
    };
    let whole = offered("use \"‸\"");
    assert_eq!(whole.len(), lang::kits().len());
    assert_eq!(whole[0].text, "std/apns");
    for written in ["use \"st‸\"", "use \"std‸", "use \"‸"] {
        assert_eq!(offered(written)[0].text, "std/apns", "{written}");
    }
    let slack = offered("use \"std/sl‸ack\"").into_iter().find(|one| one.text == "slack").unwrap();
    assert_eq!(slack.thing, Thing::Kit);
    assert!(slack.detail.starts_with("Slack: ") && slack.doc.contains("SLACK_BOT_TOKEN"), "{slack:?}");
    assert_eq!(offered("use \"other/‸\""), []);
    let text = WITH_KIT.replacen("slackHook(\"again\")", "sl", 1);
    let byte = text.find("call sl\n").unwrap() + "call sl".len();
    let found = complete(&sources(&text), 0, byte);
    assert!(found.iter().any(|one| one.text == "slackPost" && one.thing == Thing::Action), "{found:?}");
    let words = offered("us‸");
    assert!(words.iter().any(|one| one.text == "use" && one.thing == Thing::Keyword), "{words:?}");
}

#[test]
fn nothing_written_makes_it_stumble() {
    for project in [PROJECT, WITH_KIT] {
        let letters: Vec<usize> = project.char_indices().map(|(byte, _)| byte).collect();
        for byte in letters.iter().copied().step_by(7) {
            let cut = sources(&project[..byte]);
            let analysis = analyse(&cut);
            tokens(&analysis, 0);
            outline(&cut[0]);
            complete(&cut, 0, byte);
            complete(&sources(project), 0, byte);
        }
    }
}

const WITH_WEBHOOK: &str = r#"
profile { customerId: string key }
/// What the carrier tells.
webhook letters {
  verify: hmac { header: "X-A", key: secret("KEY") }
  json: [{ token: string, state: string }]
  each: body
  message: it.token
  delivered when it.state == "delivered" { url: null }
}
"#;

#[test]
fn webhooks_are_known() {
    let offered = |part: &str, written: &str| {
        let text = WITH_WEBHOOK.replacen(part, written, 1);
        let byte = text.find('‸').unwrap();
        let found = complete(&sources(&text.replace('‸', "")), 0, byte);
        found.into_iter().map(|one| one.text).collect::<Vec<String>>()
    };
    let has = |found: Vec<String>, text: &str| assert!(found.iter().any(|one| one == text), "{found:?}");
    has(offered("  each: body", "  ea‸"), "each");
    has(offered("  each: body", "  ea‸"), "complained");
    has(offered("verify: hmac", "verify: hm‸"), "standard_webhooks");
    has(offered("header: \"X-A\"", "he‸"), "algorithm");
    has(offered("each: body", "each: bo‸"), "body");
    has(offered("message: it.token", "message: it.‸"), "token");
    has(offered("when it.state", "when i‸"), "it");
    let analysis = analyse(&sources(WITH_WEBHOOK));
    let hover = |part: &str| {
        let (_, code, doc) = analysis.hover(0, WITH_WEBHOOK.find(part).unwrap() + 1).unwrap();
        (code.to_owned(), doc.to_owned())
    };
    let letters = ("webhook letters // POST /hooks/letters".to_owned(), "What the carrier tells.".to_owned());
    assert_eq!(hover("letters"), letters);
    assert_eq!(hover("token\n").0, "token: string");
    assert!(outline(&sources(WITH_WEBHOOK)[0]).iter().any(|symbol| symbol.thing == Thing::Webhook));
}
