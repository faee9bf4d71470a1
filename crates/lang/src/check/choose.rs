//! Steps with several ways: `if`, `match`, `repeat`, `split`.

use graph::{Edge, Expr as G, Name, StepKind as K, Type, Value};

use super::{
    Leads, Planned, PlannedWay, Ty,
    narrow::{self, Fact},
    steps::{Flow, Walk, lend, planned, way},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Block, Case, Expr, Ident, Text, Way},
    },
};

impl Walk<'_, '_> {
    pub(super) fn branches(
        &mut self,
        branches: &[(Expr, Block)],
        otherwise: Option<&Block>,
        at: At,
    ) -> (Planned, Flow) {
        let mark = self.scope.mark();
        let (mut conditions, mut ways) = (Vec::new(), Vec::new());
        let mut flow = Flow::Leaves;
        let mut learnt = Vec::new();
        for (index, (condition, block)) in branches.iter().enumerate() {
            conditions.push(lend!(self).condition(condition));
            let inner = self.scope.mark();
            self.scope.learn(narrow::facts(condition, true));
            let (plan, next) = self.block(block);
            self.scope.reset(inner);
            let missed = narrow::facts(condition, false);
            if next == Flow::Continues {
                flow = Flow::Continues;
                learnt.clear();
            } else {
                learnt.extend(missed.clone());
            }
            self.scope.learn(missed);
            let segment = if index == 0 { "then".to_owned() } else { format!("then-{}", index + 1) };
            let label = self.env.text(condition.at).into();
            ways.push(way(Edge::Case { index, label }, segment, Some(plan)));
        }
        let label = branches.first().map(|(condition, _)| self.env.text(condition.at)).unwrap_or_default();
        match otherwise {
            Some(block) => {
                let (plan, next) = self.block(block);
                if next == Flow::Continues {
                    flow = Flow::Continues;
                    learnt.clear();
                }
                ways.push(way(Edge::Otherwise, "else", Some(plan)));
            }
            None => {
                flow = Flow::Continues;
                ways.push(way(Edge::Otherwise, "else", None));
            }
        }
        self.scope.reset(mark);
        // Behind `if x == null { exit }`, x is there.
        if otherwise.is_none() && branches.len() == 1 {
            self.scope.learn(learnt);
        }
        let mut made = planned("if", format!("if {label}"), at, K::If { conditions });
        made.ways = ways;
        (made, flow)
    }

    pub(super) fn split(
        &mut self,
        name: &Text,
        ways: &[Way],
        holdout: Option<At>,
        at: At,
    ) -> (Planned, Flow) {
        let fixed = lend!(self).fixed(name).unwrap_or_default();
        let sum: u32 = ways.iter().map(|way| way.share).sum();
        let percent = |share: u32| {
            let (whole, rest) = (share / 100, share % 100);
            if rest == 0 { format!("{whole}%") } else { format!("{whole}.{rest:02}%").replace("0%", "%") }
        };
        let problem = match (sum, holdout) {
            _ if ways.is_empty() => {
                Some(("this split has no ways".to_owned(), "write `50% \"name\" { … }` for each way"))
            }
            (10_001.., _) => {
                Some((format!("the shares are {} together", percent(sum)), "together they are at most 100%"))
            }
            (10_000, Some(_)) => Some((
                "nothing is left for the holdout".into(),
                "take `holdout` away, or give the ways less than 100%",
            )),
            (0..10_000, None) => Some((
                format!("the shares are only {} together", percent(sum)),
                "add `holdout` for those who go on without any of the ways, or make the shares 100%",
            )),
            _ => None,
        };
        if let Some((message, help)) = problem {
            self.env.report(Report::new(Code::BadSplit, name.at, message).label("this split").help(help));
        }
        let mut shares = Vec::new();
        let mut made_ways = Vec::new();
        let mut flow = Flow::Leaves;
        for (index, one) in ways.iter().enumerate() {
            let (plan, next) = self.block(&one.block);
            if next == Flow::Continues {
                flow = Flow::Continues;
            }
            if let Some(label) = &one.label {
                lend!(self).fixed(label);
            }
            shares.push(one.share);
            let label = self.env.text(one.at).into();
            made_ways.push(way(Edge::Case { index, label }, format!("case-{}", index + 1), Some(plan)));
        }
        if holdout.is_some() {
            flow = Flow::Continues;
            shares.push(10_000_u32.saturating_sub(sum));
            let edge = Edge::Case { index: ways.len(), label: "holdout".into() };
            made_ways.push(way(edge, "holdout", None));
        }
        let label = format!("split {}", self.env.text(name.at));
        let mut made = planned("split", label, at, K::Split { name: fixed, shares });
        made.ways = made_ways;
        (made, flow)
    }

