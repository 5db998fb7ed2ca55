//! Files of sound that the program writes: what another decoder finds in them, and what is left of them when the program
//! is killed, the disk is full, or somebody takes the file away.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ksgraph::media::{Container, SampleKind, SoundWriter, WavWriter};

use crate::desk::Desk;
use crate::ffmpeg::{ffmpeg, floats, whole_numbers};

/// A tone and some noise on every channel, between -0.9 and 0.9, off every grid.
fn sound(channels: usize, len: usize) -> Vec<Vec<f32>> {
    let mut random = 7_u32;
    let mut noise = || {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random as f32 / u32::MAX as f32 - 0.5
    };
    let mut channel = |c: usize| {
        let sample = |n: usize| ((n * (c + 3)) as f32 * 0.017).sin() * 0.7;
        (0..len).map(|n| sample(n) + 0.2 * noise()).collect()
    };
    (0..channels).map(&mut channel).collect()
}

/// The samples one after the other, as codes of so many bits in the highest places of 32.
fn codes(planar: &[Vec<f32>], bits: u32) -> Vec<i32> {
    let steps = f64::from(1_u32 << (bits - 1));
    let code = |sample: f32| {
        let code = (f64::from(sample) * steps).round_ties_even();
        (code as i32) << (32 - bits)
    };
    let samples = (0..planar[0].len()).flat_map(|at| planar.iter().map(move |it| it[at]));
    samples.map(code).collect()
}

#[test]
fn another_decoder_finds_every_bit() {
    let desk = Desk::new("every-bit");
    for channels in [1, 2, 6, 8] {
        let planar = sound(channels, 10_001);
        for (name, container, kind) in [
            ("a.wav", Container::Wave, SampleKind::Pcm16),
            ("b.wav", Container::Wave, SampleKind::Pcm24),
            ("c.wav", Container::Wave, SampleKind::Float32),
            ("d.flac", Container::Flac, SampleKind::Pcm16),
            ("e.flac", Container::Flac, SampleKind::Pcm24),
        ] {
            let path = desk.path(name);
            let file = fs::File::create(&path).unwrap();
            let writer = SoundWriter::create(file, container, 44_100, channels as u16, kind);
            let mut writer = writer.unwrap();
            writer.write(&planar).unwrap();
            writer.finish().unwrap();
            let what = format!("{name} with {channels} channels");
            let (len, raw) = (fs::metadata(&path).unwrap().len(), 10_001 * channels as u64);
            let raw = raw * u64::from(kind.bits() / 8);
            assert!(len < raw + 300, "{what}: {len} bytes of {raw}");
            if kind == SampleKind::Float32 {
                let wanted: Vec<f32> = (0..planar[0].len())
                    .flat_map(|at| planar.iter().map(move |it| it[at]))
                    .collect();
                assert!(floats(&path) == wanted, "{what}");
            } else {
                let wanted = codes(&planar, kind.bits().into());
                assert!(whole_numbers(&path) == wanted, "{what}");
            }
            // Strict about every checksum, and of the opinion that nothing is odd.
            let path = path.to_str().unwrap();
            ffmpeg(&[
                "-xerror",
                "-err_detect",
                "crccheck+explode",
                "-i",
                path,
                "-f",
                "null",
                "-",
            ]);
            let told = probe(Path::new(path));
            // With one or two nobody asks which they are.
            let layout = [(6, "5.1"), (8, "7.1")];
            let layout = layout.iter().find(|(count, _)| *count == channels);
            let is_told = layout.is_none_or(|(_, name)| told.contains(name));
            assert!(is_told, "{what}: {told}");
            assert!(told.contains("44100"), "{what}: {told}");
        }
    }
}

