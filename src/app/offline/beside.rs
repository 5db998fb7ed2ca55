//! A file of sound written beside its place, by a thread of its own, and put there when it is whole.
//!
//! Whoever makes the sound hands it over in chunks that go round; it waits only when the disk is slower than the graph.
//! Let go before it was finished, nothing is left.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::{Order, Trouble};
use crate::graph::beside;
use crate::ks::Wave;
use crate::media::{SoundWriter, WavError, Written};

/// Samples a channel in a chunk: for each of them a thread is woken.
const CHUNK: usize = 32_768;
/// Chunks under way at most.
const CHUNKS: usize = 3;

/// What the writer is told.
enum Word {
    Chunk(Wave),
    /// That was all. Without it nobody wants the file.
    Whole,
}

/// A file that is being written.
pub(crate) struct Beside {
    /// What is being filled.
    chunk: Wave,
    full: Option<SyncSender<Word>>,
    empty: Receiver<Wave>,
    writer: Option<JoinHandle<Result<Written, WavError>>>,
    path: PathBuf,
    target: PathBuf,
}

impl Beside {
    pub(crate) fn create(order: &Order) -> Result<Self, Trouble> {
        let (target, audio) = (&*order.output, order.audio);
        let failed = |reason: String| Trouble::File {
            path: target.to_owned(),
            reason,
        };
        if target.is_dir() {
            return Err(failed("it is a folder".into()));
        }
        let name = target
            .file_name()
            .ok_or_else(|| failed("it names no file".into()))?;
        let path = target.with_file_name(beside(&name.to_string_lossy(), 0));
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(|error| failed(error.to_string()))?;
        let (full, full_end) = sync_channel(CHUNKS);
        let (empty_end, empty) = sync_channel(CHUNKS + 1);
        let wave = || Wave::new(audio.channels as usize, CHUNK);
        for _ in 0..CHUNKS {
            let _ = empty_end.try_send(wave());
        }
        let mut this = Self {
            chunk: wave(),
            full: Some(full),
            empty,
            writer: None,
            path,
            target: target.to_owned(),
        };
        let channels = u16::try_from(audio.channels).unwrap_or(u16::MAX);
        let (container, kind) = (order.container, order.kind);
        let writer = SoundWriter::create(file, container, audio.rate_hz, channels, kind);
        let writer = writer.map_err(|error| failed(error.to_string()))?;
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || write(writer, &full_end, &empty_end));
        this.writer = Some(thread.map_err(|error| failed(error.to_string()))?);
        this.chunk.set_len(0);
        Ok(this)
    }

    /// Takes the next samples of every channel.
    pub(crate) fn write(&mut self, channels: &[&[f32]]) -> Result<(), Trouble> {
        let len = channels.first().map_or(0, |channel| channel.len());
        let mut done = 0;
        while done < len {
            let filled = self.chunk.len();
            let take = (len - done).min(CHUNK - filled);
            self.chunk.set_len(filled + take);
            for (to, from) in self.chunk.channels_mut().zip(channels) {
                to[filled..].copy_from_slice(&from[done..done + take]);
            }
            done += take;
            if self.chunk.len() == CHUNK {
                self.hand_over()?;
            }
        }
        Ok(())
    }

    /// The file is whole: it goes to its place.
    pub(crate) fn finish(mut self) -> Result<Written, Trouble> {
        self.hand_over()?;
        if let Some(full) = &self.full {
            let _ = full.send(Word::Whole); // Gone, it says why.
        }
        let written = self.end()?;
        std::fs::rename(&self.path, &self.target)
            .map_err(|error| self.failed(error.to_string()))?;
        Ok(written)
    }

    fn hand_over(&mut self) -> Result<(), Trouble> {
        let Ok(mut next) = self.empty.recv() else {
            // It is gone, and says why.
            return self.end().map(|_| ());
        };
        next.set_len(0);
        let chunk = std::mem::replace(&mut self.chunk, next);
        let full = self.full.as_ref();
        if full.is_none_or(|full| full.send(Word::Chunk(chunk)).is_err()) {
            return self.end().map(|_| ());
        }
        Ok(())
    }

    /// Waits for the writer.
    fn end(&mut self) -> Result<Written, Trouble> {
        self.full = None;
        let Some(writer) = self.writer.take() else {
            return Err(self.failed("its writer is gone".into()));
        };
        match writer.join() {
            Ok(written) => written.map_err(|error| self.failed(error.to_string())),
            Err(_) => Err(self.failed("its writer broke".into())),
        }
    }

    fn failed(&self, reason: String) -> Trouble {
        Trouble::File {
            path: self.target.clone(),
            reason,
        }
    }
}

fn write(
    mut writer: SoundWriter<File>,
    full: &Receiver<Word>,
    empty: &SyncSender<Wave>,
) -> Result<Written, WavError> {
    loop {
        let chunk = match full.recv() {
            Ok(Word::Chunk(chunk)) => chunk,
            Ok(Word::Whole) => break,
            Err(_) => return Ok(Written::default()),
        };
        let channels: Vec<&[f32]> = chunk.channels().collect();
        writer.write(&channels)?;
        // There is room for all of them.
        let _ = empty.try_send(chunk);
    }
    let (file, written) = writer.finish()?;
    file.sync_all()?;
    Ok(written)
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.full = None;
        if let Some(writer) = self.writer.take() {
            // Nobody wants to know any more.
            let _ = writer.join();
        }
        // Gone already when all went well.
        let _ = std::fs::remove_file(&self.path);
    }
}
