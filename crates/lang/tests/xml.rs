//! What the checker takes for XML is what another reader of XML takes for it.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use lang::{Source, compile};
use proptest::prelude::*;

fn is_taken(document: &str) -> bool {
    let quoted: String = document.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
    let text = format!(
        "profile {{ id: string key }}\nconnection shop {{ url: \"https://shop.example.com\" }}\naction a {{ POST shop \"/\" xml \"{quoted}\" }}\n"
    );
    compile(&[Source { name: "a".into(), text }]).diagnostics.is_empty()
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "<a>",
        "</a>",
        "<b x='1'>",
        "</b>",
        "<c/>",
        "<d y=\"2\" z='3' />",
        "text",
        " ",
        "\n",
        "&amp;",
        "&#233;",
        "&#0;",
        "&",
        "&x;",
        "<",
        ">",
        "]]>",
        "]",
        "<!-- c -->",
        "<!--",
        "-->",
        "--",
        "<![CDATA[ < ]]>",
        "<?go x?>",
        "<?xml version='1.0'?>",
        "<e x='1' x='2'/>",
        "<f x=1/>",
        "<g x/>",
        "'",
        "\"",
        "=",
        "/",
        "é",
        "<é/>",
        "<1/>",
        "</a >",
        "<a\n>",
        "?",
        "!",
        "<x y='&lt;'/>",
        "<x y='<'/>",
        "</",
        "<?",
        "?>",
    ])
}

#[test]
fn documents_that_are_none_are_refused() {
    for (document, taken) in [
        ("<a/>", true),
        ("<?xml version=\"1.0\" encoding='utf-8'?>\n<a>&lt;</a>\n<!-- end -->", true),
        ("<a><b></a></b>", false),
        ("", false),
        ("<a>]]></a>", false),
        ("<a/>x", false),
        ("<a b='1'c='2'/>", false),
        (" <?xml version='1.0'?><a/>", false),
        ("<a><!-- -- --></a>", false),
        ("<a>&#0;</a>", false),
        ("<a", false),
    ] {
        assert_eq!(roxmltree::Document::parse(document).is_ok(), taken, "{document}");
        assert_eq!(is_taken(document), taken, "{document}");
    }
    // Here we are the stricter one: half of a pair is no character.
    assert!(!is_taken("<a>&#xD800;</a>"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]
    #[test]
    fn both_agree(pieces in prop::collection::vec(piece(), 1..7), around in any::<bool>()) {
        let document = if around { format!("<r>{}</r>", pieces.concat()) } else { pieces.concat() };
        prop_assert_eq!(is_taken(&document), roxmltree::Document::parse(&document).is_ok(), "{}", document);
    }
}
