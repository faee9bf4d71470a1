//! Certificates of a connection: a client is made of them, and another one when they change. Calls that are under way
//! stay with the client that they began with.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use graph::{CallError, ErrorKind, Setting, Tls};

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
