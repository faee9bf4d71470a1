//! Calls of library functions: which one is meant, whether the arguments fit, what it gives.

use graph::{
    BinaryOp, Expr as G, Lambda, Name, Type, Value,
    library::{self, Argument, Call, Fault, Function, Shape},
};

use super::{
    Ty,
    expr::{Check, failed},
    narrow,
    types::{fits, join},
};
use crate::{
    diagnostic::{Code, Report},
    editor::Thing,
    syntax::{
        At,
        ast::{Expr, ExprKind, Ident},
        foreign,
    },
};

/// Whether a value of a type may stand where a signature has a shape.
pub(crate) fn takes(shape: &Shape, ty: &Type) -> bool {
    unify(shape, ty, &mut Bound::default())
}

/// What the type variables of a signature stand for.
#[derive(Default)]
struct Bound {
    a: Ty,
    b: Ty,
    number: Ty,
}

impl Check<'_, '_> {
    pub(super) fn call(
        &mut self,
        at: At,
        receiver: Option<&Expr>,
        safe: bool,
        name: &Ident,
        args: &[Expr],
    ) -> (G, Ty) {
        let (method, told) = (receiver.is_some(), self.env.reports.len());
        if !method && let Some(own) = self.env.functions.get(&name.text).cloned() {
            return self.apply(at, name, args, &own);
        }
        let candidates: Vec<&'static Function> =
            library::named(&name.text).filter(|f| f.method == method).collect();
        if candidates.is_empty() {
            self.unknown_function(name, method);
            return failed();
        }
        let first = receiver.or(args.first());
        let (value, ty) = match first.map(|first| &first.kind) {
            Some(ExprKind::Lambda { .. }) | None => failed(),
            Some(_) => first.map_or_else(failed, |first| self.infer(first, None)),
        };
        let Some(function) = self.choose(&candidates, first, ty.as_ref(), safe, name) else {
            return failed();
        };
        self.env.mention(name.at, None, Thing::Function, || format!("{function}\n\n{}", function.doc));
        let mut bound = Bound::default();
        let mut made = Vec::new();
        let optional = safe && ty.as_ref().is_some_and(Type::is_optional);
        if let (Some(param), Some(_)) = (function.params.first(), first) {
            if let Some(ty) = &ty {
                unify(&param.shape, if optional { ty.settled() } else { ty }, &mut bound);
            }
            made.push(value.clone());
        }
        let rest = if method { args } else { args.get(1..).unwrap_or_default() };
        let least = function.params.iter().filter(|param| !param.optional).count();
        let given = usize::from(first.is_some()) + rest.len();
        if given < least || given > function.params.len() {
            self.wrong_count(at, function, given);
            return failed();
        }
        let unknown = first.is_some() && ty.is_none();
        for (arg, param) in rest.iter().zip(function.params.iter().skip(1)) {
            made.push(self.argument(
                arg,
                &param.shape,
                &mut bound,
                &format!("`{}` of `{}`", param.name, function.name),
            ));
        }
        let result = if unknown && instance(&function.result, &bound).is_none() {
            None
        } else {
            instance(&function.result, &bound)
        };
        if self.env.reports.len() == told {
            self.fixed_values(at, function, &made, rest);
        }
        let called = G::Call { function, args: made };
        if optional { self.unless_missing(at, receiver, value, called, result) } else { (called, result) }
    }

    /// Reports fixed values that fail each time: a text that is no pattern, or arguments that are all fixed.
    fn fixed_values(&mut self, at: At, function: &Function, made: &[G], written: &[Expr]) {
        let first = made.len().saturating_sub(written.len());
        for (index, (param, value)) in function.params.iter().zip(made).enumerate() {
            let (Some(valid), G::Literal(Value::Text(text))) = (param.valid, value) else { continue };
            if let Err(fault) = valid(text) {
                let at =
                    index.checked_sub(first).and_then(|index| written.get(index)).map_or(at, |arg| arg.at);
                self.report(
                    Report::new(Code::BadValue, at, format!("`{text}` is {}", fault.0))
                        .label("fails each time"),
                );
                return;
            }
        }
        let argument = |value: &G| match value {
            G::Literal(value) => Some(Argument::Value(value.clone())),
            _ => None,
        };
        let fixed: Option<Vec<Argument<'_>>> = made.iter().map(argument).collect();
        let Some(fixed) = fixed.filter(|fixed| !fixed.is_empty()) else { return };
        let run = &mut |_: &Lambda, _| Err(Fault::new("not a value"));
        if let Err(fault) = (function.apply)(&mut Call { args: &fixed, run }) {
            let text = self.env.text(at);
            self.report(
                Report::new(Code::BadValue, at, format!("`{text}` cannot be computed: {}", fault.0))
                    .label("fails each time"),
            );
        }
    }

