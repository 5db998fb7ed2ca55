//! Where the panels stand round the canvas.
//!
//! Places are taken from the outside in, contents are drawn in the order in which the keyboard walks them: menu,
//! transport, catalogue, canvas, inspector, bottom.

use egui::{CentralPanel, Color32, Frame, Panel, Rect, Ui, UiBuilder};

use super::keep::{Sizes, kept};
use super::parts::Part;
use super::{Command, Screen};
use crate::gui::node_graph::Output;
use crate::gui::panels::{menu, status, transport};
use crate::gui::theme::{Theme, window};
use crate::ks::Descriptor;

/// A panel at a side: there as the width of the window has it, until the user says otherwise.
#[derive(Clone, Copy, Debug)]
pub(in crate::gui) struct Side {
    /// From this width on it is there by itself.
    from: f32,
    wish: Option<bool>,
    wide: f32,
}

impl Side {
    pub(super) const fn from(from: f32) -> Self {
        Self {
            from,
            wish: None,
            wide: f32::INFINITY,
        }
    }

    /// Whether it is there.
    pub(in crate::gui) fn is_shown(self) -> bool {
        self.wish.unwrap_or(self.wide >= self.from)
    }

    /// Shows or folds it. What the width says anyway is no wish.
    pub(in crate::gui) fn show(&mut self, is_shown: bool) {
        self.wish = (is_shown != (self.wide >= self.from)).then_some(is_shown);
    }

    /// Whether the user has folded it.
    pub(super) fn is_put_away(self) -> bool {
        self.wish == Some(false)
    }

    /// Folds it whatever the width.
    pub(super) fn put_away(&mut self) {
        self.wish = Some(false);
    }

    /// Folds what is shown, shows what is folded.
    pub(in crate::gui) fn toggle(&mut self) {
        self.show(!self.is_shown());
    }
}

fn plain(fill: Color32) -> Frame {
    Frame::NONE.fill(fill)
}

/// A place that was taken for a panel.
struct Taken {
    /// What its contents fill.
    inner: Rect,
    /// All of it.
    outer: Rect,
}

/// Takes a place for a panel, to be filled later.
fn take(ui: &mut Ui, panel: Panel, fill: Color32) -> Taken {
    let shown = panel.frame(plain(fill)).show(ui, |ui| {
        ui.take_available_space();
        ui.max_rect()
    });
    Taken {
        inner: shown.inner,
        outer: shown.response.rect,
    }
}

/// The strip at an edge by which a panel is sized: contents keep off it, since they lie above.
const GRIP: f32 = 4.0;

/// What is drawn into a place that was taken.
fn child(ui: &mut Ui, name: &str, rect: Rect) -> Ui {
    let mut child = ui.new_child(UiBuilder::new().id_salt(name).max_rect(rect));
    child.shrink_clip_rect(rect);
    child
}

impl Screen {
    pub(super) fn panels(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) -> Output {
        let theme = Theme::of(ui.ctx());
        let now = ui.input(|i| i.time);
        let whole = ui.ctx().content_rect();
        self.catalogue_side.wide = whole.width();
        self.inspector_side.wide = whole.width();
        self.menu_ui(ui, commands);
        let view = self.app.view();
        self.moves = self.signals.update(&view, now);
        self.inspector.hear(&view, now, commands);
        self.bars_ui(ui, commands);
        let size = |name, usual| kept(self.app.preferences(), name, usual);
        let high = size("bottom", window::BOTTOM);
        let bottom = self.bottom.place(whole.height(), high);
        let bottom = take(ui, bottom, theme.panel);
        let catalogue = self.catalogue_side.is_shown().then(|| {
            let panel = Panel::left("catalogue")
                .default_size(size("catalogue", window::CATALOGUE))
                .size_range(window::CATALOGUE_MIN..=window::CATALOGUE_MAX)
                .resizable(true);
            take(ui, panel, theme.panel)
        });
        let inspector = self.inspector_side.is_shown().then(|| {
            let panel = Panel::right("inspector")
                .default_size(size("inspector", window::INSPECTOR))
                .size_range(window::INSPECTOR_MIN..=window::INSPECTOR_MAX)
                .resizable(true);
            take(ui, panel, theme.panel)
        });
        let sizes = Sizes {
            catalogue: catalogue.as_ref().map(|it| it.outer.width()),
            inspector: inspector.as_ref().map(|it| it.outer.width()),
            bottom: Some(bottom.outer.height()).filter(|_| !self.bottom.is_folded()),
        };
        self.keep_panels(ui, &sizes);
        if let Some(Taken { inner, .. }) = catalogue {
            let rect = inner.with_max_x(inner.right() - GRIP);
            self.catalogue_ui(&mut child(ui, "catalogue contents", rect), commands);
        }
        let output = CentralPanel::no_frame()
            .show(ui, |ui| self.stage(ui, commands))
            .inner;
        let view = self.app.view();
        if let Some(Taken { inner, .. }) = inspector {
            let rect = inner.with_min_x(inner.left() + GRIP);
            let mut ui = child(ui, "inspector contents", rect);
            Part::Inspector.gate(&mut ui);
            self.inspector.ui(&mut ui, &view, &self.look, commands);
        }
        let mut ui = child(ui, "bottom contents", bottom.inner);
        Part::Bottom.gate(&mut ui);
        self.bottom.ui(&mut ui, &view, commands);
        output
    }

    fn menu_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = Theme::of(ui.ctx());
        let view = self.app.view();
        let sight = self.sight(&view);
        Panel::top("menu")
            .exact_size(window::MENU)
            .frame(plain(theme.window))
            .show_separator_line(false)
            .show(ui, |ui| {
                Part::Menu.gate(ui);
                menu::ui(ui, &sight, &self.bindings, commands);
            });
    }

    /// Transport and status line.
    fn bars_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = Theme::of(ui.ctx());
        let view = self.app.view();
        Panel::top("transport")
            .exact_size(window::TRANSPORT)
            .frame(plain(theme.window))
            .show_separator_line(true)
            .show(ui, |ui| {
                Part::Transport.gate(ui);
                transport::ui(ui, &view, commands);
            });
        Panel::bottom("status")
            .exact_size(window::STATUS)
            .frame(plain(theme.window))
            .show(ui, |ui| {
                if let Some(last) = &self.last {
                    match &self.hint {
                        Some(hint) => status::ui(ui, &view, &last.now.saying(&hint.words)),
                        None => status::ui(ui, &view, &last.now),
                    }
                }
            });
    }

    fn catalogue_ui(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        Part::Catalogue.gate(ui);
        let hand = self.last.as_ref().and_then(|last| last.in_hand.clone());
        let fits = |descriptor: &Descriptor| {
            hand.as_ref()
                .is_none_or(|hand| hand.fits(descriptor).is_some())
        };
        let view = self.app.view();
        self.catalogue
            .ui(ui, &view, &self.look, Some(&fits), commands);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_decides_until_the_user_does() {
        let mut side = Side::from(1280.0);
        assert!(side.is_shown());
        side.wide = 1279.0;
        assert!(!side.is_shown());
        side.toggle();
        assert!(side.is_shown(), "asked for in a narrow window");
        side.toggle();
        side.wide = 1600.0;
        assert!(side.is_shown(), "folded for want of room only");
        side.toggle();
        assert!(!side.is_shown());
    }
}
