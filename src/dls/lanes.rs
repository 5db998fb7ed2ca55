//! Eight voices side by side: their filters and where they are, in registers that hold eight numbers.
//!
//! A voice keeps its lane while it sounds, and lanes are added up in one order, so the samples do not depend on which
//! voices happen to sound beside it. A lane without a filter lets everything through as it is.

use super::voice::{Block, LANES, STEP, Tone, Voice};

/// What all voices of all lanes add up to, lane by lane.
pub(super) struct Sums {
    pub(super) left: Block,
    pub(super) right: Block,
    pub(super) reverb: Block,
    pub(super) chorus: Block,
    /// Whether anything goes to the effects.
    pub(super) has_sends: bool,
}

impl Sums {
    pub(super) fn new() -> Self {
        let nothing = [[0.0; LANES]; STEP];
        Self {
            left: nothing,
            right: nothing,
            reverb: nothing,
            chorus: nothing,
            has_sends: false,
        }
    }

    pub(super) fn clear(&mut self, len: usize) {
        self.left[..len].fill([0.0; LANES]);
        self.right[..len].fill([0.0; LANES]);
        if self.has_sends {
            self.reverb.fill([0.0; LANES]);
            self.chorus.fill([0.0; LANES]);
        }
        self.has_sends = false;
    }

    /// The lanes of one sample together.
    pub(super) fn of(lanes: &[f32; LANES]) -> f32 {
        let [a, b, c, d, e, f, g, h] = lanes;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

/// Numbers that go in a straight line over a step, one for each lane.
#[derive(Clone, Copy, Default)]
struct Lines {
    from: [f32; LANES],
    slope: [f32; LANES],
}

impl Lines {
    /// Lane `lane` goes on from where it is, or begins there, and is at `to` in so many samples; `done` are over.
    fn go(&mut self, lane: usize, to: f32, begins: bool, (done, len): (usize, usize)) {
        let at = self.from[lane] + self.slope[lane] * STEP as f32;
        let from = if begins { to } else { at };
        self.slope[lane] = (to - from) / len.max(1) as f32;
        self.from[lane] = from - self.slope[lane] * done as f32;
    }
}

/// Eight voices' filters and places. The filter is a state variable one, which stays stable however it is moved.
#[derive(Clone, Copy, Default)]
pub(super) struct Lanes {
    left: Lines,
    right: Lines,
    reverb: [f32; LANES],
    chorus: [f32; LANES],
    /// How much of the first state is fed, of the second, and of each into the other.
    a1: Lines,
    a2: Lines,
    a3: Lines,
    /// What is let through as it is, and what comes out of the filter.
    dry: [f32; LANES],
    wet: [f32; LANES],
    first: [f32; LANES],
    second: [f32; LANES],
    tones: [Option<Tone>; LANES],
}

/// The three numbers of a filter at a cutoff, as a part of the rate, and how loud it is.
fn shape(tone: Tone) -> ([f32; 3], f32) {
    let g = (std::f32::consts::PI * tone.cutoff).tan();
    // Without a peak it is 3 dB down at its cutoff. A peak stands half above and half below the level.
    let k = 10.0_f32.powf((3.0103 - tone.resonance) / 20.0);
    let a1 = 1.0 / (1.0 + g * (g + k));
    let level = 10.0_f32.powf(-tone.resonance / 40.0);
    ([a1, g * a1, g * g * a1], level)
}

impl Lanes {
    /// A lane's voice looked where everything will be at the end of its step: `done` samples of the step are over and it is
    /// `len` long.
    pub(super) fn follow(&mut self, lane: usize, voice: &mut Voice, (done, len): (usize, usize)) {
        let begins = std::mem::take(&mut voice.is_fresh);
        let angle = (voice.place + 0.5) * std::f32::consts::FRAC_PI_2;
        let (right, left) = angle.sin_cos();
        self.left.go(lane, left, begins, (done, len));
        self.right.go(lane, right, begins, (done, len));
        (self.reverb[lane], self.chorus[lane]) = voice.sends();
        if begins {
            (self.first[lane], self.second[lane]) = (0.0, 0.0);
            self.tones[lane] = None;
        }
        let tone = voice.tone();
        let is_same = !begins && self.tones[lane] == tone;
        match tone {
            Some(_) if is_same && self.a1.slope[lane] == 0.0 && self.a2.slope[lane] == 0.0 => {}
            Some(tone) => {
                let begins = begins || self.tones[lane].is_none();
                let ([a1, a2, a3], level) = shape(tone);
                self.a1.go(lane, a1, begins, (done, len));
                self.a2.go(lane, a2, begins, (done, len));
                self.a3.go(lane, a3, begins, (done, len));
                (self.dry[lane], self.wet[lane]) = (0.0, level);
            }
            None => (self.dry[lane], self.wet[lane]) = (1.0, 0.0),
        }
        self.tones[lane] = tone;
    }

    /// Nothing is in a lane any more.
    pub(super) fn leave(&mut self, lane: usize) {
        (self.first[lane], self.second[lane]) = (0.0, 0.0);
        (self.reverb[lane], self.chorus[lane]) = (0.0, 0.0);
        self.tones[lane] = None;
    }

    /// Takes what eight voices read, `done` samples into the step; what they send to the effects where that `matters`.
    pub(super) fn run(
        &mut self,
        block: &mut [[f32; LANES]],
        done: usize,
        sums: &mut Sums,
        matters: bool,
    ) {
        if self.tones.iter().any(Option::is_some) {
            self.filter(block, done);
        }
        let (left, right) = (self.left, self.right);
        for (index, (sample, (l, r))) in block
            .iter()
            .zip(sums.left.iter_mut().zip(&mut sums.right))
            .enumerate()
        {
            let at = (done + index) as f32;
            for lane in 0..LANES {
                l[lane] += sample[lane] * (left.from[lane] + left.slope[lane] * at);
                r[lane] += sample[lane] * (right.from[lane] + right.slope[lane] * at);
            }
        }
        let sends = |parts: &[f32; LANES]| parts.iter().any(|it| *it > 0.0);
        if matters && (sends(&self.reverb) || sends(&self.chorus)) {
            sums.has_sends = true;
            let (reverb, chorus) = (self.reverb, self.chorus);
            for (sample, (r, c)) in block
                .iter()
                .zip(sums.reverb.iter_mut().zip(&mut sums.chorus))
            {
                for lane in 0..LANES {
                    r[lane] += sample[lane] * reverb[lane];
                    c[lane] += sample[lane] * chorus[lane];
                }
            }
        }
    }

    fn filter(&mut self, block: &mut [[f32; LANES]], done: usize) {
        let (a1, a2, a3) = (self.a1, self.a2, self.a3);
        let (dry, wet) = (self.dry, self.wet);
        let (mut first, mut second) = (self.first, self.second);
        for (index, sample) in block.iter_mut().enumerate() {
            let at = (done + index) as f32;
            for lane in 0..LANES {
                let input = sample[lane];
                let a1 = a1.from[lane] + a1.slope[lane] * at;
                let a2 = a2.from[lane] + a2.slope[lane] * at;
                let a3 = a3.from[lane] + a3.slope[lane] * at;
                let high = input - second[lane];
                let band = a1 * first[lane] + a2 * high;
                let low = second[lane] + a2 * first[lane] + a3 * high;
                first[lane] = 2.0 * band - first[lane];
                second[lane] = 2.0 * low - second[lane];
                sample[lane] = dry[lane] * input + wet[lane] * low;
            }
        }
        (self.first, self.second) = (first, second);
    }
}
