//! `[telemetry]`: where traces go. What the file does not say, the variables of the OpenTelemetry specification do.
//!
//! The file wins over those, other than over `WAYFARE_…`: they are often set for everything that runs on a machine or in a
//! cluster, and the file speaks of this server.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use graph::Setting;
use serde::Deserialize;
use telemetry::Service;
use url::Url;

/// The path at a collector that takes traces.
const PATH: &str = "v1/traces";

/// Where traces go, as the file says it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    /// The collector's base address.
    otlp: Option<String>,
    /// What it is shown, by the names of headers.
    headers: Option<BTreeMap<String, String>>,
    /// The name of the service.
    service: Option<String>,
    /// The share of the traces that is recorded.
    share: Option<f64>,
}

/// Where traces go.
pub(crate) struct Traces {
    /// The whole address.
    pub(crate) url: Url,
    /// What is shown there.
    pub(crate) headers: Vec<(String, Setting)>,
    /// What is said of the server.
    pub(crate) service: Service,
    /// The share of the traces that is recorded, from 0 to 1.
    pub(crate) share: f64,
}

impl Telemetry {
    /// Where traces go, by the file and these variables; none if nobody says it, or the variables forbid it.
    ///
    /// # Errors
    /// What is wrong, and what to write.
    pub(crate) fn read(
        file: Option<&Telemetry>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Option<Traces>> {
        let variable = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        if variable("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let nothing = Telemetry::default();
        let said = file.unwrap_or(&nothing);
        let Some(url) = said.url(&variable)? else {
            if file.is_some() {
                bail!(
                    "`[telemetry]` needs the collector's address: write `otlp = \"http://collector:4318\"`, or set the \
                     environment variable OTEL_EXPORTER_OTLP_ENDPOINT"
                );
            }
            return Ok(None);
        };
        let mut attributes = pairs("OTEL_RESOURCE_ATTRIBUTES", &variable)?;
        let named = attributes.extract_if(.., |(name, _)| name == "service.name").next();
        let name = said.service.clone().or_else(|| variable("OTEL_SERVICE_NAME"));
        let name = name.or(named.map(|(_, name)| name)).unwrap_or_else(|| "wayfare".into());
        Ok(Some(Traces {
            url,
            headers: said.headers(&variable)?,
            service: Service { name, attributes },
            share: said.share(&variable)?,
        }))
    }

    fn url(&self, variable: &impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Url>> {
        if let Some(text) = &self.otlp {
            return below("`otlp` under `[telemetry]`", text).map(Some);
        }
        let whole = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        let url = match (variable(whole), variable("OTEL_EXPORTER_OTLP_ENDPOINT")) {
            (Some(text), _) => address(whole, &text)?,
            (None, Some(text)) => below("OTEL_EXPORTER_OTLP_ENDPOINT", &text)?,
            (None, None) => return Ok(None),
        };
        for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
            match variable(name) {
                Some(protocol) if protocol != "http/protobuf" => bail!(
                    "{name} is `{protocol}`; traces are sent by `http/protobuf`, most often to the port 4318: set it to that, \
                     or write `otlp = \"http://collector:4318\"` under `[telemetry]` in wayfare.toml"
                ),
                Some(_) => break,
                None => {}
            }
        }
        Ok(Some(url))
    }

    fn headers(&self, variable: &impl Fn(&str) -> Option<String>) -> anyhow::Result<Vec<(String, Setting)>> {
        let Some(headers) = &self.headers else {
            let own = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
            let name = if variable(own).is_some() { own } else { "OTEL_EXPORTER_OTLP_HEADERS" };
            let pairs = pairs(name, variable)?.into_iter();
            return Ok(pairs.map(|(name, value)| (name, Setting::Text(value.into()))).collect());
        };
        headers.iter().map(|(name, text)| Ok((name.clone(), header(name, text)?))).collect()
    }

    fn share(&self, variable: &impl Fn(&str) -> Option<String>) -> anyhow::Result<f64> {
        if let Some(share) = self.share {
            if !(0.0..=1.0).contains(&share) {
                bail!(
                    "`share` under `[telemetry]` is {share}; write a number from 0 (none) to 1 (all), such as 0.1"
                );
            }
            return Ok(share);
        }
        let Some(sampler) = variable("OTEL_TRACES_SAMPLER") else { return Ok(1.0) };
        match sampler.strip_prefix("parentbased_").unwrap_or(&sampler) {
            "always_on" => Ok(1.0),
            "always_off" => Ok(0.0),
            "traceidratio" => {
                let Some(text) = variable("OTEL_TRACES_SAMPLER_ARG") else { return Ok(1.0) };
                let share = text.trim().parse().ok().filter(|share| (0.0..=1.0).contains(share));
                share.with_context(|| {
                    format!("OTEL_TRACES_SAMPLER_ARG is `{text}`; set it to a number from 0 (none) to 1 (all), such as 0.1")
                })
            }
            _ => bail!(
                "OTEL_TRACES_SAMPLER is `{sampler}`, which is not known; set it to `always_on`, `always_off` or \
                 `traceidratio`, or write `share = 0.1` under `[telemetry]` in wayfare.toml"
            ),
        }
    }
}

/// The address at which a collector of this base address takes traces.
fn below(place: &str, text: &str) -> anyhow::Result<Url> {
    let mut url = address(place, text)?;
    if url.path().trim_end_matches('/').ends_with(PATH) {
        let base = text.trim_end_matches('/').trim_end_matches(PATH).trim_end_matches('/');
        bail!("{place} is `{text}`; `/{PATH}` is added to it, so write `{base}`");
    }
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.pop_if_empty().extend(PATH.split('/'));
    }
    Ok(url)
}

fn address(place: &str, text: &str) -> anyhow::Result<Url> {
    const EXAMPLE: &str = "such as `http://collector:4318`";
    let url =
        Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else { bail!("{place} is `{text}`, which is no address of a collector, {EXAMPLE}") };
    if !url.username().is_empty() || url.password().is_some() {
        // The address is not said: it holds a password.
        bail!("{place} holds a password; write the address without, and give it under `[telemetry.headers]`");
    }
    if url.query().is_some() || url.fragment().is_some() {
        bail!(
            "{place} has more behind its path; write only the address, {EXAMPLE}, and give keys under `[telemetry.headers]`"
        );
    }
    Ok(url)
}

/// The value of a header: text in which secrets and variables are named as in a journey.
fn header(name: &str, text: &str) -> anyhow::Result<Setting> {
    let wrong = || {
        format!(
            "`{name}` under `[telemetry.headers]` cannot be read: write text, and what is secret by its name, as in \
             `{name} = 'Bearer {{{{ secret(\"COLLECTOR_TOKEN\") }}}}'`"
        )
    };
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, behind)) = rest.split_once("{{") {
        let (hole, behind) = behind.split_once("}}").with_context(wrong)?;
        let named = |word: &str| hole.trim().strip_prefix(word)?.strip_prefix("(\"")?.strip_suffix("\")");
        let setting = match (named("secret"), named("env")) {
            (Some(name), _) if !name.is_empty() => Setting::Secret(name.into()),
            (None, Some(name)) if !name.is_empty() => Setting::Env(name.into()),
            (_, _) => bail!(wrong()),
        };
        if !before.is_empty() {
            parts.push(Setting::Text(before.into()));
        }
        parts.push(setting);
        rest = behind;
    }
    if parts.is_empty() && name.eq_ignore_ascii_case("authorization") {
        bail!("{}; a secret does not stand in this file", wrong());
    }
    if !rest.is_empty() {
        parts.push(Setting::Text(rest.into()));
    }
    Ok(Setting::Joined(parts))
}

