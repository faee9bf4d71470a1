//! Templates after checking: text with holes, conditions and loops.
//!
//! Each hole carries the escape of the place where it stands, chosen by the compiler, so that a value can never break
//! out of its place whatever it holds. What a hole prints is never read as a template again.

use crate::{Expr, Name};

/// Text with holes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// What it is made of, in order.
    pub parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text as it stands.
    Text(Name),
    /// `{{ value }}`
    Hole {
        /// What is printed.
        value: Expr,
        /// How it is made safe for its place.
        escape: Escape,
    },
    /// `{% if %} … {% elif %} … {% else %} … {% end %}`: the first branch whose condition holds.
    If {
        /// Conditions and what they print.
        branches: Vec<(Expr, Template)>,
        /// What is printed when none holds.
        otherwise: Template,
    },
    /// `{% for item in list %} … {% end %}`
    For {
        /// The name of the item.
        variable: Name,
        /// The list.
        list: Expr,
        /// What is printed for each item.
        body: Template,
    },
}

/// How a hole's value is made safe for the place where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Plain text: as it is.
    Plain,
    /// Text or attribute of HTML.
    Html,
    /// Text or attribute of XML: what no document can hold is an error.
    Xml,
    /// Between the quotes of a JSON string.
    JsonString,
    /// A whole JSON value.
    JsonValue,
    /// A segment of a path or a value of a query: everything but unreserved characters is percent-encoded.
    Url,
    /// The value of a header: a line break is an error.
    Header,
}

impl Template {
    /// A template of fixed text.
    pub fn fixed(text: &str) -> Template {
        Template { parts: vec![Part::Text(text.into())] }
    }

    /// The text, if there is nothing but text in it.
    pub fn as_fixed(&self) -> Option<String> {
        let mut whole = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => whole.push_str(text),
                Part::Hole { .. } | Part::If { .. } | Part::For { .. } => return None,
            }
        }
        Some(whole)
    }
}
