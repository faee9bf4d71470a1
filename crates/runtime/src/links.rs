//! Links in messages, and hashes of addresses: what only this deployment can write and read.
//!
//! A link carries what it says in itself, encrypted, so that nothing is stored for it and it holds for as long as the
//! deployment's key does; the recipient of a forwarded mail learns nobody's key from it, and nobody can make one up. The
//! encryption is deterministic (AES-SIV, [RFC 5297](https://www.rfc-editor.org/rfc/rfc5297)): the same message of the same
//! instance has the same link in every attempt.

use std::fmt;

use aes_siv::{KeyInit as _, siv::Aes256Siv};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use engine::link::{Links, WayBack};
use graph::Destination;
use store::Store;
use uuid::Uuid;

/// How long a key of AES-SIV is, in bytes.
const SEAL: usize = 64;
/// How long the key of hashes is, in bytes.
const HASH: usize = 32;
/// The longest token that is looked at: what the address of a link may have, and a few hundred bytes of names.
const LONGEST: usize = 8_192;

/// Links under this deployment's key.
pub(crate) struct SealedLinks {
    /// Where this server is reached from outside, without a slash at its end; empty where nobody said it.
    public_url: String,
    seal: [u8; SEAL],
    hash: [u8; HASH],
}

impl fmt::Debug for SealedLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedLinks").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl SealedLinks {
    /// Links under the keys that the store keeps; they are made when there are none yet.
    pub(crate) async fn open(
        store: &dyn Store,
        public_url: Option<&str>,
    ) -> Result<SealedLinks, store::Error> {
        Ok(SealedLinks {
            public_url: public_url.unwrap_or_default().trim_end_matches('/').to_owned(),
            seal: key(store, "links").await?,
            hash: key(store, "addresses").await?,
        })
    }

    /// Where this server is reached from outside, where that is said.
    pub(crate) fn public_url(&self) -> Option<&str> {
        Some(self.public_url.as_str()).filter(|url| !url.is_empty())
    }

    /// What a link says; none if this deployment did not write it.
    pub(crate) fn read(&self, token: &str) -> Option<WayBack> {
        let sealed = URL_SAFE_NO_PAD.decode(Some(token).filter(|token| token.len() <= LONGEST)?).ok()?;
        let plain = self.cipher().decrypt(NOTHING_BESIDE, &sealed).ok()?;
        let (instance, names) = plain.split_at_checked(16)?;
        let (profile, message, policy, url) = serde_json::from_slice(names).ok()?;
        Some(WayBack { profile, message, policy, url, instance: Uuid::from_slice(instance).ok()? })
    }

    /// The hashes of the addresses in the `to` of a message.
    pub(crate) fn hashes(&self, to: &str) -> Vec<Uuid> {
        to.split(',').filter_map(bare).map(|address| self.hash_of(&address)).collect()
    }

    fn hash_of(&self, address: &str) -> Uuid {
        let hash = blake3::keyed_hash(&self.hash, address.as_bytes());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash.as_bytes()).for_each(|(byte, hashed)| *byte = *hashed);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    fn token(&self, back: &WayBack) -> String {
        let names = serde_json::to_vec(&(&back.profile, &back.message, &back.policy, &back.url));
        let names = names.unwrap_or_default();
        let plain = [back.instance.as_bytes().as_slice(), &names].concat();
        // It fails only for texts of more than 2^36 bytes.
        let sealed = self.cipher().encrypt(NOTHING_BESIDE, &plain).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(sealed)
    }

    fn cipher(&self) -> Aes256Siv {
        Aes256Siv::new(&self.seal.into())
    }
}

impl Links for SealedLinks {
    fn write(&self, to: Destination, back: &WayBack) -> String {
        let token = self.token(back);
        let folder = match to {
            Destination::Token => return token,
            Destination::Unsubscribe => "u",
            Destination::Clicked => "c",
            Destination::Opened => "o",
        };
        format!("{}/{folder}/{token}", self.public_url)
    }
}

