//! What a bank holds, as far as it is shown: instruments, regions with their envelopes, outlines of waves.

use std::ops::RangeInclusive;

/// Stretches of a wave's outline, at most.
pub const PEAKS: usize = 256;

/// A bank.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BankSheet {
    /// What it calls itself.
    pub name: String,
    /// In the order of the file.
    pub instruments: Vec<InstrumentSheet>,
    /// In the order of the file.
    pub waves: Vec<WaveSheet>,
    /// Regions of all instruments.
    pub regions: usize,
    /// Samples of all waves.
    pub samples: u64,
    /// What was odd about it.
    pub remarks: Vec<String>,
}

/// An instrument.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct InstrumentSheet {
    /// Of the drum channel.
    pub is_drum: bool,
    /// Controllers 0 and 32.
    pub bank: (u8, u8),
    /// 0 to 127.
    pub program: u8,
    /// What it is called.
    pub name: String,
    /// In the order of the file.
    pub regions: Vec<RegionSheet>,
    /// What the file connects for all of its regions.
    pub connections: Vec<ConnectionSheet>,
}

impl InstrumentSheet {
    /// What chooses it: `0:1`, `8.1:24`, `D:0`. Programs count from 0 here, as in the file.
    pub fn patch(&self) -> String {
        match (self.is_drum, self.bank) {
            (true, (0, 0)) => format!("D:{}", self.program),
            (true, (msb, lsb)) => format!("D{msb}.{lsb}:{}", self.program),
            (false, (msb, 0)) => format!("{msb}:{}", self.program),
            (false, (msb, lsb)) => format!("{msb}.{lsb}:{}", self.program),
        }
    }
}

/// What an instrument plays for some keys and velocities.
#[derive(Clone, PartialEq, Debug)]
pub struct RegionSheet {
    /// Keys, 0 to 127.
    pub keys: RangeInclusive<u8>,
    /// Velocities, 0 to 127.
    pub velocities: RangeInclusive<u8>,
    /// Regions of one group cut each other; 0: none.
    pub group: u16,
    /// Its wave among those of the bank; `None`: the file has none, and it is silent.
    pub wave: Option<u32>,
    /// The key at which the wave has its own pitch.
    pub unity: u8,
    /// Cents that are added.
    pub fine: i16,
    /// Decibels that are added.
    pub gain_db: f32,
    /// What is repeated.
    pub repeat: Option<LoopSheet>,
    /// The envelope of loudness, at its middle key and velocity 100.
    pub volume: EnvelopeSheet,
    /// The second one.
    pub modulation: EnvelopeSheet,
    /// Rate in Hz and seconds before it begins, of both LFOs.
    pub lfos: [(f32, f32); 2],
    /// Hz of its filter; `None`: there is none.
    pub cutoff_hz: Option<f32>,
    /// What the file connects for it alone.
    pub connections: Vec<ConnectionSheet>,
}

/// A part of a wave that is repeated, in samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoopSheet {
    /// Its first sample.
    pub start: u32,
    /// How many there are.
    pub length: u32,
    /// The rest is played once the key is up.
    pub is_left_on_release: bool,
}

/// An envelope: seconds, and what it sustains, 0 to 1. Decay and release are the times of the whole way down.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct EnvelopeSheet {
    /// Before it begins.
    pub delay: f32,
    /// Up.
    pub attack: f32,
    /// At the top.
    pub hold: f32,
    /// Down, from 1 to 0.
    pub decay: f32,
    /// Where it stays, of the way from nothing to the top.
    pub sustain: f32,
    /// Down once the key is up, from 1 to 0.
    pub release: f32,
}

/// One connection by its numbers in DLS files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectionSheet {
    /// What moves.
    pub source: u16,
    /// What scales it.
    pub control: u16,
    /// What is moved.
    pub destination: u16,
    /// How far, in the destination's unit as a 16.16 number.
    pub scale: i32,
}

/// A wave.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct WaveSheet {
    /// What it is called.
    pub name: String,
    /// Hz.
    pub rate_hz: u32,
    /// Samples.
    pub samples: usize,
    /// The least and the greatest sample of as many stretches, full scale at 127.
    pub peaks: Box<[[i8; 2]]>,
}

impl WaveSheet {
    /// Of samples.
    pub fn new(name: &str, rate_hz: u32, samples: &[i16]) -> Self {
        let each = samples.len().div_ceil(PEAKS).max(1);
        let peak = |part: &[i16]| {
            let of = |it: Option<&i16>| (it.copied().unwrap_or(0) >> 8) as i8;
            [of(part.iter().min()), of(part.iter().max())]
        };
        Self {
            name: name.to_owned(),
            rate_hz,
            samples: samples.len(),
            peaks: samples.chunks(each).map(peak).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_every_peak_and_no_more_stretches_than_that() {
        let mut samples = vec![0_i16; 100_000];
        (samples[777], samples[99_999]) = (i16::MIN, i16::MAX);
        let wave = WaveSheet::new("a", 8_000, &samples);
        assert!(wave.peaks.len() <= PEAKS && wave.peaks.len() > PEAKS / 2);
        assert_eq!(wave.peaks[777 / 391], [-128, 0]);
        assert_eq!(wave.peaks.last(), Some(&[0, 127]));
        assert_eq!(WaveSheet::new("", 1, &[]).peaks.len(), 0);
        assert_eq!(WaveSheet::new("", 1, &[256, -256]).peaks.len(), 2);
    }

    #[test]
    fn patches_are_written_as_musicians_do() {
        let patch = |is_drum, bank, program| {
            let it = InstrumentSheet {
                is_drum,
                bank,
                program,
                ..InstrumentSheet::default()
            };
            it.patch()
        };
        assert_eq!(patch(false, (0, 0), 33), "0:33");
        assert_eq!(patch(false, (8, 1), 24), "8.1:24");
        assert_eq!(patch(true, (0, 0), 0), "D:0");
        assert_eq!(patch(true, (120, 0), 9), "D120.0:9");
    }
}
