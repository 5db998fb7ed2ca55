//! Runs of tones in a row: each makes one channel from nothing and multiplies it by a few numbers. Where there are hundreds of
//! them, what is asked of each for its own sake takes longer than its samples, so it is asked as little as can be.

use super::{Runs, Told, Way};
use crate::engine::table::Tables;
use crate::ks::{Payload, StreamHeader};

/// What was done of a row.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Row {
    /// Runs, and how many steps and filters they are.
    pub(in crate::engine) runs: usize,
    pub(in crate::engine) steps: usize,
    pub(in crate::engine) filters: usize,
}

impl Runs {
    /// Does runs from `number` on, `most` of them, as long as they are tones in a row that rest. `stamp` is what their headers
    /// say.
    pub(in crate::engine) fn pass_row(
        &mut self,
        number: usize,
        most: usize,
        tables: &mut Tables,
        (tapped, fall, is_fading): (Option<u32>, f32, bool),
        stamp: StreamHeader,
        told: Told<'_>,
    ) -> Row {
        let mut row = Row::default();
        while row.runs < most {
            let number = number + row.runs;
            let run = &mut self.runs[number];
            let is_interrupted = run.is_interrupted(tapped, is_fading);
            if !run.rests || run.is_stale || run.has_rest || is_interrupted {
                break;
            }
            let Way::Product(product) = &mut run.way else {
                break;
            };
            let slot = run.slot as usize;
            let Payload::Wave(wave) = &mut tables.payloads[slot] else {
                break;
            };
            let Some(fill) = product.pass_tone(wave) else {
                break;
            };
            tables.headers[slot] = StreamHeader {
                data_used: fill as u32 * tables.sample_sizes[slot],
                ..stamp
            };
            row.runs += 1;
            row.steps += run.way_on(is_fading);
            row.filters += run.members.len();
            // What fades behind it has a step of its own.
            let has_next = run.has_next && run.way_on(is_fading) == run.stride;
            self.passed(number, (fill, fall), told);
            if !has_next {
                break;
            }
        }
        row
    }
}
