//! What a partner's call says: which reactions to which messages. Whose they are, and whether the partner may say so was decided
//! elsewhere.

use std::collections::BTreeMap;

use graph::{
    Name, Value,
    hook::{BODY, ITEM, QUERY, Reaction, Webhook},
    library::Fault,
};
use jiff::Timestamp;

use crate::{Scope, evaluate};

/// Something that happened, as a partner tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// What happened to the message: one of [`graph::REACTIONS`].
    pub reaction: Name,
    /// The text that names the message and whose it is; none where it is about none of ours.
    pub message: Option<Name>,
    /// What the partner knows it by.
    pub id: Option<Name>,
    /// When it happened, where that is said.
    pub at: Option<Timestamp>,
    /// What is told of it: properties of the event.
    pub properties: Vec<(Name, Value)>,
    /// What was looked at: the item of the list, or the body.
    pub content: Value,
}

/// Reads a call of a partner, whose body and query have the types that the webhook declares. Of what it says of each item
/// the first reaction counts whose condition holds; without one it is no news.
///
/// # Errors
/// When an expression of the webhook cannot be evaluated over what came.
pub fn read(webhook: &Webhook, body: Value, query: Value, now: Timestamp) -> Result<Vec<News>, Fault> {
    let mut variables = BTreeMap::from([(Name::from(BODY), body), (Name::from(QUERY), query)]);
    let items = match &webhook.each {
        None => None,
        Some(each) => match value(each, &variables, now)? {
            Value::List(items) => Some(items),
            _ => return Err(Fault::new("what `each` goes through is no list")),
        },
    };
    let mut news = Vec::new();
    let Some(items) = items else {
        let content = variables.get(BODY).cloned().unwrap_or(Value::Null);
        news.extend(one(webhook, content, &variables, now)?);
        return Ok(news);
    };
    for item in items.iter() {
        variables.insert(ITEM.into(), item.clone());
        news.extend(one(webhook, item.clone(), &variables, now)?);
    }
    Ok(news)
}

fn one(
    webhook: &Webhook,
    content: Value,
    variables: &BTreeMap<Name, Value>,
    now: Timestamp,
) -> Result<Option<News>, Fault> {
    let mut happened: Option<&Reaction> = None;
    for reaction in &webhook.reactions {
        if value(&reaction.condition, variables, now)? == Value::Bool(true) {
            happened = Some(reaction);
            break;
        }
    }
    let Some(Reaction { reaction, told, .. }) = happened else { return Ok(None) };
    let text = |expr| match value(expr, variables, now)? {
        Value::Text(text) => Ok(Some(text)),
        _ => Ok::<_, Fault>(None),
    };
    let at = match webhook.at.as_ref().map(|at| value(at, variables, now)).transpose()? {
        Some(Value::DateTime(at)) => Some(at),
        _ => None,
    };
    let mut properties = Vec::new();
    for (name, expr) in told {
        properties.push((name.clone(), value(expr, variables, now)?));
    }
    Ok(Some(News {
        reaction: reaction.clone(),
        message: text(&webhook.message)?,
        id: webhook.id.as_ref().map(text).transpose()?.flatten(),
        at,
        properties,
        content,
    }))
}

/// Each expression has its own bound of steps, so that a long list takes no more than its items do.
fn value(expr: &graph::Expr, variables: &BTreeMap<Name, Value>, now: Timestamp) -> Result<Value, Fault> {
    evaluate(expr, &Scope::new(&Value::Null, &Value::Null, variables, now))
}
