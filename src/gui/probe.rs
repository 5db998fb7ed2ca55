//! The probe: where things stand in the window and what they are called, written to a file for tests and bug reports.
//!
//! Only tells, never acts. Off unless `KSGRAPH_PROBE` names a file; then a document is written whenever it differs from
//! the last one, whole or not at all.

use std::path::PathBuf;

use egui::{Context, Id, Rect};
use serde::Serialize;

/// The environment variable that names the file.
pub(super) const VARIABLE: &str = "KSGRAPH_PROBE";

#[derive(Clone, PartialEq, Serialize)]
struct Item {
    name: String,
    role: String,
    state: String,
    rect: [f32; 4],
}

#[derive(Clone, PartialEq, Serialize)]
struct Extent {
    width: f32,
    height: f32,
    scale: f32,
}

#[derive(Clone, PartialEq, Serialize)]
struct Document {
    schema: u32,
    window: Extent,
    items: Vec<Item>,
}

#[derive(Clone, Default)]
struct Notes {
    wanted: bool,
    items: Vec<Item>,
}

fn key() -> Id {
    Id::unique("probe notes")
}

/// Where the notes of a frame go.
pub(super) struct Probe {
    file: PathBuf,
    last: Option<Document>,
}

impl Probe {
    /// A probe, if the environment asks for one.
    pub(super) fn from_environment() -> Option<Self> {
        let file = std::env::var_os(VARIABLE).filter(|name| !name.is_empty())?;
        Some(Self {
            file: file.into(),
            last: None,
        })
    }

    /// Takes up what is noted from now on.
    pub(super) fn begin(ctx: &Context) {
        let notes = Notes {
            wanted: true,
            items: vec![],
        };
        ctx.data_mut(|data| data.insert_temp(key(), notes));
    }

    /// Writes what was noted since [`Probe::begin`], if it differs from what the file says.
    pub(super) fn end(&mut self, ctx: &Context) {
        let notes: Notes = ctx.data(|data| data.get_temp(key())).unwrap_or_default();
        let scale = ctx.pixels_per_point();
        let screen = ctx.content_rect();
        let mut items = notes.items;
        for item in &mut items {
            for length in &mut item.rect {
                *length = (*length * scale * 10.0).round() / 10.0;
            }
        }
        let document = Document {
            schema: 1,
            window: Extent {
                width: screen.width() * scale,
                height: screen.height() * scale,
                scale,
            },
            items,
        };
        if self.last.as_ref() == Some(&document) {
            return;
        }
        let partial = self.file.with_extension("partial");
        let written = serde_json::to_vec(&document)
            .map_err(std::io::Error::other)
            .and_then(|text| std::fs::write(&partial, text))
            .and_then(|()| std::fs::rename(&partial, &self.file));
        match written {
            Ok(()) => self.last = Some(document),
            Err(error) => log::warn!("the probe {} was not written: {error}", self.file.display()),
        }
    }
}

/// Whether anybody asks: for who would have to gather much to say it.
pub(super) fn is_wanted(ctx: &Context) -> bool {
    ctx.data_mut(|data| data.get_temp_mut_or_default::<Notes>(key()).wanted)
}

/// Notes something on the screen. Costs next to nothing while there is no probe.
pub(super) fn note(ctx: &Context, role: &str, name: &str, state: &str, rect: Rect) {
    ctx.data_mut(|data| {
        let notes = data.get_temp_mut_or_default::<Notes>(key());
        if notes.wanted {
            notes.items.push(Item {
                name: name.to_owned(),
                role: role.to_owned(),
                state: state.to_owned(),
                rect: [rect.left(), rect.top(), rect.width(), rect.height()],
            });
        }
    });
}
