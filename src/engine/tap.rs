//! The tap of the wire probe: what passes on one wire, copied into a ring frame by frame. Nobody waits: what finds the
//! ring full is counted and left out.

use std::sync::Arc;

use crate::ks::{
    DataFormat, EVENT_BYTES, EVENT_CAPACITY, KernelEvent, Payload, StreamHeader, Wave, flag,
};

/// The most bytes of a frame that are shown.
pub const TAP_BYTES: usize = 1024;
/// Frames that wait to be looked at.
const ROWS: usize = 512;

/// One frame that passed.
#[derive(Clone, Debug)]
pub struct TappedFrame {
    /// Identity of the wire.
    pub wire: u64,
    /// Counts cycles; of frames with a length of their own, the cycle in which it was full.
    pub number: u64,
    /// What its header says.
    pub header: StreamHeader,
    /// Bytes it has room for.
    pub extent: u32,
    /// The largest absolute sample.
    pub peak: f32,
    /// CRC-32 of the bytes that are valid.
    pub checksum: u32,
    /// Where it lies.
    pub address: usize,
    /// How many of `bytes` are there.
    pub shown: u16,
    /// The first of its bytes in the agreed format.
    pub bytes: [u8; TAP_BYTES],
    /// The new format, where the packet is a change of it and nothing else (HDR-12): its bytes are those of the format,
    /// and are not written out here.
    pub format: Option<Arc<DataFormat>>,
}

/// What is known of a wire by whoever looks at it.
#[derive(Debug)]
pub(super) struct Sight {
    coding: Coding,
    format: Arc<DataFormat>,
}

impl Sight {
    pub(super) fn of(format: Arc<DataFormat>) -> Self {
        Self {
            coding: Coding::of(&format),
            format,
        }
    }
}

/// How samples of a wire are bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Coding {
    Float32,
    Float64,
    /// Little-endian integers of so many bytes, on a grid of so many bits; of one byte without a sign.
    Integer(u32, u32),
    Events,
}

impl Coding {
    fn of(format: &DataFormat) -> Self {
        match format.audio {
            None => Self::Events,
            Some(audio) if format.is_float() && audio.bits > 32 => Self::Float64,
            Some(_) if format.is_float() => Self::Float32,
            Some(audio) => {
                Self::Integer(audio.bits.div_ceil(8).clamp(1, 4), audio.bits.clamp(1, 32))
            }
        }
    }

    fn encode(self, sample: f32, put: &mut impl FnMut(&[u8])) {
        match self {
            Self::Float64 => put(&f64::from(sample).to_le_bytes()),
            Self::Integer(bytes, bits) => {
                let full = f64::from(1_u32 << (bits - 1));
                let value = (f64::from(sample) * full).round().clamp(-full, full - 1.0) as i32;
                match bytes {
                    1 => put(&[(value + 128) as u8]),
                    _ => put(&value.to_le_bytes()[..bytes as usize]),
                }
            }
            Self::Float32 | Self::Events => put(&sample.to_le_bytes()),
        }
    }
}

/// The audio thread's end.
pub(super) struct Tap {
    rows: rtrb::Producer<TappedFrame>,
    end: Option<rtrb::Consumer<TappedFrame>>,
    /// The wire that is looked at.
    pub(super) wire: Option<u64>,
    /// Where it stands in the plan that runs.
    pub(super) at: Option<u32>,
    pub(super) number: u64,
    row: Box<TappedFrame>,
}

impl Tap {
    pub(super) fn new() -> Self {
        let (rows, end) = rtrb::RingBuffer::new(ROWS);
        let row = TappedFrame {
            wire: 0,
            number: 0,
            header: StreamHeader::default(),
            extent: 0,
            peak: 0.0,
            checksum: 0,
            address: 0,
            shown: 0,
            bytes: [0; TAP_BYTES],
            format: None,
        };
        Self {
            rows,
            end: Some(end),
            wire: None,
            at: None,
            number: 0,
            row: Box::new(row),
        }
    }

    /// The end where frames come out; once.
    pub(super) fn take_end(&mut self) -> Option<rtrb::Consumer<TappedFrame>> {
        self.end.take()
    }

    /// The wire that is looked at.
    pub(super) fn wire_at(&self) -> Option<u32> {
        self.at
    }

    /// Whether that wire is looked at.
    pub(super) fn is_on(&self, wire: u32) -> bool {
        self.at == Some(wire)
    }

    /// Copies a frame.
    pub(super) fn take(
        &mut self,
        header: StreamHeader,
        payload: &Payload,
        sight: &Sight,
        sample_size: u32,
    ) {
        match payload {
            Payload::Wave(wave) => self.take_wave(header, wave, sight, sample_size),
            Payload::Events(events) => {
                let header = self.format_first(header, sight);
                self.copy(header, None, events, sight.coding, 0);
            }
            Payload::None => {}
        }
    }

