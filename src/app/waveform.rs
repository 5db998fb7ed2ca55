//! What the sound of a file looks like: its least, greatest and mean values, gathered in the background.
//!
//! ```text
//!   a screen asks ──▶ worker: reads, gathers, posts what it has a few times a second ──▶ kept by file, size and time
//! ```
//!
//! A picture has at most so many buckets, whatever the file's length: when they are full, two become one. So memory is
//! bounded, a file of hours shows its first minutes at once, and one whose length nobody knows is as good as any other.
//! A file that is no longer asked for, or that is another by now, is let go in the middle.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, SystemTime};

use crate::engine::Epoch;
use crate::ks::Bell;
use crate::media::{self, Source};

/// The most buckets of a picture.
const BUCKETS: usize = 8192;
/// Samples of the first buckets.
const FIRST: u64 = 64;
/// Channels that are drawn apart; those of wider sound all count for the last one.
const ROWS: usize = 2;
/// Samples that are read at once.
const PIECE: usize = 16_384;
/// How often is shown what is there so far.
const SHOW_NANOS: u64 = 250_000_000;
/// Pictures that are kept, those asked for last.
const KEPT: usize = 64;
/// How often a file whose picture is whole is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What a stretch of samples looks like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bucket {
    /// The least sample.
    pub low: f32,
    /// The greatest.
    pub high: f32,
    /// The root of the mean square.
    pub rms: f32,
}

/// The picture of a file, as far as it was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Waveform {
    /// Its title, where it says one.
    pub title: Option<String>,
    /// Samples a second.
    pub rate_hz: u32,
    /// Its channels.
    pub channels: u16,
    /// How long it is in seconds; an estimate where only its end tells.
    pub seconds: f64,
    /// Loops in it, from and to in seconds.
    pub loops: Vec<(f64, f64)>,
    /// Why there is no more of it than this.
    pub trouble: Option<String>,
    /// Whether all of it was read.
    pub is_whole: bool,
    /// One list a row, of stretches of `per_bucket` samples.
    rows: Vec<Vec<Bucket>>,
    per_bucket: u64,
    samples: u64,
}

impl Waveform {
    /// The share of the file that was read.
    pub fn read(&self) -> f64 {
        if self.is_whole {
            return 1.0;
        }
        let done = self.samples as f64 / f64::from(self.rate_hz.max(1));
        (done / self.seconds.max(1e-9)).min(1.0)
    }

    /// How many rows there are: one a channel of mono and stereo.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// A row as so many columns over the whole length; those that were not read yet are missing.
    pub fn columns(&self, row: usize, count: usize) -> Vec<Bucket> {
        let Some(buckets) = self.rows.get(row).filter(|row| !row.is_empty()) else {
            return vec![];
        };
        let whole = (self.seconds * f64::from(self.rate_hz)).max(self.samples as f64);
        let whole = if self.is_whole {
            self.samples as f64
        } else {
            whole
        };
        let each = whole / self.per_bucket.max(1) as f64 / count.max(1) as f64;
        let column = |index: usize| {
            let from = (index as f64 * each) as usize;
            let to = (((index + 1) as f64 * each).ceil() as usize).max(from + 1);
            let to = to.min(buckets.len());
            buckets.get(from..to).and_then(merged)
        };
        (0..count).map_while(column).collect()
    }
}

/// Several stretches as one.
fn merged(buckets: &[Bucket]) -> Option<Bucket> {
    let first = *buckets.first()?;
    let squares: f32 = buckets.iter().map(|it| it.rms * it.rms).sum();
    let joined = buckets.iter().fold(first, |all, it| Bucket {
        low: all.low.min(it.low),
        high: all.high.max(it.high),
        rms: 0.0,
    });
    Some(Bucket {
        rms: (squares / buckets.len() as f32).sqrt(),
        ..joined
    })
}

/// One list of buckets being filled.
#[derive(Default)]
struct Row {
    buckets: Vec<Bucket>,
    low: f32,
    high: f32,
    squares: f64,
    count: u64,
}

