//! Where boxes stand: room for a new one, tidy layers, common edges, even gaps. Plain geometry; nothing here knows what
//! a filter is, and nothing looks at a screen: the sizes of boxes are handed in.

mod align;
mod layers;
mod space;

pub use align::{Alignment, Axis, aligned, distributed};
pub use layers::{Link, layered};
pub use space::{Area, Placed, make_room};

use super::model::Position;

/// Places are multiples of this.
pub const GRID: f32 = 16.0;

/// The nearest place on the grid.
pub fn snapped(position: Position) -> Position {
    let snap = |length: f32| (length / GRID).round() * GRID;
    Position {
        x: snap(position.x),
        y: snap(position.y),
    }
}
