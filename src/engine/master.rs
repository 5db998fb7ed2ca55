//! Who drives the graph (MCL-2).

use super::spec::{Node, Spec};
use crate::graph::{FilterPath, Master};
use crate::ks::ids::category;

/// The device that drives the graph (MCL-2): the one that was chosen, else one that renders, else one that captures;
/// among equals the one whose box has the smallest number, which it keeps when it is grouped. `None` is the timer.
pub(super) fn choose_master(spec: &Spec, wish: &Master) -> Option<FilterPath> {
    let can = |node: &&Node| node.open.as_ref().is_some_and(|open| open.has_pacer);
    match wish {
        Master::System => return None,
        Master::Filter(_) => {
            let mut nodes = spec.nodes.iter();
            let chosen = nodes.find(|node| is_wished(node, wish)).filter(can);
            if let Some(node) = chosen {
                return Some(node.path.clone());
            }
        }
        Master::Automatic => {}
    }
    // A clock of one's own drives when it is asked to, and never by itself.
    let has_card = |node: &&Node| {
        let categories = &node.descriptor().categories;
        categories.contains(&category::RENDER) || categories.contains(&category::CAPTURE)
    };
    let nodes = spec.nodes.iter().filter(can).filter(has_card);
    let rank = |node: &&Node| {
        let is_render = node.descriptor().categories.contains(&category::RENDER);
        (!is_render, node.path.0.last().copied(), node.path.clone())
    };
    nodes.min_by_key(rank).map(|node| node.path.clone())
}

/// Whether the user wants a filter's clock to drive the graph.
pub(super) fn is_wished(node: &Node, wish: &Master) -> bool {
    matches!(wish, Master::Filter(it) if it == &node.path || it == node.identity())
}
