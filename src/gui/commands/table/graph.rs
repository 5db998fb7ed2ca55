//! Graph: what it consists of.

use super::super::{Menu, On, Spec, State};
use crate::app::Action;

pub(super) const SPECS: &[Spec] = &[
    Spec::new(
        "graph.insert",
        "Add Filter\u{2026}",
        "Opens the list of filters at the pointer; typing narrows it, Enter adds.",
        |screen, _| screen.open_palette(),
    )
    .keys(&["Tab", "/"])
    .at(Menu::Graph, 0)
    .on(&[On::Canvas]),
    Spec::new(
        "graph.enter",
        "Open Group",
        "Shows the inside of the selected group.",
        |screen, _| screen.enter_group(),
    )
    .keys(&["Alt+Down"])
    .at(Menu::Graph, 2)
    .on(&[On::Filter])
    .when(|sight| {
        let one = sight.view.selection.one_filter();
        let is_group = one
            .and_then(|id| sight.view.graph.filters.get(&id))
            .is_some_and(|node| matches!(node.kind, crate::graph::NodeKind::Group(_)));
        State::when(is_group, "One group has to be selected: click it first.")
    }),
    Spec::new(
        "graph.leave",
        "Leave Group",
        "Shows the graph around the group that is shown.",
        |screen, _| screen.app.perform(Action::Leave),
    )
    .keys(&["Alt+Up"])
    .at(Menu::Graph, 2)
    .on(&[On::Canvas])
    .when(|sight| {
        let inside = !sight.view.place().is_empty();
        State::when(inside, "This is the outermost graph.")
    }),
    Spec::new(
        "graph.refresh",
        "Look for Devices",
        "Looks for devices and files again.",
        |screen, _| screen.app.perform(Action::Refresh),
    )
    .keys(&["F5"])
    .at(Menu::Graph, 8),
];
