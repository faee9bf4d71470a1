//! Mail over SMTP: what a connection to a mail server knows, and the one action that each of them has.
//!
//! A message that goes out by mail is an action like any other: it has parameters (whom it goes to, its subject, its
//! text), a request, attempts and an answer. Only `connect` knows how a mail is written and what SMTP says.

use std::sync::Arc;

use crate::{Action, Body, Connection, Name, Setting, Template, Type};

/// What a connection knows that speaks SMTP; its URL is the server's.
#[derive(Clone, Debug, PartialEq)]
pub struct Mailer {
    /// Who mails are from where a message does not say it: `Shop <shop@example.com>`.
    pub from: Setting,
    /// How mails are signed.
    pub dkim: Option<Dkim>,
}

/// A signature that says which domain answers for a mail (RFC 6376).
#[derive(Clone, Debug, PartialEq)]
pub struct Dkim {
    /// The domain that signs.
    pub domain: Setting,
    /// The name of the key there: `selector._domainkey.domain` holds the public one.
    pub selector: Setting,
    /// The private key in PEM, RSA or Ed25519.
    pub key: Setting,
}

impl Mailer {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        let dkim = self.dkim.iter().flat_map(|dkim| [&dkim.domain, &dkim.selector, &dkim.key]);
        std::iter::once(&self.from).chain(dkim).collect()
    }
}

/// A part of a mail: a parameter of the action that sends it, and a field of the message that is sent by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailPart {
    /// Whom it is for.
    To,
    /// Its subject.
    Subject,
    /// What is read where HTML is not.
    Text,
    /// What is shown where HTML is.
    Html,
    /// Who it is from, instead of the connection's `from`.
    From,
    /// Where an answer goes.
    ReplyTo,
    /// Who else gets it, and is seen.
    Cc,
    /// Who else gets it, unseen.
    Bcc,
    /// Where whoever gets it unsubscribes by one click.
    Unsubscribe,
}

impl MailPart {
    /// All of them, in the order of the action's parameters.
    pub const ALL: [MailPart; 9] = [
        MailPart::To,
        MailPart::Subject,
        MailPart::Text,
        MailPart::Html,
        MailPart::From,
        MailPart::ReplyTo,
        MailPart::Cc,
        MailPart::Bcc,
        MailPart::Unsubscribe,
    ];

    /// Its name in the language.
    pub fn word(self) -> &'static str {
        match self {
            MailPart::To => "to",
            MailPart::Subject => "subject",
            MailPart::Text => "text",
            MailPart::Html => "html",
            MailPart::From => "from",
            MailPart::ReplyTo => "reply_to",
            MailPart::Cc => "cc",
            MailPart::Bcc => "bcc",
            MailPart::Unsubscribe => "unsubscribe",
        }
    }

    /// The header that holds it; none for those that are the mail's content.
    pub fn header(self) -> Option<&'static str> {
        match self {
            MailPart::To => Some("To"),
            MailPart::Subject => Some("Subject"),
            MailPart::From => Some("From"),
            MailPart::ReplyTo => Some("Reply-To"),
            MailPart::Cc => Some("Cc"),
            MailPart::Bcc => Some("Bcc"),
            MailPart::Unsubscribe => Some("List-Unsubscribe"),
            MailPart::Text | MailPart::Html => None,
        }
    }

    /// Its type.
    pub fn ty(self) -> Type {
        match self {
            MailPart::To | MailPart::Subject => Type::Text,
            MailPart::Text | MailPart::Html | MailPart::From | MailPart::ReplyTo | MailPart::Unsubscribe => {
                Type::Optional(Arc::new(Type::Text))
            }
            MailPart::Cc | MailPart::Bcc => Type::Optional(Arc::new(Type::List(Arc::new(Type::Text)))),
        }
    }
}

/// What stands where an HTTP request has its method.
pub const MAIL: &str = "MAIL";

impl Action {
    /// The action that sends mail through a connection; it has the connection's name.
    pub fn mail(connection: Arc<Connection>) -> Action {
        let params = MailPart::ALL.map(|part| (Name::from(part.word()), part.ty()));
        Action {
            name: connection.name.clone(),
            params: params.into(),
            doc: connection.doc.clone(),
            connection,
            method: MAIL.into(),
            path: Template::default(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Mail,
            answer: None,
            error: None,
            cache: None,
            policy: None,
        }
    }
}
