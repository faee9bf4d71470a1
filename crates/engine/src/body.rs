//! Renders the bodies of requests: JSON, XML, forms, forms of several parts, text.
//!
//! A body depends on nothing but its action and its data: each attempt of a call sends the same bytes. So the boundary of a
//! multipart body is drawn from its contents, and looked for in them.

use std::fmt::Write as _;

use graph::{
    Body, FormPart, Name,
    library::{Fault, encode::url},
};

use crate::{
    eval::Scope,
    render::{MOST_BYTES, text},
};

/// The content type of a body, and the body; none where there is none.
pub(crate) fn of(body: &Body, scope: &Scope<'_>) -> Result<Option<(Name, String)>, Fault> {
    let made = match body {
        Body::None | Body::Mail => None,
        Body::Json(template) => {
            let json = text(template, scope)?;
            serde_json::from_str::<serde::de::IgnoredAny>(&json)
                .map_err(|error| Fault(format!("its body is not JSON: {error}")))?;
            Some(("application/json".into(), json))
        }
        Body::Form(fields) => {
            let mut form = String::new();
            for (name, value) in fields {
                let mark = if form.is_empty() { "" } else { "&" };
                let _ = write!(form, "{mark}{}={}", url(name), url(&text(value, scope)?));
            }
            Some(("application/x-www-form-urlencoded".into(), form))
        }
        Body::Xml(template) => Some(("application/xml".into(), text(template, scope)?)),
        Body::Multipart(parts) => Some(multipart(parts, scope)?),
        Body::Text { content_type, text: template } => Some((content_type.clone(), text(template, scope)?)),
    };
    match made {
        Some((_, body)) if body.len() > MOST_BYTES => Err(too_large()),
        made => Ok(made),
    }
}

fn too_large() -> Fault {
    Fault::new("its body grows beyond 1 MiB")
}

/// A part of a multipart body, ready but for the boundary around it.
struct Part {
    head: String,
    value: String,
}

fn multipart(parts: &[FormPart], scope: &Scope<'_>) -> Result<(Name, String), Fault> {
    let mut made: Vec<Part> = Vec::with_capacity(parts.len());
    let mut length = 0;
    for part in parts {
        let value = text(&part.value, scope)?;
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", part.name);
        if let Some(name) = &part.file_name {
            let _ = write!(head, "; filename=\"{}\"", file_name(text(name, scope)?)?);
        }
        head += "\r\n";
        let content_type = match (&part.content_type, &part.file_name) {
            (Some(said), _) => Some(&**said),
            // What is said of a file of no known kind (RFC 7578, 4.4).
            (None, Some(_)) => Some("application/octet-stream"),
            (None, None) => None,
        };
        if let Some(content_type) = content_type {
            let _ = write!(head, "Content-Type: {content_type}\r\n");
        }
        length += head.len() + value.len();
        if length > MOST_BYTES {
            return Err(too_large());
        }
        made.push(Part { head, value });
    }
    let boundary = boundary(&made);
    let mut body = String::with_capacity(length + (made.len() + 1) * (boundary.len() + 8));
    for Part { head, value } in &made {
        let _ = write!(body, "--{boundary}\r\n{head}\r\n{value}\r\n");
    }
    let _ = write!(body, "--{boundary}--\r\n");
    Ok((format!("multipart/form-data; boundary={boundary}").into(), body))
}

/// A text that stands in no part. It is drawn from the contents, so that the same data makes the same body, and drawn
/// again as long as it occurs in them: so whoever chooses a value cannot end its part, whatever they know.
fn boundary(parts: &[Part]) -> String {
    let all: Vec<&str> = parts.iter().flat_map(|part| [part.head.as_str(), part.value.as_str()]).collect();
    let contents = all.join("\n");
    let mut seed = 0;
    loop {
        let drawn = xxhash_rust::xxh3::xxh3_128_with_seed(contents.as_bytes(), seed);
        let boundary = format!("wayfare-{drawn:032x}");
        if !contents.contains(&boundary) {
            return boundary;
        }
        seed += 1;
    }
}

/// The name of a file. Servers do not agree on how a quote or a backslash in one is written, so there are none.
fn file_name(name: String) -> Result<String, Fault> {
    if name.is_empty() {
        return Err(Fault::new("the name of a file is empty"));
    }
    match name.chars().find(|letter| matches!(letter, '"' | '\\' | '/') || letter.is_control()) {
        None => Ok(name),
        Some(letter) => Err(Fault(format!("the name of a file must not hold {}", named(letter)))),
    }
}

/// Writes a text so that it means itself in an element or an attribute: what a reader of XML would take for white space
/// of no meaning is written as a reference.
pub(crate) fn escape_xml(out: &mut String, text: &str) -> Result<(), Fault> {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                return Err(Fault(format!(
                    "XML cannot hold {}; take it out before, with `.replaceAll(…)`",
                    named(letter)
                )));
            }
            other => out.push(other),
        }
    }
    Ok(())
}

/// A character in words: controls are not printed.
fn named(letter: char) -> String {
    if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') {
        format!("the character U+{:04X}", u32::from(letter))
    } else {
        format!("`{letter}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_that_occurs_is_drawn_again() {
        let parts = |value: String| vec![Part { head: String::new(), value }];
        let first = boundary(&parts("a".into()));
        assert_eq!(first, boundary(&parts("a".into())));
        // No value can hold its own boundary but by chance; what is checked is that one which occurs is not taken.
        for value in [first.clone(), format!("--{first}--\r\n"), "wayfare-".repeat(9)] {
            assert!(!value.contains(&boundary(&parts(value.clone()))));
        }
    }

    #[test]
    fn the_name_of_a_file_stays_between_its_quotes() {
        assert_eq!(file_name("Übersicht 1; a=b.csv".into()).unwrap(), "Übersicht 1; a=b.csv");
        for (name, wrong) in [
            ("a\".csv", "`\"`"),
            ("a\\b", "`\\`"),
            ("../a", "`/`"),
            ("a\r\nX: y", "the character U+000D"),
            ("a\0", "the character U+0000"),
        ] {
            let said = file_name(name.into()).unwrap_err().0;
            assert_eq!(said, format!("the name of a file must not hold {wrong}"));
        }
        assert!(file_name(String::new()).is_err());
    }

    #[test]
    fn what_xml_cannot_hold_is_refused() {
        let escaped = |text: &str| {
            let mut out = String::new();
            escape_xml(&mut out, text).map(|()| out)
        };
        assert_eq!(escaped("a<b> ]]>&\"'\t\r\n").unwrap(), "a&lt;b&gt; ]]&gt;&amp;&quot;&#39;&#9;&#13;&#10;");
        assert_eq!(escaped("\u{85}\u{2028}😀").unwrap(), "\u{85}\u{2028}😀");
        for wrong in ["\u{1}", "\u{b}", "\u{1f}", "\u{ffff}"] {
            assert!(escaped(wrong).unwrap_err().0.starts_with("XML cannot hold the character U+"));
        }
    }
}
