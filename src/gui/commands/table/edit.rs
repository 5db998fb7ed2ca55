//! Edit: what is changed, and what is selected.

use super::super::{FIND, Menu, On, PASTE, Spec, State};
use super::{EMPTY, NO_FILTER, NOTHING_SELECTED};
use crate::app::{Action, Selection};
use crate::graph::Position;

macro_rules! nudge {
    ($name:literal, $words:literal, $right:literal, $down:literal, $help:literal) => {
        Spec::new($name, $words, $help, |screen, _| {
            screen.nudge($right, $down)
        })
        .keys(&[concat!("Ctrl+Shift+", $words)])
        .under(Menu::Edit, 3, "Move")
        .repeats()
        .when(|sight| State::when(sight.has_boxes(), NOTHING_SELECTED))
    };
}

pub(super) const SPECS: &[Spec] = &[
    Spec::new(
        "edit.undo",
        "Undo",
        "Takes back the last edit.",
        |screen, _| screen.app.perform(Action::Undo),
    )
    .keys(&["Ctrl+Z"])
    .at(Menu::Edit, 0)
    .repeats()
    .when(|sight| match &sight.view.undo {
        Some(name) => State::ready().saying(format!("Undo {name}")),
        None => State::not("There is no edit to take back."),
    }),
    Spec::new(
        "edit.redo",
        "Redo",
        "Does again what was taken back.",
        |screen, _| screen.app.perform(Action::Redo),
    )
    .keys(&["Ctrl+Shift+Z", "Ctrl+Y"])
    .at(Menu::Edit, 0)
    .repeats()
    .when(|sight| match &sight.view.redo {
        Some(name) => State::ready().saying(format!("Redo {name}")),
        None => State::not("Nothing was taken back."),
    }),
    Spec::new(
        "edit.history",
        "History\u{2026}",
        "Lists every edit; a click goes back or forth to it.",
        |screen, _| screen.shows_history = !screen.shows_history,
    )
    .keys(&["Ctrl+H"])
    .at(Menu::Edit, 0)
    .when(|sight| State::switch(sight.shows_history)),
    Spec::new(
        "edit.cut",
        "Cut",
        "Takes what is selected away, to be pasted elsewhere.",
        |screen, ctx| {
            if screen.copy(ctx) {
                screen.app.perform(Action::Cut);
            }
        },
    )
    .keys(&["Ctrl+X"])
    .at(Menu::Edit, 1)
    .on(&[On::Filter, On::Note])
    .toast("Cut #")
    .when(|sight| State::when(sight.has_boxes(), NOTHING_SELECTED)),
    Spec::new(
        "edit.copy",
        "Copy",
        "Copies what is selected, with the wires inside, as text.",
        |screen, ctx| {
            screen.copy(ctx);
        },
    )
    .keys(&["Ctrl+C"])
    .at(Menu::Edit, 1)
    .on(&[On::Filter, On::Note])
    .when(|sight| State::when(sight.has_boxes(), NOTHING_SELECTED)),
    Spec::new(
        PASTE,
        "Paste",
        "Puts in what was copied, here or in another document.",
        |screen, ctx| screen.request_paste(ctx),
    )
    .keys(&["Ctrl+V"])
    .at(Menu::Edit, 1)
    .on(&[On::Canvas]),
    Spec::new(
        "edit.duplicate",
        "Duplicate",
        "Puts a copy of what is selected beside it.",
        |screen, _| {
            let by = Position { x: 32.0, y: 32.0 };
            screen.app.perform(Action::Duplicate { by });
        },
    )
    .keys(&["Ctrl+D"])
    .at(Menu::Edit, 1)
    .on(&[On::Filter, On::Note])
    .repeats()
    .when(|sight| State::when(sight.has_boxes(), NOTHING_SELECTED)),
    Spec::new(
        "edit.delete",
        "Delete",
        "Deletes what is selected: filters with their wires, or wires.",
        |screen, _| screen.app.perform(Action::DeleteSelection),
    )
    .keys(&["Del", "Backspace"])
    .at(Menu::Edit, 1)
    .on(&[On::Filter, On::Wire, On::Note])
    .toast("Deleted #")
    .when(|sight| State::when(sight.has_selection(), NOTHING_SELECTED)),
    Spec::new(
        "edit.disconnect",
        "Disconnect Selection",
        "Takes away the wires that are selected, and those between selected filters and the others.",
        |screen, _| screen.app.perform(Action::DisconnectSelection),
    )
    .keys(&["Shift+Del"])
    .at(Menu::Edit, 2)
    .toast("Disconnected #")
    .when(|sight| State::when(sight.has_selection(), NOTHING_SELECTED)),
    Spec::new(
        "edit.disconnect_all",
        "Disconnect All",
        "Takes away every wire of the selected filter, or of the filter or pin pointed at.",
        |screen, _| screen.disconnect_all(),
    )
    .keys(&["Ctrl+Del"])
    .at(Menu::Edit, 2)
    .on(&[On::Filter, On::Pin])
    .toast("Disconnected #")
    .when(|sight| match sight.aim {
        Some(aim) if aim.target.is_some() => State::when(
            !aim.wires.is_empty(),
            "No wire ends here.",
        ),
        _ => State::when(sight.has_filters(), NO_FILTER),
    }),
    Spec::new(
        "edit.rename",
        "Rename\u{2026}",
        "Gives the selected filter another name.",
        |screen, _| screen.rename(),
    )
    .keys(&["F2"])
    .at(Menu::Edit, 3)
    .on(&[On::Filter])
    .when(|sight| {
        let one = sight.view.selection.one_filter().is_some();
        State::when(one, "One filter has to be selected: click it first.")
    }),
    Spec::new(
        "edit.properties",
        "Properties",
        "Shows the properties of what is selected in the inspector.",
        |screen, _| screen.show_properties(),
    )
    .keys(&["Alt+Enter"])
    .at(Menu::Edit, 3)
    .on(&[On::Filter, On::Wire])
    .when(|sight| State::when(sight.has_selection(), NOTHING_SELECTED)),
    nudge!(
        "edit.move.left",
        "Left",
        -1.0,
        0.0,
        "Moves what is selected one step of the grid to the left."
    ),
    nudge!(
        "edit.move.right",
        "Right",
        1.0,
        0.0,
        "Moves what is selected one step of the grid to the right."
    ),
    nudge!(
        "edit.move.up",
        "Up",
        0.0,
        -1.0,
        "Moves what is selected one step of the grid up."
    ),
    nudge!(
        "edit.move.down",
        "Down",
        0.0,
        1.0,
        "Moves what is selected one step of the grid down."
    ),
    Spec::new(
        "edit.select_all",
        "Select All",
        "Selects every filter.",
        |screen, _| screen.app.perform(Action::SelectAll),
    )
    .keys(&["Ctrl+A"])
    .at(Menu::Edit, 4)
    .on(&[On::Canvas])
    .when(|sight| State::when(!sight.view.graph.filters.is_empty(), EMPTY)),
    Spec::new(
        "edit.select_none",
        "Select Nothing",
        "Lets go of what is selected.",
        |screen, _| screen.app.perform(Action::Select(Selection::default())),
    )
    .keys(&["Ctrl+Shift+A"])
    .at(Menu::Edit, 4)
    .when(|sight| State::when(sight.has_selection(), "Nothing is selected.")),
    Spec::new(
        FIND,
        "Find\u{2026}",
        "Opens one box that finds filters of the graph, filters to add, and commands.",
        |screen, _| screen.open_finder(),
    )
    .keys(&["Ctrl+F"])
    .at(Menu::Edit, 5),
];
