//! The built program plays through a real sound server, and what came out is judged sample by sample.
//!
//! Linux only. `rig/servers.rs` says which server and why; `rig/analysis.rs` judges and tests itself.
#![cfg(target_os = "linux")]

#[path = "rig/analysis.rs"]
mod analysis;
#[path = "sound/capturing.rs"]
mod capturing;
#[path = "sound/midi.rs"]
mod midi;
mod rig;
#[path = "rig/servers.rs"]
mod servers;
#[path = "rig/witness.rs"]
mod witness;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use analysis::Sound;
use rig::{Process, pause};
use servers::Server;
use witness::{Stalls, Witness};

/// The graph of the first test, as lines for `ksgraph new --batch`.
const TONE_GRAPH: &str = "add tone --name tone\nadd audio_device_out --name out\nset tone.frequency=440\nset tone.level=-12\nconnect tone.out out.in\n";
const TONE_HZ: f64 = 440.0;
const FIRST_SOUND: &str = "graphs/first_sound.ron";
const KEYBOARD: &str = "Computer Keyboard";
/// What the sound server plays at once: 1024 samples.
const PERIOD: Duration = Duration::from_micros(21_333);
/// Nothing below this counts as sound.
const SILENCE_DBFS: f64 = -60.0;

/// Real time is for one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_tone_reaches_the_sound_server_whole() {
    let _turn = alone();
    let server = Server::start("tone");
    let graph = tone_graph(&server.path("tone.ron"));
    let (sound, stalls) = play_and_capture(&server, &graph, 4, &[]);
    let forgiven = stalls.pay_for(PERIOD);

    let stretches = sound.stretches(SILENCE_DBFS);
    assert!(
        (1..=1 + forgiven).contains(&stretches.len()),
        "one stretch of sound above {SILENCE_DBFS} dBFS, not {stretches:?}"
    );
    let heard = stretches[0].start..stretches[stretches.len() - 1].end;
    let seconds = sound.seconds(&heard);
    // Ports are connected after the first periods have gone by, and a server starts when it likes.
    assert!(
        (3.8 - stalls.seconds()..4.1 + stalls.seconds()).contains(&seconds),
        "4 s were asked for, {seconds:.3} s were heard"
    );

    let steady = heard.start + sound.count(0.1)..heard.end - sound.count(0.03);
    let peak = sound.peak_dbfs(steady.clone());
    assert!(
        (peak + 12.0).abs() < 1.0,
        "a tone of -12 dBFS peaks at {peak:.2} dBFS"
    );
    let holes = sound.holes(steady.clone());
    assert!(holes.len() <= forgiven, "holes: {holes:?}");
    let tone = sound.tone(steady.clone(), TONE_HZ);
    assert!(
        (tone.hz - TONE_HZ).abs() < 0.5 && tone.purity > 0.95,
        "{tone:?}"
    );
    let jumps = sound.jumps(steady, TONE_HZ);
    // A jump is seen by the windows on either side of it.
    assert!(
        jumps.len() <= 3 * forgiven,
        "samples were lost or repeated: {jumps:?}"
    );
}

#[test]
fn fed_notes_sound_at_their_pitch_and_their_time_and_then_stop() {
    let _turn = alone();
    let server = Server::start("notes");
    let feed = server.path("notes.mid");
    // A4 for a second, half a second of rest, E5 for half a second.
    let notes = [
        (500, 0x90, 69, 90),
        (1_000, 0x80, 69, 64),
        (500, 0x90, 76, 90),
        (500, 0x80, 76, 64),
    ];
    fs::write(&feed, midi_file(&notes)).unwrap();
    let argument = format!("{KEYBOARD}={}", feed.display());
    // A piano rings on in its room: the same graph with a synthesizer whose notes end.
    let steady = fs::read_to_string(FIRST_SOUND).unwrap().replace(
        "key: \"dls_synth\", name: \"DLS Synth\"",
        "key: \"tone_synth\", name: \"Tone Synth\"",
    );
    assert!(steady.contains("tone_synth"));
    let graph = server.path("steady.ron");
    fs::write(&graph, steady).unwrap();
    let (sound, stalls) = play_and_capture(&server, &graph, 5, &["--feed", &argument]);

    let stretches = sound.stretches(SILENCE_DBFS);
    assert_eq!(
        stretches.len(),
        2,
        "two notes above {SILENCE_DBFS} dBFS, not {stretches:?}"
    );
    let apart = sound.seconds(&(stretches[0].start..stretches[1].start));
    assert!(
        (apart - 1.5).abs() < 0.01 + stalls.seconds(),
        "the notes begin {apart:.3} s apart, not 1.5 s"
    );
    let rest = (sound.samples.len() - stretches[1].end) as f64 / sound.rate_hz;
    assert!(
        rest > 0.5,
        "the last note does not end: {rest:.2} s of silence behind it"
    );

    for (stretch, hz, held) in [(&stretches[0], 440.0, 1.0), (&stretches[1], 659.255, 0.5)] {
        let seconds = sound.seconds(stretch);
        assert!(
            (held - 0.05..held + 0.5).contains(&seconds),
            "a note of {held} s sounds for {seconds:.3} s"
        );
        let steady = stretch.start + sound.count(0.1)..stretch.start + sound.count(held - 0.05);
        let tone = sound.tone(steady.clone(), hz);
        assert!((tone.hz - hz).abs() < 0.5, "{tone:?}, {hz} Hz was played");
        assert!(
            tone.purity > 0.3,
            "the note's first partial is hardly there: {tone:?}"
        );
        assert!(sound.holes(steady).len() <= stalls.pay_for(PERIOD));
    }
}

