//! How clean the Sample Rate Converter is, as a user meets it: a wave file of a sweep is rendered through it at another
//! rate, and what was written is held against the sweep as it is reckoned at that rate.

use std::f64::consts::{PI, TAU};

use crate::desk::Desk;

const SECONDS: f64 = 1.5;
const FADE: f64 = 0.02;

/// A sweep from 20 Hz to `top`, one octave as long as the other, with soft ends; by time, so that it is the same sound at
/// any rate.
struct Sweep {
    level: f64,
    top: f64,
}

impl Sweep {
    fn at(&self, seconds: f64) -> f64 {
        if !(0.0..SECONDS).contains(&seconds) {
            return 0.0;
        }
        let speed = (self.top / 20.0).ln() / SECONDS;
        let turns = 20.0 * ((speed * seconds).exp() - 1.0) / speed;
        let near = seconds.min(SECONDS - seconds).min(FADE) / FADE;
        self.level * (TAU * turns).sin() * (1.0 - (PI * near).cos()) / 2.0
    }

    fn write(&self, path: &std::path::Path, rate_hz: u32) {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: rate_hz,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for n in 0..(SECONDS * f64::from(rate_hz)) as u32 {
            let sample = self.at(f64::from(n) / f64::from(rate_hz)) as f32;
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
    }
}

/// How far in decibels what is wrong lies below the sweep.
fn snr_db(heard: &[f64], sweep: &Sweep, rate_hz: u32, late: usize) -> f64 {
    let (mut sound, mut wrong) = (0.0, 0.0);
    for (n, sample) in heard.iter().enumerate() {
        let meant = sweep.at((n as f64 - late as f64) / f64::from(rate_hz));
        sound += meant * meant;
        wrong += (sample - meant).powi(2);
    }
    10.0 * (sound / wrong).log10()
}

fn samples(path: &std::path::Path) -> Vec<f64> {
    let mut reader = hound::WavReader::open(path).unwrap();
    match reader.spec().sample_format {
        hound::SampleFormat::Float => reader
            .samples()
            .map(|it: Result<f32, _>| f64::from(it.unwrap()))
            .collect(),
        hound::SampleFormat::Int => {
            let steps = f64::from(1_u32 << (reader.spec().bits_per_sample - 1));
            reader
                .samples()
                .map(|it: Result<i32, _>| f64::from(it.unwrap()) / steps)
                .collect()
        }
    }
}

#[test]
fn a_sweep_keeps_more_than_100_db_through_the_rate_converter() {
    let desk = Desk::new("sweep");
    // The graph runs at 48 kHz; what the converter gives is what the renderer takes.
    for (from, to, level, bits) in [
        (44_100, 48_000, 0.9, "32f"),
        (44_100, 48_000, 0.9, "24"),
        (44_100, 48_000, 0.02, "24"),
        (48_000, 44_100, 0.5, "32f"),
        (96_000, 48_000, 0.001, "32f"),
        (22_050, 48_000, 0.5, "32f"),
    ] {
        // What the lower rate carries: 20 kHz of 44.1.
        let top = 20_000.0_f64.min(f64::from(from.min(to)) / 44_100.0 * 20_000.0);
        let sweep = Sweep { level, top };
        sweep.write(&desk.path("sweep.wav"), from);
        for quality in ["fast", "low latency"] {
            let made = desk.fed(
                &["new", "-o", "graph.ron", "--batch", "-"],
                &format!(
                    "add wave_reader --name r\nadd rate_converter --name c\nadd null_renderer --name n\n\
                     set r.path=sweep.wav\nset c.rate={to}\nset \"c.quality={quality}\"\n\
                     connect r.out c.in --direct\nconnect c.out n.in --direct\n"
                ),
            );
            assert_eq!(made.code, Some(0), "{}", made.said);
            let did = desk.json(&[
                "render",
                "graph.ron",
                "-o",
                "out.wav",
                "--seconds",
                "1.6",
                "--bits",
                bits,
            ]);
            assert_eq!(did.code, Some(0), "{}", did.said);
            assert_eq!(did.json["rate_hz"], to);
            let late = did.json["latency_seconds"].as_f64().unwrap() * f64::from(to);
            let heard = samples(&desk.path("out.wav"));
            let db = snr_db(&heard, &sweep, to, late.round() as usize);
            println!(
                "{from} -> {to} Hz at {level}, {bits}, {quality}: {db:.1} dB, {late:.1} samples late"
            );
            assert!(
                db > 100.0,
                "{from} -> {to} at {level}, {bits}, {quality}: {db:.1} dB"
            );
        }
    }
}
