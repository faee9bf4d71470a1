//! What is right and wrong in what a server is started with: settings, journeys, keys, connections, retention.

use super::{finding::Finding, words};

/// What was found on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Whether the settings file could be read, and why not.
    pub(crate) settings: Result<(), String>,
    /// The journeys.
    pub(crate) journeys: Journeys,
    /// Why a server would not start with the keys that are set.
    pub(crate) keys: Result<(), String>,
    /// Whether there is a key that may only send events.
    pub(crate) write_keys: bool,
    /// Why the connections cannot be set up.
    pub(crate) connections: Result<(), String>,
    /// Why secrets cannot be had where the settings say.
    pub(crate) secrets: Result<(), String>,
    /// Connections that journeys use, with the names of values that are not to be had, and why.
    pub(crate) missing: Vec<(String, String, String)>,
    /// Connections that journeys use, with why their hosts are not dialled.
    pub(crate) unreachable: Vec<(String, String)>,
    /// Whether what is kept is kept for long enough, and why not.
    pub(crate) retention: Result<(), String>,
    /// Why events cannot be taken from NATS as the settings say.
    pub(crate) nats: Result<(), String>,
    /// The collector that takes traces, or why none does; none if nobody says where they go.
    pub(crate) telemetry: Result<Option<String>, String>,
    /// Where a server would listen, and who is there.
    pub(crate) listen: (String, Listening),
}

/// What became of the journeys.
#[derive(Clone, Debug)]
pub(crate) enum Journeys {
    /// So many compile, with so many connections used.
    Compile { folder: String, journeys: usize, connections: usize },
    /// They have so many errors.
    Errors { folder: String, errors: usize },
    /// They cannot be read.
    Unreadable(String),
}

/// Who is where a server would listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listening {
    /// A server that is ready.
    Ready,
    /// A server that is not ready.
    Unready,
    /// Somebody who is no Wayfare.
    Stranger,
    /// Nobody.
    Nobody,
}

/// What the facts mean.
pub(crate) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Err(reason) = &facts.settings {
        found.push(Finding::wrong(
            "settings",
            format!("the settings cannot be used: {reason}"),
            "correct the file, or name another with --config",
        ));
    }
    found.push(journeys(&facts.journeys));
    found.push(match &facts.keys {
        Ok(()) if facts.write_keys => Finding::ok("keys", "the keys are set and long enough"),
        Ok(()) => Finding::note("keys", "there are no write keys: only who holds an admin key can send events")
            .mend("set WAYFARE_WRITE_KEYS for the senders of events, such as the output of `openssl rand -hex 24`"),
        Err(reason) => Finding::wrong(
            "keys",
            reason.clone(),
            "set the variables where the server is started; if it runs with others, run the doctor with those",
        ),
    });
    connections(facts, &mut found);
    if let Err(reason) = &facts.retention {
        found.push(Finding::wrong("retention", reason.clone(), "correct `[retention]` in the settings"));
    }
    if let Err(reason) = &facts.nats {
        found.push(Finding::wrong("nats", reason.clone(), "correct `[nats]` in the settings"));
    }
    match &facts.telemetry {
        Ok(None) => {}
        Ok(Some(collector)) => {
            found.push(Finding::ok("telemetry", format!("the collector at {collector} takes traces")));
        }
        Err(reason) => found.push(Finding::wrong(
            "telemetry",
            reason.clone(),
            "correct `[telemetry]` in the settings or the variables OTEL_…, or start the collector; journeys go on without it",
        )),
    }
    found.push(listening(&facts.listen.0, facts.listen.1));
    found
}

fn journeys(journeys: &Journeys) -> Finding {
    match journeys {
        Journeys::Compile { folder, journeys, .. } => {
            let verb = if *journeys == 1 { "compiles" } else { "compile" };
            Finding::ok(
                "journeys",
                format!("{} in {folder} {verb}", words::plural(*journeys as u64, "journey")),
            )
        }
        Journeys::Errors { folder, errors } => Finding::wrong(
            "journeys",
            format!("the journeys in {folder} have {}", words::plural(*errors as u64, "error")),
            format!("run `wayfare check {folder}` to see them"),
        ),
        Journeys::Unreadable(reason) => Finding::wrong(
            "journeys",
            reason.clone(),
            "name the folder of journeys with --journeys or `journeys` in the settings",
        ),
    }
}

fn connections(facts: &Facts, found: &mut Vec<Finding>) {
    if let Err(reason) = &facts.secrets {
        found.push(Finding::wrong("settings", reason.clone(), "correct `[secret]` in the settings"));
        return;
    }
    if let Err(reason) = &facts.connections {
        found.push(Finding::wrong(
            "connections",
            reason.clone(),
            "correct the connection in the journeys, or `[connection]` in the settings",
        ));
        return;
    }
    for (connection, name, reason) in &facts.missing {
        found.push(Finding::wrong(
            "variables",
            format!("the connection `{connection}` needs {name}: {reason}"),
            format!(
                "set {name} where the server is started, and start it again, or say under `[secret.{name}]` in the \
                 settings where a secret is"
            ),
        ));
    }
    for (connection, reason) in &facts.unreachable {
        found.push(Finding::wrong(
            "hosts",
            format!("calls of the connection `{connection}` are not made: {reason}"),
            format!(
                "correct its URL, or set `url` or `private` under `[connection.{connection}]` in the settings"
            ),
        ));
    }
    if let Journeys::Compile { connections, .. } = facts.journeys
        && facts.missing.is_empty()
        && facts.unreachable.is_empty()
        && connections > 0
    {
        let used = words::plural(connections as u64, "used connection");
        let verb = if connections == 1 { "has" } else { "have" };
        found.push(Finding::ok(
            "connections",
            format!("{used} {verb} all variables and hosts that may be called"),
        ));
    }
}

