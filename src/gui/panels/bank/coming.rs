//! A bank on its way: how far it is, or why it is not there.

use egui::{CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::super::page::{heading, row, section_rule, sentence};
use super::bank_name;
use crate::app::Action;
use crate::graph::{FilterNode, FilterPath};
use crate::gui::controls::{self, Face};
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, radius};
use crate::ks::{BankDesk, LoadStage, Loading};

/// Between frames while a bank is loaded, in seconds.
const LOADING: f32 = 0.1;

/// How far a bank is loaded, in words.
fn loading_words(loading: &Loading) -> String {
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    match loading.progress() {
        (LoadStage::Reading, _, 0) => "waiting for the disk".to_owned(),
        (LoadStage::Reading, done, of) => {
            format!("{:.0} of {:.0} MiB read", mib(done), mib(of).max(1.0))
        }
        (LoadStage::Parsing, ..) => "taken apart".to_owned(),
        (LoadStage::Making, done, of) => format!("{done} of {of} instruments"),
    }
}

/// What is on its way, and what went wrong with it.
pub(super) fn coming_ui(
    ui: &mut Ui,
    desk: &BankDesk,
    path: &FilterPath,
    filter: &FilterNode,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    if let Some(loading) = desk.loading() {
        let name = bank_name(filter);
        let words = loading_words(&loading);
        heading(ui, &format!("Loading {name}"), &words);
        let rect = row(ui, 8.0);
        bar_ui(ui, rect.shrink2(vec2(0.0, 2.0)), loading.share());
        let told = format!("Loading {name}: {words}");
        probe::note(ui.ctx(), "fact", "Loading", &told, rect);
        let spoken = ui.interact(rect, ui.scope_id().with("loading"), Sense::hover());
        spoken.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &told));
        let after = match desk.sheet().0 {
            0 => "Nothing sounds until it is there. Another bank takes its place.",
            _ => "What it had before is played until then. Another bank takes its place.",
        };
        sentence(ui, after, theme.dim);
        ui.add_space(4.0);
        section_rule(ui);
        ui.ctx().request_repaint_after_secs(LOADING);
    } else if let Some(trouble) = desk.trouble() {
        heading(ui, "Not loaded", "");
        sentence(ui, &trouble, theme.warn);
        if desk.sheet().0 != 0 {
            sentence(ui, "What it had before is played on.", theme.dim);
        }
        let mut place = row(ui, 30.0);
        place.set_width(96.0);
        place = place.shrink2(vec2(0.0, 2.0));
        if controls::button_at(ui, place, "Try Again", Face::Plain, true).clicked() {
            commands.push(Command::Do(Action::LoadAgain(path.clone())));
        }
        ui.add_space(4.0);
        section_rule(ui);
    }
}

/// How much of something is done.
pub(in crate::gui) fn bar_ui(ui: &Ui, rail: Rect, share: f32) {
    let theme = Theme::of(ui.ctx());
    let corner = CornerRadius::same(radius::BAR);
    ui.painter().rect_filled(rail, corner, theme.line);
    let mut done = rail;
    done.set_width(rail.width() * share.clamp(0.0, 1.0));
    ui.painter().rect_filled(done, corner, theme.accent);
}
