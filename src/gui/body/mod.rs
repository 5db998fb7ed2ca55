//! What stands inside the boxes: inline properties ([`rows`]), and a picture of what the filter does where it has one.
//!
//! Sizes are those at 100 %; everything is painted times the zoom of the canvas. What is measured comes from telemetry.

use std::collections::BTreeMap;

use egui::{Align2, Color32, FontId, Id, Pos2, Rect, Ui, pos2, vec2};

use super::canvas::Drawn;
use super::keys::PlayKeys;
use super::screen::Command;
use super::theme::{Theme, Type};
use crate::app::View;
use crate::app::curves;
use crate::app::spectrum::Analyser;
use crate::graph::{FilterNode, FilterPath};
use crate::ks::Descriptor;

mod delay;
mod equaliser;
mod loudness;
mod scope;
mod spectrum;

mod waveform;

mod well;

pub(in crate::gui) mod clocks;

mod dynamics;
mod guard;

mod meter;

mod board;

mod keybed;

mod metronome;

mod piano;
mod rows;
mod songs;
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
        key: "metronome",
        size: metronome::SIZE,
        has_rows: true,
        paint: |_, ui, page, commands| metronome::beat_ui(ui, page, commands),
    },
    Picture {
        key: "midi_file_reader",
        size: songs::READER,
        has_rows: true,
        paint: |_, ui, page, _| songs::song_ui(ui, page),
    },
    Picture {
        key: "midi_file_writer",
        size: songs::WRITER,
        has_rows: true,
        paint: |_, ui, page, _| songs::recording_ui(ui, page),
    },
    Picture {
        key: "midi_monitor",
        size: songs::MONITOR,
        has_rows: true,
        paint: |_, ui, page, _| songs::monitor_ui(ui, page),
    },
    Picture {
        key: "on_screen_keyboard",
        size: board::SIZE,
        has_rows: false,
        paint: Bodies::board_ui,
    },
    Picture {
        key: "tone_synth",
        size: voices::SIZE,
        has_rows: true,
        paint: |_, ui, page, _| voices::voices_ui(ui, page),
    },
    Picture {
        key: "fm_synth",
        size: voices::SIZE,
        has_rows: true,
        paint: |_, ui, page, _| voices::voices_ui(ui, page),
    },
    Picture {
        key: "dls_synth",
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
    Picture {
        key: "clock_source",
        size: clocks::SOURCE,
        has_rows: true,
        paint: |_, ui, page, _| clocks::source_ui(ui, page),
    },
    Picture {
        key: "clock_slave",
        size: clocks::SLAVE,
        has_rows: false,
        paint: |_, ui, page, _| clocks::slave_ui(ui, page),
    },
    Picture {
        key: "scope",
        size: scope::SIZE,
        has_rows: true,
        paint: |_, ui, page, _| scope::scope_ui(ui, page),
    },
    Picture {
        key: "spectrum",
        size: spectrum::SIZE,
        has_rows: true,
        paint: |bodies, ui, page, _| bodies.spectrum_ui(ui, page),
    },
    Picture {
        key: "loudness_meter",
        size: loudness::SIZE,
        has_rows: false,
        paint: |_, ui, page, commands| loudness::loudness_ui(ui, page, commands),
    },
    Picture {
        key: "wave_reader",
        size: waveform::SIZE,
        has_rows: true,
        paint: |_, ui, page, commands| waveform::waveform_ui(ui, page, commands),
    },
    Picture {
        key: "equaliser",
        size: equaliser::SIZE,
        has_rows: false,
        paint: Bodies::equaliser_ui,
    },
    Picture {
        key: "delay",
        size: delay::SIZE,
        has_rows: true,
        paint: |_, ui, page, _| delay::delay_ui(ui, page),
    },
];

/// Filters whose picture comes first, and the inline properties below it.
const PICTURE_FIRST: &[&str] = &["scope", "spectrum", "delay", "midi_monitor", "wave_reader"];

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

    /// What was seen of the sounds of spectrum analysers.
    spectra: BTreeMap<FilterPath, Analyser>,
    /// Responses of equalisers, as long as their values stay.
    curves: BTreeMap<FilterPath, equaliser::Curve>,
    /// The wheel over a handle.
    turn: Option<equaliser::Turn>,
    /// From where a handle was taken to its middle.
    grip: egui::Vec2,
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

    /// The next part of it, of that height at 100 %, without going on.
    fn peek(&self, height: f32) -> Rect {
        let top = self.rect.top() + self.y * self.zoom;
        let size = vec2(self.rect.width(), height * self.zoom);
        Rect::from_min_size(pos2(self.rect.left(), top), size)
    }

    /// The rate of the sound that goes into the filter.
    fn rate_hz(&self) -> f32 {
        let mut wires = self.view.wiring.wires.iter();
        let wire = wires.find(|wire| wire.to.filter == self.drawn.path && wire.outcome.is_ok());
        let agreed = wire.and_then(|wire| wire.outcome.as_ref().ok()?.format.audio);
        let rate_hz = agreed.map_or(self.view.wiring.rate_hz, |audio| audio.rate_hz);
        if rate_hz == 0 {
            48_000.0
        } else {
            rate_hz as f32
        }
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
        let (Some(descriptor), Some(node)) = (drawn.descriptor, drawn.node.kind.filter()) else {
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
        let is_first = picture.is_some_and(|it| PICTURE_FIRST.contains(&it.key));
        let has_rows = picture.is_none_or(|it| it.has_rows);
        if has_rows && !is_first {
            rows::rows_ui(ui, &mut page, commands);
        }
        if let Some(picture) = picture {
            (picture.paint)(self, ui, &mut page, commands);
        }
        if has_rows && is_first {
            rows::rows_ui(ui, &mut page, commands);
        }
    }
}
