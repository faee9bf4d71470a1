//! Messages that go out by mail: what each of their fields becomes as a part of the mail.

use std::sync::Arc;

use graph::{
    Action, Connection, Destination, Escape, Expr as G, Link, MailPart, Name, Part, Template, Type, Value,
};

use super::{expr::Check, html, message::superfluous, mjml, scope::Env, templates::Place};
use crate::{
    diagnostic::{Code, Report},
    files::{beside, is_plain},
    syntax::ast::{self, Expr, ExprKind, Ident, Text},
};

/// The field that holds HTML, and the one that holds what becomes HTML.
const HTML: &str = "html";
const MJML: &str = "mjml";

/// The connection to a mail server that a message goes through, if it is one that its `via` names.
pub(super) fn connection(message: &ast::Message, env: &Env<'_>) -> Option<Arc<Connection>> {
    let name = &message.action.text;
    if env.names.actions.contains_key(name) {
        return None;
    }
    env.connections.get(name).filter(|connection| connection.mail.is_some()).cloned()
}

/// The action that sends mail through the connection of a name.
pub(super) fn action(name: &Name, env: &Env<'_>) -> Option<Arc<Action>> {
    let connection = env.connections.get(name).filter(|connection| connection.mail.is_some())?;
    Some(Arc::new(Action::mail(connection.clone())))
}

/// The parameters that tests may look at of what a message sends: the parts that it gives.
pub(super) fn looked_at(message: &ast::Message) -> Vec<(Name, Type)> {
    let mjml = message.fields.iter().any(|(name, _)| &*name.text == MJML);
    let given = |part: &MailPart| field(message, *part).is_some() || (mjml && *part == MailPart::Html);
    let parts = MailPart::ALL.into_iter().filter(given);
    parts.map(|part| (part.word().into(), part.ty().settled().clone())).collect()
}

/// The arguments of the action, in its order, from the fields of the message.
pub(super) fn arguments(message: &ast::Message, check: &mut Check<'_, '_>) -> Vec<G> {
    unwanted(message, check.env);
    let document = document(message, check.env);
    if field(message, MailPart::Text).is_none() && document.is_none() {
        let help =
            "add `text`, and `html` or `mjml`, or one of them; without `text` it is made from the HTML";
        missing(message, "a body", "text: \"…\"", help, check.env);
    }
    let absent = || G::Literal(Value::Null);
    let mut args = Vec::new();
    for part in MailPart::ALL {
        let arg = match (field(message, part), part) {
            (_, MailPart::Html) => document.map_or_else(absent, |(name, value)| check.html(name, value)),
            (Some((name, value)), MailPart::Text) => check.plain(name, value),
            (Some((name, value)), MailPart::Cc | MailPart::Bcc) => {
                check.expect(value, &Type::List(Arc::new(Type::Text)), &what(name))
            }
            (
                Some((name, value)),
                MailPart::To | MailPart::Subject | MailPart::From | MailPart::ReplyTo | MailPart::Unsubscribe,
            ) => check.head(name, value),
            (None, MailPart::Unsubscribe) => check.own_unsubscribe().unwrap_or_else(absent),
            (None, MailPart::To) => {
                let help = "say whom it is for: `to: profile.email`";
                missing(message, "`to`", "to: profile.email", help, check.env);
                absent()
            }
            (None, MailPart::Subject) => {
                let help = "say what it is about: `subject: \"…\"`";
                missing(message, "`subject`", "subject: \"…\"", help, check.env);
                absent()
            }
            (None, _) => absent(),
        };
        args.push(arg);
    }
    args
}

fn what(name: &Ident) -> String {
    format!("`{}`", name.text)
}

fn field(message: &ast::Message, part: MailPart) -> Option<&(Ident, Expr)> {
    message.fields.iter().find(|(name, _)| &*name.text == part.word())
}

/// The field that holds the document of a mail, written in HTML or in MJML.
fn document<'m>(message: &'m ast::Message, env: &mut Env<'_>) -> Option<(&'m Ident, &'m Expr)> {
    let mut given = message.fields.iter().filter(|(name, _)| [HTML, MJML].contains(&&*name.text));
    let (name, value) = given.next()?;
    if let Some((other, _)) = given.find(|(other, _)| other.text != name.text) {
        env.report(
            Report::new(Code::WrongArguments, other.at, "a mail has `html` or `mjml`, not both")
                .label("a second document")
                .related(name.at, "the first")
                .help("`mjml` becomes HTML; leave one of them out"),
        );
    }
    Some((name, value))
}

fn missing(message: &ast::Message, part: &str, line: &str, help: &str, env: &mut Env<'_>) {
    let name = &message.name;
    let what = part.trim_start_matches("a ");
    env.report(
        Report::new(Code::WrongArguments, name.at, format!("the mail `{}` has no {what}", name.text))
            .label(format!("{part} is missing"))
            .help(help)
            .fix(message.end.start_only(), format!("  {line}\n")),
    );
}

