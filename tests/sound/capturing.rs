//! What the program hears of a real sound server: its level and pitch on disk, a server that dies and comes back, and what
//! howls.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::analysis::Sound;
use super::rig::{self, Process, pause};
use super::servers::Server;
use super::{TONE_HZ, alone, assert_tone, tone_graph};

/// A graph from lines of a batch.
fn graph(path: &Path, lines: &str) -> PathBuf {
    let batch = path.with_extension("batch");
    fs::write(&batch, lines).expect("the batch can be written");
    let mut command = Command::new(rig::PROGRAM);
    command.args(["new", "-o"]).arg(path);
    let made = command
        .arg("--batch")
        .arg(&batch)
        .stdin(Stdio::null())
        .output();
    let made = made.expect("the program starts");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "ksgraph new: {said}");
    path.to_owned()
}

fn play(server: &Server, graph: &Path, log: &str) -> Process {
    let mut command = server.command(rig::PROGRAM);
    command.arg("play").arg(graph);
    command.args(["--host", "pulseaudio", "--quantum", "2048"]);
    Process::start(&command, server.path(log))
}

/// What a file holds, its first channel.
fn recorded(path: &Path) -> Sound {
    let mut reader = hound::WavReader::open(path).expect("it is a whole file");
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    let all = reader.samples::<f32>().step_by(channels);
    Sound {
        samples: all.map(|it| it.expect("a sample")).collect(),
        rate_hz: f64::from(spec.sample_rate),
    }
}

const RECORDER: &str = "add audio_device_in --name mic\nadd wave_writer --name take\nset mic.device=\"nul.monitor\"\nset take.path=\"take.wav\"\nconnect mic.out take.in\n";

#[test]
fn what_another_program_plays_is_recorded_at_its_level_and_pitch() {
    let _turn = alone();
    let server = Server::sharing("hear");
    let tone = tone_graph(&server.path("tone.ron"));
    let recorder = graph(&server.path("recorder.ron"), RECORDER);
    let mut player = play(&server, &tone, "player.log");
    server.capture().wait_for_sound(Duration::from_secs(30));
    let mut program = play(&server, &recorder, "recorder.log");
    let take = server.path("take.wav");
    // Until two seconds are on the disk.
    rig::wait_for("two seconds", Duration::from_secs(60), || {
        let about = fs::metadata(&take).ok()?;
        (about.len() > 2 * 2 * 48_000 * 4).then_some(())
    });
    program.signal("INT");
    let status = program.finish(Duration::from_secs(30));
    assert!(status.success(), "{status}: {}", program.said());
    assert_tone(&recorded(&take), 0.3, 0.5);
    player.signal("INT");
    player.finish(Duration::from_secs(30));
}

#[test]
fn a_recording_goes_on_when_what_it_hears_is_gone_and_comes_back() {
    let _turn = alone();
    let mut server = Server::sharing("hear-back");
    let tone = tone_graph(&server.path("tone.ron"));
    let recorder = graph(&server.path("recorder.ron"), RECORDER);
    let mut player = play(&server, &tone, "player.log");
    server.capture().wait_for_sound(Duration::from_secs(30));
    let mut program = play(&server, &recorder, "recorder.log");
    let take = server.path("take.wav");
    let size = || fs::metadata(&take).map_or(0, |about| about.len());
    let second = 2 * 48_000 * 4;
    rig::wait_for("a second", Duration::from_secs(60), || {
        (size() > second).then_some(())
    });
    server.kill();
    rig::wait_for("word of the loss", Duration::from_secs(30), || {
        program.said().contains("is not there").then_some(())
    });
    assert!(program.ended().is_none(), "{}", program.said());
    server.start_again();
    // The player comes back by itself as well.
    server.capture().wait_for_sound(Duration::from_secs(60));
    let before = size();
    rig::wait_for("three seconds more", Duration::from_secs(60), || {
        (size() > before + 3 * second).then_some(())
    });
    program.signal("INT");
    let status = program.finish(Duration::from_secs(30));
    assert!(status.success(), "{status}: {}", program.said());
    let sound = recorded(&take);
    let end = sound.samples.len();
    let last = end - sound.count(1.0)..end - sound.count(0.2);
    let heard = sound.tone(last, TONE_HZ);
    assert!((heard.hz - TONE_HZ).abs() < 1.0, "{heard:?}");
    player.signal("INT");
    player.finish(Duration::from_secs(30));
}

