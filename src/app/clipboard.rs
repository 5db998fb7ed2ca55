//! Copy, cut, paste, duplicate, and another graph merged into this one: all of them pieces of graphs that travel.

use std::path::Path;

use super::{App, Selection, Urgency, move_paths};
use crate::graph::arrange::{Area, snapped};
use crate::graph::{Edit, FilterId, Fragment, Position, load};
use crate::sysaudio::estimated_size;

/// How far a copy stands from what it was copied from.
const ASIDE: f32 = 32.0;

impl App {
    /// The text of what is selected, for the clipboard of the system; `None` when no box and no note is.
    pub fn copied(&self) -> Option<String> {
        let fragment = self.fragment();
        (!fragment.is_empty()).then(|| fragment.to_text())
    }

    fn fragment(&self) -> Fragment {
        let base = self.base();
        let Selection { filters, notes, .. } = &self.selection;
        Fragment::of(self.shown(), filters, notes, base.as_deref())
    }

    /// Deletes what is selected; its text was taken before.
    pub(super) fn cut(&mut self) {
        let Selection { filters, notes, .. } = std::mem::take(&mut self.selection);
        if notes.is_empty() {
            self.delete(filters.into_iter().collect(), "Cut");
        } else {
            self.delete_with_notes("Cut", filters, Default::default(), notes);
        }
    }

    /// Puts in what a text holds, its middle at `at`; without a place, beside where it stood.
    pub(super) fn paste(&mut self, text: &str, at: Option<Position>) {
        let mut fragment = match Fragment::from_text(text) {
            Ok(fragment) => fragment,
            Err(error) => {
                self.warn("Clipboard", error.to_string());
                return;
            }
        };
        self.rehome(&mut fragment);
        let by = match at {
            None => Position { x: ASIDE, y: ASIDE },
            Some(at) => {
                let area = self.area_of(&fragment);
                let corner = snapped(Position {
                    x: at.x - area.size.0 * 0.5,
                    y: at.y - area.size.1 * 0.5,
                });
                Position {
                    x: corner.x - area.at.x,
                    y: corner.y - area.at.y,
                }
            }
        };
        self.put("Paste", &fragment, by);
    }

    pub(super) fn duplicate(&mut self, by: Position) {
        let fragment = self.fragment();
        if !fragment.is_empty() {
            self.put("Duplicate", &fragment, by);
        }
    }

    /// Puts another graph file in, below what is there.
    pub(super) fn merge(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let loaded = match load(&path) {
            Ok(loaded) => loaded,
            Err(error) => {
                self.tell(error.to_string());
                return;
            }
        };
        let file = path.file_name().unwrap_or_default();
        let name = file.to_string_lossy().into_owned();
        for warning in loaded.warnings {
            let text = format!("line {}: {}", warning.line, warning.text);
            self.say(Urgency::Attention, &name, None, text);
        }
        let mut fragment = Fragment {
            graph: loaded.graph,
            folder: path.parent().map(Path::to_owned),
        };
        if fragment.is_empty() {
            self.warn("File", format!("{name} is empty"));
            return;
        }
        self.rehome(&mut fragment);
        let theirs = self.area_of(&fragment);
        let mut by = Position::default();
        if !self.shown().filters.is_empty() {
            let ours = Area::around(self.areas().into_iter().map(|(_, area)| area));
            let corner = snapped(Position {
                x: ours.at.x,
                y: ours.bottom() + 2.0 * ASIDE,
            });
            by = Position {
                x: corner.x - theirs.at.x,
                y: corner.y - theirs.at.y,
            };
        }
        self.put(&format!("Merge {name}"), &fragment, by);
    }

    /// Its paths lead to the same files from this document.
    fn rehome(&self, fragment: &mut Fragment) {
        let (old, new) = (fragment.folder.take(), self.base());
        move_paths(
            &mut fragment.graph,
            &self.catalogue,
            old.as_deref(),
            new.as_deref(),
        );
    }

    fn put(&mut self, act: &str, fragment: &Fragment, by: Position) {
        let put = fragment.insert(self.shown(), self.fresh_id(), by);
        let mut nodes = fragment.graph.filters.values();
        let name = match (nodes.next(), nodes.count()) {
            (Some(one), 0) if !act.contains(' ') => format!("{act} {}", one.name),
            (Some(_), more) if !act.contains(' ') => format!("{act} {} filters", more + 1),
            _ => act.to_owned(),
        };
        if self.apply(&name, put.edit) {
            self.selection = Selection {
                filters: put.filters.into_iter().collect(),
                notes: put.notes.into_iter().collect(),
                ..Selection::default()
            };
            self.agree();
        }
    }

    fn area_of(&self, fragment: &Fragment) -> Area {
        let size = |id: FilterId| {
            let node = fragment.graph.filters.get(&id);
            node.map_or((0.0, 0.0), |node| estimated_size(node, &self.catalogue))
        };
        fragment.area(&size)
    }

    /// What every box of the shown graph covers.
    pub(super) fn areas(&self) -> Vec<(FilterId, Area)> {
        let nodes = self.shown().filters.iter();
        let area = |(id, node): (&FilterId, &crate::graph::Shared<crate::graph::Node>)| {
            let known = self.sizes.get(id).copied();
            let at = node.position;
            let size = known.unwrap_or_else(|| estimated_size(node, &self.catalogue));
            (*id, Area { at, size })
        };
        nodes.map(area).collect()
    }

    /// Moves boxes of the shown graph, if any of them really moves.
    pub(super) fn move_boxes(&mut self, name: &str, places: Vec<(FilterId, Position)>) {
        let shown = self.shown();
        let moves = |(id, at): &(FilterId, Position)| {
            let node = shown.filters.get(id);
            node.is_some_and(|node| node.position != *at)
        };
        let places: Vec<_> = places.into_iter().filter(moves).collect();
        if !places.is_empty() {
            self.apply(name, Edit::Move(places));
        }
    }
}
