//! A file changed from end to end, beside `ffmpeg` doing the same in the same run: ten minutes of stereo at 44.1 kHz through
//! a gain, one band of an equaliser and a converter to 48 kHz into another file. `cargo bench --bench media`.
//!
//! Ours is the program itself, `ksgraph render`. Both results are held against the sound as it is reckoned at 48 kHz, with
//! the band at 0 dB; where speed is measured it is at work.

use std::f64::consts::{PI, TAU};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const RATE_IN: u32 = 44_100;
const RATE_OUT: u32 = 48_000;
const GAIN_DB: f64 = -3.0;
/// How often each is run; the quickest counts.
const RUNS: usize = 3;

type Failed = Box<dyn std::error::Error>;

/// A sweep from 20 Hz to 20 kHz with soft ends, and the like backwards on the other channel.
fn sound(channel: usize, seconds: f64, of: f64) -> f64 {
    let at = if channel == 0 { seconds } else { of - seconds };
    if !(0.0..of).contains(&at) {
        return 0.0;
    }
    let speed = (20_000.0_f64 / 20.0).ln() / of;
    let near = at.min(of - at).min(0.05) / 0.05;
    0.5 * (TAU * 20.0 * ((speed * at).exp() - 1.0) / speed).sin() * (1.0 - (PI * near).cos()) / 2.0
}

fn write(path: &Path, seconds: f64) -> Result<(), Failed> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE_IN,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for n in 0..(seconds * f64::from(RATE_IN)) as u64 {
        for channel in 0..2 {
            let at = n as f64 / f64::from(RATE_IN);
            writer.write_sample(sound(channel, at, seconds) as f32)?;
        }
    }
    Ok(writer.finalize()?)
}

/// What a result is worth: decibels by which its errors lie below the sound, at the whole number of samples of delay
/// that suits it best, and a checksum.
fn quality(path: &Path, seconds: f64) -> Result<(f64, u64, usize), Failed> {
    let mut reader = hound::WavReader::open(path)?;
    let samples: Vec<f32> = reader.samples().collect::<Result<_, _>>()?;
    let sum = samples.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, it| {
        (sum ^ u64::from(it.to_bits())).wrapping_mul(0x0100_0000_01b3)
    });
    let gain = 10_f64.powf(GAIN_DB / 20.0);
    let snr = |late: usize, most: usize| {
        let (mut power, mut wrong) = (0.0, 0.0);
        for (n, frame) in samples.chunks_exact(2).skip(late).take(most).enumerate() {
            for (channel, sample) in frame.iter().enumerate() {
                let meant = gain * sound(channel, n as f64 / f64::from(RATE_OUT), seconds);
                power += meant * meant;
                wrong += (f64::from(*sample) - meant).powi(2);
            }
        }
        10.0 * (power / wrong).log10()
    };
    let best = (0..1000).max_by(|a, b| snr(*a, 4800).total_cmp(&snr(*b, 4800)));
    let late = best.unwrap_or(0);
    Ok((snr(late, usize::MAX), sum, late))
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn timed(command: &mut Command) -> Result<f64, Failed> {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let began = Instant::now();
        let output = command.stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        best = best.min(began.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Where the work is done; gone in the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn ours(folder: &Path, seconds: f64, band_db: f64) -> Result<Command, Failed> {
    let program = env!("CARGO_BIN_EXE_ksgraph");
    let text = format!(
        "(kind: \"ksgraph\", version: 1, next_id: 6, filters: [\
         (id: 1, key: \"wave_reader\", name: \"Reader\", at: (0, 0), values: {{\"path\": \"in.wav\"}}),\
         (id: 2, key: \"gain\", name: \"Gain\", at: (200, 0), values: {{\"level\": {GAIN_DB}}}),\
         (id: 3, key: \"equaliser\", name: \"Equaliser\", at: (400, 0), values: {{\"band3_frequency\": 1000, \"band3_gain\": {band_db}}}),\
         (id: 4, key: \"rate_converter\", name: \"Converter\", at: (600, 0), values: {{\"rate\": \"48000\"}}),\
         (id: 5, key: \"null_renderer\", name: \"End\", at: (800, 0)),\
         ], connections: [(from: \"1.out\", to: \"2.in\"), (from: \"2.out\", to: \"3.in\"),\
         (from: \"3.out\", to: \"4.in\"), (from: \"4.out\", to: \"5.in\")])"
    );
    std::fs::write(folder.join("graph.ron"), text)?;
    let mut command = Command::new(program);
    let seconds = seconds.to_string();
    let words = [
        "render",
        "graph.ron",
        "-o",
        "ours.wav",
        "--seconds",
        &seconds,
    ];
    command.current_dir(folder).args(words);
    Ok(command)
}

fn theirs(folder: &Path, band_db: f64, converter: &str) -> Command {
    let chain = format!(
        "volume={GAIN_DB}dB:precision=float,equalizer=f=1000:t=q:w=1:g={band_db},aresample={RATE_OUT}{converter}"
    );
    let mut command = Command::new("ffmpeg");
    let before = [
        "-y",
        "-hide_banner",
        "-loglevel",
        "error",
        "-i",
        "in.wav",
        "-af",
    ];
    let behind = ["-c:a", "pcm_f32le", "theirs.wav"];
    command.current_dir(folder).args(before);
    command.arg(chain).args(behind);
    command
}

fn main() -> Result<(), Failed> {
    let minutes = std::env::var("KSGRAPH_BENCH_MINUTES").ok();
    let minutes: f64 = minutes.map_or(Ok(10.0), |it| it.parse())?;
    let folder = Folder(std::env::temp_dir().join(format!("ksgraph-media-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0)?;
    let (folder, short) = (&folder.0, 20.0);
    // How good: what ffmpeg offers, until one is as good as was asked for. Its own default is told first.
    write(&folder.join("in.wav"), short)?;
    timed(&mut ours(folder, short + 0.1, 0.0)?)?;
    let (mine, sum, late) = quality(&folder.join("ours.wav"), short)?;
    println!("ksgraph: SNR {mine:.1} dB, {late} samples late, checksum {sum:016x}");
    let offers = [
        "",
        ":filter_size=64:cutoff=0.95",
        ":filter_size=96:cutoff=0.95:kaiser_beta=11",
        ":filter_size=128:cutoff=0.95:kaiser_beta=12",
        ":filter_size=192:cutoff=0.955:kaiser_beta=12",
        ":resampler=soxr:precision=20",
        ":resampler=soxr:precision=28",
    ];
    let mut good = vec![];
    for offer in offers {
        if timed(&mut theirs(folder, 0.0, offer)).is_err() {
            println!("ffmpeg{offer}: not built in");
            continue;
        }
        let (db, sum, late) = quality(&folder.join("theirs.wav"), short)?;
        println!("ffmpeg{offer}: SNR {db:.1} dB, {late} samples late, checksum {sum:016x}");
        if db >= 100.0 {
            good.push(offer);
        }
    }
    // How fast, in turns.
    let seconds = minutes * 60.0;
    write(&folder.join("in.wav"), seconds)?;
    let mine = timed(&mut ours(folder, seconds, 6.0)?)?;
    println!("ksgraph: {mine:.2} s for {minutes} minutes");
    let mut best = f64::INFINITY;
    for offer in good {
        let took = timed(&mut theirs(folder, 6.0, offer))?;
        println!("ffmpeg{offer}: {took:.2} s, ratio {:.2}", took / mine);
        best = best.min(took);
    }
    println!(
        "ratio against the quickest of at least 100 dB: {:.2} (1 is as fast; more is faster)",
        best / mine
    );
    Ok(())
}
