//! Lowering: from checked steps to the graph. It cannot fail; what only the graph shows is reported beside it.

mod assigned;
pub(crate) mod bundle;
mod free;
mod loops;
mod steps;
mod ways;

use std::{collections::BTreeSet, sync::Arc};

use graph::{Audience, Edge, Journey, Name, Project, Step, StepKind};
use petgraph::graph::DiGraph;

use crate::{check::Module, diagnostic::Report};

/// The project of a module without mistakes; loops that never wait are reported.
pub(crate) fn project(module: &Module, reports: &mut Vec<Report>) -> Project {
    let of_system = Arc::new(module.profile.of_system());
    let journeys = module.journeys.iter().map(|checked| {
        let lowered = steps::lower(checked);
        reports.extend(loops::endless(&lowered.graph, &lowered.places));
        reports.extend(assigned::missing(&lowered));
        let journey = Journey {
            name: checked.name.clone(),
            version: graph::version_of(&checked.source),
            source: checked.source.clone(),
            doc: checked.doc.clone(),
            profile: if checked.is_of_system { of_system.clone() } else { module.profile.clone() },
            entries: checked.entries.clone(),
            input: checked.input.clone(),
            schedule: checked.schedule.clone(),
            open: checked.open,
            inside: checked.inside,
            one_per: checked.one_per.clone(),
            reentry: checked.reentry,
            exits: checked.exits.clone(),
            leave_when: checked.leave_when.clone(),
            goal: checked.goal.clone(),
            quiet: checked.quiet.clone(),
            priority: checked.priority,
            expire: checked.expire,
            on_failure: lowered.failure,
            on_exit: lowered.farewell,
            limits: limits(&lowered.graph),
            graph: lowered.graph,
            start: lowered.start,
            actions: checked.actions.clone(),
            messages: checked.messages.clone(),
            steps: lowered.steps,
            policies: checked.policies.clone(),
            audiences: checked.audiences.clone(),
            awaited: checked.awaited.clone(),
        };
        (checked.name.clone(), Arc::new(journey))
    });
    let journeys = journeys.collect();
    let audiences = module.audiences.iter().map(|checked| {
        let audience = Audience {
            name: checked.name.clone(),
            version: graph::version_of(&checked.source),
            source: checked.source.clone(),
            doc: checked.doc.clone(),
            profile: module.profile.clone(),
            condition: checked.condition.clone(),
            windows: checked.windows.clone(),
            looks_at_clock: checked.looks_at_clock,
        };
        (checked.name.clone(), Arc::new(audience))
    });
    Project {
        profile: module.profile.clone(),
        events: module.events.clone(),
        connections: module.connections.clone(),
        actions: module.actions.clone(),
        messages: module.messages.clone(),
        webhooks: module.webhooks.clone(),
        policies: module.policies.clone(),
        audiences: audiences.collect(),
        journeys,
    }
}

fn limits(graph: &DiGraph<Step, Edge>) -> BTreeSet<Name> {
    let name = |step: &Step| match &step.kind {
        StepKind::Limit { name, .. } => Some(name.clone()),
        _ => None,
    };
    graph.node_weights().filter_map(name).collect()
}