/// Judges a stretch of the test tone from `skip` seconds on: its pitch and its level.
fn assert_tone(sound: &Sound, skip: f64, seconds: f64) {
    let stretches = sound.stretches(SILENCE_DBFS);
    assert!(!stretches.is_empty(), "nothing is heard");
    let start = stretches[0].start + sound.count(skip);
    let steady = start..(start + sound.count(seconds)).min(sound.samples.len());
    let peak = sound.peak_dbfs(steady.clone());
    assert!(
        (peak + 12.0).abs() < 1.0,
        "-12 dBFS peaks at {peak:.2} dBFS"
    );
    let tone = sound.tone(steady, TONE_HZ);
    assert!(
        (tone.hz - TONE_HZ).abs() < 1.0 && tone.purity > 0.8,
        "{tone:?}"
    );
}

#[test]
fn the_tone_is_heard_again_when_the_sound_server_has_died_and_is_back() {
    let _turn = alone();
    let mut server = Server::sharing("back");
    let graph = tone_graph(&server.path("tone.ron"));
    let mut command = server.command(rig::PROGRAM);
    command.arg("play").arg(&graph);
    command.args(["--host", "pulseaudio", "--quantum", "2048"]);
    let mut program = Process::start(&command, server.path("ksgraph.log"));
    let capture = server.capture();
    capture.wait_for_sound(Duration::from_secs(20));
    pause(800);
    assert_tone(&capture.stop(), 0.3, 0.3);

    server.kill();
    rig::wait_for("word of the loss", Duration::from_secs(10), || {
        program.said().contains("is not there").then_some(())
    });
    assert!(program.ended().is_none(), "{}", program.said());
    server.start_again();
    let capture = server.capture();
    capture.wait_for_sound(Duration::from_secs(20));
    pause(1_200);
    assert_tone(&capture.stop(), 0.3, 0.7);

    program.signal("INT");
    let status = program.finish(Duration::from_secs(20));
    assert!(status.success(), "{status}: {}", program.said());
}

#[test]
fn a_second_run_shares_the_server_and_the_first_plays_on() {
    let _turn = alone();
    let server = Server::sharing("two");
    let graph = tone_graph(&server.path("tone.ron"));
    let play = |seconds: &str, log: &str| {
        let mut command = server.command(rig::PROGRAM);
        command.arg("play").arg(&graph);
        command.args([
            "--host",
            "pulseaudio",
            "--quantum",
            "2048",
            "--seconds",
            seconds,
        ]);
        Process::start(&command, server.path(log))
    };
    let mut first = play("60", "first.log");
    let capture = server.capture();
    capture.wait_for_sound(Duration::from_secs(20));
    let mut second = play("1", "second.log");
    let status = second.finish(Duration::from_secs(30));
    assert!(status.success(), "{status}: {}", second.said());
    assert!(first.ended().is_none(), "{}", first.said());
    drop(capture);
    pause(300);
    let capture = server.capture();
    capture.wait_for_sound(Duration::from_secs(10));
    pause(700);
    assert_tone(&capture.stop(), 0.2, 0.4);
    first.signal("INT");
    let status = first.finish(Duration::from_secs(20));
    assert!(status.success(), "{status}: {}", first.said());
}

