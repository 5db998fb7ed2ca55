//! W5: how many voices the DLS Synth plays beside a loop by hand that does the same arithmetic. `cargo bench --bench synth`.
//!
//! Dense General MIDI: sixteen keys sound on each of sixteen channels for thirty seconds, 256 voices at most, four points,
//! low-passes, no effects; the bank that comes with the program, or one that is named. Voice-seconds a second, 48 kHz, a
//! quantum of 64. No other synthesizer is linked: docs/performance.md says how they were run.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ksgraph::dls::{Bank, Facts, Settings, Synth, read};
use ksgraph::dsp::Random;
use ksgraph::ks::KernelEvent;
use ksgraph::portcls::Mxf;

const QUANTUM: usize = 64;
const RATE: usize = 48_000;
const SECONDS: usize = 30;
const VOICES: usize = 256;
const PROGRAMS: [u8; 16] = [0, 4, 11, 16, 24, 30, 33, 48, 52, 0, 56, 61, 65, 73, 80, 89];

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let named = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    let bytes = match &named {
        Some(path) => std::fs::read(path)?,
        None => std::fs::read("assets/gm.dls")?,
    };
    let (collection, _) = read(&bytes, &Facts::default())?;
    let bank = Arc::new(Bank::new(&collection));
    let song = song();
    for has_effects in [false, true] {
        let (nanos, voice_seconds) = quickest(5, || play(&bank, &song, has_effects));
        let (hand, by_hand) = quickest(5, || by_hand(VOICES, voice_seconds));
        let rate = |seconds: f64, nanos: f64| seconds * 1e9 / nanos;
        println!(
            "W5 {} voice-seconds, effects {}: {:.0} a second, by hand (cubic, low-pass) {:.0}, ratio {:.2}",
            voice_seconds as u64,
            if has_effects { "on" } else { "off" },
            rate(voice_seconds, nanos),
            rate(by_hand, hand),
            rate(voice_seconds, nanos) / rate(by_hand, hand),
        );
    }
    Ok(())
}

/// Messages at samples: on each channel sixteen keys that are struck anew as soon as they are let go of, 0.25 to 2 seconds
/// long.
fn song() -> Vec<(usize, [u8; 3])> {
    let mut random = Random::new(1);
    let mut between = |from: usize, to: usize| {
        let part = f64::from(random.next_signed()).mul_add(0.5, 0.5);
        from + (part * (to - from) as f64) as usize
    };
    let mut all = vec![];
    for (channel, program) in (0_u8..).zip(PROGRAMS) {
        all.push((0, [0xC0 | channel, program, 0]));
        for (controller, value) in [(7, 50), (91, 40), (93, 30)] {
            all.push((0, [0xB0 | channel, controller, value]));
        }
        for lane in 0..16 {
            let key = if channel == 9 {
                35 + lane * 2
            } else {
                36 + lane * 3
            };
            let mut at = between(1, RATE / 2);
            while at < (SECONDS - 2) * RATE {
                let end = at + between(RATE / 4, RATE * 2);
                all.push((at, [0x90 | channel, key, between(50, 110) as u8]));
                all.push((end, [0x80 | channel, key, 0]));
                at = end + 50;
            }
        }
    }
    all.sort_by_key(|it| it.0);
    all
}

/// Plays the song; how many seconds of voices that was.
fn play(bank: &Arc<Bank>, song: &[(usize, [u8; 3])], has_effects: bool) -> f64 {
    let mut synth = Synth::new(RATE as f64, 1, VOICES, QUANTUM).bank(bank.clone());
    synth.set(Settings {
        voices: VOICES,
        reverb: has_effects,
        chorus: has_effects,
    });
    let (mut left, mut right) = ([0.0_f32; QUANTUM], [0.0_f32; QUANTUM]);
    let mut song = song.iter().peekable();
    let mut voices = 0;
    for cycle in 0..SECONDS * RATE / QUANTUM {
        let mut done = 0;
        while let Some((at, message)) = song.next_if(|it| it.0 < (cycle + 1) * QUANTUM) {
            let until = at - cycle * QUANTUM;
            if until > done {
                synth.play(&mut left[done..until], &mut right[done..until]);
                done = until;
            }
            let len = if message[0] >> 4 == 0xC { 2 } else { 3 };
            for event in KernelEvent::whole(0, &message[..len]) {
                synth.put(&event, 0);
            }
        }
        synth.play(&mut left[done..], &mut right[done..]);
        voices += synth.playing();
        black_box((&left, &right));
    }
    (voices * QUANTUM) as f64 / RATE as f64
}

/// A voice as one would write it by hand.
#[derive(Clone, Copy)]
struct Plain {
    position: u64,
    stride: u64,
    from: usize,
    len: u64,
    gain: f32,
    sides: (f32, f32),
    states: (f32, f32),
}

/// As many seconds of voices by the plainest loops: four points between samples, a low-pass of two poles, two sides.
fn by_hand(count: usize, voice_seconds: f64) -> f64 {
    const LEN: usize = 4_000;
    let mut random = Random::new(2);
    let memory: Vec<f32> = (0..count * LEN + 8).map(|_| random.next_signed()).collect();
    let mut voices: Vec<Plain> = (0..count)
        .map(|n| Plain {
            position: 0,
            stride: ((0.5 + (n % 37) as f64 / 18.0) * 4_294_967_296.0) as u64,
            from: n * LEN,
            len: (LEN as u64) << 32,
            gain: 0.003,
            sides: (0.3, 0.7),
            states: (0.0, 0.0),
        })
        .collect();
    // A low-pass at 2 kHz without a peak.
    let (b, a1, a2) = black_box((0.014_4_f32, -1.632_9_f32, 0.690_4_f32));
    let cycles = (voice_seconds * RATE as f64 / (count * QUANTUM) as f64) as usize;
    let mut sums = [[0.0_f32; QUANTUM]; 2];
    for _ in 0..cycles {
        sums = [[0.0; QUANTUM]; 2];
        for voice in &mut voices {
            let window = &memory[voice.from..voice.from + LEN + 4];
            let [left, right] = &mut sums;
            for (left, right) in left.iter_mut().zip(right) {
                let at = (voice.position >> 32) as usize;
                let part = (voice.position as u32 >> 8) as f32 / 16_777_216.0;
                let Some([before, here, next, behind]) = window[at..].first_chunk() else {
                    continue;
                };
                let slope = 0.5 * (next - before);
                let c3 = 0.5 * (behind - before) + 1.5 * (here - next);
                let c2 = before - 2.5 * here + 2.0 * next - 0.5 * behind;
                let input = ((c3 * part + c2) * part + slope) * part + here;
                let low = b * input + voice.states.0;
                voice.states.0 = 2.0 * b * input - a1 * low + voice.states.1;
                voice.states.1 = b * input - a2 * low;
                *left += low * voice.gain * voice.sides.0;
                *right += low * voice.gain * voice.sides.1;
                voice.position += voice.stride;
                if voice.position >= voice.len {
                    voice.position -= voice.len;
                }
            }
        }
        black_box(&mut sums);
    }
    black_box(&sums);
    (cycles * count * QUANTUM) as f64 / RATE as f64
}

/// Nanoseconds of the quickest of several runs, and what the last one gave.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn quickest<T>(runs: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut best = f64::INFINITY;
    let mut done = work();
    for _ in 0..runs {
        let began = Instant::now();
        done = work();
        best = best.min(began.elapsed().as_nanos() as f64);
    }
    (best, done)
}
