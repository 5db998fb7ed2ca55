//! Stream headers as a client writes them (section 13): their bytes, their times, and what makes an array of them one
//! request. What is done with them stands in `requests.rs`.

use super::layout::{Reader, Writer};
use crate::ks::{Status, flag};

/// Size of a header without an extension (HDR-1), as C lays it out on 64 bits.
pub const STREAM_HEADER: usize = 56;

/// One header and its data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Its size; more than [`STREAM_HEADER`] is an extension.
    pub size: u32,
    /// Of the type; of sound and music nothing.
    pub type_flags: u32,
    /// Presentation time in units of `numerator / denominator` times 100 ns (HDR-5).
    pub time: i64,
    /// Of the unit.
    pub numerator: u32,
    /// Of the unit.
    pub denominator: u32,
    /// In the same unit (HDR-6).
    pub duration: i64,
    /// Bytes there is room for.
    pub extent: u32,
    /// Bytes that are valid.
    pub used: u32,
    /// Bits of [`flag`].
    pub flags: u32,
    /// What its data hold, as far as anybody looks: a format.
    pub data: Vec<u8>,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            size: STREAM_HEADER as u32,
            type_flags: 0,
            time: 0,
            numerator: 1,
            denominator: 1,
            duration: 0,
            extent: 0,
            used: 0,
            flags: 0,
            data: vec![],
        }
    }
}

/// What a header says of its time, in 100 ns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// When it begins.
    pub start: i64,
    /// When it ends; where that is not said, one unit later (POOL-2).
    pub stop: i64,
    /// Whether its end is said.
    pub has_stop: bool,
}

impl Header {
    /// Reads one; all its size is taken.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut reader = Reader(bytes);
        let (size, type_flags) = (reader.u32()?, reader.u32()?);
        let (time, numerator, denominator) = (reader.u64()? as i64, reader.u32()?, reader.u32()?);
        let duration = reader.u64()? as i64;
        let (extent, used) = (reader.u32()?, reader.u32()?);
        let (_address, flags, _) = (reader.u64()?, reader.u32()?, reader.u32()?);
        let rest = bytes.get((size as usize).max(STREAM_HEADER)..)?;
        let header = Self {
            size,
            type_flags,
            time,
            numerator,
            denominator,
            duration,
            extent,
            used,
            flags,
            data: vec![],
        };
        Some((header, rest))
    }

    /// An array of headers in bytes: `None` where one ends too soon or is smaller than the least.
    pub fn read_all(mut bytes: &[u8]) -> Option<Vec<Self>> {
        let mut headers: Vec<Self> = vec![];
        while !bytes.is_empty() {
            let (header, rest) = Self::read(bytes)?;
            if (header.size as usize) < STREAM_HEADER {
                return None;
            }
            headers.push(header);
            bytes = rest;
        }
        Some(headers)
    }

    /// Its bytes, an extension as zeros.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Writer::default()
            .u32(self.size)
            .u32(self.type_flags)
            .u64(self.time as u64)
            .u32(self.numerator)
            .u32(self.denominator)
            .u64(self.duration as u64)
            .u32(self.extent)
            .u32(self.used)
            .u64(0)
            .u32(self.flags)
            .u32(0)
            .0;
        bytes.resize((self.size as usize).clamp(STREAM_HEADER, 1 << 16), 0);
        bytes
    }

    pub(super) fn has(&self, flags: u32) -> bool {
        self.flags & flags != 0
    }

    /// A figure in the header's unit as 100 ns: multiplied first (HDR-5). Neither part of the unit may be nothing.
    fn normalised(&self, figure: i64) -> Result<i64, Status> {
        if self.numerator == 0 || self.denominator == 0 {
            return Err(Status::InvalidParameter);
        }
        let product = i128::from(figure) * i128::from(self.numerator);
        let time = product / i128::from(self.denominator);
        i64::try_from(time).map_err(|_| Status::InvalidParameter)
    }

    /// When it is due, where it says so.
    pub(super) fn start(&self) -> Result<Option<i64>, Status> {
        let start = self.normalised(self.time)?;
        Ok(self.has(flag::TIMEVALID).then_some(start))
    }

    /// How long it lasts, where it says so.
    pub(super) fn lasts(&self) -> Result<Option<i64>, Status> {
        let length = self.normalised(self.duration)?;
        Ok(self.has(flag::DURATIONVALID).then_some(length))
    }

    /// From when to when. A header without a valid time is `NOT_FOUND` (POOL-2).
    pub fn span(&self) -> Result<Span, Status> {
        let (start, length) = (self.start()?, self.lasts()?);
        let start = start.ok_or(Status::NotFound)?;
        Ok(Span {
            start,
            stop: start.saturating_add(length.unwrap_or(1)),
            has_stop: length.is_some(),
        })
    }

    /// What is wrong with it, whichever way it goes.
    fn fault(&self) -> Option<Status> {
        if (self.size as usize) < STREAM_HEADER {
            return Some(Status::InvalidBufferSize);
        }
        self.start().and(self.lasts()).err()
    }
}

