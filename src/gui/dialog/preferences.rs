//! What is set: looks and keys. Changes count at once and are kept.

use egui::{Align2, CornerRadius, Key, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::page;
use crate::app::Action;
use crate::gui::commands::{self, Bindings, Keys, Menu, Sight, Spec, fixed};
use crate::gui::controls::{self, Face};
use crate::gui::panels::dialogs::modal;
use crate::gui::panels::menu;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};

/// The pages.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Tab {
    #[default]
    Looks,
    Keys,
}

/// A combination that is somebody's already.
struct Conflict {
    keys: Keys,
    wanted_by: &'static str,
    /// The command that has it; `None` where it always means the same.
    owner: Option<&'static Spec>,
    text: String,
}

/// The page while it is open.
#[derive(Default)]
pub(in crate::gui) struct Page {
    tab: Tab,
    search: String,
    /// The command that waits for keys.
    listening: Option<&'static str>,
    conflict: Option<Conflict>,
}

/// What the looks page has, by name of command.
const LOOKS: &[(&str, &[&str])] = &[
    (
        "Theme",
        &[
            "view.theme.dark",
            "view.theme.light",
            "view.theme.high_contrast",
            "view.theme.system",
        ],
    ),
    (
        "Scale",
        &[
            "view.scale.100",
            "view.scale.125",
            "view.scale.150",
            "view.scale.175",
            "view.scale.200",
        ],
    ),
    (
        "Connect",
        &[
            "tools.connect.direct",
            "tools.connect.intelligent",
            "tools.connect.format",
        ],
    ),
    ("Behaviour", &["view.reduced_motion"]),
];

/// What can be kept of what was played, in seconds.
const MINUTES: [(u32, &str); 5] = [
    (0, "None"),
    (60, "1 min"),
    (300, "5 min"),
    (900, "15 min"),
    (1_800, "30 min"),
];

impl Page {
    /// Whether the next keys are the ones a command gets.
    pub(super) fn is_listening(&self) -> bool {
        self.listening.is_some()
    }

    /// Draws it. False when it is done.
    pub(super) fn ui(
        &mut self,
        ui: &Ui,
        sight: &Sight<'_>,
        bindings: &Bindings,
        commands: &mut Vec<Command>,
    ) -> bool {
        self.listen(ui, bindings, commands);
        let mut stays = true;
        modal(ui, "preferences", |ui| {
            ui.set_width(560.0);
            page::title(ui, "Preferences");
            let (bar, _) = ui.allocate_exact_size(vec2(560.0, 28.0), Sense::hover());
            let tabs = ["Looks", "Keys"];
            let chosen = usize::from(self.tab == Tab::Keys);
            let id = egui::Id::unique("preferences tabs");
            let rect = Rect::from_min_size(bar.min, vec2(180.0, 26.0));
            if let Some(index) = controls::segments(ui, id, rect, &tabs, chosen, "Page", 1.0) {
                self.tab = if index == 1 { Tab::Keys } else { Tab::Looks };
                self.listening = None;
                self.conflict = None;
            }
            ui.add_space(4.0);
            match self.tab {
                Tab::Looks => looks(ui, sight, bindings, commands),
                Tab::Keys => self.keys(ui, bindings, commands),
            }
            ui.add_space(10.0);
            ui.horizontal(|ui| {
                stays = !controls::button(ui, "Close", Face::Primary).clicked();
                let any = commands::all().any(|spec| bindings.is_changed(spec.name));
                if self.tab == Tab::Keys
                    && any
                    && controls::button(ui, "Reset all keys", Face::Plain).clicked()
                {
                    commands.push(Command::ResetKeys);
                    self.conflict = None;
                }
            });
        });
        stays
    }

