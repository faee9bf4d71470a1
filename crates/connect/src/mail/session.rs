//! A conversation with a mail server: opened and logged in, then one mail after the other.

use std::{error::Error as _, net::IpAddr, time::Duration};

use graph::{Auth, CallError, ErrorKind};
use lettre::{
    address::Envelope,
    transport::smtp::{
        self,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use url::{Host, Url};

use super::{pool::Pool, stream};
use crate::{partner::Here, secret::Secret, tls::Material};

/// How long a server is given to say goodbye.
const LEAVE: Duration = Duration::from_secs(1);

/// Whom a session speaks to, and as whom: what sessions must share to be used one for the other.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    url: Url,
    material: Option<Material>,
    user: Option<(Secret, Secret)>,
}

/// A reply of a mail server.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) text: String,
}

/// Why a mail did not go out.
pub(super) enum Failure {
    /// The server says no.
    Reply(Reply),
    /// It says nothing that matters.
    Error(CallError),
}

impl Failure {
    /// Whether a session that had been idle was not there any more: it broke, or the server says that it closes it.
    pub(super) fn is_stale(&self) -> bool {
        match self {
            Failure::Reply(reply) => reply.status == 421,
            Failure::Error(error) => error.kind == ErrorKind::Refused,
        }
    }
}

/// The server cannot be reached, or does not speak as it must.
pub(super) fn refused(reason: impl Into<String>) -> Failure {
    Failure::Error(CallError::new(ErrorKind::Refused, reason))
}

impl Login {
    /// What there is now of a connection's settings.
    pub(super) async fn of(here: &Here, sent: &mut Vec<Secret>) -> Result<Login, CallError> {
        let url = here.base().await?;
        let user = match &here.connection.auth {
            Auth::Basic { user, password } => {
                let user = here.credential(user, sent).await?;
                Some((user, here.credential(password, sent).await?))
            }
            // The language gives these to HTTP alone.
            Auth::None
            | Auth::Bearer(_)
            | Auth::HeaderKey { .. }
            | Auth::QueryKey { .. }
            | Auth::OAuth2(_)
            | Auth::Jwt(_)
            | Auth::Aws(_)
            | Auth::Token(_) => None,
        };
        Ok(Login { url, material: here.clients.material(&here.environment).await?, user })
    }
}

/// A session that is open and logged in.
pub(crate) struct Session {
    smtp: AsyncSmtpConnection,
}

impl Session {
    /// Opens one.
    pub(super) async fn open(here: &Here, pool: &Pool, login: &Login) -> Result<Session, Failure> {
        let (host, port) = place(&login.url)?;
        let dialled = here.clients.plain.dial(&host, port).await;
        let tcp = dialled.map_err(refused)?;
        let config = pool.tls(login.material.as_ref()).map_err(|reason| {
            let reason = format!("the certificates cannot be used: {reason}");
            Failure::Error(CallError::new(ErrorKind::Auth, reason))
        })?;
        let hello = match tcp.local_addr().map(|address| address.ip()) {
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::default(),
        };
        let name = name_of(&host);
        let stream = match login.url.scheme() {
            "smtps" => stream::wrapped(tcp, &name, config).await?,
            _ => {
                let bare = here.clients.plain.is_private(&host);
                stream::upgraded(tcp, &name, config, &hello, bare).await?
            }
        };
        let opened = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await;
        let mut session = Session { smtp: opened.map_err(|error| failure(&error, None))? };
        if let Some((user, password)) = &login.user {
            let credentials = Credentials::new(user.expose().to_owned(), password.expose().to_owned());
            let proved = session.smtp.auth(DEFAULT_MECHANISMS, &credentials).await;
            proved.map_err(|error| not_let_in(&error))?;
        }
        Ok(session)
    }

    /// Says who the mail is from, by which it shows whether the session is still there.
    pub(super) async fn begin(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<(), Failure> {
        let mut parameters = Vec::new();
        let foreign = envelope.from().into_iter().chain(envelope.to());
        if let Some(address) = foreign.into_iter().find(|address| !AsRef::<str>::as_ref(*address).is_ascii())
        {
            if !self.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
                let reason =
                    format!("the mail server takes no address like `{address}` (it has no SMTPUTF8)");
                return Err(Failure::Error(CallError::new(ErrorKind::Invalid, reason)));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !bytes.is_ascii() && self.smtp.server_info().supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let said = self.smtp.command(Mail::new(envelope.from().cloned(), parameters)).await;
        said.map(drop).map_err(|error| failure(&error, Some("MAIL")))
    }

    /// Says whom it is for, and the mail.
    pub(super) async fn finish(&mut self, envelope: &Envelope, bytes: &[u8]) -> Result<Reply, Failure> {
        for recipient in envelope.to() {
            let said = self.smtp.command(Rcpt::new(recipient.clone(), Vec::new())).await;
            said.map_err(|error| failure(&error, Some(recipient.as_ref())))?;
        }
        let said = self.smtp.command(Data).await;
        said.map_err(|error| failure(&error, Some("DATA")))?;
        let taken = self.smtp.message(bytes).await.map_err(|error| failure(&error, None))?;
        let text = taken.message().collect::<Vec<_>>().join("\n");
        Ok(Reply { status: taken.code().into(), text })
    }

    /// Takes leave. Nobody waits for what the server says to that.
    pub(super) fn leave(mut self) {
        tokio::spawn(async move {
            let _ = tokio::time::timeout(LEAVE, self.smtp.quit()).await;
        });
    }
}

/// What went wrong, and whom or which command it is about.
fn failure(error: &smtp::Error, about: Option<&str>) -> Failure {
    let why = error.source().map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(status) => {
            let text = about.map_or_else(|| why.clone(), |about| format!("{about}: {why}"));
            Failure::Reply(Reply { status: status.into(), text })
        }
        None if why.is_empty() => refused("the mail server cannot be reached"),
        None if why == "incomplete response" => refused("the mail server closed the connection"),
        None => refused(format!("the mail server cannot be spoken to: {why}")),
    }
}

fn not_let_in(error: &smtp::Error) -> Failure {
    let why = error.source().map(ToString::to_string).unwrap_or_default();
    let broke = error.status().is_none() && !error.is_client();
    if broke {
        return failure(error, None);
    }
    let status = error.status().map(u16::from);
    let code = status.map(|status| format!(" ({status})")).unwrap_or_default();
    let reason = format!("the mail server does not let us in{code}: {why}");
    Failure::Error(CallError { status, ..CallError::new(ErrorKind::Auth, reason) })
}

/// Where a mail server is. The scheme is none of those whose hosts `url` makes uniform, so that is done here.
fn place(url: &Url) -> Result<(Host, u16), Failure> {
    let host = url.host_str().and_then(|host| Host::parse(host).ok());
    let host = host.ok_or_else(|| refused("the address of the mail server has no host"))?;
    let usual = if url.scheme() == "smtps" { smtp::SUBMISSIONS_PORT } else { smtp::SUBMISSION_PORT };
    Ok((host, url.port().unwrap_or(usual)))
}

/// A host as certificates name it.
fn name_of(host: &Host) -> String {
    match host {
        Host::Domain(name) => name.trim_end_matches('.').to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}
