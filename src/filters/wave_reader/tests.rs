//! Tests of the Wave Reader, with a folder and sounds that other tests use, too.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::ks::rig::Rig;
use crate::ks::{Filter, Flow, Seek, State, Value};

/// A folder of one test, gone with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("ksgraph-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn values(path: &Path, more: &[(&str, Value)]) -> BTreeMap<String, Value> {
    let path = Value::Text(path.to_str().unwrap().into());
    let more = more.iter().map(|(k, v)| ((*k).to_owned(), v.clone()));
    more.chain([("path".to_owned(), path)]).collect()
}

/// Sample `n` of a channel: pseudo-random, on the grid of 16 bits.
pub(crate) fn sound(channel: usize, n: usize) -> f32 {
    let mixed = (n as u32 * 2 + channel as u32 + 1).wrapping_mul(2_654_435_761) >> 16;
    f32::from(mixed as u16 as i16) / 32_768.0
}

fn sounds(channel: usize, from: usize, to: usize) -> Vec<f32> {
    (from..to).map(|n| sound(channel, n)).collect()
}

/// Writes `sound` with an independent writer, and returns the format a reader should find.
fn write(path: &Path, bits: u16, float: bool, rate_hz: u32, len: usize) -> DataFormat {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate_hz,
        bits_per_sample: bits,
        sample_format: if float {
            hound::SampleFormat::Float
        } else {
            hound::SampleFormat::Int
        },
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..len {
        for channel in 0..2 {
            let sample = sound(channel, n);
            if float {
                writer.write_sample(sample).unwrap();
            } else {
                let steps = (1_u32 << (bits - 1)) as f32;
                writer.write_sample((sample * steps) as i32).unwrap();
            }
        }
    }
    writer.finalize().unwrap();
    if float {
        DataFormat::float(2, rate_hz)
    } else {
        DataFormat::pcm(u32::from(bits), 2, rate_hz)
    }
}

fn play(path: &Path, format: &DataFormat, repeat: bool) -> Rig {
    let formats = BTreeMap::from([("out".to_owned(), format.clone())]);
    let values = values(path, &[("loop", Value::Flag(repeat))]);
    Rig::open_with(&wave_reader(), values, &formats, None)
}

fn hear(rig: &mut Rig, cuts: &[usize]) -> [Vec<f32>; 2] {
    let mut heard = [vec![], vec![]];
    for &len in cuts {
        let channels = rig.run(len).channels;
        assert_eq!(channels.len(), 2);
        for (all, some) in heard.iter_mut().zip(channels) {
            all.extend(some);
        }
    }
    heard
}

#[test]
fn every_sample_is_exact_at_any_cutting() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let len = 48_000;
    for (bits, float) in [(16, false), (24, false), (32, true)] {
        let format = write(&path, bits, float, 48_000, len);
        let odd: Vec<usize> = (0..24).map(|n| 1 + n * 173 % 4096).collect();
        for cuts in [vec![4096; 11], vec![64; 100], vec![1, 1000, 4096, 7], odd] {
            let total: usize = cuts.iter().sum();
            let heard = hear(&mut play(&path, &format, false), &cuts);
            assert_eq!(
                heard,
                [sounds(0, 0, total), sounds(1, 0, total)],
                "{bits} bits"
            );
        }
    }
}

#[test]
fn another_rate_comes_at_its_own_pace() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let format = write(&path, 16, false, 44_100, 30_000);
    let heard = hear(&mut play(&path, &format, false), &[1000; 20]);
    assert_eq!(heard, [sounds(0, 0, 18_375), sounds(1, 0, 18_375)]);
}

#[test]
fn the_end_is_silence_and_said() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let format = write(&path, 16, false, 48_000, 1000);
    let mut rig = play(&path, &format, false);
    assert_eq!(hear(&mut rig, &[999])[0], sounds(0, 0, 999));
    assert_eq!(rig.flow, Flow::Running);
    assert_eq!(hear(&mut rig, &[3])[0], [sound(0, 999), 0.0, 0.0]);
    assert_eq!(rig.flow, Flow::Ended);
    assert_eq!(hear(&mut rig, &[64])[1], [0.0; 64]);
    assert_eq!(rig.flow, Flow::Ended);
    // A cycle that ends with the file says so as well.
    let mut rig = play(&path, &format, false);
    hear(&mut rig, &[1000]);
    assert_eq!(rig.flow, Flow::Ended);
}

