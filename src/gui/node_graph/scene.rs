//! What of the model the frames need again and again: places, wires, and a grid that finds those in sight.
//!
//! A [`Map`] is kept as long as the model says that it is the same, a [`Scene`] for one frame.

use std::collections::HashMap;
use std::rc::Rc;

use egui::{Pos2, Rect, Vec2};

use super::model::{Model, NodeId, PinAddr, Place, Route, WireEnds, WireId};
use super::view::{Detail, View};
use super::wire::{self, Curve};

/// Edge of a cell of the grid, in graph points.
const CELL: f32 = 512.0;
/// What would lie in more cells than this is looked at in every frame instead.
const WIDE: usize = 48;
/// Past this many cells in sight everything is looked at: there is nothing to skip.
const ALL: usize = 1024;

/// Which things lie in which part of the graph.
#[derive(Default)]
struct Grid {
    cells: HashMap<(i32, i32), Vec<u32>>,
    wide: Vec<u32>,
    count: usize,
}

/// The cells a part of the graph touches: columns, rows.
fn span(rect: Rect) -> Option<[std::ops::RangeInclusive<i32>; 2]> {
    if !rect.is_finite() {
        return None;
    }
    let cell = |length: f32| (length / CELL).floor() as i32;
    Some([
        cell(rect.left())..=cell(rect.right()),
        cell(rect.top())..=cell(rect.bottom()),
    ])
}

fn cells_of([columns, rows]: &[std::ops::RangeInclusive<i32>; 2]) -> usize {
    let length = |range: &std::ops::RangeInclusive<i32>| {
        range
            .end()
            .saturating_sub(*range.start())
            .saturating_add(1)
            .max(0) as usize
    };
    length(columns).saturating_mul(length(rows))
}

impl Grid {
    fn put(&mut self, index: usize, rect: Rect) {
        self.count = self.count.max(index + 1);
        let Some(span) = span(rect).filter(|span| cells_of(span) <= WIDE) else {
            self.wide.push(index as u32);
            return;
        };
        let [columns, rows] = span;
        for column in columns {
            for row in rows.clone() {
                self.cells
                    .entry((column, row))
                    .or_default()
                    .push(index as u32);
            }
        }
    }

