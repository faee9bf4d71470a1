//! The server's settings: `wayfare.toml`, the command line, the environment. The command line wins over the file.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use connect::Override;
use serde::Deserialize;

/// The file `wayfare.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The folder of journeys.
    pub(crate) journeys: Option<String>,
    /// The database's URL.
    pub(crate) database: Option<String>,
    /// Where to listen.
    pub(crate) listen: Option<String>,
    /// Where other nodes on the same database reach this one.
    pub(crate) advertise: Option<String>,
    /// Connections as they are in this environment.
    #[serde(default)]
    pub(crate) connection: BTreeMap<String, Connection>,
}

/// A connection as it is in this environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connection {
    /// Instead of the URL in the journeys.
    url: Option<String>,
    /// Hosts that may have private addresses.
    #[serde(default)]
    private: Vec<String>,
}

impl Settings {
    /// Reads a file; a missing one is no settings, unless it was asked for by name.
    pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Settings> {
        let file = path.unwrap_or(Path::new("wayfare.toml"));
        if path.is_none() && !file.exists() {
            return Ok(Settings::default());
        }
        let text =
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        toml::from_str(&text).with_context(|| format!("{} has errors", file.display()))
    }

    /// The connections as `connect` wants them.
    pub(crate) fn overrides(self) -> BTreeMap<String, Override> {
        self.connection
            .into_iter()
            .map(|(name, connection)| (name, Override { url: connection.url, private: connection.private }))
            .collect()
    }
}

/// The keys in an environment variable, separated by commas.
pub(crate) fn keys(variable: &str) -> Vec<String> {
    std::env::var(variable)
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect()
}
