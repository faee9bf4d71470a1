//! A partner: a connection as it is in this environment, ready to be called.

use std::{collections::BTreeSet, sync::Arc};

use graph::{CallError, Connection, ErrorKind, Setting, auth::Leaf};
use reqwest::{Method, RequestBuilder};
use url::Url;

use crate::{
    Environment, Missing, Override, SetupError,
    environment::Lack,
    mail,
    renewed::Renewed,
    secret::{MASK, Secret},
    tls::Clients,
    token,
};

pub(crate) struct Partner {
    pub(crate) here: Arc<Here>,
    /// The token that all its calls share, where it wants one.
    pub(crate) token: Option<Renewed<Secret, CallError>>,
    /// The sessions with its mail server, where it is one.
    pub(crate) mails: mail::Pool,
}

/// A connection in this environment.
pub(crate) struct Here {
    pub(crate) connection: Arc<Connection>,
    pub(crate) clients: Clients,
    pub(crate) environment: Environment,
    /// The URL, unless it comes from a variable that may be set later.
    base: Option<Url>,
    /// The token server's URL, where the settings say it.
    token_url: Option<Url>,
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
        let by_mail = connection.mail.is_some();
        let base = text.map(|text| parse_for(&text, by_mail)).transpose().map_err(wrong)?;
        if base.as_ref().is_some_and(|base| base.query().is_some()) {
            return Err(wrong("its URL has a query; give that in the action".into()));
        }
        let token_url = here.token_url.as_deref().map(parse).transpose();
        let token_url = token_url.map_err(|reason| wrong(format!("of its `token_url`, {reason}")))?;
        let private: BTreeSet<String> =
            connection.private.iter().map(ToString::to_string).chain(here.private).collect();
        let clients = Clients::new(private, connection.tls.clone()).map_err(SetupError::Client)?;
        let here = Arc::new(Here { connection, clients, environment, base, token_url });
        Ok(Partner { token: token::of(&here), mails: mail::Pool::default(), here })
    }
}

impl Here {
    /// A request to a URL, if its host may be dialled.
    pub(crate) async fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, CallError> {
        let guard = self.clients.guard(&self.environment).await?;
        guard.request(method, url).map_err(|reason| CallError::new(ErrorKind::Refused, reason))
    }

    /// The partner's URL.
    pub(crate) async fn base(&self) -> Result<Url, CallError> {
        if let Some(base) = &self.base {
            return Ok(base.clone());
        }
        let url = self.url(&self.connection.url, self.connection.mail.is_some()).await;
        url.map_err(|reason| CallError::new(ErrorKind::Refused, reason))
    }

    /// Where a token is asked for.
    pub(crate) async fn token_url(&self, written: &Setting) -> Result<Url, CallError> {
        if let Some(url) = &self.token_url {
            return Ok(url.clone());
        }
        let url = self.url(written, false).await;
        url.map_err(|reason| CallError::new(ErrorKind::Auth, format!("of the token server, {reason}")))
    }

    /// The token server's URL, if there is one and it is known.
    pub(crate) async fn login(&self) -> Option<Url> {
        self.token_url(self.connection.auth.token_url()?).await.ok()
    }

    async fn url(&self, written: &Setting, by_mail: bool) -> Result<Url, String> {
        let text = match written {
            Setting::Joined(parts) => {
                let mut text = String::new();
                for part in parts {
                    text += &self.part_of_path(part).await?;
                }
                text
            }
            whole => self.environment.value(whole).await.map_err(|lack| lack.reason)?.expose().to_owned(),
        };
        parse_for(&text, by_mail)
    }

    /// A part of a URL's path: what comes from elsewhere stays one name between two slashes.
    async fn part_of_path(&self, part: &Setting) -> Result<String, String> {
        let text = self.environment.value(part).await.map_err(|lack| lack.reason)?.expose().to_owned();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~:@+=".contains(letter);
        if let Setting::Env(name) | Setting::Secret(name) = part
            && (!text.chars().all(plain) || text.chars().all(|letter| letter == '.'))
        {
            return Err(format!("the environment variable {name} is no part of a URL's path"));
        }
        Ok(text)
    }

    /// The value of a setting that proves who we are, which is sent. What is secret of it must not come back.
    pub(crate) async fn credential(
        &self,
        setting: &Setting,
        sent: &mut Vec<Secret>,
    ) -> Result<Secret, CallError> {
        let lacking = |lack: Lack| CallError::new(ErrorKind::Auth, lack.reason);
        for leaf in setting.leaves() {
            if let Leaf::Secret(name) = leaf {
                sent.push(self.environment.value(&Setting::Secret(name.clone())).await.map_err(lacking)?);
            }
        }
        self.environment.value(setting).await.map_err(lacking)
    }

    /// The text of a setting that goes out only inside what is signed or asked for; none where there is no setting.
    pub(crate) async fn optional_text(&self, setting: Option<&Setting>) -> Result<Option<String>, CallError> {
        match setting {
            Some(setting) => {
                let value = self.credential(setting, &mut Vec::new()).await?;
                Ok(Some(value.expose().to_owned()))
            }
            None => Ok(None),
        }
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
            Setting::Env(name) => self.environment.variable(name).unwrap_or_else(|| format!("env({name})")),
            Setting::Secret(_) => MASK.to_owned(),
            Setting::Joined(parts) => parts.iter().map(|part| self.shown(part)).collect(),
        }
    }

    /// The values that are needed and not to be had.
    pub(crate) async fn missing(&self) -> Vec<Missing> {
        let connection = &self.connection;
        let mut settings = connection.settings();
        if let (Some(written), Some(_)) = (connection.auth.token_url(), &self.token_url) {
            settings.retain(|setting| !std::ptr::eq(*setting, written));
        }
        if self.base.is_none() {
            settings.push(&connection.url);
        }
        let mut missing = Vec::new();
        for setting in settings {
            for Lack { name, reason } in self.environment.lacks(setting).await {
                missing.push(Missing { connection: connection.name.clone(), name, reason });
            }
        }
        missing
    }
}

fn parse_for(text: &str, by_mail: bool) -> Result<Url, String> {
    if by_mail { mail::parse(text) } else { parse(text) }
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
