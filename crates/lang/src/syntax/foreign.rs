//! What people write out of habit from other languages, and what is written here instead.
//!
//! The lexer and the parser ask for advice once they have failed: nothing here makes the language larger.

use super::{
    At,
    parser::P,
    token::{Kind, Token},
};
use crate::{
    diagnostic::{Code, Report, nearest},
    editor::PLACEHOLDER,
};

/// Operators of other languages and ours, the longer ones first.
const OPERATORS: [(&str, &str); 6] =
    [("===", "=="), ("!==", "!="), ("&&", "and"), ("||", "or"), ("<>", "!="), ("!", "not ")];

/// Names of values elsewhere.
const VALUES: [(&str, &str); 11] = [
    ("None", "null"),
    ("nil", "null"),
    ("NULL", "null"),
    ("Null", "null"),
    ("undefined", "null"),
    ("True", "true"),
    ("TRUE", "true"),
    ("yes", "true"),
    ("False", "false"),
    ("FALSE", "false"),
    ("no", "false"),
];

/// Shorter or other units of time.
const UNITS: [(&str, &str); 12] = [
    ("min", "minutes"),
    ("mins", "minutes"),
    ("hr", "hours"),
    ("hrs", "hours"),
    ("sec", "seconds"),
    ("secs", "seconds"),
    ("msec", "ms"),
    ("wk", "weeks"),
    ("Minutes", "minutes"),
    ("Hours", "hours"),
    ("Days", "days"),
    ("Weeks", "weeks"),
];

/// Properties and methods of lists and texts elsewhere.
const MEMBERS: [(&str, &str); 6] = [
    ("length", "count()"),
    ("len", "count()"),
    ("size", "count()"),
    ("toUpperCase", "upper()"),
    ("toLowerCase", "lower()"),
    ("empty", "isEmpty()"),
];

/// The words that steps begin with.
pub(crate) const STEPS: [&str; 16] = [
    "wait", "call", "send", "if", "match", "split", "limit", "repeat", "let", "set", "emit", "start", "stop",
    "label", "goto", "exit",
];

fn look(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours)
}

/// The operator of another language that `rest` begins with, and ours.
pub(crate) fn operator(rest: &str) -> Option<(&'static str, &'static str)> {
    OPERATORS
        .into_iter()
        .find(|(theirs, _)| rest.starts_with(theirs) && !(*theirs == "!" && rest.starts_with("!=")))
}

/// Our word for a value that has another name elsewhere.
pub(crate) fn value(word: &str) -> Option<&'static str> {
    look(&VALUES, word)
}

/// Our method for a property or method of another language.
pub(crate) fn member(word: &str) -> Option<&'static str> {
    look(&MEMBERS, word)
}

/// What is wrong with a word behind a number that looks like a unit of time and is none.
pub(crate) fn unit(number: &Token<'_>, word: &Token<'_>) -> Option<Report> {
    let report = Report::new(Code::Syntax, word.at, format!("`{}` is not a unit of time here", word.text))
        .label("unknown unit");
    if let Some(ours) = look(&UNITS, word.text) {
        return Some(
            report
                .help(format!("write `{} {ours}`, or in short `5m`, `2h`, `3d`", number.text))
                .fix(word.at, ours),
        );
    }
    match word.text {
        "month" | "months" => {
            Some(report.help("months differ in length: write days or weeks, such as `30 days`"))
        }
        "year" | "years" => Some(report.help("years differ in length: write days, such as `365 days`")),
        _ => None,
    }
}

