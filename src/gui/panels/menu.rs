//! The menu bar: mark, menus, the document's name in the middle, the way to the finder at the right. What is in the menus
//! comes from the table of commands.

use std::collections::BTreeSet;

use egui::containers::menu::{MenuButton, SubMenuButton};
use egui::{
    Align2, CornerRadius, Id, MenuBar, Popup, Pos2, Rect, Response, Role, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::gui::commands::{self, Bindings, FIND, Menu, Sight, Spec, State};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};

/// Height of an entry.
pub(super) const ROW: f32 = 24.0;
/// Height of the rule between two groups.
const RULE: f32 = 7.0;

/// Where the first menu's button is, so that a key can give it the keyboard.
pub(in crate::gui) fn first_id(ctx: &egui::Context) -> Option<Id> {
    ctx.data(|data| data.get_temp(Id::unique("first menu")))
}

/// Draws the bar.
pub(in crate::gui) fn ui(
    ui: &mut Ui,
    sight: &Sight<'_>,
    bindings: &Bindings,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let view = sight.view;
    let bar = ui.max_rect();
    sign(ui, pos2(bar.left() + 16.0, bar.center().y), theme);
    let menus = Rect::from_min_max(bar.min + vec2(30.0, 2.0), bar.max - vec2(0.0, 2.0));
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(menus));
    let mut right = menus.left();
    let mut bar_ids = vec![];
    ui.data_mut(|data| data.remove_temp::<Vec<Id>>(sub_id()));
    if let Some(Some(id)) = ui.data_mut(|data| data.remove_temp::<Option<Id>>(next_id())) {
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    MenuBar::new().ui(&mut child, |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.spacing_mut().button_padding = vec2(9.0, 2.0);
        for menu in Menu::ALL {
            let words = egui::RichText::new(menu.title()).text_style(Type::Tab.style());
            let (response, _) = MenuButton::new(words).ui(ui, |ui| {
                entries(ui, menu, sight, bindings, commands);
            });
            if menu == Menu::File {
                ui.data_mut(|data| data.insert_temp(Id::unique("first menu"), response.id));
            }
            controls::focus_ring(ui, &response);
            bar_ids.push((response.id, Popup::default_response_id(&response)));
            probe::note(ui.ctx(), "menu", menu.title(), "", response.rect);
            right = response.rect.right();
        }
    });
    walk(ui, &bar_ids);
    let find = find_ui(ui, bar, bindings, commands);

    // The name keeps clear of the menus and of the field.
    let room = find.left() - right - 24.0;
    let name = &view.document.name;
    let wide = controls::width(ui, name, Type::FilterName) + 70.0;
    if room < wide {
        let state = if view.document.is_dirty { "edited" } else { "" };
        probe::note(ui.ctx(), "document", name, state, bar);
        return;
    }
    let middle = bar.center().x.clamp(
        right + 12.0 + wide / 2.0,
        (find.left() - 12.0 - wide / 2.0).max(right + 12.0 + wide / 2.0),
    );
    let covered = controls::text(
        ui,
        pos2(middle, bar.center().y),
        Align2::CENTER_CENTER,
        name,
        Type::FilterName,
        theme.strong,
    );
    if view.document.is_dirty {
        let dot = pos2(covered.right() + 10.0, bar.center().y);
        ui.painter().circle_filled(dot, 2.5, theme.accent);
        controls::text(
            ui,
            dot + vec2(8.0, 0.0),
            Align2::LEFT_CENTER,
            "edited",
            Type::Small,
            theme.dim,
        );
    }
    let state = if view.document.is_dirty { "edited" } else { "" };
    probe::note(ui.ctx(), "document", name, state, covered);
}

/// What of the open menu belongs to submenus, which have the sideways arrows to themselves.
fn sub_id() -> Id {
    Id::unique("parts of submenus")
}

/// The menu that gets the keyboard with the next frame.
fn next_id() -> Id {
    Id::unique("menu that is next")
}

fn note_sub(ui: &Ui, id: Id) {
    ui.data_mut(|data| data.get_temp_mut_or_default::<Vec<Id>>(sub_id()).push(id));
}

