//! Drawings of a journey's graph, as Mermaid and as Graphviz DOT text.

use graph::{Journey, StepKind};
use petgraph::visit::EdgeRef;

/// The graph as a Mermaid flowchart.
pub fn mermaid(journey: &Journey) -> String {
    let mut out = String::from("flowchart TD\n");
    let (events, start) = (quoted(&entries(journey), "#quot;"), journey.start.index());
    out.push_str(&format!("  enter([\"{events}\"]) --> n{start}\n"));
    for index in journey.graph.node_indices() {
        let Some(step) = journey.step(index) else { continue };
        let label = quoted(&step.label, "#quot;");
        let (open, close) = match step.kind {
            StepKind::Wait(_) | StepKind::WaitFor { .. } => ("([", "])"),
            StepKind::If { .. }
            | StepKind::Match { .. }
            | StepKind::Repeat { .. }
            | StepKind::Split { .. }
            | StepKind::Limit { .. } => ("{", "}"),
            StepKind::Exit { .. } => ("((", "))"),
            StepKind::Call { .. }
            | StepKind::Send { .. }
            | StepKind::Let { .. }
            | StepKind::Set { .. }
            | StepKind::Emit { .. }
            | StepKind::Start { .. }
            | StepKind::Stop { .. }
            | StepKind::Label
            | StepKind::Goto => ("[", "]"),
        };
        out.push_str(&format!("  n{}{open}\"{label}\"{close}\n", index.index()));
    }
    for edge in journey.graph.edge_references() {
        let (from, to) = (edge.source().index(), edge.target().index());
        match edge.weight().label() {
            "" => out.push_str(&format!("  n{from} --> n{to}\n")),
            label => out.push_str(&format!("  n{from} -- \"{}\" --> n{to}\n", quoted(label, "#quot;"))),
        }
    }
    let handlers = [("failure", &journey.on_failure), ("exit", &journey.on_exit)];
    for (word, first) in handlers.into_iter().filter_map(|(word, block)| Some((word, block.as_ref()?.0))) {
        out.push_str(&format!("  {word}([\"on {word}\"]) -.-> n{}\n", first.index()));
    }
    out
}

/// The graph as Graphviz DOT.
pub fn dot(journey: &Journey) -> String {
    let mut out = format!("digraph \"{}\" {{\n", quoted(&journey.name, "\\\""));
    out.push_str(&format!("  enter [shape=oval, label=\"{}\"];\n", quoted(&entries(journey), "\\\"")));
    out.push_str(&format!("  enter -> n{};\n", journey.start.index()));
    for index in journey.graph.node_indices() {
        let Some(step) = journey.step(index) else { continue };
        let shape = match step.kind {
            StepKind::Wait(_) | StepKind::WaitFor { .. } => "oval",
            StepKind::If { .. }
            | StepKind::Match { .. }
            | StepKind::Repeat { .. }
            | StepKind::Split { .. }
            | StepKind::Limit { .. } => "diamond",
            StepKind::Exit { .. } => "doublecircle",
            StepKind::Call { .. }
            | StepKind::Send { .. }
            | StepKind::Let { .. }
            | StepKind::Set { .. }
            | StepKind::Emit { .. }
            | StepKind::Start { .. }
            | StepKind::Stop { .. }
            | StepKind::Label
            | StepKind::Goto => "box",
        };
        out.push_str(&format!(
            "  n{} [shape={shape}, label=\"{}\"];\n",
            index.index(),
            quoted(&step.label, "\\\"")
        ));
    }
    for edge in journey.graph.edge_references() {
        let label = quoted(edge.weight().label(), "\\\"");
        out.push_str(&format!(
            "  n{} -> n{} [label=\"{label}\"];\n",
            edge.source().index(),
            edge.target().index()
        ));
    }
    let handlers = [("failure", &journey.on_failure), ("exit", &journey.on_exit)];
    for (word, first) in handlers.into_iter().filter_map(|(word, block)| Some((word, block.as_ref()?.0))) {
        out.push_str(&format!("  {word} [shape=oval, style=dashed, label=\"on {word}\"];\n"));
        out.push_str(&format!("  {word} -> n{} [style=dashed];\n", first.index()));
    }
    out.push_str("}\n");
    out
}

fn entries(journey: &Journey) -> String {
    journey.entries.iter().map(|entry| &*entry.event).collect::<Vec<_>>().join(" or ")
}

fn quoted(text: &str, quote: &str) -> String {
    text.replace('\\', "\\\\").replace('"', quote).replace('\n', " ")
}
