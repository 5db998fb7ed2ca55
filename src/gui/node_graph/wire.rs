//! The shape of wires: flattened curves with arc length, hit tests, crossings. Screen points throughout.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use super::view::{Detail, View};

/// A wire as a polyline.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub(super) points: Vec<Pos2>,
    /// Distance from the beginning, per point.
    along: Vec<f32>,
    pub(super) bounds: Rect,
}

/// How far below its boxes a wire runs back that closes a loop, in graph points.
pub(super) const BELOW: f32 = 24.0;

/// Handles of the Bezier between two graph points, in graph points.
fn reach(dx: f32) -> f32 {
    if dx >= 0.0 {
        (dx / 2.0).max(28.0)
    } else {
        (0.6 * -dx + 40.0).max(60.0)
    }
}

/// How far a curve may leave the box spanned by its ends, in graph points.
pub(super) fn overhang(from: Pos2, to: Pos2) -> f32 {
    reach(to.x - from.x) + 8.0
}

impl Curve {
    fn new(points: Vec<Pos2>) -> Self {
        let mut along = Vec::with_capacity(points.len());
        let mut sum = 0.0;
        for (i, point) in points.iter().enumerate() {
            if i > 0 {
                sum += point.distance(points[i - 1]);
            }
            along.push(sum);
        }
        let bounds = Rect::from_points(&points);
        Self {
            points,
            along,
            bounds,
        }
    }

    /// Between two graph points.
    pub(super) fn bezier(view: &View, from: Pos2, to: Pos2) -> Self {
        let reach = reach(to.x - from.x);
        let [a, b, c, d] =
            [from, from + vec2(reach, 0.0), to - vec2(reach, 0.0), to].map(|p| view.to_screen(p));
        let segments = match view.detail() {
            Detail::Near if (from.y - to.y).abs() < 0.5 && to.x > from.x => 4,
            Detail::Near => (24.0 * view.zoom.sqrt()).clamp(16.0, 48.0) as usize,
            Detail::Middle => 12,
            Detail::Far => 8,
        };
        let at = |t: f32| {
            let u = 1.0 - t;
            let sum = a.to_vec2() * (u * u * u)
                + b.to_vec2() * (3.0 * u * u * t)
                + c.to_vec2() * (3.0 * u * t * t)
                + d.to_vec2() * (t * t * t);
            sum.to_pos2()
        };
        Self::new(
            (0..=segments)
                .map(|i| at(i as f32 / segments as f32))
                .collect(),
        )
    }

    /// Right angles with chamfers, for what is joined in hardware.
    pub(super) fn square(view: &View, from: Pos2, to: Pos2) -> Self {
        let middle = (from.x + to.x) / 2.0;
        let chamfer = 10.0_f32.min((to.y - from.y).abs() / 2.0) * (to.y - from.y).signum();
        let step = chamfer.abs() * (to.x - from.x).signum();
        let mut points = vec![from];
        if chamfer.abs() > 0.5 {
            points.extend([
                pos2(middle - step, from.y),
                pos2(middle, from.y + chamfer),
                pos2(middle, to.y - chamfer),
                pos2(middle + step, to.y),
            ]);
        }
        points.push(to);
        Self::new(points.into_iter().map(|p| view.to_screen(p)).collect())
    }

    /// Back below the boxes, for what closes a loop: out, down to `floor`, back, up and in.
    pub(super) fn below(view: &View, from: Pos2, to: Pos2, floor: f32) -> Self {
        const OUT: f32 = 28.0;
        const ROUND: f32 = 16.0;
        let (right, left) = (from.x + OUT, to.x - OUT);
        let corners = [
            pos2(right, from.y),
            pos2(right, floor),
            pos2(left, floor),
            pos2(left, to.y),
        ];
        let mut points = vec![from];
        for (i, &corner) in corners.iter().enumerate() {
            let before = if i == 0 { from } else { corners[i - 1] };
            let after = corners.get(i + 1).copied().unwrap_or(to);
            let round = ROUND
                .min(before.distance(corner) / 2.0)
                .min(after.distance(corner) / 2.0);
            let (a, b) = (
                corner + (before - corner).normalized() * round,
                corner + (after - corner).normalized() * round,
            );
            for step in 0..=5 {
                let (t, u) = (step as f32 / 5.0, 1.0 - step as f32 / 5.0);
                let sum = a.to_vec2() * (u * u)
                    + corner.to_vec2() * (2.0 * u * t)
                    + b.to_vec2() * (t * t);
                points.push(sum.to_pos2());
            }
        }
        points.push(to);
        Self::new(points.into_iter().map(|p| view.to_screen(p)).collect())
    }

