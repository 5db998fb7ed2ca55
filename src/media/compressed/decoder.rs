//! What makes samples of packets: symphonia's decoders, and the one for Opus that it has none for.

use symphonia::core::audio::{Audio, GenericAudioBufferRef};
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known as codec,
};
use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;

use super::opus::Opus;
use super::{guarded, names, refusal};
use crate::media::source::MediaError;

/// A decoder of any codec.
pub(super) enum Decoder {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<Opus>),
}

impl Decoder {
    /// `trims_itself`: it cuts off what its packets say.
    pub(super) fn new(
        params: &AudioCodecParameters,
        trims_itself: bool,
    ) -> Result<Self, MediaError> {
        if params.codec == codec::CODEC_ID_OPUS {
            return Ok(Self::Opus(Box::new(Opus::new(params)?)));
        }
        let options = AudioDecoderOptions::default().gapless(trims_itself);
        let made =
            guarded(|| symphonia::default::get_codecs().make_audio_decoder(params, &options))?;
        Ok(Self::Symphonia(made.map_err(refusal)?))
    }

    /// The grid of what it gives: bits, and whether there is none.
    pub(super) fn grid(&self) -> (u16, bool) {
        match self {
            Self::Symphonia(decoder) => names::grid(decoder.codec_params()),
            Self::Opus(_) => (32, true),
        }
    }

    pub(super) fn decode(&mut self, packet: &Packet) -> Result<Block, Error> {
        match self {
            Self::Symphonia(decoder) => decoder.decode(packet).map(Block::of),
            Self::Opus(decoder) => decoder.decode(packet),
        }
    }

    /// Forgets what came before.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Symphonia(decoder) => decoder.reset(),
            Self::Opus(decoder) => decoder.reset(),
        }
    }
}

/// One decoded packet.
pub(super) struct Block {
    pub(super) rate_hz: u32,
    pub(super) channel_mask: u32,
    pub(super) planes: Vec<Vec<f32>>,
}

impl Block {
    fn of(buffer: GenericAudioBufferRef<'_>) -> Self {
        let spec = buffer.spec();
        let (rate_hz, channel_mask) = (spec.rate(), names::mask(spec.channels()));
        // Whole numbers of up to 24 bits stay exact; longer ones are rounded once, to the nearest.
        let planes = match &buffer {
            GenericAudioBufferRef::U8(it) => planes(*it, |s| (f32::from(s) - 128.0) / 128.0),
            GenericAudioBufferRef::U16(it) => planes(*it, |s| (f32::from(s) - 32_768.0) / 32_768.0),
            GenericAudioBufferRef::U24(it) => {
                planes(*it, |s| (s.inner() as i32 - 8_388_608) as f32 / 8_388_608.0)
            }
            GenericAudioBufferRef::U32(it) => planes(*it, |s| {
                (i64::from(s) - 2_147_483_648) as f32 / 2_147_483_648.0
            }),
            GenericAudioBufferRef::S8(it) => planes(*it, |s| f32::from(s) / 128.0),
            GenericAudioBufferRef::S16(it) => planes(*it, |s| f32::from(s) / 32_768.0),
            GenericAudioBufferRef::S24(it) => planes(*it, |s| s.inner() as f32 / 8_388_608.0),
            GenericAudioBufferRef::S32(it) => planes(*it, |s| s as f32 / 2_147_483_648.0),
            GenericAudioBufferRef::F32(it) => planes(*it, |s| s),
            GenericAudioBufferRef::F64(it) => planes(*it, |s| s as f32),
        };
        Self {
            rate_hz,
            channel_mask,
            planes,
        }
    }
}

fn planes<S: symphonia::core::audio::sample::Sample>(
    buffer: &symphonia::core::audio::AudioBuffer<S>,
    number: impl Fn(S) -> f32,
) -> Vec<Vec<f32>> {
    let plane = |plane: &[S]| plane.iter().map(|sample| number(*sample)).collect();
    buffer.iter_planes().map(plane).collect()
}
