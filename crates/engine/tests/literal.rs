//! A value that is written as an expression of the language is the same value again.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::collections::BTreeMap;

use engine::{Scope, evaluate};
use graph::{
    Answers, Type, Value,
    test::{Reply, StatementKind},
};
use lang::{Source, compile, format, literal};
use proptest::prelude::*;

const PROJECT: &str = r#"profile { id: string key }
connection shop { url: "https://shop.example.com" }
type Way = { kind: "a", x: int? } | { kind: "b", y: [string] }
action a -> { text: string, number: decimal, int: int, at: datetime, day: date, long: duration, more: json, way: Way, tier: "x" | "y" } {
  GET shop "/a"
}
"#;

/// What a mock returns that is written with this value.
fn read_back(value: &Value, ty: &Type) -> Value {
    let text = format!("{PROJECT}\ntest \"t\" {{\n  mock a returns {}\n}}\n", literal(value, ty));
    let source = Source { name: "a".into(), text };
    assert!(format(&source).is_ok(), "{}", source.text);
    let compiled = compile(std::slice::from_ref(&source));
    assert!(compiled.diagnostics.is_empty(), "{:#?}\n{}", compiled.diagnostics, source.text);
    let StatementKind::Mock(mock) = &compiled.tests[0].statements[0].kind else { panic!("no mock") };
    let Reply::Returns(expr) = &mock.reply else { panic!("no value") };
    let (nobody, none) = (Value::Null, BTreeMap::new());
    evaluate(expr, &Scope::new(&nobody, &nobody, &none, jiff::Timestamp::UNIX_EPOCH)).unwrap()
}

fn declared() -> Type {
    let compiled = compile(&[Source { name: "a".into(), text: PROJECT.into() }]);
    let Some(Answers::Body(ty)) = compiled.project.unwrap().actions["a"].answer.clone() else {
        panic!("no answer")
    };
    ty
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn what_is_recorded_is_what_was_read(
        text in "([\"\\\\{}%\n\r\t\u{2028}\u{202e}\u{1}é😀a ]|\\{\\{|\\{%){0,12}",
        name in "[a-z -]{1,8}",
        number in -1_000_000i64..1_000_000,
        second in any::<bool>(),
    ) {
        let way = if second {
            serde_json::json!({ "kind": "b", "y": [text, "z"] })
        } else {
            serde_json::json!({ "kind": "a", "x": number })
        };
        let mut more = serde_json::Map::new();
        more.insert(name, serde_json::json!([text, null, { "if": number }]));
        let cents = format!("{}.50", number);
        let tree = serde_json::json!({
            "text": text, "int": number, "number": serde_json::from_str::<serde_json::Number>(&cents).unwrap(),
            "at": "2026-03-01T10:00:00.123Z", "day": "2026-03-01", "long": "PT36H0.5S", "more": more, "way": way, "tier": "y",
        });
        let ty = declared();
        let value = ty.read(&tree).unwrap();
        let again = read_back(&value, &ty);
        prop_assert!(again.means_same(&value), "{again}\n{value}");
    }
}
