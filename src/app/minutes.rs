//! The last minutes of what was played, always in memory: kept by a thread of its own, written out when somebody wants
//! them, also after Stop.
//!
//! The card that drives the graph has its frames copied onto a [`Tape`](crate::ks::Tape), behind the limiter: what is
//! kept is what was heard. Memory grows with what was played, a second at a time, up to the length that the user has set;
//! then the oldest second goes. Sound of another rate or other channels begins the memory anew.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::{App, Urgency};
use crate::graph::beside;
use crate::ks::TapeEnd;
use crate::media::{Container, SampleKind, SoundWriter};

/// How long is kept when nobody says: five minutes, 115 MB of stereo at 48 kHz.
pub(super) const USUAL_SECONDS: u32 = 300;
/// How often tapes are listened to.
const LISTEN: Duration = Duration::from_millis(100);
/// How long a file may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The App's end of the thread.
#[derive(Default)]
pub(super) struct Minutes {
    thread: Option<(Sender<Order>, Receiver<Told>)>,
    pub(super) has_any: bool,
    /// Nobody will ask for them: nothing is kept.
    is_off: bool,
    /// How many seconds it was told to keep.
    seconds: u32,
}

enum Order {
    Tape(TapeEnd),
    Keep(u32),
    Export(PathBuf),
}

/// What the thread has to say: a file was written with so many seconds, or was not.
type Told = (PathBuf, Result<f64, String>);

impl Minutes {
    /// Has what comes on a tape kept, at most so many seconds.
    pub(super) fn keep(&mut self, tape: TapeEnd, seconds: u32) {
        if self.thread.is_none() {
            let (orders, heard) = channel();
            let (tell, told) = channel();
            let spawned = std::thread::Builder::new()
                .name("last minutes".into())
                .spawn(move || run(&heard, &tell));
            if let Err(error) = spawned {
                log::error!("nobody keeps the last minutes: {error}");
                return;
            }
            self.thread = Some((orders, told));
            self.seconds = USUAL_SECONDS;
        }
        self.keep_seconds(seconds);
        self.order(Order::Tape(tape));
        self.has_any = true;
    }

    /// Has so many seconds kept from now on; less lets go of the oldest.
    fn keep_seconds(&mut self, seconds: u32) {
        if self.thread.is_some() && self.seconds != seconds {
            self.seconds = seconds;
            self.order(Order::Keep(seconds));
        }
    }

    fn order(&self, order: Order) {
        if let Some((orders, _)) = &self.thread {
            // It ends with us and never before.
            let _ = orders.send(order);
        }
    }
}

