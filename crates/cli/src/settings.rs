//! The server's settings: `wayfare.toml`, the command line, the environment. The command line wins over the file.

mod telemetry;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use connect::{Environment, Override, Source};
use jiff::{Span, SpanRelativeTo, Unit};
use runtime::Retention;
use serde::Deserialize;
pub(crate) use telemetry::{Telemetry, Traces};

/// Where the parts of a deployment are, as the command line and the environment say it.
#[derive(clap::Args)]
pub(crate) struct Deployment {
    /// The folder of journeys [default: journeys].
    #[arg(long, env = "WAYFARE_JOURNEYS")]
    journeys: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Where to listen [default: 127.0.0.1:7070].
    #[arg(long, env = "WAYFARE_LISTEN")]
    listen: Option<String>,
    /// Where the server is reached from outside, as in https://journeys.example.com: links in messages begin with it.
    #[arg(long, env = "WAYFARE_PUBLIC_URL")]
    public_url: Option<String>,
}

/// Where the database of a deployment is, as the command line and the environment say it.
#[derive(clap::Args)]
pub(crate) struct DatabaseArgs {
    /// The database: sqlite:FILE or postgres://… [default: sqlite:wayfare.db].
    #[arg(long, env = "WAYFARE_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// The settings file [default: wayfare.toml, if there is one].
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
}

impl DatabaseArgs {
    /// The database's URL.
    pub(crate) fn url(&self, settings: &Settings) -> String {
        let set = || settings.database.clone();
        self.database.clone().or_else(set).unwrap_or_else(|| "sqlite:wayfare.db".into())
    }
}

impl Deployment {
    /// The folder of journeys.
    pub(crate) fn journeys(&self, settings: &Settings) -> PathBuf {
        let set = || settings.journeys.clone().map(PathBuf::from);
        self.journeys.clone().or_else(set).unwrap_or_else(|| "journeys".into())
    }

    /// Where the server is reached from outside, for the links in messages.
    pub(crate) fn public_url(&self, settings: &Settings) -> Option<String> {
        self.public_url.clone().or_else(|| settings.public_url.clone())
    }

    /// Where to listen.
    pub(crate) fn listen(&self, settings: &Settings) -> String {
        let set = || settings.listen.clone();
        self.listen.clone().or_else(set).unwrap_or_else(|| "127.0.0.1:7070".into())
    }
}

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
    /// Where the server is reached from outside, for the links in messages.
    pub(crate) public_url: Option<String>,
    /// Where other nodes on the same database reach this one.
    pub(crate) advertise: Option<String>,
    /// A stream of NATS that events are taken from.
    pub(crate) nats: Option<Nats>,
    /// Where traces go.
    pub(crate) telemetry: Option<Telemetry>,
    /// How long things are kept.
    #[serde(default)]
    pub(crate) retention: Kept,
    /// Connections as they are in this environment.
    #[serde(default)]
    pub(crate) connection: BTreeMap<String, Connection>,
    /// Where secrets are that are not in the environment.
    #[serde(default)]
    pub(crate) secret: BTreeMap<String, Secret>,
}

/// A stream of NATS that events are taken from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nats {
    /// The server; the environment variable `WAYFARE_NATS` wins, so that a password need not stand in the file.
    url: Option<String>,
    /// The stream.
    stream: String,
    /// The durable consumer on it.
    #[serde(default = "consumer")]
    consumer: String,
}

fn consumer() -> String {
    "wayfare".into()
}

impl Nats {
    /// The source, as the feed wants it.
    pub(crate) fn source(&self) -> anyhow::Result<feed::Source> {
        let url = std::env::var("WAYFARE_NATS").ok().or_else(|| self.url.clone());
        let url = url.context("`[nats]` needs a `url`, or the environment variable WAYFARE_NATS")?;
        Ok(feed::Source { url, stream: self.stream.clone(), consumer: self.consumer.clone() })
    }
}

/// How long things are kept, as in `"90 days"`; for ever where nothing is said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    /// Events of the log.
    events: Option<String>,
    /// Instances that are over, with their history.
    instances: Option<String>,
}

impl Kept {
    /// How long, as the runtime wants it.
    pub(crate) fn read(&self) -> anyhow::Result<Retention> {
        let read = |name: &str, text: &Option<String>| -> anyhow::Result<Option<Duration>> {
            let Some(text) = text else { return Ok(None) };
            let span: Span = text.parse().with_context(|| {
                format!(
                    "`{name}` under `[retention]` is `{text}`, which is no length of time such as \"90 days\""
                )
            })?;
            let seconds = span.total((Unit::Second, SpanRelativeTo::days_are_24_hours()));
            match seconds.ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
                Some(kept) if kept >= SHORTEST => Ok(Some(kept)),
                _ => bail!(
                    "`{name}` under `[retention]` is `{text}`; the shortest is \"1 day\", and months have no fixed length: say days"
                ),
            }
        };
        Ok(Retention {
            events: read("events", &self.events)?,
            instances: read("instances", &self.instances)?,
        })
    }
}

/// The shortest time that things are kept: senders repeat events within it.
const SHORTEST: Duration = Duration::from_hours(24);

/// Where a secret is that is not in the environment: in a file, or in what a program prints.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secret {
    /// The file.
    file: Option<PathBuf>,
    /// The program and its arguments.
    command: Option<Vec<String>>,
    /// How long what the program printed is used, as in `"10 minutes"`.
    every: Option<String>,
}

