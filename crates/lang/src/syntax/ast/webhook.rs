//! A webhook and its lines.

use super::{super::At, Expr, Field, Ident, Parts, Setting, TypeExpr};

#[derive(Debug)]
pub(crate) struct Webhook {
    pub(crate) name: Ident,
    pub(crate) verify: Option<Verify>,
    pub(crate) challenge: Option<Setting>,
    pub(crate) json: Option<TypeExpr>,
    /// `form: { … }`, and where its word stands.
    pub(crate) form: Option<(At, Vec<Field>)>,
    pub(crate) query: Option<(At, Vec<Field>)>,
    /// `profile: value` and the like.
    pub(crate) values: Vec<(Ident, Expr)>,
    pub(crate) reactions: Vec<Reaction>,
}

impl Webhook {
    /// A line whose value is an expression.
    pub(crate) fn value(&self, name: &str) -> Option<&Expr> {
        self.values.iter().find(|(known, _)| &*known.text == name).map(|(_, value)| value)
    }

    /// The types that are named in it.
    pub(crate) fn types(&self) -> Vec<&TypeExpr> {
        let fields = self.form.iter().chain(&self.query).flat_map(|(_, fields)| fields);
        self.json.iter().chain(fields.map(|field| &field.ty)).collect()
    }
}

/// `bounced when condition { reason: value }`
#[derive(Debug)]
pub(crate) struct Reaction {
    pub(crate) name: Ident,
    pub(crate) condition: Expr,
    pub(crate) told: Vec<(Ident, Expr)>,
}

/// How the partner proves who it is.
#[derive(Debug)]
pub(crate) enum Verify {
    Nothing,
    /// A partner's own way, or Standard Webhooks, with its key.
    Key(Ident, Setting),
    Parts(Parts),
}
