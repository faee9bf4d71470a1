//! A running server, as the commands for operators ask it. What comes in: paths of its API. What goes out: the answer as it
//! came, or an error that says in a sentence what is wrong and what to do. Deliberately absent: what answers mean.

use anyhow::{Context, anyhow, bail};
use clap::{Subcommand, ValueEnum};
use connect::{Operator, OperatorFailure, Said, Secret};
use serde_json::Value as Json;
use url::Url;

use crate::settings::keys;

/// The environment variable with the admin keys; the first of them is shown to the server.
const KEYS: &str = "WAYFARE_ADMIN_KEYS";

/// Which server is meant, and how what it says is printed. The admin key comes from the environment alone: other users of
/// the machine can read a command line.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The server; it is shown the first admin key in the environment variable WAYFARE_ADMIN_KEYS.
    #[arg(long, env = "WAYFARE_SERVER", value_name = "URL", global = true, value_parser = parse)]
    #[arg(default_value = "http://127.0.0.1:7070")]
    server: Url,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub(crate) format: Format,
}

/// What a command for operators is given.
#[derive(clap::Args)]
pub(crate) struct Asked<What: Subcommand> {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) what: What,
}

/// How the result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: the answer of the API.
    Json,
}

/// A server that is asked.
pub(crate) struct Remote {
    operator: Operator,
    server: Url,
    has_key: bool,
}

impl Place {
    /// The server, ready to be asked.
    pub(crate) fn remote(&self) -> anyhow::Result<Remote> {
        let key = keys(KEYS).into_iter().next();
        let has_key = key.is_some();
        let operator = Operator::new(self.server.clone(), key.map(Secret::new))?;
        Ok(Remote { operator, server: self.server.clone(), has_key })
    }
}

impl Remote {
    /// Reads.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, String)]) -> anyhow::Result<Answer> {
        self.read(self.operator.get(path, query).await)
    }

    /// Has something done; `body` is JSON.
    pub(crate) async fn post(&self, path: &[&str], body: &Json) -> anyhow::Result<Answer> {
        self.read(self.operator.post(path, body.to_string()).await)
    }

    fn read(&self, said: Result<Said, OperatorFailure>) -> anyhow::Result<Answer> {
        let said = said.map_err(|failure| self.silence(&failure))?;
        let json: Option<Json> = serde_json::from_str(&said.body).ok();
        match json {
            Some(json) if (200..300).contains(&said.status) => Ok(Answer { text: said.body, json }),
            Some(problem) if kind(&problem) == Some("no-endpoint") => Err(anyhow!(
                "the server at {} has nothing at that address; is the URL right, and is the server of this release? Say where \
                 it is by --server or WAYFARE_SERVER",
                self.server
            )),
            Some(problem) if kind(&problem).is_some() => Err(self.problem(said.status, &problem)),
            Some(_) | None => Err(anyhow!(
                "what answers at {} is no Wayfare server, or something in between answers for it (status {}); is the URL \
                 right? Say it by --server or WAYFARE_SERVER",
                self.server,
                said.status
            )),
        }
    }

    fn silence(&self, failure: &OperatorFailure) -> anyhow::Error {
        if failure.was_sent {
            anyhow!(
                "the server at {} was asked and gave no answer: {}. What was asked may have been done; look before you ask \
                 again",
                self.server,
                failure.reason
            )
        } else {
            anyhow!(
                "no server answers at {}: {}. Does it run there? Say where it is by --server or WAYFARE_SERVER",
                self.server,
                failure.reason
            )
        }
    }

    fn problem(&self, status: u16, problem: &Json) -> anyhow::Error {
        let detail = problem.get("detail").and_then(Json::as_str).unwrap_or("it does not say why");
        match status {
            401 if self.has_key => anyhow!(
                "the server at {} does not know the key that {KEYS} holds; give one of those that it was started with",
                self.server
            ),
            401 => anyhow!("the server at {} wants an admin key; put it into {KEYS}", self.server),
            403 => anyhow!("the key that {KEYS} holds may not do this: {detail}"),
            503 => anyhow!("the server cannot do it now: {detail}"),
            _ => anyhow!("{detail}"),
        }
    }
}

/// A good answer.
pub(crate) struct Answer {
    /// As it came.
    pub(crate) text: String,
    /// The same, read.
    pub(crate) json: Json,
}

/// The kind of a problem, if it is one of our API.
fn kind(problem: &Json) -> Option<&str> {
    problem.get("type").and_then(Json::as_str)?.strip_prefix("urn:wayfare:problem:")
}

fn parse(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).context("it is no URL; write http://HOST:PORT or https://HOST")?;
    if !["http", "https"].contains(&url.scheme()) || !url.has_host() {
        bail!("write http://HOST:PORT or https://HOST");
    }
    if !url.username().is_empty() || url.password().is_some() {
        bail!("others could read what it holds here; put the key into {KEYS}");
    }
    if url.query().is_some() || url.fragment().is_some() {
        bail!("leave out what stands behind the path");
    }
    Ok(url)
}

/// A field's text as a person reads it; a dash where there is none.
pub(crate) fn shown(json: &Json, field: &str) -> String {
    match json.get(field) {
        None | Some(Json::Null) => "-".to_owned(),
        Some(Json::String(text)) if text.is_empty() => "-".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The items of a list in an answer.
pub(crate) fn items<'a>(json: &'a Json, field: &str) -> &'a [Json] {
    json.get(field).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_is_none_is_named_with_what_to_write() {
        for (wrong, said) in [
            ("localhost:7070", "http://HOST:PORT"),
            ("wayfare", "no URL"),
            ("ftp://host", "http://HOST:PORT"),
            ("http://admin:key@host", "WAYFARE_ADMIN_KEYS"),
            ("http://host/?a=b", "leave out"),
        ] {
            let error = format!("{:#}", parse(wrong).unwrap_err());
            assert!(error.contains(said), "{wrong}: {error}");
        }
        assert_eq!(parse("https://host/below").unwrap().path(), "/below");
    }
}