    /// Takes the next combination for the command that waits.
    fn listen(&mut self, ui: &Ui, bindings: &Bindings, commands: &mut Vec<Command>) {
        let Some(name) = self.listening else {
            return;
        };
        let heard = ui.input_mut(|i| {
            let heard = i.events.iter().find_map(Keys::of);
            if heard.is_some() {
                i.events.clear();
            }
            heard
        });
        let Some(keys) = heard else {
            return;
        };
        let is_modifier = matches!(
            keys.key,
            Key::ShiftLeft
                | Key::ShiftRight
                | Key::ControlLeft
                | Key::ControlRight
                | Key::AltLeft
                | Key::AltRight
                | Key::SuperLeft
                | Key::SuperRight
        );
        if is_modifier {
            return;
        }
        self.listening = None;
        self.conflict = None;
        if keys.key == Key::Escape && !keys.ctrl && !keys.shift && !keys.alt {
            return;
        }
        if let Some(fixed) = fixed(keys) {
            self.conflict = Some(Conflict {
                keys,
                wanted_by: name,
                owner: None,
                text: format!(
                    "{keys} always means \u{201c}{}\u{201d}. Choose other keys.",
                    fixed.words
                ),
            });
            return;
        }
        match bindings.owner(keys) {
            Some(owner) if owner.name != name => {
                let words = owner.words.trim_end_matches('\u{2026}');
                self.conflict = Some(Conflict {
                    keys,
                    wanted_by: name,
                    owner: Some(owner),
                    text: format!("{keys} belongs to {words}."),
                });
            }
            _ => bind(commands, name, &[keys]),
        }
    }

    fn keys(&mut self, ui: &mut Ui, bindings: &Bindings, commands: &mut Vec<Command>) {
        let theme = Theme::of(ui.ctx());
        let (rect, _) = ui.allocate_exact_size(vec2(560.0, 28.0), Sense::hover());
        let id = egui::Id::unique("search commands");
        let hint = "Which command?";
        controls::search(ui, id, rect, &mut self.search, hint, "", "Search commands");
        ui.add_space(4.0);
        self.conflict_ui(ui, bindings, commands);
        let wanted = self.search.trim().to_lowercase();
        let found = |spec: &&'static Spec| {
            wanted.is_empty()
                || spec.words.to_lowercase().contains(&wanted)
                || spec.help.to_lowercase().contains(&wanted)
                || bindings.shown(spec.name).to_lowercase() == wanted
        };
        let mut any = false;
        page::steady(ui, "commands", |ui| {
            let groups = Menu::ALL.into_iter().map(Some).chain([None]);
            for menu in groups {
                let mine: Vec<&'static Spec> = commands::all()
                    .filter(|spec| spec.place.map(|place| place.menu) == menu)
                    .filter(found)
                    .collect();
                if mine.is_empty() {
                    continue;
                }
                any = true;
                page::heading(ui, menu.map_or("Everywhere", Menu::title));
                for spec in mine {
                    self.row(ui, spec, bindings, commands);
                }
            }
            if !any {
                let words = format!(
                    "No command is called \u{201c}{}\u{201d}.",
                    self.search.trim()
                );
                page::text(ui, &words, Type::Body, theme.dim);
            }
        });
    }

    /// A command, its keys, and what can be done about them.
    fn row(
        &mut self,
        ui: &mut Ui,
        spec: &'static Spec,
        bindings: &Bindings,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
        let words = spec.words.trim_end_matches('\u{2026}');
        let title = match spec.place.and_then(|place| place.under) {
            Some(under) => format!("{under}: {words}"),
            None => words.to_owned(),
        };
        let at = rect.left_center() + vec2(4.0, 0.0);
        controls::clipped(ui, at, 220.0, &title, Type::Body, theme.text);
        let is_listening = self.listening == Some(spec.name);
        let shown: Vec<String> = bindings
            .keys(spec.name)
            .iter()
            .map(Keys::to_string)
            .collect();
        let shown = match (is_listening, shown.is_empty()) {
            (true, _) => "Press keys, or Esc".to_owned(),
            (false, true) => "none".to_owned(),
            (false, false) => shown.join(", "),
        };
        let field = Rect::from_min_size(
            pos2(rect.left() + 230.0, rect.top() + 2.0),
            vec2(170.0, 22.0),
        );
        let id = ui.scope_id().with(("keys of", spec.name));
        let name = format!("Keys of {title}");
        let response = ui.interact(field, id, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_value(shown.as_str()));
        probe::note(ui.ctx(), "button", &name, &shown, field);
        let (fill, edge) = match (is_listening, response.hovered()) {
            (true, _) => (theme.sel, theme.accent),
            (false, true) => (theme.hover, theme.line_strong),
            (false, false) => (theme.field, theme.line),
        };
        ui.painter().rect(
            field,
            CornerRadius::same(4),
            fill,
            egui::Stroke::new(1.0, edge),
            egui::StrokeKind::Inside,
        );
        let ink = if shown == "none" {
            theme.dim
        } else {
            theme.strong
        };
        let at = field.center();
        controls::text(ui, at, Align2::CENTER_CENTER, &shown, Type::Value, ink);
        controls::focus_ring(ui, &response);
        if response.clicked() {
            self.listening = (!is_listening).then_some(spec.name);
            self.conflict = None;
        }
        let mut at = pos2(field.right() + 8.0, field.top());
        let mut small = |ui: &mut Ui, words: &str, name: String| {
            let rect = Rect::from_min_size(at, vec2(52.0, 22.0));
            at.x += 56.0;
            let id = ui.scope_id().with((words, spec.name));
            let response = controls::clickable(ui, id, rect, true, &name);
            let ink = if response.hovered() {
                theme.strong
            } else {
                theme.dim
            };
            controls::text(
                ui,
                rect.center(),
                Align2::CENTER_CENTER,
                words,
                Type::Small,
                ink,
            );
            response.clicked()
        };
        if bindings.is_changed(spec.name) && small(ui, "Reset", format!("Reset keys of {title}")) {
            commands.push(Command::UseKeys {
                name: spec.name,
                keys: None,
            });
            self.conflict = None;
        }
        if !bindings.keys(spec.name).is_empty()
            && small(ui, "Remove", format!("Remove keys of {title}"))
        {
            bind(commands, spec.name, &[]);
        }
    }

    fn conflict_ui(&mut self, ui: &mut Ui, bindings: &Bindings, commands: &mut Vec<Command>) {
        let Some(conflict) = &self.conflict else {
            return;
        };
        let theme = Theme::of(ui.ctx());
        let mut done = false;
        egui::Frame::NONE
            .fill(theme.warn_bg)
            .corner_radius(CornerRadius::same(4))
            .inner_margin(8)
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.horizontal(|ui| {
                    page::text(ui, &conflict.text, Type::Body, theme.strong);
                    if let Some(owner) = conflict.owner {
                        let words = owner.words.trim_end_matches('\u{2026}');
                        let take = format!("Take it from {words}");
                        if controls::button(ui, &take, Face::Primary).clicked() {
                            let rest: Vec<Keys> = bindings
                                .keys(owner.name)
                                .iter()
                                .copied()
                                .filter(|it| *it != conflict.keys)
                                .collect();
                            bind(commands, owner.name, &rest);
                            bind(commands, conflict.wanted_by, &[conflict.keys]);
                            done = true;
                        }
                    }
                    if controls::button(ui, "Leave it", Face::Plain).clicked() {
                        done = true;
                    }
                });
            });
        ui.add_space(4.0);
        if done {
            self.conflict = None;
        }
    }
}