/// Sideways arrows go from an open menu to its neighbour.
fn walk(ui: &Ui, bar: &[(Id, Id)]) {
    let Some(open) = bar
        .iter()
        .position(|(_, popup)| Popup::is_id_open(ui.ctx(), *popup))
    else {
        return;
    };
    let step = ui.input(|i| {
        let right = isize::from(i.key_pressed(egui::Key::ArrowRight));
        right - isize::from(i.key_pressed(egui::Key::ArrowLeft))
    });
    let focused = ui.memory(|memory| memory.focused());
    let subs: Vec<Id> = ui.data(|data| data.get_temp(sub_id()).unwrap_or_default());
    if step == 0 || focused.is_some_and(|id| subs.contains(&id)) {
        return;
    }
    let count = bar.len() as isize;
    let (button, popup) = bar[(open as isize + step).rem_euclid(count) as usize];
    Popup::open_id(ui.ctx(), popup);
    // The menu that is being left has the last word on the focus in this frame.
    ui.data_mut(|data| data.insert_temp(next_id(), Some(button)));
    ui.ctx().request_repaint();
}

/// The field at the right, which is a button that opens the finder.
fn find_ui(ui: &mut Ui, bar: Rect, bindings: &Bindings, commands: &mut Vec<Command>) -> Rect {
    let theme = Theme::of(ui.ctx());
    let wide = match bar.width() {
        ..1100.0 => 28.0,
        1100.0..1280.0 => 190.0,
        _ => 222.0,
    };
    let rect = Rect::from_min_max(
        pos2(bar.right() - 10.0 - wide, bar.top() + 3.0),
        pos2(bar.right() - 10.0, bar.bottom() - 3.0),
    );
    let id = ui.scope_id().with("find");
    let response = controls::clickable(ui, id, rect, true, "Find");
    let edge = if response.hovered() {
        theme.line_strong
    } else {
        theme.line
    };
    controls::plate(ui, rect, theme.field, edge);
    let icon = Rect::from_center_size(pos2(rect.left() + 13.0, rect.center().y), vec2(12.0, 12.0));
    Icon::Search.paint(ui.painter(), icon, theme.dim);
    if wide > 100.0 {
        let at = pos2(rect.left() + 26.0, rect.center().y);
        let words = if wide > 200.0 {
            "Find filter or command"
        } else {
            "Find"
        };
        controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Small, theme.dim);
        let at = pos2(rect.right() - 8.0, rect.center().y);
        let keys = bindings.shown(FIND);
        controls::text(ui, at, Align2::RIGHT_CENTER, keys, Type::Small, theme.dim);
    }
    if response.clicked() {
        commands.push(Command::Run(FIND));
    }
    rect
}

/// Two pins and a wire: the sign of the program.
fn sign(ui: &Ui, at: Pos2, theme: &Theme) {
    let painter = ui.painter();
    let (from, to) = (at + vec2(-6.0, 4.0), at + vec2(6.0, -4.0));
    let curve = egui::epaint::CubicBezierShape::from_points_stroke(
        [from, from + vec2(7.0, 0.0), to - vec2(7.0, 0.0), to],
        false,
        egui::Color32::TRANSPARENT,
        Stroke::new(2.0, theme.accent),
    );
    painter.add(curve);
    for end in [from, to] {
        painter.circle_filled(end, 2.5, theme.accent);
    }
}

