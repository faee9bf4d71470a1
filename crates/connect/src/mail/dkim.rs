//! DKIM (RFC 6376, RFC 8463): a domain signs for a mail, with RSA or Ed25519. The key is PEM, as `openssl` writes it.

use base64::{Engine, engine::general_purpose::STANDARD};
use graph::{CallError, Dkim, ErrorKind};
use lettre::{
    Message,
    message::{
        dkim::{
            DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
        },
        header::HeaderName,
    },
};
use rsa::{
    RsaPrivateKey,
    pkcs1::{EncodeRsaPrivateKey, LineEnding},
    pkcs8::DecodePrivateKey,
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

use crate::{partner::Here, secret::Secret};

/// What is signed of the head.
const SIGNED: [&str; 10] = [
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];
/// What stands before the 32 bytes of an Ed25519 key in PKCS#8, whichever version (RFC 8410, section 7).
const ED25519: [u8; 9] = [0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Signs a mail.
///
/// # Errors
/// Of the kind `auth`, when the key is not to be had or is none.
pub(super) async fn sign(
    mail: &mut Message,
    dkim: &Dkim,
    here: &Here,
    sent: &mut Vec<Secret>,
) -> Result<(), CallError> {
    let domain = here.credential(&dkim.domain, sent).await?;
    let selector = here.credential(&dkim.selector, sent).await?;
    let key = here.credential(&dkim.key, sent).await?;
    let key = read(key.expose()).ok_or_else(|| {
        let reason = "the key of `dkim` is no private key in PEM, RSA or Ed25519";
        CallError::new(ErrorKind::Auth, reason)
    })?;
    let relaxed = DkimCanonicalizationType::Relaxed;
    let signed = SIGNED.into_iter().filter(|name| mail.headers().get_raw(name).is_some());
    let config = DkimConfig::new(
        selector.expose().to_owned(),
        domain.expose().to_owned(),
        key,
        signed.map(HeaderName::new_from_ascii_str).collect(),
        DkimCanonicalization { header: relaxed, body: relaxed },
    );
    mail.sign(&config);
    Ok(())
}

/// The key in a PEM text.
fn read(pem: &str) -> Option<DkimSigningKey> {
    if let Ok(key) = DkimSigningKey::new(pem.trim(), DkimSigningAlgorithm::Rsa) {
        return Some(key);
    }
    if let Ok(key) = RsaPrivateKey::from_pkcs8_pem(pem.trim()) {
        let pem = key.to_pkcs1_pem(LineEnding::LF).ok()?;
        return DkimSigningKey::new(&pem, DkimSigningAlgorithm::Rsa).ok();
    }
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    let der = der.secret_pkcs8_der();
    let begins = der.windows(ED25519.len()).position(|bytes| bytes == ED25519)? + ED25519.len();
    let key = der.get(begins..begins + 32)?;
    DkimSigningKey::new(&STANDARD.encode(key), DkimSigningAlgorithm::Ed25519).ok()
}
