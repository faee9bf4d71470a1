//! A value that is shown nowhere: no log, no error and no debugger's text holds it.

use std::{fmt, sync::Arc};

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
    let known = |secret: &&Secret| secret.0.len() >= LOOKED_FOR && text.contains(&*secret.0);
    let found: Vec<&Secret> = sent.iter().filter(known).collect();
    found.into_iter().fold(text, |text, secret| text.replace(&*secret.0, MASK))
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
        assert_eq!(without("a short one stays".into(), &[Secret::new("one")]), "a short one stays");
    }
}