/// What is wrong with an array of headers that is to be written or read, the first that is found.
pub(super) fn fault(headers: &[Header], is_read: bool) -> Option<(Status, &'static str)> {
    let Some(first) = headers.first() else {
        return Some((
            Status::InvalidBufferSize,
            "a request has one header or more",
        ));
    };
    for header in headers {
        if header.size != first.size {
            let words = "all headers of a request have one size (HDR-2)";
            return Some((Status::InvalidBufferSize, words));
        }
        if let Some(status) = header.fault() {
            let words = match status {
                Status::InvalidBufferSize => "a header is smaller than the least (HDR-1)",
                _ => "a time has a unit of nothing, or is no time (HDR-5)",
            };
            return Some((status, words));
        }
        if is_read && header.used != 0 {
            let words = "a header that is to be filled says that it is (HDR-4)";
            return Some((Status::InvalidParameter, words));
        }
        if !is_read && header.used > header.extent {
            let words = "more bytes are valid than there is room for (HDR-3)";
            return Some((Status::InvalidParameter, words));
        }
        if !is_read && header.has(flag::TYPECHANGED) && headers.len() > 1 {
            let words = "a change of format is the only header of its request (HDR-12)";
            return Some((Status::InvalidParameter, words));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_they_are_written() {
        let header = Header {
            type_flags: 3,
            time: -5,
            numerator: 7,
            denominator: 9,
            duration: 11,
            extent: 4096,
            used: 17,
            flags: flag::TIMEVALID | flag::LOOPEDDATA,
            ..Header::default()
        };
        let longer = Header {
            size: 64,
            ..header.clone()
        };
        for it in [&header, &longer] {
            let bytes = [it.bytes(), it.bytes()].concat();
            assert_eq!(bytes.len(), 2 * it.size as usize);
            assert_eq!(Header::read_all(&bytes), Some(vec![it.clone(), it.clone()]));
            assert_eq!(Header::read_all(&bytes[..bytes.len() - 1]), None);
        }
        let small = Header { size: 48, ..header };
        assert_eq!(Header::read_all(&small.bytes()), None);
    }

    #[test]
    fn hdr_5_a_time_is_multiplied_before_it_is_divided_and_does_not_overflow() {
        let of = |time, numerator, denominator| {
            Header {
                time,
                numerator,
                denominator,
                flags: flag::TIMEVALID,
                ..Header::default()
            }
            .start()
        };
        assert_eq!(of(1, 10, 3), Ok(Some(3)));
        assert_eq!(of(3, 10, 3), Ok(Some(10)));
        // Bytes of sound in two channels of 16 bits at 44 100 Hz.
        assert_eq!(
            of(176_400, 80_000_000, 16 * 2 * 44_100),
            Ok(Some(10_000_000))
        );
        assert_eq!(of(i64::MAX, u32::MAX, u32::MAX), Ok(Some(i64::MAX)));
        assert_eq!(of(i64::MAX, 2, 1), Err(Status::InvalidParameter));
        assert_eq!(of(1, 1, 0), Err(Status::InvalidParameter));
        assert_eq!(of(1, 0, 1), Err(Status::InvalidParameter));
    }
}