/// What one menu holds.
fn entries(
    ui: &mut Ui,
    menu: Menu,
    sight: &Sight<'_>,
    bindings: &Bindings,
    commands: &mut Vec<Command>,
) {
    let mine: Vec<(&'static Spec, State)> = commands::all()
        .filter(|spec| spec.place.is_some_and(|place| place.menu == menu))
        .map(|spec| (spec, (spec.state)(sight)))
        .collect();
    let top = |it: &&(&'static Spec, State)| it.0.place.is_some_and(|place| place.under.is_none());
    let width = width_of(ui, mine.iter().filter(top), bindings);
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.set_width(width);
    let room = ui.ctx().content_rect().bottom() - ui.cursor().top() - 12.0;
    let rows = mine.iter().filter(top).count();
    let groups: BTreeSet<_> = mine
        .iter()
        .map(|it| it.0.place.map(|place| place.group))
        .collect();
    let unders: BTreeSet<_> = mine.iter().filter_map(|it| it.0.place?.under).collect();
    let high = (rows + unders.len() + 1) as f32 * ROW + groups.len() as f32 * RULE;
    rolled(ui, room, high, |ui| {
        all_of(ui, (&mine, width), sight, bindings, commands)
    });
}

/// What is higher than the room there is rolls.
pub(super) fn rolled(ui: &mut Ui, room: f32, high: f32, inside: impl FnOnce(&mut Ui)) {
    if high <= room {
        return inside(ui);
    }
    egui::ScrollArea::vertical()
        .max_height(room.max(ROW * 4.0))
        .show(ui, inside);
}

fn all_of(
    ui: &mut Ui,
    (mine, width): (&[(&'static Spec, State)], f32),
    sight: &Sight<'_>,
    bindings: &Bindings,
    commands: &mut Vec<Command>,
) {
    let mut group = None;
    let mut done: Vec<&str> = vec![];
    for (spec, state) in mine {
        let Some(place) = spec.place else { continue };
        let Some(title) = place.under else {
            rule(ui, &mut group, place.group);
            if row(ui, width, spec, state, bindings) {
                commands.push(Command::Run(spec.name));
                ui.close();
            }
            if spec.name == "file.open" {
                recent_ui(ui, width, sight, commands);
            }
            continue;
        };
        if done.contains(&title) {
            continue;
        }
        done.push(title);
        rule(ui, &mut group, place.group);
        let inside: Vec<&(&'static Spec, State)> = mine
            .iter()
            .filter(|it| it.0.place.is_some_and(|place| place.under == Some(title)))
            .collect();
        submenu(ui, width, title, |ui| {
            let width = width_of(ui, inside.iter().copied(), bindings);
            ui.set_width(width);
            for (spec, state) in inside {
                // Left leads back to the entry that opened this.
                let next = ui.next_auto_id();
                note_sub(ui, next);
                if row(ui, width, spec, state, bindings) {
                    commands.push(Command::Run(spec.name));
                    ui.close();
                }
            }
        });
    }
}

/// Graphs that were open.
fn recent_ui(ui: &mut Ui, width: f32, sight: &Sight<'_>, commands: &mut Vec<Command>) {
    let recent = sight.view.recent();
    if recent.is_empty() {
        return;
    }
    submenu(ui, width, "Open Recent", |ui| {
        let width = 340.0;
        ui.set_width(width);
        for it in recent {
            let name = it.path.file_name().unwrap_or(it.path.as_os_str());
            let name = name.to_string_lossy();
            let folder = it
                .path
                .parent()
                .map_or_else(String::new, |folder| folder.display().to_string());
            let why = (!it.exists).then_some("The file is no longer there.");
            let face = Face {
                words: &name,
                right: &folder,
                is_on: None,
                why_not: why,
                help: "Opens this graph.",
            };
            if entry(ui, width, &face).clicked() && it.exists {
                commands.push(Command::OpenRecent(it.path.clone()));
                ui.close();
            }
        }
    });
}

fn submenu(ui: &mut Ui, width: f32, title: &str, inside: impl FnOnce(&mut Ui)) {
    let words = egui::RichText::new(title).text_style(Type::Body.style());
    ui.scope(|ui| {
        ui.spacing_mut().button_padding = vec2(25.0, 3.0);
        ui.spacing_mut().interact_size.y = ROW;
        let button = SubMenuButton::new(words);
        let button = SubMenuButton {
            button: button.button.min_size(vec2(width, ROW)),
            ..button
        };
        let (response, _) = button.ui(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            inside(ui);
        });
        note_sub(ui, response.id);
        if response.gained_focus() {
            response.scroll_to_me(None);
        }
        controls::focus_ring(ui, &response);
        probe::note(ui.ctx(), "menu", title, "", response.rect);
    });
}

/// A line between entries of one group and of the next.
pub(super) fn rule(ui: &mut Ui, group: &mut Option<u8>, now: u8) {
    if group.is_some_and(|group| group != now) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), RULE), Sense::hover());
        let theme = Theme::of(ui.ctx());
        let line = Rect::from_center_size(rect.center(), vec2(rect.width() - 8.0, 1.0));
        controls::rule(ui, line, theme.line_soft);
    }
    *group = Some(now);
}

/// How wide entries are, so that no words meet their keys.
pub(super) fn width_of<'a>(
    ui: &Ui,
    entries: impl Iterator<Item = &'a (&'static Spec, State)>,
    bindings: &Bindings,
) -> f32 {
    let wide = entries.map(|(spec, state)| {
        let words = state.words.as_deref().unwrap_or(spec.words);
        let keys = bindings.shown(spec.name);
        controls::width(ui, words, Type::Body) + controls::width(ui, &keys, Type::Small)
    });
    entry_width(wide.fold(0.0, f32::max))
}