/// What a variable holds of the form `name=value,name=value`, values percent-encoded. It may hold secrets, so that it is not said.
fn pairs(name: &str, variable: &impl Fn(&str) -> Option<String>) -> anyhow::Result<Vec<(String, String)>> {
    let text = variable(name).unwrap_or_default();
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let pairs = parts.map(|part| {
        let (key, value) = part.split_once('=')?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
        Some((key.trim().to_owned(), value.into_owned())).filter(|(key, _)| !key.is_empty())
    });
    pairs.collect::<Option<_>>().with_context(|| {
        format!("{name} cannot be read; set it to `name=value`, several with commas between, values percent-encoded")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, variables: &[(&str, &str)]) -> Result<Option<Traces>, String> {
        let file: Option<Telemetry> = (!file.is_empty()).then(|| toml::from_str(file).unwrap());
        let variable = |wanted: &str| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, text)| (*text).to_owned())
        };
        Telemetry::read(file.as_ref(), variable).map_err(|error| format!("{error:#}"))
    }

    fn found(file: &str, variables: &[(&str, &str)]) -> Traces {
        read(file, variables).unwrap().unwrap()
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://other:4318/otlp/");

    #[test]
    fn the_file_says_where_traces_go() {
        let traces = found(
            "otlp = \"http://collector:4318\"\nservice = \"journeys\"\nshare = 0.25\n\
             headers = { authorization = 'Bearer {{ secret(\"TOKEN\") }}', tenant = \"{{env(\\\"TENANT\\\")}}-1\", plain = \"x\" }",
            &[ENDPOINT, ("OTEL_SERVICE_NAME", "other"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=b")],
        );
        assert_eq!(traces.url.as_str(), "http://collector:4318/v1/traces");
        assert_eq!((traces.service.name.as_str(), traces.share), ("journeys", 0.25));
        let (text, secret, env) = (
            |text: &str| Setting::Text(text.into()),
            Setting::Secret("TOKEN".into()),
            Setting::Env("TENANT".into()),
        );
        let wanted = [
            ("authorization", vec![text("Bearer "), secret]),
            ("plain", vec![text("x")]),
            ("tenant", vec![env, text("-1")]),
        ];
        let wanted = wanted.map(|(name, parts)| (name.to_owned(), Setting::Joined(parts)));
        assert_eq!(traces.headers, wanted);
    }

    #[test]
    fn where_the_file_says_nothing_the_variables_of_opentelemetry_do() {
        assert!(read("", &[]).unwrap().is_none());
        let disabled = ("OTEL_SDK_DISABLED", "true");
        assert!(read("otlp = \"http://c:4318\"", &[ENDPOINT, disabled]).unwrap().is_none());
        let traces = found(
            "",
            &[
                ENDPOINT,
                ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b, y=c=d"),
                ("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop,deployment.environment.name=live"),
                ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
            ],
        );
        assert_eq!(traces.url.as_str(), "https://other:4318/otlp/v1/traces");
        let pair = |a: &str, b: &str| (a.to_owned(), Setting::Text(b.into()));
        assert_eq!(traces.headers, [pair("x-key", "a b"), pair("y", "c=d")]);
        assert_eq!((traces.service.name.as_str(), traces.share), ("shop", 0.5));
        assert_eq!(traces.service.attributes, [("deployment.environment.name".into(), "live".into())]);
        let whole = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://third:1/own");
        let traces = found("share = 0.1", &[ENDPOINT, whole, ("OTEL_SERVICE_NAME", "named")]);
        assert_eq!((traces.url.as_str(), traces.share), ("http://third:1/own", 0.1));
        assert_eq!(traces.service.name, "named");
        assert_eq!(found("otlp = \"http://c\"", &[("OTEL_TRACES_SAMPLER", "always_off")]).share, 0.0);
        assert_eq!(found("otlp = \"http://c\"", &[]).service.name, "wayfare");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write() {
        for (file, variables, words) in [
            ("share = 0.5", &[][..], "otlp = \"http://collector:4318\""),
            ("otlp = \"collector:4318\"", &[], "such as `http://collector:4318`"),
            ("otlp = \"grpc://c:4317\"", &[], "no address of a collector"),
            ("otlp = \"http://c:4318/v1/traces/\"", &[], "so write `http://c:4318`"),
            ("otlp = \"http://c/?key=1\"", &[], "[telemetry.headers]"),
            ("otlp = \"http://c\"\nshare = 1.5", &[], "from 0 (none) to 1 (all)"),
            ("otlp = \"http://c\"\nshare = nan", &[], "from 0 (none) to 1 (all)"),
            (
                "otlp = \"http://c\"\nheaders = { a = \"{{ b }}\" }",
                &[],
                "`a = 'Bearer {{ secret(\"COLLECTOR_TOKEN\") }}'`",
            ),
            ("otlp = \"http://c\"\nheaders = { a = \"{{ secret(\" }", &[], "cannot be read"),
            ("otlp = \"http://c\"\nheaders = { a = '{{ secret(\"\") }}' }", &[], "cannot be read"),
            (
                "otlp = \"http://c\"\nheaders = { Authorization = \"Bearer abc\" }",
                &[],
                "does not stand in this file",
            ),
            ("", &[ENDPOINT, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "`http/protobuf`"),
            ("", &[ENDPOINT, ("OTEL_EXPORTER_OTLP_HEADERS", "canary")], "set it to `name=value`"),
            ("", &[ENDPOINT, ("OTEL_TRACES_SAMPLER", "jaeger_remote")], "`share = 0.1`"),
            (
                "",
                &[ENDPOINT, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")],
                "from 0",
            ),
            ("", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "nowhere")], "OTEL_EXPORTER_OTLP_ENDPOINT is `nowhere`"),
        ] {
            let said = read(file, variables).err().unwrap_or_else(|| panic!("{file} is taken"));
            assert!(said.contains(words), "{file}: {said}");
            assert!(!said.contains("canary"), "{said}");
        }
        let said = read("otlp = \"http://me:canary@c:4318\"", &[]).err().unwrap();
        assert!(said.contains("without") && !said.contains("canary"), "{said}");
    }
}
