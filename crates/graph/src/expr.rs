//! Expressions after checking: names resolved, types settled, functions bound.
//!
//! `lang` builds them, `engine` evaluates them. A checked expression can still fail on data (division by zero,
//! overflow, a date that does not exist), never on a name or a type.

use crate::{Link, Name, Template, Value, library::Function};

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Value),
    /// One of the three names that always mean something.
    Root(Root),
    /// The entry's event, where a person may enter by several: `null` unless it was this one.
    Entered(Name),
    /// Whether the person belongs to an audience.
    Member(Name),
    /// A link back to the message that it stands in.
    Link(Link),
    /// A name bound by `let`, `as`, a parameter, or a lambda.
    Variable(Name),
    /// A field of a record; of `null` it is `null` (the checker has demanded `?.` there).
    Field {
        /// The record.
        of: Box<Expr>,
        /// The field's name.
        name: Name,
    },
    /// `list[index]`; `null` when there is no such item.
    Index {
        /// The list.
        of: Box<Expr>,
        /// The position from zero; negative counts from the end.
        index: Box<Expr>,
    },
    /// A list of these items.
    List(Vec<Expr>),
    /// A record of these fields.
    Record(Vec<(Name, Expr)>),
    /// An operator before its operand.
    Unary(UnaryOp, Box<Expr>),
    /// An operator between its operands; `and`, `or` and `??` look at the right one only when they need it.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `if a then-value else other-value`.
    If {
        /// What decides.
        condition: Box<Expr>,
        /// The value when it is true.
        then: Box<Expr>,
        /// The value when it is not.
        otherwise: Box<Expr>,
    },
    /// A function of the library; a method's receiver is the first argument.
    Call {
        /// Which function.
        function: &'static Function,
        /// Its arguments in order.
        args: Vec<Expr>,
    },
    /// A function of the project.
    Apply {
        /// Which function; shared by all who call it.
        function: std::sync::Arc<Formula>,
        /// Its arguments in order.
        args: Vec<Expr>,
    },
    /// `x => expression`, only ever an argument of a function.
    Lambda(Lambda),
    /// Text with holes.
    Text(Template),
}

/// A function of the project (`fn`): it knows its parameters and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Name>,
    /// What it computes.
    pub body: Expr,
}

/// A function given as an argument: `item => item.price * item.quantity`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// The names of its parameters.
    pub params: Vec<Name>,
    /// What it computes.
    pub body: Box<Expr>,
}

/// The names that mean something everywhere in a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// The person's attributes, as they are now.
    Profile,
    /// The event the instance entered with, frozen.
    Event,
    /// Facts about the instance: `name`, `version`, `instance`, `enteredAt`.
    Journey,
    /// The present moment, as `now()`.
    Now,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `not x`
    Not,
    /// `-x`
    Negate,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`: numbers, text with text, an instant or a duration with a duration
    Add,
    /// `-`: numbers, instants (giving a duration), an instant or a duration with a duration
    Subtract,
    /// `*`: numbers, a duration with a number
    Multiply,
    /// `/`: numbers, always a decimal
    Divide,
    /// `%`: the remainder
    Remainder,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`: a member of a list, a part of a text
    In,
    /// `and`
    And,
    /// `or`
    Or,
    /// `??`: the left value unless it is `null`
    Coalesce,
}

impl BinaryOp {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessOrEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterOrEqual => ">=",
            BinaryOp::In => "in",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Coalesce => "??",
        }
    }
}
