//! A partner: a connection as it is in this environment, ready to be called.

use std::{collections::BTreeSet, sync::Arc};

use graph::{Auth, CallError, Connection, ErrorKind, Name, Setting};
use url::Url;

use crate::{Environment, Override, SetupError, guard::Guard};

/// What stands in a preview for a secret.
const MASK: &str = "••••";

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
            (None, Setting::Env(_) | Setting::Secret(_)) => None,
        };
        let base = text.map(|text| parse(&text)).transpose().map_err(wrong)?;
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
        let text = self.resolve(&self.connection.url, ErrorKind::Refused)?;
        parse(&text).map_err(|reason| CallError::new(ErrorKind::Refused, reason))
    }

    /// The value of a setting.
    pub(crate) fn resolve(&self, setting: &Setting, kind: ErrorKind) -> Result<String, CallError> {
        match setting {
            Setting::Text(text) => Ok(text.to_string()),
            Setting::Env(name) | Setting::Secret(name) => (self.environment)(name)
                .ok_or_else(|| CallError::new(kind, format!("the environment variable {name} is not set"))),
        }
    }

    /// The value of a setting as a preview shows it.
    pub(crate) fn shown(&self, setting: &Setting) -> String {
        match setting {
            Setting::Text(text) => text.to_string(),
            Setting::Env(name) => (self.environment)(name).unwrap_or_else(|| format!("env({name})")),
            Setting::Secret(_) => MASK.to_owned(),
        }
    }

    /// The variables that are needed and not set.
    pub(crate) fn missing(&self) -> Vec<Name> {
        let mut settings = match &self.connection.auth {
            Auth::None => Vec::new(),
            Auth::Basic { user, password } => vec![user, password],
            Auth::Bearer(token) => vec![token],
            Auth::HeaderKey { key, .. } | Auth::QueryKey { key, .. } => vec![key],
        };
        if self.base.is_none() {
            settings.push(&self.connection.url);
        }
        let variable = |setting: &Setting| match setting {
            Setting::Text(_) => None,
            Setting::Env(name) | Setting::Secret(name) => Some(name.clone()),
        };
        settings.into_iter().filter_map(variable).filter(|name| (self.environment)(name).is_none()).collect()
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
    if url.query().is_some() || url.fragment().is_some() {
        return Err("its URL has a query; give that in the action".into());
    }
    Ok(url)
}
