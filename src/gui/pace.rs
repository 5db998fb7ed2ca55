//! How often the window is drawn by itself: so often that drawing takes a quarter of one core at most, whatever draws.
//!
//! What a frame takes is measured as the time all threads of the program run, painting in software included, less what
//! the audio thread says it runs. Where the system does not tell, two frames follow each other at once now and then, and
//! the time between their beginnings is what one takes: the windowing library tells of a frame without its painting.

/// The share of one core that drawing may take, and what it may take in a window that others stand before.
const SHARE: f32 = 0.22;
const BEHIND: f32 = 0.08;
/// Between frames while something runs: as fast as screens are, and so slow that the share is kept even where a frame
/// takes a quarter of a second.
const FASTEST: f32 = 1.0 / 60.0;
const SLOWEST: f32 = 1.0;
/// Without figures a frame as short as this is drawn by a GPU, or waits for the screen.
const SHORT: f32 = 0.018;
/// So many frames go by from one measurement to the next.
const MEASURED: u32 = 16;
/// Seconds over which the figures of the system are compared.
const WINDOW: f64 = 0.8;
/// The same for the first time, when nothing is known yet.
const FIRST: f64 = 0.25;
/// Figures older than this are of something else: nothing moved in between.
const STALE: f64 = 3.2;
/// Between looks while nothing moves: while the user is there, and later if something will be due.
const ATTENTIVE: f32 = 0.25;
const IDLE: f32 = 1.0;

/// What a frame finds.
#[derive(Clone, Copy, Default)]
pub(super) struct Found {
    /// Seconds since the program began.
    pub(super) now: f64,
    /// The user did something.
    pub(super) is_touched: bool,
    /// Something on the screen moves by itself.
    pub(super) moves: bool,
    /// An answer is waited for.
    pub(super) waits: bool,
    /// Something will be due after some time.
    pub(super) looks: bool,
    /// Another window has the focus.
    pub(super) is_behind: bool,
    /// The share of a core that the audio thread takes.
    pub(super) audio: f32,
}

/// The last comparison with the figures of the system.
#[derive(Clone, Copy)]
struct Sample {
    now: f64,
    ran: f64,
    frames: u32,
}

/// How long a whole frame takes, painting included, and so how often one may be drawn.
pub(super) struct Pace {
    /// Seconds a frame takes, smoothed.
    work: f32,
    /// When the last frame began.
    began: f64,
    frames: u32,
    /// Whether this frame was asked for at once, to be measured.
    is_measured: bool,
    /// When the user last did something.
    touched: f64,
    /// Seconds that all threads ran so far, if the system tells.
    ran: fn() -> Option<f64>,
    sample: Option<Sample>,
    /// Whether figures of the system were ever had.
    is_told: bool,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self::by(ran)
    }

    fn by(ran: fn() -> Option<f64>) -> Self {
        Self {
            work: FASTEST,
            began: 0.0,
            frames: 0,
            is_measured: false,
            touched: 0.0,
            ran,
            sample: None,
            is_told: false,
        }
    }

    /// A frame begins; says how long to wait from here to the next: for ever while nothing moves and nothing is due.
    pub(super) fn next(&mut self, found: Found) -> f32 {
        let now = found.now;
        self.frames = self.frames.wrapping_add(1);
        self.compare(found);
        let since = (now - self.began) as f32;
        if self.is_measured && since < 1.0 {
            // The first figure counts in full.
            let trust = if self.frames <= 2 { 1.0 } else { 0.4 };
            self.work += (since - self.work) * trust;
        }
        self.began = now;
        self.is_measured = false;
        if found.is_touched {
            self.touched = now;
        }
        if !found.moves {
            let attends = found.waits || now - self.touched < 2.0;
            return match (attends, found.looks) {
                (true, _) => ATTENTIVE,
                (false, true) => IDLE,
                (false, false) => f32::INFINITY,
            };
        }
        if !self.is_told {
            if self.frames % MEASURED == 1 {
                self.is_measured = true;
                return 0.0;
            }
            if self.work <= SHORT {
                return FASTEST;
            }
        }
        let share = if found.is_behind { BEHIND } else { SHARE };
        (self.work / share).clamp(FASTEST, SLOWEST)
    }

    /// What a frame takes by the figures of the system.
    fn compare(&mut self, found: Found) {
        let window = if self.is_told { WINDOW } else { FIRST };
        let frames = |last: Sample| self.frames.wrapping_sub(last.frames);
        // One frame alone says little, and where they are rare it takes longer to see two.
        let due = |last: Sample| {
            let seconds = found.now - last.now;
            seconds >= STALE || seconds >= window && frames(last) >= 2
        };
        if self.sample.is_some_and(|last| !due(last)) {
            return;
        }
        let Some(ran) = (self.ran)() else {
            return;
        };
        let fresh = Sample {
            now: found.now,
            ran,
            frames: self.frames,
        };
        let Some(last) = self.sample.replace(fresh) else {
            return;
        };
        let seconds = found.now - last.now;
        let frames = self.frames.wrapping_sub(last.frames);
        if seconds >= STALE {
            return;
        }
        let drawn = (ran - last.ran - seconds * f64::from(found.audio)).max(0.0);
        let work = (drawn / f64::from(frames)) as f32;
        let trust = if self.is_told { 0.5 } else { 1.0 };
        self.work += (work - self.work) * trust;
        self.is_told = true;
    }
}

