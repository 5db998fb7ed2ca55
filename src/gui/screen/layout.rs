//! Where the panels stand round the canvas.

use egui::{CentralPanel, Frame, Panel, Ui};

use super::parts::Part;
use super::{Command, Screen};
use crate::gui::node_graph::Output;
use crate::gui::panels::{menu, status, transport};
use crate::gui::theme::{Theme, window};
use crate::ks::Descriptor;

impl Screen {
    pub(super) fn panels(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) -> Output {
        let theme = Theme::of(ui.ctx());
        let now = ui.input(|i| i.time);
        self.menu_ui(ui, commands);
        let Self {
            app,
            look,
            signals,
            catalogue,
            inspector,
            bottom,
            last,
            hint,
            ..
        } = self;
        let view = app.view();
        self.moves = signals.update(&view, now);
        let plain = |fill| Frame::NONE.fill(fill);
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
                if let Some(last) = last.as_ref() {
                    match hint {
                        Some(hint) => status::ui(ui, &view, &last.now.saying(&hint.words)),
                        None => status::ui(ui, &view, &last.now),
                    }
                }
            });
        bottom.place().frame(plain(theme.panel)).show(ui, |ui| {
            Part::Bottom.gate(ui);
            bottom.ui(ui, &view, commands);
        });
        let wide = ui.ctx().content_rect().width();
        if self.shows_catalogue && wide >= 900.0 {
            let hand = last.as_ref().and_then(|last| last.in_hand.clone());
            let fits = |descriptor: &Descriptor| {
                hand.as_ref()
                    .is_none_or(|hand| hand.fits(descriptor).is_some())
            };
            Panel::left("catalogue")
                .default_size(window::CATALOGUE)
                .size_range(window::CATALOGUE_MIN..=window::CATALOGUE_MAX)
                .resizable(true)
                .frame(plain(theme.panel))
                .show(ui, |ui| {
                    Part::Catalogue.gate(ui);
                    catalogue.ui(ui, &view, look, Some(&fits), commands);
                    ui.take_available_space();
                });
        }
        if wide >= 1100.0 {
            Panel::right("inspector")
                .default_size(window::INSPECTOR)
                .size_range(window::INSPECTOR_MIN..=window::INSPECTOR_MAX)
                .resizable(true)
                .frame(plain(theme.panel))
                .show(ui, |ui| {
                    Part::Inspector.gate(ui);
                    inspector.ui(ui, &view, look, commands);
                    ui.take_available_space();
                });
        }
        CentralPanel::no_frame()
            .show(ui, |ui| self.stage(ui, commands))
            .inner
    }

    fn menu_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = Theme::of(ui.ctx());
        let view = self.app.view();
        let sight = self.sight(&view);
        Panel::top("menu")
            .exact_size(window::MENU)
            .frame(Frame::NONE.fill(theme.window))
            .show_separator_line(false)
            .show(ui, |ui| {
                Part::Menu.gate(ui);
                menu::ui(ui, &sight, &self.bindings, commands);
            });
    }
}
