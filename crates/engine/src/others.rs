//! Steps that touch the person's other journeys: `emit`, `start`, `stop`.

use graph::{Expr, Name, Value, Way, library::Fault, started};
use petgraph::graph::NodeIndex;

use crate::{Stop, eval::evaluate, walk::Walk};

impl Walk<'_> {
    pub(crate) fn emit(
        &mut self,
        node: NodeIndex,
        event: &Name,
        properties: &Expr,
    ) -> Result<Option<NodeIndex>, Fault> {
        let properties = evaluate(properties, &self.scope())?;
        self.let_follow(event.clone(), properties)?;
        Ok(self.pass(node, Way::Next))
    }

    pub(crate) fn start(
        &mut self,
        node: NodeIndex,
        journey: &Name,
        input: &Expr,
        bind: Option<&Name>,
    ) -> Result<Option<NodeIndex>, Fault> {
        let input = evaluate(input, &self.scope())?;
        let id = self.let_follow(started(journey), input)?;
        if let Some(bind) = bind {
            self.instance.state.variables.insert(bind.clone(), Value::Text(id));
        }
        Ok(self.pass(node, Way::Next))
    }

    pub(crate) fn stop_others(
        &mut self,
        node: NodeIndex,
        journey: &Name,
        key: Option<&Expr>,
    ) -> Result<Option<NodeIndex>, Fault> {
        let key = key.map(|key| evaluate(key, &self.scope())).transpose()?;
        let key = key.map(|key| Name::from(key.to_string()));
        self.let_end(Stop { journey: journey.clone(), key });
        Ok(self.pass(node, Way::Next))
    }
}