/// Nothing is authenticated beside what is encrypted.
const NOTHING_BESIDE: [&[u8]; 0] = [];

/// A key of this deployment. Two random UUIDs have 244 random bits; a hash makes bytes of them that are as good as any.
async fn key<const LENGTH: usize>(store: &dyn Store, name: &str) -> Result<[u8; LENGTH], store::Error> {
    let chance = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
    let mut fresh = [0; LENGTH];
    blake3::Hasher::new_derive_key("wayfare 2026 a key of a deployment")
        .update(&chance)
        .finalize_xof()
        .fill(&mut fresh);
    let kept = store.key(name, &fresh).await?;
    kept.try_into().map_err(|kept: Vec<u8>| store::Error::Corrupt {
        what: "key",
        reason: format!("`{name}` has {} bytes instead of {LENGTH}", kept.len()),
    })
}

/// An address without the name before it, in the one way in which it is hashed: `Ada <Ada@Example.com>` is
/// `ada@example.com`, `+49 170 12-34` is `+491701234`. The case of the part before the `@` counts at no server that
/// matters. None where there is no address.
fn bare(to: &str) -> Option<String> {
    let inside = to.rsplit_once('<').map_or(to, |(_, rest)| rest.split('>').next().unwrap_or_default());
    let lower = inside.trim().to_lowercase();
    let number = lower.trim_start_matches("whatsapp:");
    let is_number = number.chars().any(|letter| letter.is_ascii_digit())
        && number.chars().all(|letter| letter.is_ascii_digit() || "+ -./()".contains(letter));
    let bare = if is_number {
        number.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect()
    } else {
        lower
    };
    Some(bare).filter(|bare| !bare.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(seal: u8) -> SealedLinks {
        SealedLinks { public_url: "https://shop.example".into(), seal: [seal; SEAL], hash: [3; HASH] }
    }

    fn back() -> WayBack {
        WayBack {
            profile: "ada@example.com".into(),
            message: "cartReminder".into(),
            instance: Uuid::from_u128(7),
            policy: Some("marketing".into()),
            url: Some("https://shop.example/?a=1&b=2".into()),
        }
    }

    #[test]
    fn a_link_says_what_was_written_to_whoever_wrote_it_and_nothing_to_others() {
        let token = links(1).write(Destination::Token, &back());
        assert_eq!(links(1).read(&token), Some(back()));
        assert_eq!(links(2).read(&token), None);
        assert!(!String::from_utf8_lossy(&URL_SAFE_NO_PAD.decode(&token).unwrap()).contains("ada"));
        assert_eq!(links(1).write(Destination::Token, &back()), token, "every attempt has the same link");
        let url = links(1).write(Destination::Unsubscribe, &back());
        assert_eq!(url, format!("https://shop.example/u/{token}"));
    }

    #[test]
    fn a_link_that_was_changed_in_any_place_says_nothing() {
        let token = links(1).write(Destination::Token, &back());
        for place in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            // The last letter has bits that say nothing.
            assert!(links(1).read(&other).is_none() || place + 1 == token.len(), "at {place}");
        }
        for odd in ["", "A", "%", &"A".repeat(LONGEST + 1)] {
            assert_eq!(links(1).read(odd), None);
        }
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        let of = |to: &str| links(1).hashes(to);
        assert_eq!(of("Ada <Ada@Example.com>"), of("ada@example.com "));
        assert_eq!(of("\"Doe, Jo\" <jo@example.com>").last(), of("jo@example.com").first());
        assert_eq!(of("+49 (170) 12-34"), of("whatsapp:+491701234"));
        assert_eq!(of("a@example.com, b@example.com"), [of("a@example.com"), of("b@example.com")].concat());
        assert_ne!(of("a@example.com"), of("b@example.com"));
        assert!(of(" , <>").is_empty());
    }
}
