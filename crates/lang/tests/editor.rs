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

#[test]
fn nothing_written_makes_it_stumble() {
    let letters: Vec<usize> = PROJECT.char_indices().map(|(byte, _)| byte).collect();
    for byte in letters.iter().copied().step_by(7) {
        let cut = sources(&PROJECT[..byte]);
        let analysis = analyse(&cut);
        tokens(&analysis, 0);
        outline(&cut[0]);
        complete(&cut, 0, byte);
        complete(&sources(PROJECT), 0, byte);
    }
}
