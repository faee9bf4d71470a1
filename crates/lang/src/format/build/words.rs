//! The few words whose place in a line the formatter knows.

/// Whether a step, a rule or a line of a test begins here, even on the line of another one.
pub(super) fn begins(word: &str, next: &str) -> bool {
    match word {
        "wait" | "call" | "send" | "if" | "match" | "split" | "repeat" | "let" | "set" | "emit" | "start"
        | "stop" | "label" | "goto" | "exit" | "give" | "enter" | "expire" | "goal" | "mock" | "expect"
        | "event" | "profile" | "journey" => true,
        "re" => next == "-",
        "limit" | "subscription" => next.starts_with('"'),
        "priority" => next.starts_with(|first: char| first == '-' || first.is_ascii_digit()),
        _ => names_rule(word, next),
    }
}

/// Whether two words begin a rule together, and neither of them is enough.
fn names_rule(word: &str, next: &str) -> bool {
    matches!(
        (word, next),
        ("one", "per")
            | ("when", "inside")
            | ("only", "when")
            | ("quiet", "hours")
            | ("time", "zone")
            | ("at", "most")
            | ("open", "from" | "until")
            | ("on", "failure" | "exit")
    )
}

/// Whether the second word of a step, rule or line is no name either: a value or a name follows.
pub(super) fn second(word: &str, next: &str) -> bool {
    names_rule(word, next)
        || matches!(
            (word, next),
            ("wait", "for" | "until")
                | ("enter", "on" | "when" | "everyone")
                | ("exit", "on" | "when")
                | ("expire", "after")
                | ("expect", "no")
        )
}

/// Whether a part of an action begins here.
pub(super) fn begins_part(word: &str, next: &str) -> bool {
    match word {
        "header" | "query" | "text" | "xml" => next.starts_with('"'),
        "json" => matches!(next, "{" | "["),
        "form" | "multipart" => next == "{",
        "cache" => next.starts_with(|letter: char| letter.is_ascii_digit()),
        _ => false,
    }
}

/// Whether a word goes on with what stands before it, even at the beginning of a line.
pub(super) fn goes_on(word: &str, next: &str) -> bool {
    match word {
        "all" | "and" | "as" | "at" | "by" | "cron" | "each" | "else" | "end" | "error" | "every"
        | "exited" | "failed" | "fails" | "first" | "for" | "from" | "hours" | "http" | "in" | "inside"
        | "key" | "named" | "now" | "of" | "on" | "once" | "or" | "people" | "per" | "returns" | "since"
        | "then" | "time" | "times" | "to" | "under" | "until" | "up" | "via" | "when" | "where" | "with"
        | "within" => !begins(word, next),
        _ => false,
    }
}

/// Whether a value or a name must follow a word that stands behind one.
pub(super) fn expects(word: &str) -> bool {
    matches!(
        word,
        "after"
            | "and"
            | "as"
            | "at"
            | "between"
            | "by"
            | "cron"
            | "else"
            | "fails"
            | "for"
            | "from"
            | "http"
            | "if"
            | "in"
            | "named"
            | "not"
            | "of"
            | "on"
            | "or"
            | "per"
            | "returns"
            | "since"
            | "then"
            | "to"
            | "under"
            | "until"
            | "up"
            | "via"
            | "when"
            | "where"
            | "with"
            | "within"
    )
}

/// Whether a long line is broken before a word that stands behind a value.
pub(super) fn breaks(word: &str, next: &str) -> bool {
    match word {
        "fails" | "returns" | "then" | "until" | "up" | "via" | "where" | "with" | "within" => true,
        "on" => next == "error",
        _ => false,
    }
}

/// How strongly an operator binds.
pub(super) fn power(operator: &str) -> Option<u8> {
    Some(match operator {
        "or" => 1,
        "and" => 2,
        "|" => 3,
        "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" => 4,
        "??" => 5,
        "+" | "-" => 6,
        "*" | "/" | "%" => 7,
        _ => return None,
    })
}
