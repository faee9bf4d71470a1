//! A partner: a connection as it is in this environment, ready to be called.

use std::{collections::BTreeSet, sync::Arc};

use graph::{CallError, Connection, ErrorKind, Name, Setting};
use url::Url;

use crate::{Environment, Override, SetupError, guard::Guard};

/// What stands in a preview for a secret.
pub(crate) const MASK: &str = "••••";

pub(crate) struct Partner {
    pub(crate) connection: Arc<Connection>,
    pub(crate) guard: Guard,
    /// The URL, unless it comes from a variable that may be set later.
    base: Option<Url>,
    environment: Environment,
}

impl Partner {
    pub(crate) fn new(
        connection: Arc<Connection>,
        here: Override,
        environment: Environment,
    ) -> Result<Partner, SetupError> {
        let wrong = |reason| SetupError::Url { connection: connection.name.clone(), reason };
        let text = match (&here.url, &connection.url) {
            (Some(url), _) => Some(url.clone()),
            (None, Setting::Text(url)) => Some(url.to_string()),
            (None, Setting::Env(_) | Setting::Secret(_) | Setting::Joined(_)) => None,
        };
        let base = text.map(|text| parse(&text)).transpose().map_err(wrong)?;
        if base.as_ref().is_some_and(|base| base.query().is_some()) {
            return Err(wrong("its URL has a query; give that in the action".into()));
        }
        let private: BTreeSet<String> =
            connection.private.iter().map(ToString::to_string).chain(here.private).collect();
        let guard = Guard::new(private).map_err(|error| SetupError::Client(error.to_string()))?;
        Ok(Partner { connection, guard, base, environment })
    }

    /// The partner's URL.
    pub(crate) fn base(&self) -> Result<Url, CallError> {
        if let Some(base) = &self.base {
            return Ok(base.clone());
        }
        let text = match &self.connection.url {
            Setting::Joined(parts) => {
                parts.iter().map(|part| self.part_of_path(part)).collect::<Result<_, _>>()?
            }
            whole => self.resolve(whole, ErrorKind::Refused)?,
        };
        parse(&text).map_err(|reason| CallError::new(ErrorKind::Refused, reason))
    }

    /// The value of a setting.
    pub(crate) fn resolve(&self, setting: &Setting, kind: ErrorKind) -> Result<String, CallError> {
        match setting {
            Setting::Text(text) => Ok(text.to_string()),
            Setting::Env(name) | Setting::Secret(name) => (self.environment)(name)
                .ok_or_else(|| CallError::new(kind, format!("the environment variable {name} is not set"))),
            Setting::Joined(parts) => parts.iter().map(|part| self.resolve(part, kind)).collect(),
        }
    }

    /// A part of a URL's path: what comes from the environment stays one name between two slashes.
    fn part_of_path(&self, part: &Setting) -> Result<String, CallError> {
        let text = self.resolve(part, ErrorKind::Refused)?;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~:@+=".contains(letter);
        if let Setting::Env(name) | Setting::Secret(name) = part
            && (!text.chars().all(plain) || text.chars().all(|letter| letter == '.'))
        {
            let reason = format!("the environment variable {name} is no part of a URL's path");
            return Err(CallError::new(ErrorKind::Refused, reason));
        }
        Ok(text)
    }

    /// What stands in a preview for the URL, when it must not be shown.
    pub(crate) fn masked_base(&self) -> Option<String> {
        let hidden = self.base.is_none() && self.connection.url.is_secret();
        hidden.then(|| self.shown(&self.connection.url).trim_end_matches('/').to_owned())
    }

    /// The value of a setting as a preview shows it.
    pub(crate) fn shown(&self, setting: &Setting) -> String {
        match setting {
            Setting::Text(text) => text.to_string(),
            Setting::Env(name) => (self.environment)(name).unwrap_or_else(|| format!("env({name})")),
            Setting::Secret(_) => MASK.to_owned(),
            Setting::Joined(parts) => parts.iter().map(|part| self.shown(part)).collect(),
        }
    }

    /// The variables that are needed and not set.
    pub(crate) fn missing(&self) -> Vec<Name> {
        let mut settings = self.connection.auth.settings();
        if self.base.is_none() {
            settings.push(&self.connection.url);
        }
        let variables = settings.into_iter().flat_map(Setting::variables);
        variables.filter(|name| (self.environment)(name).is_none()).cloned().collect()
    }
}

fn parse(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|_| "its URL is not one, such as https://api.example.com".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its URL must begin with https:// or http://".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its URL holds credentials; give them by `auth`".into());
    }
    if url.fragment().is_some() {
        return Err("its URL has a `#`, which is not sent".into());
    }
    Ok(url)
}
