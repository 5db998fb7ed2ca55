//! Wave Reader: plays a wave file, sample for sample.
//!
//! A minidriver: the file is read on a worker, ahead of the audio thread. Rate, channels and grid are the file's own; where
//! the graph runs at another rate a converter stands in the graph for all to see. Nothing here interprets chunks; that is
//! `media::wav`.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    DataFormat, DataRange, Descriptor, Facts, FileFact, Node, OpenError, Opening, PinFactory,
    Property, Settings, Status, TopologyConnection, flag, time_from_sample,
};
use crate::media::{WavError, WavInfo, WavReader};
use crate::stream::{
    ClassDriver, Frame, LiveValue, Loaded, Minidriver, MinidriverEntry, Services, Srb, cell,
};

const PATH: Property = Property::path("path", "File").inline();
const LOOP: Property = Property::flag("loop", "Loop", false).inline();
const PROPERTIES: &[Property] = &[PATH, LOOP];
const PINS: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::FILESYSTEM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::FILE, "File", &["path", "loop"])];
const INSIDE: &[TopologyConnection] = &[TopologyConnection::leave(0, 0)];
static DESCRIPTOR: Descriptor =
    Descriptor::new("wave_reader", "Wave Reader", CATEGORIES, PINS, PROPERTIES).nodes(NODES, INSIDE).help(
        "Plays a wave file as it is: at its own rate, with its own channels. Stop goes back to the beginning.",
    );

/// What the catalogue offers.
pub fn wave_reader() -> ClassDriver<WaveReader> {
    ClassDriver::new(WaveReader)
}

/// The entry of the reading minidriver.
pub struct WaveReader;

/// What is known of the file that is named, under its name in the graph or its full one; `None` when none is named.
fn known<'a>(settings: &Settings<'_>, facts: &'a Facts) -> Option<&'a FileFact> {
    let path = settings.path(&PATH)?;
    Some(match (facts.file(&path), std::path::absolute(&path)) {
        (FileFact::Pending, Ok(full)) => facts.file(&full),
        (fact, _) => fact,
    })
}

/// Looks what a file is. For observers: it may take as long as the disk does.
pub fn probe(path: &Path) -> FileFact {
    match open(path) {
        Ok(reader) => FileFact::Wave {
            format: own_format(reader.info()),
            frames: reader.info().frames,
        },
        Err(reason) => FileFact::Unusable(reason),
    }
}

fn open(path: &Path) -> Result<WavReader<File>, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        // To open a pipe would wait for its writer.
        return Err("it is not a file".into());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    // So that no Wave Writer begins to write over what is being played. Where there are no locks, it is played anyway.
    let _ = file.try_lock_shared();
    let reader = WavReader::open(file).map_err(|error: WavError| error.to_string())?;
    // What is no number is silenced and named where it leaves this filter, like that of any other.
    Ok(reader.as_it_is())
}

/// The grid the samples lie on: PCM as far as a float holds it exactly.
fn own_format(info: &WavInfo) -> DataFormat {
    let (bits, channels) = (u32::from(info.bits), u32::from(info.channels));
    if info.float || bits > 24 {
        DataFormat::float(channels, info.rate_hz)
    } else {
        DataFormat::pcm(bits, channels, info.rate_hz)
    }
}

impl MinidriverEntry for WaveReader {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        let Some(FileFact::Wave { format, .. }) = known(settings, facts) else {
            return Cow::Borrowed(&DESCRIPTOR);
        };
        let mut ranges = vec![DataRange::only(format)];
        if let Some(audio) = format.audio
            && !format.is_float()
        {
            let float = DataFormat::float(audio.channels, audio.rate_hz);
            ranges.push(DataRange::only(&float));
        }
        let mut descriptor = DESCRIPTOR.clone();
        descriptor.pins = Cow::Owned(vec![PINS[0].clone().with_ranges(ranges)]);
        Cow::Owned(descriptor)
    }

    fn load(&self, opening: &Opening<'_>, services: &Services) -> Result<Loaded, OpenError> {
        let Some(path) = opening.settings.path(&PATH) else {
            return Err(OpenError::Property {
                property: PATH.key.into(),
                found: "no file is named".into(),
                wanted: "a wave file to play".into(),
            });
        };
        let reader = open(&path).map_err(|reason| OpenError::File {
            path: path.display().to_string(),
            reason,
        })?;
        let info = reader.info();
        check_agreement(opening, info)?;
        let rate_hz = info.rate_hz;
        let seconds = info.frames as f64 / f64::from(rate_hz);
        services.telemetry.set(cell::LENGTH, seconds as f32);
        let is_rounded = info.bits > if info.float { 32 } else { 24 };
        let is_endless = opening.settings.is_on(&LOOP) && info.frames > 0;
        let loaded = Loaded::new(Reading {
            reader,
            path,
            rate_hz,
            repeats: services.values.follow(opening, &LOOP),
        })
        .endless(is_endless);
        Ok(if is_rounded {
            loaded.note("its samples are finer than 32-bit float; each is rounded once")
        } else {
            loaded
        })
    }
}