/// While a graph plays, all that the audio thread asks of the system is to sleep until it is woken. The kernel itself is
/// the witness: strace writes down every call of every thread.
#[test]
fn the_audio_thread_calls_the_system_for_nothing_but_its_wake_up() {
    let _turn = alone();
    if !tracing_allowed() {
        println!("the kernel lets nobody trace a process here: nothing is judged");
        return;
    }
    let server = Server::start("calls");
    let graph = tone_graph(&server.path("tone.ron"));
    let trace = server.path("trace");
    let mut command = server.command("strace");
    // Each thread its own file, with times.
    command.args(["-ff", "-ttt", "-qq", "-o"]).arg(&trace);
    command.args(server.play().get_args().fold(
        vec![std::ffi::OsString::from(rig::PROGRAM)],
        |mut words, word| {
            words.push(word.to_owned());
            words
        },
    ));
    command.arg(&graph).args(["--seconds", "5"]);
    let mut program = Process::start(&command, server.path("ksgraph.log"));
    let status = program.finish(Duration::from_secs(60));
    assert!(status.success(), "{status}: {}", program.said());

    let files = fs::read_dir(server.path("")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let files = files.filter(|path| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("trace.")
    });
    let traces: Vec<String> = files
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let audio: Vec<&String> = traces
        .iter()
        .filter(|trace| trace.contains("PR_SET_NAME, \"audio\""))
        .collect();
    let [audio] = audio[..] else {
        panic!(
            "{} threads called audio in {} traces",
            audio.len(),
            traces.len()
        );
    };
    let calls: Vec<(f64, &str)> = audio
        .lines()
        .filter_map(|line| {
            let (time, call) = line.split_once(' ')?;
            let (name, _) = call.split_once('(')?;
            Some((time.parse().ok()?, name))
        })
        .collect();
    let (Some(first), Some(last)) = (calls.first(), calls.last()) else {
        panic!("the audio thread called nothing:\n{audio}");
    };
    // Not how it began and how it ended: it sets its priority, and hands back what it held.
    let steady = first.0 + 2.0..last.0 - 1.0;
    let steady: Vec<&str> = calls
        .iter()
        .filter(|(time, _)| steady.contains(time))
        .map(|(_, name)| *name)
        .collect();
    let mut others = steady.clone();
    others.retain(|name| !matches!(*name, "futex" | "restart_syscall"));
    assert_eq!(others, Vec::<&str>::new(), "of {} calls", steady.len());
    assert!(
        steady.len() > 50,
        "only {} calls: did it play?",
        steady.len()
    );
    println!("{} calls, all of them to sleep until woken", steady.len());
}

/// A song out of one filter, over JACK, and into another that has it recorded.
const MIDI_LOOP: &str = "add midi_file_reader --name song\nadd midi_device_out --name player\n\
                         add midi_device_in --name ear\nadd midi_file_writer --name writer\n\
                         add tone --name tone\nadd audio_device_out --name card\n\
                         set tone.level=-60\nset player.device=jack:virtual:loop\n\
                         set ear.device=jack:KSGraph-loop:out\nset song.path=song.mid\nset writer.path=heard.mid\n\
                         connect song.notes player.notes\nconnect ear.notes writer.in\nconnect tone.out card.in\n";