    pub(super) fn length(&self) -> f32 {
        self.along.last().copied().unwrap_or(0.0)
    }

    /// Point and direction at a distance from the beginning.
    pub(super) fn at(&self, distance: f32) -> (Pos2, Vec2) {
        let last = self.points.len() - 1;
        let i = self.along.partition_point(|&d| d < distance).clamp(1, last);
        let (a, b) = (self.points[i - 1], self.points[i]);
        let step = self.along[i] - self.along[i - 1];
        let t = if step > 0.0 {
            (distance - self.along[i - 1]) / step
        } else {
            0.0
        };
        (a.lerp(b, t.clamp(0.0, 1.0)), (b - a).normalized())
    }

    pub(super) fn middle(&self) -> Pos2 {
        self.at(self.length() / 2.0).0
    }

    /// How far a point is from the curve.
    pub(super) fn distance_to(&self, point: Pos2) -> f32 {
        self.points
            .windows(2)
            .map(|ends| {
                let (a, along) = (ends[0], ends[1] - ends[0]);
                let t = ((point - a).dot(along) / along.length_sq().max(1e-6)).clamp(0.0, 1.0);
                point.distance(a + along * t)
            })
            .fold(f32::INFINITY, f32::min)
    }

    /// Whether a straight cut goes through it.
    pub(super) fn crosses(&self, a: Pos2, b: Pos2) -> bool {
        let side = |a: Pos2, b: Pos2, p: Pos2| (b - a).x * (p - a).y - (b - a).y * (p - a).x;
        self.points.windows(2).any(|ends| {
            let (c, d) = (ends[0], ends[1]);
            side(a, b, c) * side(a, b, d) <= 0.0 && side(c, d, a) * side(c, d, b) < 0.0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_begins_and_ends_at_its_pins_and_measures_its_way() {
        let curve = Curve::bezier(&View::default(), pos2(0.0, 0.0), pos2(200.0, 80.0));
        assert_eq!(curve.points[0], pos2(0.0, 0.0));
        assert!(curve.points.last().unwrap().distance(pos2(200.0, 80.0)) < 1e-3);
        assert!(curve.length() > 215.0 && curve.length() < 260.0);
        assert!(curve.middle().distance(pos2(100.0, 40.0)) < 1.0);
        assert!(curve.at(0.0).1.x > 0.9, "leaves to the right");
    }

    #[test]
    fn pointing_and_cutting_find_the_wire() {
        let curve = Curve::bezier(&View::default(), pos2(0.0, 0.0), pos2(200.0, 0.0));
        assert!(curve.distance_to(pos2(100.0, 5.0)) < 5.1);
        assert!(curve.distance_to(pos2(100.0, 50.0)) > 49.0);
        assert!(curve.crosses(pos2(90.0, -10.0), pos2(110.0, 10.0)));
        assert!(!curve.crosses(pos2(90.0, 1.0), pos2(110.0, 10.0)));
    }

    #[test]
    fn what_closes_a_loop_runs_back_below_its_boxes() {
        let curve = Curve::below(&View::default(), pos2(400.0, 40.0), pos2(0.0, 60.0), 200.0);
        assert!(curve.points.last().unwrap().distance(pos2(0.0, 60.0)) < 1e-3);
        assert!(
            (curve.middle().y - 200.0).abs() < 1.0,
            "{:?}",
            curve.middle()
        );
        assert!(curve.at(0.0).1.x > 0.9, "leaves to the right");
        assert!(curve.at(curve.length()).1.x > 0.9, "comes in from the left");
        assert!(curve.bounds.right() <= 429.0 && curve.bounds.left() >= -29.0);
    }

    #[test]
    fn a_hard_wire_has_right_angles() {
        let curve = Curve::square(&View::default(), pos2(0.0, 0.0), pos2(100.0, 60.0));
        assert_eq!(curve.points.len(), 6);
        assert!(curve.points.contains(&pos2(50.0, 10.0)));
    }
}
