//! The function `htmlEscape` of a text.

use super::html;
use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "htmlEscape",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: r#"The text for use in HTML: `& < > " '` become what browsers show as these characters."#,
    examples: &[
        (r#""a < b & c".htmlEscape()"#, r#""a &lt; b &amp; c""#),
        (r#""ada".htmlEscape()"#, r#""ada""#),
    ],
    apply: |call| bounded(html(&call.text(0)?)),
};
