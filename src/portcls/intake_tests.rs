//! A card by hand that hears a sine, on a clock that is moved by hand.

use std::f64::consts::TAU;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::dsp::Random;
use crate::ks::RefTime;

#[derive(Default)]
struct ByHand(AtomicI64);

impl Clock for ByHand {
    fn now(&self) -> RefTime {
        0
    }

    fn system(&self) -> RefTime {
        self.0.load(Ordering::Relaxed)
    }
}

struct Bench {
    clock: Arc<ByHand>,
    end: IntakeEnd,
    intake: Intake,
    /// Samples the card has heard.
    heard: u64,
}

const RATE: u32 = 48_000;
const SINE_HZ: f64 = 997.0;

impl Bench {
    fn new(quantum: usize) -> Self {
        let clock = Arc::new(ByHand::default());
        let (ring, end) = intake(2, quantum, RATE);
        ring.cursor().stamp_by(clock.clone());
        let intake = Intake::new(ring, RATE, clock.clone()).unwrap();
        intake.cursor().set_running(true);
        Self {
            clock,
            end,
            intake,
            heard: 0,
        }
    }

    fn at(&self, seconds: f64) {
        let time = (seconds * REF_TIMES_PER_SECOND as f64) as i64;
        self.clock.0.store(time, Ordering::Relaxed);
    }

    fn sine(n: u64) -> f32 {
        (0.5 * (TAU * SINE_HZ * n as f64 / f64::from(RATE)).sin()) as f32
    }

    /// The card is called with so many samples.
    fn hear(&mut self, len: u64) {
        let from = self.heard;
        let samples = (from..from + len).flat_map(|n| [Self::sine(n), -Self::sine(n)]);
        let samples: Vec<f32> = samples.collect();
        self.end.take_in(&samples, 2, |sample| sample);
        self.heard += len;
    }

    fn cycle(&mut self, len: usize, is_foreign: bool) -> (Vec<f32>, Given) {
        let mut wave = Wave::new(2, len);
        wave.set_len(len);
        let given = self.intake.give(&mut wave, is_foreign);
        let (left, right) = (wave.channel(0).to_vec(), wave.channel(1));
        assert!(left.iter().zip(right).all(|(l, r)| *l == -*r));
        (left, given)
    }
}

#[test]
fn a_card_that_drives_is_heard_bit_for_bit() {
    let mut bench = Bench::new(256);
    let mut heard = vec![];
    for (hear, take) in [(300, 256), (100, 128), (512, 256), (40_000, 256)] {
        bench.hear(hear);
        assert!(bench.intake.cursor().queued() >= take);
        let (samples, given) = bench.cycle(take, false);
        assert_eq!(given, Given::Whole);
        heard.extend(samples);
    }
    // The graph stood still for most of a second: nothing of it is lost.
    while bench.intake.cursor().queued() >= 256 {
        heard.extend(bench.cycle(256, false).0);
    }
    assert!(heard.len() > 40_000);
    // It comes up softly, and then it is what it is.
    let fade = (RATE as f32 / FADES_PER_SECOND) as usize + 1;
    let wanted: Vec<f32> = (0..heard.len() as u64).map(Bench::sine).collect();
    assert!(heard[fade..] == wanted[fade..]);
    assert!(
        heard[..fade]
            .iter()
            .zip(&wanted)
            .all(|(h, w)| h.abs() <= w.abs())
    );
    assert_eq!(bench.intake.cursor().xruns(), 0);
}

#[test]
fn what_is_missing_is_silence_and_counted_and_what_finds_no_room_too() {
    let mut bench = Bench::new(256);
    assert_eq!(
        bench.cycle(256, false).1,
        Given::Silent,
        "nothing has come yet"
    );
    bench.hear(300);
    assert_eq!(bench.cycle(256, false).1, Given::Whole);
    let (samples, given) = bench.cycle(256, false);
    assert_eq!(given, Given::Gap);
    assert!(samples[44..].iter().all(|sample| *sample == 0.0));
    assert!(samples[..44].iter().any(|sample| *sample != 0.0));
    bench.hear(3 * u64::from(RATE));
    assert_eq!(bench.intake.cursor().xruns(), 1, "more than its ring holds");
    // In any other state nobody listens.
    bench.intake.cursor().set_running(false);
    bench.intake.reset();
    bench.hear(480);
    assert_eq!(bench.intake.cursor().queued(), 0);
    assert_eq!(bench.intake.cursor().xruns(), 1);
}

