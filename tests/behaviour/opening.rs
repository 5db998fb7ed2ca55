//! Files of sound become graphs: `ksgraph open`, and files dropped on the window.

use std::f32::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

use ksgraph::app::{Action, App, Options, RenderChoice, RenderLength};
use ksgraph::graph::{Graph, Position};
use ksgraph::ks::{FileFact, LoopRange, State};

use crate::desk::Desk;
use crate::editor::{editor, id, select, selected, wires};
use crate::program;

/// A second of a tone, of another pitch at another rate.
pub(crate) fn wave(path: &Path, rate_hz: u32, channels: u16) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..rate_hz {
        let sample = (TAU * n as f32 / 100.0).sin() * 8000.0;
        for _ in 0..channels {
            writer.write_sample(sample as i16).unwrap();
        }
    }
    writer.finalize().unwrap();
}

#[test]
fn a_file_is_opened_as_the_graph_that_plays_it() {
    let desk = Desk::new("open");
    fs::create_dir(desk.path("deep")).unwrap();
    wave(&desk.path("a.wav"), 44_100, 1);
    let did = desk.json(&["open", "a.wav", "-o", "deep/a.ron"]);
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    let media = &did.json["media"][0];
    assert_eq!(
        (&media["rate_hz"], &media["channels"], &media["frames"]),
        (&44_100.into(), &1.into(), &44_100.into())
    );
    // The path is seen from the graph's folder.
    let text = fs::read_to_string(desk.path("deep/a.ron")).unwrap();
    assert!(text.contains("\"../a.wav\""), "{text}");
    let check = desk.json(&["check", "deep/a.ron"]);
    assert_eq!(check.code, Some(0), "{}", check.text);
    let did = desk.json(&["render", "deep/a.ron", "-o", "out.wav"]);
    assert_eq!(did.code, Some(0), "{}", did.said);
    assert!((did.json["peak_dbfs"].as_f64().unwrap() + 12.25).abs() < 0.3);
    assert!(did.json["seconds"].as_f64().unwrap() >= 1.0);
}

#[test]
fn several_files_meet_in_a_mixer() {
    let desk = Desk::new("openall");
    let files = [
        ("a.wav", 44_100, 1),
        ("b c.wav", 48_000, 2),
        ("d.wav", 22_050, 2),
    ];
    for (name, rate_hz, channels) in files {
        wave(&desk.path(name), rate_hz, channels);
    }
    let did = desk.json(&["open", "a.wav", "b c.wav", "d.wav", "-o", "all.ron"]);
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    let check = desk.json(&["check", "all.ron"]);
    assert_eq!(check.code, Some(0), "{}", check.text);
    let keys = |key: &str| {
        let filters = check.json["filters"].as_array().unwrap();
        filters.iter().filter(|it| it["key"] == key).count()
    };
    assert_eq!(
        (keys("wave_reader"), keys("mixer"), keys("audio_device_out")),
        (3, 1, 1),
        "{}",
        check.text
    );
    let wires = check.json["wires"].as_array().unwrap();
    let last = wires.iter().find(|it| it["to"] == "Audio Device Out.in");
    let format = &last.unwrap()["agreed"]["format"];
    assert_eq!(
        (&format["channels"], &format["rate_hz"]),
        (&2.into(), &48_000.into())
    );
    let did = desk.json(&["render", "all.ron", "-o", "out.wav", "--seconds", "0.5"]);
    assert_eq!(did.code, Some(0), "{}", did.said);
    assert!(
        did.json["peak_dbfs"].as_f64().unwrap() > -9.0,
        "all three are heard"
    );
}