/// Says better than a list of expectations why `input`, read up to its token `taken`, does not go on there.
pub(crate) fn advise(input: &P<'_>, taken: usize, want: &[&str]) -> Option<Report> {
    // What an editor puts in the place of the cursor is no habit: there the list itself is wanted.
    let found = input.tokens.get(taken).filter(|found| found.text != PLACEHOLDER)?;
    let before = taken.checked_sub(1).and_then(|index| input.tokens.get(index));
    let behind = input.tokens.get(taken + 1);
    let wanted = |text: &str| want.contains(&text);
    if want.iter().any(|want| want.starts_with("a step (")) {
        return Some(step(input, taken, found, behind));
    }
    let report = |message: String| Some(Report::new(Code::Syntax, found.at, message));
    match (found.text, before) {
        ("=", Some(_))
            if ["`{`", "`)`", "`,` or `)`", "the end of the expression"].into_iter().any(wanted) =>
        {
            Some(
                report("`=` gives a name its value, it does not compare".into())?
                    .label("meant to compare?")
                    .help("write `==`")
                    .fix(found.at, "=="),
            )
        }
        ("->", _) if wanted("`=>`") || wanted("`,` or `)`") => Some(
            report("`->` stands before types only".into())?
                .label("an arrow of another kind")
                .help("write `=>`")
                .fix(found.at, "=>"),
        ),
        ("=>", _) if wanted("`->`") => Some(
            report("`=>` stands before steps and values only".into())?
                .label("an arrow of another kind")
                .help("write `->`")
                .fix(found.at, "->"),
        ),
        ("?", _) => Some(conditional(found)),
        (_, Some(share)) if wanted("`%`") => Some(
            Report::new(Code::Syntax, share.at, "a share is a percentage")
                .label("without `%`")
                .help(format!("write `{}%`", share.text))
                .fix(share.at, format!("{}%", share.text)),
        ),
        (_, Some(_)) if wanted("a time such as `09:00`") => Some(
            report("this is not a time of day".into())?
                .label("not on a clock")
                .help("write hours and minutes with two digits each, from `00:00` to `23:59`"),
        ),
        ("{", _) if wanted("`then`") => Some(
            report("an `if` that gives a value has no braces".into())?
                .label("instead of `then`")
                .help("write `if condition then value else other`"),
        ),
        ("-", Some(name)) if name.kind == Kind::Word && name.at.end == found.at.start => {
            dashed(name, found, behind)
        }
        (_, Some(before)) if wanted("`{`") => instead_of_a_block(input, taken, before, found),
        _ if wanted("the name of an event") && found.kind == Kind::Text => Some(on_the_wire(found)),
        _ if want.iter().any(|want| want.starts_with("a declaration")) => declaration(found),
        _ => None,
    }
}

/// Something else where a block begins.
fn instead_of_a_block(input: &P<'_>, taken: usize, before: &Token<'_>, found: &Token<'_>) -> Option<Report> {
    match found.text {
        _ if taken == 2 && found.kind == Kind::Word => two_words(input, before, found),
        "is" | "equals" | "eq" => Some(
            Report::new(Code::Syntax, found.at, format!("`{}` is not an operator", found.text))
                .label("no operator")
                .help("write `==`")
                .fix(found.at, "=="),
        ),
        "then" => Some(
            Report::new(Code::Syntax, found.at, "the steps of an `if` stand in braces")
                .label("instead of `{`")
                .help("write `if condition { … } else { … }`; with `then` an `if` is a value"),
        ),
        word if STEPS.contains(&word) => Some(
            Report::new(Code::Syntax, found.at, format!("`{word}` must stand in braces"))
                .label("a block begins with `{`")
                .help(format!("write `{{ {word} … }}`")),
        ),
        _ => None,
    }
}

fn conditional(found: &Token<'_>) -> Report {
    Report::new(Code::Syntax, found.at, "there is no operator `?`")
        .label("no operator")
        .help("write `if condition then value else other`; what stands in for a missing value follows `??`")
}

