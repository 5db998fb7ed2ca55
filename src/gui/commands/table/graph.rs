//! Graph: what it consists of.

use super::super::{Menu, On, Sight, Spec, State};
use super::{EMPTY, NO_FILTER};
use crate::app::Action;
use crate::graph::arrange::{Alignment, Axis};
use crate::graph::{FilterId, NodeKind, NoteKind};
use crate::gui::canvas::wire_of;
use crate::gui::screen::refused_wire;

fn is_group(sight: &Sight<'_>, id: FilterId) -> bool {
    let node = sight.view.graph.filters.get(&id);
    node.is_some_and(|node| matches!(node.kind, NodeKind::Group(_)))
}

/// Whether one group and nothing else is selected.
fn one_group(sight: &Sight<'_>) -> State {
    let one = sight.view.selection.one_filter();
    let is_group = one.is_some_and(|id| is_group(sight, id));
    State::when(is_group, "One group has to be selected: click it first.")
}

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

/// The colour of the frame that is selected, if one is.
fn frame_colour<'a>(sight: &Sight<'a>) -> Option<&'a str> {
    let notes = sight.view.selection.notes.iter();
    let mut kinds = notes.filter_map(|id| Some(&sight.view.graph.notes.get(id)?.kind));
    kinds.find_map(|kind| match kind {
        NoteKind::Frame { colour } => Some(colour.as_str()),
        NoteKind::Comment => None,
    })
}

macro_rules! limit {
    ($name:literal, $words:literal, $state:ident, $key:literal, $help:literal) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen.hold(crate::ks::State::$state)
        })
        .keys(&[$key])
        .under(Menu::Graph, 3, "State")
        .on(&[On::Filter, On::Pin])
        .when(|sight| match sight.limit() {
            Some(limit) => State::switch(limit == Some(crate::ks::State::$state)),
            None => State::not(NO_FILTER),
        })
    };
}

