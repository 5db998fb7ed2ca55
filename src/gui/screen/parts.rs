//! The parts of the window as the keyboard walks them.

use egui::{Context, Id, Rect, Sense, Ui, WidgetInfo};

use super::Screen;
use crate::gui::controls;

/// A part of the window, in the order in which they are walked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Menu,
    Transport,
    Catalogue,
    Canvas,
    Inspector,
    Bottom,
}

impl Part {
    const ALL: [Self; 6] = [
        Self::Menu,
        Self::Transport,
        Self::Catalogue,
        Self::Canvas,
        Self::Inspector,
        Self::Bottom,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Menu => "Menu bar",
            Self::Transport => "Transport",
            Self::Catalogue => "Catalogue",
            Self::Canvas => "Canvas",
            Self::Inspector => "Inspector",
            Self::Bottom => "Bottom panel",
        }
    }

    fn id(self) -> Id {
        Id::unique(("part of the window", self.name()))
    }

    /// The place that has the keyboard when a panel as a whole has it: Tab goes from there to what is inside.
    pub(super) fn gate(self, ui: &mut Ui) {
        let rect: Rect = ui.max_rect();
        let response = ui.interact(rect, self.id(), Sense::focusable_noninteractive());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Pane, true, self.name()));
        let inside = rect.shrink(3.0);
        controls::focus_ring(ui, &response.with_new_rect(inside));
        let now = ui.ctx().cumulative_pass_nr();
        ui.data_mut(|data| data.insert_temp(self.id(), now));
    }

    /// Whether it was drawn in this frame or the last.
    fn is_shown(self, ctx: &Context) -> bool {
        let now = ctx.cumulative_pass_nr();
        ctx.data(|data| data.get_temp::<u64>(self.id()))
            .is_some_and(|then| then + 1 >= now)
    }
}

impl Screen {
    /// Gives the keyboard to the next part that is there.
    pub(in crate::gui) fn walk_panels(&mut self, ctx: &Context, step: isize) {
        let shown: Vec<Part> = Part::ALL
            .into_iter()
            .filter(|part| *part == Part::Canvas || part.is_shown(ctx))
            .collect();
        if self.canvas.has_keyboard(ctx) {
            self.part = Part::Canvas;
        }
        let at = shown.iter().position(|part| *part == self.part);
        let count = shown.len() as isize;
        let at = at.map_or(0, |at| at as isize);
        let next = shown[(at + step).rem_euclid(count) as usize];
        self.part = next;
        let id = match next {
            Part::Canvas => self.canvas.id(),
            part => part.id(),
        };
        ctx.memory_mut(|memory| memory.request_focus(id));
    }
}
