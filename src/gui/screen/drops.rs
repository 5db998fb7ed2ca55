//! Files dropped on the window: a graph is opened, sound goes where it was let go.
//!
//! The desktop holds the pointer while files are dragged, and not every one says where they were let go: the pointer is
//! waited for, but not long.

use std::path::PathBuf;

use egui::{Context, Pos2, vec2};

use super::{Command, Screen};
use crate::app::Action;
use crate::graph::FilterId;
use crate::gui::documents::Pending;
use crate::gui::hands;

/// How long the pointer is waited for, in seconds.
const PATIENCE: f64 = 0.3;
/// From one filter to the next, when several files are dropped at once.
const APART: f32 = 128.0;

/// Files that were let go.
pub(super) struct Drops {
    paths: Vec<PathBuf>,
    /// What plays them is put there without a wire: Shift or Alt was held.
    alone: bool,
    until: f64,
}

impl Screen {
    /// Takes what was dropped.
    pub(super) fn hear_drops(&mut self, ctx: &Context, commands: &mut Vec<Command>) {
        let (now, alone, paths) = ctx.input(|i| {
            let files = i.raw.dropped_files.iter();
            let paths: Vec<PathBuf> = files.map(|file| file.path().to_owned()).collect();
            (i.time, i.modifiers.shift || i.modifiers.alt, paths)
        });
        let is_graph = |path: &PathBuf| {
            let ending = path.extension();
            ending.is_some_and(|it| it.eq_ignore_ascii_case("ron"))
        };
        let (graphs, media): (Vec<_>, Vec<_>) = paths.into_iter().partition(is_graph);
        // There is one document: the first graph is it.
        if let Some(path) = graphs.into_iter().next() {
            self.ask(Pending::OpenFile(path));
        } else if !media.is_empty() {
            let drops = self.drops.get_or_insert_with(|| Drops {
                paths: vec![],
                alone,
                until: now + PATIENCE,
            });
            drops.paths.extend(media);
        }
        let Some(canvas) = self.last.as_ref().map(|last| last.canvas) else {
            return;
        };
        let pointer = self.pointer.filter(|pos| canvas.contains(*pos));
        let is_due = |drops: &mut Drops| pointer.is_some() || drops.until <= now;
        if let Some(drops) = self.drops.take_if(is_due) {
            let onto = pointer.and_then(|at| self.box_at(at));
            let at = pointer.unwrap_or(canvas.center());
            self.drop_media(drops, at, onto, commands);
        } else if self.drops.is_some() {
            ctx.request_repaint();
        }
    }

    fn drop_media(
        &self,
        Drops { paths, alone, .. }: Drops,
        at: Pos2,
        onto: Option<FilterId>,
        commands: &mut Vec<Command>,
    ) {
        let onto = onto.filter(|_| paths.len() == 1);
        let corner = self.canvas.view().to_graph(at) - vec2(48.0, 14.0);
        let files = paths.into_iter().enumerate().map(|(index, path)| {
            let at = hands::on_grid(corner + vec2(0.0, APART * index as f32));
            (path, at)
        });
        let files: Vec<_> = files.collect();
        let action = match &files[..] {
            [(path, at)] if onto.is_some() => Action::DropMedia {
                path: path.clone(),
                at: *at,
                onto,
            },
            _ => Action::DropFiles {
                files,
                is_wired: !alone,
            },
        };
        commands.push(Command::Do(action));
    }

    /// The box drawn there; of several, the one drawn last.
    fn box_at(&self, at: Pos2) -> Option<FilterId> {
        let boxes = self.last.iter().flat_map(|last| &last.boxes);
        let mut hit = boxes.filter(|(_, rect)| rect.contains(at));
        hit.next_back().map(|(id, _)| *id)
    }
}
