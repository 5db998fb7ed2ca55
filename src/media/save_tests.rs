//! Files that end in the middle: at any write, on a full disk; and which file a name asks for.

use std::io::{self, Cursor, ErrorKind, Seek, SeekFrom, Write};

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::TrackType;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;

use super::super::wav::WavReader;
use super::*;

/// A sink that keeps all it was told, write by write, and can be full.
#[derive(Default)]
struct Disk {
    at: u64,
    writes: Vec<(u64, Vec<u8>)>,
    /// Bytes that still find room behind the end of the file.
    room: Option<u64>,
    end: u64,
}

impl Disk {
    /// The file after the first `count` writes and `more` bytes of the next one.
    fn file(&self, count: usize, more: usize) -> Vec<u8> {
        let mut file = vec![];
        let part = |(at, bytes): &(u64, Vec<u8>), len: usize| (*at as usize, bytes[..len].to_vec());
        let whole = self.writes[..count].iter().map(|it| part(it, it.1.len()));
        let next = self
            .writes
            .get(count)
            .map(|it| part(it, more.min(it.1.len())));
        for (at, bytes) in whole.chain(next) {
            let end = at + bytes.len();
            if file.len() < end {
                file.resize(end, 0);
            }
            file[at..end].copy_from_slice(&bytes);
        }
        file
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut len = bytes.len();
        if let Some(room) = self.room {
            let grows = (self.at + len as u64).saturating_sub(self.end);
            if grows > room {
                len -= (grows - room) as usize;
            }
            if len == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
        }
        self.writes.push((self.at, bytes[..len].to_vec()));
        self.at += len as u64;
        let grown = self.at.saturating_sub(self.end);
        self.room = self.room.map(|room| room - grown);
        self.end += grown;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else {
            return Ok(self.at);
        };
        self.at = at;
        Ok(at)
    }
}

fn sound(channels: usize, len: usize) -> Vec<Vec<f32>> {
    let mut random = 1_u32;
    let mut noise = move || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as f32 / 16_777_216.0 - 0.5
    };
    let channel = |c: usize| {
        (0..len)
            .map(|n| {
                let wave = ((n * (c + 3)) as f32 * 0.013).sin() * 0.4 + 0.05 * noise();
                // On the grid of 16 bits, so that every kind holds it exactly.
                (wave * 32_768.0).round() / 32_768.0
            })
            .collect::<Vec<f32>>()
    };
    let mut channel = channel;
    (0..channels).map(&mut channel).collect()
}

fn read_wav(file: &[u8]) -> Vec<Vec<f32>> {
    let mut reader = WavReader::open(Cursor::new(file)).unwrap();
    let info = reader.info().clone();
    let mut planar = vec![vec![0.0; info.frames as usize]; usize::from(info.channels)];
    reader.read(&mut planar).unwrap();
    planar
}

/// What an independent decoder finds in a FLAC file, the length its head tells, and whether its checksum is right.
fn read_flac(file: &[u8]) -> (Vec<Vec<f32>>, Option<u64>, Option<bool>) {
    let source = Box::new(Cursor::new(file.to_vec()));
    let stream = MediaSourceStream::new(source, Default::default());
    let probe = symphonia::default::get_probe();
    let format = probe.probe(&Hint::new(), stream, Default::default(), Default::default());
    let mut format = format.unwrap();
    let track = format.default_track(TrackType::Audio).unwrap();
    let told = track.num_frames;
    let parameters = track.codec_params.as_ref().unwrap().audio().unwrap();
    let channels = parameters.channels.as_ref().unwrap().count();
    let options = AudioDecoderOptions::default().verify(true);
    let decoder = symphonia::default::get_codecs().make_audio_decoder(parameters, &options);
    let mut decoder = decoder.unwrap();
    let mut planar = vec![vec![]; channels];
    while let Ok(Some(packet)) = format.next_packet() {
        let Ok(decoded) = decoder.decode(&packet) else {
            break;
        };
        let mut samples = vec![0.0_f32; decoded.samples_interleaved()];
        decoded.copy_to_slice_interleaved(&mut samples);
        for (channel, list) in planar.iter_mut().enumerate() {
            list.extend(samples.iter().skip(channel).step_by(channels));
        }
    }
    let is_right = decoder.finalize().verify_ok;
    (planar, told.filter(|frames| *frames > 0), is_right)
}

