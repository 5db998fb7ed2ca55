//! Opus, which symphonia has packets of and no decoder for; that is the crate `opus-pure`'s.
//!
//! A packet holds one stream for each channel or pair of channels, one behind the other; the head says which is which, in
//! the order of Vorbis. Their samples come in the order of wave files here. Always at 48 kHz: Opus knows no other.

use std::borrow::Cow;

use opus_pure::{MAX_PACKET_SAMPLES, OpusDecoder};
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;

use super::decoder::Block;
use super::names;
use crate::media::source::MediaError;
use crate::media::wav::{CHANNELS_MAX, usual_mask};

const RATE_HZ: u32 = 48_000;
/// What stands before the head.
const MAGIC: &[u8] = b"OpusHead";

/// How the channels of Vorbis are put into the order of wave files, for each number of them.
const ORDERS: [&[usize]; 8] = [
    &[0],
    &[0, 1],
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 5, 3, 4],
    &[0, 2, 1, 6, 5, 3, 4],
    &[0, 2, 1, 7, 5, 6, 3, 4],
];

/// What a head says.
#[derive(Debug, PartialEq)]
struct Head {
    channels: usize,
    /// What all samples are multiplied with.
    gain: f32,
    /// Streams, and how many of them are pairs.
    streams: (usize, usize),
    /// The stream's channel that each channel is; 255 is none.
    mapping: Vec<u8>,
    order: Vec<usize>,
}

impl Head {
    /// Without a head there is one stream of as many channels as its container says.
    fn plain(channels: usize) -> Self {
        Self {
            channels,
            gain: 1.0,
            streams: (1, channels - 1),
            mapping: (0..channels as u8).collect(),
            order: (0..channels).collect(),
        }
    }

    fn parse(data: &[u8]) -> Option<Self> {
        let data = data.strip_prefix(MAGIC)?;
        let channels = usize::from(*data.get(1)?);
        let gain = i16::from_le_bytes([*data.get(8)?, *data.get(9)?]);
        let gain = 10_f32.powf(f32::from(gain) / (20.0 * 256.0));
        let family = *data.get(10)?;
        if family == 0 {
            let plain = matches!(channels, 1 | 2).then(|| Self::plain(channels))?;
            return Some(Self { gain, ..plain });
        }
        // Each stream has a decoder of its own.
        let streams = usize::from(*data.get(11)?);
        let pairs = usize::from(*data.get(12)?);
        let most = usize::from(CHANNELS_MAX);
        if !(1..=most).contains(&streams) || channels > most || pairs > streams {
            return None;
        }
        let mapping = data.get(13..13 + channels)?.to_vec();
        // Only the first family has an order of its own.
        let order = match ORDERS.get(channels.checked_sub(1)?) {
            Some(order) if family == 1 => order.to_vec(),
            _ => (0..channels).collect(),
        };
        Some(Self {
            channels,
            gain,
            streams: (streams, pairs),
            mapping,
            order,
        })
    }
}

/// Samples that the head of a stream says stand before its sound.
pub(super) fn pre_skip(params: &AudioCodecParameters) -> Option<u16> {
    let data = params.extra_data.as_deref()?.strip_prefix(MAGIC)?;
    Some(u16::from_le_bytes([*data.get(2)?, *data.get(3)?]))
}

/// The packet of a stream that others follow, as it would be if it stood alone, and how many bytes it is here: it says how
/// long its last frame is, too (RFC 6716, appendix B).
fn first_of(data: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut at = 1;
    let size = |at: &mut usize| {
        let first = usize::from(*data.get(*at)?);
        *at += 1;
        if first < 252 {
            return Some(first);
        }
        let second = usize::from(*data.get(*at)?);
        *at += 1;
        Some(first + 4 * second)
    };
    // What goes before the size of the last frame stays, and so does what comes behind it.
    let (front, len) = match data.first()? & 3 {
        0 => (1, size(&mut at)?),
        1 => (1, 2 * size(&mut at)?),
        2 => {
            let first = size(&mut at)?;
            (at, first + size(&mut at)?)
        }
        _ => {
            let how = *data.get(1)?;
            at = 2;
            let mut padding = 0;
            let mut more = if how & 0x40 == 0 { 0 } else { 255 };
            while more == 255 {
                more = usize::from(*data.get(at)?);
                at += 1;
                padding += more.min(254);
            }
            let frames = usize::from(how & 63);
            if how & 0x80 == 0 {
                (at, frames * size(&mut at)? + padding)
            } else {
                let mut sum = 0;
                for _ in 1..frames {
                    sum += size(&mut at)?;
                }
                (at, sum + size(&mut at)? + padding)
            }
        }
    };
    let body = data.get(at..at + len)?;
    Some(([&data[..front], body].concat(), at + len))
}

/// One stream of a packet.
struct Stream {
    decoder: OpusDecoder,
    channels: usize,
    made: Vec<f32>,
}

/// A decoder of one sound.
pub(super) struct Opus {
    streams: Vec<Stream>,
    head: Head,
    channel_mask: u32,
}

