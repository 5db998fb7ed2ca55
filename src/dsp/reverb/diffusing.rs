//! What smears a sound before it goes into the room, in registers of eight.

use super::{BLOCK, DIFFUSION, Diffuser};
use crate::dsp::eight::{Eight, Work, eight};

/// As many samples of a sound as the shortest of the delays has, at the most.
pub(super) struct Diffusing<'a> {
    pub(super) diffuser: &'a mut Diffuser,
    pub(super) sound: &'a [f32],
    pub(super) diffused: &'a mut [f32; BLOCK],
}

impl Work for Diffusing<'_> {
    type Output = ();

    /// What [`Diffuser::step`] gives.
    #[inline(always)]
    fn with<E: Eight>(self, e: E) {
        let count = self.sound.len();
        let (mut given, mut fed) = ([0.0; BLOCK], [0.0; BLOCK]);
        given[..count].copy_from_slice(self.sound);
        for begin in (0..count).step_by(8) {
            let sound = e.settled(e.of(eight(&given, begin)));
            self.diffused[begin..begin + 8].copy_from_slice(&e.out(sound));
        }
        for (past, length) in &mut self.diffuser.steps {
            if past.can_turn(*length)
                && let Some((given, next)) = past.turn(*length)
            {
                diffuse(e, self.diffused, given, next, count);
                past.taken(count);
            } else {
                past.read(*length, &mut given[..count]);
                diffuse(e, self.diffused, &given, &mut fed, count);
                past.keep(&fed[..count]);
            }
        }
    }
}

/// One of the delays.
#[inline(always)]
fn diffuse<E: Eight>(
    e: E,
    sound: &mut [f32; BLOCK],
    given: &[f32; BLOCK],
    fed: &mut [f32; BLOCK],
    count: usize,
) {
    let share = e.all(DIFFUSION);
    for begin in (0..count).step_by(8) {
        let (sound, fed) = (&mut sound[begin..begin + 8], &mut fed[begin..begin + 8]);
        let late = e.of(eight(given, begin));
        let now = e.flushed(e.add(e.of(eight(sound, 0)), e.mul(late, share)));
        fed.copy_from_slice(&e.out(now));
        sound.copy_from_slice(&e.out(e.sub(late, e.mul(now, share))));
    }
}
