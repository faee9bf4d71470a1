//! The functions an expression may call: signature, doc, examples and meaning of each in one place.
//!
//! `lang` reads the signatures, `engine` calls `apply`; neither has a list of its own. Functions are pure: what they
//! give depends on their arguments alone. They are looked up by name and by the kind of their first argument, so
//! `length` may serve text and lists alike. Each has a file of its own, in the folder of what it works on; the folder's
//! `mod.rs` lists them in the order of the manual and holds what they share.

mod any;
pub mod encode;
mod list;
pub mod number;
mod text;
mod time;

use std::fmt;

use crate::{Lambda, Value};

/// A function of the library.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Whether it is written `x.name(…)`, the first parameter being `x`; else `name(x, …)`.
    pub method: bool,
    /// Its parameters.
    pub params: &'static [Param],
    /// What it gives.
    pub result: Shape,
    /// One sentence on what it does.
    pub doc: &'static str,
    /// Expressions and the JSON of what they give; run as tests and shown in the manual.
    pub examples: &'static [(&'static str, &'static str)],
    /// Computes it.
    pub apply: fn(&mut Call<'_>) -> Result<Value, Fault>,
}

/// A parameter of a function.
pub struct Param {
    /// Its name, for the manual and for messages.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// Whether it may be left out.
    pub optional: bool,
    /// What a text must be to be taken; one that is fixed is looked at when it is compiled.
    pub valid: Option<Valid>,
}

/// Whether a text is what a parameter takes.
pub type Valid = fn(&str) -> Result<(), Fault>;

impl Param {
    const fn needed(name: &'static str, shape: Shape) -> Param {
        Param { name, shape, optional: false, valid: None }
    }

    const fn optional(name: &'static str, shape: Shape) -> Param {
        Param { name, shape, optional: true, valid: None }
    }

    /// A text that must be spelled in some way.
    const fn spelled(name: &'static str, valid: Valid) -> Param {
        Param { name, shape: Shape::Text, optional: false, valid: Some(valid) }
    }
}

/// A type with variables, as signatures are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Any type, settled or not.
    Any,
    /// The first type variable: the same type wherever it stands in one signature.
    A,
    /// The second type variable.
    B,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `decimal`; an `int` fits too
    Decimal,
    /// `int` or `decimal`: the same one wherever it stands in one signature
    Number,
    /// `string`; an enum and a time zone fit too
    Text,
    /// `datetime`
    DateTime,
    /// `date`
    Date,
    /// `duration`
    Duration,
    /// `timezone`; a text constant that names a zone fits too
    TimeZone,
    /// `json`, of which a receiver has to be
    Json,
    /// A list
    List(&'static Shape),
    /// An optional; a settled value fits too
    Optional(&'static Shape),
    /// A function of one parameter
    Function(&'static Shape, &'static Shape),
}

/// Why an evaluation failed on its data: division by zero, overflow, a date that does not exist.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

impl Fault {
    /// A fault for this reason.
    pub fn new(reason: impl Into<String>) -> Fault {
        Fault(reason.into())
    }
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub enum Argument<'a> {
    /// A value.
    Value(Value),
    /// A function.
    Lambda(&'a Lambda),
}

/// One call of a function: its arguments, and a way to run the functions among them.
pub struct Call<'a> {
    /// The arguments in order.
    pub args: &'a [Argument<'a>],
    /// Runs a function on one value.
    pub run: &'a mut dyn FnMut(&Lambda, Value) -> Result<Value, Fault>,
}

impl Call<'_> {
    /// The value of argument `index`; `null` when it was left out.
    pub fn value(&self, index: usize) -> Value {
        match self.args.get(index) {
            Some(Argument::Value(value)) => value.clone(),
            Some(Argument::Lambda(_)) | None => Value::Null,
        }
    }

    /// Argument `index` as text.
    ///
    /// # Errors
    /// When it is not text, which a checked call never meets.
    pub fn text(&self, index: usize) -> Result<crate::Name, Fault> {
        match self.value(index) {
            Value::Text(text) => Ok(text),
            other => Err(unexpected("string", &other)),
        }
    }

    /// Argument `index` as an integer.
    ///
    /// # Errors
    /// When it is not an integer.
    pub fn int(&self, index: usize) -> Result<i64, Fault> {
        match self.value(index) {
            Value::Int(number) => Ok(number),
            other => Err(unexpected("int", &other)),
        }
    }

    /// Argument `index` as a number of things: below zero, or left out, it is zero.
    ///
    /// # Errors
    /// When it is not an integer.
    pub fn count(&self, index: usize) -> Result<usize, Fault> {
        match self.value(index) {
            Value::Null => Ok(0),
            _ => Ok(usize::try_from(self.int(index)?.max(0)).unwrap_or(usize::MAX)),
        }
    }

    /// Argument `index` as a list.
    ///
    /// # Errors
    /// When it is not a list.
    pub fn list(&self, index: usize) -> Result<std::sync::Arc<[Value]>, Fault> {
        match self.value(index) {
            Value::List(items) => Ok(items),
            other => Err(unexpected("list", &other)),
        }
    }

    /// Runs the function at argument `index` on `value`.
    ///
    /// # Errors
    /// When it fails, or when the argument is not a function.
    pub fn run(&mut self, index: usize, value: Value) -> Result<Value, Fault> {
        match self.args.get(index) {
            Some(Argument::Lambda(lambda)) => (self.run)(lambda, value),
            Some(Argument::Value(_)) | None => Err(Fault::new("expected a function")),
        }
    }
}

