//! The function `md5` of a text.

use md5::{Digest, Md5};

use super::hexadecimal;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "md5",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The MD5 of the text's UTF-8 bytes, in hexadecimal; only for partners who ask for it, since it no longer protects.",
    examples: &[(r#""ada".md5().length()"#, "32"), (r#""".md5().substring(0, 8)"#, r#""d41d8cd9""#)],
    apply: |call| Ok(Value::from(hexadecimal(&Md5::digest(call.text(0)?.as_bytes())))),
};