    /// Everything that may touch this part, in order, each once.
    fn near(&self, rect: Rect) -> Vec<usize> {
        let Some(span) = span(rect).filter(|span| cells_of(span) <= ALL) else {
            return (0..self.count).collect();
        };
        let mut found: Vec<usize> = self.wide.iter().map(|&index| index as usize).collect();
        let [columns, rows] = span;
        for column in columns {
            for row in rows.clone() {
                if let Some(cell) = self.cells.get(&(column, row)) {
                    found.extend(cell.iter().map(|&index| index as usize));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Places and wires of a model.
pub(super) struct Map {
    pub(super) places: Vec<Place>,
    pub(super) wires: Vec<WireEnds>,
    index: HashMap<NodeId, usize>,
    wire_index: HashMap<WireId, usize>,
    boxes: Grid,
    lines: Grid,
    /// Around everything; nothing of an empty graph.
    pub(super) bounds: Option<Rect>,
    /// What the model said of itself.
    pub(super) revision: Option<u64>,
}

impl Map {
    /// The map of a model, the one kept if it is still good.
    pub(super) fn of(model: &impl Model, kept: Option<&Rc<Self>>) -> Rc<Self> {
        let revision = model.revision();
        if let Some(kept) = kept.filter(|kept| revision.is_some() && kept.revision == revision) {
            return Rc::clone(kept);
        }
        Rc::new(Self::build(model.nodes(), model.wires(), revision))
    }

    /// The same with some boxes elsewhere, for one frame.
    pub(super) fn shifted(&self, by: impl Fn(NodeId) -> Vec2) -> Self {
        let mut places = self.places.clone();
        for place in &mut places {
            place.pos += by(place.id);
        }
        Self::build(places, self.wires.clone(), None)
    }

    fn build(places: Vec<Place>, wires: Vec<WireEnds>, revision: Option<u64>) -> Self {
        let mut map = Self {
            index: HashMap::with_capacity(places.len()),
            wire_index: HashMap::with_capacity(wires.len()),
            places,
            wires,
            boxes: Grid::default(),
            lines: Grid::default(),
            bounds: None,
            revision,
        };
        for (i, place) in map.places.iter().enumerate() {
            let rect = place.rect();
            map.index.insert(place.id, i);
            map.boxes.put(i, rect);
            map.bounds = Some(map.bounds.map_or(rect, |bounds| bounds.union(rect)));
        }
        for i in 0..map.wires.len() {
            let ends = map.wires[i];
            map.wire_index.insert(ends.id, i);
            if let Some(reach) = map.reach(&ends) {
                map.lines.put(i, reach);
            }
        }
        map
    }

    /// The part of the graph a wire may touch.
    fn reach(&self, ends: &WireEnds) -> Option<Rect> {
        let (mut from, mut to) = (self.pin(ends.from)?, self.pin(ends.to)?);
        // Far out it may end at an instance above.
        let above = |pin| self.pin_seen(pin, Detail::Middle);
        from.y = from.y.min(above(ends.from)?.y);
        to.y = to.y.min(above(ends.to)?.y);
        let low = self.pin(ends.from)?.y.max(self.pin(ends.to)?.y);
        let side = wire::overhang(from, to);
        let mut rect = Rect::from_two_pos(from, to);
        rect.max.y = rect.max.y.max(low);
        let mut rect = rect.expand2(egui::vec2(side, 8.0));
        if ends.route == Route::Below {
            rect.max.y = rect.max.y.max(self.floor(ends)? + 8.0);
        }
        Some(rect)
    }

    /// Where a wire goes that runs back below its boxes.
    fn floor(&self, ends: &WireEnds) -> Option<f32> {
        let (from, to) = (self.place(ends.from.node)?, self.place(ends.to.node)?);
        Some(from.rect().bottom().max(to.rect().bottom()) + wire::BELOW)
    }

    /// The line of a wire; of none whose boxes are not there.
    pub(super) fn curve(&self, view: &View, ends: &WireEnds) -> Option<(WireEnds, Curve)> {
        let detail = view.detail();
        let (from, to) = (
            self.pin_seen(ends.from, detail)?,
            self.pin_seen(ends.to, detail)?,
        );
        let is_near = detail == Detail::Near;
        let curve = match ends.route {
            Route::Square if is_near => Curve::square(view, from, to),
            Route::Below if to.x < from.x => Curve::below(view, from, to, self.floor(ends)?),
            _ => Curve::bezier(view, from, to),
        };
        Some((*ends, curve))
    }

    /// The lines of the wires that may touch a part of the graph.
    pub(super) fn curves_in(&self, view: &View, part: Rect) -> Vec<(WireEnds, Curve)> {
        let wires = self.wires_in(part);
        wires.filter_map(|ends| self.curve(view, ends)).collect()
    }

    pub(super) fn place(&self, id: NodeId) -> Option<&Place> {
        self.index.get(&id).map(|&i| &self.places[i])
    }

    pub(super) fn index_of(&self, id: NodeId) -> Option<usize> {
        self.index.get(&id).copied()
    }

    pub(super) fn wire(&self, id: WireId) -> Option<&WireEnds> {
        self.wire_index.get(&id).map(|&i| &self.wires[i])
    }

    /// Where a pin is in the graph; of a pin the box does not have (its factory shrank), the side's last row.
    pub(super) fn pin(&self, pin: PinAddr) -> Option<Pos2> {
        self.place(pin.node)
            .map(|place| place.pin(pin.side, pin.index))
    }

    /// Where a pin is as it is seen.
    fn pin_seen(&self, pin: PinAddr, detail: Detail) -> Option<Pos2> {
        self.place(pin.node)
            .map(|place| place.pin_seen(pin.side, pin.index, detail))
    }

    pub(super) fn selected(&self) -> Vec<NodeId> {
        let selected = self.places.iter().filter(|place| place.selected);
        selected.map(|place| place.id).collect()
    }

    pub(super) fn selected_wires(&self) -> Vec<WireId> {
        let selected = self.wires.iter().filter(|wire| wire.selected);
        selected.map(|wire| wire.id).collect()
    }

    /// Boxes that touch a part of the graph, bottom first.
    pub(super) fn boxes_in(&self, part: Rect) -> Vec<usize> {
        let mut found = self.boxes.near(part);
        found.retain(|&i| part.intersects(self.places[i].rect()));
        found
    }

    /// Wires that may touch a part of the graph.
    pub(super) fn wires_in(&self, part: Rect) -> impl Iterator<Item = &WireEnds> {
        let found = self.lines.near(part).into_iter();
        found
            .map(|i| &self.wires[i])
            .filter(move |ends| self.reach(ends).is_some_and(|reach| part.intersects(reach)))
    }
}

/// One frame's look at a map.
pub(super) struct Scene {
    map: Rc<Map>,
    /// Boxes in sight, bottom first.
    pub(super) seen: Vec<usize>,
    /// Wires in sight.
    pub(super) curves: Vec<(WireEnds, Curve)>,
    /// So many boxes so far out that they are painted as one picture.
    pub(super) is_crowd: bool,
}

impl Scene {
    pub(super) fn new(map: Rc<Map>) -> Self {
        Self {
            map,
            seen: Vec::new(),
            curves: Vec::new(),
            is_crowd: false,
        }
    }
}

impl std::ops::Deref for Scene {
    type Target = Map;

    fn deref(&self) -> &Map {
        &self.map
    }
}

/// How far a move has to shift so that an edge or the middle of a box lines up with another's.
pub(super) struct Guides {
    /// What is added to the move.
    pub(super) shift: Vec2,
    /// Upright lines: where, from, to.
    pub(super) upright: Option<(f32, f32, f32)>,
    /// Level lines: where, from, to.
    pub(super) level: Option<(f32, f32, f32)>,
}

/// Lines up `rect` with boxes in sight that do not move, within `within` graph points.
pub(super) fn guides(
    scene: &Scene,
    rect: Rect,
    within: f32,
    moves: impl Fn(&Place) -> bool,
) -> Guides {
    let mut best = [(within, None), (within, None)];
    for &i in &scene.seen {
        let place = &scene.places[i];
        if moves(place) {
            continue;
        }
        let other = place.rect();
        let columns = [(rect.left(), other.left()), (rect.right(), other.right())];
        let rows = [(rect.top(), other.top()), (rect.bottom(), other.bottom())];
        for (axis, pairs) in [columns.as_slice(), rows.as_slice()]
            .into_iter()
            .enumerate()
        {
            for &(mine, its) in pairs {
                let gap = its - mine;
                if gap.abs() < best[axis].0 {
                    best[axis] = (gap.abs().max(1e-3), Some((gap, its, other)));
                }
            }
        }
    }
    let [upright, level] = best.map(|(_, found)| found);
    let shift = Vec2::new(
        upright.map_or(0.0, |(gap, ..)| gap),
        level.map_or(0.0, |(gap, ..)| gap),
    );
    let moved = rect.translate(shift);
    Guides {
        shift,
        upright: upright.map(|(_, x, other)| {
            let (top, bottom) = (
                moved.top().min(other.top()),
                moved.bottom().max(other.bottom()),
            );
            (x, top - 12.0, bottom + 12.0)
        }),
        level: level.map(|(_, y, other)| {
            let (left, right) = (
                moved.left().min(other.left()),
                moved.right().max(other.right()),
            );
            (y, left - 12.0, right + 12.0)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    #[test]
    fn the_grid_finds_what_a_look_at_everything_finds() {
        let mut grid = Grid::default();
        let rects: Vec<Rect> = (0..400)
            .map(|i| {
                let at = pos2((i * 173 % 9000) as f32 - 3000.0, (i * 331 % 7000) as f32);
                Rect::from_min_size(at, vec2(96.0 + (i % 7) as f32 * 900.0, 80.0))
            })
            .collect();
        for (i, rect) in rects.iter().enumerate() {
            grid.put(i, *rect);
        }
        for part in [
            Rect::from_min_size(pos2(0.0, 0.0), vec2(900.0, 600.0)),
            Rect::from_min_size(pos2(-2900.0, 3000.0), vec2(40.0, 40.0)),
            Rect::EVERYTHING,
        ] {
            let found = grid.near(part);
            let wanted = (0..400).filter(|&i| part.intersects(rects[i]));
            for i in wanted {
                assert!(found.binary_search(&i).is_ok(), "{i} is missed in {part:?}");
            }
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        }
        let little = grid.near(Rect::from_min_size(pos2(0.0, 0.0), vec2(10.0, 10.0)));
        assert!(little.len() < 200, "{} are looked at", little.len());
    }
}
