//! Refusals that no hand on the canvas has just brought about: of wires that stand there, and of what was dropped, moved or
//! inserted. Each has its card, near where the hand is.

use egui::{Context, Pos2};

use super::Screen;
use crate::app::{Action, Selection, View};
use crate::graph::PinAddress;
use crate::gui::canvas::wire_of;
use crate::gui::node_graph::Target;
use crate::gui::panels::card::Card;

/// The refused wire that is meant: the selected one; where none is selected, the first.
pub(in crate::gui) fn refused_wire(view: &View<'_>) -> Option<usize> {
    let is_refused = |index: &usize| {
        let wire = wire_of(view, *index);
        wire.is_some_and(|wire| wire.outcome.is_err())
    };
    let selected = &view.selection.connections;
    match selected.is_empty() {
        true => (0..view.graph.connections.len()).find(is_refused),
        false => selected.iter().copied().find(is_refused),
    }
}

impl Screen {
    /// Shows why a wire that is there is refused.
    pub(in crate::gui) fn show_why(&mut self, ctx: &Context) {
        let view = self.app.view();
        let index = refused_wire(&view);
        let wire = index.and_then(|index| Some((index, wire_of(&view, index)?)));
        let Some((index, wire)) = wire else {
            return;
        };
        let Err(refusal) = &wire.outcome else {
            return;
        };
        let (from, to, refusal) = (wire.from.clone(), wire.to.clone(), (**refusal).clone());
        let ends = view.graph.connections.get(index);
        let ends = ends.map(|it| [it.from.filter, it.to.filter]);
        let boxes = self.last.iter().flat_map(|last| &last.boxes);
        let near = boxes.filter(|(id, _)| ends.is_some_and(|ends| ends.contains(id)));
        let middles: Vec<Pos2> = near.map(|(_, rect)| rect.center()).collect();
        let pointed = self
            .aim
            .as_ref()
            .filter(|aim| matches!(aim.target, Some(Target::Wire(_))));
        let at = match (pointed, middles.as_slice()) {
            (Some(aim), _) => aim.screen,
            (None, &[one, other]) => one + (other - one) / 2.0,
            (None, &[one]) => one,
            _ => self.key_point().1,
        };
        let mut selection = Selection::default();
        selection.connections.insert(index);
        self.app.perform(Action::Select(selection));
        self.card = Some(Card::new(from, to, refusal, at));
        ctx.request_repaint();
    }

    /// A refusal that no hand on the canvas has brought about has its card too, at the pointer.
    pub(super) fn show_refusal(&mut self, ctx: &Context, before: Option<(PinAddress, PinAddress)>) {
        let view = self.app.view();
        let Some((from, to, refusal)) = view.refusal else {
            return;
        };
        let is_old = before.is_some_and(|it| (&it.0, &it.1) == (from, to));
        let is_shown = self
            .card
            .as_ref()
            .is_some_and(|card| card.pins() == (from, to));
        if is_old || is_shown {
            return;
        }
        let (from, to, refusal) = (from.clone(), to.clone(), refusal.clone());
        let at = ctx.pointer_latest_pos();
        let at = at.unwrap_or_else(|| self.key_point().1);
        self.card = Some(Card::new(from, to, refusal, at));
        ctx.request_repaint();
    }
}
