//! Graph: what it consists of.

use super::super::{Menu, On, Spec, State};
use super::EMPTY;
use crate::app::Action;
use crate::graph::arrange::{Alignment, Axis};

macro_rules! align {
    ($name:literal, $words:literal, $help:literal, $way:ident) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen.app.perform(Action::Align(Alignment::$way));
        })
        .under(Menu::Graph, 1, "Align")
        .when(|sight| State::when(!sight.view.graph.filters.is_empty(), EMPTY))
    };
}

macro_rules! distribute {
    ($name:literal, $words:literal, $help:literal, $way:ident) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen.app.perform(Action::Distribute(Axis::$way));
        })
        .under(Menu::Graph, 1, "Distribute")
        .when(|sight| {
            State::when(
                sight.view.graph.filters.len() > 2,
                "Gaps are between three filters or more.",
            )
        })
    };
}

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
        "graph.arrange",
        "Arrange",
        "Puts the selected filters, or all, into layers from left to right.",
        |screen, _| screen.arrange(),
    )
    .keys(&["Ctrl+G"])
    .at(Menu::Graph, 1)
    .toast("Arranged")
    .when(|sight| State::when(!sight.view.graph.filters.is_empty(), EMPTY)),
    align!(
        "graph.align.left",
        "Left",
        "Gives filters a common left edge.",
        Left
    ),
    align!(
        "graph.align.right",
        "Right",
        "Gives filters a common right edge.",
        Right
    ),
    align!(
        "graph.align.top",
        "Top",
        "Gives filters a common upper edge.",
        Top
    ),
    align!(
        "graph.align.bottom",
        "Bottom",
        "Gives filters a common lower edge.",
        Bottom
    ),
    align!(
        "graph.align.centre",
        "Centre",
        "Puts the middles of filters below each other.",
        Centre
    ),
    align!(
        "graph.align.middle",
        "Middle",
        "Puts the middles of filters beside each other.",
        Middle
    ),
    distribute!(
        "graph.distribute.horizontally",
        "Horizontally",
        "Gives filters even gaps from left to right.",
        Horizontally
    ),
    distribute!(
        "graph.distribute.vertically",
        "Vertically",
        "Gives filters even gaps from top to bottom.",
        Vertically
    ),
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
