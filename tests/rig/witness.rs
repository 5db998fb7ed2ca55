//! A witness of the machine's own punctuality. Sound is judged in real time, and a virtual machine may be taken off its
//! processors for longer than a period lasts; no program can play then.
//!
//! One thread a processor, above everything that plays, sleeps a millisecond at a time and notes when it was woken much
//! later. Where such priority is refused, it is refused to what plays as well: then the threads watch as they are, and the
//! kernel's count of stolen time is read too. What the machine stalled is the only thing that pays for a fault in the
//! sound: on a punctual one a single hole is a failure.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// Above the sound server's 70.
const PRIORITY: u8 = 90;
const SLEEP: Duration = Duration::from_millis(1);
/// Woken this much too late, a thread above all others was not to blame.
const LATE: Duration = Duration::from_millis(4);
/// The kernel counts stolen time in hundredths of a second; so often it is read.
const STEP: Duration = Duration::from_millis(100);

/// Watches from `start` to `stop`.
pub(crate) struct Witness {
    is_watching: Arc<AtomicBool>,
    threads: Vec<JoinHandle<(bool, Vec<Duration>)>>,
    counter: Option<JoinHandle<Vec<Duration>>>,
}

/// What the machine missed.
#[derive(Debug)]
pub(crate) struct Stalls(Vec<Duration>);

impl Witness {
    pub(crate) fn start() -> Self {
        let is_watching = Arc::new(AtomicBool::new(true));
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = (0..processors).map(|processor| {
            let is_watching = is_watching.clone();
            std::thread::spawn(move || {
                let has_risen = rise();
                stay_on(processor);
                (has_risen, watch(&is_watching))
            })
        });
        let threads = threads.collect();
        let counter = is_watching.clone();
        Self {
            threads,
            counter: Some(std::thread::spawn(move || count_stolen(&counter))),
            is_watching,
        }
    }

    pub(crate) fn stop(mut self) -> Stalls {
        self.is_watching.store(false, Ordering::Release);
        let threads = std::mem::take(&mut self.threads).into_iter();
        let (risen, mut seen): (Vec<bool>, Vec<Vec<Duration>>) = threads
            .map(|thread| thread.join().expect("a witness ends well"))
            .unzip();
        let counter = self.counter.take().expect("it is stopped once");
        let stolen = counter.join().expect("a witness ends well");
        // Who stands above everything has seen what was stolen.
        if risen.contains(&false) {
            seen.push(stolen);
        }
        let stalls = Stalls(seen.concat());
        if !stalls.0.is_empty() {
            println!("the machine itself stalled: {:?}", stalls.0);
        }
        stalls
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.is_watching.store(false, Ordering::Release);
    }
}

impl Stalls {
    /// How many faults of sound the stalls account for: each a gap, and one for every `period` that it lasted.
    pub(crate) fn pay_for(&self, period: Duration) -> usize {
        let periods = |stall: &Duration| stall.as_secs_f64() / period.as_secs_f64();
        self.0
            .iter()
            .map(|stall| 1 + periods(stall).ceil() as usize)
            .sum()
    }

    /// All of them together.
    pub(crate) fn seconds(&self) -> f64 {
        self.0.iter().map(Duration::as_secs_f64).sum()
    }
}

/// Takes real-time priority, where it is granted.
fn rise() -> bool {
    let fifo = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let wanted = ThreadPriorityValue::try_from(PRIORITY).map(ThreadPriority::Crossplatform);
    wanted.is_ok_and(|it| set_thread_priority_and_policy(thread_native_id(), it, fifo).is_ok())
}

/// Binds the calling thread to a processor, so that a stall of any of them is seen.
fn stay_on(processor: usize) {
    let link = fs::read_link("/proc/thread-self").expect("Linux has /proc");
    let thread = link.file_name().expect("it ends with the thread's number");
    let mut bind = Command::new("taskset");
    bind.args(["-cp", &processor.to_string()]).arg(thread);
    let bound = bind.stdout(Stdio::null()).stderr(Stdio::null()).status();
    // Refused where the processor is not ours: then it stands watch wherever it is.
    let _ = bound.expect("taskset (util-linux) can be started");
}

#[expect(
    clippy::disallowed_methods,
    reason = "it judges the machine's own time"
)]
fn watch(is_watching: &AtomicBool) -> Vec<Duration> {
    let mut stalls = vec![];
    while is_watching.load(Ordering::Acquire) {
        let before = Instant::now();
        std::thread::sleep(SLEEP);
        let late = before.elapsed().saturating_sub(SLEEP);
        if late > LATE {
            stalls.push(late);
        }
    }
    stalls
}

fn count_stolen(is_watching: &AtomicBool) -> Vec<Duration> {
    let mut stalls = vec![];
    let mut before = stolen();
    while is_watching.load(Ordering::Acquire) {
        std::thread::sleep(STEP);
        let now = stolen();
        if now > before {
            stalls.push(Duration::from_millis(10 * (now - before)));
        }
        before = now;
    }
    stalls
}

/// Hundredths of a second that the host has kept from all processors.
fn stolen() -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    // cpu user nice system idle iowait irq softirq steal
    let field = line.split_whitespace().nth(8);
    field.and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}

#[test]
fn a_punctual_machine_pays_for_nothing_and_a_stall_for_what_it_lasted() {
    let period = Duration::from_millis(20);
    let stalls =
        |millis: &[u64]| Stalls(millis.iter().copied().map(Duration::from_millis).collect());
    assert_eq!(stalls(&[]).pay_for(period), 0);
    assert_eq!(stalls(&[5]).pay_for(period), 2);
    assert_eq!(stalls(&[5, 50]).pay_for(period), 2 + 4);
    assert!((stalls(&[5, 50]).seconds() - 0.055).abs() < 1e-9);
}
