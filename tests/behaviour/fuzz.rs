//! The bodies that take any bytes, driven on stable: seeds from `fuzz/seeds`, mended and broken in every way that comes up.
//!
//! Each runs for as long as `KSGRAPH_FUZZ_SECONDS` says, by default 20 s where `CI` is set and one second elsewhere.
//! cargo-fuzz calls the same bodies from `fuzz/`.

use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ksgraph::{dls, graph, media, midi};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

/// No input of a few thousand bytes takes so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// One thing that is done to the bytes.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    /// Sizes and counts are often such.
    Fill(Index, u8, usize),
    Cut(Index),
    Double(Index, usize),
    Remove(Index, usize),
    Swap(Index, Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    let odd = prop_oneof![Just(0), Just(1), Just(0x7f), Just(0x80), Just(0xff)];
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        3 => (at(), odd, 1_usize..9).prop_map(|(at, byte, len)| Damage::Fill(at, byte, len)),
        1 => at().prop_map(Damage::Cut),
        1 => (at(), 1_usize..64).prop_map(|(at, len)| Damage::Double(at, len)),
        1 => (at(), 1_usize..64).prop_map(|(at, len)| Damage::Remove(at, len)),
        1 => (at(), at(), 1_usize..16).prop_map(|(one, other, len)| Damage::Swap(one, other, len)),
    ]
}

fn damaged(mut bytes: Vec<u8>, all: &[Damage]) -> Vec<u8> {
    for damage in all {
        if bytes.is_empty() {
            break;
        }
        let len = bytes.len();
        let span = |at: &Index, most: usize| {
            let at = at.index(len);
            at..(at + most).min(len)
        };
        match damage {
            Damage::Set(at, byte) => bytes[at.index(len)] = *byte,
            Damage::Fill(at, byte, most) => bytes[span(at, *most)].fill(*byte),
            Damage::Cut(at) => bytes.truncate(at.index(len)),
            Damage::Double(at, most) => {
                let span = span(at, *most);
                let copy = bytes[span.clone()].to_vec();
                bytes.splice(span.end..span.end, copy);
            }
            Damage::Remove(at, most) => {
                bytes.drain(span(at, *most));
            }
            Damage::Swap(one, other, most) => {
                for n in 0..*most {
                    let (one, other) = (one.index(len) + n, other.index(len) + n);
                    if one.max(other) < len {
                        bytes.swap(one, other);
                    }
                }
            }
        }
    }
    bytes
}

/// The seeds of one body, and nothing at all.
fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let files = std::fs::read_dir(root.join(folder)).unwrap();
    let mut files: Vec<_> = files.map(|it| it.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let seeds = files.iter().map(|it| std::fs::read(it).unwrap());
    seeds.chain([vec![]]).collect()
}

fn budget() -> Duration {
    let told = std::env::var("KSGRAPH_FUZZ_SECONDS").ok();
    let told = told.and_then(|it| it.parse().ok());
    let usual = if std::env::var_os("CI").is_some() {
        20.0
    } else {
        1.0
    };
    Duration::from_secs_f64(told.unwrap_or(usual))
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long it is driven is a budget of real time"
)]
/// Drives a body: first the seeds as they are, then whatever can be made of them until the time is up.
fn drive(folder: &str, body: fn(&[u8])) {
    let seeds = seeds(folder);
    let (done, ended) = mpsc::channel();
    let current: Arc<Mutex<Vec<u8>>> = Arc::default();
    let held = current.clone();
    std::thread::spawn(move || {
        let run = |bytes: Vec<u8>| {
            held.lock().unwrap().clone_from(&bytes);
            body(&bytes);
        };
        seeds.iter().for_each(|seed| run(seed.clone()));
        let any_seed = proptest::sample::select(seeds);
        let damage = proptest::collection::vec(damage(), 0..12);
        let noise = proptest::collection::vec(any::<u8>(), 0..300);
        let inputs = prop_oneof![
            12 => (any_seed, damage).prop_map(|(seed, all)| damaged(seed, &all)),
            1 => noise,
        ];
        let config = Config {
            cases: 50,
            failure_persistence: None,
            ..Config::default()
        };
        let mut runner = TestRunner::new(config);
        let until = Instant::now() + budget();
        while Instant::now() < until {
            let result = runner.run(&inputs, |bytes| {
                run(bytes);
                Ok::<(), TestCaseError>(())
            });
            if let Err(TestError::Fail(reason, bytes)) = result {
                let _ = done.send(Some(format!("{reason}: {}", bytes.escape_ascii())));
                return;
            }
        }
        let _ = done.send(None);
    });
    match ended.recv_timeout(budget() + PATIENCE) {
        Ok(None) => {}
        Ok(Some(failure)) => panic!("{folder}: {failure}"),
        Err(_) => {
            let bytes = current.lock().unwrap().escape_ascii().to_string();
            panic!("{folder}: a seed failed, or this does not come back: {bytes}");
        }
    }
}

#[test]
fn riff_chunks_bear_any_bytes() {
    drive("riff", media::riff::fuzz_riff);
}

#[test]
fn wave_files_bear_any_bytes() {
    drive("wav", media::wav::fuzz_wav);
}

#[test]
fn sound_of_every_kind_bears_any_bytes() {
    drive("media", media::fuzz_media);
}

#[test]
fn midi_files_bear_any_bytes() {
    drive("smf", midi::smf::fuzz_smf);
}

#[test]
fn downloadable_sounds_bear_any_bytes() {
    drive("dls", dls::fuzz_dls);
}

#[test]
fn downloads_bear_any_bytes() {
    drive("download", dls::fuzz_download);
}

#[test]
fn graph_files_bear_any_bytes() {
    drive("graph", graph::fuzz_graph);
}
