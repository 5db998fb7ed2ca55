//! The threads a minidriver's callbacks run on, and nothing else does: one, or one for each of its hands.
//!
//! A callback that never comes back holds only its own thread. A panic ends the minidriver, not the program: what it held
//! is answered by being dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

use super::board::{Act, Board, Moment};
use super::minidriver::{EventRequest, Minidriver};
use super::port::{Port, Post};
use super::request::{Lane, Srb, SrbId, StreamId};
use super::time::TimeSource;

/// A call into a minidriver.
pub(super) enum Call {
    Request(Srb),
    Cancel(SrbId),
    TimedOut(SrbId),
    Interrupt,
    Event(EventRequest),
    Clock(StreamId),
    Timer(Option<StreamId>),
}

/// What every hand has.
#[derive(Clone)]
struct Bench {
    calls: Arc<Mutex<Receiver<(u64, Call)>>>,
    port: Port,
    board: Arc<Board>,
    time: Arc<dyn TimeSource>,
    /// Dropped when the last thread ends, however it ends: whoever waits for that knows.
    _farewell: Sender<()>,
}

/// The threads.
pub(super) struct Executor {
    calls: Sender<(u64, Call)>,
}

impl Executor {
    /// One thread for each hand, called `name`.
    pub(super) fn start(
        name: &str,
        hands: Vec<Box<dyn Minidriver>>,
        port: &Port,
        board: &Arc<Board>,
        time: &Arc<dyn TimeSource>,
        farewell: Sender<()>,
    ) -> std::io::Result<Self> {
        let (calls, taken) = mpsc::channel();
        let bench = Bench {
            calls: Arc::new(Mutex::new(taken)),
            port: port.clone(),
            board: board.clone(),
            time: time.clone(),
            _farewell: farewell,
        };
        for hand in hands {
            let bench = bench.clone();
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || work(hand, &bench))?;
        }
        Ok(Self { calls })
    }

    /// Has something called, in turn.
    pub(super) fn call(&self, number: u64, call: Call) {
        // Nobody is there any more only after a panic, and that is told by a post.
        let _ = self.calls.send((number, call));
    }
}

fn work(minidriver: Box<dyn Minidriver>, bench: &Bench) {
    let mut minidriver = Some(minidriver);
    loop {
        // Nothing can panic under this lock; who holds it sleeps until there is a call.
        let next = match bench.calls.lock() {
            Ok(calls) => calls.recv(),
            Err(_) => break,
        };
        let (Ok((number, call)), Some(hand)) = (next, minidriver.as_deref_mut()) else {
            break;
        };
        bench.board.note(moment(&call), bench.time.now());
        bench.board.enter();
        // What a panic leaves behind in the minidriver is never looked at again.
        let outcome = catch_unwind(AssertUnwindSafe(|| make(hand, call, &bench.port)));
        bench.board.leave();
        if outcome.is_err() {
            bench.port.post(Post::Panicked);
            break;
        }
        bench.port.post(Post::Returned(number));
    }
    let _ = catch_unwind(AssertUnwindSafe(|| drop(minidriver.take())));
}

fn make(minidriver: &mut dyn Minidriver, call: Call, port: &Port) {
    match call {
        Call::Request(srb) => match srb.lane() {
            Lane::Device => minidriver.receive_device(srb),
            Lane::Control(_) => minidriver.receive_control(srb),
            Lane::Data(_) => minidriver.receive_data(srb),
        },
        Call::Cancel(id) => minidriver.cancel(id),
        Call::TimedOut(id) => minidriver.timed_out(id),
        Call::Interrupt => {
            let is_own = minidriver.interrupt();
            port.post(Post::Interrupted { is_own });
        }
        Call::Event(event) => {
            let status = minidriver.event(event);
            port.post(Post::EventAnswered(event, status));
        }
        Call::Clock(stream) => {
            let clock = minidriver.clock(stream);
            port.post(Post::Clock(clock));
        }
        Call::Timer(stream) => minidriver.timer(stream),
    }
}

fn moment(call: &Call) -> Moment {
    let named = |act, id: &SrbId| Moment {
        id: Some(*id),
        ..Moment::of(act)
    };
    let about = |act, stream: Option<StreamId>| Moment {
        stream,
        ..Moment::of(act)
    };
    match call {
        Call::Request(srb) => Moment {
            kind: Some(srb.kind()),
            stream: srb.stream(),
            id: Some(srb.id()),
            ..Moment::of(match srb.lane() {
                Lane::Device => Act::Device,
                Lane::Control(_) => Act::Control,
                Lane::Data(_) => Act::Data,
            })
        },
        Call::Cancel(id) => named(Act::Cancel, id),
        Call::TimedOut(id) => named(Act::TimedOut, id),
        Call::Interrupt => Moment::of(Act::Interrupt),
        Call::Event(event) => about(Act::Event, event.key.stream),
        Call::Clock(stream) => about(Act::Clock, Some(*stream)),
        Call::Timer(stream) => about(Act::Timer, *stream),
    }
}
