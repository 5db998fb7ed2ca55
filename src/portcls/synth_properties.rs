//! The Synth property set that a port answers for its synthesizer, and the clock of its filter (`KSPROPSETID_Synth`,
//! `KSPROPSETID_SynthClock`).
//!
//! Lives here: the structures as bytes, and which of the filter's own properties they mean; what is set becomes a value of
//! the filter, so it is saved and can be undone. Does not live here: what a synthesizer does with it.

use super::priority::{self, Priorities};
use crate::ks::ids::set::{SYNTH, SYNTH_CLOCK};
use crate::ks::{
    PortParameters, Property, PropertyItem, PropertyReply, PropertyRequest, PropertyTarget, Status,
    SynthCaps, Value, port_parameter, synth_stat,
};

/// Channels of a group.
const CHANNELS: u32 = 16;
/// Units of the name in SYNTHCAPS, its end among them.
const TITLE: usize = 128;
/// 1/100 dB at which there is nothing.
const SILENCE: f64 = -20_000.0;

/// What the set needs to know of a synthesizer's filter.
pub trait Synth {
    /// What it can do.
    const CAPS: SynthCaps;
    /// The factory of its pin for notes.
    const PIN: usize;
    /// Its node.
    const NODE: u32;
    /// How many voices there are.
    const VOICES: Property;
    /// The volume behind them, in dB.
    const VOLUME: Property;
    /// How many groups of channels there are; where there is no such property it is one.
    const GROUPS: Option<Property>;
    /// The priorities of channels, as [`Priorities`] in words.
    const PRIORITIES: Option<Property>;
}

/// One whose volume can be boosted.
pub trait Boosted: Synth {
    /// What is added to the volume, in dB.
    const BOOST: Property;
}

/// What a synthesizer answers beside [`items`] whose volume can be boosted.
pub const fn boost_item<S: Boosted>() -> PropertyItem {
    item::<S>(1, "VOLUMEBOOST", 0, 4, true, boost::<S>)
}

/// The table of a synthesizer with everything but a boost.
pub const fn items<S: Synth>() -> [PropertyItem; 8] {
    [
        item::<S>(0, "VOLUME", 0, 4, true, volume::<S>),
        item::<S>(2, "CAPS", 0, 40 + 2 * TITLE, false, caps::<S>),
        item::<S>(3, "PORTPARAMETERS", 28, 28, false, port_parameters::<S>),
        item::<S>(4, "CHANNELGROUPS", 0, 4, S::GROUPS.is_some(), groups::<S>),
        item::<S>(
            5,
            "VOICEPRIORITY",
            8,
            4,
            S::PRIORITIES.is_some(),
            voice_priority::<S>,
        ),
        item::<S>(6, "LATENCYCLOCK", 0, 8, false, latency_clock),
        item::<S>(7, "RUNNINGSTATS", 0, 28, false, running_stats::<S>),
        PropertyItem {
            set: SYNTH_CLOCK,
            target: PropertyTarget::Filter,
            node: None,
            ..item::<S>(0, "MASTERCLOCK", 0, 8, false, master_clock)
        },
    ]
}

const fn item<S: Synth>(
    id: u32,
    name: &'static str,
    instance: usize,
    value: usize,
    sets: bool,
    handler: fn(&mut PropertyRequest<'_>) -> PropertyReply,
) -> PropertyItem {
    PropertyItem {
        set: SYNTH,
        id,
        name,
        target: PropertyTarget::Pin(S::PIN),
        node: Some(S::NODE),
        instance,
        value,
        gets: true,
        sets,
        handler,
    }
}

fn words<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes.get(..4 * N)?.chunks_exact(4)) {
        *word = u32::from_le_bytes(bytes.try_into().ok()?);
    }
    Some(words)
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn done(words: &[u32]) -> PropertyReply {
    Ok((Status::Success, bytes(words)))
}

/// The first word of what is to be set.
fn asked(request: &PropertyRequest<'_>) -> Result<u32, Status> {
    words::<1>(request.value)
        .map(|[word]| word)
        .ok_or(Status::BufferTooSmall)
}

fn caps<S: Synth>(_: &mut PropertyRequest<'_>) -> PropertyReply {
    let SynthCaps {
        id,
        flags,
        memory,
        channel_groups,
        voices,
        audio_channels,
        effects,
        title,
    } = S::CAPS;
    let head = [
        flags,
        memory,
        channel_groups,
        voices,
        audio_channels,
        effects,
    ];
    let mut all = [id.to_bytes().to_vec(), bytes(&head)].concat();
    let title: Vec<u16> = title.encode_utf16().take(TITLE - 1).collect();
    let padded = title.into_iter().chain(std::iter::repeat(0)).take(TITLE);
    all.extend(padded.flat_map(u16::to_le_bytes));
    Ok((Status::Success, all))
}

fn count(request: &PropertyRequest<'_>, property: &Property) -> u32 {
    request.settings.number(property) as u32
}

fn groups_of<S: Synth>(request: &PropertyRequest<'_>) -> u32 {
    S::GROUPS.map_or(1, |property| count(request, &property))
}

