//! MIDI over JACK: ports that are pulled while notes sound, and the clock that leads others.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::rig::{Process, wait_for};
use super::servers::Server;
use super::{alone, graph_of, midi_file};

/// Longer than any machine takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Who listens, by the name of the port, and keeps what it hears.
const LISTENER: &str = "add midi_device_in --name ear\nadd midi_file_writer --name writer\n\
                        add tone --name tone\nadd audio_device_out --name card\nset tone.level=-60\n\
                        set ear.device=jack:KSGraph-keys:out\nset writer.path=heard.mid\n\
                        connect ear.notes writer.in\nconnect tone.out card.in\n";
/// Whose port it is: a program that holds a key every half second.
const PLAYER: &str = "add midi_file_reader --name song\nadd midi_device_out --name player\n\
                      add tone --name tone\nadd audio_device_out --name card\nset tone.level=-60\n\
                      set player.device=jack:virtual:keys\nset song.path=song.mid\n\
                      connect song.notes player.notes\nconnect tone.out card.in\n";

/// What was heard so far: whether each message begins a note, and its key.
fn heard(path: &Path) -> Vec<(bool, u8)> {
    // At first there is no file, or nothing in it.
    let bytes = fs::read(path).unwrap_or_default();
    let Ok(song) = ksgraph::midi::read_smf(&bytes) else {
        return vec![];
    };
    let all = song.messages();
    all.filter_map(|(_, message)| match *message {
        [0x90, key, velocity] => Some((velocity > 0, key)),
        [0x80, key, _] => Some((false, key)),
        _ => None,
    })
    .collect()
}

fn begun(heard: &[(bool, u8)]) -> usize {
    heard.iter().filter(|it| it.0).count()
}

#[test]
fn a_jack_port_that_is_pulled_ends_its_notes_and_is_taken_again_by_its_name() {
    let _turn = alone();
    let server = Server::midi("pulled");
    // Keys that nobody lets go.
    let notes: Vec<_> = (0..80).map(|n| (500, 0x90, 30 + n, 90)).collect();
    fs::write(server.path("song.mid"), midi_file(&notes)).unwrap();
    let listener = graph_of(&server.path("listener.ron"), LISTENER);
    let player = graph_of(&server.path("player.ron"), PLAYER);
    let file = server.path("heard.mid");
    let start = |graph: &Path, log: &str| {
        let mut command = server.play();
        command.arg(graph).args(["--seconds", "600"]);
        Process::start(&command, server.path(log))
    };
    let mut ear = start(&listener, "listener.log");
    let mut first = start(&player, "first.log");
    wait_for("notes", PATIENCE, || {
        assert!(ear.ended().is_none(), "{}", ear.said());
        (begun(&heard(&file)) >= 3).then_some(())
    });
    // The program dies, and its port with it; nobody says a word to whoever listens.
    first.signal("KILL");
    first.finish(PATIENCE);
    let released = wait_for("the ends of notes", PATIENCE, || {
        let all = heard(&file);
        (all.len() == 2 * begun(&all)).then_some(all)
    });
    let mut second = start(&player, "second.log");
    let again = wait_for("notes of the port that is back", PATIENCE, || {
        let all = heard(&file);
        (begun(&all) >= begun(&released) + 2).then_some(all)
    });
    // Every note that was begun before has ended before the next began.
    let (before, after) = again.split_at(released.len());
    assert_eq!(before, released);
    let mut down: Vec<u8> = vec![];
    for (is_begun, key) in before {
        match is_begun {
            true => down.push(*key),
            false => down.retain(|it| it != key),
        }
    }
    assert!(down.is_empty() && begun(before) >= 3, "{before:?}");
    assert!(after[0].0, "{after:?}");
    second.signal("KILL");
    second.finish(PATIENCE);
    ear.signal("INT");
    ear.finish(PATIENCE);
}

/// The same ear, in a graph whose sound goes by the system's timer: it needs no server.
const EAR: &str = "add midi_device_in --name ear\nadd midi_file_writer --name writer\n\
                   add tone --name tone\nadd null_renderer --name nobody\nset tone.level=-60\n\
                   set ear.device=jack:KSGraph-keys:out\nset writer.path=heard.mid\n\
                   connect ear.notes writer.in\nconnect tone.out nobody.in\n";
