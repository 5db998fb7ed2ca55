//! Controllers and the rows of properties: the mark of one that follows or is about to, and what the menu of a row offers.
//!
//! The inspector and the boxes on the canvas both use it.

use egui::{Context, Id, Pos2, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::property::Edit;
use super::screen::Command;
use super::theme::Theme;
use crate::app::{Action, View, control_words};
use crate::graph::{Control, FilterId};
use crate::ks::{Domain, Property};

/// What can be done about a property.
pub(super) struct Offer {
    pub(super) words: String,
    pub(super) help: &'static str,
    pub(super) command: Command,
}

/// What the menu of a row offers; with the name of the property where the menu is about more.
pub(super) fn offers(view: &View<'_>, edit: &Edit<'_>, is_named: bool) -> Vec<Offer> {
    let key = || edit.property.key.to_owned();
    let (of, to) = match is_named {
        true => {
            let title = edit.property.title;
            (format!(" for {title}"), format!("{title} back"))
        }
        false => (String::new(), "Back".to_owned()),
    };
    let mut all = vec![];
    if !matches!(
        edit.property.domain,
        Domain::Text | Domain::Path | Domain::Device
    ) {
        all.push(Offer {
            words: format!("Learn a controller{of}"),
            help: "The controller that is moved next moves it from then on.",
            command: Command::Do(Action::Learn(Some((edit.filter, key())))),
        });
    }
    if let Some(control) = control_of(view, edit) {
        all.push(Offer {
            words: format!("Forget {}{of}", control_words(control)),
            help: "It follows no controller any more.",
            command: Command::Do(Action::ForgetControl {
                filter: edit.filter,
                key: key(),
            }),
        });
    }
    if edit.is_changed || !is_named {
        let default = Edit {
            filter: edit.filter,
            property: edit.property,
            value: edit.property.default_value(),
            is_changed: false,
        };
        all.push(Offer {
            words: format!("{to} to the default: {}", default.words()),
            help: "What it is when nobody says anything.",
            command: Command::Do(Action::SetProperty {
                filter: edit.filter,
                key: key(),
                value: None,
            }),
        });
    }
    all
}

/// The controller that moves a property.
fn control_of(view: &View<'_>, edit: &Edit<'_>) -> Option<Control> {
    let node = view.graph.filter(edit.filter)?;
    node.controls.get(edit.property.key).copied()
}

/// A mark at a row of a property that follows a controller, with a dot at `at`, or is about to, with a frame round it.
pub(super) fn mark_ui(
    ui: &mut Ui,
    view: &View<'_>,
    edit: &Edit<'_>,
    frame: Rect,
    at: Pos2,
    id: Id,
) {
    let theme = Theme::of(ui.ctx());
    let learns = view.learning();
    let learns = learns
        .is_some_and(|(path, key)| *path == view.path_of(edit.filter) && key == edit.property.key);
    let mark = Rect::from_center_size(at, vec2(10.0, frame.height()));
    if learns {
        let edge = egui::Stroke::new(1.5, theme.accent);
        let round = egui::CornerRadius::same(4);
        ui.painter()
            .rect_stroke(frame, round, edge, egui::StrokeKind::Inside);
        let words = format!("Move a controller for {}", edit.property.title);
        let spoken = ui.interact(mark, id.with("learns"), Sense::hover());
        spoken.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    } else if let Some(control) = control_of(view, edit) {
        ui.painter().circle_filled(at, 3.0, theme.control);
        let words = format!("Follows {}", control_words(control));
        let spoken = ui.interact(mark, id.with("follows"), Sense::hover());
        spoken.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        spoken.on_hover_text(words);
    }
}

/// A row of a box on the canvas, and when it was last under the pointer.
#[derive(Clone)]
struct Pointed {
    filter: FilterId,
    key: String,
    pass: u64,
}

fn pointed_id() -> Id {
    Id::unique("row under the pointer")
}

/// Remembers the row of a box while the pointer is over it.
pub(super) fn point_at(ui: &Ui, filter: FilterId, property: &Property, row: Rect) {
    if ui.rect_contains_pointer(row) {
        let pointed = Pointed {
            filter,
            key: property.key.to_owned(),
            pass: ui.ctx().cumulative_pass_nr(),
        };
        ui.data_mut(|data| data.insert_temp(pointed_id(), pointed));
    }
}

/// The row of a box that is under the pointer.
fn pointed_at(ctx: &Context) -> Option<Pointed> {
    let pointed: Pointed = ctx.data(|data| data.get_temp(pointed_id()))?;
    (pointed.pass + 1 >= ctx.cumulative_pass_nr()).then_some(pointed)
}

/// The box on whose row somebody clicked for a menu, and where.
pub(super) fn asked_at(ctx: &Context) -> Option<(FilterId, Pos2)> {
    let (is_asked, at) = ctx.input(|i| (i.pointer.secondary_clicked(), i.pointer.interact_pos()));
    let pointed = pointed_at(ctx).filter(|_| is_asked)?;
    Some((pointed.filter, at?))
}

/// What can be done about the row of a box that is under the pointer.
pub(super) fn offers_at(ctx: &Context, view: &View<'_>, filter: FilterId) -> Vec<Offer> {
    let pointed = pointed_at(ctx).filter(|it| it.filter == filter);
    let (Some(pointed), Some(node)) = (pointed, view.graph.filter(filter)) else {
        return vec![];
    };
    let wired = view.wiring.filters.get(&view.path_of(filter));
    let descriptor = wired.and_then(|it| it.descriptor.as_deref());
    let mut properties = descriptor.into_iter().flat_map(|it| it.properties.iter());
    let property = properties.find(|it| it.key == pointed.key);
    let edit = property.map(|property| Edit::of(filter, node, property));
    edit.map_or(vec![], |edit| offers(view, &edit, true))
}