impl Row {
    fn take(&mut self, samples: &[f32], per_bucket: u64) {
        for sample in samples {
            let sample = if sample.is_finite() { *sample } else { 0.0 };
            if self.count == 0 {
                (self.low, self.high, self.squares) = (sample, sample, 0.0);
            }
            self.low = self.low.min(sample);
            self.high = self.high.max(sample);
            self.squares += f64::from(sample) * f64::from(sample);
            self.count += 1;
            if self.count == per_bucket {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        if self.count > 0 {
            self.buckets.push(Bucket {
                low: self.low,
                high: self.high,
                rms: (self.squares / self.count as f64).sqrt() as f32,
            });
            self.count = 0;
        }
    }

    /// Two become one. Asked only where none is open.
    fn halve(&mut self) {
        let pairs = self.buckets.chunks(2);
        self.buckets = pairs.filter_map(merged).collect();
    }
}

/// A picture being made.
struct Work {
    source: Box<dyn Source>,
    known: Waveform,
    rows: Vec<Row>,
    /// Room to read into, one for each channel.
    planar: Vec<Vec<f32>>,
}

impl Work {
    fn begin(source: Box<dyn Source>) -> Self {
        let info = source.info();
        let second = |frame: u64| frame as f64 / f64::from(info.rate_hz.max(1));
        let loops = info.loops.iter();
        let channels = usize::from(info.channels);
        let known = Waveform {
            title: info.tags.get("title").map(str::to_owned),
            rate_hz: info.rate_hz,
            channels: info.channels,
            seconds: info.seconds(),
            loops: loops.map(|it| (second(it.start), second(it.end))).collect(),
            per_bucket: FIRST,
            ..Waveform::default()
        };
        Self {
            known,
            rows: (0..channels.min(ROWS)).map(|_| Row::default()).collect(),
            planar: vec![vec![0.0; PIECE]; channels],
            source,
        }
    }

    /// Reads the next piece. Whether there is more.
    fn go_on(&mut self) -> bool {
        // A piece ends where a bucket does, so that none is open when two are made one.
        let most = PIECE as u64 / self.known.per_bucket.min(PIECE as u64) * self.known.per_bucket;
        let len = (most as usize).clamp(1, PIECE);
        let mut room: Vec<&mut [f32]> = self.planar.iter_mut().map(|it| &mut it[..len]).collect();
        let read = match self.source.read(&mut room) {
            Ok(read) => read,
            Err(error) => {
                self.known.trouble = Some(error.to_string());
                0
            }
        };
        let last = self.rows.len().saturating_sub(1);
        for (channel, samples) in self.planar.iter().enumerate() {
            // What is beyond the rows is not drawn: to mix it in would show what nobody hears.
            if channel <= last
                && let Some(row) = self.rows.get_mut(channel)
            {
                row.take(&samples[..read], self.known.per_bucket);
            }
        }
        self.known.samples += read as u64;
        let is_over = read < len;
        if is_over {
            self.rows.iter_mut().for_each(Row::close);
            self.known.is_whole = true;
            self.known.seconds = self.known.samples as f64 / f64::from(self.known.rate_hz.max(1));
        }
        let is_full = |row: &Row| row.count == 0 && row.buckets.len() >= BUCKETS;
        while !is_over && !self.rows.is_empty() && self.rows.iter().all(is_full) {
            self.rows.iter_mut().for_each(Row::halve);
            self.known.per_bucket *= 2;
        }
        !is_over
    }

    fn shown(&self) -> Waveform {
        let mut shown = self.known.clone();
        shown.rows = self.rows.iter().map(|row| row.buckets.clone()).collect();
        shown
    }
}

/// Which file it was: another size or time is another file.
type Mark = (u64, Option<SystemTime>);

fn mark(path: &Path) -> Option<Mark> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.len(), about.modified().ok()))
}

enum Wish {
    /// Have it ready; again, if it is another file by now.
    Want(PathBuf),
    /// Nobody looks any more.
    Drop(PathBuf),
}

/// The pictures of files, and the worker that makes them. It ends when this is dropped.
pub(super) struct Waveforms {
    wishes: Option<Sender<Wish>>,
    found: Option<Receiver<(PathBuf, Arc<Waveform>)>>,
    kept: BTreeMap<PathBuf, Arc<Waveform>>,
    /// Files a screen has asked for since the last look, and those it asked for before.
    asked: RefCell<BTreeSet<PathBuf>>,
    wanted: VecDeque<PathBuf>,
    bell: Bell,
    looked: u64,
    epoch: Epoch,
    /// The agreement by which was seen which files are named.
    agreement: u64,
}

impl Waveforms {
    pub(super) fn new() -> Self {
        Self {
            wishes: None,
            found: None,
            kept: BTreeMap::new(),
            asked: RefCell::default(),
            wanted: VecDeque::new(),
            bell: Bell::default(),
            looked: 0,
            epoch: Epoch::new(),
            agreement: 0,
        }
    }