fn port_parameters<S: Synth>(request: &mut PropertyRequest<'_>) -> PropertyReply {
    let Some(
        [
            valid,
            voices,
            channel_groups,
            audio_channels,
            rate_hz,
            effects,
            share,
        ],
    ) = words::<7>(request.instance)
    else {
        return Err(Status::InvalidParameter);
    };
    let asked = PortParameters {
        valid,
        voices,
        channel_groups,
        audio_channels,
        rate_hz,
        effects,
        share,
    };
    let is = PortParameters {
        valid: port_parameter::ALL,
        voices: count(request, &S::VOICES),
        channel_groups: groups_of::<S>(request),
        audio_channels: S::CAPS.audio_channels,
        rate_hz: request.rate_hz,
        effects: S::CAPS.effects,
        share: 0,
    };
    let (had, is_all) = S::CAPS.grant(asked, is);
    let status = match is_all {
        true => Status::Success,
        false => Status::NotAllAssigned,
    };
    let PortParameters {
        valid,
        voices,
        channel_groups,
        audio_channels,
        rate_hz,
        effects,
        share,
    } = had;
    let all = [
        valid,
        voices,
        channel_groups,
        audio_channels,
        rate_hz,
        effects,
        share,
    ];
    Ok((status, bytes(&all)))
}

/// How many groups of sixteen channels there are; more than there can be is as many as there can be (SYN-8).
fn groups<S: Synth>(request: &mut PropertyRequest<'_>) -> PropertyReply {
    let Some(property) = S::GROUPS.filter(|_| request.is_set) else {
        return done(&[groups_of::<S>(request)]);
    };
    let asked = asked(request)?;
    if asked == 0 {
        return Err(Status::InvalidParameter);
    }
    let had = asked.min(S::CAPS.channel_groups);
    request
        .changes
        .push((property.key, Value::Number(had.into())));
    match had == asked {
        true => Ok((Status::Success, vec![])),
        false => Ok((Status::NotAllAssigned, vec![])),
    }
}

/// In 1/100 dB.
fn volume<S: Synth>(request: &mut PropertyRequest<'_>) -> PropertyReply {
    decibels(request, S::VOLUME)
}

/// What is added to the volume behind everything, in 1/100 dB.
fn boost<S: Boosted>(request: &mut PropertyRequest<'_>) -> PropertyReply {
    decibels(request, S::BOOST)
}

fn decibels(request: &mut PropertyRequest<'_>, property: Property) -> PropertyReply {
    if !request.is_set {
        let db = request.settings.number(&property);
        return done(&[(db * 100.0).round() as i32 as u32]);
    }
    let asked = f64::from(asked(request)? as i32).max(SILENCE) / 100.0;
    // What the volume does not reach is its end, as of any slider (PRP-9).
    request.changes.push((property.key, Value::Number(asked)));
    Ok((Status::Success, vec![]))
}

fn voice_priority<S: Synth>(request: &mut PropertyRequest<'_>) -> PropertyReply {
    let Some([group, channel]) = words::<2>(request.instance) else {
        return Err(Status::InvalidParameter);
    };
    if group >= groups_of::<S>(request) || channel >= CHANNELS {
        return Err(Status::InvalidParameter);
    }
    let place = (group as usize, channel as u8);
    let Some(property) = S::PRIORITIES else {
        return done(&[priority::usual(place.1)]);
    };
    let (mut all, _) = Priorities::read(&request.settings.text(&property));
    if !request.is_set {
        return done(&[all.of(place)]);
    }
    all.set(place, asked(request)?);
    request
        .changes
        .push((property.key, Value::Text(all.to_string())));
    Ok((Status::Success, vec![]))
}

/// The earliest time that can still be heard of what is submitted now (LAT-1).
fn latency_clock(request: &mut PropertyRequest<'_>) -> PropertyReply {
    let time = request.now.saturating_add(request.latency);
    Ok((Status::Success, time.to_le_bytes().to_vec()))
}

fn master_clock(request: &mut PropertyRequest<'_>) -> PropertyReply {
    Ok((Status::Success, request.now.to_le_bytes().to_vec()))
}

/// Of the time since it entered Run; processor time is nothing a synthesizer knows of itself.
fn running_stats<S: Synth>(request: &mut PropertyRequest<'_>) -> PropertyReply {
    // As much memory as it has by its capabilities: a mark where that is the machine's.
    let (is_free, free) = match S::CAPS.memory {
        0 => (0, 0),
        memory => (synth_stat::FREE_MEMORY, memory),
    };
    let Some(cells) = &request.cells else {
        // It does not run: nothing else is valid.
        return done(&[is_free, 0, 0, 0, 0, free, 0]);
    };
    let stats = cells.stats();
    let valid = synth_stat::VOICES | synth_stat::LOST_NOTES | synth_stat::PEAK_VOLUME | is_free;
    let peak = match stats.peak {
        peak if peak > 0.0 => f64::from(peak).log10() * 2_000.0,
        _ => SILENCE,
    };
    let peak = peak.max(SILENCE).round() as i32 as u32;
    done(&[valid, stats.voices, 0, 0, stats.lost_notes, free, peak])
}