/// Rate, channels and layout as another program reads them from the head.
fn probe(path: &Path) -> String {
    let mut command = Command::new("ffprobe");
    let entries = "stream=sample_rate,channels,channel_layout,duration_ts";
    command.args(["-v", "error", "-show_entries", entries, "-of", "csv=p=0"]);
    let output = command.arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn flac_that_breaks_off_anywhere_is_read_up_to_its_last_whole_block() {
    let desk = Desk::new("cut-flac");
    let planar = sound(2, 20_000);
    let path = desk.path("whole.flac");
    let file = fs::File::create(&path).unwrap();
    let writer = SoundWriter::create(file, Container::Flac, 48_000, 2, SampleKind::Pcm16);
    let mut writer = writer.unwrap();
    writer.write(&planar).unwrap();
    // Neither finished nor told: what a program leaves that is killed.
    drop(writer);
    let whole = fs::read(&path).unwrap();
    let wanted = codes(&planar, 16);
    let mut longest = 0;
    for cut in [1, 2, 100, 9_000, 20_000, 30_000] {
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let heard = whole_numbers(&path);
        assert!(wanted.starts_with(&heard), "{cut}");
        assert_eq!(heard.len() % (2 * 4_096), 0, "{cut}");
        longest = longest.max(heard.len());
    }
    assert_eq!(longest, 2 * 3 * 4_096, "all but the block that was cut");
    fs::write(&path, &whole).unwrap();
    assert_eq!(whole_numbers(&path).len(), 2 * 4 * 4_096);
}

#[test]
fn another_decoder_reads_rf64() {
    let desk = Desk::new("rf64");
    let planar = sound(2, 30_000);
    let path = desk.path("long.wav");
    let file = fs::File::create(&path).unwrap();
    let writer = WavWriter::create(file, 48_000, 2, SampleKind::Pcm24).unwrap();
    let mut writer = writer.rf64_above(100_000);
    writer.write(&planar).unwrap();
    writer.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap()[..4], *b"RF64");
    assert!(whole_numbers(&path) == codes(&planar, 24));
    assert!(probe(&path).contains("30000"), "its length stands in it");
}

#[test]
fn a_render_is_flac_when_its_name_says_so() {
    let desk = Desk::new("render-flac");
    let graph = desk.tone("a.ron");
    let render = |name: &str, more: &[&str]| {
        let words = ["render", &graph, "-o", name, "--seconds", "0.5"];
        desk.json(&[&words, more].concat())
    };
    assert_eq!(render("whole.wav", &[]).code, Some(0));
    let whole = floats(&desk.path("whole.wav"));
    assert!(whole.iter().any(|sample| sample.abs() > 0.01));
    for (name, more, bits) in [
        ("a.flac", &[][..], 24),
        ("b.flac", &["--bits", "24"], 24),
        ("c.FLAC", &["--bits", "16"], 16),
    ] {
        let did = render(name, more);
        assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
        assert_eq!(&fs::read(desk.path(name)).unwrap()[..4], b"fLaC");
        assert!(whole_numbers(&desk.path(name)) == codes(std::slice::from_ref(&whole), bits));
    }
    for (name, more, words) in [
        ("x.mp3", &[][..], "not as .mp3"),
        ("x.flac", &["--bits", "32f"], "whole numbers"),
    ] {
        let did = render(name, more);
        assert_eq!(did.code, Some(2), "{}", did.text);
        assert!(did.text.contains(words), "{}", did.text);
        assert!(did.json["error"]["cure"].is_string(), "{}", did.text);
        assert!(!desk.path(name).exists());
    }
}

/// A graph that plays a tone into a file, and into nothing.
fn recorder(desk: &Desk, file: &str) {
    let lines = format!(
        "add tone --name t\nadd splitter --name s\nadd wave_writer --name w\nadd null_renderer --name n\n\
         set w.path=\"{file}\"\nset w.bits=i16\nconnect t.out s.in\nconnect s.out w.in\nconnect s.out n.in\n"
    );
    let made = desk.fed(&["new", "-o", "g.ron", "--batch", "-"], &lines);
    assert_eq!(made.code, Some(0), "{}", made.said);
}