/// How long what a program printed is used when nothing is said.
const USED: Duration = Duration::from_mins(5);
/// The shortest and the longest time that may be said.
const SHORTEST_USED: Duration = Duration::from_secs(1);
const LONGEST_USED: Duration = Duration::from_hours(24);

impl Secret {
    fn source(&self, name: &str) -> anyhow::Result<Source> {
        let source = match (&self.file, &self.command, &self.every) {
            (Some(path), None, None) => Source::File(path.clone()),
            (Some(_), None, Some(_)) => bail!(
                "`[secret.{name}]` has `every` beside `file`; a file is read again as soon as it changes, so leave it out"
            ),
            (None, Some(words), every) if words.first().is_some_and(|program| !program.is_empty()) => {
                Source::Command { words: words.clone(), every: used(name, every.as_deref())? }
            }
            _ => bail!(
                "`[secret.{name}]` says where the secret is: either `file = \"/run/secrets/name\"` or \
                 `command = [\"program\", \"argument\"]`"
            ),
        };
        Ok(source)
    }
}

fn used(name: &str, every: Option<&str>) -> anyhow::Result<Duration> {
    let Some(text) = every else { return Ok(USED) };
    let seconds =
        text.parse::<Span>().and_then(|span| span.total((Unit::Second, SpanRelativeTo::days_are_24_hours())));
    match seconds.ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(used) if (SHORTEST_USED..=LONGEST_USED).contains(&used) => Ok(used),
        _ => bail!(
            "`every` under `[secret.{name}]` is `{text}`; write a time from \"1 second\" to \"24 hours\""
        ),
    }
}

/// A connection as it is in this environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connection {
    /// Instead of the URL in the journeys.
    url: Option<String>,
    /// Instead of the URL of the token server in the journeys.
    token_url: Option<String>,
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

    /// Where traces go, by the file and the environment; none if nobody says it.
    pub(crate) fn traces(&self) -> anyhow::Result<Option<Traces>> {
        Telemetry::read(self.telemetry.as_ref(), |name| std::env::var(name).ok())
    }

    /// The connections as `connect` wants them.
    pub(crate) fn overrides(self) -> BTreeMap<String, Override> {
        let read = |Connection { url, token_url, private }| Override { url, token_url, private };
        self.connection.into_iter().map(|(name, connection)| (name, read(connection))).collect()
    }

    /// Where the values are that journeys name.
    pub(crate) fn environment(&self) -> anyhow::Result<Environment> {
        let sources = self.secret.iter().map(|(name, secret)| Ok((name.clone(), secret.source(name)?)));
        Ok(Environment::of_process().with(sources.collect::<anyhow::Result<_>>()?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_in_the_documentation_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut read = 0;
        for page in
            ["README.md", "docs/scaling.md", "docs/connections.md", "docs/messages.md", "docs/operating.md"]
        {
            let text = std::fs::read_to_string(root.join(page)).unwrap();
            for block in text.split("```toml\n").skip(1) {
                let block = block.split("```").next().unwrap();
                let settings: Settings =
                    toml::from_str(block).unwrap_or_else(|error| panic!("{page}: {error}\n{block}"));
                settings.retention.read().unwrap();
                settings.environment().unwrap();
                settings.traces().unwrap();
                read += 1;
            }
        }
        assert!(read >= 3, "{read} blocks");
    }

    #[test]
    fn a_time_that_is_none_is_named_with_what_to_write() {
        let said = |text: &str| {
            let settings: Settings = toml::from_str(&format!("[retention]\nevents = \"{text}\"")).unwrap();
            format!("{:#}", settings.retention.read().unwrap_err())
        };
        assert!(
            said("soon")
                .contains("`events` under `[retention]` is `soon`, which is no length of time such as")
        );
        assert!(said("1 hour").contains("the shortest is \"1 day\""));
        assert!(said("3 months").contains("say days"));
        assert!(said("-90 days").contains("the shortest"));
        let settings: Settings = toml::from_str("[retention]\ninstances = \"13 weeks\"").unwrap();
        let kept = settings.retention.read().unwrap();
        assert_eq!(kept, Retention { events: None, instances: Some(Duration::from_hours(13 * 7 * 24)) });
    }

    #[test]
    fn a_secret_is_in_one_place() {
        let source = |text: &str| {
            let settings: Settings = toml::from_str(&format!("[secret.KEY]\n{text}")).unwrap();
            settings.secret["KEY"].source("KEY").map_err(|error| format!("{error:#}"))
        };
        assert_eq!(source("file = \"/run/key\""), Ok(Source::File("/run/key".into())));
        let words = vec!["vault".to_owned(), "kv".to_owned()];
        let every = Duration::from_secs(600);
        assert_eq!(
            source("command = [\"vault\", \"kv\"]\nevery = \"10 minutes\""),
            Ok(Source::Command { words: words.clone(), every })
        );
        assert_eq!(source("command = [\"vault\", \"kv\"]"), Ok(Source::Command { words, every: USED }));
        for wrong in
            ["", "file = \"a\"\ncommand = [\"b\"]", "command = []", "command = [\"\"]", "every = \"1 hour\""]
        {
            assert!(source(wrong).unwrap_err().contains("either `file"), "{wrong}");
        }
        assert!(source("file = \"a\"\nevery = \"1 hour\"").unwrap_err().contains("leave it out"));
        for wrong in ["soon", "0 seconds", "25 hours", "1 month"] {
            let said = source(&format!("command = [\"a\"]\nevery = \"{wrong}\"")).unwrap_err();
            assert!(said.contains("from \"1 second\""), "{said}");
        }
    }
}