fn write(disk: Disk, container: Container, kind: SampleKind, planar: &[Vec<f32>]) -> Disk {
    let mut writer =
        SoundWriter::create(disk, container, 8_000, planar.len() as u16, kind).unwrap();
    for from in (0..planar[0].len()).step_by(333) {
        let to = (from + 333).min(planar[0].len());
        let piece: Vec<&[f32]> = planar.iter().map(|channel| &channel[from..to]).collect();
        writer.write(&piece).unwrap();
    }
    assert_eq!(writer.frames(), planar[0].len() as u64);
    let (disk, written) = writer.finish().unwrap();
    assert_eq!(written.frames, planar[0].len() as u64);
    assert_eq!(written.bytes, disk.end);
    assert_eq!(disk.at, disk.end, "the sink stands at its end");
    disk
}

fn is_beginning(heard: &[Vec<f32>], planar: &[Vec<f32>]) -> bool {
    heard.len() == planar.len() && heard.iter().zip(planar).all(|(a, b)| b.starts_with(a))
}

#[test]
fn the_ending_of_a_name_says_what_is_written() {
    let of = |name: &str| Container::of(Path::new(name));
    for name in ["a.wav", "a.WAV", "b/a.wave", "a.rf64", "a", "flac"] {
        assert_eq!(of(name), Ok(Container::Wave), "{name}");
    }
    for name in ["a.flac", "a.wav.FLAC"] {
        assert_eq!(of(name), Ok(Container::Flac), "{name}");
    }
    assert_eq!(
        of("a.mp3"),
        Err("sound is saved as .wav or .flac, and not as .mp3".into())
    );
}

#[test]
fn a_wave_file_is_whole_at_every_byte_it_ever_had() {
    for (kind, channels) in [
        (SampleKind::Pcm16, 1),
        (SampleKind::Pcm24, 3),
        (SampleKind::Float32, 2),
    ] {
        let planar = sound(channels, 2_600);
        let disk = write(Disk::default(), Container::Wave, kind, &planar);
        let block = channels * usize::from(kind.bits() / 8);
        let head = disk.writes[0].1.len();
        // Samples that stand in the file when its head was last made right.
        let mut sure = 0;
        for count in 1..disk.writes.len() {
            let (at, bytes) = &disk.writes[count];
            let is_sound = *at as usize >= head;
            // A number of the head is written at once or not at all; sound may break off anywhere.
            let step = if is_sound { 97 } else { bytes.len() };
            for more in (0..bytes.len()).step_by(step) {
                let file = disk.file(count, more);
                let heard = read_wav(&file);
                assert!(is_beginning(&heard, &planar), "{kind:?} {count} {more}");
                assert!(heard[0].len() >= sure, "{} < {sure}", heard[0].len());
                // What stands in the head is never more than is there.
                let told = u32::from_le_bytes(file[head - 4..head].try_into().unwrap());
                assert!(told as usize <= file.len() - head);
            }
            if !is_sound && *at as usize == head - 4 {
                let told = u32::from_le_bytes(bytes[..].try_into().unwrap());
                sure = told as usize / block;
            }
        }
        assert_eq!(sure, 2_600, "{kind:?}");
        assert_eq!(read_wav(&disk.file(disk.writes.len(), 0)), planar);
        // It was made right again and again, not only at its end: at least every eighth of a second.
        let patches = disk
            .writes
            .iter()
            .filter(|(at, _)| *at as usize == head - 4);
        assert!(patches.count() >= 3, "{kind:?}");
    }
}

