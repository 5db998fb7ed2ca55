//! The DLS property set that a port answers for its synthesizer: sounds are downloaded and unloaded at once, past the
//! sequencer and the wave sink (DLS-1).
//!
//! Lives here: the structures as bytes. Does not live here: what a buffer holds and who plays it; that is the synthesizer's
//! memory (`ks/dls_memory.rs`). Nothing here is a value of the filter: what a pin has downloaded is gone with the pin, and is
//! neither saved nor undone. What is to stay is a bank.

use super::synth_properties::Synth;
use crate::ks::ids::set::SYNTH_DLS;
use crate::ks::{
    DlsRefusal, PropertyItem, PropertyReply, PropertyRequest, PropertyTarget, Status, Unloaded,
};

/// Bytes before the buffer in a DOWNLOAD: its size, and four that mean nothing. It stands there itself, where KS has its
/// address.
const BUFFER_HEAD: usize = 8;
/// SYNTHDOWNLOAD: a handle of eight bytes, whether the buffer may be freed, and four that fill up.
const DOWNLOADED: usize = 16;
const HANDLE: usize = 8;
/// WAVEFORMATEX.
const FORMAT: usize = 18;
/// The tag of floats.
const FLOAT: u16 = 3;

/// The table of a synthesizer that has memory for sounds.
pub const fn items<S: Synth>() -> [PropertyItem; 5] {
    [
        item::<S>(
            0,
            "DOWNLOAD",
            (BUFFER_HEAD, DOWNLOADED),
            (true, false),
            download,
        ),
        item::<S>(1, "UNLOAD", (0, HANDLE), (false, true), unload),
        item::<S>(2, "COMPACT", (0, 0), (false, true), compact),
        item::<S>(3, "APPEND", (0, 4), (true, false), append),
        item::<S>(4, "WAVEFORMAT", (0, FORMAT), (true, false), format::<S>),
    ]
}

const fn item<S: Synth>(
    id: u32,
    name: &'static str,
    (instance, value): (usize, usize),
    (gets, sets): (bool, bool),
    handler: fn(&mut PropertyRequest<'_>) -> PropertyReply,
) -> PropertyItem {
    PropertyItem {
        set: SYNTH_DLS,
        id,
        name,
        target: PropertyTarget::Pin(S::PIN),
        node: Some(S::NODE),
        instance,
        value,
        gets,
        sets,
        handler,
    }
}

/// Says why not.
fn refused(request: &mut PropertyRequest<'_>, refusal: DlsRefusal) -> Status {
    request.words = Some(refusal.words);
    refusal.status
}

fn download(request: &mut PropertyRequest<'_>) -> PropertyReply {
    let Some(memory) = request.memory.clone() else {
        return Err(Status::DeviceNotReady);
    };
    let Some((head, rest)) = request.instance.split_first_chunk::<BUFFER_HEAD>() else {
        return Err(Status::InvalidParameter);
    };
    let [a, b, c, d, ..] = *head;
    let size = u32::from_le_bytes([a, b, c, d]) as usize;
    let Some(buffer) = rest.get(..size) else {
        let words = format!(
            "the buffer is to have {size} bytes, and {} are there",
            rest.len()
        );
        let refusal = DlsRefusal::with(Status::BufferTooSmall, words);
        return Err(refused(request, refusal));
    };
    match memory.download(request.opened, buffer) {
        Ok(handle) => {
            // It is a copy: the sender may free its own.
            let words = [handle, 0, 1, 0];
            let bytes = words.iter().flat_map(|word| word.to_le_bytes());
            Ok((Status::Success, bytes.collect()))
        }
        Err(refusal) => Err(refused(request, refusal)),
    }
}

fn unload(request: &mut PropertyRequest<'_>) -> PropertyReply {
    let Some(memory) = request.memory.clone() else {
        return Err(Status::DeviceNotReady);
    };
    let Some(handle) = request.value.first_chunk::<HANDLE>() else {
        return Err(Status::BufferTooSmall);
    };
    let handle = u64::from_le_bytes(*handle);
    let outcome = match u32::try_from(handle) {
        Ok(handle) => memory.unload(request.opened, handle),
        Err(_) => Err(DlsRefusal::new(format!("there is no handle {handle}"))),
    };
    match outcome {
        Ok(Unloaded::Now) => Ok((Status::Success, vec![])),
        // It is completed by the handle.
        Ok(Unloaded::WithItsVoices) => Ok((Status::Pending, vec![])),
        Err(refusal) => Err(refused(request, refusal)),
    }
}

fn compact(request: &mut PropertyRequest<'_>) -> PropertyReply {
    if let Some(memory) = &request.memory {
        memory.compact();
    }
    Ok((Status::Success, vec![]))
}

/// Bytes to be left behind the data of each buffer: none, since it is copied.
fn append(_: &mut PropertyRequest<'_>) -> PropertyReply {
    Ok((Status::Success, vec![0; 4]))
}

/// What the wave sink gives: floats at the graph's rate.
fn format<S: Synth>(request: &mut PropertyRequest<'_>) -> PropertyReply {
    let channels = S::CAPS.audio_channels as u16;
    let frame = 4 * channels;
    let mut bytes = vec![];
    for half in [FLOAT, channels] {
        bytes.extend(half.to_le_bytes());
    }
    for word in [request.rate_hz, request.rate_hz * u32::from(frame)] {
        bytes.extend(word.to_le_bytes());
    }
    for half in [frame, 32, 0] {
        bytes.extend(half.to_le_bytes());
    }
    Ok((Status::Success, bytes))
}
