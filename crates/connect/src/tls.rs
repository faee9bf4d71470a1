//! Certificates of a connection: a client is made of them, and another one when they change. Calls that are under way
//! stay with the client that they began with.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use graph::{CallError, ErrorKind, Setting, Tls};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

use crate::{Environment, environment::Lack, guard::Guard, secret::Secret};

/// The guarded client of a connection.
pub(crate) struct Clients {
    /// Without certificates of our own.
    pub(crate) plain: Guard,
    private: Arc<BTreeSet<String>>,
    tls: Option<Tls>,
    made: Mutex<Option<Made>>,
}

/// A client, and what it was made of.
struct Made {
    of: Material,
    guard: Guard,
    /// What came later and was no good.
    refused: Option<Material>,
}

/// PEM texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Material {
    /// A certificate with its chain, and its key.
    pub(crate) identity: Option<(Secret, Secret)>,
    pub(crate) ca: Option<Secret>,
    pub(crate) ca_only: bool,
}

impl Clients {
    pub(crate) fn new(private: BTreeSet<String>, tls: Option<Tls>) -> Result<Clients, String> {
        let private = Arc::new(private);
        let plain = Guard::new(private.clone(), None)?;
        Ok(Clients { plain, private, tls, made: Mutex::default() })
    }

    /// The certificates that there are now; none where the public authorities are enough.
    ///
    /// # Errors
    /// When one is not to be had.
    pub(crate) async fn material(&self, environment: &Environment) -> Result<Option<Material>, CallError> {
        match &self.tls {
            Some(tls) => Ok(Some(Material::find(tls, environment).await?)),
            None => Ok(None),
        }
    }

    /// The client to call with now.
    ///
    /// # Errors
    /// When a certificate is not to be had, or no client can be made of what there is and none was made before.
    pub(crate) async fn guard(&self, environment: &Environment) -> Result<Guard, CallError> {
        let Some(tls) = &self.tls else { return Ok(self.plain.clone()) };
        let material = Material::find(tls, environment).await?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*made
            && (made.of == material || made.refused.as_ref() == Some(&material))
        {
            return Ok(made.guard.clone());
        }
        match (Guard::new(self.private.clone(), Some(&material)), &mut *made) {
            (Ok(guard), made) => {
                *made = Some(Made { of: material, guard: guard.clone(), refused: None });
                Ok(guard)
            }
            // A certificate may be there a moment before its key.
            (Err(reason), Some(made)) => {
                tracing::warn!(%reason, "new certificates cannot be used; those before are");
                made.refused = Some(material);
                Ok(made.guard.clone())
            }
            (Err(reason), None) => {
                Err(CallError::new(ErrorKind::Auth, format!("the certificates cannot be used: {reason}")))
            }
        }
    }
}

/// Settings for TLS where it is not an HTTP client that speaks it; they mean the same.
///
/// # Errors
/// Why the certificates are no good.
pub(crate) fn config(material: Option<&Material>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let authorities = match material.and_then(|material| material.ca.as_ref()) {
        Some(ca) => {
            let read = CertificateDer::pem_slice_iter(ca.expose().as_bytes()).collect::<Result<Vec<_>, _>>();
            let read = read.map_err(|error| error.to_string())?;
            if read.is_empty() {
                return Err("there is no certificate of an authority".into());
            }
            read
        }
        None => Vec::new(),
    };
    let builder = if material.is_some_and(|material| material.ca_only) {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority).map_err(|error| error.to_string())?;
        }
        builder.with_root_certificates(roots)
    } else {
        let verifier =
            Verifier::new_with_extra_roots(authorities, provider).map_err(|error| error.to_string())?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    };
    let Some((certificate, key)) = material.and_then(|material| material.identity.as_ref()) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain =
        CertificateDer::pem_slice_iter(certificate.expose().as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|error| error.to_string())?;
    builder.with_client_auth_cert(chain, key).map_err(|error| error.to_string())
}

impl Material {
    async fn find(tls: &Tls, environment: &Environment) -> Result<Material, CallError> {
        let find = async |setting: &Setting| {
            let found = environment.value(setting).await;
            found.map_err(|lack: Lack| CallError::new(ErrorKind::Auth, lack.reason))
        };
        let identity = match &tls.identity {
            Some((certificate, key)) => Some((find(certificate).await?, find(key).await?)),
            None => None,
        };
        let ca = match &tls.ca {
            Some(ca) => Some(find(ca).await?),
            None => None,
        };
        Ok(Material { identity, ca, ca_only: tls.ca_only })
    }
}
