//! What stands inside the boxes: inline properties ([`rows`]), and a picture of what the filter does where it has one.
//!
//! Sizes are those at 100 %; everything is painted times the zoom of the canvas. What is measured comes from telemetry.

use egui::{Align2, Color32, FontId, Id, Pos2, Rect, Ui, pos2, vec2};

use super::canvas::Drawn;
use super::keys::PlayKeys;
use super::screen::Command;
use super::theme::{Theme, Type};
use crate::app::View;
use crate::app::curves;
use crate::graph::{FilterNode, NodeKind};
use crate::ks::Descriptor;

mod dynamics;
mod guard;

mod meter;
mod piano;
mod rows;
mod voices;

/// Height of a row with one line of words.
const LINE: f32 = 20.0;

/// What a filter's box shows beside its inline properties. A new one is a file here and a line in [`PICTURES`].
struct Picture {
    /// The filter's key.
    key: &'static str,
    /// Least width and height at 100 %.
    size: [f32; 2],
    /// Whether the inline properties stand above it.
    has_rows: bool,
    paint: fn(&mut Bodies, &mut Ui, &mut Page<'_>, &mut Vec<Command>),
}

const PICTURES: &[Picture] = &[
    Picture {
        key: "keyboard",
        size: piano::SIZE,
        has_rows: false,
        paint: Bodies::piano_ui,
    },
    Picture {
        key: "meter",
        size: meter::SIZE,
        has_rows: false,
        paint: |_, ui, page, _| meter::meter_ui(ui, page),
    },
    Picture {
        key: "tone_synth",
        size: voices::SIZE,
        has_rows: true,
        paint: |_, ui, page, _| voices::voices_ui(ui, page),
    },
    Picture {
        key: "compressor",
        size: dynamics::SIZE,
        has_rows: true,
        paint: |_, ui, page, _| dynamics::dynamics_ui(ui, page, curves::compressor_db),
    },
    Picture {
        key: "limiter",
        size: dynamics::SIZE,
        has_rows: true,
        paint: |_, ui, page, _| dynamics::dynamics_ui(ui, page, curves::limiter_db),
    },
    Picture {
        key: "guard",
        size: guard::SIZE,
        has_rows: true,
        paint: |_, ui, page, _| guard::guard_ui(ui, page),
    },
];

fn picture(descriptor: &Descriptor) -> Option<&'static Picture> {
    PICTURES.iter().find(|it| it.key == descriptor.key)
}

/// Least width and height of a filter's body at 100 %; height 0 is no body.
pub(super) fn size(descriptor: &Descriptor) -> [f32; 2] {
    let rows = rows::size(descriptor);
    match picture(descriptor) {
        None => rows,
        Some(picture) if picture.has_rows => {
            [rows[0].max(picture.size[0]), rows[1] + picture.size[1]]
        }
        Some(picture) => picture.size,
    }
}

/// What bodies remember from frame to frame.
#[derive(Default)]
pub(super) struct Bodies {
    /// Notes the letter keys and the pointer hold.
    pub(super) play: PlayKeys,
    /// Where the piano that listens is, so that a press elsewhere is one.
    pub(super) piano: Option<Rect>,
}

/// A body being painted.
pub(super) struct Page<'a> {
    pub(super) theme: &'static Theme,
    rect: Rect,
    pub(super) zoom: f32,
    y: f32,
    id: Id,
    pub(super) view: &'a View<'a>,
    pub(super) drawn: &'a Drawn<'a>,
    node: &'a FilterNode,
    descriptor: &'a Descriptor,
}

impl Page<'_> {
    /// The next part of it, of that height at 100 %.
    pub(super) fn row(&mut self, height: f32) -> Rect {
        let top = self.rect.top() + self.y * self.zoom;
        self.y += height;
        Rect::from_min_size(
            pos2(self.rect.left(), top),
            vec2(self.rect.width(), height * self.zoom),
        )
    }

    fn font(&self, role: Type) -> FontId {
        let mut font = role.font();
        font.size = ((font.size * self.zoom * 2.0).round() / 2.0).max(1.0);
        font
    }

    /// Text at the zoom.
    pub(super) fn text(
        &self,
        ui: &Ui,
        at: Pos2,
        align: Align2,
        words: &str,
        role: Type,
        ink: Color32,
    ) {
        ui.painter().text(at, align, words, self.font(role), ink);
    }
}

impl Bodies {
    /// The body of a box.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        view: &View<'_>,
        drawn: &Drawn<'_>,
        commands: &mut Vec<Command>,
    ) {
        let (Some(descriptor), NodeKind::Filter(node)) = (drawn.descriptor, &drawn.node.kind)
        else {
            return;
        };
        let rect = ui.max_rect();
        let mut page = Page {
            theme: Theme::of(ui.ctx()),
            rect,
            zoom: rect.width() / (drawn.place.width - 20.0).max(1.0),
            y: 0.0,
            id: ui.scope_id().with(("body", &drawn.path)),
            view,
            drawn,
            node,
            descriptor,
        };
        let picture = picture(descriptor);
        if picture.is_none_or(|it| it.has_rows) {
            rows::rows_ui(ui, &mut page, commands);
        }
        if let Some(picture) = picture {
            (picture.paint)(self, ui, &mut page, commands);
        }
    }
}
