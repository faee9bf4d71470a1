//! A request becomes a mail (RFC 5322, MIME): a head, and its text with its HTML beside it.

use graph::{MailPart, Request};
use lettre::{
    Message,
    message::{
        MessageBuilder, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use url::Url;
use uuid::Uuid;

use super::{address::mailbox, plain};

/// The most people one mail may go to.
const MOST_RECIPIENTS: usize = 50;

/// What a mail says, in both of its forms.
pub(super) struct Parts<'a> {
    pub(super) text: String,
    pub(super) html: Option<&'a str>,
}

/// The parts of a mail; the text is made from the HTML when it is not written.
pub(super) fn parts(request: &Request) -> Parts<'_> {
    match &request.body {
        Some((kind, html)) if &**kind == "text/html" => {
            let text = request.text.clone().unwrap_or_else(|| plain::from_html(html));
            Parts { text, html: Some(html) }
        }
        Some((_, text)) => Parts { text: text.clone(), html: None },
        None => Parts { text: String::new(), html: None },
    }
}

/// The mail of a request. A mail that is written again for the same key has the same `Message-ID`.
///
/// # Errors
/// Which part of it cannot be sent, and why.
pub(super) fn message(request: &Request, from: &str, key: Uuid) -> Result<Message, String> {
    let own = request.headers.iter().find(|(name, _)| Some(&**name) == MailPart::From.header());
    let from = match own {
        Some((_, own)) => mailbox(own, "from")?,
        None => mailbox(from, "from` of the connection")?,
    };
    let id = format!("<{key}@{}>", from.email.domain());
    let mut mail = Message::builder().from(from).message_id(Some(id)).date_now();
    let mut recipients = 0;
    for (name, value) in &request.headers {
        let part = MailPart::ALL.into_iter().find(|part| part.header() == Some(name));
        let Some(part) = part else { return Err(format!("a mail has no part `{name}`")) };
        let word = part.word();
        recipients += usize::from(matches!(part, MailPart::To | MailPart::Cc | MailPart::Bcc));
        mail = match part {
            MailPart::To => mail.to(mailbox(value, word)?),
            MailPart::Cc => mail.cc(mailbox(value, word)?),
            MailPart::Bcc => mail.bcc(mailbox(value, word)?),
            MailPart::ReplyTo => mail.reply_to(mailbox(value, word)?),
            MailPart::Subject if value.chars().any(char::is_control) => {
                return Err("the `subject` holds a line break or another control character".into());
            }
            MailPart::Subject => mail.subject(value.clone()),
            MailPart::Unsubscribe => unsubscribe(mail, value)?,
            MailPart::From | MailPart::Text | MailPart::Html => mail,
        };
    }
    if recipients > MOST_RECIPIENTS {
        return Err(format!("a mail goes to at most {MOST_RECIPIENTS} addresses, and this has {recipients}"));
    }
    let parts = parts(request);
    // No server takes NUL, and some end the mail there.
    if parts.text.contains('\0') || parts.html.is_some_and(|html| html.contains('\0')) {
        return Err("the content of the mail holds a NUL".into());
    }
    let made = match parts.html {
        Some(html) => mail.multipart(MultiPart::alternative_plain_html(parts.text, html.to_owned())),
        None => mail.singlepart(SinglePart::plain(parts.text)),
    };
    made.map_err(|error| format!("the mail cannot be written: {error}"))
}

/// The headers by which a mail program unsubscribes its user ([RFC 2369](https://www.rfc-editor.org/rfc/rfc2369)), with one
/// click where the address takes a POST over HTTPS ([RFC 8058](https://www.rfc-editor.org/rfc/rfc8058)).
fn unsubscribe(mail: MessageBuilder, address: &str) -> Result<MessageBuilder, String> {
    let url = Url::parse(address).ok().filter(|url| ["https", "http", "mailto"].contains(&url.scheme()));
    let Some(url) = url.filter(|_| !address.contains(['<', '>', ' '])) else {
        return Err(format!("`unsubscribe` is no address that a mail program can open: `{address}`"));
    };
    let mail = raw(mail, "List-Unsubscribe", format!("<{address}>"));
    Ok(match url.scheme() {
        "https" => raw(mail, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()),
        _ => mail,
    })
}

/// A header whose value stays on one line, however long: an address has no place where it may be folded.
fn raw(mail: MessageBuilder, name: &'static str, value: String) -> MessageBuilder {
    let name = HeaderName::new_from_ascii_str(name);
    mail.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value))
}
