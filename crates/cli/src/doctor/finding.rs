//! A finding of the doctor, and how findings are shown to people and programs.

use serde_json::{Value, json};

/// How good or bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// As it should be.
    Ok,
    /// Worth knowing, and nothing that must be done now.
    Note,
    /// Something does not work, or soon will not.
    Wrong,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Mark::Ok => "ok",
            Mark::Note => "note",
            Mark::Wrong => "wrong",
        }
    }

    /// The colour on a terminal: green, yellow, red.
    fn colour(self) -> &'static str {
        match self {
            Mark::Ok => "\u{1b}[32m",
            Mark::Note => "\u{1b}[33m",
            Mark::Wrong => "\u{1b}[1;31m",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) mark: Mark,
    /// What was looked at: a word that programs may rely on.
    pub(crate) about: &'static str,
    /// What was found, as a sentence.
    pub(crate) text: String,
    /// What is to be done.
    pub(crate) mend: Option<String>,
}

impl Finding {
    pub(crate) fn ok(about: &'static str, text: impl Into<String>) -> Finding {
        Finding { mark: Mark::Ok, about, text: text.into(), mend: None }
    }

    pub(crate) fn note(about: &'static str, text: impl Into<String>) -> Finding {
        Finding { mark: Mark::Note, about, text: text.into(), mend: None }
    }

    pub(crate) fn wrong(about: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Finding {
        Finding { mark: Mark::Wrong, about, text: text.into(), mend: Some(mend.into()) }
    }

    /// With what may be done about it.
    pub(crate) fn mend(self, mend: impl Into<String>) -> Finding {
        Finding { mend: Some(mend.into()), ..self }
    }
}

/// Whether nothing is wrong.
pub(crate) fn healthy(findings: &[Finding]) -> bool {
    count(findings, Mark::Wrong) == 0
}

fn count(findings: &[Finding], mark: Mark) -> usize {
    findings.iter().filter(|finding| finding.mark == mark).count()
}

/// For people: a line for each finding, what mends it below, and a sentence at the end.
pub(crate) fn text(findings: &[Finding], colours: bool) -> String {
    let mut shown = String::new();
    for finding in findings {
        let word = format!("{:<7}", finding.mark.word());
        if colours {
            shown += &format!("{}{word}\u{1b}[0m{}\n", finding.mark.colour(), finding.text);
        } else {
            shown += &format!("{word}{}\n", finding.text);
        }
        if let Some(mend) = &finding.mend {
            shown += &format!("       mend: {mend}\n");
        }
    }
    shown + "\n" + &summary(findings) + "\n"
}

fn summary(findings: &[Finding]) -> String {
    let notes = match count(findings, Mark::Note) {
        0 => String::new(),
        1 => ", and 1 is worth knowing".to_owned(),
        many => format!(", and {many} are worth knowing"),
    };
    match count(findings, Mark::Wrong) {
        0 => format!("Nothing is wrong{notes}."),
        1 => format!("1 thing is wrong{notes}."),
        many => format!("{many} things are wrong{notes}."),
    }
}

/// For programs.
pub(crate) fn json(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        json!({
            "mark": finding.mark.word(), "about": finding.about, "text": finding.text, "mend": finding.mend,
        })
    };
    json!({
        "healthy": healthy(findings),
        "summary": summary(findings),
        "findings": findings.iter().map(one).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
pub(crate) mod expect {
    //! What the tests of all findings say.

    use super::{Finding, Mark};

    /// The one finding about something that holds all these words in its text or remedy.
    #[track_caller]
    pub(crate) fn found(findings: &[Finding], mark: Mark, about: &str, words: &[&str]) {
        let shown =
            |finding: &Finding| format!("{} {}", finding.text, finding.mend.clone().unwrap_or_default());
        let fits = |finding: &&Finding| {
            finding.mark == mark
                && finding.about == about
                && words.iter().all(|word| shown(finding).contains(word))
        };
        assert_eq!(findings.iter().filter(fits).count(), 1, "{mark:?} {about} {words:?} in {findings:#?}");
    }

    /// That all is well: nothing but what is ok.
    #[track_caller]
    pub(crate) fn well(findings: &[Finding]) {
        assert!(findings.iter().all(|finding| finding.mark == Mark::Ok), "{findings:#?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_a_line_each_and_what_mends_it() {
        let findings = [
            Finding::ok("database", "PostgreSQL 17 answers"),
            Finding::note("clock", "the clocks differ").mend("run an NTP client"),
            Finding::wrong("keys", "there is no key", "set WAYFARE_ADMIN_KEYS"),
        ];
        assert_eq!(
            text(&findings, false),
            "ok     PostgreSQL 17 answers\nnote   the clocks differ\n       mend: run an NTP client\n\
             wrong  there is no key\n       mend: set WAYFARE_ADMIN_KEYS\n\n\
             1 thing is wrong, and 1 is worth knowing.\n"
        );
        assert!(text(&findings, true).contains("\u{1b}[1;31mwrong  \u{1b}[0mthere is no key"));
        assert!(!healthy(&findings));
    }

    #[test]
    fn what_is_worth_knowing_is_not_wrong() {
        let findings = [Finding::ok("a", "a"), Finding::note("b", "b"), Finding::note("c", "c")];
        assert!(healthy(&findings));
        assert_eq!(json(&findings)["summary"], "Nothing is wrong, and 2 are worth knowing.");
        assert_eq!(json(&findings[..1])["summary"], "Nothing is wrong.");
        assert_eq!(json(&findings)["healthy"], true);
    }
}