    pub(super) fn cases(
        &mut self,
        value: &Expr,
        cases: &[Case],
        otherwise: Option<&(At, Block)>,
        at: At,
    ) -> (Planned, Flow) {
        let (made, ty) = lend!(self).infer(value, None);
        let ty = self.single(ty, value);
        let (mut flow, mut ways, mut values) = (Flow::Leaves, Vec::new(), Vec::new());
        let mut seen: Vec<(Value, At)> = Vec::new();
        for (index, case) in cases.iter().enumerate() {
            let mut own = Vec::new();
            for one in &case.values {
                own.extend(self.case_value(one, ty.as_ref(), &mut seen));
            }
            let mark = self.scope.mark();
            self.scope.learn(case_facts(value, &own));
            let (plan, next) = self.block(&case.block);
            self.scope.reset(mark);
            if next == Flow::Continues {
                flow = Flow::Continues;
            }
            let label = self.env.text(case.at).into();
            ways.push(way(Edge::Case { index, label }, format!("case-{}", index + 1), Some(plan)));
            values.push(own);
        }
        let missing = missing(ty.as_ref(), &seen);
        match otherwise {
            Some((at, block)) => {
                if missing.as_ref().is_some_and(Vec::is_empty) {
                    self.env.report(
                        Report::new(Code::UnreachableStep, *at, "no value is left for `else`")
                            .label("never taken")
                            .help("take it away: the cases have every value"),
                    );
                }
                let mark = self.scope.mark();
                self.scope.learn(rest_facts(value, &seen));
                let (plan, next) = self.block(block);
                self.scope.reset(mark);
                if next == Flow::Continues {
                    flow = Flow::Continues;
                }
                ways.push(way(Edge::Otherwise, "else", Some(plan)));
            }
            None => self.demand_cases(ty.as_ref(), missing, value, at),
        }
        let label = format!("match {}", self.env.text(value.at));
        let mut step = planned("match", label, at, K::Match { value: made, cases: values });
        step.ways = ways;
        (step, flow)
    }

    /// A record is no single value that a case could have: its tag is.
    fn single(&mut self, ty: Ty, value: &Expr) -> Ty {
        let Some(Type::Union(union)) = ty.as_ref().map(Type::settled) else { return ty };
        let (text, tag) = (self.env.text(value.at), &union.tag);
        self.env.report(
            Report::new(
                Code::WrongType,
                value.at,
                format!("`match` looks at one value, `{text}` is a record"),
            )
            .label(format!("this is {union}"))
            .help(format!("look at what tells its records apart: `match {text}.{tag} {{ … }}`"))
            .fix(value.at.end_only(), format!(".{tag}")),
        );
        None
    }

    /// A value of a case, which must be fixed and new.
    fn case_value(&mut self, one: &Expr, ty: Option<&Type>, seen: &mut Vec<(Value, At)>) -> Option<Value> {
        let told = self.env.reports.len();
        let made = match ty {
            Some(ty) => lend!(self).expect(one, ty, "a case"),
            None => lend!(self).infer(one, None).0,
        };
        if self.env.reports.len() > told {
            return None;
        }
        let G::Literal(value) = made else {
            self.env.report(
                Report::new(Code::WrongType, one.at, "a case must be a fixed value")
                    .label("not a literal")
                    .help("compare with what is computed by `if`"),
            );
            return None;
        };
        if let Some((_, before)) = seen.iter().find(|(known, _)| known.means_same(&value)) {
            self.env.report(
                Report::new(Code::DuplicateName, one.at, "this case is there already")
                    .label("never taken")
                    .related(*before, "taken here"),
            );
        }
        seen.push((value.clone(), one.at));
        Some(value)
    }

