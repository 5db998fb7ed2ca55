//! How late notes are that go out over JACK and come in again, while the other core has no rest: the table of docs/midi.md.
//! `cargo bench --bench midi_timing`; Linux, with `jackd` installed. It starts a server of its own with the dummy driver
//! and ends it again; nothing is judged here, `tests/sound` does that.
//!
//! A song of 300 messages goes through MIDI Device Out, JACK, MIDI Device In and a MIDI File Writer; each row says in
//! milliseconds how much later than in the song they were heard.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

type Failed = Box<dyn std::error::Error>;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ksgraph");
/// Notes of the song: two messages each, one every 97 ms, so that all places in a period come.
const NOTES: u64 = 150;
/// Until then both ends have found each other, in milliseconds.
const REST: u64 = 2_000;
const STEP: u64 = 97;
/// Looks at a server that begins.
const TRIES: usize = 100;

/// Where the work is done; gone in the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process that is ended with this.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Asked first: JACK leaves shared memory behind when it is killed.
        let id = self.0.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.0.wait();
    }
}

/// A thread that gives a core no rest.
struct Load(Arc<AtomicBool>);

impl Load {
    fn begin() -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let flag = is_over.clone();
        std::thread::spawn(move || {
            let mut number = 0_u64;
            while !flag.load(Ordering::Relaxed) {
                number = std::hint::black_box(number.wrapping_mul(31).wrapping_add(7));
            }
        });
        Self(is_over)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn led(tool: &str, server: &str, folder: &Path) -> Command {
    let mut command = Command::new(tool);
    command.env("JACK_DEFAULT_SERVER", server);
    command.env("JACK_NO_START_SERVER", "1");
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn serve(server: &str, folder: &Path, period: u32) -> Result<Ended, Failed> {
    let mut command = led("jackd", server, folder);
    let period = period.to_string();
    command.args([
        "-n", server, "-r", "-d", "dummy", "-r", "48000", "-p", &period,
    ]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let process = Ended(command.spawn()?);
    for _ in 0..TRIES {
        let ports = led("jack_lsp", server, folder).output()?;
        if String::from_utf8_lossy(&ports.stdout).contains("system:playback_2") {
            return Ok(process);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err("the server never begins".into())
}

fn song() -> Vec<u8> {
    let mut messages: Vec<(u64, [u8; 3])> = vec![];
    for n in 0..NOTES {
        let (at, key) = (REST + n * STEP, 30 + (n % 80) as u8);
        messages.push((at, [0x90, key, 90]));
        messages.push((at + STEP / 2, [0x80, key, 64]));
    }
    ksgraph::midi::smf::write_smf0(500, 500_000, &messages)
}

fn times(path: &Path) -> Result<Vec<(f64, Vec<u8>)>, Failed> {
    let song = ksgraph::midi::read_smf(&std::fs::read(path)?)?;
    let messages = song.messages();
    let all = messages.map(|(time, bytes)| (time as f64 / 1e4, bytes.to_vec()));
    Ok(all.collect())
}

/// How late each message is, in order of lateness.
fn measure(server: &str, folder: &Path, quantum: u32, timing: &str) -> Result<Vec<f64>, Failed> {
    let lines = format!(
        "add midi_file_reader --name song\nadd midi_device_out --name player\n\
         add midi_device_in --name ear\nadd midi_file_writer --name writer\n\
         add tone --name tone\nadd audio_device_out --name card\nset tone.level=-60\n\
         set player.device=jack:virtual:loop\nset ear.device=jack:KSGraph-loop:out\n\
         set ear.timing={timing}\nset song.path=song.mid\nset writer.path=heard.mid\n\
         connect song.notes player.notes\nconnect ear.notes writer.in\nconnect tone.out card.in\n"
    );
    std::fs::write(folder.join("loop.batch"), lines)?;
    std::fs::write(folder.join("song.mid"), song())?;
    let _ = std::fs::remove_file(folder.join("loop.ron"));
    let mut new = led(PROGRAM, server, folder);
    let made = new.args(["new", "-o", "loop.ron", "--batch", "loop.batch"]);
    let made = made.output()?;
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stderr).into());
    }
    let seconds = ((REST + NOTES * STEP) / 1000 + 2).to_string();
    let quantum = quantum.to_string();
    let mut play = led(PROGRAM, server, folder);
    play.args(["play", "--host", "jack", "--quantum", &quantum]);
    play.args(["loop.ron", "--seconds", &seconds]);
    let played = play.output()?;
    if !played.status.success() {
        return Err(String::from_utf8_lossy(&played.stderr).into());
    }
    let (wanted, heard) = (
        times(&folder.join("song.mid"))?,
        times(&folder.join("heard.mid"))?,
    );
    let mut pairs = wanted.iter().zip(&heard);
    let other = pairs.position(|(wanted, heard)| wanted.1 != heard.1);
    if let Some(at) = other.or((wanted.len() != heard.len()).then_some(heard.len())) {
        let (meant, came) = (wanted.get(at), heard.get(at));
        let words = format!("{} of {} came; message {at}", heard.len(), wanted.len());
        return Err(format!("{words} was {came:?}, not {meant:?}").into());
    }
    let mut late: Vec<f64> = (heard.iter().zip(&wanted))
        .map(|(heard, wanted)| heard.0 - wanted.0)
        .collect();
    late.sort_by(f64::total_cmp);
    Ok(late)
}

fn main() -> Result<(), Failed> {
    let number = std::process::id();
    let folder = Folder(std::env::temp_dir().join(format!("ksgraph-timing-{number}")));
    std::fs::create_dir_all(&folder.0)?;
    let _load = Load::begin();
    println!(
        "period   timing     least   25 %    50 %    75 %    99 %    most   ms behind the song"
    );
    for period in [1_024, 256] {
        let server = format!("ksgraph-timing-{number}-{period}");
        let _jackd = serve(&server, &folder.0, period)?;
        for timing in ["steady", "earliest"] {
            let late = measure(&server, &folder.0, period, timing)?;
            let at = |share: f64| late[((late.len() - 1) as f64 * share).round() as usize];
            let all = [0.0, 0.25, 0.5, 0.75, 0.99, 1.0].map(|share| format!("{:6.1}", at(share)));
            println!("{period:6}   {timing:8}  {}", all.join("  "));
        }
    }
    Ok(())
}
