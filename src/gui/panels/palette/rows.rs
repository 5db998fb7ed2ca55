//! The rows of the palette: a filter to add, something found in the graph, a command.

use egui::{
    Align2, CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2,
};

use super::Hit;
use crate::gui::commands::Bindings;
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::node_graph::{Look, PinFill, paint_pin};
use crate::gui::probe;
use crate::gui::theme::{Theme, Type, radius};
use crate::gui::words::{hue, mark};
use crate::ks::{Descriptor, PinFactory};

pub(super) fn hit_ui(
    ui: &mut Ui,
    row: Rect,
    hit: &Hit<'_>,
    bindings: &Bindings,
    look: &Look,
    is_chosen: bool,
) -> bool {
    match hit {
        Hit::Filter(descriptor, fits) => {
            row_ui(ui, row, descriptor, fits.as_ref(), look, is_chosen)
        }
        Hit::Found {
            path,
            name,
            place,
            icon,
        } => {
            let right = match place.is_empty() {
                true => "in the graph".to_owned(),
                false => format!("in {place}"),
            };
            let face = RowFace {
                id: &format!("found {path:?}"),
                spoken: &format!("Go to {name}"),
                words: name,
                right: &right,
                icon: *icon,
                is_chosen,
                is_enabled: true,
            };
            plain_row(ui, row, &face)
        }
        Hit::Command(spec, state) => {
            let words = state.words.as_deref().unwrap_or(spec.words);
            let title = match spec.place.and_then(|place| place.under) {
                Some(under) => format!("{under}: {words}"),
                None => words.to_owned(),
            };
            let keys = bindings.shown(spec.name);
            let menu = spec.place.map_or("", |place| place.menu.title());
            let right = match keys.is_empty() {
                true => menu.to_owned(),
                false => format!("{menu} \u{b7} {keys}"),
            };
            let face = RowFace {
                id: spec.name,
                spoken: &format!("Command {title}"),
                words: &title,
                right: right.trim_start_matches(" \u{b7} "),
                icon: Icon::Bolt,
                is_chosen,
                is_enabled: state.is_ready(),
            };
            plain_row(ui, row, &face)
        }
    }
}

struct RowFace<'a> {
    id: &'a str,
    spoken: &'a str,
    words: &'a str,
    right: &'a str,
    icon: Icon,
    is_chosen: bool,
    is_enabled: bool,
}

fn plain_row(ui: &mut Ui, row: Rect, face: &RowFace<'_>) -> bool {
    let theme = Theme::of(ui.ctx());
    let id = ui.scope_id().with(("hit", face.id));
    let response = ui.interact(row, id, Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::ListBoxOption,
            face.is_enabled,
            face.is_chosen,
            face.spoken,
        )
    });
    let state = if face.is_chosen { "chosen" } else { "" };
    probe::note(ui.ctx(), "hit", face.spoken, state, row);
    let ground = match face.is_chosen {
        true => Some(theme.sel),
        false if response.hovered() => Some(theme.hover),
        false => None,
    };
    if let Some(ground) = ground {
        ui.painter()
            .rect_filled(row, CornerRadius::same(radius::CONTROL), ground);
    }
    let square = Rect::from_center_size(row.left_center() + vec2(16.0, 0.0), Vec2::splat(14.0));
    face.icon.paint(ui.painter(), square, theme.dim);
    let right = row.right_center() - vec2(12.0, 0.0);
    let covered = controls::text(
        ui,
        right,
        Align2::RIGHT_CENTER,
        face.right,
        Type::Small,
        theme.dim,
    );
    let at = row.left_center() + vec2(32.0, 0.0);
    let ink = if face.is_enabled {
        theme.strong
    } else {
        theme.dim
    };
    let room = covered.left() - at.x - 12.0;
    controls::clipped(ui, at, room, face.words, Type::Value, ink);
    response.clicked()
}

fn row_ui(
    ui: &mut Ui,
    row: Rect,
    descriptor: &Descriptor,
    fits: Option<&(&PinFactory, String)>,
    look: &Look,
    is_chosen: bool,
) -> bool {
    let theme = Theme::of(ui.ctx());
    let title = descriptor.title.as_ref();
    let response = ui.interact(row, ui.scope_id().with(("insert", title)), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::ListBoxOption,
            true,
            is_chosen,
            format!("Insert {title}"),
        )
    });
    probe::note(
        ui.ctx(),
        "insert",
        title,
        if is_chosen { "chosen" } else { "" },
        row,
    );
    let ground = match is_chosen {
        true => Some(theme.sel),
        false if response.hovered() => Some(theme.hover),
        false => None,
    };
    if let Some(ground) = ground {
        ui.painter()
            .rect_filled(row, CornerRadius::same(radius::CONTROL), ground);
    }
    let square = Rect::from_center_size(row.left_center() + vec2(16.0, 0.0), Vec2::splat(14.0));
    mark(descriptor).paint(ui.painter(), square, theme.dim);
    let at = row.left_center() + vec2(32.0, 0.0);
    let name = controls::text(
        ui,
        at,
        Align2::LEFT_CENTER,
        title,
        Type::Value,
        theme.strong,
    );
    let right = row.right_center() - vec2(12.0, 0.0);
    let words = match fits {
        Some((pin, chain)) if chain.is_empty() => format!("{} takes it", pin.name),
        Some((_, chain)) => format!("through {chain}"),
        None => descriptor.category().name().unwrap_or("").to_owned(),
    };
    let covered = controls::text(
        ui,
        right,
        Align2::RIGHT_CENTER,
        words,
        Type::Small,
        theme.dim,
    );
    if let Some((pin, _)) = fits {
        let at = covered.left_center() - vec2(12.0, 0.0);
        if at.x > name.right() {
            paint_pin(
                ui.painter(),
                look,
                at,
                hue(pin.kind()),
                PinFill::Connected,
                0.8,
            );
        }
    }
    response.clicked()
}

/// The ground of a card.
pub(in crate::gui) fn card(ui: &Ui, rect: Rect) {
    let theme = Theme::of(ui.ctx());
    let round = CornerRadius::same(radius::CARD);
    ui.painter().add(theme.card_shadow().as_shape(rect, round));
    ui.painter().rect(
        rect,
        round,
        theme.panel,
        Stroke::new(1.0, theme.line),
        StrokeKind::Inside,
    );
}
