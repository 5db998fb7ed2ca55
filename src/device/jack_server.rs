//! The JACK server: one desk through which every client of this program is opened and closed, one after the other.
//!
//! ```text
//!   device watch ───────┐                       ┌─▶ asks the server whether it lives
//!   a port, a stream  ──┼─ jobs ─▶ thread "jack" ─┼─▶ opens a client and hands it out, as a Member
//!   a Member dropped  ──┘                       └─▶ closes it      (the end of the program waits for that: `farewell`)
//! ```
//!
//! libjack frees what it knows of a server that has died as soon as anybody of the process opens a client, whoever still
//! holds one: to touch that again is a crash. So one client, the canary, stays and is asked right before any is opened;
//! where the server does not answer, its *era* is over, and none is opened before all of that era are closed. Who holds
//! one looks at it a few times a second ([`Member::is_alive`]) and drops it then.
//!
//! A server that hangs holds up the desk, and nobody else: who asks waits with a patience, and not at all where somebody has
//! waited in vain and the desk is still not back. Who drops a client never waits. What was opened for somebody who has gone
//! is dropped like any other, and closed by the desk.
//!
//! Left are the microseconds between the canary's answer and the opening. libjack says then that there is no server, and
//! nobody touches the clients of that era any more, not even to close them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jack::{AsyncClient, Client, ClientOptions, ClientStatus, Error, Frames, ProcessScope};

use super::ports::CLIENT;

/// How long an answer is waited for that a server gives at once.
const LOOK: Duration = Duration::from_secs(2);
/// How long a client may take to open, its ports and connections with it.
const OPEN: Duration = Duration::from_secs(5);
/// How long the end of the program waits for clients to be closed, and how often it looks.
const FAREWELL: Duration = Duration::from_millis(500);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Looks at a client without a cycle after which its server is taken for dead: at five looks a second 0.8 s at most after its last
/// one, and no server that lives takes 0.4 s for one.
const STILL: u32 = 3;

/// The era of the server that was seen last.
static ERA: AtomicU64 = AtomicU64::new(0);

/// Frames since the period began that a client is called for; below 0 where it is called early.
///
/// By the server's smoothed time: what it counts itself (`frames_since_cycle_start`) begins when the server woke up, and
/// where that was 10 ms late, everything of the period would seem to come 10 ms later than it does.
pub(super) fn into_period(client: &Client, scope: &ProcessScope) -> i32 {
    let since = client.frame_time().wrapping_sub(scope.last_frame_time()) as i32;
    // A server that has just begun, or lost its way, says anything.
    let period = scope.n_frames().min(Frames::from(u16::MAX)) as i32;
    since.clamp(-period, 2 * period)
}

/// Something of the client that stays, with the names of the clients that are held; `None` where no server runs, or one
/// that does not answer.
pub(super) fn look<T: Send + 'static>(
    at: impl FnOnce(&Client, &[&str]) -> T + Send + 'static,
) -> Option<T> {
    counter()?.ask(LOOK, |desk| desk.look(at)).ok()?
}

/// Why a client was not opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unopened<E> {
    /// No server runs, or clients of one that died are not closed yet.
    Absent,
    /// The server hangs.
    Silent,
    /// There is a server, and this came of it.
    Refused(E),
}

/// A client of the server that runs, if one does; none is started. `build` makes its ports, on the desk's own thread; what it is
/// given to count, it counts in each cycle.
pub(super) fn open<N, P, E>(
    name: &str,
    build: impl FnOnce(Client, Arc<AtomicU32>) -> Result<AsyncClient<N, P>, E> + Send + 'static,
) -> Result<Member<N, P>, Unopened<E>>
where
    N: Send + 'static,
    P: Send + 'static,
    E: Send + 'static,
{
    let name = name.to_owned();
    let counter = counter().ok_or(Unopened::Absent)?;
    let opened = counter.ask(OPEN, move |desk| desk.member(&name, build));
    opened.unwrap_or(Err(Unopened::Silent))
}

/// Waits until every client is closed, and closes the one that stays; not for long, where somebody holds one or the server
/// hangs. A process that ends before leaves its clients to the server, which takes nobody else until it has noticed: seconds.
pub(super) fn farewell() {
    if let Some(Some(counter)) = COUNTER.get() {
        counter.wait_for_the_end();
    }
}