#[test]
fn notes_go_out_over_jack_and_come_in_again_in_their_time() {
    let _turn = alone();
    let server = Server::midi("midi");
    // Until then both ends have found each other. Then a note every 97 ms, so that all places in a period come.
    let mut notes = vec![(2_000, 0x90, 40, 90)];
    notes.extend((1..40).flat_map(|key| [(50, 0x80, 39 + key, 64), (47, 0x90, 40 + key, 90)]));
    notes.push((50, 0x80, 79, 64));
    fs::write(server.path("song.mid"), midi_file(&notes)).unwrap();
    let graph = graph_of(&server.path("loop.ron"), MIDI_LOOP);
    let witness = Witness::start();
    let mut command = server.play();
    command.arg(&graph).args(["--seconds", "8"]);
    let mut program = Process::start(&command, server.path("ksgraph.log"));
    let status = program.finish(Duration::from_secs(40));
    assert!(status.success(), "{status}:\n{}", program.said());
    let stalls = witness.stop();

    let song = read(&server.path("song.mid"));
    let heard = read(&server.path("heard.mid"));
    let bytes =
        |all: &[(f64, Vec<u8>)]| -> Vec<Vec<u8>> { all.iter().map(|it| it.1.clone()).collect() };
    assert_eq!(bytes(&heard), bytes(&song), "{}", program.said());
    // How much later than in the song each comes in: always the same. A period has 21 ms; where the machine stands still
    // some come late, two for each period of that, and those are not judged.
    let mut late: Vec<f64> = heard
        .iter()
        .zip(&song)
        .map(|(it, song)| it.0 - song.0)
        .collect();
    println!(
        "late in ms: {:?}",
        late.iter()
            .map(|it| (it * 1e5).round() / 100.0)
            .collect::<Vec<_>>()
    );
    late.sort_by(f64::total_cmp);
    let middle = late[late.len() / 2];
    assert!(
        (0.0..0.5 + stalls.seconds()).contains(&middle),
        "{middle} s late"
    );
    let forgiven = 2 * stalls.pay_for(PERIOD);
    late.sort_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()));
    let judged = late.len().saturating_sub(forgiven);
    if judged < late.len() / 2 {
        println!("the machine stood still too often: only {judged} notes could be judged");
        return;
    }
    let off = |it: &f64| (it - middle).abs();
    let (most, within) = (off(&late[judged - 1]), off(&late[judged / 2]));
    assert!(
        most <= 0.002,
        "{most} s off, {forgiven} are forgiven: {late:?}"
    );
    assert!(within <= 0.0005, "half of them lie within {within} s");
}

/// Messages of a file, with their times in seconds.
fn read(path: &Path) -> Vec<(f64, Vec<u8>)> {
    let song =
        ksgraph::midi::read_smf(&fs::read(path).expect("the file is there")).expect("a song");
    let messages = song.messages();
    messages
        .map(|(time, it)| (time as f64 / 1e7, it.to_vec()))
        .collect()
}

/// Plays a graph for some seconds and returns what the server was given, and what the machine missed meanwhile.
fn play_and_capture(server: &Server, graph: &Path, seconds: u32, more: &[&str]) -> (Sound, Stalls) {
    let witness = Witness::start();
    let capture = server.capture();
    let mut command = server.play();
    command
        .arg(graph)
        .args(["--seconds", &seconds.to_string()])
        .args(more);
    let mut program = Process::start(&command, server.path("ksgraph.log"));
    let status = program.finish(Duration::from_secs(u64::from(seconds) + 20));
    println!("ksgraph said:\n{}", program.said());
    assert!(
        status.success(),
        "ksgraph play ended with {status}:\n{}",
        program.said()
    );
    pause(200);
    (capture.stop(), witness.stop())
}

/// Whether the kernel lets one process watch the calls of another; some containers do not.
fn tracing_allowed() -> bool {
    rig::require("strace");
    let mut tracer = Command::new("strace");
    tracer
        .args(["-o", "/dev/null", "true"])
        .stderr(Stdio::null());
    tracer.status().expect("strace can be started").success()
}

/// Builds the graph the way a script does, so that no file format is repeated here.
fn tone_graph(path: &Path) -> PathBuf {
    graph_of(path, TONE_GRAPH)
}

/// The same of any lines.
fn graph_of(path: &Path, lines: &str) -> PathBuf {
    let batch = path.with_extension("batch");
    fs::write(&batch, lines).expect("the batch can be written");
    let made = Command::new(rig::PROGRAM)
        .args(["new", "-o"])
        .arg(path)
        .arg("--batch")
        .arg(&batch)
        .stdin(Stdio::null())
        .output();
    let made = made.expect("the program starts");
    assert!(
        made.status.success(),
        "ksgraph new: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    path.to_owned()
}

/// A Standard MIDI File of type 0 whose ticks are milliseconds: (ticks to wait, status, data, data).
fn midi_file(events: &[(u32, u8, u8, u8)]) -> Vec<u8> {
    // 500 ticks a quarter at 500 000 us a quarter.
    let mut track = vec![0x00, 0xFF, 0x51, 0x03, 0x07, 0xA1, 0x20];
    for (wait, status, first, second) in events {
        track.extend([
            0x80 | (wait >> 7) as u8,
            (wait & 0x7F) as u8,
            *status,
            *first,
            *second,
        ]);
    }
    track.extend([0x00, 0xFF, 0x2F, 0x00]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\x01\xF4MTrk".to_vec();
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}
