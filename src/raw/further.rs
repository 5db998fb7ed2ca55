//! Making a wire once medium and interface are settled: the format, the two creations, and what comes after a pin that
//! refuses the format it had agreed on (DIX-17 to DIX-19).
//!
//! A pin that refuses is not asked to intersect further: a list of formats is walked, best first, as far as both pins'
//! ranges hold them. What was refused is remembered for that pin as long as its filter is open, so the next wire begins
//! further down.

use std::sync::Arc;

use super::create::{Connect, Invalid, NORMAL};
use super::intersection::chosen;
use super::object::{Handle, Host};
use super::pin;
use crate::ks::{DataFormat, Interface, Medium, Status, fallback_formats};

/// A wire to be made: the pin that asks and the one that answers, by filter and factory.
pub(super) struct Wanted {
    pub(super) source: (Handle, u32),
    pub(super) sink: (Handle, u32),
    pub(super) medium: Medium,
    pub(super) interface: Interface,
}

/// A format that a pin refused when it was opened, by filter and factory.
pub(super) type Refused = ((Handle, u32), DataFormat);

impl Host {
    /// Agrees on a format and makes both pins. The one that asks, and the one that answers.
    pub(super) fn negotiated(&mut self, wire: &Wanted) -> Result<(Handle, Handle), Invalid> {
        let ends = [wire.sink, wire.source];
        // The client list is the IRP source's, the pin's list is the sink's (CON-4).
        let client = self.constrained(wire.source.0, wire.source.1 as usize);
        let own = self.constrained(wire.sink.0, wire.sink.1 as usize);
        let answering = Arc::clone(&self.filter_of(wire.sink.0).filter);
        let found = chosen(&client, &own, &mut |client, own, room| {
            answering.intersect(wire.sink.1 as usize, client, own, room)
        });
        let line_7 = |status, reason: &str| Invalid {
            line: 7,
            status,
            reason: reason.to_owned(),
        };
        let first = match found {
            Ok(format) => format,
            Err(Status::NoMatch) => return Err(line_7(Status::NoMatch, "no format in common")),
            Err(status) => return Err(line_7(status, "the pin's own handler refuses")),
        };
        let further = fallback_formats();
        let further = further.filter(|it| pin::takes(&client, it) && pin::takes(&own, it));
        let all: Vec<DataFormat> = std::iter::once(first.clone())
            .chain(further.filter(|it| *it != first))
            .collect();
        let mut refusal = line_7(
            Status::NoMatch,
            "every format they could take was refused when one of them was opened (DIX-19)",
        );
        for format in all {
            let is_known = |it: &Refused| ends.contains(&it.0) && it.1 == format;
            if self.refused.iter().any(is_known) {
                continue;
            }
            match self.made_with(wire, &format) {
                Ok(pins) => return Ok(pins),
                // The pin's own word on this format: others may do.
                Err((end, invalid)) if is_about_the_format(&invalid) => {
                    self.say(format!("pin {} of {} refused {format}", end.1, end.0));
                    self.refused.push((end, format));
                    refusal = invalid;
                }
                Err((_, invalid)) => return Err(invalid),
            }
        }
        Err(refusal)
    }

    /// Two creations, the one that answers first; where the second fails the first is closed (CON-2, CON-5). Which end
    /// failed, and why.
    fn made_with(
        &mut self,
        wire: &Wanted,
        format: &DataFormat,
    ) -> Result<(Handle, Handle), ((Handle, u32), Invalid)> {
        let request = |pin: u32, to| Connect {
            interface: wire.interface,
            medium: wire.medium,
            pin,
            to,
            priority: NORMAL,
            format: format.clone(),
        };
        let (source, sink) = (wire.source, wire.sink);
        let answering = self
            .create_pin(sink.0, &request(sink.1, None).bytes())
            .map_err(|invalid| (sink, invalid))?;
        match self.create_pin(source.0, &request(source.1, Some(answering)).bytes()) {
            Ok(issuing) => Ok((issuing, answering)),
            Err(invalid) => {
                self.close(answering);
                Err((source, invalid))
            }
        }
    }
}

/// Whether a pin said no to the format, and not to being made at all.
fn is_about_the_format(invalid: &Invalid) -> bool {
    invalid.status == Status::NoMatch && matches!(invalid.line, 9 | 10)
}
