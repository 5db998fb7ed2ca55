//! What symphonia's numbers mean to people: containers, codecs, grids, speakers, words.

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, well_known as codec};
use symphonia::core::formats::{FormatReader, well_known as format};

use crate::media::tags::Tags;
use crate::media::wav::usual_mask;

/// Samples whose decoding leaves traces in later ones.
pub(super) fn preroll(params: &AudioCodecParameters) -> u64 {
    match params.codec {
        // The bit reservoir reaches up to 511 bytes back, which are ten of the shortest frames; then two frames overlap.
        codec::CODEC_ID_MP3 => 24 * 1152,
        codec::CODEC_ID_MP1 | codec::CODEC_ID_MP2 => 4 * 1152,
        codec::CODEC_ID_AAC => 4 * 1024,
        codec::CODEC_ID_VORBIS => 3 * 8192,
        // It never forgets quite: what is left of what came before is a tenth less with every packet.
        codec::CODEC_ID_OPUS => 3 * 48_000,
        _ => 0,
    }
}

pub(super) fn container(reader: &dyn FormatReader) -> &'static str {
    match reader.format_info().format {
        format::FORMAT_ID_WAVE => "WAV",
        format::FORMAT_ID_AIFF => "AIFF",
        format::FORMAT_ID_CAF => "CAF",
        format::FORMAT_ID_MP1 | format::FORMAT_ID_MP2 | format::FORMAT_ID_MP3 => "MPEG audio",
        format::FORMAT_ID_ADTS => "ADTS",
        format::FORMAT_ID_OGG => "Ogg",
        format::FORMAT_ID_FLAC => "FLAC",
        format::FORMAT_ID_ISOMP4 => "MP4",
        format::FORMAT_ID_MKV => "Matroska",
        _ => "media",
    }
}

/// The codec's name; empty for one that is not known.
pub(super) fn codec_name(params: &AudioCodecParameters) -> &'static str {
    match params.codec {
        codec::CODEC_ID_MP1 => "MP1",
        codec::CODEC_ID_MP2 => "MP2",
        codec::CODEC_ID_MP3 => "MP3",
        codec::CODEC_ID_AAC => "AAC",
        codec::CODEC_ID_VORBIS => "Vorbis",
        codec::CODEC_ID_OPUS => "Opus",
        codec::CODEC_ID_FLAC => "FLAC",
        codec::CODEC_ID_ALAC => "ALAC",
        codec::CODEC_ID_PCM_ALAW => "A-law",
        codec::CODEC_ID_PCM_MULAW => "u-law",
        codec::CODEC_ID_ADPCM_MS => "MS ADPCM",
        codec::CODEC_ID_ADPCM_IMA_WAV | codec::CODEC_ID_ADPCM_IMA_QT => "IMA ADPCM",
        id if float_bits(id).is_some() => "float",
        id if pcm_bits(id).is_some() => "PCM",
        _ => "",
    }
}

fn float_bits(id: AudioCodecId) -> Option<u16> {
    Some(match id {
        codec::CODEC_ID_PCM_F32LE
        | codec::CODEC_ID_PCM_F32BE
        | codec::CODEC_ID_PCM_F32LE_PLANAR
        | codec::CODEC_ID_PCM_F32BE_PLANAR => 32,
        codec::CODEC_ID_PCM_F64LE
        | codec::CODEC_ID_PCM_F64BE
        | codec::CODEC_ID_PCM_F64LE_PLANAR
        | codec::CODEC_ID_PCM_F64BE_PLANAR => 64,
        _ => return None,
    })
}

fn pcm_bits(id: AudioCodecId) -> Option<u16> {
    Some(match id {
        codec::CODEC_ID_PCM_S8 | codec::CODEC_ID_PCM_U8 => 8,
        codec::CODEC_ID_PCM_S16LE
        | codec::CODEC_ID_PCM_S16BE
        | codec::CODEC_ID_PCM_U16LE
        | codec::CODEC_ID_PCM_U16BE => 16,
        codec::CODEC_ID_PCM_S24LE
        | codec::CODEC_ID_PCM_S24BE
        | codec::CODEC_ID_PCM_U24LE
        | codec::CODEC_ID_PCM_U24BE => 24,
        codec::CODEC_ID_PCM_S32LE
        | codec::CODEC_ID_PCM_S32BE
        | codec::CODEC_ID_PCM_U32LE
        | codec::CODEC_ID_PCM_U32BE => 32,
        _ => return None,
    })
}

/// The grid of decoded samples: bits, and whether there is none.
pub(super) fn grid(params: &AudioCodecParameters) -> (u16, bool) {
    match params.codec {
        codec::CODEC_ID_PCM_ALAW
        | codec::CODEC_ID_PCM_MULAW
        | codec::CODEC_ID_ADPCM_MS
        | codec::CODEC_ID_ADPCM_IMA_WAV
        | codec::CODEC_ID_ADPCM_IMA_QT => (16, false),
        codec::CODEC_ID_FLAC | codec::CODEC_ID_ALAC => {
            let told = params.bits_per_sample.filter(|bits| *bits > 1);
            let bits = alac_bits(params).or(told).unwrap_or(24);
            (bits.clamp(1, 32) as u16, false)
        }
        id => match (pcm_bits(id), float_bits(id)) {
            (Some(bits), _) => (bits, false),
            (_, Some(bits)) => (bits, true),
            _ => (32, true),
        },
    }
}

/// The bits of ALAC, from its cookie, which may be wrapped.
fn alac_bits(params: &AudioCodecParameters) -> Option<u32> {
    if params.codec != codec::CODEC_ID_ALAC {
        return None;
    }
    let mut cookie = params.extra_data.as_deref()?;
    while matches!(cookie.get(4..8), Some(b"frma" | b"alac")) {
        cookie = cookie.get(12..)?;
    }
    cookie.get(5).map(|bits| u32::from(*bits))
}

/// The speakers of decoded channels.
pub(super) fn mask(channels: &Channels) -> u32 {
    // Up to the eighteenth they are counted alike.
    const KNOWN: u32 = (1 << 18) - 1;
    let count = channels.count() as u16;
    match channels {
        Channels::Positioned(positions)
            if u64::from(positions.bits() as u32 & KNOWN).count_ones() == u32::from(count) =>
        {
            positions.bits() as u32 & KNOWN
        }
        _ => usual_mask(count),
    }
}

pub(super) fn tags(reader: &mut dyn FormatReader) -> Tags {
    let mut tags = Tags::default();
    let mut metadata = reader.metadata();
    // The last revision is the newest: what it says counts most.
    let mut revisions = Vec::new();
    while let Some(revision) = metadata.pop() {
        revisions.push(revision);
    }
    if let Some(last) = metadata.current() {
        revisions.push(last.clone());
    }
    for revision in revisions.iter().rev() {
        tags.add(revision);
    }
    tags
}