/// And a player like that.
const KEYS: &str = "add midi_file_reader --name song\nadd midi_device_out --name player\n\
                    add tone --name tone\nadd null_renderer --name nobody\nset tone.level=-60\n\
                    set player.device=jack:virtual:keys\nset song.path=song.mid\n\
                    connect song.notes player.notes\nconnect tone.out nobody.in\n";

/// A song in which three keys are down at any time, for ten minutes.
fn three_keys() -> Vec<u8> {
    let key = |n: u32| 30 + (n % 80) as u8;
    let press = |n: u32| (500, 0x90, key(n), 90);
    let notes: Vec<_> = (0..3)
        .map(press)
        .chain((3..1_200).flat_map(|n| [press(n), (0, 0x80, key(n - 3), 64)]))
        .collect();
    midi_file(&notes)
}

/// How many keys are down at the end.
fn down(heard: &[(bool, u8)]) -> usize {
    let mut down: Vec<u8> = vec![];
    for (is_begun, key) in heard {
        down.retain(|it| it != key);
        down.extend(is_begun.then_some(*key));
    }
    down.len()
}

#[test]
fn a_jack_server_that_dies_is_named_its_notes_are_released_and_both_ends_come_back_with_it() {
    let _turn = alone();
    let mut server = Server::midi("died");
    fs::write(server.path("song.mid"), three_keys()).unwrap();
    let file = server.path("heard.mid");
    let start = |server: &Server, name: &str, lines: &str| {
        let graph = graph_of(&server.path(&format!("{name}.ron")), lines);
        let mut command = server.command(super::rig::PROGRAM);
        command.arg("play").arg(graph).args(["--seconds", "3000"]);
        Process::start(&command, server.path(&format!("{name}.log")))
    };
    let mut ear = start(&server, "ear", EAR);
    let mut player = start(&server, "player", KEYS);
    wait_for("notes", PATIENCE, || {
        assert!(ear.ended().is_none(), "{}", ear.said());
        let all = heard(&file);
        (begun(&all) >= 5 && down(&all) >= 2).then_some(())
    });
    let ear_said = ear.said().len();
    server.kill();
    let released = wait_for("the ends of notes", PATIENCE, || {
        let all = heard(&file);
        (down(&all) == 0).then_some(all)
    });
    println!(
        "noticed {:.3} s of the graph's time behind the last note",
        behind_the_last(&file)
    );
    wait_for("word of the loss", PATIENCE, || {
        let said = ear.said()[ear_said..].to_owned();
        said.contains("jack:KSGraph-keys:out is gone").then_some(())
    });
    assert!(ear.ended().is_none() && player.ended().is_none());

    server.start_again();
    let again = wait_for("notes when the server is back", PATIENCE, || {
        let all = heard(&file);
        (begun(&all) >= begun(&released) + 3).then_some(all)
    });
    assert_eq!(again[..released.len()], released);
    assert!(again[released.len()].0, "{again:?}");
    for mut program in [player, ear] {
        program.signal("INT");
        program.finish(PATIENCE);
    }
}

/// Everything that this program does with a JACK server at once: it sounds, sends notes and hears its own.
const ALL: &str = "add midi_file_reader --name song\nadd midi_device_out --name player\n\
                   add midi_device_in --name ear\nadd midi_file_writer --name writer\n\
                   add tone --name tone\nadd audio_device_out --name card\nset tone.level=-20\n\
                   set card.device=jack:output\nset player.device=jack:virtual:keys\n\
                   set ear.device=jack:KSGraph-keys:out\nset song.path=song.mid\n\
                   set writer.path=heard.mid\nconnect song.notes player.notes\n\
                   connect ear.notes writer.in\nconnect tone.out card.in\n";

