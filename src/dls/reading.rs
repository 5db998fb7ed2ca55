//! Between the samples of a wave.

use super::voice::LANES;

/// Reads a wave from `position` on, at each sample `stride` further, times a gain that begins at its first and goes on by
/// its second from its third on. With `FINE` through four points (Catmull and Rom's cubic), else in straight lines.
pub(super) fn read<const FINE: bool>(
    samples: &[f32],
    mut position: u64,
    stride: u64,
    (from, slope, done): (f32, f32, u32),
    out: &mut [[f32; LANES]],
    lane: usize,
) -> u64 {
    for (index, sample) in out.iter_mut().enumerate() {
        let at = (position >> 32) as usize;
        let part = ((position as u32) >> 8) as f32 * (1.0 / 16_777_216.0);
        let Some([before, here, next, behind]) =
            samples.get(at..).and_then(|it| it.first_chunk::<4>())
        else {
            break;
        };
        let value = if FINE {
            let slope = 0.5 * (next - before);
            let bend = here - next;
            let c3 = slope + 0.5 * (behind - here) + 2.0 * bend;
            let c2 = -bend - slope - c3;
            ((c3 * part + c2) * part + slope) * part + here
        } else {
            here + (next - here) * part
        };
        sample[lane] = value * (from + slope * (done + index as u32) as f32);
        position += stride;
    }
    position
}
