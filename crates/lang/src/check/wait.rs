//! Waits: for a time, for an event, for the first of several.

use graph::{Arm, Edge, Moment, StepKind as K, Type, schedule::Schedule};

use super::{
    Planned,
    expr::{Check, failed},
    journey::listener,
    steps::{Flow, Walk, lend, planned, way},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Expr, ForArm, Text, WaitFor},
    },
};

impl Check<'_, '_> {
    /// When a wait ends.
    pub(super) fn moment(&mut self, moment: &ast::Moment) -> Moment {
        match moment {
            ast::Moment::After(length) => self.length(length),
            ast::Moment::At(instant) => {
                Moment::At(self.expect(instant, &Type::DateTime, "what is waited for"))
            }
            ast::Moment::Calendar { at, day, time, zone } => {
                Moment::Calendar { day: *day, time: *time, zone: self.zone(zone.as_ref(), *at) }
            }
            ast::Moment::Window { at, from, until, days, zone } => {
                if from == until {
                    self.report(
                        Report::new(Code::BadSchedule, *at, "this window closes when it opens")
                            .label("never open")
                            .help("for any time of some days, write `between 00:00 and 23:59`"),
                    );
                }
                let zone = self.zone(zone.as_ref(), *at);
                Moment::Window { from: *from, until: *until, days: days.clone(), zone }
            }
            ast::Moment::Cron { text, zone } => {
                let zone = self.zone(zone.as_ref(), text.at);
                match self.cron(text) {
                    Some(schedule) => Moment::Cron { schedule, zone },
                    None => Moment::At(graph::Expr::Root(graph::Root::Now)),
                }
            }
        }
    }

    /// The zone on whose clock a time is: as written, else the journey's.
    pub(super) fn zone(&mut self, zone: Option<&Expr>, at: At) -> graph::Expr {
        match (zone, self.scope.zone.clone()) {
            (Some(zone), _) => self.expect(zone, &Type::TimeZone, "the zone"),
            (None, Some(zone)) => zone,
            (None, None) => {
                let known = self.env.profile.as_ref().and_then(|profile| {
                    profile.fields.iter().find(|field| *field.ty.settled() == Type::TimeZone)
                });
                let zone = match known {
                    Some(field) => format!("in profile.{}", field.name),
                    None => "in \"Europe/Berlin\"".to_owned(),
                };
                self.report(
                    Report::new(Code::BadSchedule, at, "it is not said on whose clock this is")
                        .label("in which time zone?")
                        .help(format!(
                            "write `{zone}` behind it, or once for the whole journey `time zone …`"
                        ))
                        .fix(at.end_only(), format!(" {zone}")),
                );
                failed().0
            }
        }
    }

    /// A schedule that is written.
    pub(super) fn cron(&mut self, text: &Text) -> Option<Schedule> {
        match Schedule::parse(&self.fixed(text)?) {
            Ok(schedule) => Some(schedule),
            Err(reason) => {
                self.report(
                    Report::new(Code::BadSchedule, text.at, reason).label("not a schedule").help(
                        "write minute, hour, day, month and weekday: `\"0 9 * * 1-5\"` is 9:00 from Monday to Friday",
                    ),
                );
                None
            }
        }
    }

    /// A length of time, which a constant must not make negative.
    pub(super) fn length(&mut self, length: &Expr) -> Moment {
        let made = self.expect(length, &Type::Duration, "the length of a wait");
        if let graph::Expr::Literal(graph::Value::Duration(micros)) = &made
            && *micros < 0
        {
            self.report(
                Report::new(Code::BadSchedule, length.at, "a wait cannot be negative").label("in the past"),
            );
        }
        Moment::After(made)
    }
}

impl Walk<'_, '_> {
    pub(super) fn wait_for(&mut self, wait: &WaitFor, at: At) -> (Planned, Flow) {
        let timeout = wait.timeout.as_ref().map(|(length, _)| lend!(self).length(length));
        if wait.arms.is_empty() {
            self.env.report(
                Report::new(Code::BadSchedule, at, "this waits for no event")
                    .label("no arm")
                    .help("write `eventName => { … }`, or `wait` with a duration"),
            );
        }
        let (mut arms, mut ways, mut flow) = (Vec::new(), Vec::new(), Flow::Leaves);
        let mut named = Vec::new();
        let mut later = None;
        for (index, arm) in wait.arms.iter().enumerate() {
            named.push(arm.on.event.text.to_string());
            let (on, ty) = listener(&arm.on, &mut lend!(self));
            self.scope.time_passes();
            self.scope.awaited.insert(on.event.clone());
            let (plan, next) = self.arm(arm, &ty);
            if next == Flow::Continues {
                flow = Flow::Continues;
            }
            if arm.then.is_none() {
                later = arm.on.alias.as_ref().map(|alias| (alias, ty));
            }
            let label = self.env.text(arm.at).into();
            ways.push(way(Edge::Case { index, label }, format!("case-{}", index + 1), plan));
            arms.push(Arm { on, binds: arm.on.alias.is_some() });
        }
        let mut in_time = true;
        if let Some((_, otherwise)) = &wait.timeout {
            let plan = otherwise.as_ref().map(|block| self.block(block));
            let leaves = plan.as_ref().is_some_and(|(_, flow)| *flow != Flow::Continues);
            if !leaves {
                flow = Flow::Continues;
                in_time = false;
            }
            ways.push(way(Edge::Timeout, "timeout", plan.map(|(plan, _)| plan)));
        }
        // Behind a single `wait for` the event has a name, unless one may also get there without it.
        if let Some((alias, ty)) = later.filter(|_| in_time) {
            self.scope.bind_variable(alias, ty, self.env);
        }
        self.scope.time_passes();
        let label = if wait.arms.len() == 1 {
            format!("wait for {}", named.join(""))
        } else {
            format!("wait for first of {}", named.join(", "))
        };
        let mut made = planned("wait-for", label, at, K::WaitFor { arms, timeout, since: wait.since });
        made.ways = ways;
        (made, flow)
    }

    fn arm(&mut self, arm: &ForArm, ty: &super::Ty) -> (Option<super::Plan>, Flow) {
        let Some(block) = &arm.then else { return (None, Flow::Continues) };
        let mark = self.scope.mark();
        if let Some(alias) = &arm.on.alias {
            // A name that is taken was reported where the condition was checked.
            self.scope.bind_quietly(&alias.text, alias.at, ty.clone());
        }
        let (plan, flow) = self.block(block);
        self.scope.reset(mark);
        (Some(plan), flow)
    }
}