macro_rules! colour {
    ($name:literal, $words:literal, $colour:literal, $help:literal) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen.colour_frames($colour)
        })
        .under(Menu::Graph, 4, "Frame Colour")
        .on(&[On::Note])
        .when(|sight| match frame_colour(sight) {
            Some(colour) => State::switch(colour == $colour),
            None => State::not("No frame is selected: click its title first."),
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
    .also(&["insert filters"])
    .at(Menu::Graph, 0)
    .on(&[On::Canvas]),
    Spec::new(
        "graph.connect",
        "Connect",
        "Wires the selected filters one to the next, from left to right; a selected wire that is refused takes its first cure.",
        |screen, _| screen.connect_selection(),
    )
    .keys(&["Ctrl+Shift+C"])
    .also(&["reconnect"])
    .at(Menu::Graph, 0)
    .on(&[On::Filter, On::Wire])
    .when(|sight| {
        let selection = sight.view.selection;
        let refused = selection.one_connection().map(|index| {
            let wire = wire_of(sight.view, index);
            wire.is_some_and(|wire| wire.outcome.is_err())
        });
        match refused {
            Some(true) => State::ready().saying("Reconnect"),
            Some(false) => State::not("This wire holds: there is nothing to cure."),
            None => State::when(
                selection.filters.len() > 1,
                "Two filters or more have to be selected, or a wire that is refused.",
            ),
        }
    }),
    Spec::new(
        "graph.render_pin",
        "Render Pin",
        "Has what an output gives heard: wires it to a device, with whatever has to go in between.",
        |screen, _| screen.render_pin(),
    )
    .keys(&["Ctrl+Shift+R"])
    .also(&["play this pin"])
    .at(Menu::Graph, 0)
    .on(&[On::Pin])
    .toast("Rendered")
    .when(|sight| match sight.output() {
        Ok(_) => State::ready(),
        Err(why) => State::not(why),
    }),
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
        "graph.group",
        "Group",
        "Folds what is selected into a new group; the sound stays the same.",
        |screen, _| screen.app.perform(Action::Group),
    )
    .keys(&["Ctrl+Shift+E"])
    .at(Menu::Graph, 2)
    .on(&[On::Filter])
    .toast("Grouped #")
    .when(|sight| State::when(sight.has_filters(), NO_FILTER)),
    Spec::new(
        "graph.ungroup",
        "Ungroup",
        "Dissolves the selected groups; what was inside becomes the selection.",
        |screen, _| screen.app.perform(Action::Ungroup),
    )
    .keys(&["Ctrl+Shift+U"])
    .at(Menu::Graph, 2)
    .on(&[On::Filter])
    .toast("Ungrouped #")
    .when(|sight| {
        let mut filters = sight.view.selection.filters.iter();
        let any = filters.any(|id| is_group(sight, *id));
        State::when(any, "No group is selected: click one first.")
    }),
    Spec::new(
        "graph.pack",
        "Save as Filter\u{2026}",
        "Puts the selected group into the catalogue, with a title, a page and properties of its own.",
        |screen, _| screen.pack(),
    )
    .keys(&["Ctrl+Alt+S"])
    .also(&["macro", "preset", "reuse", "package", "library"])
    .at(Menu::Graph, 2)
    .on(&[On::Filter])
    .when(one_group),
    Spec::new(
        "graph.unpack",
        "Make a Group",
        "Makes the selected filters that are made of others groups again, which can be changed; others of their kind stay.",
        |screen, _| screen.unpack(),
    )
    .keys(&["Ctrl+Alt+U"])
    .also(&["unpack", "detach", "unlink"])
    .at(Menu::Graph, 2)
    .on(&[On::Filter])
    .when(|sight| {
        let mut filters = sight.view.selection.filters.iter();
        let is_made = |id: &FilterId| {
            let node = sight.view.graph.filters.get(id);
            is_group(sight, *id) && node.is_some_and(|node| node.kind.filter().is_some())
        };
        State::when(
            filters.any(is_made),
            "No filter is selected that is made of others.",
        )
    }),
    Spec::new(
        "graph.enter",
        "Open Group",
        "Shows the inside of the selected group.",
        |screen, _| screen.enter_group(),
    )
    .also(&["enter group"])
    .keys(&["Alt+Down"])
    .at(Menu::Graph, 2)
    .on(&[On::Filter])
    .when(one_group),
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
        "graph.bypass",
        "Bypass",
        "Lets what comes into the selected filters go out as it is, or lets them work again.",
        |screen, _| screen.bypass(),
    )
    .keys(&["B"])
    .at(Menu::Graph, 3)
    .on(&[On::Filter])
    .when(|sight| {
        let state = State::when(sight.has_filters(), NO_FILTER);
        State {
            is_on: Some(sight.all(|filter| filter.is_bypassed)),
            ..state
        }
    }),
    Spec::new(
        "graph.disable",
        "Disable",
        "Leaves the selected filters out of what plays; their wires carry silence.",
        |screen, _| screen.disable(true),
    )
    .keys(&["D"])
    .at(Menu::Graph, 3)
    .on(&[On::Filter])
    .when(|sight| match sight.all(|filter| filter.is_disabled) {
        true => State::not("All that is selected is disabled already."),
        false => State::when(sight.has_filters(), NO_FILTER),
    }),
    Spec::new(
        "graph.enable",
        "Enable",
        "Lets the selected filters take part in what plays again.",
        |screen, _| screen.disable(false),
    )
    .keys(&["E"])
    .at(Menu::Graph, 3)
    .on(&[On::Filter])
    .when(|sight| match sight.any(|filter| filter.is_disabled) {
        true => State::ready(),
        false => State::not("Nothing that is selected is disabled."),
    }),
    limit!(
        "graph.state.run",
        "With the Graph",
        Run,
        "R",
        "Lets the selected filters, or the pin pointed at, go with the graph."
    ),
    limit!(
        "graph.state.pause",
        "Pause Here",
        Pause,
        "P",
        "Holds the selected filters, or the pin pointed at, in Pause while the rest runs."
    ),
    limit!(
        "graph.state.acquire",
        "Acquire Here",
        Acquire,
        "A",
        "Lets the selected filters, or the pin pointed at, keep what they hold and move nothing."
    ),
    limit!(
        "graph.state.stop",
        "Stop Here",
        Stop,
        "S",
        "Stops the selected filters, or the pin pointed at, while the rest runs."
    ),
    Spec::new(
        "graph.comment",
        "Add Comment",
        "Writes a comment on the canvas, at the pointer.",
        |screen, _| screen.add_comment(),
    )
    .keys(&["Ctrl+Shift+N"])
    .at(Menu::Graph, 4)
    .on(&[On::Canvas]),
    Spec::new(
        "graph.frame",
        "Add Frame",
        "Draws a frame with a title round what is selected.",
        |screen, _| screen.add_frame(),
    )
    .keys(&["Ctrl+Shift+F"])
    .at(Menu::Graph, 4)
    .on(&[On::Filter])
    .when(|sight| State::when(sight.has_filters(), NO_FILTER)),
    Spec::new(
        "graph.note.edit",
        "Edit Words",
        "Opens the words of the selected comment or frame.",
        |screen, _| screen.edit_note(),
    )
    .at(Menu::Graph, 4)
    .on(&[On::Note])
    .when(|sight| {
        let one = sight.view.selection.notes.len() == 1;
        State::when(
            one,
            "One comment or frame has to be selected: click it first.",
        )
    }),
    colour!(
        "graph.frame.usual",
        "Usual Frame",
        "",
        "Gives the selected frames the usual colour."
    ),
    colour!(
        "graph.frame.teal",
        "Teal Frame",
        "teal",
        "Makes the selected frames teal."
    ),
    colour!(
        "graph.frame.violet",
        "Violet Frame",
        "violet",
        "Makes the selected frames violet."
    ),
    colour!(
        "graph.frame.blue",
        "Blue Frame",
        "blue",
        "Makes the selected frames blue."
    ),
    colour!(
        "graph.frame.amber",
        "Amber Frame",
        "amber",
        "Makes the selected frames amber."
    ),
    colour!(
        "graph.frame.orange",
        "Orange Frame",
        "orange",
        "Makes the selected frames orange."
    ),
    colour!(
        "graph.frame.red",
        "Red Frame",
        "red",
        "Makes the selected frames red."
    ),
    Spec::new(
        "graph.why",
        "Why Refused?",
        "Shows the card of the selected wire that is refused, or of the first one: what stopped it and what would help.",
        |screen, ctx| screen.show_why(ctx),
    )
    .keys(&["Shift+F1"])
    .at(Menu::Graph, 5)
    .on(&[On::Wire])
    .when(|sight| {
        State::when(
            refused_wire(sight.view).is_some(),
            "No wire that is selected is refused, nor any other.",
        )
    }),
    Spec::new(
        "graph.refresh",
        "Look for Devices",
        "Looks for devices and files again.",
        |screen, _| screen.app.perform(Action::Refresh),
    )
    .keys(&["F5"])
    .at(Menu::Graph, 8),
    Spec::new(
        "graph.read_filters",
        "Read Filters Again",
        "Reads the files of filters that were made of groups again; boxes of those that changed follow.",
        |screen, _| screen.app.perform(Action::ReadFilters),
    )
    .at(Menu::Graph, 8),
];