/// `welcome-back` as a name.
fn dashed(name: &Token<'_>, dash: &Token<'_>, behind: Option<&Token<'_>>) -> Option<Report> {
    let rest = behind.filter(|rest| rest.kind == Kind::Word && rest.at.start == dash.at.end)?;
    let joined = camel(&format!("{} {}", name.text, rest.text));
    let at = name.at.to(rest.at);
    Some(
        Report::new(Code::Syntax, at, "names have letters, digits and `_`, no dashes")
            .label("a dash inside")
            .help(format!("write `{joined}`"))
            .fix(at, joined),
    )
}

/// `event order completed { … }`
fn two_words(input: &P<'_>, name: &Token<'_>, found: &Token<'_>) -> Option<Report> {
    let known = super::parser::DECLARATIONS.contains(&input.peek(0));
    let joined = camel(&format!("{} {}", name.text, found.text));
    let at = name.at.to(found.at);
    known.then(|| {
        Report::new(Code::Syntax, at, "a name is one word")
            .label("two words")
            .help(format!("write `{joined}`"))
            .fix(at, joined)
    })
}

/// An event by the name that it has on the wire.
fn on_the_wire(found: &Token<'_>) -> Report {
    let name = camel(found.text);
    Report::new(
        Code::Syntax,
        found.at,
        "an event is called by its declared name, not by its name on the wire",
    )
    .label("its name on the wire")
    .help(format!("write the name behind `event` where it is declared, such as `{name}`"))
    .fix(found.at, name)
}

/// Two capitalised words where an event's name stands: its name on the wire, without even quotes.
pub(crate) fn wire_words(input: &P<'_>) -> Option<Report> {
    let capital = |token: &&Token<'_>| {
        token.kind == Kind::Word && token.text.starts_with(|first: char| first.is_uppercase())
    };
    let first = input.tokens.first().filter(capital)?;
    let more = input.tokens.iter().skip(1).take_while(|token| !token.leads && capital(token));
    let words: Vec<&Token<'_>> = std::iter::once(first).chain(more).collect();
    let last = words.last().filter(|_| words.len() > 1)?;
    let text: Vec<&str> = words.iter().map(|word| word.text).collect();
    Some(on_the_wire(&Token { text: &text.join(" "), at: first.at.to(last.at), ..*first }))
}

/// `Cart Abandoned` as a name: `cartAbandoned`.
fn camel(text: &str) -> String {
    let mut made = String::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut letters = word.chars();
        let first = letters.next();
        if made.is_empty() {
            made.extend(first.into_iter().flat_map(char::to_lowercase));
        } else {
            made.extend(first.into_iter().flat_map(char::to_uppercase));
        }
        made.extend(letters);
    }
    made
}

fn declaration(found: &Token<'_>) -> Option<Report> {
    if found.text == "}" {
        return Some(
            Report::new(Code::Syntax, found.at, "this `}` closes nothing")
                .label("one too many")
                .help("take it away, or look for a `}` above that closes too much"),
        );
    }
    let near = match found.text {
        "import" | "include" | "require" => "use",
        word => nearest(word, super::parser::DECLARATIONS.into_iter())?,
    };
    Some(
        Report::new(Code::Syntax, found.at, format!("no declaration begins with `{}`", found.text))
            .label("not a declaration")
            .help(format!("did you mean `{near}`?"))
            .fix(found.at, near),
    )
}

