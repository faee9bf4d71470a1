//! What an action or a message makes of sample data: the request as it would go out, and nothing that goes out.

use std::{collections::BTreeMap, sync::Arc};

use graph::{Action, Name, Project, Request, Type, Value};
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::{Scope, call::carried_by, render::request_of};

/// The data that a request is made for.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// The person's attributes.
    pub profile: Value,
    /// The event that they entered by: its name in the language, and its properties.
    pub event: Option<(Name, Value)>,
    /// Arguments by name, as JSON; those that are not given are taken from the event and the profile, by name.
    pub given: BTreeMap<String, Json>,
}

/// A request that is looked at before it is sent.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The action that carries it.
    pub action: Arc<Action>,
    /// What the action is given: the texts of a message, the arguments of a call.
    pub carried: Vec<(Name, Value)>,
    /// The request.
    pub request: Request,
}

/// Why there is nothing to look at.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoPreview {
    /// Neither an action nor a message has this name.
    #[error("there is no action or message `{0}`")]
    Unknown(String),
    /// An argument is missing, or has not the type of its parameter.
    #[error("the argument `{name}` ({wanted}): {reason}")]
    Argument {
        /// The parameter.
        name: Name,
        /// Its type.
        wanted: String,
        /// What is wrong.
        reason: String,
    },
    /// The data does not make a request.
    #[error("{0}")]
    Request(String),
}

/// The request of an action or a message of a project for sample data.
///
/// # Errors
/// When there is no such action or message, or it makes no request of the data.
pub fn preview(project: &Project, name: &str, sample: &Sample, now: Timestamp) -> Result<Preview, NoPreview> {
    let event = sample.event.as_ref().map_or(Value::Null, |(_, properties)| properties.clone());
    let none = BTreeMap::new();
    let scope = Scope::new(&sample.profile, &event, &none, now);
    let (action, values) = match (project.actions.get(name), project.messages.get(name)) {
        (Some(action), _) => (action.clone(), arguments(&action.params, sample)?),
        (None, Some(message)) => {
            let values = carried_by(message, &arguments(&message.params, sample)?, &scope);
            let values = values.map_err(|fault| {
                NoPreview::Request(format!("the message `{name}` cannot be made: {fault}"))
            })?;
            (message.action.clone(), values)
        }
        (None, None) => return Err(NoPreview::Unknown(name.to_owned())),
    };
    let request = request_of(&action, &values, &scope).map_err(|error| NoPreview::Request(error.reason))?;
    let carried = action.params.iter().map(|(name, _)| name.clone()).zip(values).collect();
    Ok(Preview { action, carried, request })
}

fn arguments(params: &[(Name, Type)], sample: &Sample) -> Result<Vec<Value>, NoPreview> {
    if let Some(strange) =
        sample.given.keys().find(|given| !params.iter().any(|(name, _)| **name == ***given))
    {
        let known: Vec<String> = params.iter().map(|(name, _)| format!("`{name}`")).collect();
        let known =
            if known.is_empty() { "it takes none".into() } else { format!("it takes {}", known.join(", ")) };
        return Err(NoPreview::Request(format!("there is no parameter `{strange}`; {known}")));
    }
    params.iter().map(|(name, ty)| argument(name, ty, sample)).collect()
}

fn argument(name: &Name, ty: &Type, sample: &Sample) -> Result<Value, NoPreview> {
    let wrong = |reason: String| NoPreview::Argument { name: name.clone(), wanted: ty.to_string(), reason };
    if let Some(given) = sample.given.get(&**name) {
        return ty.read(given).map_err(|misfit| wrong(misfit.to_string()));
    }
    let event = sample.event.as_ref();
    if let (Type::Record(record), Some((event, properties))) = (ty, event)
        && record.name.as_ref() == Some(event)
    {
        return Ok(properties.clone());
    }
    let places = event.map(|(_, properties)| properties).into_iter().chain([&sample.profile]);
    match places.filter_map(|from| from.field(name)).next() {
        // What has the name of a parameter may be of another type: it is read as what comes from outside is.
        Some(value) if !value.is_null() || ty.is_optional() => {
            ty.read(&graph::json::to_json(value)).map_err(|misfit| wrong(misfit.to_string()))
        }
        _ if ty.is_optional() => Ok(Value::Null),
        _ => Err(wrong("is neither given nor in the event or the profile".into())),
    }
}