#[test]
fn what_is_no_sound_is_not_opened_and_nothing_is_written() {
    let desk = Desk::new("noopen");
    wave(&desk.path("a.wav"), 44_100, 1);
    fs::write(desk.path("notes.txt"), "no sound at all").unwrap();
    fs::write(desk.path("empty.wav"), "").unwrap();
    fs::create_dir(desk.path("folder.wav")).unwrap();
    let before = desk.files();
    for bad in ["notes.txt", "empty.wav", "folder.wav", "nowhere.flac"] {
        let did = desk.json(&["open", "a.wav", bad, "-o", "g.ron"]);
        assert_eq!(did.code, Some(3), "{bad}: {}", did.text);
        assert_eq!(did.json["error"]["file"], bad);
        assert!(!did.json["error"]["cure"].as_str().unwrap().is_empty());
    }
    assert_eq!(desk.json(&["open", "a.wav", "-o", "a.wav"]).code, Some(2));
    assert_eq!(desk.json(&["open", "-o", "g.ron"]).code, Some(2));
    assert_eq!(
        desk.json(&["open", "a.wav", "-o", "none/g.ron"]).code,
        Some(3)
    );
    assert_eq!(desk.files(), before);
}

#[test]
fn who_opens_a_graph_as_media_is_told_what_opens_it() {
    let desk = Desk::new("open-graph");
    assert_eq!(desk.run(&["new", "-o", "a.ron"]).code, Some(0));
    for asked in [&["open", "a.ron"][..], &["open", "a.ron", "-o", "b.ron"]] {
        let did = desk.json(asked);
        assert_eq!(did.code, Some(3), "{asked:?}: {}", did.text);
        let cure = did.json["error"]["cure"].as_str().unwrap();
        assert!(cure.contains("`ksgraph a.ron` opens"), "{cure}");
    }
    let gone = desk.json(&["open", "gone.ron"]);
    let cure = gone.json["error"]["cure"].as_str().unwrap();
    assert!(!cure.contains("`ksgraph gone.ron` opens"), "{cure}");
}

/// Two quarter notes, an octave apart.
pub(crate) fn song(path: &Path) {
    let messages: [(u64, &[u8]); 4] = [
        (0, &[0x90, 57, 100]),
        (480, &[0x80, 57, 0]),
        (480, &[0x90, 69, 100]),
        (960, &[0x80, 69, 0]),
    ];
    fs::write(
        path,
        ksgraph::midi::smf::write_smf0(480, 500_000, &messages),
    )
    .unwrap();
}

#[test]
fn a_song_is_opened_with_a_synthesizer_behind_it() {
    let desk = Desk::new("opensong");
    song(&desk.path("a.mid"));
    // Known by what is in it.
    fs::copy(desk.path("a.mid"), desk.path("song")).unwrap();
    wave(&desk.path("b.wav"), 44_100, 1);
    for name in ["a.mid", "song"] {
        let did = desk.json(&["open", name, "-o", "a.ron"]);
        assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
        let media = &did.json["media"][0];
        assert_eq!(
            (&media["container"], &media["events"], &media["seconds"]),
            (&"MIDI".into(), &4.into(), &1.0.into())
        );
        let check = desk.json(&["check", "a.ron"]);
        assert_eq!(check.code, Some(0), "{}", check.text);
        let did = desk.json(&["render", "a.ron", "-o", "out.wav"]);
        assert_eq!(did.code, Some(0), "{}", did.said);
        let peak = did.json["peak_dbfs"].as_f64().unwrap();
        assert!((-40.0..0.0).contains(&peak), "it is heard: {peak}");
        assert!(did.json["seconds"].as_f64().unwrap() >= 1.0);
    }
    let did = desk.json(&["open", "a.mid", "b.wav", "song", "-o", "all.ron"]);
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    let check = desk.json(&["check", "all.ron"]);
    assert_eq!(check.code, Some(0), "{}", check.text);
    let wires = check.json["wires"].as_array().unwrap();
    let into_mixer = wires
        .iter()
        .filter(|it| it["to"].as_str().unwrap().starts_with("Mixer.in"));
    assert_eq!(into_mixer.count(), 3, "{}", check.text);
}

#[test]
fn a_file_whose_name_is_no_text_is_opened_too() {
    use std::os::unix::ffi::OsStrExt;
    let desk = Desk::new("opennames");
    let name = std::ffi::OsStr::from_bytes(b"son\xe9.wav");
    wave(&desk.path("a.wav"), 44_100, 1);
    fs::rename(desk.path("a.wav"), desk.path(".").join(name)).unwrap();
    let mut command = desk.command(&["open", "-o", "g.ron"]);
    let did = command.arg(name).output().unwrap();
    assert_eq!(did.status.code(), Some(0), "{did:?}");
    let did = desk.json(&["render", "g.ron", "-o", "out.wav"]);
    assert_eq!(did.code, Some(0), "{}", did.said);
    assert!(did.json["peak_dbfs"].as_f64().unwrap() > -13.0);
}

