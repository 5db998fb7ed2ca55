//! Named places on the seek bar: a tick each, their names under the pointer. What they are is `app/landmarks`.

use egui::{Pos2, Rect, Stroke, Ui, pos2, vec2};

use crate::app::{Landmark, View};
use crate::gui::probe;
use crate::gui::theme::Theme;

/// The pointer has one within so much of it.
const NEAR: f32 = 5.0;
/// How far one stands out above the rail.
const STANDS_OUT: f32 = 2.0;
/// Of places closer than this only the first is drawn.
const APART: f32 = 2.0;
/// The most names that are said of one spot.
const NAMES: usize = 4;

/// Where one lies.
fn x_of(it: &Landmark, whole: u64, (left, right): (f32, f32)) -> f32 {
    left + (right - left) * (it.position as f64 / whole.max(1) as f64).min(1.0) as f32
}

/// Draws those that lie in the whole.
pub(super) fn draw(ui: &Ui, landmarks: &[Landmark], rail: Rect, whole: u64, pointer: Option<Pos2>) {
    let theme = Theme::of(ui.ctx());
    let ends = (rail.left(), rail.right());
    let near = pointer.and_then(|at| near(landmarks, at.x, whole, ends));
    let mut last = f32::NEG_INFINITY;
    for it in landmarks.iter().take_while(|it| it.position <= whole) {
        let x = x_of(it, whole, ends);
        let is_near = near.is_some_and(|near| near.position == it.position);
        if x - last < APART && !is_near {
            continue;
        }
        last = x;
        let (ink, wide) = match is_near {
            true => (theme.strong, 2.0),
            false => (theme.text, 1.0),
        };
        let top = pos2(x, rail.top() - STANDS_OUT);
        let tick = [top, pos2(x, rail.bottom())];
        ui.painter().line_segment(tick, Stroke::new(wide, ink));
        let flag = vec![top, top + vec2(4.0, 1.5), top + vec2(0.0, 3.0)];
        let flag = egui::Shape::convex_polygon(flag, ink, Stroke::NONE);
        ui.painter().add(flag);
        let place = Rect::from_two_pos(top, tick[1]).expand(1.0);
        probe::note(ui.ctx(), "mark", &it.name, "", place);
    }
}

/// The one at `x`, the nearest first.
pub(super) fn near(
    landmarks: &[Landmark],
    x: f32,
    whole: u64,
    ends: (f32, f32),
) -> Option<&Landmark> {
    let away = |it: &Landmark| (x_of(it, whole, ends) - x).abs();
    let inside = landmarks.iter().filter(|it| it.position <= whole);
    let nearest = inside.min_by(|one, other| away(one).total_cmp(&away(other)))?;
    (away(nearest) <= NEAR).then_some(nearest)
}

/// What the places at that spot are called, and by whose files.
pub(super) fn words(landmarks: &[Landmark], at: &Landmark, view: &View<'_>) -> String {
    let here = landmarks.iter().filter(|it| it.position == at.position);
    let words = here.take(NAMES).map(|it| {
        let filter = view.wiring.filters.get(&it.filter);
        let whose = filter.map_or("", |it| it.name.as_str());
        format!("{} ({whose})", it.name)
    });
    words.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::FilterPath;

    #[test]
    fn the_nearest_is_taken_and_none_from_afar() {
        let at = |position, name: &str| Landmark {
            position,
            name: name.into(),
            filter: FilterPath::default(),
        };
        let all = [at(100, "a"), at(110, "b"), at(900, "c"), at(5_000, "d")];
        let near = |x| near(&all, x, 1_000, (0.0, 1_000.0)).map(|it| it.name.as_str());
        assert_eq!(near(103.0), Some("a"));
        assert_eq!(near(107.0), Some("b"));
        assert_eq!(near(500.0), None);
        assert_eq!(near(1_000.0), None, "what lies beyond is not drawn");
    }
}
