//! Mail over SMTP (RFC 5321): one attempt at one mail, on a connection of its own or one that was used before.
//!
//! What comes in: a request that holds the parts of a mail. What goes out: the server's last reply, whatever its code,
//! or why there is none. Deliberately absent: what a reply means for the call, which `engine` decides, and queues: a mail
//! that was not taken is state of the instance.

mod address;
mod compose;
mod dkim;
mod plain;
mod pool;
mod session;
mod stream;

use std::time::Duration;

use graph::{Answer, CallError, ErrorKind, Mailer, Request};
use lettre::Message;
pub(crate) use pool::Pool;
use session::Failure;
use tokio::time::{Instant, timeout_at};
use url::Url;
use uuid::Uuid;

use crate::{
    Shown,
    answer::{Patience, late},
    partner::{Here, Partner},
    secret::{MASK, Secret, without},
};

/// Makes one attempt, bounded in time.
pub(crate) async fn make(
    partner: &Partner,
    mailer: &Mailer,
    request: &Request,
    key: Uuid,
) -> Result<Answer, CallError> {
    let within = Duration::from_micros(partner.here.connection.timeout_each.unsigned_abs());
    let patience = Patience { who: "the mail server", most_bytes: 0, within };
    let deadline = Instant::now() + within;
    let in_time = timeout_at(deadline, send(partner, mailer, request, key));
    in_time.await.unwrap_or_else(|_| Err(late(patience)))
}

async fn send(partner: &Partner, mailer: &Mailer, request: &Request, key: Uuid) -> Result<Answer, CallError> {
    let (here, mut sent) = (&partner.here, Vec::new());
    let mail = written(here, mailer, request, key, &mut sent).await?;
    let login = session::Login::of(here, &mut sent).await?;
    let (envelope, bytes) = (mail.envelope().clone(), mail.formatted());
    let reply = match partner.mails.take(&login) {
        // A server closes what was idle for long, and that is noticed when it is used again: once more on a fresh one.
        Some(mut used) => match used.begin(&envelope, &bytes).await {
            Ok(()) => Ok(used),
            Err(failure) if failure.is_stale() => fresh(partner, &login, &envelope, &bytes).await,
            Err(failure) => {
                used.leave();
                Err(failure)
            }
        },
        None => fresh(partner, &login, &envelope, &bytes).await,
    };
    let ended = match reply {
        Ok(mut session) => {
            let ended = session.finish(&envelope, &bytes).await;
            match &ended {
                Ok(_) => partner.mails.put(login, session),
                Err(_) => session.leave(),
            }
            ended
        }
        Err(failure) => Err(failure),
    };
    let hide = |text: String| without(text, &sent);
    match ended {
        Ok(reply) => Ok(Answer::of(reply.status, hide(reply.text))),
        Err(Failure::Reply(reply)) => Ok(Answer::of(reply.status, hide(reply.text))),
        Err(Failure::Error(error)) => Err(CallError { reason: hide(error.reason), ..error }),
    }
}

/// A new connection on which the mail has begun.
async fn fresh(
    partner: &Partner,
    login: &session::Login,
    envelope: &lettre::address::Envelope,
    bytes: &[u8],
) -> Result<session::Session, Failure> {
    let mut session = session::Session::open(&partner.here, &partner.mails, login).await?;
    match session.begin(envelope, bytes).await {
        Ok(()) => Ok(session),
        Err(failure) => {
            session.leave();
            Err(failure)
        }
    }
}

/// The mail of a request, signed where that is wanted.
async fn written(
    here: &Here,
    mailer: &Mailer,
    request: &Request,
    key: Uuid,
    sent: &mut Vec<Secret>,
) -> Result<Message, CallError> {
    let from = here.credential(&mailer.from, &mut Vec::new()).await?;
    let mut mail = compose::message(request, from.expose(), key)
        .map_err(|reason| CallError::new(ErrorKind::Invalid, reason))?;
    if let Some(dkim) = &mailer.dkim {
        dkim::sign(&mut mail, dkim, here, sent).await?;
    }
    Ok(mail)
}

/// The mail as it would go out, as text a person can read: its head, then its parts as they are written, without MIME.
pub(crate) async fn preview(here: &Here, mailer: &Mailer, request: &Request, key: Uuid) -> Shown {
    let url = match here.base().await {
        Ok(_) if here.connection.url.is_secret() => MASK.to_owned(),
        Ok(url) => url.to_string(),
        Err(error) => error.reason,
    };
    let from = here.shown(&mailer.from);
    let mut headers = Vec::new();
    if !request.headers.iter().any(|(name, _)| &**name == "From") {
        headers.push(("From".to_owned(), from.clone()));
    }
    headers.extend(request.headers.iter().map(|(name, value)| (name.to_string(), value.clone())));
    match compose::message(request, &from, key) {
        Ok(mail) => {
            let id = mail.headers().get_raw("Message-ID").map(str::to_owned);
            headers.extend(id.map(|id| ("Message-ID".to_owned(), id)));
        }
        Err(reason) => headers.push(("Cannot be sent".to_owned(), reason)),
    }
    if mailer.dkim.is_some() {
        headers.push(("DKIM-Signature".to_owned(), MASK.to_owned()));
    }
    let parts = compose::parts(request);
    let html = parts.html.map(|html| format!("\n\n--- text/html ---\n{html}")).unwrap_or_default();
    let body = Some(format!("--- text/plain ---\n{}{html}", parts.text));
    Shown { method: request.method.to_string(), url, headers, body }
}

/// The address of a mail server: `smtps` is TLS from the beginning, `smtp` becomes TLS before anything is said.
pub(crate) fn parse(text: &str) -> Result<Url, String> {
    let example = "such as smtps://mail.example.com";
    let url = Url::parse(text).map_err(|_| format!("its address is not that of a mail server, {example}"))?;
    if !matches!(url.scheme(), "smtp" | "smtps") {
        return Err("its address must begin with smtps:// or smtp://".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its address holds credentials; give them by `auth`".into());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("its address has no host; write one {example}"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("its address has more than a host and a port; write it {example}"));
    }
    Ok(url)
}
