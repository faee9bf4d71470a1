//! Where the values are that the journeys only name: in the environment, in files, or printed by a program.
//!
//! A file is looked at again when it is needed and the last look is a second old, and read if it has changed. A program
//! is run again when what it printed is as old as the deployment says. While the source of a known value fails, the
//! value is used on, and the log says so.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use graph::{Setting, auth::Leaf};
use tokio::io::AsyncReadExt as _;

use crate::{
    renewed::{Made, Making, Old, Renewed},
    secret::Secret,
};

/// The most bytes of a secret.
const MOST_BYTES: u64 = 64 << 10;
/// How often a file is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a secret is that is not in the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// In what a program prints.
    Command {
        /// The program and its arguments; there is no shell.
        words: Vec<String>,
        /// How long what it printed is used.
        every: Duration,
    },
}

type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Finds the values that journeys name; cheap to clone.
#[derive(Clone)]
pub struct Environment {
    variables: Arc<Variables>,
    sources: Arc<BTreeMap<String, Renewed<Secret, String>>>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.sources.keys()).finish()
    }
}

impl Environment {
    /// Finds all values by this function.
    pub fn of(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Environment {
        Environment { variables: Arc::new(variables), sources: Arc::default() }
    }

    /// Finds them in the variables of this process.
    pub fn of_process() -> Environment {
        Environment::of(|name| std::env::var(name).ok())
    }

    /// Finds these secrets elsewhere.
    pub fn with(self, sources: BTreeMap<String, Source>) -> Environment {
        let sources = sources.into_iter().map(|(name, source)| (name.clone(), renewed(name, source)));
        Environment { sources: Arc::new(sources.collect()), ..self }
    }

    /// A variable that need not be kept from sight.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name)
    }

    async fn secret(&self, name: &str) -> Result<Secret, String> {
        match self.sources.get(name) {
            Some(source) => source.get().await.map(|(secret, _)| secret),
            None => self.found(name),
        }
    }

    fn found(&self, name: &str) -> Result<Secret, String> {
        self.variable(name)
            .map(Secret::new)
            .ok_or_else(|| format!("the environment variable {name} is not set"))
    }

    /// The value of a setting.
    ///
    /// # Errors
    /// When there is none: which one, and why.
    pub(crate) async fn value(&self, setting: &Setting) -> Result<Secret, Lack> {
        let mut whole: Option<Secret> = None;
        for leaf in setting.leaves() {
            let part = self.leaf(leaf).await?;
            whole = Some(match whole {
                None => part,
                Some(before) => Secret::new([before.expose(), part.expose()].concat()),
            });
        }
        Ok(whole.unwrap_or_else(|| Secret::new("")))
    }

    async fn leaf(&self, leaf: Leaf<'_>) -> Result<Secret, Lack> {
        let lack = |name: &graph::Name, reason| Lack { name: name.clone(), reason };
        match leaf {
            Leaf::Text(text) => Ok(Secret::new(text.clone())),
            Leaf::Env(name) => self.found(name).map_err(|reason| lack(name, reason)),
            Leaf::Secret(name) => self.secret(name).await.map_err(|reason| lack(name, reason)),
        }
    }

    /// The values of a setting that are not to be had.
    pub(crate) async fn lacks(&self, setting: &Setting) -> Vec<Lack> {
        let mut lacks = Vec::new();
        for leaf in setting.leaves() {
            lacks.extend(self.leaf(leaf).await.err());
        }
        lacks
    }
}

/// A value that is not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    pub(crate) name: graph::Name,
    pub(crate) reason: String,
}

fn renewed(name: String, source: Source) -> Renewed<Secret, String> {
    match source {
        Source::File(path) => {
            let last = Arc::new(Mutex::new(None));
            Renewed::new(Old::Serves, move || {
                let (name, path, last) = (name.clone(), path.clone(), last.clone());
                making(name, LOOK, async move {
                    // A file may be on a network's disk, which may be slow.
                    tokio::task::spawn_blocking(move || look_at(&path, &last))
                        .await
                        .unwrap_or_else(|_| Err("its file was not read".into()))
                })
            })
        }
        Source::Command { words, every } => Renewed::new(Old::Serves, move || {
            let words = words.clone();
            making(name.clone(), every, async move { printed(&words).await })
        }),
    }
}

/// The making of a secret that is used for a while, and in need for another while.
fn making(
    name: String,
    every: Duration,
    source: impl Future<Output = Result<Secret, String>> + Send + 'static,
) -> Making<Secret, String> {
    Box::pin(async move {
        match source.await {
            Ok(value) => {
                let now = Instant::now();
                Ok(Made { value, due: now + every, overdue: now + every * 2 })
            }
            Err(reason) => {
                tracing::warn!(secret = %name, %reason, "a secret cannot be renewed; the one before is used, if there was one");
                Err(format!("the secret {name} is not to be had: {reason}"))
            }
        }
    })
}

/// How a file was when it was read, and what it held.
type Seen = (SystemTime, u64, Secret);

fn look_at(path: &Path, last: &Mutex<Option<Seen>>) -> Result<Secret, String> {
    let unread = |error: io::Error| format!("{} cannot be read: {error}", path.display());
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let facts = std::fs::metadata(path).map_err(unread)?;
    let changed = facts.modified().map_err(unread)?;
    if let Some((when, length, secret)) = &*last
        && (*when, *length) == (changed, facts.len())
    {
        return Ok(secret.clone());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unread)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unread)?;
    let secret = text(bytes).map_err(|reason| format!("{} {reason}", path.display()))?;
    *last = Some((changed, facts.len(), secret.clone()));
    Ok(secret)
}

/// What a program prints. Its complaints are not kept: nobody knows what it may say.
async fn printed(words: &[String]) -> Result<Secret, String> {
    let Some((program, arguments)) = words.split_first() else { return Err("its command is empty".into()) };
    let failed = |error: io::Error| format!("`{program}` cannot be run: {error}");
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let run = async {
        let mut child = command.kill_on_drop(true).spawn().map_err(failed)?;
        let mut bytes = Vec::new();
        if let Some(out) = child.stdout.take() {
            out.take(MOST_BYTES + 1).read_to_end(&mut bytes).await.map_err(failed)?;
        }
        if bytes.len() as u64 > MOST_BYTES {
            return text(bytes);
        }
        let status = child.wait().await.map_err(failed)?;
        if status.success() { text(bytes) } else { Err(format!("ended with {status}")) }
    };
    let within = tokio::time::timeout(PATIENCE, run).await;
    let printed = within.unwrap_or_else(|_| Err(format!("took more than {} seconds", PATIENCE.as_secs())));
    printed.map_err(|reason| if reason.starts_with('`') { reason } else { format!("`{program}` {reason}") })
}

/// The text of a secret, without the line break at its end.
fn text(bytes: Vec<u8>) -> Result<Secret, String> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("gives more than {} KiB", MOST_BYTES >> 10));
    }
    let text = String::from_utf8(bytes).map_err(|_| "gives something that is not UTF-8 text".to_owned())?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() { Err("gives nothing".into()) } else { Ok(Secret::new(text)) }
}
