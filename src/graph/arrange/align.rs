//! Common edges and even gaps.

use super::Area;
use crate::graph::model::{FilterId, Position};

/// What boxes are to have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alignment {
    /// Left edges, at the leftmost.
    Left,
    /// Right edges, at the rightmost.
    Right,
    /// Upper edges, at the highest.
    Top,
    /// Lower edges, at the lowest.
    Bottom,
    /// The vertical line through the middle.
    Centre,
    /// The horizontal line through the middle.
    Middle,
}

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Axis {
    /// From left to right.
    Horizontally,
    /// From top to bottom.
    Vertically,
}

/// Where boxes stand that are aligned.
pub fn aligned(boxes: &[(FilterId, Area)], alignment: Alignment) -> Vec<(FilterId, Position)> {
    let all = Area::around(boxes.iter().map(|(_, area)| *area));
    let place = |area: &Area| {
        let (x, y) = (area.at.x, area.at.y);
        let (width, height) = area.size;
        match alignment {
            Alignment::Left => (all.at.x, y),
            Alignment::Right => (all.right() - width, y),
            Alignment::Top => (x, all.at.y),
            Alignment::Bottom => (x, all.bottom() - height),
            Alignment::Centre => (all.at.x + (all.size.0 - width) * 0.5, y),
            Alignment::Middle => (x, all.at.y + (all.size.1 - height) * 0.5),
        }
    };
    let placed = boxes.iter().map(|(id, area)| {
        let (x, y) = place(area);
        (*id, Position { x, y })
    });
    placed.collect()
}

/// Where boxes stand that have the same gap between each two neighbours. The first and the last stay; where there is less
/// room than the boxes need they overlap evenly.
pub fn distributed(boxes: &[(FilterId, Area)], axis: Axis) -> Vec<(FilterId, Position)> {
    let span = |area: &Area| match axis {
        Axis::Horizontally => (area.at.x, area.size.0),
        Axis::Vertically => (area.at.y, area.size.1),
    };
    let mut row: Vec<&(FilterId, Area)> = boxes.iter().collect();
    // By their middles, so that a wide one does not jump over a narrow one.
    row.sort_by(|(id, a), (other, b)| {
        let middle = |area: &Area| span(area).0 + span(area).1 * 0.5;
        middle(a).total_cmp(&middle(b)).then(id.cmp(other))
    });
    let (Some((_, first)), Some((_, last))) = (row.first(), row.last()) else {
        return vec![];
    };
    if row.len() < 3 {
        return vec![];
    }
    let whole = span(last).0 + span(last).1 - span(first).0;
    let filled: f32 = row.iter().map(|(_, area)| span(area).1).sum();
    let gap = (whole - filled) / (row.len() - 1) as f32;
    let mut at = span(first).0;
    let placed = row.iter().map(|(id, area)| {
        let here = at;
        at += span(area).1 + gap;
        let place = match axis {
            Axis::Horizontally => Position { x: here, ..area.at },
            Axis::Vertically => Position { y: here, ..area.at },
        };
        (*id, place)
    });
    placed.collect()
}