#[test]
fn a_loop_has_no_seam() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    // Shorter than a frame, as long as a frame, longer, and hardly there.
    for len in [1000, 2400, 3001, 3] {
        let format = write(&path, 24, false, 48_000, len);
        let heard = hear(&mut play(&path, &format, true), &[1500, 64, 4096, 4000]);
        let round: Vec<f32> = (0..9660).map(|n| sound(1, n % len)).collect();
        assert_eq!(heard[1], round, "{len} samples");
    }
}

#[test]
fn what_repeats_says_that_its_data_are_looped() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let format = write(&path, 16, false, 48_000, 3000);
    for repeats in [false, true] {
        let mut rig = play(&path, &format, repeats);
        for _ in 0..4 {
            hear(&mut rig, &[700]);
            let is_said = rig.flags() & flag::LOOPEDDATA != 0;
            assert_eq!(is_said, repeats);
        }
    }
}

#[test]
fn stop_goes_back_to_the_beginning() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let format = write(&path, 16, false, 48_000, 5000);
    let mut rig = play(&path, &format, false);
    for total in [1234, 6000, 10] {
        let heard = hear(&mut rig, &[total / 2, total / 2]);
        let wanted: Vec<f32> = (0..total)
            .map(|n| if n < 5000 { sound(0, n) } else { 0.0 })
            .collect();
        assert_eq!(heard[0], wanted);
        for state in [State::Pause, State::Acquire, State::Stop] {
            rig.processor().enter(state);
        }
    }
}

#[test]
fn a_pause_leaves_nothing_out() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let format = write(&path, 16, false, 48_000, 5000);
    let mut rig = play(&path, &format, false);
    hear(&mut rig, &[100]);
    rig.processor().enter(State::Pause);
    rig.processor().enter(State::Run);
    assert_eq!(hear(&mut rig, &[100])[0], sounds(0, 100, 200));
}

#[test]
fn a_probed_file_offers_its_own_grid_and_then_float() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let own = write(&path, 24, false, 44_100, 77);
    let fact = probe(&path);
    assert_eq!(
        fact,
        FileFact::Wave {
            format: own.clone(),
            frames: 77,
            about: Box::new(SoundFact {
                container: "WAV".into(),
                codec: "PCM".into(),
                millis: 2,
                is_exact: true,
                ..SoundFact::default()
            }),
        }
    );
    let values = BTreeMap::from([("path".to_owned(), Value::Text("sound.wav".into()))]);
    let settings = Settings {
        values: &values,
        base: Some(&folder.0),
    };
    let mut facts = Facts::nominal();
    let filter = wave_reader();
    let generic = filter.describe(&settings, &facts).pins[0].ranges.to_vec();
    assert_eq!(generic, DataRange::FLOAT);
    facts.files.insert(path.clone(), fact);
    let ranges = filter.describe(&settings, &facts).pins[0].ranges.to_vec();
    let float = DataFormat::float(2, 44_100);
    assert_eq!(ranges, [DataRange::only(&own), DataRange::only(&float)]);
}

fn refused(path: &str, format: DataFormat) -> OpenError {
    let values = values(Path::new(path), &[]);
    let settings = Settings {
        values: &values,
        base: None,
    };
    let pins = [crate::ks::OpenPin {
        factory: 0,
        instance: 0,
        data_flow: crate::ks::DataFlow::Out,
        format: Some(format),
    }];
    let opened = wave_reader().open(&crate::ks::Opening {
        descriptor: &DESCRIPTOR,
        settings,
        rate_hz: 48_000,
        max_len: 512,
        pins: &pins,
        live: false,
        clock: std::sync::Arc::new(Still),
        waker: crate::ks::Waker::default(),
        feed: None,
        drives: false,
        memory: None,
    });
    opened.err().unwrap()
}