fn bind(commands: &mut Vec<Command>, name: &'static str, keys: &[Keys]) {
    commands.push(Command::UseKeys {
        name,
        keys: Some(keys.iter().map(Keys::to_string).collect()),
    });
}

fn looks(ui: &mut Ui, sight: &Sight<'_>, bindings: &Bindings, commands: &mut Vec<Command>) {
    page::steady(ui, "looks", |ui| {
        for (title, names) in LOOKS {
            page::heading(ui, title);
            for spec in names.iter().filter_map(|name| commands::find(name)) {
                let state = (spec.state)(sight);
                if menu::row(ui, 260.0, spec, &state, bindings) {
                    commands.push(Command::Run(spec.name));
                }
            }
        }
        minutes(ui, sight, commands);
    });
}

/// How much of what was played is kept in memory.
fn minutes(ui: &mut Ui, sight: &Sight<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    page::heading(ui, "Last minutes");
    let now = sight.preferences.last_minutes_seconds;
    let words = MINUTES.map(|(_, words)| words);
    let chosen = MINUTES.iter().position(|(seconds, _)| *seconds == now);
    let (bar, _) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
    let rect = Rect::from_min_size(bar.min, vec2(360.0_f32.min(bar.width()), 26.0));
    let id = egui::Id::unique("last minutes");
    let chosen = chosen.unwrap_or(words.len());
    if let Some(index) = controls::segments(ui, id, rect, &words, chosen, "Keep", 1.0) {
        let mut preferences = sight.preferences.clone();
        preferences.last_minutes_seconds = MINUTES[index].0;
        commands.push(Command::Do(Action::SetPreferences(Box::new(preferences))));
    }
    ui.add_space(2.0);
    // Two channels of floats at 48 kHz.
    let megabytes = u64::from(now) * 2 * 4 * 48_000 / 1_000_000;
    let words = match now {
        0 => "Nothing of what is played is kept.".to_owned(),
        _ => format!(
            "What was played last stays in memory for Tools > Export Last Minutes: {megabytes} MB for stereo at 48 kHz."
        ),
    };
    page::text(ui, &words, Type::Small, theme.dim);
}
