//! What partners tell us when they call: it is verified, read, and taken as events of the people whose messages it is about.

use connect::{Delivery, Proven, Unverified};
use engine::hook::News;
use graph::{
    Name, RecordType, Type, Value,
    hook::{Shape, Webhook},
    types::Misfit,
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Error, Incoming, Receipt, Received, Refusal, Runtime, What};

/// The most news of one call.
const MOST_NEWS: usize = 10_000;

/// What became of a partner's call.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// There is no such webhook.
    Unknown,
    /// It is not proven to be the partner's; nothing was kept.
    Unverified(String),
    /// It cannot be verified now, for what it is verified by is not to be had; nothing was kept.
    Lacking(String),
    /// It is the partner's and cannot be read, or not all of it could be taken; that is kept among the refused events.
    Refused(Refusal),
    /// It was taken.
    Taken {
        /// So much of it was news.
        events: usize,
        /// So much was known already.
        repeated: usize,
        /// So much was about no message of ours.
        foreign: usize,
    },
}

impl Runtime {
    /// Hears a partner's call of a webhook.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown: the partner may call again.
    pub async fn hear_partner(&self, webhook: &str, call: &Delivery<'_>) -> Result<Heard, Error> {
        let project = self.catalog().project();
        let Some(webhook) = project.webhooks.get(webhook) else { return Ok(Heard::Unknown) };
        let call = &Delivery { public_url: self.public_url(), ..*call };
        let within = match self.partners().verify(&webhook.verify, call, self.now()).await {
            Ok(Proven::Whole) => None,
            Ok(Proven::Within(body)) => Some(body),
            Ok(Proven::Settled) => {
                count(webhook, "settled", 1);
                return Ok(Heard::Taken { events: 0, repeated: 0, foreign: 0 });
            }
            Err(reason) => {
                count(webhook, "unverified", 1);
                return Ok(unverified(webhook, reason));
            }
        };
        let call = &Delivery { body: within.as_ref().map_or(call.body, String::as_bytes), ..*call };
        let news = match read(webhook, call, self.now()) {
            Ok(news) => news,
            Err(refusal) => return self.refuse(webhook, call, refusal).await,
        };
        let (events, foreign) = self.events(webhook, news);
        count(webhook, "foreign", foreign);
        if events.is_empty() {
            return Ok(Heard::Taken { events: 0, repeated: 0, foreign });
        }
        let text = shown(call);
        let received = |event| Received { text: &text, event: Ok(event), sender: None };
        let verdicts = self.take_events(events.into_iter().map(received).collect()).await?;
        let (mut taken, mut repeated, mut refused) = (0, 0, None);
        for verdict in verdicts {
            match verdict {
                Ok(Receipt::Accepted(_)) => taken += 1,
                Ok(Receipt::Duplicate) => repeated += 1,
                Err(refusal) => refused = Some(refusal),
            }
        }
        count(webhook, "taken", taken);
        count(webhook, "repeated", repeated);
        Ok(refused.map_or(Heard::Taken { events: taken, repeated, foreign }, |refusal| {
            count(webhook, "refused", 1);
            Heard::Refused(refusal)
        }))
    }

    /// Whether a partner that asks if we are here shows what the webhook wants to see.
    pub async fn is_expected(&self, webhook: &str, shown: &str) -> bool {
        let project = self.catalog().project();
        let wanted = project.webhooks.get(webhook).and_then(|webhook| webhook.challenge.as_ref());
        match wanted {
            Some(wanted) => self.partners().shows(wanted, shown).await.is_ok(),
            None => false,
        }
    }

    /// What is news of messages of ours, and how much is not.
    fn events(&self, webhook: &Webhook, news: Vec<News>) -> (Vec<Incoming>, usize) {
        let all = news.len();
        let event = |news: News| {
            let back = self.read_link(news.message.as_deref()?)?;
            if !self.catalog().project().messages.contains_key(&back.message) {
                return None;
            }
            let instance = (Name::from("instance"), Value::text(back.instance.to_string()));
            let told = news.properties.iter().cloned();
            let properties = graph::json::write(&Value::record(told.chain([instance])));
            Some(Incoming {
                id: id(webhook, &news),
                what: What::Event(format!("{}.{}", back.message, news.reaction)),
                profile: back.profile.to_string(),
                at: news.at,
                properties: RawValue::from_string(properties).ok(),
            })
        };
        let events: Vec<Incoming> = news.into_iter().filter_map(event).collect();
        let foreign = all - events.len();
        (events, foreign)
    }

