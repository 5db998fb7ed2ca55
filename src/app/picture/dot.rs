//! The graph as Graphviz takes it: one node a box, one edge a wire, laid out by whoever reads it.

use std::fmt::Write;

use super::outcomes;
use crate::graph::{Graph, Wiring};

/// Text in the language of `dot`.
pub fn dot(graph: &Graph, wiring: &Wiring) -> String {
    let mut text =
        String::from("digraph graph_of_filters {\n    rankdir=LR;\n    node [shape=box];\n");
    for (id, node) in &graph.filters {
        let _ = writeln!(text, "    n{} [label={}];", id.0, quoted(&node.name)); // Text grows without fail.
    }
    let wires = outcomes(wiring);
    for (index, connection) in graph.connections.iter().enumerate() {
        let agreed = wires
            .get(&index)
            .and_then(|wire| wire.outcome.as_ref().ok());
        let (label, more) = match agreed {
            Some(agreed) => (agreed.format.to_string(), ""),
            None => ("refused".to_owned(), ", style=dashed, color=red"),
        };
        let _ = writeln!(
            text,
            "    n{} -> n{} [label={}, taillabel={}, headlabel={}{more}];",
            connection.from.filter.0,
            connection.to.filter.0,
            quoted(&label),
            quoted(&connection.from.pin),
            quoted(&connection.to.pin)
        );
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}