/// How wide an entry is with words of that width.
pub(super) fn entry_width(words: f32) -> f32 {
    (words + 25.0 + 30.0 + 10.0).clamp(180.0, 420.0)
}

/// A command's entry; true when it is chosen.
pub(in crate::gui) fn row(
    ui: &mut Ui,
    width: f32,
    spec: &Spec,
    state: &State,
    bindings: &Bindings,
) -> bool {
    let keys = bindings.shown(spec.name);
    let face = Face {
        words: state.words.as_deref().unwrap_or(spec.words),
        right: &keys,
        is_on: state.is_on,
        why_not: state.why_not.as_deref(),
        help: spec.help,
    };
    entry(ui, width, &face).clicked() && state.is_ready()
}

/// How an entry looks.
pub(super) struct Face<'a> {
    pub(super) words: &'a str,
    pub(super) right: &'a str,
    pub(super) is_on: Option<bool>,
    pub(super) why_not: Option<&'a str>,
    pub(super) help: &'a str,
}

/// Draws an entry. One that is not available can be walked to, and says why it is not.
pub(super) fn entry(ui: &mut Ui, width: f32, face: &Face<'_>) -> Response {
    let theme = Theme::of(ui.ctx());
    let enabled = face.why_not.is_none();
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click());
    response.widget_info(|| match face.is_on {
        Some(is_on) => WidgetInfo::selected(Role::MenuItemCheckBox, enabled, is_on, face.words),
        None => WidgetInfo::labeled(Role::MenuItem, enabled, face.words),
    });
    let state = match (enabled, face.is_on) {
        (false, _) => "disabled",
        (true, Some(true)) => "on",
        _ => "",
    };
    probe::note(ui.ctx(), "entry", face.words, state, rect);
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    let is_hot = response.hovered() || response.has_focus();
    if is_hot {
        ui.painter()
            .rect_filled(rect, CornerRadius::same(4), theme.hover);
    }
    let ink = match (enabled, is_hot) {
        (false, _) => theme.faint,
        (true, true) => theme.strong,
        (true, false) => theme.text,
    };
    if face.is_on == Some(true) {
        check(ui, pos2(rect.left() + 12.0, rect.center().y), ink);
    }
    let right = controls::width(ui, face.right, Type::Small).min(width * 0.6);
    let at = pos2(rect.right() - 10.0 - right, rect.center().y);
    let ink_right = if enabled { theme.dim } else { theme.faint };
    controls::clipped(ui, at, right + 1.0, face.right, Type::Small, ink_right);
    let at = pos2(rect.left() + 25.0, rect.center().y);
    let room = rect.width() - 25.0 - right - 20.0;
    controls::clipped(ui, at, room, face.words, Type::Body, ink);
    controls::focus_ring(ui, &response);
    match face.why_not {
        Some(why) => response.on_hover_text(format!("{} {why}", face.help)),
        None => response.on_hover_text(face.help),
    }
}

/// The sign that a switch is on.
fn check(ui: &Ui, at: Pos2, ink: egui::Color32) {
    let points = [vec2(-4.0, 0.0), vec2(-1.0, 3.0), vec2(4.5, -3.5)];
    let line = points.map(|step| at + step).to_vec();
    ui.painter()
        .add(egui::Shape::line(line, Stroke::new(1.75, ink)));
}