#[test]
fn what_howls_is_turned_down_and_told() {
    let _turn = alone();
    let server = Server::sharing("howl");
    let lines = "add audio_device_in --name mic\nadd gain --name up\nadd noise --name hiss\nadd mixer --name both\n\
        add audio_device_out --name out\nset mic.device=\"nul.monitor\"\nset up.level=9\nset hiss.level=-50\n\
        connect mic.out up.in\nconnect up.out both.in\nconnect hiss.out both.in\nconnect both.out out.in\n";
    let howling = graph(&server.path("howl.ron"), lines);
    let mut program = play(&server, &howling, "howl.log");
    rig::wait_for("word of the howl", Duration::from_secs(60), || {
        program.said().contains("It was turned down").then_some(())
    });
    // What is under way is still played.
    pause(2_000);
    let capture = server.capture();
    capture.wait_for_sound(Duration::from_secs(30));
    pause(700);
    let sound = capture.stop();
    let peak = sound.peak_dbfs(0..sound.samples.len());
    assert!((-60.0..-34.0).contains(&peak), "{peak} dBFS");
    program.signal("INT");
    let status = program.finish(Duration::from_secs(30));
    assert!(status.success(), "{status}: {}", program.said());
}

/// A card that plays a tone, and a microphone beside it, which a test can pull: it hears what the card plays.
const BESIDE: &str = "add tone --name tone\nadd audio_device_out --name out\nadd audio_device_in --name mic\n\
    add wave_writer --name take\nset tone.frequency=440\nset tone.level=-12\nset mic.device=\"mic\"\nset take.path=\"take.wav\"\n\
    connect tone.out out.in\nconnect mic.out take.in\n";

#[test]
fn a_microphone_that_is_pulled_is_named_and_recorded_again_when_it_is_back_while_the_rest_plays_on()
{
    let _turn = alone();
    let server = Server::sharing("pulled-mic");
    let both = graph(&server.path("both.ron"), BESIDE);
    let mic = server.plug_microphone();
    let mut program = play(&server, &both, "both.log");
    let take = server.path("take.wav");
    wait_for_sound_at_the_end(&take);
    server.capture().wait_for_sound(Duration::from_secs(60));

    let said_before = program.said();
    assert!(!said_before.contains("is not there"), "{said_before}");
    server.unplug(&mic);
    let lost = rig::wait_for("word of the loss", Duration::from_secs(60), || {
        let said = program.said();
        let news = said[said_before.len()..].to_owned();
        news.contains("is not there").then_some(news)
    });
    assert!(lost.contains("mic is not there"), "{lost}");
    // Only the microphone: what is played goes on whole, and the recording is silent.
    assert!(!lost.contains("ksgraph: out"), "{lost}");
    let capture = server.capture();
    capture.wait_for_sound(Duration::from_secs(60));
    pause(1_200);
    assert_tone(&capture.stop(), 0.3, 0.7);
    rig::wait_for("silence in the recording", Duration::from_secs(60), || {
        (loudest_at_the_end(&take)? == 0.0).then_some(())
    });
    assert!(program.ended().is_none(), "{}", program.said());

    // The same name, and nobody does anything about it.
    server.plug_microphone();
    wait_for_sound_at_the_end(&take);
    // It was looked for again and again, by the clients there were: a server turns everybody away who has too many.
    let clients = server.clients();
    assert!(
        (1..=2).contains(&clients),
        "{clients} clients of one program"
    );
    program.signal("INT");
    let status = program.finish(Duration::from_secs(60));
    assert!(status.success(), "{status}: {}", program.said());
    let sound = recorded(&take);
    let end = sound.samples.len();
    let last = end - sound.count(0.5)..end - sound.count(0.2);
    let heard = sound.tone(last, TONE_HZ);
    assert!((heard.hz - TONE_HZ).abs() < 1.0, "{heard:?}");
}

/// The loudest sample of the last half second on the disk, of a file that is still written.
fn loudest_at_the_end(take: &Path) -> Option<f32> {
    const HALF_A_SECOND: usize = 2 * 4 * 24_000;
    let bytes = fs::read(take).ok()?;
    // Frames begin behind a head of a multiple of eight bytes, or are off by four: the other channel then.
    let from = bytes.len().checked_sub(HALF_A_SECOND + 1_024)? & !3;
    let samples = bytes[from..from + HALF_A_SECOND].chunks_exact(4);
    let samples = samples.map(|it| f32::from_le_bytes([it[0], it[1], it[2], it[3]]).abs());
    Some(samples.fold(0.0, f32::max))
}

fn wait_for_sound_at_the_end(take: &Path) {
    rig::wait_for("the tone on the disk", Duration::from_secs(60), || {
        (loudest_at_the_end(take)? > 0.1).then_some(())
    });
}