    /// What `?.` means before a function: nothing, where the receiver is nothing.
    fn unless_missing(
        &mut self,
        at: At,
        receiver: Option<&Expr>,
        value: G,
        called: G,
        result: Ty,
    ) -> (G, Ty) {
        // The receiver is looked at twice, so it has to be a plain path: anything else could double at each step.
        if receiver.and_then(narrow::path).is_none() {
            self.report(
                Report::new(
                    Code::WrongArguments,
                    at,
                    "`?.` before a function wants a plain name or field before it",
                )
                .label("too much at once")
                .help("name the part before `?.` with `let`"),
            );
            return failed();
        }
        let missing = G::Binary(BinaryOp::Equal, Box::new(value), Box::new(G::Literal(Value::Null)));
        let made = G::If {
            condition: Box::new(missing),
            then: Box::new(G::Literal(Value::Null)),
            otherwise: Box::new(called),
        };
        (made, result.map(Type::optional))
    }

    fn unknown_function(&mut self, name: &Ident, method: bool) {
        let report =
            Report::new(Code::UnknownFunction, name.at, format!("there is no function `{}`", name.text))
                .label("not a function");
        let own: Vec<Name> = match method {
            true => Vec::new(),
            false => self.env.functions.keys().cloned().collect(),
        };
        let report = match library::named(&name.text).next() {
            Some(other) if other.method => report.help(format!("write `x.{}(…)`", name.text)),
            Some(_) => report.help(format!("write `{}(x)`", name.text)),
            None if method && foreign::member(&name.text).is_some() => {
                let ours = foreign::member(&name.text).unwrap_or_default().trim_end_matches("()");
                report.help(format!("write `.{ours}()`")).fix(name.at, ours)
            }
            None => report.did_you_mean(
                name.at,
                &name.text,
                library::all()
                    .filter(|function| function.method == method)
                    .map(|function| function.name)
                    .chain(own.iter().map(|name| &**name)),
            ),
        };
        self.report(report);
    }

    fn wrong_count(&mut self, at: At, function: &Function, given: usize) {
        let hidden = usize::from(function.method);
        let (most, least) = (
            function.params.len() - hidden,
            function.params.iter().filter(|param| !param.optional).count() - hidden,
        );
        let wanted = if least == most { most.to_string() } else { format!("{least} to {most}") };
        self.report(
            Report::new(
                Code::WrongArguments,
                at,
                format!(
                    "`{}` takes {wanted} argument{}, {} given",
                    function.name,
                    if wanted == "1" { "" } else { "s" },
                    given.saturating_sub(hidden)
                ),
            )
            .label(function.to_string()),
        );
    }

    /// The candidate whose first parameter fits; of an unknown type the first.
    fn choose(
        &mut self,
        candidates: &[&'static Function],
        first: Option<&Expr>,
        ty: Option<&Type>,
        safe: bool,
        name: &Ident,
    ) -> Option<&'static Function> {
        let (Some(first), Some(ty)) = (first, ty) else { return candidates.first().copied() };
        let accepts = |ty: &Type| {
            candidates.iter().copied().find(|candidate| {
                candidate.params.first().is_some_and(|param| unify(&param.shape, ty, &mut Bound::default()))
            })
        };
        if let Some(found) = accepts(ty) {
            return Some(found);
        }
        match accepts(ty.settled()) {
            Some(found) if safe => Some(found),
            Some(_) if *ty != Type::Null => {
                self.unsettled(first.at, ty, &format!("what `{}` is asked of", name.text));
                None
            }
            _ => {
                let wanted: Vec<String> = candidates
                    .iter()
                    .filter_map(|f| f.params.first())
                    .map(|param| param.shape.to_string())
                    .collect();
                self.report(
                    Report::new(
                        Code::WrongType,
                        first.at,
                        format!("`{}` is a function of {}, this is {ty}", name.text, wanted.join(" or ")),
                    )
                    .label(format!("this is {ty}")),
                );
                None
            }
        }
    }