/// Reports fields that are given twice or are no part of a mail.
fn unwanted(message: &ast::Message, env: &mut Env<'_>) {
    let known: Vec<&str> = MailPart::ALL.map(MailPart::word).into_iter().chain([MJML]).collect();
    let list: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    let unknown = |name: &Ident| {
        Report::new(Code::WrongArguments, name.at, format!("a mail has no `{}`", name.text))
            .label("not a part of a mail")
            .help(format!("its parts are {}", list.join(", ")))
    };
    superfluous(message, &known, unknown, env);
}

/// A value that may be written down.
enum Written<'t> {
    /// In quotes, or in a file.
    Text(&'t Text),
    /// In a file that is not there; that was said.
    Missing,
    /// It is computed.
    Computed,
}

fn written<'t, 'a: 't>(value: &'t Expr, env: &mut Env<'a>) -> Written<'t> {
    let ExprKind::Call { receiver: None, name, args, .. } = &value.kind else {
        return match &value.kind {
            ExprKind::Text(text) => Written::Text(text),
            _ => Written::Computed,
        };
    };
    // A function of one's own that has this name means what it says.
    if &*name.text != "file" || env.names.functions.contains_key("file") {
        return Written::Computed;
    }
    let file = match args.as_slice() {
        [Expr { kind: ExprKind::Text(text), .. }] => text.fixed().filter(|file| is_plain(file)),
        _ => None,
    };
    let Some(file) = file else {
        env.report(
            Report::new(Code::BadTemplate, value.at, "`file` names a document in the folder of this file")
                .label("not such a name")
                .help("write its name, without a folder: `file(\"cart.mjml\")`; it ends with `.mjml`, `.html` or `.txt`"),
        );
        return Written::Missing;
    };
    let names = env.names;
    match beside(env.sources, value.at.file, &file).and_then(|index| names.documents.get(&index)) {
        Some(text) => Written::Text(text),
        None => {
            env.report(
                Report::new(
                    Code::BadTemplate,
                    value.at,
                    format!("there is no file `{file}` beside this one"),
                )
                .label("not found")
                .help("a document lies in the folder of the file that names it, and can be read"),
            );
            Written::Missing
        }
    }
}

impl Check<'_, '_> {
    /// The link by which whoever gets the mail unsubscribes, where they can.
    fn own_unsubscribe(&mut self) -> Option<G> {
        let sending = self.scope.sending.as_mut()?;
        let policy = Some(sending.policy.clone()?);
        sending.links = true;
        Some(G::Link(Link { to: Destination::Unsubscribe, message: sending.message.clone(), policy }))
    }

    /// A part that stands in the head of a mail, where no line may end.
    fn head(&mut self, name: &Ident, value: &Expr) -> G {
        if let ExprKind::Text(text) = &value.kind {
            return G::Text(self.template(text, Place::Header));
        }
        let value = self.expect(value, &Type::Text, &what(name));
        G::Text(Template { parts: vec![Part::Hole { value, escape: Escape::Header }] })
    }

    /// Text without tags.
    fn plain(&mut self, name: &Ident, value: &Expr) -> G {
        match written(value, self.env) {
            Written::Text(text) => G::Text(self.template(text, Place::Plain)),
            Written::Missing => G::Literal(Value::Null),
            Written::Computed => self.expect(value, &Type::Text, &what(name)),
        }
    }

    /// A document, in which values are escaped. What is computed could hold tags of anybody.
    fn html(&mut self, name: &Ident, value: &Expr) -> G {
        let none = G::Literal(Value::Null);
        let text = match written(value, self.env) {
            Written::Text(text) => text,
            Written::Missing => return none,
            Written::Computed => {
                let name = &name.text;
                let help = format!(
                    "write `{name}: \"<p>{{{{ … }}}}</p>\"` or `{name}: file(\"NAME.{name}\")`; values stand in holes, where they are escaped"
                );
                self.report(
                    Report::new(
                        Code::BadTemplate,
                        value.at,
                        format!("`{name}` is a text that is written down"),
                    )
                    .label("neither a text in quotes nor a file")
                    .help(help),
                );
                return none;
            }
        };
        let rendered = match &*name.text {
            MJML => match mjml::html(text) {
                Ok(html) => Some(html),
                Err(report) => {
                    self.report(report);
                    return none;
                }
            },
            _ => None,
        };
        let document = rendered.as_ref().unwrap_or(text);
        html::places(document, &mut html::Place::default(), &mut |report| self.env.report(report));
        G::Text(self.template(document, Place::Html))
    }
}