pub(crate) fn unexpected(wanted: &str, found: &Value) -> Fault {
    Fault(format!("expected {wanted}, found {}", found.kind()))
}

/// The most bytes a text may grow to in an expression.
const MOST_BYTES: usize = 1 << 20;

/// The most items a function may make a list of.
const MOST_ITEMS: usize = 100_000;

fn too_large() -> Fault {
    Fault::new("the text grows beyond 1 MiB")
}

fn bounded(text: String) -> Result<Value, Fault> {
    if text.len() > MOST_BYTES { Err(too_large()) } else { Ok(Value::from(text)) }
}

/// A text that is made piece by piece, and refuses the piece that is too much.
#[derive(Default)]
struct Bounded(String);

impl Bounded {
    fn push(&mut self, piece: &str) -> Result<(), Fault> {
        if self.0.len().saturating_add(piece.len()) > MOST_BYTES {
            return Err(too_large());
        }
        self.0.push_str(piece);
        Ok(())
    }
}

impl From<Bounded> for Value {
    fn from(text: Bounded) -> Value {
        Value::from(text.0)
    }
}

/// A list of these items, unless there are too many.
fn listed(items: impl Iterator<Item = Value>) -> Result<Value, Fault> {
    let items: Vec<Value> = items.take(MOST_ITEMS + 1).collect();
    if items.len() > MOST_ITEMS {
        return Err(Fault(format!("the list grows beyond {MOST_ITEMS} items")));
    }
    Ok(Value::List(items.into()))
}

/// Whether argument 0 lies between arguments 1 and 2, both included.
fn between(call: &Call<'_>) -> Result<Value, Fault> {
    let (value, from, to) = (call.value(0), call.value(1), call.value(2));
    match (value.compare(&from), value.compare(&to)) {
        (Some(low), Some(high)) => Ok(Value::Bool(low.is_ge() && high.is_le())),
        _ => Err(unexpected(value.kind(), &from)),
    }
}

/// Every function of the library, in the order of the manual.
pub fn all() -> impl Iterator<Item = &'static Function> {
    text::FUNCTIONS
        .iter()
        .chain(list::FUNCTIONS)
        .chain(number::FUNCTIONS)
        .chain(time::functions())
        .chain(encode::FUNCTIONS)
        .chain(any::FUNCTIONS)
}

/// The functions of this name; several when it serves several kinds of first argument.
pub fn named(name: &str) -> impl Iterator<Item = &'static Function> {
    all().filter(move |function| function.name == name)
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        std::ptr::eq(self, other)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The signature as the manual writes it: `list.filter(keep: A => bool) -> [A]`.
impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut params = self.params.iter();
        if self.method
            && let Some(receiver) = params.next()
        {
            write!(f, "({}).", receiver.shape)?;
        }
        write!(f, "{}(", self.name)?;
        for (index, param) in params.enumerate() {
            let (comma, mark) = (if index == 0 { "" } else { ", " }, if param.optional { "?" } else { "" });
            write!(f, "{comma}{}{mark}: {}", param.name, param.shape)?;
        }
        write!(f, ") -> {}", self.result)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Any => f.write_str("any"),
            Shape::A => f.write_str("A"),
            Shape::B => f.write_str("B"),
            Shape::Bool => f.write_str("bool"),
            Shape::Int => f.write_str("int"),
            Shape::Decimal => f.write_str("decimal"),
            Shape::Number => f.write_str("number"),
            Shape::Text => f.write_str("string"),
            Shape::DateTime => f.write_str("datetime"),
            Shape::Date => f.write_str("date"),
            Shape::Duration => f.write_str("duration"),
            Shape::TimeZone => f.write_str("timezone"),
            Shape::Json => f.write_str("json"),
            Shape::List(item) => write!(f, "[{item}]"),
            Shape::Optional(inner) => write!(f, "{inner}?"),
            Shape::Function(from, to) => write!(f, "{from} => {to}"),
        }
    }
}
