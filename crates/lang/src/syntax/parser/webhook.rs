//! `webhook name { verify: … json: … delivered when … }`

use nom::{
    Input as _, Parser as _,
    combinator::{cut, opt},
};

use super::{
    P, R, action,
    auth::{parts, twice},
    connection::setting,
    expr::expression,
    ident, tag, types,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::ast::{DeclKind, Ident, Reaction, Verify, Webhook},
};

const WAYS: &str = "`hmac`, `standard_webhooks`, `api_key`, `basic`, `twilio`, `sendgrid`, `mailgun`, `messagebird`, `sns` or `nothing`";
const LINES: [&str; 9] = ["verify", "challenge", "json", "form", "query", "each", "message", "id", "at"];
const REACTIONS: [&str; 6] = ["delivered", "opened", "clicked", "bounced", "complained", "replied"];

/// Behind the word `webhook`.
pub(super) fn webhook(input: P<'_>) -> R<'_, DeclKind> {
    let (input, name) = cut(ident("the name of the webhook")).parse(input)?;
    let (mut input, _) = cut(tag!("{")).parse(input)?;
    let mut made = Webhook {
        name,
        verify: None,
        challenge: None,
        json: None,
        form: None,
        query: None,
        values: Vec::new(),
        reactions: Vec::new(),
    };
    let mut seen: Vec<Ident> = Vec::new();
    while !input.is("}") {
        let (rest, word) = cut(ident("a line of the webhook, or `}`")).parse(input)?;
        let (rest, ()) = if REACTIONS.contains(&&*word.text) && rest.is("when") {
            cut(|input| reaction(input, &word, &mut made)).parse(rest)?
        } else {
            if let Some(before) = seen.iter().find(|before| before.text == word.text) {
                input.report(twice(&word, before.at));
            }
            seen.push(word.clone());
            cut(|input| line(input, &word, &mut made)).parse(rest)?
        };
        input = opt(tag!(",")).parse(rest)?.0;
    }
    Ok((input.take_from(1), DeclKind::Webhook(Box::new(made))))
}

/// `when condition { reason: value }`, behind the name of a reaction.
fn reaction<'a>(input: P<'a>, name: &Ident, made: &mut Webhook) -> R<'a, ()> {
    let (rest, _) = cut(tag!("when")).parse(input)?;
    let (mut rest, condition) = cut(expression).parse(rest)?;
    let mut told = Vec::new();
    if rest.is("{") {
        let (behind, values) = cut(action::named_values).parse(rest.take_from(1))?;
        rest = cut(tag!("}")).parse(behind)?.0;
        told = values;
    }
    made.reactions.push(Reaction { name: name.clone(), condition, told });
    Ok((rest, ()))
}

/// `: value`, behind the word of a line.
fn line<'a>(input: P<'a>, word: &Ident, made: &mut Webhook) -> R<'a, ()> {
    if REACTIONS.contains(&&*word.text) {
        return cut(|input: P<'a>| input.error("`when`")).parse(input);
    }
    if !LINES.contains(&&*word.text) {
        let list: Vec<String> = LINES.iter().chain(&REACTIONS).map(|word| format!("`{word}`")).collect();
        return input.refuse(
            Report::new(Code::BadSetting, word.at, format!("a webhook has no `{}`", word.text))
                .label("unknown line")
                .help(format!("its lines are {}", list.join(", ")))
                .did_you_mean(word.at, &word.text, LINES.iter().chain(&REACTIONS).copied()),
        );
    }
    let (rest, _) = cut(tag!(":")).parse(input)?;
    match &*word.text {
        "verify" => {
            let (rest, way) = cut(verify).parse(rest)?;
            made.verify = Some(way);
            Ok((rest, ()))
        }
        "challenge" => {
            let (rest, word) = cut(setting).parse(rest)?;
            made.challenge = Some(word);
            Ok((rest, ()))
        }
        "json" => {
            let (rest, ty) = cut(types::one_type).parse(rest)?;
            made.json = Some(ty);
            Ok((rest, ()))
        }
        "form" => {
            let (rest, fields) = cut(types::fields).parse(rest)?;
            made.form = Some((word.at, fields));
            Ok((rest, ()))
        }
        "query" => {
            let (rest, fields) = cut(types::fields).parse(rest)?;
            made.query = Some((word.at, fields));
            Ok((rest, ()))
        }
        _ => {
            let (rest, value) = cut(expression).parse(rest)?;
            made.values.push((word.clone(), value));
            Ok((rest, ()))
        }
    }
}

fn verify(input: P<'_>) -> R<'_, Verify> {
    let (rest, way) = ident(WAYS)(input)?;
    match &*way.text {
        "nothing" => Ok((rest, Verify::Nothing)),
        "hmac" | "api_key" | "basic" | "sns" => {
            let (rest, parts) = parts(rest, way)?;
            Ok((rest, Verify::Parts(parts)))
        }
        "standard_webhooks" | "twilio" | "sendgrid" | "mailgun" | "messagebird" => {
            let (rest, key) = cut(setting).parse(rest)?;
            Ok((rest, Verify::Key(way, key)))
        }
        _ => input.error(WAYS),
    }
}
