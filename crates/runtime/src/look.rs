//! Requests that are looked at before anything is sent: for sample data, or for a person as they are now.

use std::collections::BTreeMap;

use connect::Shown;
use engine::preview::{NoPreview, Preview, Sample, preview};
use graph::{Type, types::Misfit};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::{Runtime, profile::read_inside};

/// What is to be looked at.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The action or message.
    pub name: String,
    /// The key of a person whose attributes are taken.
    pub person: Option<String>,
    /// The attributes of nobody in particular.
    pub profile: Option<Map<String, Json>>,
    /// An event's name on the wire, and its properties.
    pub event: Option<(String, Json)>,
    /// Arguments by name.
    pub args: BTreeMap<String, Json>,
}

/// A request as it would go out.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Whether it is a message, which the action carries.
    pub is_message: bool,
    /// What it is made of.
    pub preview: Preview,
    /// The request, secrets masked.
    pub shown: Shown,
}

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// Nobody has this key.
    #[error("there is no profile `{0}`")]
    NoProfile(String),
    /// The sample does not fit what is declared.
    #[error("{0}")]
    Misfit(Misfit),
    /// The data makes no request.
    #[error("{0}")]
    Request(#[from] NoPreview),
    /// The store failed.
    #[error("the profile cannot be read")]
    Store(#[from] store::Error),
}

impl Runtime {
    /// Looks at the request of an action or a message, secrets masked. Nothing is sent and nothing is kept.
    ///
    /// # Errors
    /// When the person is not known, the sample does not fit, or it makes no request.
    pub async fn look(&self, wanted: Wanted) -> Result<Looked, LookError> {
        let project = self.catalog().project();
        let misfit = |place: &'static str| {
            move |misfit: Misfit| {
                let point = if misfit.path.is_empty() { "" } else { "." };
                LookError::Misfit(Misfit { path: format!("{place}{point}{}", misfit.path), ..misfit })
            }
        };
        let mut sample = Sample { given: wanted.args, ..Sample::default() };
        if let Some(key) = &wanted.person {
            let stored = self.store().profile(self.shard_of(key), key).await?;
            let stored = stored.ok_or_else(|| LookError::NoProfile(key.clone()))?;
            sample.profile = read_inside(&project.profile, &stored.attributes);
        } else if let Some(attributes) = wanted.profile {
            let shape = Type::Record(project.profile.record.clone());
            sample.profile = shape.read(&Json::Object(attributes)).map_err(misfit("profile"))?;
        }
        if let Some((wire, properties)) = wanted.event {
            let schema = project.event_on_wire(&wire).ok_or_else(|| {
                let reason = format!("no event is called `{wire}`");
                LookError::Misfit(Misfit { path: "event.event".into(), reason })
            })?;
            let read = Type::Record(schema.record.clone()).read(&properties);
            sample.event = Some((schema.name.clone(), read.map_err(misfit("event.properties"))?));
        }
        let made = preview(project, &wanted.name, &sample, self.now())?;
        let shown = self.partners().shown(&made.request, Uuid::nil()).await;
        let shown = shown.map_err(NoPreview::Request)?;
        Ok(Looked { is_message: !project.actions.contains_key(&*wanted.name), preview: made, shown })
    }
}
