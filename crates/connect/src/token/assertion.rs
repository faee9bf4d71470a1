//! What we sign about ourselves: JSON Web Tokens (RFC 7519) with RS256 or ES256 (RFC 7518, section 3), such as the
//! assertion by which a client proves who it is (RFC 7523, section 3).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use serde_json::json;
use uuid::Uuid;

/// How long an assertion is good for, in seconds: it is used at once, but clocks differ.
const GOOD_FOR: i64 = 300;

/// What an assertion says.
pub(super) struct Claims<'a> {
    /// Who makes it.
    pub(super) client: &'a str,
    /// Who it speaks of, if anybody.
    pub(super) subject: Option<&'a str>,
    /// Who it is for.
    pub(super) audience: &'a str,
    /// What a token is wanted for, where that is said here.
    pub(super) scope: Option<&'a str>,
    /// What the server knows the key by.
    pub(super) key_id: Option<&'a str>,
}

/// A signed assertion.
///
/// # Errors
/// When the key is none that can sign it; the reason holds nothing of the key.
pub(super) fn sign(claims: &Claims<'_>, pem: &str) -> Result<String, String> {
    let now = Timestamp::now().as_second();
    let mut body = json!({
        "iss": claims.client, "aud": claims.audience,
        "iat": now, "exp": now + GOOD_FOR, "jti": Uuid::new_v4().to_string(),
    });
    with(&mut body, "sub", claims.subject);
    with(&mut body, "scope", claims.scope);
    signed(&body, claims.key_id, pem)
}

/// Adds to an object what there is.
pub(super) fn with(object: &mut serde_json::Value, name: &str, value: Option<&str>) {
    if let (Some(value), Some(object)) = (value, object.as_object_mut()) {
        object.insert(name.into(), value.into());
    }
}

/// A token that says this.
///
/// # Errors
/// When the key is none that can sign it; the reason holds nothing of the key.
pub(super) fn signed(body: &serde_json::Value, key_id: Option<&str>, pem: &str) -> Result<String, String> {
    let key = Key::read(pem)?;
    let mut header = json!({ "alg": key.algorithm(), "typ": "JWT" });
    with(&mut header, "kid", key_id);
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(body));
    let signature = key.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

enum Key {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

impl Key {
    fn read(pem: &str) -> Result<Key, String> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| "the private key is no PEM text of a private key".to_owned())?;
        let rsa = |made: Result<RsaKeyPair, ring::error::KeyRejected>| {
            made.map(Key::Rsa).map_err(|error| format!("the RSA key cannot be used: {error}"))
        };
        match &der {
            PrivateKeyDer::Pkcs1(der) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der())),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                let random = SystemRandom::new();
                match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random) {
                    Ok(key) => Ok(Key::Ecdsa(key)),
                    Err(_) => rsa(RsaKeyPair::from_pkcs8(der))
                        .map_err(|reason| format!("{reason}; it is no key on the curve P-256 either")),
                }
            }
            _ => {
                Err("the private key is in an old form: `openssl pkcs8 -topk8 -nocrypt` gives PKCS#8".into())
            }
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Key::Rsa(_) => "RS256",
            Key::Ecdsa(_) => "ES256",
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let failed = |_| "the private key does not sign".to_owned();
        let random = SystemRandom::new();
        match self {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Key::Ecdsa(key) => Ok(key.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
        }
    }
}
