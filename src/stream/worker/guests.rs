//! Streams that somebody outside opens to ask something of them: opened and closed as others are, and no frames go through
//! them.

use std::sync::mpsc::Sender;

use super::{PATIENCE, Worker};
use crate::ks::{DataFormat, DataRange, Status};
use crate::stream::request::{Ask, Lane, Outcome, StreamId};

/// The number of the first one: those of a graph count from 0.
pub(super) const FIRST: usize = 1 << 16;

/// What somebody outside wants.
pub(super) enum Wish {
    Open(usize, Box<DataFormat>, Sender<Result<StreamId, Status>>),
    Close(StreamId),
}

impl Worker {
    pub(super) fn serve_guest(&mut self, wish: Wish) {
        match wish {
            Wish::Open(factory, format, reply) => {
                let opened = self.open_guest(factory, *format);
                if let (Ok(stream), Err(_)) = (opened, reply.send(opened)) {
                    // Nobody waits for it any more.
                    self.close_guest(stream);
                }
            }
            Wish::Close(stream) => self.close_guest(stream),
        }
    }

    fn open_guest(&mut self, factory: usize, format: DataFormat) -> Result<StreamId, Status> {
        if self.executor.is_none() {
            return Err(Status::DeviceNotReady);
        }
        let streams = self.parts.streams.iter().filter(|it| it.is_open);
        let taken = streams
            .map(|it| it.factory)
            .chain(self.guests.values().copied());
        let taken = taken.filter(|it| *it == factory).count();
        if let Some(info) = &self.told {
            let told = info.streams.get(factory).ok_or(Status::InvalidParameter)?;
            if taken as u64 >= u64::from(told.pin.instances.possible) {
                return Err(Status::TooManyNodes);
            }
        }
        self.intersect(factory, &format)?;
        let stream = StreamId(self.last_guest);
        self.last_guest += 1;
        let open = Ask::OpenStream {
            stream,
            pin: factory,
            format,
        };
        self.ask(open, PATIENCE)?;
        self.guests.insert(stream, factory);
        Ok(stream)
    }

    /// Whether the minidriver takes this format on that pin (DIX-8).
    pub(super) fn intersect(&mut self, pin: usize, format: &DataFormat) -> Result<(), Status> {
        let range = DataRange::only(format);
        match self.ask(Ask::GetDataIntersection { pin, range }, PATIENCE) {
            Ok(Outcome::Format(own)) if *own != *format => Err(Status::NoMatch),
            Ok(_) | Err(Status::NotImplemented) => Ok(()),
            Err(status) => Err(status),
        }
    }

    pub(super) fn close_guest(&mut self, stream: StreamId) {
        if self.guests.remove(&stream).is_none() {
            return;
        }
        // What is asked of it is answered before it goes (SRB-3).
        self.desk.cancel_lane(Lane::Control(stream));
        let closed = self.ask(Ask::CloseStream { stream }, PATIENCE);
        self.report(closed, "CLOSE_STREAM");
    }

    /// All of them.
    pub(super) fn close_guests(&mut self) {
        let open: Vec<StreamId> = self.guests.keys().copied().collect();
        open.into_iter().for_each(|stream| self.close_guest(stream));
    }
}