    fn argument(&mut self, arg: &Expr, shape: &Shape, bound: &mut Bound, what: &str) -> G {
        if let Shape::Function(from, to) = shape {
            return self.lambda(arg, from, to, bound, what);
        }
        if let Some(wanted) = instance(shape, bound)
            && !matches!(shape, Shape::Any | Shape::Number)
        {
            return self.expect(arg, &wanted, what);
        }
        let (value, ty) = self.infer(arg, None);
        if let Some(ty) = ty
            && !unify(shape, &ty, bound)
        {
            if ty.is_optional() && unify(shape, ty.settled(), bound) {
                self.unsettled(arg.at, &ty, what);
            } else {
                self.report(
                    Report::new(Code::WrongType, arg.at, format!("{what} must be {shape}, this is {ty}"))
                        .label(format!("this is {ty}")),
                );
            }
        }
        value
    }

    fn lambda(&mut self, arg: &Expr, from: &Shape, to: &Shape, bound: &mut Bound, what: &str) -> G {
        let ExprKind::Lambda { params, body } = &arg.kind else {
            self.report(
                Report::new(Code::WrongType, arg.at, format!("{what} must be a function"))
                    .label("not a function")
                    .help("write it as `x => …`"),
            );
            return failed().0;
        };
        let mark = self.scope.mark();
        for param in params {
            self.scope.bind_variable(param, instance(from, bound), self.env);
        }
        let made = match instance(to, bound).filter(|_| !matches!(to, Shape::B)) {
            Some(wanted) => self.expect(body, &wanted, &format!("what {what} gives")),
            None => {
                let (value, ty) = self.infer(body, None);
                if let Some(ty) = ty {
                    unify(to, &ty, bound);
                }
                value
            }
        };
        self.scope.reset(mark);
        G::Lambda(Lambda {
            params: params.iter().map(|param| param.text.clone()).collect(),
            body: Box::new(made),
        })
    }
}

/// Whether a type fits a shape, binding the shape's variables.
fn unify(shape: &Shape, ty: &Type, bound: &mut Bound) -> bool {
    let variable = |slot: &mut Ty| match slot {
        None => {
            *slot = Some(ty.clone());
            true
        }
        Some(known) => match join(known, ty) {
            Some(both) => {
                *slot = Some(both);
                true
            }
            None => false,
        },
    };
    match shape {
        Shape::Any => true,
        // A value whose type is known needs none of the functions that look into JSON.
        Shape::Json => *ty == Type::Json,
        Shape::A => variable(&mut bound.a),
        Shape::B => variable(&mut bound.b),
        Shape::Number if matches!(ty, Type::Codes(_)) => unify(shape, &Type::Int, bound),
        Shape::Number => matches!(ty, Type::Int | Type::Decimal) && variable(&mut bound.number),
        Shape::List(item) => match ty {
            Type::List(of) => unify(item, of, bound),
            _ => false,
        },
        Shape::Optional(inner) => unify(inner, ty.settled(), bound),
        Shape::Function(..) => false,
        plain => instance(plain, bound).is_some_and(|wanted| fits(ty, &wanted)),
    }
}

/// The type that a shape stands for, if its variables are bound.
fn instance(shape: &Shape, bound: &Bound) -> Ty {
    Some(match shape {
        Shape::Any | Shape::Json => Type::Json,
        Shape::A => return bound.a.clone(),
        Shape::B => return bound.b.clone(),
        Shape::Number => return bound.number.clone(),
        Shape::Bool => Type::Bool,
        Shape::Int => Type::Int,
        Shape::Decimal => Type::Decimal,
        Shape::Text => Type::Text,
        Shape::DateTime => Type::DateTime,
        Shape::Date => Type::Date,
        Shape::Duration => Type::Duration,
        Shape::TimeZone => Type::TimeZone,
        Shape::List(item) => Type::List(std::sync::Arc::new(instance(item, bound)?)),
        Shape::Optional(inner) => instance(inner, bound)?.optional(),
        Shape::Function(..) => return None,
    })
}