    /// Keeps why a call was refused.
    async fn refuse(&self, webhook: &Webhook, call: &Delivery<'_>, refusal: Refusal) -> Result<Heard, Error> {
        count(webhook, "refused", 1);
        let text = shown(call);
        self.take_events(vec![Received { text: &text, event: Err(refusal.clone()), sender: None }]).await?;
        Ok(Heard::Refused(refusal))
    }
}

fn unverified(webhook: &Webhook, reason: Unverified) -> Heard {
    match reason {
        Unverified::Refused(reason) => {
            // Anybody can make such calls, so they do not fill the log; the metrics count them, the answer says why.
            tracing::debug!(webhook = %webhook.name, %reason, "a call of a webhook was not verified");
            Heard::Unverified(reason)
        }
        Unverified::Lacking(reason) => {
            tracing::error!(webhook = %webhook.name, %reason, "calls of a webhook cannot be verified");
            Heard::Lacking(reason)
        }
    }
}

fn count(webhook: &Webhook, outcome: &'static str, many: usize) {
    let many = u64::try_from(many).unwrap_or(u64::MAX);
    let name = webhook.name.to_string();
    metrics::counter!("wayfare_webhooks_total", "webhook" => name, "outcome" => outcome).increment(many);
}

/// The text that is kept of a call that is refused.
fn shown(call: &Delivery<'_>) -> String {
    if call.body.is_empty() {
        call.target.to_owned()
    } else {
        String::from_utf8_lossy(call.body).into_owned()
    }
}

/// Reads a call whose sender is known.
fn read(webhook: &Webhook, call: &Delivery<'_>, now: jiff::Timestamp) -> Result<Vec<News>, Refusal> {
    let wrong = |part: &str, misfit: Misfit| {
        let dot = if misfit.path.is_empty() { "" } else { "." };
        refusal(webhook, &format!("{part}{dot}{}", misfit.path), misfit.reason)
    };
    let query = texts(&webhook.query, call.query()).map_err(|misfit| wrong("query", misfit))?;
    let body = match &webhook.shape {
        Shape::Nothing => Value::Null,
        Shape::Form(record) => texts(record, call.form()).map_err(|misfit| wrong("body", misfit))?,
        Shape::Json(ty) => {
            let tree: serde_json::Value = serde_json::from_slice(call.body)
                .map_err(|error| refusal(webhook, "body", format!("is not JSON: {error}")))?;
            ty.read(&named(tree)).map_err(|misfit| wrong("body", misfit))?
        }
    };
    let news = engine::hook::read(webhook, body, query, now);
    let news = news.map_err(|fault| refusal(webhook, "body", fault.0))?;
    if news.len() > MOST_NEWS {
        return Err(refusal(webhook, "body", format!("has more than {MOST_NEWS} news in one call")));
    }
    Ok(news)
}

/// JSON whose names the language can say: a hyphen in one is written `_`.
fn named(tree: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match tree {
        Json::Object(fields) => {
            let field = |(name, value): (String, Json)| (name.replace('-', "_"), named(value));
            Json::Object(fields.into_iter().map(field).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(named).collect()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => tree,
    }
}

fn refusal(webhook: &Webhook, part: &str, reason: String) -> Refusal {
    Refusal { field: format!("{}.{part}", webhook.name), reason }
}

/// A record of texts, the last of each name.
fn texts(record: &std::sync::Arc<RecordType>, pairs: Vec<(String, String)>) -> Result<Value, Misfit> {
    let fields =
        pairs.into_iter().map(|(name, text)| (name.replace('-', "_"), serde_json::Value::String(text)));
    Type::Record(record.clone()).read(&serde_json::Value::Object(fields.collect()))
}

/// The id of an event: made of what the partner knows the news by, else of all that it says, so that news which is told
/// again is known.
fn id(webhook: &Webhook, news: &News) -> String {
    let content = match &news.id {
        Some(id) => id.to_string(),
        None => graph::json::write(&news.content),
    };
    let token = news.message.as_deref().unwrap_or_default();
    let parts = [&*webhook.name, &*news.reaction, token, &*content].join("\u{0}");
    format!("webhook:{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, parts.as_bytes()).simple())
}
