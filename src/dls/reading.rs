//! Between the samples of a wave.

use super::voice::LANES;

/// Samples that are worked out side by side.
const ROW: usize = 16;

/// Reads a wave from `position` on, at each sample `stride` further, times a gain that begins at its first and goes on by
/// its second from its third on. With `FINE` through four points (Catmull and Rom's cubic), else in straight lines.
///
/// Points are fetched first and then worked on in rows, which processors do several at a time; each comes out the same however
/// the rows are cut.
pub(super) fn read<const FINE: bool>(
    samples: &[f32],
    mut position: u64,
    stride: u64,
    (from, slope, done): (f32, f32, u32),
    out: &mut [[f32; LANES]],
    lane: usize,
) -> u64 {
    let mut points = [[0.0_f32; 4]; ROW];
    let mut parts = [0_i32; ROW];
    let mut values = [0.0_f32; ROW];
    let mut first = done as i32;
    for row in out.chunks_mut(ROW) {
        for (point, part) in points.iter_mut().zip(&mut parts).take(row.len()) {
            let at = (position >> 32) as usize;
            *part = ((position as u32) >> 8) as i32;
            if let Some(there) = samples.get(at..).and_then(|it| it.first_chunk::<4>()) {
                *point = *there;
            }
            position += stride;
        }
        for (index, ((value, point), part)) in (0..).zip(values.iter_mut().zip(&points).zip(&parts))
        {
            let gain = from + slope * (first + index) as f32;
            let part = *part as f32 * (1.0 / 16_777_216.0);
            *value = between::<FINE>(*point, part) * gain;
        }
        for (sample, value) in row.iter_mut().zip(&values) {
            sample[lane] = *value;
        }
        first += ROW as i32;
    }
    position
}

/// So far on the way from the second point to the third.
fn between<const FINE: bool>([before, here, next, behind]: [f32; 4], part: f32) -> f32 {
    if !FINE {
        return here + (next - here) * part;
    }
    let slope = 0.5 * (next - before);
    let bend = here - next;
    let c3 = slope + 0.5 * (behind - here) + 2.0 * bend;
    let c2 = -bend - slope - c3;
    ((c3 * part + c2) * part + slope) * part + here
}
