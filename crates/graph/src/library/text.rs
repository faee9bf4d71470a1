//! Functions on text. Positions count characters (Unicode scalar values), never bytes.

use regex::RegexBuilder;

use super::{Fault, Function, Shape, functions};
use crate::Value;

const T: Shape = Shape::Text;

pub(super) const FUNCTIONS: &[Function] = functions![
    "length" method ("text": T) -> Shape::Int, "How many characters the text has.",
        ["\"Zoë\".length()" => "3"],
        |call| Ok(Value::Int(call.text(0)?.chars().count().try_into().unwrap_or(i64::MAX)));
    "isEmpty" method ("text": T) -> Shape::Bool, "Whether the text has no characters.",
        ["\"\".isEmpty()" => "true"],
        |call| Ok(Value::Bool(call.text(0)?.is_empty()));
    "upper" method ("text": T) -> T, "The text in capitals.",
        ["\"ada\".upper()" => "\"ADA\""],
        |call| Ok(Value::from(call.text(0)?.to_uppercase()));
    "lower" method ("text": T) -> T, "The text in small letters.",
        ["\"ADA\".lower()" => "\"ada\""],
        |call| Ok(Value::from(call.text(0)?.to_lowercase()));
    "capitalize" method ("text": T) -> T, "The text with its first letter in capitals.",
        ["\"ada lovelace\".capitalize()" => "\"Ada lovelace\""],
        |call| {
            let text = call.text(0)?;
            let mut rest = text.chars();
            let first: String = rest.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
            Ok(Value::from(first + rest.as_str()))
        };
    "trim" method ("text": T) -> T, "The text without white space at its ends.",
        ["\" a b \".trim()" => "\"a b\""],
        |call| Ok(Value::from(call.text(0)?.trim()));
    "contains" method ("text": T; "part": T) -> Shape::Bool, "Whether `part` occurs in the text.",
        ["\"cart\".contains(\"ar\")" => "true"],
        |call| Ok(Value::Bool(call.text(0)?.contains(&*call.text(1)?)));
    "startsWith" method ("text": T; "start": T) -> Shape::Bool, "Whether the text begins with `start`.",
        ["\"cart\".startsWith(\"ca\")" => "true"],
        |call| Ok(Value::Bool(call.text(0)?.starts_with(&*call.text(1)?)));
    "endsWith" method ("text": T; "end": T) -> Shape::Bool, "Whether the text ends with `end`.",
        ["\"cart\".endsWith(\"rt\")" => "true"],
        |call| Ok(Value::Bool(call.text(0)?.ends_with(&*call.text(1)?)));
    "replace" method ("text": T; "old": T; "new": T) -> T, "The text with every `old` replaced by `new`.",
        ["\"a-b-c\".replace(\"-\", \"+\")" => "\"a+b+c\""],
        |call| bounded(call.text(0)?.replace(&*call.text(1)?, &call.text(2)?));
    "split" method ("text": T; "separator": T) -> Shape::List(&Shape::Text), "The parts between the separators.",
        ["\"a,b\".split(\",\")" => "[\"a\",\"b\"]"],
        |call| Ok(Value::list(call.text(0)?.split(&*call.text(1)?).map(Value::from)));
    "substring" method ("text": T; "from": Shape::Int, ? "to": Shape::Int) -> T,
        "The characters from position `from` up to, not including, `to` (or the end).",
        ["\"journey\".substring(0, 4)" => "\"jour\"", "\"journey\".substring(4)" => "\"ney\""],
        |call| {
            let from = usize::try_from(call.int(1)?.max(0)).unwrap_or(usize::MAX);
            let to = match call.value(2) {
                Value::Int(to) => usize::try_from(to.max(0)).unwrap_or(usize::MAX),
                _ => usize::MAX,
            };
            let text = call.text(0)?;
            Ok(Value::from(text.chars().skip(from).take(to.saturating_sub(from)).collect::<String>()))
        };
    "truncate" method ("text": T; "length": Shape::Int) -> T,
        "The first `length` characters; an ellipsis takes the place of the last one when something was cut.",
        ["\"journey\".truncate(4)" => "\"jou…\"", "\"go\".truncate(4)" => "\"go\""],
        |call| {
            let (text, most) = (call.text(0)?, usize::try_from(call.int(1)?.max(0)).unwrap_or(usize::MAX));
            if text.chars().count() <= most {
                return Ok(Value::Text(text));
            }
            let kept: String = text.chars().take(most.saturating_sub(1)).collect();
            Ok(Value::from(if most == 0 { kept } else { kept + "…" }))
        };
    "matches" method ("text": T; "pattern": T) -> Shape::Bool,
        "Whether the regular expression matches somewhere in the text; takes linear time.",
        ["\"ada@example.com\".matches(\"^[^@]+@[^@]+$\")" => "true"],
        |call| {
            let pattern = RegexBuilder::new(&call.text(1)?)
                .size_limit(1 << 20)
                .build()
                .map_err(|_| Fault::new("not a regular expression, or one that is too large"))?;
            Ok(Value::Bool(pattern.is_match(&call.text(0)?)))
        };
    "toInt" method ("text": T) -> Shape::Optional(&Shape::Int), "The integer that the text spells, if it does.",
        ["\"42\".toInt()" => "42", "\"x\".toInt()" => "null"],
        |call| Ok(call.text(0)?.trim().parse().map_or(Value::Null, Value::Int));
    "toDecimal" method ("text": T) -> Shape::Optional(&Shape::Decimal), "The decimal that the text spells, if it does.",
        ["\"59.90\".toDecimal()" => "59.90"],
        |call| Ok(rust_decimal::Decimal::from_str_exact(call.text(0)?.trim()).map_or(Value::Null, Value::Decimal));
    "toString" method ("value": Shape::Any) -> T, "The value as a template prints it.",
        ["(1 + 1).toString()" => "\"2\""],
        |call| bounded(call.value(0).to_string());
];

/// The most bytes a text may grow to in an expression.
const MOST_BYTES: usize = 1 << 20;

pub(super) fn bounded(text: String) -> Result<Value, Fault> {
    if text.len() > MOST_BYTES {
        Err(Fault::new("the text grows beyond 1 MiB"))
    } else {
        Ok(Value::from(text))
    }
}
