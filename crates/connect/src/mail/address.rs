//! The address of one mailbox as a journey writes it: `ada@example.com` or `Ada <ada@example.com>`.
//!
//! The address is what stands between the last `<` and the `>` at the end, the name is all before it, so that no name
//! can add a recipient. Quoted local parts are refused: programs on the way read them differently, and nobody has one.

use lettre::{Address, message::Mailbox};
use url::Host;

/// The most bytes of an address (RFC 5321, section 4.5.3.1, and its erratum 1690).
const MOST_BYTES: usize = 254;

/// Reads the mailbox that the part `what` of a mail holds.
///
/// # Errors
/// Why it is none, as a sentence that shows it.
pub(super) fn mailbox(text: &str, what: &str) -> Result<Mailbox, String> {
    let wrong = |why: &str| Err(format!("`{what}` is no address: `{}` {why}", text.escape_debug()));
    if text.chars().any(char::is_control) {
        return wrong("holds a line break or another control character");
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("`{what}` is no address: it is empty"));
    }
    let (name, address) = match text.strip_suffix('>') {
        Some(rest) => match rest.rsplit_once('<') {
            Some((name, address)) => (name.trim(), address),
            None => return wrong("has a `>` without a `<`"),
        },
        None => ("", text),
    };
    let Some((local, domain)) = address.rsplit_once('@') else { return wrong("has no `@`") };
    if local.is_empty() || domain.is_empty() {
        return wrong("has nothing on one side of its `@`");
    }
    if local.starts_with('"') {
        return wrong("has a quoted local part");
    }
    // An international domain is written in ASCII, which every server understands.
    let domain = match Host::parse(domain) {
        Ok(Host::Domain(domain)) => domain,
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) => return wrong("names a machine instead of a domain"),
        Err(_) => return wrong("has a domain that is none"),
    };
    if local.len() + 1 + domain.len() > MOST_BYTES {
        return wrong("is too long");
    }
    match Address::new(local, &domain) {
        Ok(address) => Ok(Mailbox::new(unquoted(name), address)),
        Err(_) => wrong("has a character that no address has there"),
    }
}

/// A name without the quotes that it may be written in; none if there is nothing in it.
fn unquoted(name: &str) -> Option<String> {
    let inner = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let name =
        inner.map_or_else(|| name.to_owned(), |inner| inner.replace("\\\"", "\"").replace("\\\\", "\\"));
    Some(name).filter(|name| !name.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_with_or_without_a_name() {
        for (text, name, address) in [
            ("ada@example.com", None, "ada@example.com"),
            (" Ada Lovelace <ada@example.com> ", Some("Ada Lovelace"), "ada@example.com"),
            ("\"Lovelace, Ada\" <ada@example.com>", Some("Lovelace, Ada"), "ada@example.com"),
            ("Ada <eve@evil.example> <ada@example.com>", Some("Ada <eve@evil.example>"), "ada@example.com"),
            ("a@b, c@d <ada@example.com>", Some("a@b, c@d"), "ada@example.com"),
            ("<o'neil+tag@example.com>", None, "o'neil+tag@example.com"),
            ("jörg@müller.de", None, "jörg@xn--mller-kva.de"),
        ] {
            let read = mailbox(text, "to").unwrap();
            assert_eq!((read.name.as_deref(), read.email.to_string().as_str()), (name, address), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_says_why() {
        for (text, why) in [
            ("", "it is empty"),
            ("ada", "has no `@`"),
            ("ada@", "has nothing on one side"),
            ("ada@example.com\r\nBcc: eve@evil.example", "line break"),
            ("ada@example.com\0", "control character"),
            ("ada@example.com, eve@evil.example", "has a character"),
            ("ada@example.com> BODY=8BITMIME", "has a domain that is none"),
            ("ada@ex ample.com", "has a domain that is none"),
            ("\"a b\"@example.com", "has a quoted local part"),
            ("ada@127.0.0.1", "names a machine"),
            ("ada@example.com>", "has a `>` without"),
            (&format!("{}@example.com", "a".repeat(300)), "is too long"),
        ] {
            let reason = mailbox(text, "to").unwrap_err();
            assert!(reason.contains(why), "{text}: {reason}");
        }
    }
}
