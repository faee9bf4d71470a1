//! The names that a step needs from the steps before it.

use graph::{
    Expr, Moment, Name, StepKind,
    rules::Listener,
    template::{Part, Template},
};

/// Calls `found` for every name that a step needs.
pub(super) fn needed(kind: &StepKind, found: &mut dyn FnMut(&Name)) {
    let mut free = Free { bound: Vec::new(), found };
    match kind {
        StepKind::Wait(moment) => free.moment(moment),
        StepKind::WaitFor { arms, timeout, .. } => {
            arms.iter().for_each(|arm| free.listener(&arm.on));
            timeout.iter().for_each(|moment| free.moment(moment));
        }
        StepKind::Call { args, fallback, .. } => free.exprs(args.iter().chain(fallback)),
        StepKind::Send { args, .. } => free.exprs(args),
        StepKind::If { conditions } => free.exprs(conditions),
        StepKind::Match { value, .. } | StepKind::Let { value, .. } | StepKind::Set { value, .. } => {
            free.expr(value);
        }
        StepKind::Repeat { times, until, .. } => free.exprs([times].into_iter().chain(until)),
        StepKind::Emit { properties, .. } => free.expr(properties),
        StepKind::Start { input, .. } => free.expr(input),
        StepKind::Stop { key, .. } => free.exprs(key),
        StepKind::Exit { reason } => free.exprs(reason),
        StepKind::Split { .. } | StepKind::Limit { .. } | StepKind::Label | StepKind::Goto => {}
    }
}

struct Free<'f> {
    /// The names that the expression itself gives: of lambdas, loops and events.
    bound: Vec<Name>,
    found: &'f mut dyn FnMut(&Name),
}

impl Free<'_> {
    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    /// The height of an expression is bounded, so this is too.
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Variable(name) => {
                if !self.bound.contains(name) {
                    (self.found)(name);
                }
            }
            Expr::Literal(_) | Expr::Root(_) | Expr::Entered(_) | Expr::Member(_) | Expr::Link(_) => {}
            Expr::Field { of, .. } | Expr::Unary(_, of) => self.expr(of),
            Expr::Index { of, index } => self.exprs([&**of, &**index]),
            Expr::List(items) => self.exprs(items),
            Expr::Record(fields) => self.exprs(fields.iter().map(|(_, value)| value)),
            Expr::Binary(_, left, right) => self.exprs([&**left, &**right]),
            Expr::If { condition, then, otherwise } => self.exprs([&**condition, &**then, &**otherwise]),
            Expr::Call { args, .. } | Expr::Apply { args, .. } => self.exprs(args),
            Expr::Lambda(lambda) => {
                self.within(&lambda.params, |free| free.expr(&lambda.body));
            }
            Expr::Text(template) => self.template(template),
        }
    }

    fn template(&mut self, template: &Template) {
        for part in &template.parts {
            match part {
                Part::Text(_) => {}
                Part::Hole { value, .. } => self.expr(value),
                Part::If { branches, otherwise } => {
                    for (condition, text) in branches {
                        self.expr(condition);
                        self.template(text);
                    }
                    self.template(otherwise);
                }
                Part::For { variable, list, body } => {
                    self.expr(list);
                    self.within(std::slice::from_ref(variable), |free| free.template(body));
                }
            }
        }
    }

    fn moment(&mut self, moment: &Moment) {
        match moment {
            Moment::After(expr) | Moment::At(expr) => self.expr(expr),
            Moment::Calendar { zone, .. } | Moment::Window { zone, .. } | Moment::Cron { zone, .. } => {
                self.expr(zone);
            }
        }
    }

    fn listener(&mut self, on: &Listener) {
        self.within(std::slice::from_ref(&on.alias), |free| free.exprs(&on.condition));
    }

    fn within(&mut self, names: &[Name], inside: impl FnOnce(&mut Self)) {
        let before = self.bound.len();
        self.bound.extend(names.iter().cloned());
        inside(self);
        self.bound.truncate(before);
    }
}