/// A client that is held. Dropped, it is closed by the desk, whoever drops it.
pub(super) struct Member<N: Send + 'static, P: Send + 'static> {
    /// There until it is dropped.
    client: Option<AsyncClient<N, P>>,
    era: u64,
    name: String,
    pulse: Pulse,
}

impl<N: Send + 'static, P: Send + 'static> Member<N, P> {
    /// Something of the client, while its server is not known to have died.
    pub(super) fn touch<T>(&self, at: impl FnOnce(&Client) -> T) -> Option<T> {
        let client = self.client.as_ref()?;
        (self.era == ERA.load(Ordering::Acquire)).then(|| at(client.as_client()))
    }

    /// Whether its server lives, as far as is known: asked again and again.
    pub(super) fn is_alive(&mut self) -> bool {
        self.pulse.is_alive() && self.era == ERA.load(Ordering::Acquire)
    }
}

impl<N: Send + 'static, P: Send + 'static> Drop for Member<N, P> {
    fn drop(&mut self) {
        let (client, era, name) = (self.client.take(), self.era, std::mem::take(&mut self.name));
        if let Some(counter) = counter() {
            counter.post(Box::new(move |desk| desk.close(client, era, &name)));
        }
    }
}

/// Sees that a server's cycles go on. One that dies tells nobody but in a signal handler.
#[derive(Default)]
struct Pulse {
    beats: Arc<AtomicU32>,
    seen: u32,
    still: u32,
}

impl Pulse {
    fn is_alive(&mut self) -> bool {
        let beats = self.beats.load(Ordering::Relaxed);
        let before = std::mem::replace(&mut self.seen, beats);
        self.still = if beats == before { self.still + 1 } else { 0 };
        self.still < STILL
    }
}

/// What the desk is asked for.
type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// Where jobs are handed in.
struct Counter {
    jobs: Sender<Job>,
    handed_in: AtomicU64,
    done: Arc<AtomicU64>,
    /// So many must be done before anybody waits again.
    late: AtomicU64,
}

/// Nobody waits for an answer any more, or the desk is no longer there.
#[derive(Debug, PartialEq, Eq)]
struct TooLate;

/// Empty until somebody asks for something.
static COUNTER: OnceLock<Option<Counter>> = OnceLock::new();

/// The one there is; its thread begins with the first job. `None` where no thread can be had.
fn counter() -> Option<&'static Counter> {
    COUNTER.get_or_init(Counter::new).as_ref()
}

impl Counter {
    fn new() -> Option<Self> {
        let (jobs, handed) = mpsc::channel();
        let done = Arc::new(AtomicU64::new(0));
        let count = done.clone();
        let thread = std::thread::Builder::new().name("jack".into());
        thread.spawn(move || work(&handed, &count)).ok()?;
        Some(Self {
            jobs,
            handed_in: AtomicU64::new(0),
            done,
            late: AtomicU64::new(0),
        })
    }

    /// Hands a job in and does not wait; its number.
    fn post(&self, job: Job) -> u64 {
        let number = self.handed_in.fetch_add(1, Ordering::AcqRel) + 1;
        // The thread lives as long as the program.
        let _ = self.jobs.send(job);
        number
    }

    /// Hands a job in and waits for its answer, unless the desk hangs.
    fn ask<T: Send + 'static>(
        &self,
        patience: Duration,
        job: impl FnOnce(&mut Desk) -> T + Send + 'static,
    ) -> Result<T, TooLate> {
        if self.done.load(Ordering::Acquire) < self.late.load(Ordering::Acquire) {
            return Err(TooLate);
        }
        let (answer, answered) = mpsc::channel();
        let is_wanted = Arc::new(AtomicBool::new(true));
        let wanted = is_wanted.clone();
        let number = self.post(Box::new(move |desk| {
            if wanted.load(Ordering::Acquire) {
                // Dropped here where nobody waits.
                let _ = answer.send(job(desk));
            }
        }));
        answered.recv_timeout(patience).map_err(|error| {
            if error == mpsc::RecvTimeoutError::Timeout {
                is_wanted.store(false, Ordering::Release);
                self.late.fetch_max(number, Ordering::AcqRel);
            }
            TooLate
        })
    }
}

