//! The function `hmacSha256` of a text.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::hexadecimal;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "hmacSha256",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("key", Shape::Text)],
    result: Shape::Text,
    doc: "The HMAC-SHA-256 of the text under a key, in hexadecimal.",
    examples: &[(r#""ada".hmacSha256("k").length()"#, "64")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(call.text(1)?.as_bytes()).map_err(|_| Fault::new("not a key"))?;
    mac.update(call.text(0)?.as_bytes());
    Ok(Value::from(hexadecimal(&mac.finalize().into_bytes())))
}
