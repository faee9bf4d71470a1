//! Webhooks: what a partner sends is typed, which message it is about can be said, and it proves who it is.

use std::sync::Arc;

use graph::{
    Name, REACTIONS, RecordType, Type,
    hook::{BODY, ITEM, QUERY, Reaction, Scheme, Shape, Verify, Webhook},
    reaction_record,
    sign::Mark,
};

use super::{
    action::header_name,
    auth::{needed, secret},
    connection::setting,
    expr::Check,
    narrow,
    scope::{Env, Event, Scope},
    sign,
    types::Resolver,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Expr, Field, Parts},
    },
};

/// Checks a webhook; none where too little of it is said.
pub(super) fn check(webhook: &ast::Webhook, doc: Option<&Name>, env: &mut Env<'_>) -> Option<Webhook> {
    let verify = verify(webhook, env);
    let challenge = webhook.challenge.as_ref().map(|word| secret(word, "what is shown", env));
    let query = texts(webhook.query.as_ref(), env);
    let shape = shape(webhook, env);
    let mut scope = Scope::new(Event::Nothing);
    let body = match &shape {
        Shape::Nothing => None,
        Shape::Json(ty) => Some(ty.clone()),
        Shape::Form(record) => Some(Type::Record(record.clone())),
    };
    if let Some(body) = body {
        scope.bind_quietly(&BODY.into(), webhook.name.at, Some(body));
    }
    if webhook.query.is_some() {
        scope.bind_quietly(&QUERY.into(), webhook.name.at, Some(Type::Record(query.clone())));
    }
    let mut check = Check { env, scope: &mut scope };
    let each = webhook.value("each").map(|list| check.each(list));
    let message = check.which(webhook);
    let id = webhook.value("id").map(|id| check.expect(id, &Type::Text.optional(), "`id`"));
    let at = webhook.value("at").map(|at| check.expect(at, &Type::DateTime.optional(), "`at`"));
    let reactions: Vec<Reaction> = webhook.reactions.iter().map(|one| check.reaction(one)).collect();
    if reactions.is_empty() {
        let message = format!("`{}` says of nothing that it happened", webhook.name.text);
        check.report(
            Report::new(Code::BadSetting, webhook.name.at, message)
                .label("no reaction")
                .help("add what may have happened: `delivered when body.status == \"delivered\"`"),
        );
    }
    Some(Webhook {
        name: webhook.name.text.clone(),
        verify: verify?,
        challenge,
        shape,
        query,
        each,
        message: message?,
        id,
        at,
        reactions,
        doc: doc.cloned(),
    })
}

impl Check<'_, '_> {
    /// The list whose items are looked at.
    fn each(&mut self, list: &Expr) -> graph::Expr {
        let (made, ty) = self.infer(list, None);
        let item = match ty {
            Some(Type::List(item)) => Some((*item).clone()),
            Some(found) if matches!(found.settled(), Type::List(_)) => {
                self.unsettled(list.at, &found, "what `each` goes through");
                None
            }
            Some(found) => {
                let message = format!("`each` goes through a list, this is {found}");
                self.report(Report::new(Code::WrongType, list.at, message).label(format!("this is {found}")));
                None
            }
            None => None,
        };
        self.scope.bind_quietly(&ITEM.into(), list.at, item);
        made
    }

    /// Which message it is about.
    fn which(&mut self, webhook: &ast::Webhook) -> Option<graph::Expr> {
        let Some(value) = webhook.value("message") else {
            let message = format!("`{}` does not say which message it is about", webhook.name.text);
            self.report(Report::new(Code::BadSetting, webhook.name.at, message).label("no `message`").help(
                "add `message: body.token`, where the partner says back the `links.token` that it was given",
            ));
            return None;
        };
        Some(self.expect(value, &Type::Text.optional(), "`message`"))
    }

    fn reaction(&mut self, reaction: &ast::Reaction) -> Reaction {
        let condition = self.condition(&reaction.condition);
        let mark = self.scope.mark();
        self.scope.learn(narrow::facts(&reaction.condition, true));
        let record = reaction_record();
        let fields = record.fields.iter().filter(|field| &*field.name != "instance");
        let known: Vec<&str> = fields.map(|field| &*field.name).collect();
        let mut told: Vec<(Name, graph::Expr)> = Vec::new();
        for (name, value) in &reaction.told {
            if told.iter().any(|(before, _)| *before == name.text) {
                let message = format!("`{}` is given twice", name.text);
                self.report(Report::new(Code::DuplicateName, name.at, message).label("given again"));
            } else if !known.contains(&&*name.text) {
                let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                let message = format!("a reaction has no `{}`", name.text);
                self.report(
                    Report::new(Code::UnknownField, name.at, message)
                        .label("unknown field")
                        .help(format!("what can be told of it is {}", list.join(", ")))
                        .did_you_mean(name.at, &name.text, known.iter().copied()),
                );
            }
            let value = self.expect(value, &Type::Text.optional(), &format!("`{}`", name.text));
            told.push((name.text.clone(), value));
        }
        self.scope.reset(mark);
        debug_assert!(REACTIONS.contains(&&*reaction.name.text), "the parser knows no other");
        Reaction { reaction: reaction.name.text.clone(), condition, told }
    }
}

/// The body of the request.
fn shape(webhook: &ast::Webhook, env: &mut Env<'_>) -> Shape {
    match (&webhook.json, &webhook.form) {
        (Some(_), Some((at, _))) => {
            env.report(
                Report::new(Code::BadSetting, *at, "a body is JSON or a form")
                    .label("there is `json` too")
                    .help("leave one of them out"),
            );
            Shape::Nothing
        }
        (Some(ty), None) => Shape::Json(env.ty(ty).unwrap_or(Type::Json)),
        (None, Some(_)) => Shape::Form(texts(webhook.form.as_ref(), env)),
        (None, None) => Shape::Nothing,
    }
}