pub(crate) struct Still;

impl crate::ks::Clock for Still {
    fn now(&self) -> crate::ks::RefTime {
        0
    }
}

#[test]
fn what_cannot_be_played_is_a_clear_error() {
    let folder = Folder::new();
    let float = DataFormat::float(2, 48_000);
    assert!(matches!(
        refused("", float.clone()),
        OpenError::Property { .. }
    ));
    let path = folder.file("sound.wav");
    let name = path.to_str().unwrap();
    let missing = refused(name, float.clone());
    assert!(missing.to_string().starts_with(name), "{missing}");
    assert!(matches!(probe(&path), FileFact::Unusable(_)));
    let directory = refused(folder.0.to_str().unwrap(), float.clone());
    let wanted = "it is a folder and not a file; wanted a file of sound";
    assert!(directory.to_string().ends_with(wanted), "{directory}");
    std::fs::write(&path, "not a wave file at all").unwrap();
    assert!(matches!(
        refused(name, float.clone()),
        OpenError::File { .. }
    ));
    write(&path, 16, false, 44_100, 10);
    let other = refused(name, float);
    assert!(matches!(other, OpenError::Format { .. }), "{other}");
}

/// Adds a `smpl` chunk with one loop behind a wave file; `last` is the last sample of the loop.
fn add_loop(path: &Path, kind: u32, start: u32, last: u32, count: u32) {
    let mut chunk = b"smpl".to_vec();
    chunk.extend(60_u32.to_le_bytes());
    chunk.extend([0; 28]);
    chunk.extend(1_u32.to_le_bytes());
    chunk.extend([0; 4]);
    for number in [0, kind, start, last, 0, count] {
        chunk.extend(number.to_le_bytes());
    }
    let mut bytes = std::fs::read(path).unwrap();
    bytes.extend(chunk);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn loops_of_the_file_and_of_ones_own_have_no_seam() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let format = write(&path, 16, false, 48_000, 9000);
    add_loop(&path, 1, 3000, 6999, 2);
    let own = [
        ("loop_region", Value::Text("start to end".into())),
        ("loop_start", Value::Number(100.0)),
        ("loop_end", Value::Number(107.0)),
    ];
    let file = [("loop_region", Value::Text("loops of the file".into()))];
    let up = |from: usize, to: usize| (from..to).collect::<Vec<_>>();
    let down = |from: usize, to: usize| (from..to).rev().collect::<Vec<_>>();
    let round = (0..12_000).map(|n| if n < 100 { n } else { 100 + (n - 100) % 7 });
    let cases: Vec<(&[_], Vec<usize>)> = vec![
        (&own, round.collect()),
        (
            &file,
            [
                up(0, 7000),
                down(3000, 7000),
                up(3000, 7000),
                up(7000, 9000),
            ]
            .concat(),
        ),
    ];
    for (more, places) in cases {
        let more = [more, &[("loop", Value::Flag(true))]].concat();
        let formats = BTreeMap::from([("out".to_owned(), format.clone())]);
        let mut rig = Rig::open_with(&wave_reader(), values(&path, &more), &formats, None);
        let wanted: Vec<f32> = places[..12_000].iter().map(|n| sound(0, *n)).collect();
        assert!(
            hear(&mut rig, &[1500, 4096, 4, 4096, 2304])[0] == wanted,
            "{more:?}"
        );
    }
}

