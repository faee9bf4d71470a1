//! The certificates that SNS signs with: fetched from SNS itself, kept, and read for their key and their dates.
//!
//! What comes in: an address that is known to be one of SNS. What goes out: the certificate, or why there is none. However
//! many calls wait for one, it is fetched once, and strangers who make addresses up cannot have us fetch without end.
//!
//! The chain above a certificate is deliberately not looked at: SNS gives the certificate alone, without what stands between
//! it and an authority. It need not be: the address is of SNS, and TLS proves that whoever answers there is SNS. A chain
//! would say once more what that has said.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use graph::{Answer, CallError, ErrorKind};
use jiff::Timestamp;
use reqwest::Method;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use url::Url;
use x509_cert::der::{Decode, asn1::ObjectIdentifier};

use super::{Unverified, refused};
use crate::{
    answer::{Patience, failure, read},
    guard::Guard,
    renewed::{Made, Old, Renewed},
};

const PATIENCE: Patience = Patience { who: "SNS", most_bytes: 64 << 10, within: Duration::from_secs(10) };
/// After what time a certificate is looked at again. What stands at an address never changes, so it is long.
const LOOK_AGAIN: Duration = Duration::from_secs(86_400);
/// How many addresses are remembered. SNS has one for each region and a new one now and then.
const MOST_KEPT: usize = 64;
/// How many addresses that were never heard of may come up in a minute.
const MOST_NEW: usize = 20;
const MINUTE: Duration = Duration::from_secs(60);
/// What a key of RSA is called in a certificate (RFC 3279, 2.3.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Who goes to SNS, under the rules for all that goes out. It is made when it is first needed, which it is in few projects.
#[derive(Default)]
pub(super) struct Visitor {
    guard: OnceLock<Result<Guard, String>>,
}

impl Visitor {
    /// What stands at an address.
    pub(super) async fn visit(&self, url: Url) -> Result<Answer, CallError> {
        let guard = self.guard.get_or_init(|| Guard::new(Arc::default(), None));
        let lacking = |reason| CallError::new(ErrorKind::Refused, reason);
        let request = guard.as_ref().map_err(|reason| lacking(reason.clone()))?;
        let request = request.request(Method::GET, url).map_err(lacking)?;
        let sent = request.timeout(PATIENCE.within).send().await;
        read(sent.map_err(|error| failure(&error, PATIENCE))?, PATIENCE).await
    }
}

/// A certificate, as far as it matters here.
pub(super) struct Certificate {
    /// The public key, as PKCS#1 writes it.
    key: Vec<u8>,
    /// From when to when it holds, in seconds since 1970.
    from: i64,
    to: i64,
}

impl Certificate {
    /// The public key of RSA, as PKCS#1 writes it.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether it holds at a moment; else why not.
    pub(super) fn valid(&self, now: Timestamp) -> Result<(), &'static str> {
        match now.as_second() {
            now if now < self.from => Err("the certificate that it is signed with does not hold yet"),
            now if now > self.to => Err("the certificate that it is signed with is over"),
            _ => Ok(()),
        }
    }

    fn read(pem: &str) -> Result<Certificate, &'static str> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| "is none in PEM")?;
        let read = x509_cert::Certificate::from_der(&der).map_err(|_| "cannot be read")?.tbs_certificate;
        let key = read.subject_public_key_info;
        if key.algorithm.oid != RSA {
            return Err("has no key of RSA");
        }
        let seconds = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| "cannot be read")
        };
        Ok(Certificate {
            key: key.subject_public_key.raw_bytes().to_vec(),
            from: seconds(read.validity.not_before)?,
            to: seconds(read.validity.not_after)?,
        })
    }
}

/// The certificates that are known, by their addresses.
#[derive(Default)]
pub(super) struct Certificates(Mutex<Known>);

#[derive(Default)]
struct Known {
    by_address: BTreeMap<Url, Kept>,
    /// When the last new addresses came up.
    new: VecDeque<Instant>,
    /// Counts what is asked for.
    asked: u64,
}

struct Kept {
    certificate: Renewed<Arc<Certificate>, Unverified>,
    /// The number of the last one who asked for it.
    asked: u64,
}

impl Certificates {
    /// The certificate at an address.
    ///
    /// # Errors
    /// Why there is none: what is there is no certificate, or nobody can be asked now.
    pub(super) async fn get(
        &self,
        visitor: &Arc<Visitor>,
        address: &Url,
    ) -> Result<Arc<Certificate>, Unverified> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).kept(visitor, address)?;
        kept.get().await.map(|(certificate, _)| certificate)
    }
}

impl Known {
    fn kept(
        &mut self,
        visitor: &Arc<Visitor>,
        address: &Url,
    ) -> Result<Renewed<Arc<Certificate>, Unverified>, Unverified> {
        self.asked += 1;
        if let Some(kept) = self.by_address.get_mut(address) {
            kept.asked = self.asked;
            return Ok(kept.certificate.clone());
        }
        let now = Instant::now();
        while self.new.front().is_some_and(|begun| now.duration_since(*begun) > MINUTE) {
            self.new.pop_front();
        }
        if self.new.len() >= MOST_NEW {
            return Err(Unverified::Lacking("too many certificates of SNS are asked for".into()));
        }
        self.new.push_back(now);
        if self.by_address.len() >= MOST_KEPT {
            self.forget_one();
        }
        let (visitor, from) = (visitor.clone(), address.clone());
        // What holds at one moment does so at the next, so an old one serves while SNS is silent; its dates count anyway.
        let certificate = Renewed::new(Old::Serves, move || Box::pin(fetch(visitor.clone(), from.clone())));
        self.by_address.insert(address.clone(), Kept { certificate: certificate.clone(), asked: self.asked });
        Ok(certificate)
    }

    /// Makes room: what never was a certificate goes first, then what was not asked for the longest time.
    fn forget_one(&mut self) {
        let least = self.by_address.iter().min_by_key(|(_, kept)| (kept.certificate.holds(), kept.asked));
        if let Some(address) = least.map(|(address, _)| address.clone()) {
            self.by_address.remove(&address);
        }
    }
}

async fn fetch(visitor: Arc<Visitor>, from: Url) -> Result<Made<Arc<Certificate>>, Unverified> {
    let since = Instant::now();
    let lacking = |why: &str| Unverified::Lacking(format!("the certificate of SNS cannot be had: {why}"));
    let answer = match visitor.visit(from).await {
        Ok(answer) => answer,
        // It answered, and not with a certificate.
        Err(error) if error.kind == ErrorKind::Invalid => {
            return Err(refused(format!("of the certificate that it names: {}", error.reason)));
        }
        Err(error) => return Err(lacking(&error.reason)),
    };
    match answer.status {
        200 => {}
        status @ (429 | 500..) => return Err(lacking(&format!("SNS answered {status}"))),
        status => {
            return Err(refused(format!("at the address of its certificate SNS answers {status}")));
        }
    }
    let certificate = Certificate::read(&answer.body);
    let certificate = certificate.map_err(|why| refused(format!("the certificate that it names {why}")))?;
    let due = since + LOOK_AGAIN;
    Ok(Made { value: Arc::new(certificate), due, overdue: due + LOOK_AGAIN })
}