    fn demand_cases(&mut self, ty: Option<&Type>, missing: Option<Vec<String>>, value: &Expr, at: At) {
        let text = self.env.text(value.at);
        let message = match missing {
            _ if ty.is_none() => return,
            Some(missing) if missing.is_empty() => return,
            Some(missing) => format!("`{text}` may also be {}", missing.join(" or ")),
            None => format!("`{text}` may also be something else"),
        };
        self.env.report(
            Report::new(Code::MissingCase, value.at, message)
                .label("not every value has a case")
                .help("add the case, or `else => { … }`")
                .fix(At { start: at.end.saturating_sub(1), ..at }.start_only(), "  else => {}\n"),
        );
    }

    pub(super) fn repeat(
        &mut self,
        times: &Expr,
        round: Option<&Ident>,
        until: Option<&Expr>,
        body: &Block,
        at: At,
    ) -> (Planned, Flow) {
        let made = lend!(self).expect(times, &Type::Int, "how often it is repeated");
        // In the second round nothing is known of the profile that was known before the first.
        self.scope.time_passes();
        let condition = until.map(|until| lend!(self).condition(until));
        let mark = self.scope.mark();
        if let Some(round) = round {
            self.scope.bind_variable(round, Some(Type::Int), self.env);
        }
        if let Some(until) = until {
            self.scope.learn(narrow::facts(until, false));
        }
        let plan = self.block(body).0;
        self.scope.reset(mark);
        let text = self.env.text(times.at);
        let kind = K::Repeat { times: made, until: condition, round: round.map(|round| round.text.clone()) };
        let mut step = planned("repeat", format!("repeat {text} times"), at, kind);
        let again = Edge::Case { index: 0, label: "again".into() };
        step.ways.insert(
            0,
            PlannedWay { edge: again, segment: "body".into(), plan: Some(plan), leads: Leads::Back },
        );
        (step, Flow::Continues)
    }
}

/// What is known where a value is one of these.
fn case_facts(value: &Expr, own: &[Value]) -> Vec<Fact> {
    if own.contains(&Value::Null) {
        return Vec::new();
    }
    let texts: Option<Vec<Name>> = own.iter().map(text_of).collect();
    match texts {
        Some(texts) => narrow::one_of(value, texts),
        None => narrow::path(value).map(Fact::There).into_iter().collect(),
    }
}

/// What is known where a value is none of these.
fn rest_facts(value: &Expr, seen: &[(Value, At)]) -> Vec<Fact> {
    let texts: Vec<Name> = seen.iter().filter_map(|(value, _)| text_of(value)).collect();
    let mut facts = narrow::none_of(value, texts);
    if seen.iter().any(|(value, _)| *value == Value::Null) {
        facts.extend(narrow::path(value).map(Fact::There));
    }
    facts
}

fn text_of(value: &Value) -> Option<Name> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// The values of a type that no case has; `None` where they cannot be counted.
fn missing(ty: Option<&Type>, seen: &[(Value, At)]) -> Option<Vec<String>> {
    let ty = ty?;
    let has = |value: &Value| seen.iter().any(|(known, _)| known.means_same(value));
    let all: Vec<Value> = match ty.settled() {
        Type::Enum(members) => members.iter().map(|member| Value::Text(member.clone())).collect(),
        Type::Codes(codes) => codes.iter().filter_map(|code| code.parse().ok()).map(Value::Int).collect(),
        Type::Bool => vec![Value::Bool(true), Value::Bool(false)],
        _ => return None,
    };
    let all = all.into_iter().chain(ty.is_optional().then_some(Value::Null));
    Some(all.filter(|value| !has(value)).map(|value| graph::json::write(&value)).collect())
}
