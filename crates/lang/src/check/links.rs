//! `links.unsubscribe`, `links.token`: the ways back to a message, which its own texts may hold.

use graph::{Destination, Expr as G, Link, Type};

use super::{
    Ty,
    expr::{Check, failed},
};
use crate::{
    diagnostic::{Code, Report},
    editor::{Candidate, PLACEHOLDER, Thing},
    syntax::{
        At,
        ast::{Expr, ExprKind, Ident},
    },
};

/// What they are called in the language.
pub(super) const LINKS: &str = "links";

fn meaning(to: Destination) -> &'static str {
    match to {
        Destination::Unsubscribe => {
            "links.unsubscribe: string\n\nThe page where whoever got this message unsubscribes."
        }
        Destination::Token => {
            "links.token: string\n\nNames this message to a provider that hands it back with what became of it."
        }
    }
}

impl Check<'_, '_> {
    /// Whether these are the links, and nothing else of this name.
    pub(super) fn is_links(&self, of: &Expr) -> bool {
        matches!(&of.kind, ExprKind::Name(name) if &**name == LINKS) && self.scope.get(LINKS).is_none()
    }

    /// A link of the message whose text this is.
    pub(super) fn link(&mut self, at: At, name: &Ident) -> (G, Ty) {
        let Some(sending) = &mut self.scope.sending else { return self.no_links(at) };
        if &*name.text == PLACEHOLDER {
            let known = Destination::ALL.map(|to| Candidate::new(to.word(), Thing::Field, meaning(to)));
            self.env.candidates.extend(known);
            return failed();
        }
        let Some(to) = Destination::ALL.into_iter().find(|to| to.word() == &*name.text) else {
            let known = Destination::ALL.map(Destination::word);
            let report =
                Report::new(Code::UnknownField, name.at, format!("there is no link `{}`", name.text))
                    .label("no such link")
                    .help(format!("there is `links.{}`", known.join("`, `links.")))
                    .did_you_mean(name.at, &name.text, known.into_iter());
            self.report(report);
            return failed();
        };
        sending.links |= to != Destination::Token;
        let (message, policy) = (sending.message.clone(), sending.policy.clone());
        if to == Destination::Unsubscribe && policy.is_none() {
            self.report(
                Report::new(
                    Code::UnknownField,
                    name.at,
                    format!("nobody can unsubscribe from `{message}`"),
                )
                .label("leads nowhere")
                .help("send it under a policy that has a `subscription \"…\"`: what people unsubscribe from is that"),
            );
            return failed();
        }
        self.env.mention(name.at, None, Thing::Field, || meaning(to).to_owned());
        (G::Link(Link { to, message, policy }), Some(Type::Text))
    }

    /// Reports links where no message is.
    pub(super) fn no_links(&mut self, at: At) -> (G, Ty) {
        self.report(
            Report::new(Code::UnknownName, at, "`links` lead back to a message, and this is not in one")
                .label("no message here")
                .help("write it in a `message`; an action gets it as a field of the message that it carries"),
        );
        failed()
    }
}