impl Opus {
    pub(super) fn new(params: &AudioCodecParameters) -> Result<Self, MediaError> {
        let channels = params.channels.as_ref().map_or(0, |it| it.count());
        let head = match params.extra_data.as_deref() {
            Some(data) => Head::parse(data),
            None => matches!(channels, 1 | 2).then(|| Head::plain(channels)),
        };
        let refused = || MediaError::Damaged("the head of its Opus stream cannot be read".into());
        let head = head.ok_or_else(refused)?;
        let (streams, pairs) = head.streams;
        let stream = |index: usize| {
            let channels = if index < pairs { 2 } else { 1 };
            Some(Stream {
                decoder: OpusDecoder::new(RATE_HZ as i32, channels).ok()?,
                channels,
                made: vec![0.0; MAX_PACKET_SAMPLES * channels],
            })
        };
        let streams: Option<Vec<Stream>> = (0..streams).map(stream).collect();
        let channel_mask = match &params.channels {
            Some(them) if channels == head.channels => names::mask(them),
            _ => usual_mask(head.channels as u16),
        };
        Ok(Self {
            streams: streams.ok_or_else(refused)?,
            head,
            channel_mask,
        })
    }

    pub(super) fn reset(&mut self) {
        for stream in &mut self.streams {
            // It says that it can fail; only to make it anew could.
            let _ = stream.decoder.reset_state();
        }
    }

    /// Decodes every stream of a packet; how many samples each gave.
    fn decode_streams(&mut self, mut data: &[u8]) -> Option<usize> {
        let (mut len, last) = (None, self.streams.len() - 1);
        for (index, stream) in self.streams.iter_mut().enumerate() {
            let packet = if index < last {
                let (packet, used) = first_of(data)?;
                data = data.get(used..)?;
                Cow::Owned(packet)
            } else {
                Cow::Borrowed(data)
            };
            // What has no bytes would be taken for a packet that was lost, and made up.
            if packet.is_empty() {
                return None;
            }
            let made = stream
                .decoder
                .decode(&packet, MAX_PACKET_SAMPLES, &mut stream.made);
            let made = made.ok()?;
            if *len.get_or_insert(made) != made {
                return None;
            }
        }
        len
    }

    pub(super) fn decode(&mut self, packet: &Packet) -> Result<Block, Error> {
        let wrong = Error::DecodeError("opus: a packet that cannot be read");
        let len = self.decode_streams(&packet.data).ok_or(wrong)?;
        let (front, behind) = (packet.trim_start.get(), packet.trim_end.get());
        let end = len.saturating_sub(behind as usize);
        let kept = (front as usize).min(end)..end;
        let pairs = self.head.streams.1;
        let plane = |channel: &usize| {
            let slot = usize::from(self.head.mapping[*channel]);
            let (stream, of) = match slot.checked_sub(2 * pairs) {
                Some(single) => (pairs + single, 0),
                None => (slot / 2, slot % 2),
            };
            let Some(stream) = self.streams.get(stream) else {
                return vec![0.0; kept.len()];
            };
            let frames = stream.made.chunks_exact(stream.channels);
            let samples = frames.map(|frame| frame[of] * self.head.gain);
            samples.take(kept.end).skip(kept.start).collect()
        };
        Ok(Block {
            rate_hz: RATE_HZ,
            channel_mask: self.channel_mask,
            planes: self.head.order.iter().map(plane).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_that_others_follow_are_as_if_they_stood_alone() {
        let long = [7; 300];
        for (here, alone) in [
            (vec![0xfc, 2, 8, 9], vec![0xfc, 8, 9]),
            (vec![0xfd, 1, 8, 9], vec![0xfd, 8, 9]),
            (vec![0xfe, 1, 2, 7, 8, 9], vec![0xfe, 1, 7, 8, 9]),
            // Three frames of one length; two of their own, with padding.
            (vec![0xff, 3, 1, 7, 8, 9], vec![0xff, 3, 7, 8, 9]),
            (
                vec![0xff, 0xc2, 1, 1, 2, 7, 8, 9, 0],
                vec![0xff, 0xc2, 1, 1, 7, 8, 9, 0],
            ),
            // 252 + 12 * 4.
            (
                [&[0xfc, 252, 12][..], &long].concat(),
                [&[0xfc][..], &long].concat(),
            ),
        ] {
            let used = here.len();
            let more = [&here[..], &[1, 2, 3]].concat();
            assert_eq!(first_of(&more), Some((alone, used)));
            for cut in 0..used {
                assert_eq!(first_of(&more[..cut]), None, "{cut}");
            }
        }
    }

    #[test]
    fn heads_say_channels_gain_and_order() {
        let head = |channels: u8, gain: i16, rest: &[u8]| {
            let [low, high] = gain.to_le_bytes();
            let front = [1, channels, 56, 1, 0x80, 0xbb, 0, 0, low, high];
            Head::parse(&[MAGIC, &front, rest].concat())
        };
        let plain = head(2, 0, &[0]).unwrap();
        assert_eq!(plain, Head::plain(2));
        let soft = head(1, -6 * 256, &[0]).unwrap();
        assert!((soft.gain - 0.501_187).abs() < 1e-5, "{}", soft.gain);
        let six = head(6, 0, &[1, 4, 2, 0, 4, 1, 2, 3, 5]).unwrap();
        assert_eq!(six.streams, (4, 2));
        assert_eq!(six.mapping, [0, 4, 1, 2, 3, 5]);
        assert_eq!(six.order, [0, 2, 1, 5, 3, 4]);
        for rest in [&[][..], &[1], &[1, 4, 2, 0, 4], &[0, 1]] {
            assert_eq!(head(6, 0, rest), None, "{rest:?}");
        }
        assert_eq!(head(0, 0, &[0]), None);
        assert_eq!(head(0, 0, &[1, 1, 0]), None);
        assert_eq!(Head::parse(b"OpusHea"), None);
    }
}