    /// What is there of a file's picture. It is wanted from here on.
    pub(super) fn get(&self, path: &Path) -> Option<&Arc<Waveform>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(path) {
            asked.insert(path.to_owned());
        }
        self.kept.get(path)
    }

    /// Whether nobody has ever asked for a picture.
    pub(super) fn is_idle(&self) -> bool {
        self.wanted.is_empty() && self.asked.borrow().is_empty()
    }

    /// Whether that agreement is another than last time.
    pub(super) fn is_new(&mut self, agreement: u64) -> bool {
        std::mem::replace(&mut self.agreement, agreement) != agreement
    }

    /// Takes in what was found, and tells the worker what is wanted.
    pub(super) fn poll(&mut self, is_named: impl Fn(&Path) -> bool) {
        if let Some(found) = &self.found {
            while let Ok((path, waveform)) = found.try_recv() {
                self.kept.insert(path, waveform);
            }
        }
        let now = self.epoch.nanos();
        let is_due = now >= self.looked + LOOK_AGAIN.as_nanos() as u64;
        let asked = std::mem::take(&mut *self.asked.borrow_mut());
        for path in asked {
            let is_new = !self.wanted.contains(&path);
            if is_new {
                self.wanted.push_back(path.clone());
            }
            if is_new || is_due {
                self.wish(Wish::Want(path));
            }
        }
        if is_due {
            self.looked = now;
        }
        // What the document names no longer goes, and of the rest what was wanted first.
        let gone: Vec<PathBuf> = self
            .wanted
            .iter()
            .filter(|path| !is_named(path))
            .cloned()
            .collect();
        let surplus = self.wanted.len().saturating_sub(KEPT + gone.len());
        let first = self.wanted.iter().filter(|path| is_named(path));
        let first: Vec<PathBuf> = first.take(surplus).cloned().collect();
        for path in gone.into_iter().chain(first) {
            self.wanted.retain(|it| *it != path);
            self.kept.remove(&path);
            self.wish(Wish::Drop(path));
        }
    }

    /// Rung with every picture.
    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    fn wish(&mut self, wish: Wish) {
        if self.wishes.is_none() {
            let ((wishes, wish_end), (found_end, found)) = (channel(), channel());
            let bell = self.bell.clone();
            let thread = std::thread::Builder::new()
                .name("waveforms".into())
                .spawn(move || work(&wish_end, &found_end, &bell));
            if thread.is_err() {
                return; // Boxes go without pictures.
            }
            (self.wishes, self.found) = (Some(wishes), Some(found));
        }
        if let Some(wishes) = &self.wishes {
            let _ = wishes.send(wish);
        }
    }
}

