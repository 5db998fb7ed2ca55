//! Generators as connections.

use super::super::connection::{Connection, Destination, Segment, Source};
use super::modulator::{self, Modulator};
use super::region::Both;
use super::{FALL_CENTS, NO_TIME, OPEN_CENTS, generator as g, unit};

/// A part of one of the envelopes.
type Part = fn(Segment) -> Destination;

/// What generators and modulators mean, and how many modulators mean nothing here.
pub(super) fn connections(
    both: &Both<'_>,
    root: u8,
    modulators: &[Modulator],
) -> (Vec<Connection>, usize) {
    use Destination as D;
    let none = Source::None;
    let (own, left_out) = modulator::connections(modulators);
    let moves = |destination| {
        let mut own = own.iter().filter(|it| it.scale != 0);
        own.any(|it| it.destination == destination)
    };
    let mut all = vec![];
    let mut add = |source, control, destination, scale: i32| {
        all.push(unit(source, control, destination, scale.into()));
    };
    let moved = [
        (g::LFO_PITCH, Source::ModulationLfo, D::Pitch),
        (g::VIBRATO_PITCH, Source::VibratoLfo, D::Pitch),
        (g::ENVELOPE_PITCH, Source::ModulationEnvelope, D::Pitch),
        (g::LFO_CUTOFF, Source::ModulationLfo, D::Cutoff),
        (g::ENVELOPE_CUTOFF, Source::ModulationEnvelope, D::Cutoff),
        (g::LFO_GAIN, Source::ModulationLfo, D::Gain),
    ];
    for (generator, source, destination) in moved {
        match both.sum(generator, 0) {
            0 => {}
            scale => add(source, none, destination, scale.clamp(-12_000, 12_000)),
        }
    }
    // The wheel and pressure bring vibrato, the sends a fifth of what comes.
    for control in [Source::Controller(1), Source::ChannelPressure] {
        add(Source::VibratoLfo, control, D::Pitch, 50);
    }
    add(Source::Controller(91), none, D::Reverb, 200);
    add(Source::Controller(93), none, D::Chorus, 200);
    let constants = [
        (g::REVERB, D::Reverb, 0, 1_000),
        (g::CHORUS, D::Chorus, 0, 1_000),
        (g::PAN, D::Pan, -500, 500),
    ];
    for (generator, destination, least, most) in constants {
        match both.sum(generator, 0).clamp(least, most) {
            0 => {}
            scale => add(none, none, destination, scale),
        }
    }
    let cutoff = both.sum(g::CUTOFF, OPEN_CENTS).clamp(1_500, OPEN_CENTS);
    let is_moved = both.sum(g::LFO_CUTOFF, 0) != 0
        || both.sum(g::ENVELOPE_CUTOFF, 0) != 0
        || moves(D::Cutoff)
        || moves(D::Resonance);
    let resonance = both.sum(g::RESONANCE, 0).clamp(0, 960);
    if cutoff < OPEN_CENTS || is_moved || resonance > 0 {
        add(none, none, D::Cutoff, cutoff);
        add(none, none, D::Resonance, resonance);
    }
    add(
        none,
        none,
        D::LfoRate,
        both.sum(g::LFO_RATE, 0).clamp(-16_000, 4_500),
    );
    add(
        none,
        none,
        D::VibratoRate,
        both.sum(g::VIBRATO_RATE, 0).clamp(-16_000, 4_500),
    );
    let scale = both.sum(g::SCALE, 100).clamp(0, 1_200);
    if let Some(key @ 0..=127) = both.own(g::KEY) {
        add(Source::Key, none, D::Pitch, 0);
        add(none, none, D::Pitch, (key - i32::from(root)) * scale);
    } else if scale != 100 {
        add(Source::Key, none, D::Pitch, 128 * scale);
    }
    if let Some(velocity @ 1..=127) = both.own(g::VELOCITY) {
        add(Source::Velocity, none, D::Gain, 0);
        let tenths = 400.0 * (f64::from(velocity) / 127.0).log10();
        add(none, none, D::Gain, tenths.round() as i32);
    }
    let mut time = |destination, cents: i32, fall: i32| {
        let mut it = unit(none, none, destination, f64::from(cents + fall));
        // What a modulator makes longer is a time, however short.
        if cents <= NO_TIME && !moves(destination) {
            it.scale = i32::MIN;
        }
        all.push(it);
    };
    time(D::LfoDelay, both.sum(g::LFO_DELAY, NO_TIME), 0);
    time(D::VibratoDelay, both.sum(g::VIBRATO_DELAY, NO_TIME), 0);
    let mut others = vec![];
    let envelopes: [(usize, Part, i32); 2] = [
        (g::VOLUME, D::Volume, FALL_CENTS),
        (g::MODULATION, D::Modulation, 0),
    ];
    for (first, of, fall) in envelopes {
        let cents = |at: usize| both.sum(first + at, NO_TIME).min(8_000);
        time(of(Segment::Delay), cents(0), 0);
        time(of(Segment::Attack), cents(1), 0);
        time(of(Segment::Release), cents(5), fall);
        for (segment, at, keyed, fall) in [(Segment::Hold, 2, 6, 0), (Segment::Decay, 3, 7, fall)] {
            let a_key = both.sum(first + keyed, 0).clamp(-1_200, 1_200);
            // Counted from the middle of the keyboard.
            time(of(segment), (cents(at) + 60 * a_key).min(8_000), fall);
            if a_key != 0 {
                others.push(unit(
                    Source::Key,
                    none,
                    of(segment),
                    f64::from(-128 * a_key),
                ));
            }
        }
        let less = both.sum(first + 4, 0);
        // Of loudness in tenths of a decibel, of the other in tenths of a per cent.
        let left = match fall {
            0 => 1_000 - less,
            _ => 1_000 - less * 1_000 / 960,
        };
        let left = left.clamp(0, 1_000);
        others.push(unit(none, none, of(Segment::Sustain), left.into()));
    }
    all.extend(others);
    for it in own {
        match all.iter_mut().find(|old| old.is_named_as(&it)) {
            Some(old) => *old = it,
            None => all.push(it),
        }
    }
    (all, left_out)
}
