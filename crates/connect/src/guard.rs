//! The one place where connections are dialled: every address is checked, whether it was written or looked up.
//!
//! A resolver alone is no guard: the client never asks it about literal addresses. So literal hosts are checked before
//! the request ([`Guard::request`]) and names in the resolver, whose checked addresses are the ones that are dialled.
//! Redirects are off, so that no answer chooses another host; proxies from the environment are off, because they would
//! look names up unseen.
#![expect(clippy::disallowed_types, reason = "this is the guarded place")]

use std::{
    collections::BTreeSet,
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Certificate, Identity, Method, RequestBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT_ENCODING, HeaderMap, HeaderValue},
};
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::{
    address::{forbidden, is_metadata},
    answer::PACKED,
    tls::Material,
};

/// How long an idle connection is kept: shorter than common servers keep theirs, so that we close first.
const IDLE: Duration = Duration::from_secs(15);

/// A client that dials only what it may; cheap to clone.
#[derive(Clone)]
pub(crate) struct Guard {
    client: reqwest::Client,
    /// The hosts that may have private addresses.
    private: Arc<BTreeSet<String>>,
    look_up: LookUp,
}

/// Who is asked where a name leads: the system, but in tests.
type LookUp = Arc<dyn Fn(String) -> LookedUp + Send + Sync>;
type LookedUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

impl Guard {
    /// A client for partners of which `private` names the hosts that may have private addresses.
    ///
    /// # Errors
    /// Why there is none: the certificates are no good, or the system gives none.
    pub(crate) fn new(private: Arc<BTreeSet<String>>, tls: Option<&Material>) -> Result<Guard, String> {
        Guard::asking(Arc::new(|name| Box::pin(system(name))), private, tls)
    }

    fn asking(
        look_up: LookUp,
        private: Arc<BTreeSet<String>>,
        tls: Option<&Material>,
    ) -> Result<Guard, String> {
        let mut builder = reqwest::Client::builder()
            .dns_resolver(Arc::new(Resolver { private: private.clone(), look_up: look_up.clone() }))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            // `answer` unpacks, because it counts what comes.
            .no_gzip()
            .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(PACKED))]))
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(256)
            .user_agent(concat!("wayfare/", env!("CARGO_PKG_VERSION")));
        if let Some(tls) = tls {
            if let Some((certificate, key)) = &tls.identity {
                let both = [certificate.expose(), key.expose()].join("\n");
                builder = builder.identity(Identity::from_pem(both.as_bytes()).map_err(reason)?);
            }
            if let Some(ca) = &tls.ca {
                let authorities = Certificate::from_pem_bundle(ca.expose().as_bytes()).map_err(reason)?;
                if authorities.is_empty() {
                    return Err("there is no certificate of an authority".into());
                }
                builder = if tls.ca_only {
                    builder.tls_certs_only(authorities)
                } else {
                    builder.tls_certs_merge(authorities)
                };
            }
        }
        Ok(Guard { client: builder.build().map_err(reason)?, private, look_up })
    }

    /// A request to a URL, if its host may be dialled; a name is checked when it is looked up.
    pub(crate) fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, String> {
        let literal: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        };
        if let Some(address) = literal {
            check_address(&address.to_string(), address, &self.private)?;
        }
        Ok(self.client.request(method, url))
    }

    /// A connection to a host, if it may be dialled: all its addresses are checked before one of them is dialled.
    pub(crate) async fn dial(&self, host: &Host, port: u16) -> Result<TcpStream, String> {
        let (name, addresses) = self.addresses_of(host).await?;
        addresses.iter().try_for_each(|address| check_address(&name, *address, &self.private))?;
        let mut why = "it has no address".to_owned();
        for address in addresses {
            match tokio::time::timeout(DIAL, TcpStream::connect((address, port))).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(|error| error.to_string())?;
                    return Ok(stream);
                }
                Ok(Err(error)) => why = error.to_string(),
                Err(_) => why = format!("no answer within {} seconds", DIAL.as_secs()),
            }
        }
        Err(format!("`{name}` cannot be reached: {why}"))
    }

    /// A host as it is named under `private`, and its addresses.
    async fn addresses_of(&self, host: &Host) -> Result<(String, Vec<IpAddr>), String> {
        Ok(match host {
            Host::Ipv4(address) => (address.to_string(), vec![(*address).into()]),
            Host::Ipv6(address) => (address.to_string(), vec![(*address).into()]),
            Host::Domain(name) => (name.clone(), look_up(&self.look_up, name).await?),
        })
    }

    /// Whether a host may have private addresses.
    pub(crate) fn is_private(&self, host: &Host) -> bool {
        self.private.contains(&host.to_string().trim_matches(['[', ']']).to_owned())
    }

    /// Whether a URL's host may be dialled, a name looked up for that; nothing is sent to the host.
    pub(crate) async fn look(&self, url: &Url) -> Result<(), String> {
        // Schemes that `url` does not know keep their hosts as they were written.
        let Some(host) = url.host_str().and_then(|host| Host::parse(host).ok()) else { return Ok(()) };
        let (host, addresses) = self.addresses_of(&host).await?;
        addresses.into_iter().try_for_each(|address| check_address(&host, address, &self.private))
    }
}

