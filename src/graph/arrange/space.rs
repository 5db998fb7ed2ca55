//! Room for a new box beside others: never on top of one. Others move only when there is no room near by.

use super::{GRID, snapped};
use crate::graph::model::{FilterId, Position};

/// What is kept free around a new box.
const MARGIN: f32 = GRID;
/// How far up, down and sideways a free place is looked for before boxes are pushed.
const REACH: (f32, f32) = (160.0, 320.0);

/// What a box covers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Area {
    /// Its upper left corner.
    pub at: Position,
    /// Width and height.
    pub size: (f32, f32),
}

impl Area {
    /// What several cover together; nothing at the origin when there are none.
    pub fn around(areas: impl Iterator<Item = Self>) -> Self {
        let joined = areas.reduce(|all, area| {
            let left = all.at.x.min(area.at.x);
            let top = all.at.y.min(area.at.y);
            let size = (
                all.right().max(area.right()) - left,
                all.bottom().max(area.bottom()) - top,
            );
            let at = Position { x: left, y: top };
            Self { at, size }
        });
        joined.unwrap_or(Self {
            at: Position::default(),
            size: (0.0, 0.0),
        })
    }

    /// Right edge.
    pub fn right(&self) -> f32 {
        self.at.x + self.size.0
    }

    /// Lower edge.
    pub fn bottom(&self) -> f32 {
        self.at.y + self.size.1
    }

    /// Whether two areas come nearer to each other than `margin`.
    pub fn is_near(&self, other: &Self, margin: f32) -> bool {
        self.at.x < other.right() + margin
            && other.at.x < self.right() + margin
            && self.at.y < other.bottom() + margin
            && other.at.y < self.bottom() + margin
    }
}

/// A place for a new box, and what has to make way.
#[derive(Clone, PartialEq, Debug)]
pub struct Placed {
    /// Where the new box stands.
    pub at: Position,
    /// Boxes that move to the right.
    pub moves: Vec<(FilterId, Position)>,
}

/// A place for a box of `size` that is wanted at `wanted`: the nearest free one, up and down before sideways. Where there
/// is none near by, everything right of `after` makes way.
pub fn make_room(
    others: &[(FilterId, Area)],
    wanted: Position,
    size: (f32, f32),
    after: Option<Area>,
) -> Placed {
    let wanted = snapped(wanted);
    let is_free = |at: Position| {
        let area = Area { at, size };
        !others.iter().any(|(_, other)| area.is_near(other, MARGIN))
    };
    if let Some(at) = offsets()
        .map(|(x, y)| Position {
            x: wanted.x + x,
            y: wanted.y + y,
        })
        .find(|&at| is_free(at))
    {
        return Placed { at, moves: vec![] };
    }
    let left = after.map_or(wanted.x, |area| area.right() + 2.0 * GRID);
    let at = snapped(Position {
        x: left + GRID * 0.5,
        y: wanted.y,
    });
    // What stands right of it, or across its left edge, goes on together; the rest ends before it.
    let in_the_way = |area: &Area| area.right() + MARGIN > at.x && Some(*area) != after;
    let pushed: Vec<_> = others.iter().filter(|(_, it)| in_the_way(it)).collect();
    let first = pushed
        .iter()
        .map(|(_, area)| area.at.x)
        .fold(f32::INFINITY, f32::min);
    let by = ((at.x + size.0 + 2.0 * GRID - first) / GRID).ceil() * GRID;
    let moves = if by.is_finite() && by > 0.0 {
        let moved = |at: Position| Position {
            x: at.x + by,
            y: at.y,
        };
        pushed
            .iter()
            .map(|(id, area)| (*id, moved(area.at)))
            .collect()
    } else {
        vec![]
    };
    Placed { at, moves }
}

/// Distances on the grid within reach, the nearest first; sideways counts double.
fn offsets() -> impl Iterator<Item = (f32, f32)> {
    let steps = |reach: f32| {
        let count = (reach / GRID) as i32;
        -count..=count
    };
    let mut all: Vec<(i32, i32)> = steps(REACH.0)
        .flat_map(|x| steps(REACH.1).map(move |y| (x, y)))
        .collect();
    // Below before above, right before left.
    all.sort_by_key(|&(x, y)| (4 * x * x + y * y, y < 0, x < 0, x, y));
    all.into_iter()
        .map(|(x, y)| (x as f32 * GRID, y as f32 * GRID))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(x: f32, y: f32) -> Area {
        Area {
            at: Position { x, y },
            size: (160.0, 80.0),
        }
    }

    fn is_apart(areas: &[Area]) -> bool {
        let mut pairs = areas.iter().enumerate();
        pairs.all(|(at, one)| areas[at + 1..].iter().all(|two| !one.is_near(two, 0.0)))
    }

    #[test]
    fn where_it_is_free_it_stands() {
        let wanted = Position { x: 203.0, y: 5.0 };
        let placed = make_room(&[(FilterId(1), area(0.0, 0.0))], wanted, (96.0, 80.0), None);
        assert_eq!(placed.at, Position { x: 208.0, y: 0.0 });
        assert!(placed.moves.is_empty());
    }

    #[test]
    fn the_nearest_free_place_is_taken_and_nobody_moves() {
        let others = [
            (FilterId(1), area(0.0, 0.0)),
            (FilterId(2), area(200.0, 0.0)),
        ];
        let placed = make_room(&others, Position { x: 96.0, y: 0.0 }, (160.0, 80.0), None);
        let new = Area {
            at: placed.at,
            size: (160.0, 80.0),
        };
        assert!(is_apart(&[others[0].1, others[1].1, new]), "{placed:?}");
        assert!(placed.moves.is_empty());
    }

    #[test]
    fn where_all_is_full_the_right_hand_side_makes_way() {
        let mut others = vec![];
        for column in 0..12_i16 {
            for row in -12..12_i16 {
                let place = area(f32::from(column) * 176.0, f32::from(row) * 96.0);
                others.push((FilterId(others.len() as u32 + 1), place));
            }
        }
        let after = others
            .iter()
            .map(|it| it.1)
            .find(|it| it.at == Position { x: 352.0, y: 0.0 });
        let wanted = Position { x: 450.0, y: 0.0 };
        let placed = make_room(&others, wanted, (160.0, 80.0), after);
        assert!(!placed.moves.is_empty());
        let mut all: Vec<Area> = others
            .iter()
            .map(|(id, area)| {
                let moved = placed.moves.iter().find(|(moved, _)| moved == id);
                Area {
                    at: moved.map_or(area.at, |(_, at)| *at),
                    size: area.size,
                }
            })
            .collect();
        all.push(Area {
            at: placed.at,
            size: (160.0, 80.0),
        });
        assert!(is_apart(&all), "{placed:?}");
        assert!(
            placed.moves.len() < others.len(),
            "what stands on the left stays"
        );
    }
}