#[test]
fn a_jack_server_that_hangs_and_is_killed_then_takes_nobody_along() {
    let _turn = alone();
    let mut server = Server::midi("hung");
    fs::write(server.path("song.mid"), three_keys()).unwrap();
    let (graph, file) = (server.path("all.ron"), server.path("heard.mid"));
    let graph = graph_of(&graph, ALL);
    let mut command = server.command(super::rig::PROGRAM);
    command.arg("play").arg(graph).args(["--seconds", "3000"]);
    let mut program = Process::start(&command, server.path("all.log"));
    for round in 1..=3 {
        // Sound and notes, at first and from each new server.
        let before = begun(&heard(&file));
        wait_for("notes", PATIENCE, || {
            assert!(program.ended().is_none(), "{round}: {}", program.said());
            let all = heard(&file);
            (begun(&all) >= before + 4 && down(&all) >= 2).then_some(())
        });
        let capture = server.capture();
        capture.wait_for_sound(PATIENCE);
        drop(capture);
        let told = |program: &Process| program.said().matches("jack:output is not there").count();
        let told_before = told(&program);
        server.hang();
        // All that was asked of it meanwhile waits in it, or gave up.
        wait_for("the ends of notes, and word of the loss", PATIENCE, || {
            assert!(program.ended().is_none(), "{round}: {}", program.said());
            let is_let_go = down(&heard(&file)) == 0;
            (is_let_go && told(&program) > told_before).then_some(())
        });
        server.kill();
        server.start_again();
    }
    let before = begun(&heard(&file));
    wait_for("notes of the last server", PATIENCE, || {
        (begun(&heard(&file)) >= before + 2).then_some(())
    });
    program.signal("INT");
    assert!(program.finish(PATIENCE).success(), "{}", program.said());
}

/// How long after the last key was pressed the last ones were let go, in a file, in seconds.
fn behind_the_last(path: &Path) -> f64 {
    let bytes = fs::read(path).unwrap_or_default();
    let song = ksgraph::midi::read_smf(&bytes).expect("a song");
    let all: Vec<(u64, bool)> = song
        .messages()
        .filter(|(_, it)| it.len() == 3)
        .map(|(time, it)| (time, it[0] & 0xF0 == 0x90 && it[2] > 0))
        .collect();
    let last = all.iter().rposition(|it| it.1).map_or(0, |at| all[at].0);
    all.last().map_or(0.0, |it| (it.0 - last) as f64 / 1e7)
}

/// A metronome whose clock leads a device, 24 pulses a beat at 125 a minute: a pulse every 960 samples.
const CLOCK: &str = "add metronome --name beat\nadd midi_device_out --name player\nadd audio_device_out --name card\n\
                     set beat.tempo=125\nset player.device=jack:virtual:clock\n\
                     connect beat.clock player.notes\nconnect beat.click card.in\n";
const PULSE: f64 = 960.0;

#[test]
fn the_clock_of_a_metronome_leads_a_jack_client_pulse_by_pulse() {
    let _turn = alone();
    let server = Server::midi("clock");
    let graph = graph_of(&server.path("clock.ron"), CLOCK);
    // Line by line, not when its buffer is full.
    let mut listens = server.command("stdbuf");
    listens.args(["-oL", "jack_midi_dump", "-a", "dump"]);
    let dump = Process::start(&listens, server.path("dump.log"));
    let mut command = server.play();
    command.arg(&graph).args(["--seconds", "600"]);
    let mut program = Process::start(&command, server.path("ksgraph.log"));
    wait_for("both ports", PATIENCE, || {
        assert!(program.ended().is_none(), "{}", program.said());
        let mut connect = server.command("jack_connect");
        let done = connect.args(["KSGraph-clock:out", "dump:input"]).output();
        done.ok()?.status.success().then_some(())
    });
    wait_for("pulses", PATIENCE, || {
        (dump.said().matches("f8").count() >= 300).then_some(())
    });
    program.signal("INT");
    program.finish(PATIENCE);
    let said = dump.said();
    drop(dump);
    let times: Vec<f64> = said
        .lines()
        .filter(|line| line.contains("f8"))
        .filter_map(|line| line.split(':').next()?.trim().parse().ok())
        .collect();
    // Where the machine stands still some come late, and the next ones are as much nearer; none is missing.
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = steps.iter().sum::<f64>() / steps.len() as f64;
    steps.sort_by(f64::total_cmp);
    let middle = steps[steps.len() / 2];
    let exact = steps
        .iter()
        .filter(|it| (**it - PULSE).abs() <= 24.0)
        .count();
    println!(
        "{exact} of {} steps within half a millisecond, mean {mean:.1}, middle {middle}",
        steps.len()
    );
    assert!(
        (middle - PULSE).abs() < PULSE / 20.0,
        "{middle} of {steps:?}"
    );
    assert!((mean - PULSE).abs() < PULSE / 20.0, "{mean} of {steps:?}");
    // The device is told to stand when the graph does.
    assert!(said.contains("fc"), "{said}");
}
