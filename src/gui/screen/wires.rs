//! Commands that draw wires, and what is asked of a wire that was just drawn.

use super::Screen;
use crate::app::{Action, ConnectMode, Selection, View};
use crate::graph::{Master, PinAddress};
use crate::gui::canvas::wire_of;

impl Screen {
    /// Wires what is selected one to the next; a refused wire takes its first cure.
    pub(in crate::gui) fn connect_selection(&mut self) {
        let view = self.app.view();
        let action = match view.selection.one_connection() {
            Some(index) => {
                let Some(wire) = wire_of(&view, index) else {
                    return;
                };
                Action::ConnectVia {
                    from: wire.from.clone(),
                    to: wire.to.clone(),
                    cure: 0,
                }
            }
            None => Action::ConnectFilters(view.selection.filters.iter().copied().collect()),
        };
        self.settle();
        self.app.perform(action);
    }

    /// Has the output that is meant heard.
    pub(in crate::gui) fn render_pin(&mut self) {
        let view = self.app.view();
        let pin = self.sight(&view).output();
        if let Ok(pin) = pin {
            self.settle();
            self.app.perform(Action::RenderPin(pin));
        }
    }

    /// The clock of the selected filter drives the graph, or the program chooses again.
    pub(in crate::gui) fn use_clock(&mut self) {
        let view = self.app.view();
        let master = match self.sight(&view).driver() {
            Some((true, _)) => Master::Automatic,
            Some((false, path)) => Master::Filter(path),
            None => return,
        };
        self.app.perform(Action::SetMaster(master));
    }

    /// What is put in is to cover no box as it is drawn.
    fn settle(&mut self) {
        let sizes = self.box_sizes();
        self.app.set_box_sizes(sizes);
    }

    /// Draws a wire. Where formats are asked for, one that holds is selected and its list of formats opened.
    pub(super) fn connect(&mut self, from: PinAddress, to: PinAddress) {
        self.app.perform(Action::Connect {
            from: from.clone(),
            to: to.clone(),
        });
        if self.app.preferences().connect != ConnectMode::WithFormat {
            return;
        }
        let Some(index) = made(&self.app.view(), &from, &to) else {
            return;
        };
        let mut selection = Selection::default();
        selection.connections.insert(index);
        self.app.perform(Action::Select(selection));
        self.inspector.ask_format();
        self.inspector_side.show(true);
    }
}

/// The wire between two pins, if it holds.
fn made(view: &View<'_>, from: &PinAddress, to: &PinAddress) -> Option<usize> {
    let mut wires = 0..view.graph.connections.len();
    wires.rfind(|index| {
        let wire = wire_of(view, *index);
        wire.is_some_and(|wire| &wire.from == from && &wire.to == to && wire.outcome.is_ok())
    })
}