#[test]
fn on_a_full_disk_a_render_says_so_and_leaves_the_old_file() {
    let desk = Desk::new("full-render");
    recorder(&desk, "take.wav");
    fs::write(desk.path("x.wav"), "old").unwrap();
    let mut command = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" render g.ron -o x.wav --seconds 3 --renderer n --json";
    command.args(["-c", script, env!("CARGO_BIN_EXE_ksgraph")]);
    let output = command.current_dir(desk.path("")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("x.wav") && said.contains("room"), "{said}");
    assert_eq!(fs::read(desk.path("x.wav")).unwrap(), b"old");
    assert_eq!(desk.files(), ["g.ron", "take.wav", "x.wav"]);
}

#[test]
fn on_a_full_disk_a_writer_ends_its_file_whole_and_the_rest_plays() {
    for name in ["take.wav", "take.flac"] {
        let desk = Desk::new(&format!("full-{}", &name[5..]));
        recorder(&desk, name);
        // The writer's file is of stereo, and so the first that is too large; the render is short enough.
        let mut command = Command::new("sh");
        let script =
            "trap '' XFSZ; ulimit -f 24; exec \"$0\" play g.ron --device null --seconds 1.5 --json";
        command.args(["-c", script, env!("CARGO_BIN_EXE_ksgraph")]);
        let output = command.current_dir(desk.path("")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        let json: serde_json::Value = serde_json::from_str(&said).unwrap();
        let problem = json["problems"][0]["text"].as_str().unwrap().to_owned();
        assert!(problem.contains(name), "{problem}");
        assert!(problem.contains("whole and can be played"), "{problem}");
        assert!(json["seconds"].as_f64().unwrap() >= 1.5, "the rest played");
        let heard = whole_numbers(&desk.path(name));
        assert!(heard.len() > 1_000, "{}", heard.len());
        let seconds = format!("{:.3} s in it", heard.len() as f64 / 2.0 / 48_000.0);
        let mono = format!("{:.3} s in it", heard.len() as f64 / 48_000.0);
        assert!(
            problem.contains(&seconds) || problem.contains(&mono),
            "{problem}"
        );
    }
}

/// Begins to play, and waits until so many bytes stand in a file.
fn play_until(desk: &Desk, file: &str, bytes: u64) -> Child {
    let mut command = desk.command(&["play", "g.ron", "--device", "null", "--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..6_000 {
        let len = fs::metadata(desk.path(file)).map_or(0, |about| about.len());
        if len >= bytes || child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn killed_at_any_moment_a_recording_is_a_whole_file() {
    for name in ["take.wav", "take.flac"] {
        let desk = Desk::new(&format!("killed-{}", &name[5..]));
        recorder(&desk, name);
        for bytes in [44, 10_000, 60_000] {
            let _ = fs::remove_file(desk.path(name));
            let mut child = play_until(&desk, name, bytes);
            child.kill().unwrap();
            child.wait().unwrap();
            let file = fs::read(desk.path(name)).unwrap();
            assert!(
                file.len() as u64 >= bytes,
                "it was recorded: {}",
                file.len()
            );
            if bytes < 1_000 {
                continue;
            }
            let heard = whole_numbers(&desk.path(name));
            if name.ends_with("wav") {
                // Strictly by its head: the sizes are those of samples that are there.
                let mut reader = hound::WavReader::open(desk.path(name)).unwrap();
                let told = reader.samples::<i16>().map(Result::unwrap).count();
                assert_eq!(told, heard.len());
                assert!(file.len() - told * 2 < 48_000, "{told} of {}", file.len());
            }
            // The tone is whole: no step is larger than a sine of its pitch makes.
            let most = heard.iter().map(|it| it.unsigned_abs()).max().unwrap();
            assert!(most > 1 << 24, "it sounds");
            assert!(heard.len() > 2_000);
        }
    }
}

#[test]
fn a_file_that_is_taken_away_is_told_and_the_rest_plays() {
    let desk = Desk::new("taken-away");
    recorder(&desk, "take.wav");
    let child = play_until(&desk, "take.wav", 10_000);
    fs::remove_file(desk.path("take.wav")).unwrap();
    let pid = child.id().to_string();
    // Heard within the next frames; then it is ended as by Ctrl+C.
    std::thread::sleep(Duration::from_millis(700));
    let stopped = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(stopped.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("take.wav: it was removed while it was written"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(!desk.path("take.wav").exists());
}

#[test]
fn two_writers_of_one_file_are_one_too_many() {
    let desk = Desk::new("two-writers");
    let lines = "add tone --name t\nadd splitter --name s\nadd wave_writer --name one\nadd wave_writer --name two\n\
         add null_renderer --name n\nset one.path=\"take.wav\"\nset two.path=\"take.wav\"\n\
         connect t.out s.in\nconnect s.out one.in\nconnect s.out two.in\nconnect s.out n.in\n";
    let made = desk.fed(&["new", "-o", "g.ron", "--batch", "-"], lines);
    assert_eq!(made.code, Some(0), "{}", made.said);
    // However short: the first must not be over before the second begins.
    for seconds in ["3", "0.01"] {
        let words = ["render", "g.ron", "-o", "x.wav", "--renderer", "n"];
        let did = desk.json(&[&words[..], &["--seconds", seconds]].concat());
        assert_eq!(did.code, Some(3), "{} {}", did.text, did.said);
        let words = "another filter or program plays or writes it";
        assert!(did.text.contains(words), "{}", did.text);
        // One of them has written what there was.
        assert_eq!(floats(&desk.path("take.wav")), floats(&desk.path("x.wav")));
    }
}

#[test]
fn what_cannot_be_written_is_refused_by_name() {
    let desk = Desk::new("unwritable");
    fs::create_dir(desk.path("folder.wav")).unwrap();
    for (file, words) in [
        ("folder.wav", "it is a folder and not a file"),
        (
            "nowhere/take.wav",
            "nowhere; make it, or name one that is there",
        ),
        (
            "g.ron/take.wav",
            "g.ron is no folder; wanted one to write into",
        ),
        ("/proc/take.wav", "/proc/take.wav"),
        ("/dev/full", "it is a pipe or a device and not a file"),
        ("take.mp3", "not as .mp3"),
    ] {
        recorder(&desk, file);
        let args = [
            "render",
            "g.ron",
            "-o",
            "x.wav",
            "--seconds",
            "0.1",
            "--renderer",
            "n",
        ];
        let did = desk.json(&args);
        assert_eq!(did.code, Some(3), "{file}: {} {}", did.text, did.said);
        assert!(did.text.contains(words), "{file}: {}", did.text);
        assert!(desk.path("x.wav").exists(), "the rest is rendered");
        fs::remove_file(desk.path("g.ron")).unwrap();
    }
}

#[test]
fn the_last_minutes_are_kept_for_whoever_asked_and_take_no_memory_otherwise() {
    let desk = Desk::new("keep-last");
    let graph = desk.tone("a.ron");
    let words = ["play", &graph, "--device", "null", "--seconds", "1.5"];
    // The thread that keeps them, as the system shows it.
    let keepers = |more: &[&str]| {
        let mut playing = desk.command(&[&words[..], more].concat()).spawn().unwrap();
        let threads = format!("/proc/{}/task", playing.id());
        let mut found = 0;
        while playing.try_wait().unwrap().is_none() {
            let all = fs::read_dir(&threads).into_iter().flatten().flatten();
            let names = all.filter_map(|it| fs::read_to_string(it.path().join("comm")).ok());
            found = found.max(names.filter(|name| name.trim() == "last minutes").count());
            // It plays for 1.5 s: it is looked at often enough, and not all the time.
            std::thread::sleep(Duration::from_millis(20));
        }
        found
    };
    assert_eq!(keepers(&[]), 0);
    assert_eq!(keepers(&["--keep-last", "last.wav"]), 1);
    let mut reader = hound::WavReader::open(desk.path("last.wav")).unwrap();
    assert_eq!(reader.spec().channels, 2);
    let heard: Vec<f32> = reader.samples().map(Result::unwrap).collect();
    assert!(heard.len() > 48_000, "{}", heard.len());
    assert!(heard.iter().any(|sample| sample.abs() > 0.2));
}
