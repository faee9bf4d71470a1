//! `connection name { … }`: one setting a line.

use nom::{
    Input as _, Parser as _,
    combinator::{cut, opt},
};

use super::{
    P, R,
    auth::{auth, parts, sign, twice},
    expr::duration,
    ident,
    journey::rate,
    many, tag, text,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Connection, DeclKind, Ident, Setting, SettingSource, Text},
        token::Kind,
    },
};

const SETTINGS: [&str; 14] = [
    "url",
    "smtp",
    "from",
    "dkim",
    "auth",
    "sign",
    "tls",
    "timeout",
    "retry",
    "concurrency",
    "throttle",
    "cap",
    "breaker",
    "private",
];

/// Behind the word `connection`.
pub(crate) fn connection(input: P<'_>) -> R<'_, DeclKind> {
    let (input, name) = cut(ident("the name of the connection")).parse(input)?;
    let (mut input, _) = cut(tag!("{")).parse(input)?;
    let mut made = Connection {
        name,
        url: None,
        smtp: None,
        from: None,
        dkim: None,
        auth: None,
        sign: None,
        tls: None,
        each: None,
        total: None,
        retry: None,
        retry_on: None,
        at_once: None,
        throttle: None,
        cap: None,
        breaker: None,
        private: Vec::new(),
    };
    let mut seen: Vec<Ident> = Vec::new();
    while !input.is("}") {
        let (rest, word) =
            cut(ident(
            "a setting (`url`, `smtp`, `from`, `dkim`, `auth`, `sign`, `tls`, `timeout`, `retry`, `concurrency`, \
             `throttle`, `cap`, `breaker`, `private`) or `}`",
        ))
        .parse(input)?;
        if let Some(before) = seen.iter().find(|before| before.text == word.text) {
            input.report(twice(&word, before.at));
        }
        if !SETTINGS.contains(&&*word.text) {
            input.report(
                Report::new(
                    Code::BadSetting,
                    word.at,
                    format!("a connection has no setting `{}`", word.text),
                )
                .label("unknown setting")
                .help(format!("the settings are {}", SETTINGS.map(|name| format!("`{name}`")).join(", ")))
                .did_you_mean(word.at, &word.text, SETTINGS.into_iter()),
            );
        }
        let (rest, _) = cut(tag!(":")).parse(rest)?;
        let (rest, ()) = setting_of(rest, &word, &mut made)?;
        seen.push(word);
        let (rest, _) = opt(tag!(",")).parse(rest)?;
        input = rest;
    }
    let (input, _) = tag!("}")(input)?;
    Ok((input, DeclKind::Connection(Box::new(made))))
}

fn setting_of<'a>(input: P<'a>, word: &Ident, made: &mut Connection) -> R<'a, ()> {
    let rest = match &*word.text {
        "url" | "smtp" | "from" => {
            let (rest, value) = cut(setting).parse(input)?;
            match &*word.text {
                "url" => made.url = Some(value),
                "smtp" => made.smtp = Some(value),
                _ => made.from = Some(value),
            }
            rest
        }
        "dkim" => {
            let (rest, parts) = cut(|input| parts(input, word.clone())).parse(input)?;
            made.dkim = Some(parts);
            rest
        }
        "auth" => {
            let (rest, way) = cut(auth).parse(input)?;
            made.auth = Some((input.until(&rest), way));
            rest
        }
        "sign" => {
            let (rest, way) = cut(sign).parse(input)?;
            made.sign = Some(way);
            rest
        }
        "tls" => {
            let (rest, parts) = cut(|input| parts(input, word.clone())).parse(input)?;
            made.tls = Some(parts);
            rest
        }
        "timeout" => timeout(input, made)?.0,
        "retry" => {
            let (rest, (retry, on)) = cut(retry).parse(input)?;
            made.retry = Some((input.until(&rest), retry));
            made.retry_on = on;
            rest
        }
        "concurrency" | "throttle" | "cap" | "breaker" => pressure_of(input, word, made)?.0,
        "private" => {
            let (rest, hosts) = cut(private).parse(input)?;
            made.private = hosts;
            rest
        }
        _ => {
            let mut rest = input.take_from(1);
            while rest.first().is_some_and(|token| !token.leads && token.text != "}") {
                rest = rest.take_from(1);
            }
            rest
        }
    };
    Ok((rest, ()))
}

