//! What a group is to be in the catalogue: its title, its category, what it does, and which properties of the filters
//! inside it shows under which names. Checked while it is typed.

use egui::{Id, Key, Rect, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::page;
use crate::app::{Action, View};
use crate::graph::{FilterId, FilterPath, Graph, NodeKind, Recipe, key_of};
use crate::gui::commands::Sight;
use crate::gui::controls::{self, Face};
use crate::gui::drop_down::DropDown;
use crate::gui::icons::Icon;
use crate::gui::panels::dialogs::modal;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};
use crate::ks::ids::{Guid, category};

const WIDTH: f32 = 520.0;
const LABEL: f32 = 92.0;
/// Where what a box shows is called, behind its own name.
const TITLE: f32 = 250.0;

/// One property of a filter inside.
struct Row {
    /// The box it is of.
    filter: String,
    inner: FilterPath,
    property: String,
    /// What it is called there.
    own: String,
    is_shown: bool,
    /// What it is to be called.
    title: String,
}

/// The page while it is open.
pub(in crate::gui) struct Pack {
    group: FilterId,
    recipe: Recipe,
    rows: Vec<Row>,
    is_new: bool,
}

impl Pack {
    /// Opens it for a group.
    pub(in crate::gui) fn new(view: &View<'_>, group: FilterId, recipe: Recipe) -> Self {
        let mut rows = vec![];
        let graph = &recipe.group.graph;
        gather(view, graph, &FilterPath::default(), "", &mut rows);
        for row in &mut rows {
            let mut shown = recipe.group.properties.iter();
            let shown = shown.find(|it| it.inner == row.inner && it.property == row.property);
            if let Some(it) = shown {
                row.is_shown = true;
                row.title.clone_from(&it.title);
            }
        }
        Self {
            group,
            recipe,
            rows,
            is_new: true,
        }
    }

    /// Draws it. False when it is done.
    pub(super) fn ui(&mut self, ui: &Ui, sight: &Sight<'_>, commands: &mut Vec<Command>) -> bool {
        let mut stays = sight.view.graph.filters.contains_key(&self.group);
        let ready = self.made();
        let checked = sight.view.may_pack(&ready);
        modal(ui, "save as filter", |ui| {
            let theme = Theme::of(ui.ctx());
            ui.set_width(WIDTH);
            page::title(ui, "Save as Filter");
            let slot = labelled(ui, "Title");
            let id = Id::unique("title of filter");
            let line = controls::line(ui, id, slot, &mut self.recipe.title, "Title", "Title");
            if std::mem::take(&mut self.is_new) {
                line.request_focus();
                controls::select_all(ui, id, self.recipe.title.chars().count());
            }
            self.category_ui(ui);
            let slot = labelled(ui, "What it does");
            let id = Id::unique("help of filter");
            let (help, name) = (&mut self.recipe.help, "What it does");
            controls::line(ui, id, slot, help, "A sentence for its page", name);
            page::heading(ui, "Properties it shows");
            if self.rows.is_empty() {
                let words = "The filters inside have no properties.";
                page::text(ui, words, Type::Body, theme.dim);
            }
            page::scroll(ui, "properties to show", |ui| self.rows_ui(ui));
            ui.add_space(6.0);
            // The line keeps its height, so that nothing jumps while typing.
            let (words, ink) = match &checked {
                Ok(None) => (format!("Its key in files is {}.", ready.key), theme.dim),
                Ok(Some(old)) => (
                    format!("It takes the place of {old}: every box of that kind follows."),
                    theme.warn,
                ),
                Err(why) => (format!("{why}."), theme.warn),
            };
            page::text(ui, &words, Type::Small, ink);
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                // Enter takes the keyboard from a line before it is heard of here.
                let is_typing = line.has_focus() || line.lost_focus();
                let enter = ui.input(|i| i.key_pressed(Key::Enter)) && is_typing;
                let replaces = matches!(checked, Ok(Some(_)));
                let words = if replaces { "Replace" } else { "Save" };
                let pressed = controls::button(ui, words, Face::Primary).clicked();
                if (enter && !replaces || pressed) && checked.is_ok() {
                    commands.push(Command::Do(Action::Pack {
                        group: self.group,
                        recipe: Box::new(ready),
                        replaces,
                    }));
                    stays = false;
                } else if enter {
                    line.request_focus();
                }
                if controls::button(ui, "Cancel", Face::Plain).clicked() {
                    stays = false;
                }
            });
        });
        stays
    }

    /// The filter as it stands on the page.
    fn made(&self) -> Recipe {
        let mut recipe = self.recipe.clone();
        recipe.title = recipe.title.trim().to_owned();
        recipe.key = key_of(&recipe.title);
        recipe.group.properties.clear();
        for row in self.rows.iter().filter(|row| row.is_shown) {
            let title = match row.title.trim() {
                "" => &row.own,
                title => title,
            };
            recipe.show(row.inner.clone(), &row.property, title);
        }
        recipe
    }

    fn category_ui(&mut self, ui: &mut Ui) {
        let slot = labelled(ui, "Category");
        let known = category::ALL.iter().copied();
        let known = known.filter(|id| ![category::AUDIO, category::AUDIO_DEVICE].contains(id));
        let known: Vec<(Guid, String)> = known
            .filter_map(|id| Some((id, id.name()?.to_owned())))
            .collect();
        let mut now = self.recipe.categories.iter().copied();
        let now = now.find(|id| *id != category::AUDIO);
        let chosen = known.iter().position(|(id, _)| Some(*id) == now);
        let rows: Vec<String> = known.iter().map(|(_, name)| name.clone()).collect();
        let list = DropDown {
            name: "Category",
            shown: chosen.map_or("Audio", |at| &rows[at]),
            rows: &rows,
            chosen,
            zoom: 1.0,
        };
        if let Some(at) = list.ui(ui, Id::unique("category of filter"), slot) {
            self.recipe.categories = vec![category::AUDIO, known[at].0];
        }
    }

    fn rows_ui(&mut self, ui: &mut Ui) {
        let mut filter = String::new();
        for (at, row) in self.rows.iter_mut().enumerate() {
            if row.filter != filter {
                filter.clone_from(&row.filter);
                page::heading(ui, &filter);
            }
            let (rect, _) =
                ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
            let name = format!("Show {} of {}", row.own, row.filter);
            let id = Id::unique("show property").with(at);
            let place = rect.with_max_x(rect.left() + TITLE - 8.0);
            // What is laid into a row leaves the row as high as it is.
            let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect));
            let ui = &mut inner;
            if check_ui(ui, id, place, row.is_shown, &row.own, &name) {
                row.is_shown ^= true;
            }
            if row.is_shown {
                let slot = Rect::from_min_max(
                    pos2(rect.left() + TITLE, rect.top() + 2.0),
                    pos2(rect.right(), rect.bottom() - 2.0),
                );
                let id = Id::unique("title of property").with(at);
                let name = format!("Title of {} of {}", row.own, row.filter);
                controls::line(ui, id, slot, &mut row.title, &row.own, &name);
            }
        }
    }
}

