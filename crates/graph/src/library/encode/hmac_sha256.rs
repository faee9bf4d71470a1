//! The function `hmacSha256` of a text.

use base64::{Engine as _, engine::general_purpose::STANDARD};
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
    params: &[
        Param::needed("text", Shape::Text),
        Param::needed("key", Shape::Text),
        Param::optional("encoding", Shape::Text),
    ],
    result: Shape::Text,
    doc: "The HMAC-SHA-256 of the text's UTF-8 bytes under a key, as `hex` (if left out) or `base64`.",
    examples: &[
        (r#""ada".hmacSha256("k").length()"#, "64"),
        (r#""ada".hmacSha256("k", "base64").length()"#, "44"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(call.text(1)?.as_bytes()).map_err(|_| Fault::new("not a key"))?;
    mac.update(call.text(0)?.as_bytes());
    let code = mac.finalize().into_bytes();
    match call.value(2).as_text() {
        None | Some("hex") => Ok(Value::from(hexadecimal(&code))),
        Some("base64") => Ok(Value::from(STANDARD.encode(code))),
        Some(other) => Err(Fault(format!("`{other}` is not an encoding: write \"hex\" or \"base64\""))),
    }
}