/// How hard the partner is pressed.
fn pressure_of<'a>(input: P<'a>, word: &Ident, made: &mut Connection) -> R<'a, ()> {
    let rest = match &*word.text {
        "concurrency" => {
            let (rest, at_once) = cut(number("how many calls run at once, such as `20`")).parse(input)?;
            made.at_once = Some((input.until(&rest), at_once));
            rest
        }
        "throttle" => {
            let (rest, rate) = cut(rate).parse(input)?;
            made.throttle = Some((input.until(&rest), rate));
            rest
        }
        "cap" => {
            let (rest, rate) = cut(rate).parse(input)?;
            made.cap = Some((input.until(&rest), rate));
            rest
        }
        "breaker" => {
            let (rest, breaker) = cut(breaker).parse(input)?;
            made.breaker = Some((input.until(&rest), breaker));
            rest
        }
        _ => input,
    };
    Ok((rest, ()))
}

/// `"text"`, `env("NAME")` or `secret("NAME")`.
pub(super) fn setting(input: P<'_>) -> R<'_, Setting> {
    let source = match input.peek(0) {
        "env" => SettingSource::Env,
        "secret" => SettingSource::Secret,
        _ => {
            let (rest, text) = text("a text, `env(\"NAME\")` or `secret(\"NAME\")`")(input)?;
            return Ok((rest, Setting { at: text.at, source: SettingSource::Text, text }));
        }
    };
    let (rest, _) = cut(tag!("(")).parse(input.take_from(1))?;
    let (rest, text) = cut(text("the name of an environment variable, in quotes")).parse(rest)?;
    let (rest, _) = cut(tag!(")")).parse(rest)?;
    Ok((rest, Setting { at: input.until(&rest), source, text }))
}

/// `2s each, 10s in all`; either part may be left out.
fn timeout<'a>(mut input: P<'a>, made: &mut Connection) -> R<'a, ()> {
    loop {
        let (rest, micros) = cut(duration).parse(input)?;
        let at = input.until(&rest);
        match rest.peek(0) {
            "each" => {
                made.each = Some((at, micros));
                input = rest.take_from(1);
            }
            "in" if rest.peek(1) == "all" => {
                made.total = Some((at, micros));
                input = rest.take_from(2);
            }
            _ => return cut(|rest: P<'a>| rest.error("`each` or `in all`")).parse(rest),
        }
        if input.is(",") && input.tokens.get(1).is_some_and(|token| token.kind == Kind::Number) {
            input = input.take_from(1);
        } else {
            return Ok((input, ()));
        }
    }
}

