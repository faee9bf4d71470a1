//! Steps that take no time: they name a value, change one, or choose a way.

use graph::{Expr, Name, Step, Value, Way, library::Fault};
use petgraph::graph::NodeIndex;

use crate::{
    Happening,
    eval::{evaluate, holds},
    walk::Walk,
};

impl Walk<'_> {
    pub(crate) fn bind(
        &mut self,
        node: NodeIndex,
        name: &Name,
        value: &Expr,
    ) -> Result<Option<NodeIndex>, Fault> {
        let value = evaluate(value, &self.scope())?;
        self.instance.state.variables.insert(name.clone(), value);
        Ok(self.pass(node, Way::Next))
    }

    pub(crate) fn decide(
        &mut self,
        node: NodeIndex,
        conditions: &[Expr],
    ) -> Result<Option<NodeIndex>, Fault> {
        let mut way = Way::Otherwise;
        for (index, condition) in conditions.iter().enumerate() {
            if holds(condition, &self.scope())? {
                way = Way::Case(index);
                break;
            }
        }
        Ok(self.pass(node, way))
    }

    pub(crate) fn choose(
        &mut self,
        node: NodeIndex,
        value: &Expr,
        cases: &[Vec<Value>],
    ) -> Result<Option<NodeIndex>, Fault> {
        let value = evaluate(value, &self.scope())?;
        let fits = |case: &Vec<Value>| case.iter().any(|one| one.means_same(&value));
        let way = cases.iter().position(fits).map_or(Way::Otherwise, Way::Case);
        if way == Way::Otherwise && self.journey.follow(node, way).is_none() {
            return Err(Fault(format!("no case is {}", graph::json::write(&value))));
        }
        Ok(self.pass(node, way))
    }

    /// The rounds are counted under the step's own name, which no variable can have.
    pub(crate) fn repeat(
        &mut self,
        node: NodeIndex,
        step: &Step,
        times: &Expr,
        until: Option<&Expr>,
        round: Option<&Name>,
    ) -> Result<Option<NodeIndex>, Fault> {
        let done = match self.instance.state.variables.get(&step.name) {
            Some(Value::Int(done)) => *done,
            _ => 0,
        };
        let wanted = match evaluate(times, &self.scope())? {
            Value::Int(wanted) => wanted,
            other => return Err(Fault(format!("a number of rounds, not {}", other.kind()))),
        };
        let over = match until {
            Some(until) => holds(until, &self.scope())?,
            None => false,
        };
        if over || done >= wanted {
            self.instance.state.variables.remove(&step.name);
            return Ok(self.pass(node, Way::Next));
        }
        let next = Value::Int(done + 1);
        if let Some(round) = round {
            self.instance.state.variables.insert(round.clone(), next.clone());
        }
        self.instance.state.variables.insert(step.name.clone(), next);
        Ok(self.pass(node, Way::Case(0)))
    }

    /// A jump leaves the loops that it jumps out of: their rounds begin anew.
    pub(crate) fn arrive(&mut self, node: NodeIndex, step: &Step) -> Option<NodeIndex> {
        self.instance.state.variables.retain(|name, _| {
            !name.contains('-') || step.name.strip_prefix(&**name).is_some_and(|rest| rest.starts_with('.'))
        });
        self.pass(node, Way::Next)
    }

    pub(crate) fn set(
        &mut self,
        node: NodeIndex,
        field: &Name,
        value: &Expr,
    ) -> Result<Option<NodeIndex>, Fault> {
        let value = evaluate(value, &self.scope())?;
        if let Value::Record(record) = self.profile.as_ref().unwrap_or(self.context.profile) {
            self.profile = Some(Value::Record(record.with(field, value.clone())));
        }
        let step = self.instance.step.clone();
        self.note(Happening::Set { step, attribute: field.clone(), value: value.clone() });
        self.changes.push((field.clone(), value));
        Ok(self.pass(node, Way::Next))
    }

    /// The way is a hash of the instance's person and key, the journey and the split's name: the same in a test, a
    /// replay and a retry.
    pub(crate) fn split(&mut self, node: NodeIndex, name: &Name, shares: &[u32]) -> Option<NodeIndex> {
        let instance = &self.instance;
        let seed = [&*instance.profile, &*instance.key, &*instance.journey, &**name].join("\u{0}");
        let mut point =
            u32::try_from(xxhash_rust::xxh3::xxh3_64(seed.as_bytes()) % 10_000).unwrap_or_default();
        for (index, share) in shares.iter().enumerate() {
            match point.checked_sub(*share) {
                Some(rest) => point = rest,
                None => return self.pass(node, Way::Case(index)),
            }
        }
        self.pass(node, Way::Otherwise)
    }
}
