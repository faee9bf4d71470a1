//! Sessions that are open and not in use. A mail takes the one that was used last, or opens another; how many are open at
//! once is the lane's affair, which lets out so many calls.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustls::ClientConfig;

use super::session::{Login, Session};
use crate::tls::{Material, config};

/// How long an idle session is kept: shorter than common servers keep theirs, so that we close first.
const IDLE: Duration = Duration::from_secs(15);

/// The idle sessions of a connection, and what makes new ones secure.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Arc<Mutex<Vec<Idle>>>,
    /// Whether somebody will look after those that grow old.
    watched: Arc<AtomicBool>,
    /// The last settings for TLS, and what they were made of: to make them, the authorities of the system are read.
    tls: Mutex<Option<(Option<Material>, Arc<ClientConfig>)>>,
}

struct Idle {
    session: Session,
    login: Login,
    since: Instant,
}

impl Pool {
    /// The session for this login that was used last.
    pub(super) fn take(&self, login: &Login) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |one: &Idle| one.login == *login && one.since.elapsed() < IDLE;
        let index = idle.iter().rposition(fits)?;
        Some(idle.remove(index).session)
    }

    /// Keeps a session for the next mail.
    pub(super) fn put(&self, login: Login, session: Session) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(Idle { session, login, since: Instant::now() });
        if !self.watched.swap(true, Ordering::Relaxed) {
            tokio::spawn(close_the_old(self.idle.clone(), self.watched.clone()));
        }
    }

    /// What makes a session secure.
    ///
    /// # Errors
    /// Why the certificates are no good.
    pub(super) fn tls(&self, material: Option<&Material>) -> Result<Arc<ClientConfig>, String> {
        let mut made = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, config)) = &*made
            && of.as_ref() == material
        {
            return Ok(config.clone());
        }
        let config = Arc::new(config(material)?);
        *made = Some((material.cloned(), config.clone()));
        Ok(config)
    }
}

/// Takes leave of sessions as they grow old, until there is none.
async fn close_the_old(idle: Arc<Mutex<Vec<Idle>>>, watched: Arc<AtomicBool>) {
    loop {
        tokio::time::sleep(IDLE).await;
        let (old, ended): (Vec<Idle>, bool) = {
            let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
            let old = idle.extract_if(.., |one| one.since.elapsed() >= IDLE).collect();
            if idle.is_empty() {
                watched.store(false, Ordering::Relaxed);
            }
            (old, idle.is_empty())
        };
        old.into_iter().for_each(|one| one.session.leave());
        if ended {
            return;
        }
    }
}