#[test]
fn what_is_odd_about_a_song_is_told_when_it_is_opened() {
    let desk = Desk::new("oddsong");
    song(&desk.path("whole.mid"));
    let bytes = fs::read(desk.path("whole.mid")).unwrap();
    fs::write(desk.path("cut.mid"), &bytes[..bytes.len() - 4]).unwrap();
    let did = desk.run(&["open", "cut.mid", "-o", "a.ron"]);
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    assert!(did.text.contains("cut.mid: "), "{}", did.text);
    // And by whoever plays the graph.
    for words in [
        &["check", "a.ron"][..],
        &["render", "a.ron", "-o", "out.wav"],
    ] {
        let did = desk.run(words);
        assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
        assert!(did.said.contains("cut.mid: "), "{words:?}: {}", did.said);
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ksgraph-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn drop_files(app: &mut App, files: &[PathBuf], is_wired: bool) {
    let count = app.view().graph.filters.len();
    let at = |index: usize| Position {
        x: 0.0,
        y: 128.0 * index as f32,
    };
    let files = files.iter().enumerate();
    app.perform(Action::DropFiles {
        files: files
            .map(|(index, path)| (path.clone(), at(index)))
            .collect(),
        is_wired,
    });
    program::wait(app, |app| app.view().graph.filters.len() > count);
}

#[test]
fn a_song_is_opened_in_the_editor_where_no_graph_is_named_and_one_that_cannot_be_read_says_why() {
    let desk = Desk::new("open-song");
    let song = crate::support::examples().join("media/evening.mid");
    fs::copy(song, desk.path("a.mid")).unwrap();
    // There is no display: the window is what is missing, and how it goes without one is said.
    let did = desk.json(&["open", "a.mid"]);
    assert_eq!(did.code, Some(4), "{} {}", did.text, did.said);
    let cure = did.json["error"]["cure"].as_str().unwrap();
    assert!(cure.contains("open a.mid -o"), "{cure}");
    // A second of no ticks.
    fs::write(
        desk.path("odd.mid"),
        b"MThd\0\0\0\x06\0\0\0\x01\0\0MTrk\0\0\0\x04\0\xFF\x2F\0",
    )
    .unwrap();
    let why = match ksgraph::filters::probe(&desk.path("odd.mid")) {
        FileFact::Unusable(reason) => reason,
        other => panic!("{other:?}"),
    };
    for words in [
        &["open", "odd.mid"][..],
        &["open", "odd.mid", "-o", "g.ron"],
    ] {
        let did = desk.json(words);
        assert_eq!(did.code, Some(3), "{} {}", did.text, did.said);
        assert_eq!(did.json["error"]["stopped"], why);
    }
}

#[test]
fn a_file_dropped_where_nothing_is_brings_a_device() {
    let folder = Folder::new("dropone");
    // Known by what is in it, not by its name.
    let file = folder.0.join("sound without an ending");
    wave(&file, 44_100, 1);
    let mut app = empty();
    drop_files(&mut app, &[file], true);
    let lines = wires(&app);
    assert!(
        lines.iter().any(|it| it.starts_with("Wave Reader.out -> ")),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|it| it.ends_with("-> Audio Device Out.in")),
        "{lines:?}"
    );
    assert_eq!(selected(&app), ["Wave Reader"]);
    program::wait(&mut app, |app| app.view().state() == Ok(State::Run));
    app.perform(Action::Undo);
    assert!(app.view().graph.filters.is_empty(), "one step");
    // What is dropped beside others waits, as they do.
    app.perform(Action::SetState(State::Stop));
    app.perform(Action::Redo);
    let file = folder.0.join("another");
    wave(&file, 44_100, 1);
    drop_files(&mut app, &[file], true);
    program::wait(&mut app, |app| app.view().state().is_ok());
    assert_eq!(app.view().state(), Ok(State::Stop));
}

#[test]
fn several_files_dropped_at_once_are_one_step() {
    let folder = Folder::new("dropall");
    let files = ["a.wav", "b.wav"].map(|name| folder.0.join(name));
    wave(&files[0], 44_100, 1);
    wave(&files[1], 48_000, 2);
    let mut app = editor("audio_device_out:out");
    drop_files(&mut app, &files, true);
    let lines = wires(&app);
    assert!(app.view().wiring.is_agreed(), "{lines:?}");
    assert!(
        lines.iter().any(|it| it == "Mixer.out -> out.in"),
        "{lines:?}"
    );
    let place = |name: &str| app.view().graph.filters[&id(&app, name)].position;
    let (one, two) = (place("Wave Reader"), place("Wave Reader 2"));
    assert!(two.y > one.y + 32.0, "stacked");
    app.perform(Action::Undo);
    assert_eq!(app.view().graph.filters.len(), 1, "one step");
    drop_files(&mut app, &files, false);
    assert!(wires(&app).is_empty(), "alone");
}

#[test]
fn a_dropped_file_feeds_the_free_input_that_is_selected() {
    let folder = Folder::new("dropinto");
    let file = folder.0.join("a.wav");
    wave(&file, 44_100, 1);
    let mut app = editor("gain:g -> audio_device_out:out");
    select(&mut app, &["g"]);
    drop_files(&mut app, &[file], true);
    let lines = wires(&app);
    assert!(lines.iter().any(|it| it.ends_with("-> g.in")), "{lines:?}");
    assert!(lines.iter().any(|it| it == "g.out -> out.in"), "{lines:?}");
    assert!(app.view().wiring.is_agreed(), "{lines:?}");
}

/// The program with nothing in its graph.
fn empty() -> App {
    let mut app = App::new(Options::nominal(256));
    app.open_document(Graph::default(), None);
    app
}

/// Whether a banner says so; others, of the machine, may come at any time.
fn is_told(app: &App, words: &str) -> bool {
    let banners = app.view().banners;
    banners.iter().any(|it| it.text.contains(words))
}

#[test]
fn the_document_is_rendered_beside_what_plays_and_a_cancelled_render_leaves_nothing() {
    let folder = Folder::new("tofile");
    let here = |folder: &Folder| {
        let files = fs::read_dir(&folder.0).unwrap();
        let mut names: Vec<_> = files.map(|it| it.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let source = folder.0.join("a.wav");
    wave(&source, 44_100, 1);
    let mut app = empty();
    drop_files(&mut app, &[source], true);
    let out = folder.0.join("out.wav");
    app.perform(Action::RenderToFile(out.clone()));
    let is_offered = |app: &App| {
        let mut offers = app.view().banners.iter().flat_map(|it| &it.offers);
        offers.any(|it| it.action == Action::CancelRender)
    };
    assert!(is_offered(&app), "it can be cancelled");
    program::wait(&mut app, |app| !is_offered(app));
    let reader = hound::WavReader::open(&out).unwrap();
    let seconds = f64::from(reader.duration()) / f64::from(reader.spec().sample_rate);
    assert!(
        (1.0..2.5).contains(&seconds),
        "{seconds}: until all has ended"
    );
    // A tone never ends: a minute of it is long enough to be cancelled.
    let mut app = editor("tone:t -> reverb:r -> audio_device_out:out");
    let before = here(&folder);
    app.perform(Action::RenderToFile(folder.0.join("never.flac")));
    app.perform(Action::CancelRender);
    program::wait(&mut app, |app| !is_offered(app));
    assert!(is_told(&app, "cancelled"), "{:?}", app.view().banners);
    assert_eq!(here(&folder), before, "nothing is left");
    // So is one that the program ends in.
    app.perform(Action::RenderToFile(folder.0.join("never.wav")));
    drop(app);
    assert_eq!(here(&folder), before, "nothing is left");
    // What cannot be is said.
    let mut app = editor("tone:t");
    app.perform(Action::RenderToFile(folder.0.join("x.wav")));
    program::wait(&mut app, |app| !is_offered(app));
    assert!(is_told(&app, "renders"), "{:?}", app.view().banners);
    app.perform(Action::RenderToFile(folder.0.join("x.mp3")));
    assert!(is_told(&app, ".mp3"), "{:?}", app.view().banners);
}

/// Renders what is in the window into a file, as it was chosen.
fn rendered(app: &mut App, path: &Path, choice: RenderChoice) -> (hound::WavSpec, Vec<f32>) {
    let mut preferences = app.preferences().clone();
    preferences.render = choice;
    app.perform(Action::SetPreferences(Box::new(preferences)));
    app.perform(Action::RenderToFile(path.to_owned()));
    program::wait(app, |app| {
        let mut offers = app.view().banners.iter().flat_map(|it| &it.offers);
        !offers.any(|it| it.action == Action::CancelRender)
    });
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    let samples = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().map(Result::unwrap).collect(),
        hound::SampleFormat::Int => {
            let steps = (1_u32 << (spec.bits_per_sample - 1)) as f32;
            let codes = reader.samples::<i32>();
            codes.map(|it| it.unwrap() as f32 / steps).collect()
        }
    };
    (spec, samples)
}

#[test]
fn a_render_to_file_is_as_long_and_as_fine_as_was_chosen() {
    let folder = Folder::new("chosen");
    let mut app = editor("tone:t -> null_renderer:out");
    let out = folder.0.join("out.wav");
    let seconds = RenderChoice {
        length: RenderLength::Seconds,
        seconds: 0.25,
        bits: 32,
    };
    let (spec, whole) = rendered(&mut app, &out, seconds);
    let channels = usize::from(spec.channels);
    assert_eq!((spec.bits_per_sample, whole.len()), (32, 12_000 * channels));
    assert!(whole.iter().any(|it| it.abs() > 0.05));
    for bits in [16, 24] {
        let (spec, coded) = rendered(&mut app, &out, RenderChoice { bits, ..seconds });
        assert_eq!((spec.bits_per_sample, coded.len()), (bits, whole.len()));
        let step = 2.0 / (1_u32 << bits) as f32;
        let pairs = coded.iter().zip(&whole);
        assert!(
            pairs
                .clone()
                .all(|(one, other)| (one - other).abs() <= step)
        );
    }
    // A range that is played round begins and ends where it does, also where it is not played now.
    let length = RenderLength::Range;
    let range = LoopRange::between(4_801, 9_601);
    app.perform(Action::SetLoop {
        range,
        is_on: false,
    });
    let choice = RenderChoice { length, ..seconds };
    let (_, piece) = rendered(&mut app, &out, choice);
    assert_eq!(piece.len(), 4_800 * channels);
    let wanted = &whole[4_801 * channels..9_601 * channels];
    // A tone that begins elsewhere is rounded elsewhere.
    let mut pairs = piece.iter().zip(wanted);
    assert!(pairs.all(|(one, other)| (one - other).abs() < 1e-6));
    // Without one nothing is begun, and it is said what is wanted.
    app.perform(Action::SetLoop {
        range: None,
        is_on: false,
    });
    let none = folder.0.join("norange.wav");
    app.perform(Action::RenderToFile(none.clone()));
    let told = &app.view().banners[0].text;
    assert!(told.contains("no loop range"), "{told}");
    assert!(!none.exists());
}

#[test]
fn a_dropped_song_brings_a_synthesizer_and_is_one_step() {
    let folder = Folder::new("dropsong");
    let file = folder.0.join("a song without an ending");
    song(&file);
    let mut app = empty();
    drop_files(&mut app, &[file], true);
    let keys = |app: &App| {
        let filters = app.view().graph.filters.values();
        let keys = filters.filter_map(|node| match &node.kind {
            ksgraph::graph::NodeKind::Filter(filter) => Some(filter.key.clone()),
            ksgraph::graph::NodeKind::Group(_) => None,
        });
        keys.collect::<Vec<_>>()
    };
    let found = keys(&app);
    assert!(found.contains(&"midi_file_reader".to_owned()), "{found:?}");
    assert!(found.contains(&"audio_device_out".to_owned()), "{found:?}");
    assert!(found.iter().any(|it| it.ends_with("_synth")), "{found:?}");
    assert_eq!(wires(&app).len(), found.len() - 1, "{found:?}");
    app.perform(Action::Undo);
    assert!(keys(&app).is_empty());
}