fn listening(address: &str, who: Listening) -> Finding {
    match who {
        Listening::Ready => Finding::ok("server", format!("a server answers at {address} and is ready")),
        Listening::Unready => Finding::wrong(
            "server",
            format!("a server answers at {address}, but it is not ready"),
            "read its log; it is not ready while it starts or stops, and when its database does not answer",
        ),
        Listening::Stranger => Finding::wrong(
            "server",
            format!("something that is no Wayfare listens at {address}"),
            "stop that, or let the server listen elsewhere with --listen",
        ),
        Listening::Nobody => Finding::note("server", format!("no server answers at {address}"))
            .mend("start it with `wayfare serve`, or say with --listen where it is"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::{
        Mark,
        expect::{found, well},
    };

    fn good() -> Facts {
        Facts {
            settings: Ok(()),
            journeys: Journeys::Compile { folder: "journeys".into(), journeys: 5, connections: 2 },
            keys: Ok(()),
            write_keys: true,
            secrets: Ok(()),
            connections: Ok(()),
            missing: Vec::new(),
            unreachable: Vec::new(),
            retention: Ok(()),
            nats: Ok(()),
            telemetry: Ok(None),
            listen: ("127.0.0.1:7070".into(), Listening::Ready),
        }
    }

    fn pair(a: &str, b: &str) -> Vec<(String, String)> {
        vec![(a.to_owned(), b.to_owned())]
    }

    #[test]
    fn a_good_setup_is_well() {
        let findings = findings(&good());
        well(&findings);
        found(&findings, Mark::Ok, "journeys", &["5 journeys in journeys compile"]);
        found(&findings, Mark::Ok, "connections", &["2 used connections have"]);
    }

    #[test]
    fn settings_and_journeys_with_errors_are_wrong() {
        let facts = Facts { settings: Err("wayfare.toml has errors".into()), ..good() };
        found(&findings(&facts), Mark::Wrong, "settings", &["has errors", "--config"]);
        let broken = Journeys::Errors { folder: "here".into(), errors: 3 };
        let facts = Facts { journeys: broken, ..good() };
        found(&findings(&facts), Mark::Wrong, "journeys", &["3 errors", "wayfare check here"]);
        let facts = Facts { journeys: Journeys::Unreadable("there are no files".into()), ..good() };
        found(&findings(&facts), Mark::Wrong, "journeys", &["no files", "--journeys"]);
    }

    #[test]
    fn keys_that_do_not_do_are_wrong() {
        let facts = Facts { keys: Err("a key has 3 characters".into()), ..good() };
        found(&findings(&facts), Mark::Wrong, "keys", &["3 characters", "set the variables"]);
        let facts = Facts { write_keys: false, ..good() };
        found(&findings(&facts), Mark::Note, "keys", &["WAYFARE_WRITE_KEYS"]);
    }

    #[test]
    fn connections_that_cannot_be_called_are_wrong() {
        let missing = ("twilio".into(), "TOKEN".into(), "the environment variable TOKEN is not set".into());
        let facts = Facts { missing: vec![missing], ..good() };
        found(&findings(&facts), Mark::Wrong, "variables", &["`twilio` needs TOKEN", "[secret.TOKEN]"]);
        let facts = Facts { secrets: Err("`[secret.A]` says neither".into()), ..good() };
        found(&findings(&facts), Mark::Wrong, "settings", &["says neither", "[secret]"]);
        let facts = Facts { unreachable: pair("rewards", "`10.0.0.1` leads to a private address"), ..good() };
        found(&findings(&facts), Mark::Wrong, "hosts", &["private address", "[connection.rewards]"]);
        let facts = Facts { connections: Err("the settings name a connection `x`".into()), ..good() };
        found(&findings(&facts), Mark::Wrong, "connections", &["`x`", "[connection]"]);
    }

    #[test]
    fn retention_and_nats_are_checked() {
        let facts = Facts { retention: Err("looks back 90 days".into()), ..good() };
        found(&findings(&facts), Mark::Wrong, "retention", &["90 days", "[retention]"]);
        let facts = Facts { nats: Err("needs a `url`".into()), ..good() };
        found(&findings(&facts), Mark::Wrong, "nats", &["`url`", "[nats]"]);
    }

    #[test]
    fn a_collector_is_named_and_one_that_takes_nothing_is_wrong() {
        let facts = Facts { telemetry: Ok(Some("http://c:4318/v1/traces".into())), ..good() };
        found(&findings(&facts), Mark::Ok, "telemetry", &["http://c:4318/v1/traces takes traces"]);
        let facts = Facts { telemetry: Err("it answered with status 401".into()), ..good() };
        found(&findings(&facts), Mark::Wrong, "telemetry", &["401", "[telemetry]", "start the collector"]);
    }

    #[test]
    fn whoever_listens_is_named() {
        for (who, mark, word) in [
            (Listening::Nobody, Mark::Note, "wayfare serve"),
            (Listening::Stranger, Mark::Wrong, "--listen"),
            (Listening::Unready, Mark::Wrong, "log"),
        ] {
            let facts = Facts { listen: ("here:1".into(), who), ..good() };
            found(&findings(&facts), mark, "server", &["here:1", word]);
        }
    }
}