#[test]
fn a_wave_file_stays_whole_while_it_becomes_rf64() {
    let planar = sound(2, 5_000);
    let disk = Disk::default();
    let writer = WavWriter::create(disk, 8_000, 2, SampleKind::Pcm16).unwrap();
    let mut writer = writer.rf64_above(12_000);
    for piece in planar[0].chunks(500).zip(planar[1].chunks(500)) {
        writer.write(&[piece.0, piece.1]).unwrap();
    }
    let (disk, _) = writer.finish().unwrap();
    let mut sizes = vec![];
    for count in 1..=disk.writes.len() {
        let file = disk.file(count, 0);
        let heard = read_wav(&file);
        assert!(is_beginning(&heard, &planar), "{count}");
        let is_wide = file.starts_with(b"RF64");
        sizes.push((heard[0].len(), is_wide));
    }
    assert!(sizes.is_sorted(), "nothing is ever lost again: {sizes:?}");
    assert!(sizes[sizes.len() / 2].1 && sizes[sizes.len() / 2].0 < 5_000);
    assert_eq!(sizes.last(), Some(&(5_000, true)));
}

#[test]
fn a_file_of_more_than_four_gigabytes_is_rf64() {
    /// Counts, and keeps nothing but its head.
    #[derive(Default)]
    struct Sparse(u64, Vec<u8>);
    impl Write for Sparse {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let at = self.0 as usize;
            if at < 200 {
                let end = at + bytes.len().min(200);
                self.1.resize(self.1.len().max(end), 0);
                self.1[at..end].copy_from_slice(&bytes[..end - at]);
            }
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Seek for Sparse {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            if let SeekFrom::Start(at) = to {
                self.0 = at;
            }
            Ok(self.0)
        }
    }
    let mut writer = WavWriter::create(Sparse::default(), 48_000, 2, SampleKind::Float32).unwrap();
    // As if so much stood in it already.
    writer.pretend_len((1 << 32) - 200);
    writer.write(&[[0.25; 16], [0.5; 16]]).unwrap();
    let (Sparse(_, head), written) = writer.finish().unwrap();
    let u64_at = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
    assert_eq!(&head[..16], b"RF64\xff\xff\xff\xffWAVEds64");
    assert_eq!(u64_at(20), written.bytes - 8);
    assert_eq!(u64_at(28), (1 << 32) - 200 + 16 * 8);
    assert_eq!(u64_at(36), written.frames);
}

#[test]
fn flac_holds_every_sample_and_tells_its_length() {
    for (kind, channels, len) in [
        (SampleKind::Pcm16, 1, 4_096),
        (SampleKind::Pcm16, 2, 10_000),
        (SampleKind::Pcm24, 2, 4_097),
        (SampleKind::Pcm24, 6, 5_000),
        (SampleKind::Pcm16, 8, 7),
        (SampleKind::Pcm16, 2, 0),
    ] {
        let planar = sound(channels, len);
        let disk = Disk::default();
        let disk = match len {
            0 => {
                let writer = SoundWriter::create(disk, Container::Flac, 8_000, 2, kind);
                writer.unwrap().finish().unwrap().0
            }
            _ => write(disk, Container::Flac, kind, &planar),
        };
        if len == 0 {
            assert_eq!(disk.end, 42, "a head and nothing else");
            continue;
        }
        let (heard, told, is_right) = read_flac(&disk.file(disk.writes.len(), 0));
        assert_eq!((told, is_right), (Some(len as u64), Some(true)));
        assert_eq!(heard, planar, "{kind:?} {channels} {len}");
    }
}