/// Agreed before the file was looked at, or before it was replaced, the format may be another than the file's.
fn check_agreement(opening: &Opening<'_>, info: &WavInfo) -> Result<(), OpenError> {
    let Some(agreed) = opening.format("out") else {
        return Ok(());
    };
    let own = own_format(info);
    let float = DataFormat::float(u32::from(info.channels), info.rate_hz);
    if *agreed == own || *agreed == float {
        return Ok(());
    }
    Err(OpenError::Format {
        pin: "out".into(),
        format: Box::new(agreed.clone()),
        reason: format!("the file holds {own}"),
    })
}

/// A file being read.
struct Reading {
    reader: WavReader<File>,
    path: PathBuf,
    rate_hz: u32,
    repeats: LiveValue,
}

impl Reading {
    /// Fills a frame; the seam of a loop may lie anywhere in it.
    fn fill(&mut self, frame: &mut Frame) -> Result<(), WavError> {
        let room = frame.capacity();
        let Some(wave) = frame.payload.wave_mut() else {
            return Ok(());
        };
        wave.set_len(room);
        let mut done = 0;
        frame.header.time = time_from_sample(self.reader.position(), self.rate_hz);
        frame.header.flags = flag::TIMEVALID;
        if self.repeats.is_on() {
            frame.header.flags |= flag::LOOPEDDATA;
        }
        loop {
            let mut rest: Vec<&mut [f32]> = wave.channels_mut().map(|c| &mut c[done..]).collect();
            done += self.reader.read(&mut rest)?;
            let frames = self.reader.info().frames;
            if self.reader.position() < frames && done == room {
                break;
            }
            if frames == 0 || !self.repeats.is_on() {
                frame.header.flags |= flag::ENDOFSTREAM;
                break;
            }
            self.reader.seek(0);
            // Time jumps behind this frame; of a short file several turns lie in one.
            frame.header.flags |= flag::TIMEDISCONTINUITY;
            if done == room || frames >= room as u64 {
                break;
            }
        }
        wave.set_len(done);
        Ok(())
    }
}

impl Minidriver for Reading {
    fn receive_data(&mut self, srb: Srb) {
        let Srb::Read {
            mut frame, done, ..
        } = srb
        else {
            return srb.refuse(Status::NotImplemented);
        };
        match self.fill(&mut frame) {
            Ok(()) => done.complete(frame),
            Err(error) => {
                log::error!("{}: {error}", self.path.display());
                done.fail(Status::IoDeviceError);
            }
        }
    }

    fn receive_control(&mut self, srb: Srb) {
        if let Srb::SetPosition { sample, .. } = srb {
            let frames = self.reader.info().frames;
            self.reader.seek(match self.repeats.is_on() && frames > 0 {
                true => sample % frames,
                false => sample,
            });
            let Srb::SetPosition { done, .. } = srb else {
                return;
            };
            return done.complete(());
        }
        if let Srb::SetState {
            state: crate::ks::State::Stop,
            ..
        } = srb
        {
            self.reader.seek(0);
        }
        srb.accept();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::ks::rig::Rig;
    use crate::ks::{Filter, Flow, State, Value};

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
                frames: 77
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
        assert!(directory.to_string().ends_with("it is not a file"));
        std::fs::write(&path, "not a wave file at all").unwrap();
        assert!(matches!(
            refused(name, float.clone()),
            OpenError::File { .. }
        ));
        write(&path, 16, false, 44_100, 10);
        let other = refused(name, float);
        assert!(matches!(other, OpenError::Format { .. }), "{other}");
    }
}