impl Counter {
    /// Waits until nothing is held any more.
    fn wait_for_the_end(&self) {
        let looks = FAREWELL.as_millis() / LOOK_AGAIN.as_millis();
        for _ in 0..looks {
            match self.ask(FAREWELL, Desk::go) {
                // Who holds one closes it on a thread of its own, and nobody is told of that.
                Ok(false) => std::thread::sleep(LOOK_AGAIN),
                Ok(true) | Err(TooLate) => return,
            }
        }
    }
}

/// The life of the desk's thread.
fn work(jobs: &Receiver<Job>, done: &AtomicU64) {
    let mut desk = Desk::default();
    for job in jobs {
        // This thread is the only one that opens and closes: were it to end, JACK would be gone till the program ends. What a
        // job that panicked held is dropped on the way, or stays counted as held, and then none is opened in the next era.
        if catch_unwind(AssertUnwindSafe(|| job(&mut desk))).is_err() {
            log::error!("a client of JACK was not opened or closed as it should be");
        }
        done.fetch_add(1, Ordering::AcqRel);
    }
}

/// Known to its thread alone.
#[derive(Default)]
struct Desk {
    canary: Option<Client>,
    /// The era of each client that is held, and what the server calls it.
    held: Vec<(u64, String)>,
}

impl Desk {
    /// Whether a client may be opened now: none of a dead server is held.
    fn is_clear(&mut self) -> bool {
        // Answered by the server itself; what it has in memory outlives it.
        let answers = |it: &Client| it.uuid_of_client_by_name(it.name()).is_some();
        if self.canary.as_ref().is_some_and(|it| !answers(it)) {
            ERA.fetch_add(1, Ordering::AcqRel);
            self.canary = None;
        }
        let era = ERA.load(Ordering::Acquire);
        self.held.iter().all(|it| it.0 == era)
    }

    /// The client that stays, where a server runs.
    fn canary(&mut self) -> Option<&Client> {
        if !self.is_clear() {
            return None;
        }
        if self.canary.is_none() {
            self.canary = self.open(&format!("{CLIENT}-look"));
        }
        self.canary.as_ref()
    }

    fn open(&mut self, name: &str) -> Option<Client> {
        match Client::new(name, ClientOptions::NO_START_SERVER) {
            Ok((client, _)) => Some(client),
            Err(Error::ClientError(status)) if status.contains(ClientStatus::SERVER_FAILED) => {
                self.abandon();
                None
            }
            Err(_) => None,
        }
    }

    /// No server is there any more: what is held of it may be freed already.
    fn abandon(&mut self) {
        if self.canary.is_none() && self.held.is_empty() {
            return;
        }
        log::warn!("the JACK server went while a client was opened");
        ERA.fetch_add(1, Ordering::AcqRel);
        std::mem::forget(self.canary.take());
        self.held.clear();
    }

    fn look<T>(&mut self, at: impl FnOnce(&Client, &[&str]) -> T) -> Option<T> {
        self.canary()?;
        let Self { canary, held } = &*self;
        let own: Vec<&str> = held.iter().map(|it| it.1.as_str()).collect();
        canary.as_ref().map(|client| at(client, &own))
    }

    fn member<N: Send + 'static, P: Send + 'static, E>(
        &mut self,
        name: &str,
        build: impl FnOnce(Client, Arc<AtomicU32>) -> Result<AsyncClient<N, P>, E>,
    ) -> Result<Member<N, P>, Unopened<E>> {
        self.canary().ok_or(Unopened::Absent)?;
        let client = self.open(name).ok_or(Unopened::Absent)?;
        let name = client.name().to_owned();
        let pulse = Pulse::default();
        let client = build(client, pulse.beats.clone()).map_err(Unopened::Refused)?;
        let era = ERA.load(Ordering::Acquire);
        self.held.push((era, name.clone()));
        Ok(Member {
            client: Some(client),
            era,
            name,
            pulse,
        })
    }