#[test]
fn flac_of_full_scale_noise_steps_and_any_rate_is_exact() {
    let mut planar = sound(2, 9_000);
    for (n, sample) in planar[0].iter_mut().enumerate() {
        // Whole swings, the worst that prediction can meet; then nothing at all.
        *sample = match (n / 2_048, n % 2) {
            (0, _) => -1.0,
            (1, 0) => -1.0,
            (1, _) => 8_388_607.0 / 8_388_608.0,
            (2, _) => ((n * 7_919 % 16_777_216) as f32 - 8_388_608.0) / 8_388_608.0,
            _ => 0.0,
        };
    }
    for rate_hz in [1, 8_000, 44_100, 48_000, 96_000, 176_400, 192_000, 655_350] {
        let writer = FlacWriter::create(Cursor::new(vec![]), rate_hz, 2, 24);
        let mut writer = writer.unwrap();
        writer.write(&planar).unwrap();
        let file = writer.finish().unwrap().0.into_inner();
        assert!(
            file.len() < 9_000 * 6 + 200,
            "never longer than it came: {}",
            file.len()
        );
        assert_eq!(read_flac(&file).0, planar, "{rate_hz}");
        let told = u32::from_be_bytes(file[18..22].try_into().unwrap()) >> 12;
        assert_eq!(told, rate_hz);
    }
}

#[test]
fn flac_that_is_cut_off_gives_its_whole_blocks() {
    let planar = sound(2, 12_500);
    let disk = write(Disk::default(), Container::Flac, SampleKind::Pcm16, &planar);
    // A head, four blocks, and the head again.
    assert_eq!(disk.writes.len(), 6);
    for count in 3..5 {
        for more in [0, 1, 10, disk.writes[count].1.len() - 1] {
            let (heard, told, _) = read_flac(&disk.file(count, more));
            assert_eq!(told, None, "nobody knows how long it will be");
            assert!(is_beginning(&heard, &planar), "{count} {more}");
            // This decoder believes in the end of a block only when it sees the next one.
            let blocks = (count - 2) * 4_096;
            assert!(
                heard[0].len() >= blocks,
                "{count} {more}: {}",
                heard[0].len()
            );
        }
    }
}

#[test]
fn what_flac_cannot_hold_is_refused_with_its_limits() {
    let refusal = |rate_hz, channels| {
        let writer = SoundWriter::create(
            Cursor::new(vec![]),
            Container::Flac,
            rate_hz,
            channels,
            SampleKind::Float32,
        );
        writer.err().map(|error| error.to_string())
    };
    assert!(refusal(48_000, 9).unwrap().contains("1 to 8 in FLAC"));
    assert!(refusal(700_000, 2).unwrap().contains("655350"));
    assert!(refusal(0, 2).is_some());
    assert_eq!(refusal(48_000, 8), None, "and floats become 24 bits");
}

#[test]
fn a_full_disk_leaves_a_file_with_all_that_found_room() {
    let planar = sound(2, 20_000);
    for container in [Container::Wave, Container::Flac] {
        let kind = container.kind(SampleKind::Pcm24);
        let whole = write(Disk::default(), container, kind, &planar);
        let mut longest = 0;
        for room in (200..whole.end).step_by(1_731) {
            let disk = Disk {
                room: Some(room),
                ..Disk::default()
            };
            let mut writer = SoundWriter::create(disk, container, 8_000, 2, kind).unwrap();
            let mut pieces = planar[0].chunks(400).zip(planar[1].chunks(400));
            let error = pieces.find_map(|(left, right)| writer.write(&[left, right]).err());
            let Some(WavError::Io(error)) = error else {
                // Only its last piece finds no room.
                continue;
            };
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            let (disk, written) = writer.finish().unwrap();
            if written.frames == 0 {
                continue;
            }
            let mut file = disk.file(disk.writes.len(), 0);
            file.truncate(written.bytes as usize);
            let heard = match container {
                Container::Wave => read_wav(&file),
                Container::Flac => {
                    let (heard, _, is_right) = read_flac(&file);
                    assert_eq!(is_right, Some(true), "{room}");
                    heard
                }
            };
            assert_eq!(
                heard[0].len() as u64,
                written.frames,
                "{container:?} {room}"
            );
            assert!(is_beginning(&heard, &planar));
            if container == Container::Wave {
                // All but a part of a sample.
                assert!(written.frames * 6 + 6 + 104 > room, "{room}");
            }
            longest = longest.max(written.frames);
        }
        assert!(longest > 10_000, "{container:?}");
    }
}