/// Something else than a step.
fn step(input: &P<'_>, taken: usize, found: &Token<'_>, behind: Option<&Token<'_>>) -> Report {
    let word = found.text;
    let report =
        Report::new(Code::Syntax, found.at, format!("no step begins with `{word}`")).label("not a step");
    let next = behind.map_or("", |token| token.text);
    match word {
        "elsif" | "elif" | "elseif" => report.help("write `else if`").fix(found.at, "else if"),
        "for" | "foreach" => report.help(
            "steps are not repeated for each item of a list: pass the list, or what `list.map(x => …)` makes of it; `repeat 3 times { … }` repeats steps",
        ),
        "while" | "loop" | "until" | "do" => {
            report.help("write `repeat 10 times until condition { … }`, with a `wait` inside")
        }
        "switch" | "case" => report.help("write `match value { \"a\" => { … } else => { … } }`"),
        "var" | "const" | "val" => report.help("write `let`").fix(found.at, "let"),
        "return" | "break" | "end" | "finish" | "quit" => report.help("write `exit`").fix(found.at, "exit"),
        "sleep" | "delay" | "pause" => report.help("write `wait`").fix(found.at, "wait"),
        "trigger" | "fire" | "track" | "publish" => report.help("write `emit`").fix(found.at, "emit"),
        "on" => report.help("people enter with `enter on` and an event, and leave with `exit on` and an event"),
        "else" => report.help("an `else` follows the `}` of its `if` at once"),
        "?" => conditional(found),
        "/" if next == "*" => report.help("comments begin with `//`, on each line"),
        "=" => report.help("compare with `==`; `let name = value` gives a value a name"),
        "profile" if next == "." => report.help("write `set profile.… = …`").fix(found.at, "set profile"),
        _ if next == "=" => {
            report.help(format!("write `let {word} = …`")).fix(found.at, format!("let {word}"))
        }
        _ if next == "(" && found.kind == Kind::Word => {
            report.help(format!("write `send {word}(…)` for a message, `call {word}(…)` for an action"))
        }
        _ => match nearest(word, STEPS.into_iter()).filter(|_| found.leads || taken == 0 && input.tokens.len() > 1) {
            Some(near) => report.help(format!("did you mean `{near}`?")).fix(found.at, near),
            None => report.help(format!("steps begin with {}", STEPS.map(|word| format!("`{word}`")).join(", "))),
        },
    }
}

/// A day where a moment is wanted, without the word that must stand before it.
pub(crate) fn day(at: At, word: &str) -> Option<Report> {
    let help = match word {
        "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday" | "weekday" => {
            format!("write `next {word} at …`")
        }
        "today" => {
            "a time of day alone is the next one, today if it is still to come: `wait until 18:00 in …`"
                .into()
        }
        _ => return None,
    };
    Some(
        Report::new(Code::Syntax, at, format!("no moment begins with `{word}`"))
            .label("not a moment")
            .help(help),
    )
}

/// Where a text has a value in the braces of another language: `${name}`, `{profile.name}`.
pub(crate) fn hole(raw: &str) -> Option<(usize, usize)> {
    for (open, _) in raw.match_indices('{') {
        let (before, inner) = (raw.get(..open)?, raw.get(open + 1..)?);
        let value = inner.split('}').next().filter(|value| value.len() < inner.len())?;
        let dollar = before.ends_with('$');
        let path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let named = ["profile.", "event."].iter().any(|root| value.trim_start().starts_with(root));
        let is_value = value.trim().contains(path) && value.trim().chars().all(path);
        if is_value
            && (dollar || named)
            && !before.trim_end_matches('$').ends_with('\\')
            && !before.ends_with('{')
        {
            let start = if dollar { open - 1 } else { open };
            return Some((start, open + 1 + value.len() + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_become_names() {
        assert_eq!(camel("\"Cart Abandoned\""), "cartAbandoned");
        assert_eq!(camel("order.completed-twice"), "orderCompletedTwice");
    }

    #[test]
    fn holes_of_other_languages_are_seen_and_plain_braces_are_not() {
        assert_eq!(hole("Hi ${profile.firstName}!"), Some((3, 23)));
        assert_eq!(hole("Hi {profile.firstName}!"), Some((3, 22)));
        assert_eq!(hole(r"Hi \{profile.firstName}, {name} and {}"), None);
    }

    #[test]
    fn the_longest_operator_of_another_language_wins() {
        assert_eq!(operator("=== 1"), Some(("===", "==")));
        assert_eq!(operator("!x"), Some(("!", "not ")));
        assert_eq!(operator("!= x"), None);
        assert_eq!(operator("|"), None);
    }
}
