//! The beginning and the end of a minidriver's life: what is asked of it one after the other, each answer waited for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{CLOSING, Client, FAREWELL, LOOK, PATIENCE, Refused, Worker, if_it_can};
use crate::ks::{Clock, DataFlow, Health, State, Status};
use crate::stream::executor::Call;
use crate::stream::lane::{Direction, Stream};
use crate::stream::request::{Ask, DeviceInfo, Lane, MasterClock, Outcome, StreamId};

/// A minidriver that has started.
pub(in crate::stream) struct Started {
    /// The clock of the first stream that has one.
    pub(in crate::stream) clock: Option<Arc<dyn Clock>>,
    /// What it says of its streams, where it says anything.
    pub(in crate::stream) told: Option<DeviceInfo>,
}

impl Worker {
    /// Gets device and streams ready (SRB-1). Gives the clock of the first stream that has one, and what the minidriver says
    /// of its streams.
    pub(in crate::stream) fn start(&mut self) -> Result<Started, Refused> {
        let of_device = |status| (status, None);
        self.ask(Ask::InitialiseDevice {}, PATIENCE)
            .map_err(of_device)?;
        self.told = match self.ask(Ask::GetStreamInfo {}, PATIENCE) {
            Ok(Outcome::Streams(told)) => Some(*told),
            // The descriptor says it all.
            Ok(_) | Err(Status::NotImplemented) => None,
            Err(status) => return Err((status, None)),
        };
        let ready = self.ask(Ask::InitialisationComplete {}, PATIENCE);
        if_it_can(ready).map_err(of_device)?;
        let mut clock = None;
        for index in 0..self.parts.streams.len() {
            let stream = &self.parts.streams[index];
            let (id, factory, format) = (stream.id, stream.factory, stream.format.clone());
            let refused = |status| (status, Some(id));
            self.as_told(index).map_err(refused)?;
            self.intersect(factory, &format).map_err(refused)?;
            let open = Ask::OpenStream {
                stream: id,
                pin: factory,
                format,
            };
            self.ask(open, PATIENCE).map_err(refused)?;
            self.parts.streams[index].is_open = true;
            clock = clock.or_else(|| self.ask_clock(id));
        }
        for index in 0..self.parts.streams.len() {
            let stream = self.parts.streams[index].id;
            let clock = MasterClock(Some(self.parts.clock.clone()));
            let told = self.ask(Ask::IndicateMasterClock { stream, clock }, PATIENCE);
            self.report(if_it_can(told), "INDICATE_MASTER_CLOCK");
        }
        Ok(Started {
            clock,
            told: self.told.clone(),
        })
    }

    /// Whether a stream that was agreed is one that the minidriver has: what it says now is what counts (SRB-2).
    fn as_told(&self, index: usize) -> Result<(), Status> {
        let Some(told) = &self.told else {
            return Ok(());
        };
        let stream = &self.parts.streams[index];
        let flow = match stream.direction {
            Direction::Read => DataFlow::Out,
            Direction::Write => DataFlow::In,
        };
        let mut pins = told.streams.iter().map(|it| &it.pin);
        let pin = pins.find(|pin| pin.name == stream.pin && pin.data_flow == flow);
        let pin = pin.ok_or(Status::InvalidParameter)?;
        let before = self.parts.streams[..index].iter();
        let open = before.filter(|it| it.pin == stream.pin).count();
        if open as u64 >= u64::from(pin.instances.possible) {
            return Err(Status::TooManyNodes);
        }
        let rate_hz = self.parts.rate_hz;
        let mut ranges = pin.ranges.iter().map(|range| range.at_graph_rate(rate_hz));
        match ranges.any(|range| range.contains(&stream.format)) {
            true => Ok(()),
            false => Err(Status::NoMatch),
        }
    }

    /// Stops and closes whatever is open.
    pub(in crate::stream) fn close(mut self) {
        self.parts.shared.closing.store(true, Ordering::Release);
        let is_stopped = |it: &Stream, run| it.run >= it.run_of(run) && it.state == State::Stop;
        self.settle(|worker| {
            let (run, _) = worker.parts.shared.wanted();
            let mut open = worker.parts.streams.iter().filter(|it| it.is_open);
            open.all(|it| is_stopped(it, run))
        });
        self.close_guests();
        for event in self.events.end(Status::Cancelled) {
            self.call(Call::Event(event));
        }
        let mut patience = PATIENCE;
        for index in 0..self.parts.streams.len() {
            let stream = self.parts.streams[index].id;
            if !self.parts.streams[index].is_open {
                continue;
            }
            // Nothing of it may be outstanding when it is closed (SRB-3).
            self.cancel_stream(index);
            let has_ended = self.settle(|worker| !worker.parts.streams[index].has_unanswered());
            if !has_ended {
                patience = CLOSING;
            }
            let closed = self.ask(Ask::CloseStream { stream }, patience);
            self.report(closed, "CLOSE_STREAM");
            self.parts.streams[index].is_open = false;
        }
        let ended = self.ask(Ask::UninitialiseDevice {}, patience);
        self.report(ended, "UNINITIALIZE_DEVICE");
        self.desk.reset(Status::Cancelled);
        self.pump();
        self.executor = None;
        if self.parts.board.health() != Health::NotResponding {
            // Whoever closes a file wants it closed: the minidriver is dropped on its own thread. When that takes too
            // long it is left to itself.
            let _ = self.parts.farewell.recv_timeout(FAREWELL);
        }
    }

    /// Works until something is so, or nothing has moved for a while. Says whether it is so.
    fn settle(&mut self, is_so: impl Fn(&Self) -> bool) -> bool {
        let mut idle = Duration::ZERO;
        while !is_so(self) {
            if self.step() {
                idle = Duration::ZERO;
                continue;
            }
            if idle >= CLOSING || self.parts.board.health() != Health::Well {
                return is_so(self);
            }
            std::thread::park_timeout(LOOK);
            idle += LOOK;
        }
        true
    }

    /// Gives up everything there is of a stream.
    fn cancel_stream(&mut self, index: usize) {
        let it = &mut self.parts.streams[index];
        it.is_cancelling = true;
        let stream = it.id;
        self.desk.cancel_lane(Lane::Data(stream));
        self.desk.cancel_lane(Lane::Control(stream));
    }

    /// A request of our own, waited for.
    pub(super) fn ask(&mut self, ask: Ask, patience: Duration) -> Result<Outcome, Status> {
        let asked = self.desk.submit(ask, Client::Own, patience);
        loop {
            self.pump();
            match self.own.take() {
                Some((id, outcome)) if id == asked => return outcome,
                _ => self.rest(),
            }
        }
    }

    fn ask_clock(&mut self, stream: StreamId) -> Option<Arc<dyn Clock>> {
        self.call(Call::Clock(stream));
        loop {
            self.pump();
            match self.clock.take() {
                Some(clock) => return clock,
                None if self.executor.is_none() => return None,
                None => self.rest(),
            }
        }
    }
}