/// What is left of a sine of that pitch when it is taken away, in decibels below it.
fn noise_db(samples: &[f32], hz: f64) -> f64 {
    let (mut ss, mut sc, mut cc, mut xs, mut xc, mut xx) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let (sine, cosine) = (TAU * hz * n as f64 / f64::from(RATE)).sin_cos();
        let x = f64::from(*sample);
        (ss, sc, cc) = (ss + sine * sine, sc + sine * cosine, cc + cosine * cosine);
        (xs, xc, xx) = (xs + x * sine, xc + x * cosine, xx + x * x);
    }
    let all = ss * cc - sc * sc;
    let (a, b) = ((xs * cc - xc * sc) / all, (xc * ss - xs * sc) / all);
    let power = a * xs + b * xc;
    10.0 * ((xx - power).max(1e-20) / power).log10()
}

#[test]
fn a_card_on_another_clock_is_kept_in_step() {
    for (ppm, period, quantum) in [(300.0, 480, 256), (-300.0, 1024, 64)] {
        let mut bench = Bench::new(quantum);
        let mut random = Random::new(3);
        let card_hz = f64::from(RATE) * (1.0 + ppm * 1e-6);
        let (mut calls, mut cycles) = (0_u64, 0_u64);
        let mut late = 0.0;
        let mut heard = vec![];
        let mut worst = Given::Whole;
        let seconds = 12.0;
        loop {
            let call = (calls + 1) as f64 * period as f64 / card_hz + late;
            let cycle = cycles as f64 * quantum as f64 / f64::from(RATE);
            if cycle > seconds {
                break;
            }
            // Time begins somewhere: at its zero nothing is known yet.
            if call <= cycle {
                bench.at(1.0 + call);
                bench.hear(period);
                calls += 1;
                late = 0.003 * f64::from(random.next_signed().abs());
            } else {
                bench.at(1.0 + cycle);
                let (samples, given) = bench.cycle(quantum, true);
                if cycle > 2.0 && given != Given::Whole {
                    worst = given;
                }
                heard.extend(samples);
                cycles += 1;
            }
        }
        let what = format!("{ppm} ppm, {period} and {quantum}");
        assert_eq!(worst, Given::Whole, "{what}: nothing is missing");
        let (step, drift, error) = bench.intake.figures();
        assert_eq!(step, 2.0, "{what}");
        assert!((f64::from(drift) - ppm).abs() < 60.0, "{what}: {drift} ppm");
        assert!(error.abs() < 96.0, "{what}: {error} samples off");
        // Of the graph's samples a sine of the card's clock is as much higher.
        let hz = SINE_HZ * card_hz / f64::from(RATE);
        for at in [8.0, 10.0, 11.9] {
            let from = (at * f64::from(RATE)) as usize;
            let noise = noise_db(&heard[from..from + 480], hz);
            assert!(noise < -60.0, "{what}: {noise} dB at {at} s");
        }
        let jump = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let steepest = (0.5 * TAU * SINE_HZ / f64::from(RATE)) as f32;
        let worst = jump.fold(0.0, f32::max);
        assert!(
            worst < 1.05 * steepest,
            "{what}: no click, from its first sound on"
        );
    }
}

#[test]
fn who_drives_may_change_without_a_click() {
    let mut bench = Bench::new(480);
    let mut heard = vec![];
    for turn in 0..400_u64 {
        bench.at(1.0 + turn as f64 * 0.01);
        bench.hear(480);
        let is_foreign = (100..300).contains(&turn);
        heard.extend(bench.cycle(480, is_foreign).0);
    }
    assert_eq!(bench.intake.figures().0, 0.0);
    let steepest = (0.5 * TAU * SINE_HZ / f64::from(RATE)) as f32;
    let jumps = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let worst = jumps.fold(0.0, f32::max);
    assert!(worst < 1.1 * steepest, "{worst} of {steepest}");
    // Heard before, between and after.
    for turn in [50, 250, 390] {
        let samples = &heard[turn * 480..(turn + 1) * 480];
        assert!(samples.iter().any(|sample| sample.abs() > 0.4), "{turn}");
    }
}