/// Why there is no client, which says nothing of what it would have been made of.
fn reason(error: reqwest::Error) -> String {
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// How long an address may take to accept a connection to a mail server.
const DIAL: Duration = Duration::from_secs(10);
/// How long a name may take to be looked up where nobody waits for a call.
const LOOK_UP: Duration = Duration::from_secs(5);

/// Asks the system.
async fn system(name: String) -> io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect())
}

async fn look_up(ask: &LookUp, name: &str) -> Result<Vec<IpAddr>, String> {
    match tokio::time::timeout(LOOK_UP, ask(name.to_owned())).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(format!("`{name}` cannot be looked up: {error}")),
        Err(_) => Err(format!("`{name}` cannot be looked up within {} seconds", LOOK_UP.as_secs())),
    }
}

fn check_address(host: &str, address: IpAddr, private: &BTreeSet<String>) -> Result<(), String> {
    if is_metadata(address) {
        return Err(format!("`{host}` leads to {address}, which is never allowed"));
    }
    match forbidden(address) {
        Some(what) if !private.contains(host) => Err(format!(
            "`{host}` leads to {what}; name it under `private` in the connection if that is meant"
        )),
        _ => Ok(()),
    }
}

struct Resolver {
    private: Arc<BTreeSet<String>>,
    look_up: LookUp,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (private, ask) = (self.private.clone(), self.look_up.clone());
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = ask(host.clone()).await?;
            // One bad address spoils all: a name that mixes them is up to no good.
            for address in &found {
                check_address(&host, *address, &private).map_err(Denied)?;
            }
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// An address that must not be dialled.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Denied(String);

#[cfg(test)]
mod tests {
    use std::{
        net::TcpListener,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// Answers the first question with the first list, and so on, the last one for ever: addresses with spaces between, `;`
    /// between lists, `!` for a server that fails.
    fn guard(answers: &str, private: &[&str]) -> Guard {
        crate::install_crypto();
        let (asked, answers) = (AtomicUsize::new(0), answers.to_owned());
        let look_up: LookUp = Arc::new(move |_| {
            let number = asked.fetch_add(1, Ordering::SeqCst);
            let found = answers.split(';').nth(number).or(answers.split(';').next_back());
            let found = found.unwrap_or_default().trim().to_owned();
            Box::pin(async move {
                match found.as_str() {
                    "!" => Err(io::Error::other("SERVFAIL")),
                    found => Ok(found.split_whitespace().filter_map(|text| text.parse().ok()).collect()),
                }
            })
        });
        let private = private.iter().map(|host| (*host).to_owned()).collect();
        Guard::asking(look_up, Arc::new(private), None).unwrap_or_else(|reason| panic!("{reason}"))
    }

    async fn tried(guard: &Guard, url: &str) -> String {
        let url = url.parse().unwrap_or_else(|error| panic!("{error}"));
        match guard.request(Method::GET, url) {
            Err(reason) => reason,
            Ok(request) => {
                let sent = request.timeout(Duration::from_millis(300)).send().await;
                let mut cause: Option<&dyn Error> = sent.as_ref().err().map(|error| error as &dyn Error);
                let mut said = Vec::new();
                while let Some(inner) = cause {
                    said.push(inner.to_string());
                    cause = inner.source();
                }
                said.join(": ")
            }
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_elsewhere_the_second_time_is_not_followed() {
        let canary = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("{error}"));
        canary.set_nonblocking(true).unwrap_or_else(|error| panic!("{error}"));
        let port = canary.local_addr().map_or(0, |address| address.port());
        let url = format!("http://partner.example.com:{port}/");
        // What was public when it was looked at is looked at again when it is dialled, and what is found is what is dialled.
        let rebound = guard("8.8.8.8; 127.0.0.1", &[]);
        let asked = url.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(rebound.look(&asked).await, Ok(()));
        for _ in 0..3 {
            assert!(tried(&rebound, &url).await.contains("leads to a loopback address"));
        }
        // A name that mixes them, in either order; one that fails first; one that is nobody's.
        for answers in [
            "8.8.8.8 127.0.0.1",
            "::1 2606:4700::1111",
            "!; 127.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "169.254.169.254",
        ] {
            let guard = guard(answers, &[]);
            let said = [tried(&guard, &url).await, tried(&guard, &url).await].join("\n");
            assert!(said.contains(" leads to "), "{answers}: {said}");
        }
        assert!(tried(&guard("!", &[]), &url).await.contains("SERVFAIL"));
        assert!(!tried(&guard("", &[]), &url).await.is_empty());
        // A name that may be private is not let through to what gives cloud credentials.
        let metadata = guard("169.254.169.254", &["partner.example.com"]);
        assert!(tried(&metadata, &url).await.contains("which is never allowed"));
        assert!(canary.accept().is_err(), "somebody was dialled");
    }
}
