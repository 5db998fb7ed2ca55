//! A plain player of the bank, only to know how loud each program is and to even that out. Slow and simple; the player
//! that people hear is another.

use crate::clay::db;
use crate::model::{Art, Bank, Program, Wave, Zone};

/// Of what it renders.
const RATE: f64 = 48_000.0;
/// Samples between two looks at envelopes.
const STEP: usize = 48;
/// Loudness of one note at velocity 100, in dB of K-weighted power over its loudest 0.4 s.
const TARGET: f64 = -23.5;
/// No zone is louder than its wave by more than this.
const MOST: f64 = 6.0;

/// Renders one note, on the left and right together, as long as it is held.
pub(crate) fn render(
    bank: &Bank,
    zones: &[&Zone],
    key: u8,
    velocity: u8,
    seconds: f64,
) -> Vec<f32> {
    let mut out = vec![0.0; (seconds * RATE) as usize];
    for zone in zones {
        voice(&bank.waves[zone.wave], zone, key, velocity, &mut out);
    }
    out
}

/// The zones of a program that a note starts.
pub(crate) fn struck(program: &Program, key: u8, velocity: u8) -> Vec<&Zone> {
    let inside = |range: (u8, u8), it: u8| (range.0..=range.1).contains(&it);
    let zones = program.zones.iter();
    zones
        .filter(|it| inside(it.keys, key) && inside(it.velocities, velocity))
        .collect()
}

fn voice(wave: &Wave, zone: &Zone, key: u8, velocity: u8, out: &mut [f32]) {
    let art = &zone.art;
    let cents = (f64::from(key) - f64::from(zone.unity)) * art.per_key + f64::from(zone.tune);
    let gain =
        db(zone.gain) * db((f64::from(velocity) / 127.0).log10() * 40.0 * art.velocity / 96.0);
    let mut at = 0.0;
    let mut filter = [0.0_f64; 2];
    for (block, out) in out.chunks_mut(STEP).enumerate() {
        let t = (block * STEP) as f64 / RATE;
        let level = first(art, key, t);
        let second = second(art, t);
        let trembling = (t * art.tremolo.0 * std::f64::consts::TAU).sin();
        let tremble = db(art.tremolo.2 * trembling);
        let step =
            f64::from(wave.rate) / RATE * ((cents + second * art.pitch_by_second) / 1200.0).exp2();
        let turned = (art.cutoff > 0.0).then(|| {
            let cents = art.cutoff_by_velocity * (f64::from(velocity) - 100.0) / 128.0
                + art.cutoff_by_key * (f64::from(key) - 60.0) * 100.0
                + second * art.cutoff_by_second
                + art.tremolo_cutoff * trembling;
            low_pass(art.cutoff * (cents / 1200.0).exp2(), art.resonance)
        });
        for it in out {
            let Some(mut sample) = sample(wave, &mut at) else {
                return;
            };
            at += step;
            if let Some([b0, b1, b2, a1, a2]) = turned {
                let y = b0 * sample + filter[0];
                filter[0] = b1 * sample - a1 * y + filter[1];
                filter[1] = b2 * sample - a2 * y;
                sample = y;
            }
            *it += (sample * gain * level * tremble) as f32;
        }
    }
}

fn sample(wave: &Wave, at: &mut f64) -> Option<f64> {
    if let Some((start, length)) = wave.repeat {
        while *at >= (start + length) as f64 {
            *at -= length as f64;
        }
    }
    let place = *at as usize;
    let here = f64::from(*wave.samples.get(place)?);
    let next = match wave.repeat {
        Some((start, length)) if place + 1 == start + length => start,
        _ => place + 1,
    };
    let next = f64::from(wave.samples.get(next).copied().unwrap_or(0.0));
    Some(here + (next - here) * (*at - place as f64))
}

fn first(art: &Art, key: u8, t: f64) -> f64 {
    if t < art.attack {
        return t / art.attack;
    }
    let falling = (t - art.attack - art.hold).max(0.0);
    db(-(falling * art.fall_at(key.into())).min(art.sustain))
}

