//! Expressions: a Pratt loop with a bound on nesting and on the height of the tree.

use graph::{BinaryOp, UnaryOp};
use nom::{Input as _, Parser as _, combinator::cut};
use rust_decimal::Decimal;

use super::{P, R, ident, journey::listen, many, tag, text};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Expr, ExprKind, LookedBack, Past},
        foreign,
        token::Kind,
    },
};

/// How high the tree of one expression may grow, as in a very long sum.
const HEIGHT: u16 = 160;

/// Words that cannot be the name of a value.
pub(crate) const RESERVED: [&str; 10] =
    ["if", "then", "else", "and", "or", "not", "in", "true", "false", "null"];

/// The only expression in the input; what cannot be read is reported.
pub(crate) fn whole_expression(input: P<'_>) -> Expr {
    let failed = match expression(input) {
        Ok((rest, expr)) if rest.first().is_none() => return expr,
        Ok((rest, _)) => rest.error::<()>("the end of the expression").err(),
        Err(error) => Some(error),
    };
    if let Some(error) = failed {
        input.complain(error);
    }
    Expr { at: input.at(), height: 0, kind: ExprKind::Error }
}

/// An expression.
pub(crate) fn expression(input: P<'_>) -> R<'_, Expr> {
    binary(input, 0)
}

fn operator(text: &str) -> Option<(BinaryOp, u8)> {
    Some(match text {
        // The operators of other languages are reported already; read on, they cost no more than that.
        "or" | "||" => (BinaryOp::Or, 1),
        "and" | "&&" => (BinaryOp::And, 2),
        "==" | "===" => (BinaryOp::Equal, 4),
        "!=" | "!==" | "<>" => (BinaryOp::NotEqual, 4),
        "<" => (BinaryOp::Less, 4),
        "<=" => (BinaryOp::LessOrEqual, 4),
        ">" => (BinaryOp::Greater, 4),
        ">=" => (BinaryOp::GreaterOrEqual, 4),
        "in" => (BinaryOp::In, 4),
        "??" => (BinaryOp::Coalesce, 5),
        "+" => (BinaryOp::Add, 6),
        "-" => (BinaryOp::Subtract, 6),
        "*" => (BinaryOp::Multiply, 7),
        "/" => (BinaryOp::Divide, 7),
        "%" => (BinaryOp::Remainder, 7),
        _ => return None,
    })
}

/// An expression whose operators bind at least as strongly as `least`.
fn binary(input: P<'_>, least: u8) -> R<'_, Expr> {
    let start = input;
    let (mut input, mut left) = unary(input)?;
    let mut compared = false;
    while let Some((op, power)) =
        input.first().filter(|t| t.kind != Kind::Text).and_then(|t| operator(t.text))
    {
        if power < least {
            break;
        }
        if power == 4 && compared {
            return input.refuse(
                Report::new(Code::Syntax, input.at(), "comparisons cannot be chained")
                    .label("second comparison")
                    .help("write `a < b and b < c`"),
            );
        }
        compared = power == 4;
        let (rest, right) = cut(|input| binary(input, power + 1)).parse(input.take_from(1))?;
        let height = left.height.max(right.height);
        left = grow(&start, &rest, height, ExprKind::Binary(op, Box::new(left), Box::new(right)))?;
        input = rest;
    }
    Ok((input, left))
}

/// Builds a node from `start` to `rest`, if the tree does not grow too high.
fn grow<'a>(start: &P<'a>, rest: &P<'a>, below: u16, kind: ExprKind) -> Result<Expr, nom::Err<super::Fail>> {
    let at = start.until(rest);
    if below >= HEIGHT {
        return match rest.refuse::<Expr>(
            Report::new(Code::TooDeep, at, "this expression has too many parts")
                .help("give a part of it a name with `let`"),
        ) {
            Err(error) => Err(error),
            Ok((_, expr)) => Ok(expr),
        };
    }
    Ok(Expr { at, height: below + 1, kind })
}

fn unary(input: P<'_>) -> R<'_, Expr> {
    let op = match input.peek(0) {
        "not" | "!" => UnaryOp::Not,
        "-" => UnaryOp::Negate,
        _ => return postfix(input),
    };
    let start = input;
    // `not a == b` denies the comparison; `-a.b` negates the field.
    let power = if input.is("not") { 4 } else { 8 };
    input.deeper(|input| {
        let (rest, of) = cut(|input| binary(input, power)).parse(input.take_from(1))?;
        let height = of.height;
        let expr = grow(&start, &rest, height, ExprKind::Unary(op, Box::new(of)))?;
        Ok((rest, expr))
    })
}

fn postfix(input: P<'_>) -> R<'_, Expr> {
    let start = input;
    let (mut input, mut of) = input.deeper(primary)?;
    loop {
        let below = of.height;
        let (rest, kind, below) = match input.peek(0) {
            "." | "?." => {
                let safe = input.is("?.");
                let (rest, name) = cut(ident("the name of a field")).parse(input.take_from(1))?;
                if rest.is("(") {
                    let (rest, args) = arguments(rest)?;
                    let below = args.iter().map(|arg| arg.height).max().unwrap_or(0).max(below);
                    (rest, ExprKind::Call { receiver: Some(Box::new(of)), safe, name, args }, below)
                } else {
                    (rest, ExprKind::Field { of: Box::new(of), name, safe }, below)
                }
            }
            // A list on the next line is not an index.
            "[" if !input.first().is_some_and(|token| token.leads) => {
                let (rest, index) = input.deeper(|input| {
                    let (input, index) = cut(expression).parse(input.take_from(1))?;
                    let (input, _) = cut(tag!("]")).parse(input)?;
                    Ok((input, index))
                })?;
                let below = below.max(index.height);
                (rest, ExprKind::Index { of: Box::new(of), index: Box::new(index) }, below)
            }
            _ => return Ok((input, of)),
        };
        of = grow(&start, &rest, below, kind)?;
        input = rest;
    }
}

/// `(a, b, x => …)`
pub(crate) fn arguments(input: P<'_>) -> R<'_, Vec<Expr>> {
    let (input, _) = tag!("(")(input)?;
    let (input, args) = input.deeper(|input| many_between(argument, ")")(input))?;
    let (input, _) = cut(tag!(")")).parse(input)?;
    Ok((input, args))
}

/// Items with commas between them; one behind the last is allowed, none between two is not.
fn many_between<'a, T>(
    item: impl Fn(P<'a>) -> R<'a, T>,
    close: &'static str,
) -> impl Fn(P<'a>) -> R<'a, Vec<T>> {
    move |mut input: P<'a>| {
        let mut items = Vec::new();
        while !input.is(close) {
            let (rest, one) = cut(&item).parse(input)?;
            items.push(one);
            if !rest.is(",") {
                if !rest.is(close) {
                    return rest
                        .error::<Vec<T>>(if close == ")" { "`,` or `)`" } else { "`,` or `]`" })
                        .map_err(|error| match error {
                            nom::Err::Error(fail) => nom::Err::Failure(fail),
                            other => other,
                        });
                }
                return Ok((rest, items));
            }
            input = rest.take_from(1);
        }
        Ok((input, items))
    }
}

fn argument(input: P<'_>) -> R<'_, Expr> {
    let start = input;
    if input.peek(1) != "=>" {
        return expression(input);
    }
    input.deeper(|input| {
        let (input, param) = ident("the name of the parameter")(input)?;
        let (rest, body) = cut(expression).parse(input.take_from(1))?;
        let below = body.height;
        let expr =
            grow(&start, &rest, below, ExprKind::Lambda { params: vec![param], body: Box::new(body) })?;
        Ok((rest, expr))
    })
}

fn primary(input: P<'_>) -> R<'_, Expr> {
    let Some(token) = input.first() else { return input.error("an expression") };
    let leaf = |kind| Ok((input.take_from(1), Expr { at: token.at, height: 1, kind }));
    match (token.kind, token.text) {
        (Kind::Number, _) => number(input),
        (Kind::Text, _) => {
            let (rest, text) = text("a text")(input)?;
            let below = crate::syntax::template::height(&text);
            Ok((rest, grow(&input, &rest, below, ExprKind::Text(text))?))
        }
        (_, "true") => leaf(ExprKind::Bool(true)),
        (_, "false") => leaf(ExprKind::Bool(false)),
        (_, "null") => leaf(ExprKind::Null),
        (_, "if") => conditional(input),
        (_, "(") => {
            let (rest, inner) = cut(expression).parse(input.take_from(1))?;
            let (rest, _) = cut(tag!(")")).parse(rest)?;
            Ok((rest, inner))
        }
        (_, "[") => {
            let (rest, items) = many_between(expression, "]")(input.take_from(1))?;
            let (rest, _) = cut(tag!("]")).parse(rest)?;
            let below = items.iter().map(|item| item.height).max().unwrap_or(0);
            Ok((rest, grow(&input, &rest, below, ExprKind::List(items))?))
        }
        (_, "{") => record(input),
        (Kind::Word, word) if !RESERVED.contains(&word) => {
            let looks_back = LookedBack::ALL.into_iter().find(|what| what.word() == word);
            if let Some(what) = looks_back.filter(|_| past_follows(&input)) {
                return past(input, what);
            }
            if input.peek(1) == "(" && !input.tokens.get(1).is_some_and(|token| token.leads) {
                let (rest, name) = ident("a name")(input)?;
                let (rest, args) = arguments(rest)?;
                let below = args.iter().map(|arg| arg.height).max().unwrap_or(0);
                let kind = ExprKind::Call { receiver: None, safe: false, name, args };
                return Ok((rest, grow(&input, &rest, below, kind)?));
            }
            leaf(ExprKind::Name(word.into()))
        }
        _ => input.error("an expression"),
    }
}

/// Whether an event follows in brackets, and not the arguments of a function.
fn past_follows(input: &P<'_>) -> bool {
    input.peek(1) == "("
        && input.tokens.get(2).is_some_and(|token| token.kind == Kind::Word)
        && matches!(input.peek(3), ")" | "as" | "where" | "within" | ".")
}

/// `count(event where condition within 30 days)`
fn past(input: P<'_>, what: LookedBack) -> R<'_, Expr> {
    let start = input;
    input.deeper(|input| {
        let (mut rest, on) = cut(listen).parse(input.take_from(2))?;
        let mut within = None;
        if rest.is("within") {
            let (after, length) = cut(duration).parse(rest.take_from(1))?;
            within = Some(length);
            rest = after;
        }
        let (rest, _) = cut(tag!(")")).parse(rest)?;
        let below = on.condition.as_ref().map_or(0, |condition| condition.height);
        let kind = ExprKind::Past(Box::new(Past { what, on, within }));
        Ok((rest, grow(&start, &rest, below, kind)?))
    })
}

/// `if a then b else c`
fn conditional(input: P<'_>) -> R<'_, Expr> {
    let start = input;
    let (input, condition) = cut(expression).parse(input.take_from(1))?;
    let (input, _) = cut(tag!("then")).parse(input)?;
    let (input, then) = cut(expression).parse(input)?;
    let (input, _) = cut(tag!("else")).parse(input)?;
    let (rest, otherwise) = cut(expression).parse(input)?;
    let below = condition.height.max(then.height).max(otherwise.height);
    let kind =
        ExprKind::If { condition: Box::new(condition), then: Box::new(then), otherwise: Box::new(otherwise) };
    Ok((rest, grow(&start, &rest, below, kind)?))
}

/// `{ a: 1, b: 2 }`
fn record(input: P<'_>) -> R<'_, Expr> {
    let field = |input| {
        let (input, name) = ident("the name of a field")(input)?;
        let (input, _) = cut(tag!(":")).parse(input)?;
        let (input, value) = cut(expression).parse(input)?;
        Ok((input, (name, value)))
    };
    let (rest, fields) = cut(many(field, "}")).parse(input.take_from(1))?;
    let (rest, _) = cut(tag!("}")).parse(rest)?;
    let below = fields.iter().map(|(_, value)| value.height).max().unwrap_or(0);
    Ok((rest, grow(&input, &rest, below, ExprKind::Record(fields))?))
}

/// How many microseconds a unit has, if the word is one.
pub(crate) fn unit(word: &str) -> Option<i64> {
    Some(match word {
        "ms" | "millisecond" | "milliseconds" => 1_000,
        "s" | "second" | "seconds" => 1_000_000,
        "m" | "minute" | "minutes" => 60_000_000,
        "h" | "hour" | "hours" => 3_600_000_000,
        "d" | "day" | "days" => 86_400_000_000,
        "w" | "week" | "weeks" => 604_800_000_000,
        _ => return None,
    })
}

/// A number, or durations such as `1 hour 30 minutes`.
fn number(input: P<'_>) -> R<'_, Expr> {
    let start = input;
    if unit(input.peek(1)).is_some() {
        let (rest, micros) = duration(input)?;
        return Ok((rest, Expr { at: start.until(&rest), height: 1, kind: ExprKind::Duration(micros) }));
    }
    let Some(token) = input.first() else { return input.error("a number") };
    let word = input.tokens.get(1).filter(|word| word.kind == Kind::Word && !word.leads);
    if let Some(report) = word.and_then(|word| foreign::unit(token, word)) {
        return input.refuse(report);
    }
    let digits = token.text.replace('_', "");
    let kind = match (digits.parse::<i64>(), Decimal::from_str_exact(&digits)) {
        (Ok(integer), _) => ExprKind::Int(integer),
        (Err(_), Ok(decimal)) => ExprKind::Decimal(decimal),
        (Err(_), Err(_)) => return input.refuse(too_many_digits(token.at)),
    };
    Ok((input.take_from(1), Expr { at: token.at, height: 1, kind }))
}

/// `90 seconds`, `1 hour 30 minutes`, `2s`.
pub(crate) fn duration(mut input: P<'_>) -> R<'_, i64> {
    let mut total: i64 = 0;
    let start = input;
    while let (Some(token), Some(size)) = (input.first(), unit(input.peek(1))) {
        if token.kind != Kind::Number {
            break;
        }
        let digits = token.text.replace('_', "");
        let micros = Decimal::from_str_exact(&digits)
            .ok()
            .and_then(|number| number.checked_mul(Decimal::from(size)))
            .and_then(|micros| i64::try_from(micros.trunc()).ok())
            .and_then(|micros| total.checked_add(micros))
            // A thousand years: beyond it no clock arithmetic is safe.
            .filter(|micros| *micros <= 1_000 * 366 * 86_400_000_000);
        let Some(micros) = micros else { return input.refuse(too_many_digits(token.at)) };
        total = micros;
        input = input.take_from(2);
    }
    if start.tokens.len() == input.tokens.len() {
        return input.error("a duration such as `5 minutes`");
    }
    Ok((input, total))
}

fn too_many_digits(at: At) -> Report {
    Report::new(Code::Syntax, at, "this number is too large")
        .help("integers have up to 18 digits, decimals up to 28, durations up to a thousand years")
}
