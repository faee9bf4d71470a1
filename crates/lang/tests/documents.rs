//! Documents in files of their own: what is wrong in one is shown there, and a version holds what it takes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use lang::{Source, compile, documents, draw};
use proptest::prelude::*;

const PROJECT: &str = "profile { customerId: string key, name: string = \"Ada\" }
event asked { id: string }
connection email { smtp: \"smtps://mail.example.com\", from: \"shop@example.com\" }
fn shout(text: string) -> string = text.upper()
message hello(items: [string]) via email {
  to: \"ada@example.com\"
  subject: \"Hello\"
  text: file(\"hello.txt\")
  mjml: file(\"hello.mjml\")
}
journey greets {
  enter on asked
  send hello([event.id])
}
";

const MJML: &str = "<mjml>
  <mj-head><mj-title>For {{ profile.name }}</mj-title><mj-preview>It waits</mj-preview></mj-head>
  <mj-body>
    {% for item in items %}
    <mj-section>
      <mj-column>
        <mj-text>\"Hi\" {{ shout(profile.name ??
          \"you\") }}, C:\\new {item}: {{ item }}</mj-text>
      </mj-column>
    </mj-section>
    {% end %}
  </mj-body>
</mjml>
";

fn project(mjml: &str) -> Vec<Source> {
    let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
    vec![
        source("shop/a.journey", PROJECT),
        source("shop/hello.mjml", mjml),
        source("shop/hello.txt", "Hi {{ profile.name }}\n\\o/ \"{% for i in items %}{{ i }} {% end %}\"\n"),
        source("elsewhere/hello.mjml", "{{"),
    ]
}

/// The sources of a project, and those of the documents that it takes.
fn good(mjml: &str) -> Vec<Source> {
    let mut sources = project(mjml);
    assert_eq!(documents(&sources[0]), ["hello.mjml", "hello.txt"]);
    sources.truncate(3);
    sources
}

#[test]
fn a_version_holds_its_documents_and_means_the_same_without_them() {
    let sources = good(&MJML.replace(" ??\n          \"you\"", ""));
    let compiled = compile(&sources);
    assert!(compiled.diagnostics.is_empty(), "{}", draw(&compiled.diagnostics, &sources, false));
    let project = compiled.project.unwrap();
    let journey = &project.journeys["greets"];
    assert!(!journey.source.contains("file("), "{}", journey.source);
    assert!(journey.source.contains("fn shout"), "what a document uses belongs to the version");
    let alone = [Source { name: "greets".into(), text: journey.source.to_string() }];
    let again = compile(&alone);
    assert!(again.diagnostics.is_empty(), "{}", draw(&again.diagnostics, &alone, false));
    let again = again.project.unwrap();
    assert_eq!(again.journeys["greets"].messages["hello"], journey.messages["hello"]);
    assert_eq!(again.journeys["greets"].version, journey.version);
    let mut other = good(&MJML.replace(" ??\n          \"you\"", ""));
    other[2].text.push('!');
    let other = compile(&other).project.unwrap();
    assert_ne!(other.journeys["greets"].version, journey.version, "another text is another version");
}

#[test]
fn what_is_wrong_in_a_document_is_shown_there() {
    for (find, put, place, message) in [
        ("{{ item }}", "{{ itm }}", "shop/hello.mjml:8", "there is nothing called `itm`"),
        ("{{ item }}", "{{ item", "shop/hello.mjml:8", "this has no closing `}}`"),
        ("<mj-column>", "<mj-colum>", "shop/hello.mjml:6", "MJML has no element `mj-colum`"),
        ("<mjml>", "<mjml owner=\"me\">", "shop/hello.mjml:1", "MJML has no such attribute here"),
        ("{% end %}", "", "shop/hello.mjml:4", "this block has no end"),
    ] {
        let mjml = MJML.replace(" ??\n          \"you\"", "\n").replace(find, put);
        let sources = good(&mjml);
        let compiled = compile(&sources);
        let drawn = draw(&compiled.diagnostics, &sources, false);
        assert!(drawn.contains(place) && drawn.contains(message), "{find}: {drawn}");
    }
}

#[test]
fn a_document_that_nothing_takes_or_that_is_nested_without_end_harms_nobody() {
    let deep = "<p>".repeat(90) + &"</p>".repeat(90);
    let deep = format!("<mjml><mj-body><mj-raw>{deep}</mj-raw></mj-body></mjml>");
    let sources = good(&deep);
    let compiled = compile(&sources);
    assert!(compiled.diagnostics.is_empty(), "{}", draw(&compiled.diagnostics, &sources, false));
    let mut sources = good(&"<p>".repeat(100_000));
    let drawn = draw(&compile(&sources).diagnostics, &sources, false);
    assert!(drawn.contains("too-deep"), "{drawn}");
    sources[1].text = "<mjml><mj-body>".to_owned() + &"<mj-raw>".repeat(50_000);
    let drawn = draw(&compile(&sources).diagnostics, &sources, false);
    assert!(drawn.contains("too-deep"), "{drawn}");
}

const WORDS: &[&str] = &[
    "<mjml>",
    "</mjml>",
    "<mj-head>",
    "</mj-head>",
    "<mj-body>",
    "</mj-body>",
    "<mj-section>",
    "</mj-section>",
    "<mj-column>",
    "</mj-column>",
    "<mj-text>",
    "</mj-text>",
    "<mj-button href=\"",
    "\">",
    "</mj-button>",
    "<mj-raw>",
    "</mj-raw>",
    "<mj-image src='",
    "' />",
    "<mj-table>",
    "</mj-table>",
    "<mj-style>",
    "</mj-style>",
    "<mj-title>",
    "</mj-title>",
    "<mj-attributes>",
    "</mj-attributes>",
    "<mj-all padding=\"",
    "<mj-hero>",
    "</mj-hero>",
    "<mj-group>",
    "</mj-group>",
    "<mj-social>",
    "</mj-social>",
    "<mj-social-element name='",
    "<mj-navbar>",
    "</mj-navbar>",
    "<mj-accordion>",
    "</mj-accordion>",
    "<mj-carousel>",
    "</mj-carousel>",
    "<mj-wrapper>",
    "</mj-wrapper>",
    "<!--",
    "-->",
    "<p>",
    "</p>",
    "<br>",
    "<br/>",
    "<",
    ">",
    "/",
    "\"",
    "'",
    "=",
    "&",
    "&amp;",
    " ",
    "\n",
    "\\",
    "é",
    "width='",
    "-1px",
    "9999999999999999999px",
    "%",
    "0",
    "{{ profile.name }}",
    "{% for i in items %}",
    "{{ i }}",
    "{% end %}",
    "{% if true %}",
    "{% else %}",
    "{{",
    "%}",
    "<![CDATA[",
    "]]>",
    "<?xml ?>",
    "<!DOCTYPE html>",
    "wayfarehole0x",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_document_is_answered(words in prop::collection::vec(prop::sample::select(WORDS), 0..60), whole in any::<bool>()) {
        let soup = words.concat();
        let begin = "<mjml><mj-body><mj-section><mj-column><mj-text>";
        let end = "</mj-text></mj-column></mj-section></mj-body></mjml>";
        let sources = good(&if whole { soup } else { format!("{begin}{soup}{end}") });
        let compiled = compile(&sources);
        prop_assert_eq!(compiled.project.is_some(), compiled.diagnostics.is_empty());
        if let Some(project) = compiled.project {
            let alone = [Source { name: "greets".into(), text: project.journeys["greets"].source.to_string() }];
            let again = compile(&alone);
            prop_assert!(again.diagnostics.is_empty(), "{}", draw(&again.diagnostics, &alone, false));
        }
    }
}