/// Fields that come as texts.
fn texts(written: Option<&(At, Vec<Field>)>, env: &mut Env<'_>) -> Arc<RecordType> {
    let fields = written.map(|(_, fields)| fields.as_slice()).unwrap_or_default();
    let mut resolver = Resolver { names: env.names, types: &env.types, reports: &mut env.reports };
    let made = resolver.fields(fields).0.unwrap_or_default();
    for field in fields {
        let ty = made.iter().find(|one| one.name == field.name.text).map(|one| one.ty.settled());
        if !matches!(ty, None | Some(Type::Text | Type::Enum(_))) {
            env.report(
                Report::new(Code::WrongType, field.ty.at, "what comes in a form or a query is text")
                    .label("not a text")
                    .help("write `string`, and read it where it is used: `body.count.toInt()`"),
            );
        }
        if let Some(at) = field.key {
            let report = Report::new(Code::MissingKey, at, "only the profile has a key");
            env.report(report.label("not in a webhook"));
        }
    }
    Arc::new(RecordType { name: None, fields: made })
}

/// How the partner proves who it is: that must be said.
fn verify(webhook: &ast::Webhook, env: &mut Env<'_>) -> Option<Verify> {
    match &webhook.verify {
        None => {
            let message = format!("`{}` does not say how its sender is known", webhook.name.text);
            env.report(
                Report::new(Code::BadSetting, webhook.name.at, message)
                    .label("anybody could call it")
                    .help("add how the partner signs, such as `verify: hmac { header: \"X-Signature\", key: secret(\"NAME\") }`; or, if anybody may call it, `verify: nothing`"),
            );
            None
        }
        Some(ast::Verify::Nothing) => Some(Verify::Nothing),
        Some(ast::Verify::Key(way, key)) => {
            // A public key need not be hidden.
            let key = match &*way.text {
                "sendgrid" => setting(key, env),
                _ => secret(key, "the key", env),
            };
            Some(match Scheme::ALL.into_iter().find(|scheme| scheme.word() == &*way.text) {
                Some(scheme) => Verify::Partner { scheme, key },
                None => Verify::StandardWebhooks(key),
            })
        }
        Some(ast::Verify::Parts(parts)) if &*parts.way.text == "sns" => by_topic(parts, webhook, env),
        Some(ast::Verify::Parts(parts)) => by_parts(parts, env),
    }
}

/// Amazon SNS, which brings JSON and nothing else.
fn by_topic(parts: &Parts, webhook: &ast::Webhook, env: &mut Env<'_>) -> Option<Verify> {
    if let Some((at, _)) = &webhook.form {
        env.report(
            Report::new(Code::BadSetting, *at, "what SNS brings is no form")
                .label("a form")
                .help("write `json: { … }`: it is the message that the topic was given"),
        );
    }
    let topic = needed(parts, "topic", "env(\"NAME\")", env)?;
    // What comes from the environment is not known here.
    let written = topic.text.fixed().filter(|_| topic.source == ast::SettingSource::Text);
    if written.is_some_and(|text| !text.starts_with("arn:")) {
        env.report(
            Report::new(Code::BadSetting, topic.at, "a topic is named by its ARN")
                .label("not an ARN")
                .help("it looks like `\"arn:aws:sns:eu-central-1:123456789012:mail\"`"),
        );
    }
    Some(Verify::Sns { topic: setting(topic, env) })
}

fn by_parts(parts: &Parts, env: &mut Env<'_>) -> Option<Verify> {
    match &*parts.way.text {
        "basic" => {
            let user = needed(parts, "user", "\"…\"", env).map(|user| setting(user, env));
            let password = needed(parts, "password", "secret(\"NAME\")", env);
            let password = password.map(|password| secret(password, "the password", env));
            Some(Verify::Basic { user: user?, password: password? })
        }
        "api_key" => {
            let key = needed(parts, "key", "secret(\"NAME\")", env).map(|key| secret(key, "the key", env));
            let fixed = |written: &ast::Setting| Name::from(written.text.fixed().unwrap_or_default());
            match (parts.given("header"), parts.given("query")) {
                (Some(header), None) => {
                    let name = fixed(header);
                    if let Some(report) = header_name(&name, header.at) {
                        env.report(report);
                    }
                    Some(Verify::Header { name, key: key? })
                }
                (None, Some(query)) => Some(Verify::Query { name: fixed(query), key: key? }),
                (Some(_), Some(_)) | (None, None) => {
                    env.report(
                        Report::new(
                            Code::BadSetting,
                            parts.way.at,
                            "a key stands in a header or in the query",
                        )
                        .label("in one of them")
                        .help("write `api_key { header: \"X-Key\", key: secret(\"NAME\") }`"),
                    );
                    None
                }
            }
        }
        _ => {
            let made = sign::hmac(parts, env)?;
            let unknown =
                [&made.over, &made.prefix].into_iter().flatten().any(|mark| matches!(mark, Mark::Id));
            let moving = made.prefix.iter().any(|mark| !matches!(mark, Mark::Text(_)));
            if unknown || moving {
                let (message, label) = if unknown {
                    ("an `id` is no part of what comes in", "signed with an `id`")
                } else {
                    ("what stands before the code is fixed", "it moves")
                };
                env.report(
                    Report::new(Code::BadSetting, parts.way.at, message)
                        .label(label)
                        .help("what may be signed is `timestamp`, `body`, `method` and `path`"),
                );
                return None;
            }
            Some(Verify::Hmac(Box::new(made)))
        }
    }
}
