//! What a synthesizer says of itself and what it counts: the structures of the Synth property set.
//!
//! Lives here: capabilities, the parameters of a port, and the numbers that its running half publishes. Does not live here:
//! the set itself (`portcls/synth_properties.rs`), nor any synthesizer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::ids::Guid;

/// Capabilities, a bit each.
pub mod synth_flag {
    /// Sounds of DLS level 1 can be downloaded.
    pub const DLS: u32 = 1;
    /// It stands outside the machine.
    pub const EXTERNAL: u32 = 2;
    /// The machine makes the sound.
    pub const SOFTWARESYNTH: u32 = 4;
    /// Sounds of DLS level 2 can be downloaded.
    pub const DLS2: u32 = 0x200;
}

/// Effects, a bit each.
pub mod synth_effect {
    /// Reverb.
    pub const REVERB: u32 = 1;
    /// Chorus.
    pub const CHORUS: u32 = 2;
}

/// Memory for sounds is the machine's own.
pub const SYSTEM_MEMORY: u32 = 0x7FFF_FFFF;

/// So many voices has a device of which nobody knows how many it has: -1 as KS writes it (UAR-5).
pub const UNKNOWN_VOICES: u32 = u32::MAX;

/// What it can do (SYNTHCAPS).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SynthCaps {
    /// Class of the miniport.
    pub id: Guid,
    /// [`synth_flag`].
    pub flags: u32,
    /// Bytes for sounds, [`SYSTEM_MEMORY`] for as many as there are.
    pub memory: u32,
    /// Groups of sixteen channels, at most.
    pub channel_groups: u32,
    /// Voices, at most; [`UNKNOWN_VOICES`] where nobody knows.
    pub voices: u32,
    /// Channels of sound, at most.
    pub audio_channels: u32,
    /// [`synth_effect`].
    pub effects: u32,
    /// What people read; at most 127 UTF-16 units count.
    pub title: &'static str,
}

/// Which of the parameters of a port were given, a bit each.
pub mod port_parameter {
    /// Voices.
    pub const VOICES: u32 = 1;
    /// Groups of sixteen channels.
    pub const CHANNELGROUPS: u32 = 2;
    /// Channels of sound.
    pub const AUDIOCHANNELS: u32 = 4;
    /// Samples a second.
    pub const SAMPLERATE: u32 = 8;
    /// Effects.
    pub const EFFECTS: u32 = 0x20;
    /// Whether others may share it.
    pub const SHARE: u32 = 0x40;
    /// All of them.
    pub const ALL: u32 = VOICES | CHANNELGROUPS | AUDIOCHANNELS | SAMPLERATE | EFFECTS | SHARE;
}

/// What a port is to be like (SYNTH_PORTPARAMS).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PortParameters {
    /// [`port_parameter`]: which of the others were asked for.
    pub valid: u32,
    /// Voices.
    pub voices: u32,
    /// Groups of sixteen channels.
    pub channel_groups: u32,
    /// Channels of sound.
    pub audio_channels: u32,
    /// Hz.
    pub rate_hz: u32,
    /// [`synth_effect`].
    pub effects: u32,
    /// Not 0: others may share it.
    pub share: u32,
}

/// The lowest and the highest rate that a port can be asked for, in Hz (SYN-4).
pub const PORT_RATES: (u32, u32) = (11_025, 96_000);

impl SynthCaps {
    /// What is had of what was asked for: what cannot be had is replaced by what comes nearest, what was not asked for is
    /// as it `is`. Whether everything that was asked for is had (SYN-4, SYN-8).
    pub fn grant(&self, asked: PortParameters, is: PortParameters) -> (PortParameters, bool) {
        let of = |bit: u32, asked_for: u32, is: u32, near: &dyn Fn(u32) -> u32| match asked.valid
            & bit
        {
            0 => is,
            _ => near(asked_for),
        };
        let up_to = |most: u32| move |it: u32| it.clamp(1, most.max(1));
        let granted = PortParameters {
            valid: port_parameter::ALL,
            voices: of(
                port_parameter::VOICES,
                asked.voices,
                is.voices,
                &up_to(self.voices),
            ),
            channel_groups: of(
                port_parameter::CHANNELGROUPS,
                asked.channel_groups,
                is.channel_groups,
                &up_to(self.channel_groups),
            ),
            audio_channels: of(
                port_parameter::AUDIOCHANNELS,
                asked.audio_channels,
                is.audio_channels,
                &up_to(self.audio_channels),
            ),
            rate_hz: of(
                port_parameter::SAMPLERATE,
                asked.rate_hz,
                is.rate_hz,
                &|it| it.clamp(PORT_RATES.0, PORT_RATES.1),
            ),
            effects: of(port_parameter::EFFECTS, asked.effects, is.effects, &|it| {
                it & self.effects
            }),
            share: of(port_parameter::SHARE, asked.share, is.share, &|_| 0),
        };
        let known = asked.valid & port_parameter::ALL == asked.valid;
        let same = [
            (port_parameter::VOICES, granted.voices == asked.voices),
            (
                port_parameter::CHANNELGROUPS,
                granted.channel_groups == asked.channel_groups,
            ),
            (
                port_parameter::AUDIOCHANNELS,
                granted.audio_channels == asked.audio_channels,
            ),
            (port_parameter::SAMPLERATE, granted.rate_hz == asked.rate_hz),
            (port_parameter::EFFECTS, granted.effects == asked.effects),
            (port_parameter::SHARE, granted.share == asked.share),
        ];
        let is_whole = same
            .iter()
            .all(|(bit, is_same)| asked.valid & bit == 0 || *is_same);
        (granted, known && is_whole)
    }
}

