//! A value that is shown nowhere: no log, no error and no debugger's text holds it.

use std::{fmt, sync::Arc};

use url::form_urlencoded;

/// What stands wherever a secret would be shown.
pub(crate) const MASK: &str = "••••";

/// The fewest bytes of a secret that is looked for in what partners say: a shorter one is found by chance.
const LOOKED_FOR: usize = 8;

/// A password, a token, a key. It is not wiped from memory: the HTTP client copies what it sends.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Keeps a value.
    pub fn new(value: impl Into<Arc<str>>) -> Secret {
        Secret(value.into())
    }

    /// The value itself, for the one place where it is sent.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// A text of a partner's without the secrets that it was sent: a server that says back what it got would have them stored.
pub(crate) fn without(text: String, sent: &[Secret]) -> String {
    let long = sent.iter().filter(|secret| secret.0.len() >= LOOKED_FOR);
    long.flat_map(spellings).fold(text, |text, spelling| {
        if text.contains(&spelling) { text.replace(&spelling, MASK) } else { text }
    })
}

/// How a secret looks as it is, in a form or a query, in a path, and in a JSON text.
fn spellings(secret: &Secret) -> Vec<String> {
    let form: String = form_urlencoded::byte_serialize(secret.0.as_bytes()).collect();
    let json = serde_json::Value::from(&*secret.0).to_string();
    let mut all =
        vec![secret.0.to_string(), form.replace('+', "%20"), form, json.trim_matches('"').to_owned()];
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_neither_shown_nor_left_in_an_echo() {
        let secret = Secret::new("canary-canary");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "•••• Some(••••)");
        let said = without("you sent canary-canary, canary-canary".into(), &[secret]);
        assert_eq!(said, "you sent ••••, ••••");
        let strange = Secret::new("canary \"&/");
        let echo = r#"canary "&/ canary+%22%26%2F canary%20%22%26%2F {"a": "canary \"&/"}"#;
        assert_eq!(without(echo.into(), &[strange]), r#"•••• •••• •••• {"a": "••••"}"#);
        assert_eq!(without("a short one stays".into(), &[Secret::new("one")]), "a short one stays");
    }
}