    /// Copies a frame of sound.
    pub(super) fn take_wave(
        &mut self,
        header: StreamHeader,
        wave: &Wave,
        sight: &Sight,
        sample_size: u32,
    ) {
        let header = self.format_first(header, sight);
        self.copy(header, Some(wave), &[], sight.coding, sample_size);
    }

    /// A change of format goes ahead of the first frame that has it, as a packet of its own (HDR-12). The header of that
    /// frame.
    fn format_first(&mut self, header: StreamHeader, sight: &Sight) -> StreamHeader {
        if header.flags & flag::TYPECHANGED == 0 {
            return header;
        }
        let row = &mut *self.row;
        row.wire = self.wire.unwrap_or(0);
        row.number = self.number;
        row.header = StreamHeader {
            time: header.time,
            duration: 0,
            data_used: 0,
            flags: flag::TYPECHANGED | header.flags & flag::TIMEVALID,
        };
        (row.peak, row.shown, row.extent, row.address, row.checksum) = (0.0, 0, 0, 0, 0);
        row.format = Some(Arc::clone(&sight.format));
        let _ = self.rows.push(row.clone());
        // The plan has it still, so nothing is freed here.
        row.format = None;
        StreamHeader {
            flags: header.flags & !flag::TYPECHANGED,
            ..header
        }
    }

    fn copy(
        &mut self,
        header: StreamHeader,
        wave: Option<&Wave>,
        events: &[KernelEvent],
        coding: Coding,
        sample_size: u32,
    ) {
        let row = &mut *self.row;
        row.wire = self.wire.unwrap_or(0);
        (row.number, row.header) = (self.number, header);
        (row.peak, row.shown, row.extent, row.address) = (0.0, 0, header.data_used, 0);
        let (mut shown, mut sum) = (0_usize, !0_u32);
        let mut put = |bytes: &[u8]| {
            for byte in bytes {
                if let Some(place) = row.bytes.get_mut(shown) {
                    *place = *byte;
                    shown += 1;
                }
                sum = CRC[((sum ^ u32::from(*byte)) & 0xFF) as usize] ^ (sum >> 8);
            }
        };
        if let Some(wave) = wave {
            row.address = wave.address();
            row.extent = wave.capacity() as u32 * sample_size;
            for index in 0..wave.len() {
                for channel in wave.channels() {
                    row.peak = row.peak.max(channel[index].abs());
                    coding.encode(channel[index], &mut put);
                }
            }
        } else {
            row.extent = (EVENT_CAPACITY * EVENT_BYTES) as u32;
            events.iter().for_each(|event| put(&event.frame_bytes()));
        }
        row.shown = shown as u16;
        row.checksum = !sum;
        // A full ring: whoever looks is slower than the sound.
        let _ = self.rows.push(row.clone());
    }
}

const CRC: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                0xEDB8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn tapped(format: &DataFormat, channels: &[&[f32]]) -> TappedFrame {
        let mut tap = Tap::new();
        let mut end = tap.take_end().unwrap();
        let mut wave = Wave::new(channels.len(), 8);
        wave.set_len(channels[0].len());
        for (index, samples) in channels.iter().enumerate() {
            wave.channel_mut(index).copy_from_slice(samples);
        }
        let header = StreamHeader::default();
        tap.take(
            header,
            &Payload::Wave(wave),
            &Sight::of(Arc::new(format.clone())),
            format.sample_size(),
        );
        end.pop().unwrap()
    }

    #[test]
    fn bytes_are_those_of_the_agreed_format() {
        let shown = |row: &TappedFrame| row.bytes[..row.shown.into()].to_vec();
        let row = tapped(&DataFormat::float(2, 48_000), &[&[0.5], &[-1.0]]);
        assert_eq!(shown(&row), [0, 0, 0, 0x3F, 0, 0, 0x80, 0xBF]);
        assert_eq!((row.peak, row.extent), (1.0, 64));
        let row = tapped(&DataFormat::pcm(16, 1, 48_000), &[&[0.5, -1.0]]);
        assert_eq!(shown(&row), [0, 0x40, 0, 0x80]);
        let row = tapped(&DataFormat::pcm(24, 1, 48_000), &[&[-0.5]]);
        assert_eq!(shown(&row), [0, 0, 0xC0]);
        let row = tapped(&DataFormat::pcm(8, 1, 48_000), &[&[0.0, 0.5]]);
        assert_eq!(shown(&row), [128, 192]);
    }

    #[test]
    fn the_checksum_is_the_usual_one() {
        let mut sum = !0_u32;
        for byte in b"123456789" {
            sum = CRC[((sum ^ u32::from(*byte)) & 0xFF) as usize] ^ (sum >> 8);
        }
        assert_eq!(!sum, 0xCBF4_3926);
        let one = tapped(&DataFormat::float(1, 48_000), &[&[0.25, 0.5]]);
        let other = tapped(&DataFormat::float(1, 48_000), &[&[0.5, 0.25]]);
        assert_ne!(one.checksum, other.checksum);
    }
}