fn run(orders: &Receiver<Order>, tell: &Sender<Told>) {
    let mut tapes: Vec<TapeEnd> = vec![];
    let mut memory = Memory::new(USUAL_SECONDS);
    loop {
        let order = orders.recv_timeout(LISTEN);
        for tape in &mut tapes {
            memory.listen(tape);
        }
        // One whose card was closed has nothing more to say.
        tapes.retain(|tape| !(tape.samples.is_abandoned() && tape.samples.slots() == 0));
        match order {
            Ok(Order::Tape(tape)) => tapes.push(tape),
            Ok(Order::Keep(seconds)) => memory.keep(seconds),
            Ok(Order::Export(path)) => {
                let outcome = memory.write(&path);
                // Nobody may be left to hear it.
                let _ = tell.send((path, outcome));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// What is kept, in blocks of a second.
struct Memory {
    seconds: u32,
    rate_hz: u32,
    channels: usize,
    blocks: VecDeque<Vec<f32>>,
}

impl Memory {
    fn new(seconds: u32) -> Self {
        Self {
            seconds,
            rate_hz: 0,
            channels: 0,
            blocks: VecDeque::new(),
        }
    }

    fn keep(&mut self, seconds: u32) {
        self.seconds = seconds;
        self.forget();
    }

    /// The oldest goes.
    fn forget(&mut self) {
        // The youngest block is being filled.
        while self.blocks.len() > self.seconds as usize + usize::from(self.seconds > 0) {
            self.blocks.pop_front();
        }
    }

    fn listen(&mut self, tape: &mut TapeEnd) {
        let count = tape.samples.slots() / tape.channels.max(1) * tape.channels.max(1);
        let Ok(chunk) = tape.samples.read_chunk(count) else {
            return;
        };
        if count == 0 || self.seconds == 0 {
            chunk.commit_all();
            return;
        }
        if (self.rate_hz, self.channels) != (tape.rate_hz, tape.channels) {
            self.blocks.clear();
            (self.rate_hz, self.channels) = (tape.rate_hz, tape.channels);
        }
        let len = self.rate_hz.max(1) as usize * self.channels.max(1);
        let (one, two) = chunk.as_slices();
        for mut samples in [one, two] {
            while !samples.is_empty() {
                if self.blocks.back().is_none_or(|block| block.len() >= len) {
                    self.blocks.push_back(Vec::with_capacity(len));
                    self.forget();
                }
                let Some(block) = self.blocks.back_mut() else {
                    break;
                };
                let take = samples.len().min(len - block.len());
                block.extend_from_slice(&samples[..take]);
                samples = &samples[take..];
            }
        }
        chunk.commit_all();
    }

    /// Writes what is kept, beside its place first; how many seconds that were.
    fn write(&self, path: &Path) -> Result<f64, String> {
        let all: usize = self.blocks.iter().map(Vec::len).sum();
        if all == 0 {
            return Err("nothing was played yet".into());
        }
        let container = Container::of(path)?;
        let name = path.file_name().ok_or("it names no file")?;
        let temporary = path.with_file_name(beside(&name.to_string_lossy(), 0));
        let outcome = self.write_to(&temporary, container);
        let outcome = outcome
            .and_then(|()| std::fs::rename(&temporary, path).map_err(|error| error.to_string()));
        if outcome.is_err() {
            // Half a file helps nobody; if it is gone already, so much the better.
            let _ = std::fs::remove_file(&temporary);
        }
        outcome?;
        Ok((all / self.channels.max(1)) as f64 / f64::from(self.rate_hz.max(1)))
    }

    fn write_to(&self, path: &Path, container: Container) -> Result<(), String> {
        let words = |error: std::io::Error| error.to_string();
        let file = std::fs::File::create(path).map_err(words)?;
        let channels = u16::try_from(self.channels).unwrap_or(u16::MAX);
        let kind = SampleKind::Float32;
        let writer = SoundWriter::create(file, container, self.rate_hz, channels, kind);
        let mut writer = writer.map_err(|error| error.to_string())?;
        let keep = self.seconds as usize * self.rate_hz as usize;
        let all: usize = self.blocks.iter().map(Vec::len).sum::<usize>() / self.channels;
        let mut skip = all.saturating_sub(keep);
        for block in &self.blocks {
            let frames = block.len() / self.channels;
            let from = skip.min(frames);
            skip -= from;
            let planar: Vec<Vec<f32>> = (0..self.channels)
                .map(|channel| {
                    let samples = block[from * self.channels..].iter().skip(channel);
                    samples.step_by(self.channels).copied().collect()
                })
                .collect();
            writer.write(&planar).map_err(|error| error.to_string())?;
        }
        let (file, _) = writer.finish().map_err(|error| error.to_string())?;
        file.sync_all().map_err(words)
    }
}

impl App {
    /// Has the last minutes of what was played written to a file, beside everything else.
    pub fn export_minutes(&mut self, path: PathBuf) {
        if !self.minutes.has_any {
            self.tell("Nothing was played yet: there are no last minutes to write".into());
            return;
        }
        self.minutes.order(Order::Export(path));
    }

    /// The same for whoever waits for it: how many seconds were written.
    pub fn write_minutes(&mut self, path: &Path) -> Result<f64, String> {
        let Some((_, told)) = &self.minutes.thread else {
            return Err("nothing was played on a device".into());
        };
        self.minutes.order(Order::Export(path.to_owned()));
        told.recv_timeout(PATIENCE)
            .map_or(Err("it takes too long".into()), |(_, outcome)| outcome)
    }

    /// Nobody will ask for the last minutes: they take no memory.
    pub fn keep_no_minutes(&mut self) {
        self.minutes.is_off = true;
    }

    /// Takes in new tapes, and says what was written.
    pub(super) fn hear_minutes(&mut self) {
        let tapes = self.playing.as_mut().map(|it| it.take_tapes());
        if self.minutes.is_off {
            // A tape to which nobody listens is not written.
            return;
        }
        let seconds = self.preferences().last_minutes_seconds;
        for tape in tapes.into_iter().flatten() {
            self.minutes.keep(tape, seconds);
        }
        self.minutes.keep_seconds(seconds);
        let told = self.minutes.thread.as_ref();
        let told: Vec<Told> = told.map_or(vec![], |(_, told)| told.try_iter().collect());
        for (path, outcome) in told {
            match outcome {
                Ok(seconds) => {
                    let text = format!("The last {seconds:.1} s are written to {}", path.display());
                    self.say(Urgency::News, "Last minutes", None, text);
                }
                Err(error) => self.tell(format!(
                    "The last minutes were not written to {}: {error}",
                    path.display()
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::Tape;

    fn numbers(from: usize, to: usize) -> Vec<f32> {
        (from..to).map(|n| n as f32 / 1e6).collect()
    }

    fn said(memory: &mut Memory, channels: usize, rate_hz: u32, samples: &[f32]) {
        let (mut write, tape) = Tape::new(channels, rate_hz, samples.len());
        samples
            .iter()
            .for_each(|sample| write.push(*sample).unwrap());
        memory.listen(&mut tape.take().unwrap());
    }

    fn read(path: &Path) -> Vec<f32> {
        let mut reader = hound::WavReader::open(path).unwrap();
        reader.samples::<f32>().map(Result::unwrap).collect()
    }

    #[test]
    fn the_last_seconds_are_kept_bit_for_bit_and_no_more_memory_than_they_take() {
        let folder = std::env::temp_dir().join(format!("ksgraph-minutes-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("last.wav");
        let mut memory = Memory::new(3);
        assert!(memory.write(&path).is_err(), "nothing was played");
        // Ten and a half seconds of stereo at 100 Hz.
        for from in (0..2_100).step_by(70) {
            said(&mut memory, 2, 100, &numbers(from, from + 70));
        }
        assert!(memory.blocks.len() <= 4);
        memory.write(&path).unwrap();
        assert_eq!(read(&path), numbers(2_100 - 600, 2_100));
        // It is still there, and longer when that is wanted.
        memory.keep(1);
        memory.write(&path).unwrap();
        assert_eq!(read(&path), numbers(2_100 - 200, 2_100));
        said(&mut memory, 1, 200, &numbers(0, 50));
        memory.write(&path).unwrap();
        assert_eq!(read(&path), numbers(0, 50), "another format begins anew");
        assert!(memory.write(&folder.join("last.mp3")).is_err());
        assert!(memory.write(&folder.join("nowhere/last.wav")).is_err());
        let files = std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(files, 1, "nothing half is left");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