/// A word at the left and a place for what belongs to it.
fn labelled(ui: &mut Ui, words: &str) -> Rect {
    let theme = Theme::of(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(WIDTH, 30.0), Sense::hover());
    let at = rect.left_center();
    controls::clipped(ui, at, LABEL - 6.0, words, Type::Body, theme.text);
    Rect::from_min_max(
        pos2(rect.left() + LABEL, rect.top() + 2.0),
        pos2(rect.right(), rect.bottom() - 2.0),
    )
}

/// A box to be ticked, with words. Whether it was clicked.
fn check_ui(ui: &mut Ui, id: Id, rect: Rect, is_on: bool, words: &str, name: &str) -> bool {
    let theme = Theme::of(ui.ctx());
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_on, name));
    probe::note(
        ui.ctx(),
        "choice",
        name,
        if is_on { "on" } else { "" },
        rect,
    );
    let square =
        Rect::from_center_size(pos2(rect.left() + 8.0, rect.center().y), Vec2::splat(16.0));
    let (fill, edge) = match is_on {
        true => (theme.accent, theme.accent),
        false => (theme.field, theme.line_strong),
    };
    controls::plate(ui, square, fill, edge);
    if is_on {
        Icon::Check.paint(ui.painter(), square.shrink(2.0), theme.accent_ink);
    }
    let at = pos2(square.right() + 8.0, rect.center().y);
    let room = rect.right() - at.x;
    controls::clipped(ui, at, room, words, Type::Body, theme.text);
    controls::focus_ring(ui, &response);
    response.clicked()
}

/// Properties of all boxes inside, those that filters made of others show among them.
fn gather(view: &View<'_>, graph: &Graph, place: &FilterPath, names: &str, rows: &mut Vec<Row>) {
    for (id, node) in &graph.filters {
        let inner = place.child(*id);
        let filter = format!("{names}{}", node.name);
        match (node.kind.filter(), &node.kind) {
            (Some(it), _) => {
                let kind = view.catalogue.get(&it.key).map(|it| it.descriptor());
                rows.extend(
                    kind.iter()
                        .flat_map(|it| it.properties.iter())
                        .map(|it| Row {
                            filter: filter.clone(),
                            inner: inner.clone(),
                            property: it.key.to_owned(),
                            own: it.title.to_owned(),
                            is_shown: false,
                            title: it.title.to_owned(),
                        }),
                );
            }
            (None, NodeKind::Group(group)) => {
                gather(view, &group.graph, &inner, &format!("{filter}/"), rows);
            }
            (None, NodeKind::Filter(_)) => {}
        }
    }
}