/// `never`, or `3 times, 200ms to 5s, on timeout or 503, at most 20% of calls`, of which only the first part must be there.
fn retry(input: P<'_>) -> R<'_, (graph::Retry, Option<graph::RetryOn>)> {
    let usual = graph::Connection::RETRY;
    if input.is("never") {
        return Ok((input.take_from(1), (graph::Retry { times: 0, ..usual }, None)));
    }
    let times =
        input.first().filter(|token| token.kind == Kind::Number).and_then(|token| token.text.parse().ok());
    let Some(times) = times else { return input.error("a number of `times`, or `never`") };
    let (mut rest, _): (P<'_>, At) = match input.peek(1) {
        "time" => tag!("time")(input.take_from(1))?,
        _ => cut(tag!("times")).parse(input.take_from(1))?,
    };
    let (mut retry, mut on) = (graph::Retry { times, ..usual }, None);
    if rest.is(",") && rest.tokens.get(1).is_some_and(|token| token.kind == Kind::Number) {
        let (after, first) = cut(duration).parse(rest.take_from(1))?;
        let (after, _) = cut(tag!("to")).parse(after)?;
        let (after, most) = cut(duration).parse(after)?;
        retry.first = first;
        retry.most = most;
        rest = after;
    }
    if rest.is(",") && rest.peek(1) == "on" {
        let (after, said) = cut(retry_on).parse(rest.take_from(2))?;
        on = Some(said);
        rest = after;
    }
    if rest.is(",") && rest.peek(1) == "at" && rest.peek(2) == "most" {
        let share = number("how many of a hundred calls, as in `at most 20% of calls`");
        let (after, share) = cut(share).parse(rest.take_from(3))?;
        let (after, _) = cut(tag!("%")).parse(after)?;
        let (after, _) = cut(tag!("of")).parse(after)?;
        let (after, _) = cut(tag!("calls")).parse(after)?;
        retry.share = Some(share);
        rest = after;
    }
    Ok((rest, (retry, on)))
}

/// `timeout or refused or 429 or 500 to 599`
fn retry_on(mut input: P<'_>) -> R<'_, graph::RetryOn> {
    const WANTED: &str = "`timeout`, `refused` or a status such as `503`";
    let mut on = graph::RetryOn::NOTHING;
    loop {
        input = match input.peek(0) {
            "timeout" => {
                on.timeout = true;
                input.take_from(1)
            }
            "refused" => {
                on.refused = true;
                input.take_from(1)
            }
            _ => {
                let (rest, from) = status(WANTED)(input)?;
                let (rest, to) =
                    if rest.is("to") { cut(status(WANTED)).parse(rest.take_from(1))? } else { (rest, from) };
                on.statuses.to_mut().push((from, to));
                rest
            }
        };
        if !input.is("or") {
            return Ok((input, on));
        }
        input = input.take_from(1);
    }
}

/// The status of an answer.
fn status<'a>(wanted: &'static str) -> impl FnMut(P<'a>) -> R<'a, u16> {
    move |input| {
        let (rest, status) = number(wanted)(input)?;
        Ok((rest, u16::try_from(status).unwrap_or(u16::MAX)))
    }
}

/// A whole number.
fn number<'a>(wanted: &'static str) -> impl FnMut(P<'a>) -> R<'a, u32> {
    move |input| {
        let token = input.first().filter(|token| token.kind == Kind::Number);
        match token.and_then(|token| token.text.replace('_', "").parse().ok()) {
            Some(number) => Ok((input.take_from(1), number)),
            None => input.error(wanted),
        }
    }
}

/// `50% of 20 calls, open 30s`
fn breaker(input: P<'_>) -> R<'_, graph::Breaker> {
    let (rest, percent) = number("a share of failed calls, as in `50% of 20 calls, open 30s`")(input)?;
    let (rest, _) = cut(tag!("%")).parse(rest)?;
    let (rest, _) = cut(tag!("of")).parse(rest)?;
    let (rest, of) = cut(number("how many calls are looked at, such as `20`")).parse(rest)?;
    let (rest, _) = cut(tag!("calls")).parse(rest)?;
    let (rest, _) = cut(tag!(",")).parse(rest)?;
    let (rest, _) = cut(tag!("open")).parse(rest)?;
    let (rest, open) = cut(duration).parse(rest)?;
    Ok((rest, graph::Breaker { percent, of, open }))
}

fn private(input: P<'_>) -> R<'_, Vec<Text>> {
    if !input.is("[") {
        let (rest, host) = text("a host or a list of hosts")(input)?;
        return Ok((rest, vec![host]));
    }
    let (rest, hosts) = cut(many(text("a host"), "]")).parse(input.take_from(1))?;
    let (rest, _) = cut(tag!("]")).parse(rest)?;
    Ok((rest, hosts))
}