fn second(art: &Art, t: f64) -> f64 {
    let (attack, decay, sustain, _) = art.second;
    if t < attack {
        return t / attack;
    }
    match decay > 0.0 {
        true => (1.0 - (t - attack) / decay).max(sustain),
        false => sustain,
    }
}

/// Three dB down at its cutoff without a peak; a peak stands half above the level and half below, as DLS players have it.
fn low_pass(f: f64, resonance: f64) -> [f64; 5] {
    let w = std::f64::consts::TAU * f.clamp(100.0, 20_000.0) / RATE;
    let alpha = w.sin() / (2.0 * std::f64::consts::FRAC_1_SQRT_2 * db(resonance));
    let a0 = 1.0 + alpha;
    let b1 = db(-resonance / 2.0) * (1.0 - w.cos()) / a0;
    [
        b1 / 2.0,
        b1,
        b1 / 2.0,
        -2.0 * w.cos() / a0,
        (1.0 - alpha) / a0,
    ]
}

/// K-weighted power over the loudest 0.4 s, in dB.
pub(crate) fn loudness(samples: &[f32]) -> f64 {
    // The two filters of BS.1770 at 48 kHz.
    const SHELF: [f64; 5] = [
        1.535_124_859_586_97,
        -2.691_696_189_406_38,
        1.198_392_810_852_85,
        -1.690_659_293_182_41,
        0.732_480_774_215_85,
    ];
    const PASS: [f64; 5] = [1.0, -2.0, 1.0, -1.990_047_454_833_98, 0.990_072_250_366_21];
    let mut states = [[0.0; 2]; 2];
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for it in samples {
        let mut x = f64::from(*it);
        for ([b0, b1, b2, a1, a2], state) in [SHELF, PASS].into_iter().zip(&mut states) {
            let y = b0 * x + state[0];
            state[0] = b1 * x - a1 * y + state[1];
            state[1] = b2 * x - a2 * y;
            x = y;
        }
        sum += x * x;
        sums.push(sum);
    }
    let window = ((0.4 * RATE) as usize).min(samples.len());
    let loudest = (window..sums.len())
        .step_by(480)
        .map(|end| sums[end] - sums[end - window])
        .fold(0.0, f64::max);
    10.0 * (loudest / window as f64 + 1e-15).log10()
}

/// Sets the gain of every zone so that programs and keys are alike loud, and says what could not be had.
pub(crate) fn level(bank: &mut Bank) -> Vec<String> {
    let mut short = vec![];
    for place in 0..bank.programs.len() {
        let program = &bank.programs[place];
        let gains: Vec<f64> = program
            .zones
            .iter()
            .map(|zone| {
                let (key, velocity) = heard(program, zone);
                let zones = struck(program, key, velocity);
                let sound = render(bank, &zones, key, velocity, 1.5);
                let target = TARGET
                    + program.louder
                    + zone.louder
                    + 40.0 * (f64::from(velocity) / 100.0).log10();
                let is_key = zones.iter().any(|it| std::ptr::eq(*it, zone));
                assert!(is_key, "a zone that its own note does not start");
                target - loudness(&sound)
            })
            .collect();
        let program = &mut bank.programs[place];
        for (zone, gain) in program.zones.iter_mut().zip(gains) {
            zone.gain += gain;
            if zone.gain > MOST {
                let (drum, number, key) = (program.is_drum, program.number, zone.unity);
                short.push(format!(
                    "{drum} {number} key {key}: {:.1} dB short",
                    zone.gain - MOST
                ));
                zone.gain = MOST;
            }
        }
    }
    short
}

/// The note at which a zone is measured.
fn heard(program: &Program, zone: &Zone) -> (u8, u8) {
    let key = match program.is_drum {
        true => zone.keys.0,
        false => zone.unity.clamp(zone.keys.0, zone.keys.1),
    };
    (key, 100_u8.clamp(zone.velocities.0, zone.velocities.1))
}
