//! Sound of every kind that is read, against another decoder: ffmpeg makes the files and decodes them as well.
//!
//! Whole numbers of up to 24 bits and floats have to be the same bit for bit, 32 bits the nearest float, lossy codecs within
//! the error that stands in their row. The places of samples are held to more than ffmpeg's: what is read behind a seek is
//! what was read there from the beginning.

use std::path::{Path, PathBuf};

use ksgraph::media::{self, Source};

use super::desk::Desk;
use super::ffmpeg::{ffmpeg, floats, floats_by, whole_numbers};

/// Samples of the sound: 0.3 s.
const LEN: usize = 13_230;

/// How near our samples are to ffmpeg's.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Near {
    Exactly,
    /// The nearest float to a whole number of 32 bits.
    Rounded,
    Within(f32),
}
use Near::{Exactly, Rounded, Within};

/// Whether as many samples come as went into the encoder, or as many as ffmpeg gives.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Length {
    AsEncoded,
    AsFfmpeg,
    /// And what the encoder put behind the end, less than two of its packets.
    AndPadding,
}
use Length::{AndPadding, AsEncoded, AsFfmpeg};

type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Near,
    Length,
);

/// Name, words for ffmpeg's encoder, container and codec as we call them, and what is wanted.
const ROWS: &[Row] = &[
    ("u8.wav", "-c:a pcm_u8", "WAV", "PCM", Exactly, AsEncoded),
    (
        "s16.wav",
        "-c:a pcm_s16le",
        "WAV",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    (
        "s24.wav",
        "-c:a pcm_s24le",
        "WAV",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    (
        "s32.wav",
        "-c:a pcm_s32le",
        "WAV",
        "PCM",
        Rounded,
        AsEncoded,
    ),
    (
        "f32.wav",
        "-c:a pcm_f32le",
        "WAV",
        "float",
        Exactly,
        AsEncoded,
    ),
    (
        "f64.wav",
        "-c:a pcm_f64le",
        "WAV",
        "float",
        Exactly,
        AsEncoded,
    ),
    (
        "six.wav",
        "-ac 6 -c:a pcm_s24le",
        "WAV",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    (
        "rf64.wav",
        "-rf64 always -c:a pcm_s24le",
        "RF64",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    (
        "alaw.wav",
        "-c:a pcm_alaw",
        "WAV",
        "A-law",
        Exactly,
        AsEncoded,
    ),
    (
        "ulaw.wav",
        "-c:a pcm_mulaw",
        "WAV",
        "u-law",
        Exactly,
        AsEncoded,
    ),
    (
        "ima.wav",
        "-c:a adpcm_ima_wav",
        "WAV",
        "IMA ADPCM",
        Exactly,
        AsFfmpeg,
    ),
    (
        "ima1.wav",
        "-ac 1 -c:a adpcm_ima_wav",
        "WAV",
        "IMA ADPCM",
        Exactly,
        AsFfmpeg,
    ),
    (
        "ms.wav",
        "-c:a adpcm_ms",
        "WAV",
        "MS ADPCM",
        Exactly,
        AsFfmpeg,
    ),
    (
        "ms1.wav",
        "-ac 1 -c:a adpcm_ms",
        "WAV",
        "MS ADPCM",
        Exactly,
        AsFfmpeg,
    ),
    (
        "mp3.wav",
        "-c:a libmp3lame",
        "WAV",
        "MP3",
        Within(1e-5),
        AsFfmpeg,
    ),
    ("s8.aiff", "-c:a pcm_s8", "AIFF", "PCM", Exactly, AsEncoded),
    (
        "s16.aiff",
        "-c:a pcm_s16be",
        "AIFF",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    (
        "s24.aiff",
        "-c:a pcm_s24be",
        "AIFF",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    (
        "s32.aiff",
        "-c:a pcm_s32be",
        "AIFF",
        "PCM",
        Rounded,
        AsEncoded,
    ),
    (
        "f32.aiff",
        "-c:a pcm_f32be",
        "AIFF",
        "float",
        Exactly,
        AsEncoded,
    ),
    (
        "sowt.aiff",
        "-c:a pcm_s16le",
        "AIFF",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    (
        "ulaw.aiff",
        "-c:a pcm_mulaw",
        "AIFF",
        "u-law",
        Exactly,
        AsEncoded,
    ),
    (
        "s16.caf",
        "-c:a pcm_s16le",
        "CAF",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    (
        "s24.caf",
        "-c:a pcm_s24be",
        "CAF",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    (
        "f32.caf",
        "-c:a pcm_f32le",
        "CAF",
        "float",
        Exactly,
        AsEncoded,
    ),
    (
        "alaw.caf",
        "-c:a pcm_alaw",
        "CAF",
        "A-law",
        Exactly,
        AsEncoded,
    ),
    ("alac.caf", "-c:a alac", "CAF", "ALAC", Exactly, AsEncoded),
    // Whoever goes on with the sample before a block has more digits than the block's head.
    (
        "ima.caf",
        "-c:a adpcm_ima_qt",
        "CAF",
        "IMA ADPCM",
        Exactly,
        AsFfmpeg,
    ),
    (
        "ima1.caf",
        "-ac 1 -c:a adpcm_ima_qt",
        "CAF",
        "IMA ADPCM",
        Exactly,
        AsFfmpeg,
    ),
    (
        "ima.aiff",
        "-c:a adpcm_ima_qt",
        "AIFF",
        "IMA ADPCM",
        Exactly,
        AsFfmpeg,
    ),
    ("s8.caf", "-c:a pcm_s8", "CAF", "PCM", Exactly, AsEncoded),
    (
        "s32.caf",
        "-c:a pcm_s32be",
        "CAF",
        "PCM",
        Rounded,
        AsEncoded,
    ),
    (
        "f64.caf",
        "-c:a pcm_f64be",
        "CAF",
        "float",
        Exactly,
        AsEncoded,
    ),
    ("u8.aiff", "-c:a pcm_u8", "AIFF", "PCM", Exactly, AsEncoded),
    (
        "f64.aiff",
        "-c:a pcm_f64be",
        "AIFF",
        "float",
        Exactly,
        AsEncoded,
    ),
    (
        "s16.flac",
        "-c:a flac -sample_fmt s16",
        "FLAC",
        "FLAC",
        Exactly,
        AsEncoded,
    ),
    (
        "s24.flac",
        "-c:a flac -sample_fmt s32",
        "FLAC",
        "FLAC",
        Exactly,
        AsEncoded,
    ),
    (
        "six.flac",
        "-ac 6 -c:a flac",
        "FLAC",
        "FLAC",
        Exactly,
        AsEncoded,
    ),
    ("flac.ogg", "-c:a flac", "Ogg", "FLAC", Exactly, AsEncoded),
    (
        "flac.mkv",
        "-c:a flac",
        "Matroska",
        "FLAC",
        Exactly,
        AsEncoded,
    ),
    (
        "s16.m4a",
        "-c:a alac -sample_fmt s16p",
        "MP4",
        "ALAC",
        Exactly,
        AsEncoded,
    ),
    (
        "s24.m4a",
        "-c:a alac -sample_fmt s32p",
        "MP4",
        "ALAC",
        Exactly,
        AsEncoded,
    ),
    (
        "s16.mov",
        "-c:a pcm_s16le",
        "MP4",
        "PCM",
        Exactly,
        AsEncoded,
    ),
    // More than the field for its rate can hold.
    (
        "wide.m4a",
        "-ar 96000 -c:a aac -aac_pns 0",
        "MP4",
        "AAC",
        Within(1e-4),
        AsEncoded,
    ),
    (
        "vorbis.ogg",
        "-c:a libvorbis",
        "Ogg",
        "Vorbis",
        Within(1e-6),
        AsEncoded,
    ),
    (
        "six.ogg",
        "-ac 6 -c:a libvorbis",
        "Ogg",
        "Vorbis",
        Within(1e-6),
        AsEncoded,
    ),
    (
        "vorbis.webm",
        "-c:a libvorbis",
        "Matroska",
        "Vorbis",
        Within(1e-6),
        AsFfmpeg,
    ),
    // Opus is made of sound at 48 kHz, and is that for good. libopus gives 16 bits.
    (
        "opus.opus",
        "-ar 48000 -c:a libopus",
        "Ogg",
        "Opus",
        Within(5e-5),
        AsFfmpeg,
    ),
    (
        "speech.opus",
        "-ar 16000 -ac 1 -c:a libopus -b:a 12k -application voip",
        "Ogg",
        "Opus",
        Within(5e-5),
        AsFfmpeg,
    ),
    (
        "six.opus",
        "-ac 6 -ar 48000 -c:a libopus",
        "Ogg",
        "Opus",
        Within(5e-5),
        AsFfmpeg,
    ),
    (
        "opus.mp4",
        "-ar 48000 -c:a libopus",
        "MP4",
        "Opus",
        Within(5e-5),
        AsEncoded,
    ),
    (
        "opus.webm",
        "-ar 48000 -c:a libopus",
        "Matroska",
        "Opus",
        Within(5e-5),
        AndPadding,
    ),
    (
        "lame.mp3",
        "-c:a libmp3lame -b:a 128k",
        "MPEG audio",
        "MP3",
        Within(1e-5),
        AsEncoded,
    ),
    (
        "vbr.mp3",
        "-c:a libmp3lame -q:a 5",
        "MPEG audio",
        "MP3",
        Within(1e-5),
        AsEncoded,
    ),
    (
        "low.mp3",
        "-ac 1 -c:a libmp3lame -b:a 32k",
        "MPEG audio",
        "MP3",
        Within(1e-5),
        AsEncoded,
    ),
    // Nothing in it tells how long it is.
    (
        "bare.mp3",
        "-c:a libmp3lame -b:a 64k -write_xing 0",
        "MPEG audio",
        "MP3",
        Within(1e-5),
        AsFfmpeg,
    ),
    (
        "two.mp2",
        "-c:a mp2",
        "MPEG audio",
        "MP2",
        Within(1e-4),
        AsFfmpeg,
    ),
    (
        "aac.aac",
        "-c:a aac -aac_pns 0",
        "ADTS",
        "AAC",
        Within(1e-4),
        AsFfmpeg,
    ),
    // ffmpeg itself gives what the encoder put behind the end.
    (
        "aac.m4a",
        "-c:a aac -aac_pns 0",
        "MP4",
        "AAC",
        Within(1e-4),
        AsEncoded,
    ),
    (
        "aac.mkv",
        "-c:a aac -aac_pns 0",
        "Matroska",
        "AAC",
        Within(1e-4),
        AsFfmpeg,
    ),
];

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("ksgraph-decoded-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file of noise on one side and a tone on the other, made with these words.
    fn encoded(&self, name: &str, words: &str) -> PathBuf {
        let path = self.path(name);
        let sound = "sine=f=440:r=44100:d=0.3[a];anoisesrc=r=44100:d=0.3:a=0.3:s=7[b];[a][b]join=inputs=2:channel_layout=stereo";
        let mut all = vec!["-filter_complex", sound];
        all.extend(words.split_whitespace());
        all.push(path.to_str().unwrap());
        ffmpeg(&all);
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The next samples, at most so many of each channel, channel by channel.
fn read(source: &mut dyn Source, at_most: usize) -> Vec<Vec<f32>> {
    let channels = usize::from(source.info().channels);
    let mut planar = vec![vec![f32::NAN; at_most]; channels];
    let mut slices: Vec<&mut [f32]> = planar.iter_mut().map(|it| &mut it[..]).collect();
    let got = source.read(&mut slices).unwrap();
    planar.iter_mut().for_each(|it| it.truncate(got));
    planar
}

/// All of it, read in pieces of odd lengths.
fn read_all(source: &mut dyn Source) -> Vec<Vec<f32>> {
    let mut all = vec![Vec::new(); usize::from(source.info().channels)];
    loop {
        let some = read(source, 777);
        all.iter_mut()
            .zip(&some)
            .for_each(|(all, some)| all.extend(some));
        if some[0].len() < 777 {
            return all;
        }
    }
}

fn bits(samples: &[f32]) -> Vec<u32> {
    samples.iter().map(|it| it.to_bits()).collect()
}

/// Jumps about, and wants what was read there before.
fn check_seeks(name: &str, source: &mut dyn Source, all: &[Vec<f32>]) {
    let len = all[0].len();
    let places = [
        0,
        len - 1,
        len / 2,
        1,
        len / 2 + 1,
        len / 3,
        1153,
        len,
        4097,
        0,
    ];
    for at in places {
        source.seek(at as u64).unwrap();
        assert_eq!(source.position(), at as u64, "{name}");
        let some = read(source, 300);
        for (channel, some) in some.iter().enumerate() {
            let wanted = &all[channel][at..(at + 300).min(len)];
            assert_eq!(bits(some), bits(wanted), "{name}: behind a seek to {at}");
        }
    }
}

fn compare(name: &str, path: &Path, ours: &[Vec<f32>], near: Near) -> usize {
    let channels = ours.len();
    let theirs = match near {
        Rounded => whole_numbers(path)
            .iter()
            .map(|it| *it as f32 / 2_147_483_648.0)
            .collect(),
        // Its own decoder of Opus is not the one of those who made Opus.
        _ if name.contains("opus") => floats_by("libopus", path),
        _ => floats(path),
    };
    let theirs: Vec<&[f32]> = theirs.chunks_exact(channels).collect();
    for (n, frame) in theirs.iter().enumerate() {
        for (channel, wanted) in frame.iter().enumerate() {
            let Some(sample) = ours[channel].get(n) else {
                continue;
            };
            let is_near = match near {
                Within(error) => (sample - wanted).abs() <= error,
                _ => sample == wanted,
            };
            assert!(
                is_near,
                "{name}: sample {n} of channel {channel} is {sample}, ffmpeg says {wanted}"
            );
        }
    }
    theirs.len()
}

#[test]
fn every_kind_of_sound_is_decoded_as_another_decoder_does() {
    let folder = Folder::new("kinds");
    for &(name, words, container, codec, near, length) in ROWS {
        // The name's ending says nothing: all of them are called alike.
        let made = folder.encoded(name, words);
        let path = folder.path("sound.dat");
        std::fs::rename(&made, &path).unwrap();
        let mut source = media::open(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let info = source.info().clone();
        assert_eq!((info.container, info.codec), (container, codec), "{name}");
        let rate_hz = match name {
            "wide.m4a" => 96_000,
            _ if codec == "Opus" => 48_000,
            _ => 44_100,
        };
        assert_eq!(info.rate_hz, rate_hz, "{name}");
        let all = read_all(&mut *source);
        let theirs = compare(name, &path, &all, near);
        let encoded = LEN * rate_hz as usize / 44_100;
        let wanted = match length {
            AsEncoded => encoded,
            AsFfmpeg => theirs,
            AndPadding => all[0].len().clamp(theirs, theirs + 1_919),
        };
        assert_eq!(all[0].len(), wanted, "{name}");
        // What was promised is true, and what was not is known now.
        assert!(
            info.frames
                .is_none_or(|it| it == wanted as u64 || name == "alac.caf"),
            "{name}: {:?}",
            info.frames
        );
        assert_eq!(source.info().frames, Some(wanted as u64), "{name}");
        let seconds = info.seconds();
        assert!((seconds - 0.3).abs() < 0.12, "{name}: {seconds} s");
        check_seeks(name, &mut *source, &all);
        // A fresh one, which has read nothing yet, lands there as well.
        let mut fresh = media::open(&path).unwrap();
        check_seeks(name, &mut *fresh, &all);
    }
}

#[test]
fn links_of_an_ogg_stream_follow_each_other() {
    let folder = Folder::new("chain");
    let one = folder.encoded("one.ogg", "-c:a libvorbis");
    let two = folder.encoded("two.ogg", "-c:a libvorbis -q:a 1 -serial_offset 77");
    let path = folder.path("chain.ogg");
    std::fs::write(
        &path,
        [std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap()].concat(),
    )
    .unwrap();
    let all = |path: &Path| read_all(&mut *media::open(path).unwrap());
    let mut wanted = all(&one);
    wanted
        .iter_mut()
        .zip(all(&two))
        .for_each(|(one, two)| one.extend(two));
    let mut source = media::open(&path).unwrap();
    assert_eq!(source.info().frames, Some(2 * LEN as u64));
    assert!(read_all(&mut *source) == wanted);
    check_seeks("chain.ogg", &mut *source, &wanted);
}

#[test]
fn what_is_damaged_is_silent_and_told_and_the_rest_plays() {
    let folder = Folder::new("damage");
    // Where the hole is: behind the heads, which an Ogg stream cannot do without.
    for (name, words, place) in [
        ("hole.flac", "-c:a flac -sample_fmt s16", 0.5),
        ("hole.ogg", "-c:a libvorbis -page_duration 20000", 0.8),
    ] {
        let path = folder.encoded(name, words);
        let whole = read_all(&mut *media::open(&path).unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        let hole = (bytes.len() as f64 * place) as usize;
        bytes[hole..hole + 400].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let mut source = media::open(&path).unwrap();
        let damaged = read_all(&mut *source);
        assert_eq!(damaged[0].len(), LEN, "{name}");
        let is_same = |n: &usize| damaged[1][*n] == whole[1][*n];
        let same = (0..LEN).filter(is_same).count();
        assert!(
            same > LEN / 2 && same < LEN,
            "{name}: {same} samples are as they were"
        );
        assert!((LEN - 1000..LEN).all(|n| is_same(&n)), "{name}: its end is");
        let remarks = source.remarks();
        assert!(
            !remarks.is_empty() && remarks.len() < 4,
            "{name}: {remarks:?}"
        );
        assert!(
            remarks[0].starts_with("damaged at 0."),
            "{name}: {remarks:?}"
        );
        assert_eq!(source.remarks(), [""; 0], "told once");
    }
}

/// In an MP3 nothing tells where a frame belongs: one that is lost is missed at the end.
#[test]
fn a_damaged_mp3_plays_on() {
    let folder = Folder::new("hole");
    let path = folder.encoded("hole.mp3", "-c:a libmp3lame");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 400].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let mut source = media::open(&path).unwrap();
    let len = read_all(&mut *source)[0].len();
    assert!((LEN - 3 * 1152..=LEN).contains(&len), "{len} samples");
    let remarks = source.remarks();
    assert!(!remarks.is_empty() && remarks.len() < 4, "{remarks:?}");
}

#[test]
fn a_short_file_that_was_read_to_its_end_begins_anew_whole() {
    let folder = Folder::new("anew");
    for (name, codec) in [
        ("a.flac", "-c:a flac -sample_fmt s32"),
        ("b.flac", "-c:a flac -sample_fmt s16 -compression_level 0"),
        ("c.ogg", "-c:a libvorbis"),
        ("d.mp3", "-c:a libmp3lame"),
        ("e.m4a", "-c:a alac"),
        ("f.wav", "-c:a adpcm_ima_wav"),
    ] {
        let path = folder.path(name);
        let sound = "sine=f=330:r=44100:d=1.2";
        let mut words = vec!["-filter_complex", sound];
        words.extend(codec.split(' '));
        words.push(path.to_str().unwrap());
        ffmpeg(&words);
        let mut source = media::open(&path).unwrap();
        let all = read_all(&mut *source);
        assert!(all[0].len() > 50_000, "{name}: {}", all[0].len());
        for round in 0..3 {
            source.seek(0).unwrap();
            let again = read_all(&mut *source);
            assert_eq!(again[0].len(), all[0].len(), "{name}, round {round}");
            assert!(bits(&again[0]) == bits(&all[0]), "{name}, round {round}");
        }
    }
}

#[test]
fn a_file_that_is_cut_off_ends_early_and_says_so() {
    let folder = Folder::new("cut");
    for (name, words) in [
        ("cut.wav", "-c:a pcm_s16le"),
        ("cut.aiff", "-c:a pcm_s16be"),
        ("cut.flac", "-c:a flac -sample_fmt s16"),
        ("cut.mp3", "-c:a libmp3lame"),
        ("cut.caf", "-c:a pcm_s16le"),
        ("cut.ogg", "-c:a libvorbis -page_duration 20000"),
        // In the middle of a page.
        ("torn.oga", "-c:a flac -page_duration 20000"),
        (
            "cut.mkv",
            "-c:a flac -sample_fmt s16 -cluster_time_limit 50",
        ),
        ("cut_ms.wav", "-c:a adpcm_ms"),
        ("cut_ima.wav", "-c:a adpcm_ima_wav"),
        ("cut.m4a", "-c:a alac -movflags faststart"),
    ] {
        let path = folder.encoded(name, words);
        let mut source = media::open(&path).unwrap();
        let whole = read_all(&mut *source);
        assert!(source.remarks().is_empty(), "{name} is whole");
        let bytes = std::fs::read(&path).unwrap();
        let mut end = bytes.len() * 2 / 3;
        if name.ends_with("ogg") {
            // Between two pages, where nothing is torn.
            let pages = bytes[..end].windows(4);
            end = pages.clone().rposition(|it| it == b"OggS").unwrap();
        }
        std::fs::write(&path, &bytes[..end]).unwrap();
        let mut source = media::open(&path).unwrap();
        let mut remarks = source.remarks();
        let is_told = remarks.iter().any(|it| it.contains("cut off"));
        assert!(
            is_told || !name.ends_with("ogg"),
            "{name}: when it is opened"
        );
        let cut = read_all(&mut *source);
        let len = cut[0].len();
        // Much of a short Ogg file is its heads.
        let least = if name.ends_with("ogg") {
            2_500
        } else {
            LEN / 3
        };
        assert!((least..LEN * 3 / 4).contains(&len), "{name}: {len} samples");
        // What an MP3's last whole frame lacks of its reservoir is not looked at.
        assert!(cut[1][..len - 2000] == whole[1][..len - 2000], "{name}");
        remarks.extend(source.remarks());
        let told = remarks.iter().filter(|it| it.contains("cut off")).count();
        assert!(told <= 1, "{name}: {remarks:?}");
        assert!(
            remarks
                .iter()
                .any(|it| it.contains("cut off") || it.contains("it ends after")),
            "{name}: {remarks:?}"
        );
    }
    // Without its table of contents, which stands at the end, nothing can be known of it.
    let path = folder.encoded("cut.m4a", "-c:a alac");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let refusal = media::open(&path).err().unwrap().to_string();
    assert!(refusal.starts_with("the file is damaged"), "{refusal}");
}

#[test]
fn words_are_found_in_every_container() {
    let folder = Folder::new("words");
    for (name, words) in [
        ("words.wav", "-c:a pcm_s16le"),
        ("words.flac", "-c:a flac"),
        ("words.ogg", "-c:a libvorbis"),
        ("words.mp3", "-c:a libmp3lame"),
        ("words.m4a", "-c:a aac"),
        ("words.aiff", "-write_id3v2 1 -c:a pcm_s16be"),
        ("words.caf", "-c:a pcm_s16be"),
        ("words8.caf", "-c:a pcm_s8"),
    ] {
        let more = "-metadata title=Gr\u{fc}n -metadata artist=Wer -metadata album=Wo -metadata comment=So -metadata track=3";
        let path = folder.encoded(name, &format!("{words} {more}"));
        let source = media::open(&path).unwrap();
        let tags = &source.info().tags;
        let found = ["title", "artist", "album", "comment", "track"].map(|it| tags.get(it));
        let wanted = ["Gr\u{fc}n", "Wer", "Wo", "So", "3"].map(Some);
        assert_eq!(found, wanted, "{name}: {tags:?}");
    }
}

#[test]
fn what_is_known_of_a_file_is_told() {
    let folder = Folder::new("told");
    folder.encoded("song.mp3", "-c:a libmp3lame -metadata title=Hello");
    let desk = Desk::new("told");
    let song = folder.path("song.mp3");
    let graph = format!(
        "(kind: \"ksgraph\", version: 1, next_id: 2, filters: [(id: 1, key: \"wave_reader\", name: \"Song\", at: (0, 0), values: {{\"path\": {song:?}}})], connections: [])"
    );
    std::fs::write(desk.path("song.ron"), graph).unwrap();
    let text = desk.run(&["get", "song.ron"]).text;
    for words in [
        "(kind: MPEG audio, MP3)",
        "(length: 0:00.300)",
        "(title: Hello)",
    ] {
        assert!(text.contains(words), "{text}");
    }
    let file = desk.json(&["get", "song.ron"]).json["filters"][0]["file"].clone();
    assert_eq!(file["frames"], LEN as u64);
    assert_eq!(file["tags"]["title"], "Hello");
    assert_eq!(
        (&file["exact"], &file["codec"]),
        (&true.into(), &"MP3".into())
    );
}