/// Seconds that all threads of this program ran so far.
#[cfg(target_os = "linux")]
fn ran() -> Option<f64> {
    // Figures for user programs are in hundredths of a second on every Linux.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program is in brackets and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

#[cfg(not(target_os = "linux"))]
fn ran() -> Option<f64> {
    None
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static RAN: Cell<f64> = const { Cell::new(0.0) };
    }

    struct Run {
        frames: usize,
        share: f32,
    }

    /// A run of `seconds`; each frame takes `wall` seconds, and `cores` times that of all cores.
    fn run(mut pace: Pace, wall: f32, cores: f32, seconds: f64, found: Found) -> Run {
        RAN.set(0.0);
        let (mut now, mut frames) = (100.0, 0);
        while now < 100.0 + seconds {
            let pause = pace.next(Found { now, ..found });
            let step = f64::from(pause.max(wall));
            RAN.set(RAN.get() + f64::from(wall * cores) + step * f64::from(found.audio));
            now += step;
            frames += 1;
        }
        let drawn = RAN.get() - seconds * f64::from(found.audio);
        Run {
            frames,
            share: (drawn / seconds) as f32,
        }
    }

    fn told() -> Pace {
        Pace::by(|| Some(RAN.get()))
    }

    fn untold() -> Pace {
        Pace::by(|| None)
    }

    const MOVES: Found = Found {
        now: 0.0,
        is_touched: false,
        moves: true,
        waits: false,
        looks: true,
        is_behind: false,
        audio: 0.0,
    };

    #[test]
    fn drawing_takes_a_quarter_of_a_core_at_most_and_no_less_than_eyes_need() {
        for pace in [told, untold] {
            let fast = run(pace(), 0.003, 1.0, 10.0, MOVES);
            assert!(
                (590..700).contains(&fast.frames),
                "60 Hz on a GPU: {}",
                fast.frames
            );
            let slow = run(pace(), 0.040, 1.0, 20.0, MOVES);
            assert!((0.13..0.26).contains(&slow.share), "{}", slow.share);
            let slowest = run(pace(), 0.200, 1.0, 20.0, MOVES);
            assert!((0.15..0.26).contains(&slowest.share), "{}", slowest.share);
            assert!(slowest.frames >= 20, "once a second in the end");
        }
    }

    #[test]
    fn a_frame_that_took_long_once_is_forgotten() {
        RAN.set(0.0);
        let mut pace = told();
        let (mut now, mut frames) = (100.0, 0);
        while now < 130.0 {
            // Slow at first, then something makes a few frames very long, as new fonts and shaders do.
            let wall = match now {
                0.0..103.0 => 0.05,
                103.0..105.0 => 0.5,
                _ => 0.004,
            };
            let pause = pace.next(Found { now, ..MOVES });
            RAN.set(RAN.get() + wall);
            now += f64::from(pause).max(wall);
            frames += usize::from(now >= 120.0);
        }
        assert!((450..700).contains(&frames), "{frames} in ten seconds");
    }

    #[test]
    fn one_long_frame_alone_does_not_slow_the_window_down_for_long() {
        RAN.set(0.0);
        let mut pace = told();
        let (mut now, mut longest) = (100.0, 0.0_f32);
        let mut is_hit = false;
        while now < 112.0 {
            let wall = match now >= 104.0 && !is_hit {
                true => 0.5,
                false => 0.004,
            };
            is_hit |= now >= 104.0;
            let pause = pace.next(Found { now, ..MOVES });
            RAN.set(RAN.get() + wall);
            now += f64::from(pause).max(wall);
            if is_hit {
                longest = longest.max(pause);
            }
        }
        // Counted in full it would be 0.08 and more.
        assert!((FASTEST..0.065).contains(&longest), "{longest}");
    }

    #[test]
    fn what_other_threads_paint_counts_and_what_the_audio_thread_runs_does_not() {
        let painted = run(told(), 0.015, 2.0, 20.0, MOVES);
        assert!((0.15..0.25).contains(&painted.share), "{}", painted.share);
        let audio = Found {
            audio: 0.5,
            ..MOVES
        };
        let beside = run(told(), 0.015, 2.0, 20.0, audio);
        assert!(
            beside.frames + 8 > painted.frames,
            "{} beside audio, {} without",
            beside.frames,
            painted.frames
        );
    }

    #[test]
    fn a_window_behind_others_and_an_idle_one_hardly_draw() {
        let behind = Found {
            is_behind: true,
            ..MOVES
        };
        assert!(run(told(), 0.040, 1.0, 20.0, behind).share < 0.12);
        let idle = Found {
            moves: false,
            ..MOVES
        };
        assert!(run(told(), 0.040, 1.0, 20.0, idle).frames <= 21);
        let asleep = Found {
            looks: false,
            ..idle
        };
        assert_eq!(run(told(), 0.040, 1.0, 20.0, asleep).frames, 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_how_long_we_ran() {
        assert!(ran().is_some_and(|seconds| seconds >= 0.0));
    }
}