fn work(wishes: &Receiver<Wish>, found: &Sender<(PathBuf, Arc<Waveform>)>, bell: &Bell) {
    let mut queue: VecDeque<PathBuf> = VecDeque::new();
    let mut done: BTreeMap<PathBuf, Option<Mark>> = BTreeMap::new();
    let mut current: Option<(PathBuf, Work)> = None;
    let (epoch, mut shown) = (Epoch::new(), 0);
    loop {
        let is_idle = current.is_none() && queue.is_empty();
        let wish = if is_idle {
            match wishes.recv_timeout(Duration::from_secs(3600)) {
                Ok(wish) => Some(wish),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        } else {
            match wishes.try_recv() {
                Ok(wish) => Some(wish),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return,
            }
        };
        let post = |path: &Path, waveform: Waveform| {
            let is_heard = found.send((path.to_owned(), Arc::new(waveform))).is_ok();
            bell.ring();
            is_heard
        };
        match wish {
            Some(Wish::Want(path)) => {
                if done.get(&path) != Some(&mark(&path)) {
                    done.remove(&path);
                    if current.as_ref().is_some_and(|(it, _)| *it == path) {
                        current = None;
                    }
                    if !queue.contains(&path) {
                        queue.push_back(path);
                    }
                }
                continue;
            }
            Some(Wish::Drop(path)) => {
                done.remove(&path);
                queue.retain(|it| *it != path);
                current.take_if(|(it, _)| *it == path);
                continue;
            }
            None => {}
        }
        let Some((path, work)) = &mut current else {
            if let Some(path) = queue.pop_front() {
                done.insert(path.clone(), mark(&path));
                match media::open(&path) {
                    Ok(source) => current = Some((path, Work::begin(source))),
                    Err(error) => {
                        let trouble = Some(error.to_string());
                        let waveform = Waveform {
                            trouble,
                            ..Waveform::default()
                        };
                        if !post(&path, waveform) {
                            return;
                        }
                    }
                }
            }
            continue;
        };
        let goes_on = work.go_on();
        let now = epoch.nanos();
        if !goes_on || now >= shown + SHOW_NANOS {
            shown = now;
            if !post(path, work.shown()) {
                return;
            }
        }
        if !goes_on {
            current = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sound(media::Info, u64, u64);

    impl Source for Sound {
        fn info(&self) -> &media::Info {
            &self.0
        }
        fn position(&self) -> u64 {
            self.1
        }
        fn seek(&mut self, frame: u64) -> Result<(), media::MediaError> {
            self.1 = frame;
            Ok(())
        }
        /// The left channel rises from 0 to 1 over the length; the right one is a square of half that height.
        fn read(&mut self, planar: &mut [&mut [f32]]) -> Result<usize, media::MediaError> {
            let len = (planar[0].len() as u64).min(self.2 - self.1) as usize;
            let (left, right) = planar.split_at_mut(1);
            let pairs = left[0].iter_mut().zip(right[0].iter_mut());
            for (n, (rising, square)) in (self.1..self.1 + len as u64).zip(pairs) {
                *rising = (n as f64 / self.2 as f64) as f32;
                *square = if n.is_multiple_of(2) { 0.5 } else { -0.5 };
            }
            self.1 += len as u64;
            Ok(len)
        }
    }

    fn sound(frames: u64, is_known: bool) -> Box<dyn Source> {
        let info = media::Info {
            rate_hz: 1000,
            channels: 2,
            frames: is_known.then_some(frames),
            estimated_seconds: frames as f64 / 900.0,
            ..media::Info::default()
        };
        Box::new(Sound(info, 0, frames))
    }

    #[test]
    fn a_picture_shows_least_greatest_and_mean_and_stays_small() {
        for frames in [1, 63, 64, 1000, 600_000, 5_000_001] {
            for is_known in [true, false] {
                let mut work = Work::begin(sound(frames, is_known));
                while work.go_on() {
                    assert!(work.rows.iter().all(|row| row.buckets.len() <= 2 * BUCKETS));
                }
                let shown = work.shown();
                assert!(shown.is_whole && shown.read() == 1.0);
                assert_eq!(shown.seconds, frames as f64 / 1000.0);
                let columns = shown.columns(0, 100);
                assert!(!columns.is_empty() && columns.len() <= 100, "{frames}");
                if frames >= 100_000 {
                    assert_eq!(columns.len(), 100);
                    for (index, column) in columns.iter().enumerate() {
                        let (from, to) = (index as f32 / 100.0, (index + 1) as f32 / 100.0);
                        assert!((column.low - from).abs() < 0.002, "{frames} {column:?}");
                        assert!((column.high - to).abs() < 0.002, "{frames} {column:?}");
                        assert!((column.rms - (from + to) / 2.0).abs() < 0.004);
                    }
                    let square = shown.columns(1, 100)[50];
                    assert_eq!((square.low, square.high), (-0.5, 0.5));
                    assert!((square.rms - 0.5).abs() < 1e-4);
                }
            }
        }
    }

    #[test]
    fn what_was_read_so_far_is_shown_at_its_place() {
        let mut work = Work::begin(sound(1_000_000, true));
        while work.known.samples < 500_000 {
            work.go_on();
        }
        let shown = work.shown();
        assert!(!shown.is_whole);
        assert!((shown.read() - 0.5).abs() < 0.03);
        let columns = shown.columns(0, 200);
        assert!(columns.len().abs_diff(100) < 5, "{}", columns.len());
        assert!((columns[50].high - 0.255).abs() < 0.01);
    }

    fn wait(waveforms: &mut Waveforms, path: &Path, until: impl Fn(&Waveform) -> bool) {
        for _ in 0..20_000 {
            waveforms.poll(|_| true);
            if waveforms.get(path).is_some_and(|it| until(it)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("no picture");
    }

    #[test]
    fn the_worker_follows_the_file() {
        let folder = std::env::temp_dir().join(format!("ksgraph-waves-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.wav");
        let write = |len: u32| {
            let spec = hound::WavSpec {
                channels: 1,
                sample_rate: 8000,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            let mut writer = hound::WavWriter::create(&path, spec).unwrap();
            (0..len).for_each(|n| writer.write_sample((n % 100) as i16 * 100).unwrap());
            writer.finalize().unwrap();
        };
        write(8000);
        let mut waveforms = Waveforms::new();
        assert!(waveforms.get(&path).is_none());
        wait(&mut waveforms, &path, |it| it.is_whole && it.seconds == 1.0);
        // Another file under that name.
        write(16_000);
        waveforms.wanted.clear();
        wait(&mut waveforms, &path, |it| it.is_whole && it.seconds == 2.0);
        std::fs::write(&path, b"no sound any more").unwrap();
        waveforms.wanted.clear();
        wait(&mut waveforms, &path, |it| it.trouble.is_some());
        // What nobody names is let go.
        waveforms.asked.borrow_mut().clear();
        waveforms.poll(|_| false);
        assert!(waveforms.kept.is_empty() && waveforms.wanted.is_empty());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
