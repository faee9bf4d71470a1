//! The declarations around the journeys: what is known of a person, which events there are, which partners and actions.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Answers, Audience, Auth, Expr, Journey, Mailer, Name, Policy, Pressure, RecordType, Retry, RetryOn,
    Setting, Sign, Template, Tls, Type, hook::Webhook, reaction, reaction_record, subscription,
    subscription_record,
};

/// A whole compiled project.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// What is known of a person.
    pub profile: Arc<ProfileSchema>,
    /// Events by their name in the language.
    pub events: BTreeMap<Name, Arc<EventSchema>>,
    /// Partners by name.
    pub connections: BTreeMap<Name, Arc<Connection>>,
    /// Actions by name.
    pub actions: BTreeMap<Name, Arc<Action>>,
    /// Messages by name.
    pub messages: BTreeMap<Name, Arc<Message>>,
    /// Webhooks by name.
    pub webhooks: BTreeMap<Name, Arc<Webhook>>,
    /// Policies by name.
    pub policies: BTreeMap<Name, Arc<Policy>>,
    /// Audiences by name.
    pub audiences: BTreeMap<Name, Arc<Audience>>,
    /// Journeys by name.
    pub journeys: BTreeMap<Name, Arc<Journey>>,
}

impl Project {
    /// The name of what a person may unsubscribe from under a policy; none if there is no such policy, or nobody can.
    pub fn subscription(&self, policy: &str) -> Option<&Name> {
        self.policies.get(policy)?.subscription.as_ref()
    }

    /// The shape of an event that nobody declares, by its name: what becomes of a message, or of a subscription.
    pub fn derived_record(&self, event: &str) -> Option<Arc<RecordType>> {
        if reaction(event).is_some_and(|(message, _)| self.messages.contains_key(message)) {
            return Some(reaction_record());
        }
        let (policy, _) = subscription(event)?;
        self.subscription(policy).map(|_| subscription_record())
    }

    /// The event that has this name on the wire.
    pub fn event_on_wire(&self, wire: &str) -> Option<&Arc<EventSchema>> {
        self.events.values().find(|event| &*event.wire == wire)
    }
}

/// What is known of a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileSchema {
    /// The attributes.
    pub record: Arc<RecordType>,
    /// The attribute that holds the key events carry.
    pub key: Name,
}

/// An event and its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSchema {
    /// Its name in the language.
    pub name: Name,
    /// Its name on the wire.
    pub wire: Name,
    /// Its properties.
    pub record: Arc<RecordType>,
    /// Its doc comment.
    pub doc: Option<Name>,
}

/// A partner: where it is, how we prove who we are, how patient we are.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Its name.
    pub name: Name,
    /// Scheme, host and an optional path in front of every action's path.
    pub url: Setting,
    /// How we prove who we are.
    pub auth: Auth,
    /// How requests are signed.
    pub sign: Option<Sign>,
    /// What it knows besides if it speaks SMTP; none for HTTP.
    pub mail: Option<Mailer>,
    /// By which certificates it and its partner know each other; none when the public authorities do.
    pub tls: Option<Tls>,
    /// Longest time for one attempt, in microseconds.
    pub timeout_each: i64,
    /// Longest time for all attempts and the pauses between them, in microseconds.
    pub timeout_total: i64,
    /// How failed attempts are repeated.
    pub retry: Retry,
    /// How hard it may be pressed.
    pub pressure: Pressure,
    /// Hosts that may have private, loopback or link-local addresses.
    pub private: Vec<Name>,
    /// Its doc comment.
    pub doc: Option<Name>,
}

impl Connection {
    /// Longest time for one attempt when the file does not say: five seconds.
    pub const TIMEOUT_EACH: i64 = 5_000_000;
    /// Longest time for a call when the file does not say: a minute.
    pub const TIMEOUT_TOTAL: i64 = 60_000_000;
    /// Longest time for one attempt at a mail server when the file does not say: half a minute, for such servers take
    /// their time to look at who is there.
    pub const MAIL_TIMEOUT_EACH: i64 = 30_000_000;
    /// Longest time for a mail when the file does not say: five minutes.
    pub const MAIL_TIMEOUT_TOTAL: i64 = 300_000_000;
    /// The repetitions when the file does not say.
    pub const RETRY: Retry =
        Retry { times: 3, first: 200_000, most: 5_000_000, on: RetryOn::USUAL, share: None };

    /// What it needs to know besides its URL.
    pub fn settings(&self) -> Vec<&Setting> {
        let sign = self.sign.iter().flat_map(Sign::settings);
        let tls = self.tls.iter().flat_map(Tls::settings);
        let mail = self.mail.iter().flat_map(Mailer::settings);
        self.auth.settings().into_iter().chain(sign).chain(tls).chain(mail).collect()
    }

    /// The names of what it needs of the environment, each once.
    pub fn variables(&self) -> Vec<&Name> {
        let mut all: Vec<&Name> = self.url.variables();
        all.extend(self.settings().into_iter().flat_map(Setting::variables));
        let mut known = std::collections::BTreeSet::new();
        all.retain(|name| known.insert(*name));
        all
    }
}

/// A request that the user defined once and uses in any journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Its name.
    pub name: Name,
    /// What it must be given.
    pub params: Vec<(Name, Type)>,
    /// Who it speaks to.
    pub connection: Arc<Connection>,
    /// The HTTP method in capitals.
    pub method: Name,
    /// Path and query; holes are percent-encoded.
    pub path: Template,
    /// Further query parameters.
    pub query: Vec<(Name, Template)>,
    /// Headers.
    pub headers: Vec<(Name, Template)>,
    /// The body.
    pub body: Body,
    /// The good answers; none when an answer is not looked at.
    pub answer: Option<Answers>,
    /// The shape of the body of an answer that is an error; none when it may be anything.
    pub error: Option<Type>,
    /// For how long a good answer is given to calls that ask the same, in microseconds.
    pub cache: Option<i64>,
    /// What it is called under.
    pub policy: Option<Arc<Policy>>,
    /// Its doc comment.
    pub doc: Option<Name>,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// No body.
    None,
    /// A JSON document with holes.
    Json(Template),
    /// `application/x-www-form-urlencoded` fields.
    Form(Vec<(Name, Template)>),
    /// An XML document with holes.
    Xml(Template),
    /// `multipart/form-data`: several texts, each with a name.
    Multipart(Vec<FormPart>),
    /// Text of the given content type.
    Text {
        /// The content type.
        content_type: Name,
        /// The text.
        text: Template,
    },
    /// A mail, of which the action's parameters are the parts.
    Mail,
}

/// A part of a `multipart/form-data` body ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)).
#[derive(Clone, Debug, PartialEq)]
pub struct FormPart {
    /// The name of the field.
    pub name: Name,
    /// What it holds.
    pub value: Template,
    /// Its content type, where one is said.
    pub content_type: Option<Name>,
    /// The name of the file that it is sent as, where it is one.
    pub file_name: Option<Template>,
}

/// A message to a person, sent through an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its name.
    pub name: Name,
    /// What it must be given.
    pub params: Vec<(Name, Type)>,
    /// The action that carries it.
    pub action: Arc<Action>,
    /// The action's arguments, in the order of its parameters.
    pub args: Vec<Expr>,
    /// What it is sent under: the policies for all messages, then its own.
    pub policies: Vec<Arc<Policy>>,
    /// Which of the arguments is the address that it goes to: the action's `to`, if it has one.
    pub address: Option<usize>,
    /// Whether it holds links back to this server.
    pub links: bool,
    /// Its doc comment.
    pub doc: Option<Name>,
}
