//! Tidies the canvas: layers, common edges, even gaps. What is selected, or everything when nothing is.

use std::collections::{BTreeMap, BTreeSet};

use super::App;
use crate::graph::arrange::{
    Alignment, Area, Axis, GRID, Link, aligned, distributed, layered, snapped,
};
use crate::graph::{Edit, FilterId, NodeKind, Note, NoteKind, PinRef, Position, Size};
use crate::sysaudio::Sizes;

/// Boxes and what each covers.
type Boxes = Vec<(FilterId, Area)>;

impl App {
    /// The screen tells how large it draws the boxes of the shown graph; what is not told is estimated.
    pub fn set_box_sizes(&mut self, sizes: Sizes) {
        let is_size = |length: f32| length.is_finite() && (1.0..1e5).contains(&length);
        let sizes = sizes.into_iter();
        self.sizes = sizes
            .filter(|(_, size)| is_size(size.0) && is_size(size.1))
            .collect();
    }

    /// The boxes an act is about, and all others.
    fn parted(&self, least: usize) -> (Boxes, Boxes) {
        let chosen = &self.selection.filters;
        let all = self.areas().into_iter();
        match chosen.len() {
            0 => (all.collect(), vec![]),
            len if len < least => (vec![], all.collect()),
            _ => all.partition(|(id, _)| chosen.contains(id)),
        }
    }

    pub(super) fn arrange(&mut self, sizes: Sizes) {
        let mut known = std::mem::take(&mut self.sizes);
        known.extend(sizes);
        self.set_box_sizes(known);
        let (boxes, others) = self.parted(2);
        let mut places = layered(&boxes, &self.links());
        // The arranged ones go down together until they cover nobody.
        let area = |id: &FilterId| boxes.iter().find(|(it, _)| it == id).map(|(_, area)| *area);
        let sizes: BTreeMap<FilterId, (f32, f32)> = places
            .iter()
            .filter_map(|(id, _)| Some((*id, area(id)?.size)))
            .collect();
        for _ in 0..1000 {
            let covers = places.iter().any(|(id, at)| {
                let size = sizes.get(id).copied().unwrap_or_default();
                let area = Area { at: *at, size };
                others.iter().any(|(_, other)| area.is_near(other, GRID))
            });
            if !covers {
                break;
            }
            for (_, at) in &mut places {
                at.y += GRID;
            }
        }
        let follow = self.frames_follow(&boxes, &places);
        places.retain(|(id, at)| area(id).is_some_and(|area| area.at != *at));
        let mut edits = follow;
        if !places.is_empty() {
            edits.insert(0, Edit::Move(places));
        }
        if !edits.is_empty() {
            self.apply("Arrange", Edit::Batch(edits));
        }
    }

    /// A frame all of whose boxes move goes round them again, with the margins it had; comments in it go along.
    fn frames_follow(&self, boxes: &Boxes, places: &[(FilterId, Position)]) -> Vec<Edit> {
        let shown = self.shown();
        let mut edits = vec![];
        for (id, frame) in &shown.notes {
            if frame.kind == NoteKind::Comment {
                continue;
            }
            let inside = shown.filters.iter();
            let inside = inside.filter(|(_, node)| frame.covers(node.position));
            let inside: BTreeSet<FilterId> = inside.map(|(id, _)| *id).collect();
            let mine = boxes.iter().filter(|(id, _)| inside.contains(id));
            let mine: Boxes = mine.copied().collect();
            if mine.is_empty() || mine.len() < inside.len() {
                continue;
            }
            let moved = mine.iter().filter_map(|(id, area)| {
                let (_, at) = places.iter().find(|(it, _)| it == id)?;
                Some(Area { at: *at, ..*area })
            });
            let before = Area::around(mine.iter().map(|(_, area)| *area));
            let after = Area::around(moved);
            if before == after {
                continue;
            }
            let margin = |length: f32| length.max(GRID);
            let (left, top) = (
                margin(before.at.x - frame.position.x),
                margin(before.at.y - frame.position.y),
            );
            let right = margin(frame.position.x + frame.size.width - before.right());
            let bottom = margin(frame.position.y + frame.size.height - before.bottom());
            let position = Position {
                x: after.at.x - left,
                y: after.at.y - top,
            };
            let size = Size {
                width: left + after.size.0 + right,
                height: top + after.size.1 + bottom,
            };
            let shift = (position.x - frame.position.x, position.y - frame.position.y);
            let comments = shown
                .notes
                .iter()
                .filter(|(_, note)| note.kind == NoteKind::Comment && frame.covers(note.position));
            let comments = comments.map(|(id, note)| {
                let at = Position {
                    x: note.position.x + shift.0,
                    y: note.position.y + shift.1,
                };
                (*id, at)
            });
            edits.push(Edit::MoveNotes(comments.collect()));
            let note = Note {
                position,
                size,
                ..frame.clone()
            };
            edits.push(Edit::SetNote { id: *id, note });
        }
        edits
    }

    pub(super) fn snap(&mut self) {
        let (boxes, _) = self.parted(1);
        let places = boxes.iter().map(|(id, area)| (*id, snapped(area.at)));
        self.move_boxes("Snap", places.collect());
    }

    pub(super) fn align(&mut self, alignment: Alignment) {
        let (boxes, _) = self.parted(2);
        self.move_boxes("Align", aligned(&boxes, alignment));
    }

    pub(super) fn distribute(&mut self, axis: Axis) {
        let (boxes, _) = self.parted(3);
        self.move_boxes("Distribute", distributed(&boxes, axis));
    }

    /// The wires of the shown graph, with how far down on its box each end stands.
    fn links(&self) -> Vec<Link> {
        let row = |end: &PinRef| {
            let path = self.path_of(end.filter);
            let pins: Option<usize> = match self.shown().filters.get(&end.filter).map(|it| &it.kind)
            {
                Some(NodeKind::Group(group)) => {
                    group.pins.iter().position(|pin| pin.name == end.pin)
                }
                Some(NodeKind::Filter(_)) => self
                    .wiring
                    .filters
                    .get(&path)
                    .and_then(|wired| wired.descriptor.as_deref()?.pin(&end.pin))
                    .map(|(index, _)| index),
                None => None,
            };
            let index = pins.unwrap_or(0).min(1000) as u32;
            index.saturating_add(end.instance.min(1000))
        };
        let wires = self.shown().connections.iter();
        let links = wires.map(|wire| Link {
            from: wire.from.filter,
            output: row(&wire.from),
            to: wire.to.filter,
            input: row(&wire.to),
        });
        links.collect()
    }
}