/// Which running statistics are given, a bit each.
pub mod synth_stat {
    /// Voices, on average.
    pub const VOICES: u32 = 1;
    /// Notes that found no voice.
    pub const LOST_NOTES: u32 = 8;
    /// The loudest sample.
    pub const PEAK_VOLUME: u32 = 0x10;
    /// Bytes that are left for sounds.
    pub const FREE_MEMORY: u32 = 0x20;
}

/// What a synthesizer counts while it runs; from the beginning again with each entry to Run. One thread writes.
#[derive(Clone, Debug, Default)]
pub struct SynthCells(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// Samples that were played, and voices times samples.
    samples: AtomicU64,
    voices: AtomicU64,
    lost: AtomicU32,
    /// Bits of the amplitude; those of positive floats are in their order.
    peak: AtomicU32,
}

/// What was counted (SYNTH_STATS).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SynthStats {
    /// Voices that sounded, on average.
    pub voices: u32,
    /// Notes that found no voice.
    pub lost_notes: u32,
    /// The loudest sample, as amplitude.
    pub peak: f32,
}

impl SynthCells {
    /// Begins anew.
    pub fn reset(&self) {
        let Counted {
            samples,
            voices,
            lost,
            peak,
        } = &*self.0;
        samples.store(0, Ordering::Relaxed);
        voices.store(0, Ordering::Relaxed);
        lost.store(0, Ordering::Relaxed);
        peak.store(0, Ordering::Relaxed);
    }

    /// Counts a stretch of sound.
    pub fn played(&self, samples: usize, voices: usize, peak: f32) {
        let (len, voices) = (samples as u64, voices as u64);
        self.0.samples.fetch_add(len, Ordering::Relaxed);
        self.0.voices.fetch_add(voices * len, Ordering::Relaxed);
        self.0
            .peak
            .fetch_max(peak.abs().to_bits(), Ordering::Relaxed);
    }

    /// Counts notes that found no voice.
    pub fn lost(&self, notes: u32) {
        self.0.lost.fetch_add(notes, Ordering::Relaxed);
    }

    /// What was counted.
    pub fn stats(&self) -> SynthStats {
        let samples = self.0.samples.load(Ordering::Relaxed).max(1);
        let voices = self.0.voices.load(Ordering::Relaxed);
        SynthStats {
            voices: ((voices + samples / 2) / samples) as u32,
            lost_notes: self.0.lost.load(Ordering::Relaxed),
            peak: f32::from_bits(self.0.peak.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: SynthCaps = SynthCaps {
        id: Guid(1),
        flags: 0,
        memory: 0,
        channel_groups: 4,
        voices: 24,
        audio_channels: 2,
        effects: synth_effect::REVERB,
        title: "A",
    };
    const IS: PortParameters = PortParameters {
        valid: port_parameter::ALL,
        voices: 16,
        channel_groups: 1,
        audio_channels: 2,
        rate_hz: 48_000,
        effects: 0,
        share: 0,
    };

    #[test]
    fn syn_4_what_cannot_be_had_is_replaced_and_what_was_not_asked_for_is_as_it_is() {
        assert_eq!(CAPS.grant(PortParameters::default(), IS), (IS, true));
        let asked = PortParameters {
            valid: port_parameter::VOICES | port_parameter::SAMPLERATE,
            voices: 20,
            rate_hz: 44_100,
            channel_groups: 77,
            ..PortParameters::default()
        };
        let (granted, is_all) = CAPS.grant(asked, IS);
        assert!(is_all, "the groups were not asked for");
        assert_eq!(
            (granted.voices, granted.rate_hz, granted.channel_groups),
            (20, 44_100, 1)
        );
        let too_much = [
            (port_parameter::VOICES, 25, 24),
            (port_parameter::VOICES, 0, 1),
            (port_parameter::CHANNELGROUPS, 9, 4),
            (port_parameter::AUDIOCHANNELS, 6, 2),
            (port_parameter::SAMPLERATE, 8_000, 11_025),
            (port_parameter::SAMPLERATE, 192_000, 96_000),
            (port_parameter::EFFECTS, 3, 1),
            (port_parameter::SHARE, 1, 0),
        ];
        for (bit, number, had) in too_much {
            let asked = PortParameters {
                valid: bit,
                voices: number,
                channel_groups: number,
                audio_channels: number,
                rate_hz: number,
                effects: number,
                share: number,
            };
            let (granted, is_all) = CAPS.grant(asked, IS);
            let all = [
                (port_parameter::VOICES, granted.voices),
                (port_parameter::CHANNELGROUPS, granted.channel_groups),
                (port_parameter::AUDIOCHANNELS, granted.audio_channels),
                (port_parameter::SAMPLERATE, granted.rate_hz),
                (port_parameter::EFFECTS, granted.effects),
                (port_parameter::SHARE, granted.share),
            ];
            let found = all.iter().find(|it| it.0 == bit).unwrap().1;
            assert_eq!((found, is_all), (had, false), "{bit}: {number}");
        }
    }

    #[test]
    fn statistics_are_of_the_time_that_was_played() {
        let cells = SynthCells::default();
        cells.played(100, 4, 0.25);
        cells.played(300, 8, -0.5);
        cells.lost(3);
        let wanted = SynthStats {
            voices: 7,
            lost_notes: 3,
            peak: 0.5,
        };
        assert_eq!(cells.stats(), wanted);
        cells.reset();
        assert_eq!(cells.stats().lost_notes, 0);
        assert_eq!(cells.stats().voices, 0);
    }
}