#[test]
fn a_coded_file_plays_under_any_name_and_is_probed_with_its_words() {
    let folder = Folder::new();
    // Telephone sound, called a text: what is inside counts.
    let path = folder.file("speech.txt");
    let mut bytes =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x06\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0".to_vec();
    bytes.extend(b"LIST\x12\0\0\0INFOINAM\x06\0\0\0Hello\0");
    bytes.extend(b"data\x04\0\0\0\xd5\x55\xaa\x2a");
    std::fs::write(&path, bytes).unwrap();
    let format = DataFormat::pcm(16, 1, 8_000);
    let about = SoundFact {
        container: "WAV".into(),
        codec: "A-law".into(),
        millis: 1,
        is_exact: true,
        loops: 0,
        tags: vec![("title".into(), "Hello".into())],
        marks: vec![],
    };
    let fact = FileFact::Wave {
        format: format.clone(),
        frames: 4,
        about: Box::new(about),
    };
    assert_eq!(probe(&path), fact);
    let formats = BTreeMap::from([("out".to_owned(), format)]);
    let mut rig = Rig::open_with(&wave_reader(), values(&path, &[]), &formats, None);
    let heard = rig.run(24).channels;
    let wanted = [8.0, -8.0, 32_256.0, -32_256.0].map(|it| it / 32_768.0);
    assert_eq!(heard, [wanted]);
}

#[test]
fn what_is_sought_is_what_would_have_come() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let format = write(&path, 16, false, 44_100, 9000);
    let part: &[_] = &[
        ("loop", Value::Flag(true)),
        ("loop_region", Value::Text("start to end".into())),
        ("loop_start", Value::Number(5000.0)),
        ("loop_end", Value::Number(5777.0)),
    ];
    for more in [&[], &part[..1], part] {
        let formats = BTreeMap::from([("out".to_owned(), format.clone())]);
        let open = || Rig::open_with(&wave_reader(), values(&path, more), &formats, None);
        let from = 0;
        // Own samples of 44.1 kHz: 320 of the graph's are 294 of them.
        let all = hear(&mut open(), &[3200; 12]);
        let mut rig = open();
        hear(&mut rig, &[640]);
        for at in [3200, 9600, 19_200, 0, 32_000] {
            let seek = Seek {
                from,
                to: at,
                rate_hz: 48_000,
                flushes: true,
            };
            assert!(rig.processor().seek(seek));
            let own = (at * 147 / 160) as usize;
            let heard = hear(&mut rig, &[3200]);
            assert!(heard[1] == all[1][own..own + 2940], "{more:?}, {at}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_is_a_name() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let path = folder
        .0
        .join(std::ffi::OsStr::from_bytes(b"Gr\xfcn\xff.wav"));
    let format = write(&path, 16, false, 48_000, 500);
    let text = Value::Text(crate::ks::path_text(&path));
    let formats = BTreeMap::from([("out".to_owned(), format)]);
    let values = BTreeMap::from([("path".to_owned(), text)]);
    let mut rig = Rig::open_with(&wave_reader(), values, &formats, None);
    assert_eq!(hear(&mut rig, &[500])[0], sounds(0, 0, 500));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_and_never_waited_for() {
    let folder = Folder::new();
    let path = folder.file("pipe.wav");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    // To open it would wait for somebody who writes.
    for (place, what) in [(&path, "a pipe or a device"), (&folder.0, "a folder")] {
        let words = format!("it is {what} and not a file; wanted a file of sound");
        assert_eq!(probe(place), FileFact::Unusable(words));
    }
}

#[test]
fn a_file_that_goes_away_plays_on_and_one_that_is_cut_ends() {
    let folder = Folder::new();
    let path = folder.file("sound.wav");
    let format = write(&path, 16, false, 48_000, 200_000);
    let mut rig = play(&path, &format, false);
    hear(&mut rig, &[1000]);
    std::fs::remove_file(&path).unwrap();
    write(&path, 24, false, 44_100, 7);
    let heard = hear(&mut rig, &[4000; 40]);
    assert_eq!(heard[1], sounds(1, 1000, 161_000));

    let path = folder.file("cut.wav");
    write(&path, 16, false, 48_000, 200_000);
    let mut rig = play(&path, &format, false);
    hear(&mut rig, &[1000]);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(44 + 150_000 * 4).unwrap();
    let heard = hear(&mut rig, &[4000; 40]);
    assert_eq!(heard[0][..149_000], sounds(0, 1000, 150_000));
    assert_eq!(heard[0][149_000..], [0.0; 11_000]);
    assert_eq!(rig.flow, Flow::Ended);
}