    /// The program ends: closes the client that stays, once nobody holds another. Whether that is so.
    fn go(&mut self) -> bool {
        let is_last = self.held.is_empty();
        if is_last && self.is_clear() {
            self.canary = None;
        }
        is_last
    }

    /// Closes a client that is held.
    fn close<N, P>(&mut self, client: Option<AsyncClient<N, P>>, era: u64, name: &str) {
        let is_it = |it: &(u64, String)| it.0 == era && it.1 == name;
        match self.held.iter().position(is_it) {
            Some(at) => {
                drop(client);
                self.held.swap_remove(at);
            }
            // It was abandoned.
            None => std::mem::forget(client),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn the_end_waits_for_clients_to_be_closed_and_not_for_ever() {
        let counter = Counter::new().unwrap();
        let hold = |desk: &mut Desk| desk.held.push((0, "KSGraph-MIDI".into()));
        let held = || counter.ask(OPEN, |desk| desk.held.len()).unwrap();
        counter.post(Box::new(hold));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // So that the end has looked in vain before.
                std::thread::sleep(6 * LOOK_AGAIN);
                counter.post(Box::new(|desk| desk.held.clear()));
            });
            counter.wait_for_the_end();
            assert_eq!(held(), 0);
        });
        counter.post(Box::new(hold));
        counter.wait_for_the_end();
        assert_eq!(held(), 1, "it was not waited for");
    }

    #[test]
    fn a_server_that_hangs_is_waited_for_once_and_asked_again_when_it_has_answered() {
        static GATE: Mutex<()> = Mutex::new(());
        let counter = Counter::new().unwrap();
        let asked = Arc::new(AtomicU32::new(0));
        let ask = |patience| {
            let asked = asked.clone();
            counter.ask(patience, move |_| {
                drop(GATE.lock());
                asked.fetch_add(1, Ordering::SeqCst) + 1
            })
        };
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(600));
        let hangs = GATE.lock().unwrap();
        assert_eq!(ask(short), Err(TooLate));
        // With all the patience there is: nobody waits.
        for _ in 0..5 {
            assert_eq!(ask(long), Err(TooLate));
        }
        assert_eq!(counter.handed_in.load(Ordering::SeqCst), 1);
        drop(hangs);
        // Nothing was asked meanwhile, and the first not either if it was waited for in vain before it was begun.
        let answer = (0..).find_map(|_| {
            std::thread::yield_now();
            ask(long).ok()
        });
        assert!(matches!(answer, Some(1 | 2)), "{answer:?}");
    }

    #[test]
    fn what_comes_for_somebody_who_has_gone_is_dropped_at_the_desk() {
        struct Client(Sender<Option<String>>);
        impl Drop for Client {
            fn drop(&mut self) {
                let thread = std::thread::current().name().map(str::to_owned);
                let _ = self.0.send(thread);
            }
        }
        static GATE: Mutex<()> = Mutex::new(());
        let counter = Counter::new().unwrap();
        // Who has gone before it was begun gets nothing made.
        let thread = (0..).find_map(|_| {
            let (closed, ends) = mpsc::channel();
            let hangs = GATE.lock().unwrap();
            let answer = counter.ask(Duration::from_millis(20), move |_| {
                drop(GATE.lock());
                Client(closed)
            });
            assert!(answer.is_err());
            drop(hangs);
            ends.recv().ok()
        });
        assert_eq!(thread.unwrap().as_deref(), Some("jack"));
    }

    #[test]
    fn a_job_that_panics_does_not_end_the_desk() {
        let counter = Counter::new().unwrap();
        let patience = Duration::from_secs(600);
        assert_eq!(
            counter.ask(patience, |_| panic!("meant")),
            Err::<(), _>(TooLate)
        );
        assert_eq!(counter.ask(patience, |_| 7), Ok(7));
    }

    #[test]
    fn a_server_whose_cycles_stand_still_is_dead() {
        let mut pulse = Pulse::default();
        for _ in 0..5 {
            pulse.beats.fetch_add(1, Ordering::Relaxed);
            assert!(pulse.is_alive());
        }
        let alive = (0..STILL).filter(|_| pulse.is_alive()).count();
        assert_eq!(alive as u32, STILL - 1);
    }
}
