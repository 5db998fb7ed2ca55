//! Modulators of a file's own: what a controller moves, as a connection.
//!
//! A connection has a name, and one of each name counts; two modulators that differ only in their curve cannot both be had,
//! and the one that moves more is kept. What a connection cannot say (constants, links to other modulators, absolute values,
//! a second controller of an oscillator's depth) is counted and told.

use super::super::connection::{Connection, Curve, Destination, Segment, Source, Transform};
use super::generator as g;
use super::{u16_at, unit};

/// One row of `pmod` or `imod`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Modulator {
    source: u16,
    generator: u16,
    amount: i32,
    control: u16,
    transform: u16,
}

impl Modulator {
    /// The bytes of a row.
    pub(super) const LEN: usize = 10;

    pub(super) fn read(row: &[u8]) -> Self {
        Self {
            source: u16_at(row, 0),
            generator: u16_at(row, 2),
            amount: i32::from(u16_at(row, 4) as i16),
            control: u16_at(row, 6),
            transform: u16_at(row, 8),
        }
    }

    /// Whether they differ in nothing but how much they move.
    fn is_same(&self, other: &Self) -> bool {
        Self { amount: 0, ..*self }
            == Self {
                amount: 0,
                ..*other
            }
    }
}

/// These, and those of `before` that none of them takes the place of.
pub(super) fn over(own: &mut Vec<Modulator>, before: &[Modulator]) {
    let missing = before
        .iter()
        .filter(|it| !own.iter().any(|own| own.is_same(it)));
    let missing: Vec<Modulator> = missing.copied().collect();
    own.extend(missing);
}

/// An instrument's, with what a preset adds to them.
pub(super) fn sum(instrument: &[Modulator], preset: &[Modulator]) -> Vec<Modulator> {
    let mut all = instrument.to_vec();
    for added in preset {
        match all.iter_mut().find(|it| it.is_same(added)) {
            Some(it) => it.amount = it.amount.saturating_add(added.amount),
            None => all.push(*added),
        }
    }
    all
}

/// What a word for a controller means; `None` of what is not one.
fn reading(word: u16) -> Option<(Source, Transform)> {
    let number = (word & 0x7F) as u8;
    let source = match (word >> 7 & 1, number) {
        (0, 0) => return Some((Source::None, Transform::default())),
        (0, 2) => Source::Velocity,
        (0, 3) => Source::Key,
        (0, 10) => Source::PolyPressure,
        (0, 13) => Source::ChannelPressure,
        (0, 14) => Source::PitchWheel,
        (0, 16) => Source::Parameter(0),
        // Of banks, parameters and modes.
        (1, 0 | 6 | 32 | 38 | 98..=101 | 120..) => return None,
        (1, number) => Source::Controller(number),
        _ => return None,
    };
    let curve = match word >> 10 {
        0 => Curve::Linear,
        1 => Curve::Concave,
        2 => Curve::Convex,
        3 => Curve::Switch,
        _ => return None,
    };
    let transform = Transform {
        is_inverted: word >> 8 & 1 == 1,
        is_bipolar: word >> 9 & 1 == 1,
        curve,
    };
    Some((source, transform))
}

/// What a generator is here: a destination by itself, or how deep something moves one; and what an amount of 1 is there.
enum Moved {
    Itself(Destination, f64),
    Depth(Source, Destination),
}

fn moved(generator: usize) -> Option<Moved> {
    use Destination as D;
    use Moved::{Depth, Itself};
    let segment = |first: usize| match generator.checked_sub(first)? {
        0 => Some(Segment::Delay),
        1 => Some(Segment::Attack),
        2 => Some(Segment::Hold),
        3 => Some(Segment::Decay),
        4 => Some(Segment::Sustain),
        5 => Some(Segment::Release),
        _ => None,
    };
    // What is sustained is written as how much less it is.
    let less = |it, by: f64| if it == Segment::Sustain { by } else { 1.0 };
    Some(match generator {
        g::ATTENUATION => Itself(D::Gain, -1.0),
        g::CUTOFF => Itself(D::Cutoff, 1.0),
        g::RESONANCE => Itself(D::Resonance, 1.0),
        g::CHORUS => Itself(D::Chorus, 1.0),
        g::REVERB => Itself(D::Reverb, 1.0),
        g::PAN => Itself(D::Pan, 1.0),
        g::COARSE => Itself(D::Pitch, 100.0),
        g::FINE => Itself(D::Pitch, 1.0),
        g::LFO_DELAY => Itself(D::LfoDelay, 1.0),
        g::LFO_RATE => Itself(D::LfoRate, 1.0),
        g::VIBRATO_DELAY => Itself(D::VibratoDelay, 1.0),
        g::VIBRATO_RATE => Itself(D::VibratoRate, 1.0),
        g::LFO_PITCH => Depth(Source::ModulationLfo, D::Pitch),
        g::VIBRATO_PITCH => Depth(Source::VibratoLfo, D::Pitch),
        g::ENVELOPE_PITCH => Depth(Source::ModulationEnvelope, D::Pitch),
        g::LFO_CUTOFF => Depth(Source::ModulationLfo, D::Cutoff),
        g::ENVELOPE_CUTOFF => Depth(Source::ModulationEnvelope, D::Cutoff),
        g::LFO_GAIN => Depth(Source::ModulationLfo, D::Gain),
        g::MODULATION.. if segment(g::MODULATION).is_some() => {
            let it = segment(g::MODULATION)?;
            Itself(D::Modulation(it), less(it, -1.0))
        }
        g::VOLUME.. => {
            let it = segment(g::VOLUME)?;
            Itself(D::Volume(it), less(it, -1_000.0 / 960.0))
        }
        _ => return None,
    })
}

/// A modulator as a connection; `None` where there is none that says it.
fn connection(it: &Modulator) -> Option<Connection> {
    let (source, of_source) = reading(it.source)?;
    let (control, of_control) = reading(it.control)?;
    if source == Source::None || it.transform != 0 {
        return None;
    }
    let amount = f64::from(it.amount);
    Some(match (moved(it.generator.into())?, control) {
        (Moved::Itself(destination, by), _) => {
            // The bender over all of its range: here 128 semitones are all, there 127.
            let is_bender = source == Source::PitchWheel && it.amount == 12_700;
            let amount = if is_bender { 12_800.0 } else { amount };
            Connection {
                of_source,
                of_control,
                ..unit(source, control, destination, amount * by)
            }
        }
        (Moved::Depth(mover, destination), Source::None) => Connection {
            of_control: of_source,
            ..unit(mover, source, destination, amount)
        },
        (Moved::Depth(..), _) => return None,
    })
}

/// What modulators become, and how many of them become nothing.
pub(super) fn connections(all: &[Modulator]) -> (Vec<Connection>, usize) {
    let mut kept: Vec<Connection> = vec![];
    let mut left_out = 0;
    for it in all {
        let Some(new) = connection(it) else {
            left_out += usize::from(it.amount != 0);
            continue;
        };
        let Some(old) = kept.iter_mut().find(|old| old.is_named_as(&new)) else {
            kept.push(new);
            continue;
        };
        left_out += usize::from(old.scale != 0 && new.scale != 0);
        if new.scale.unsigned_abs() > old.scale.unsigned_abs() {
            *old = new;
        }
    }
    (kept, left_out)
}
