//! Values written as expressions of the language: what was recorded becomes text of a journey file.

use graph::{Type, Value, duration_text, json};

/// The expression that gives this value where its type is wanted. Fields that the type does not declare are left out.
pub fn literal(value: &Value, ty: &Type) -> String {
    match (value, ty.settled()) {
        (Value::Null, _) => "null".into(),
        (Value::Bool(truth), _) => truth.to_string(),
        (Value::Int(number), _) => number.to_string(),
        (Value::Decimal(number), _) => number.to_string(),
        (Value::Text(text), _) => quoted(text),
        (Value::DateTime(at), _) => format!("\"{at}\".toDateTime()"),
        (Value::Date(date), _) => format!("\"{date}\".toDate()"),
        (Value::Duration(micros), _) => duration_text(*micros),
        (Value::List(items), Type::List(item)) => {
            let items: Vec<String> = items.iter().map(|one| literal(one, item)).collect();
            format!("[{}]", items.join(", "))
        }
        (Value::Record(_), Type::Record(record)) => {
            let fields = record.fields.iter().filter_map(|field| {
                Some(format!("{}: {}", field.name, literal(value.field(&field.name)?, &field.ty)))
            });
            let fields: Vec<String> = fields.collect();
            if fields.is_empty() { "{}".into() } else { format!("{{ {} }}", fields.join(", ")) }
        }
        (Value::Record(_), Type::Union(union)) => {
            let tag = value.field(&union.tag).map(ToString::to_string).unwrap_or_default();
            match union.variant(&tag) {
                Some(variant) => literal(value, &Type::Record(variant.clone())),
                None => parsed(value),
            }
        }
        // Of JSON nobody knows whether its names are names of the language.
        (Value::List(_) | Value::Record(_), _) => parsed(value),
    }
}

fn parsed(value: &Value) -> String {
    format!("{}.parseJson()", quoted(&json::write(value)))
}

/// A text in quotes, with nothing in it that would mean something, and nothing that nobody sees.
fn quoted(text: &str) -> String {
    let mut made = String::from("\"");
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' | '\\' => made.extend(['\\', letter]),
            '\n' => made.push_str("\\n"),
            '\r' => made.push_str("\\r"),
            '\t' => made.push_str("\\t"),
            '{' if matches!(letters.peek(), Some('{' | '%')) => made.push_str("\\{"),
            letter if is_unseen(letter) => made.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => made.push(letter),
        }
    }
    made.push('"');
    made
}

/// Controls, separators of lines, and what turns the direction of text.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
