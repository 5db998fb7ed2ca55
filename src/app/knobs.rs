//! Where controllers stand: pairs of coarse and fine ones are one with 14 bits, and one whose property was moved by
//! something else takes it up again where it passes, so that nothing jumps.
//!
//! Lives here: the arithmetic. Which property follows which controller, and what becomes of it, is `control.rs`.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Control, FilterPath};
use crate::ks::{Domain, Property, Value};

/// Controllers below that have a fine one, so many further on.
const FINE: u8 = 32;
/// The highest value of one controller, and of a pair.
const MOST: f64 = 127.0;
const MOST_OF_PAIR: f64 = 16_383.0;
/// So near to a property a controller has it, in parts of its way: two steps of a coarse one.
const NEAR: f64 = 2.0 / MOST;

/// A controller that moves a property.
#[derive(Debug, PartialEq)]
struct Grip {
    /// Where it stood last, from 0 to 1.
    share: f64,
    /// What it made of the property.
    made: Option<Value>,
    is_told: bool,
}

/// Whether a controller has its property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hold {
    /// It moves it.
    Has,
    /// Something else moved it; `true` when that is new.
    Lost(bool),
}

/// Who follows a controller: a property, by its filter and key.
pub(super) type Follower = (FilterPath, String);

/// What is known of controllers.
#[derive(Debug, Default)]
pub(super) struct Knobs {
    coarse: BTreeMap<(u8, u8), u8>,
    /// Pairs of which the fine one was ever moved.
    pairs: BTreeSet<(u8, u8)>,
    grips: BTreeMap<Follower, Grip>,
}

impl Knobs {
    /// A controller was moved: which one that is for those that follow, and where it stands, from 0 to 1. A fine one that
    /// nothing follows by itself is its coarse one, moved a little; `None` where that one never moved.
    pub(super) fn moved(
        &mut self,
        control: Control,
        value: u8,
        is_followed: impl Fn(Control) -> bool,
    ) -> Option<(Control, f64)> {
        let Control {
            channel,
            controller,
        } = control;
        let (coarse, fine) = match controller {
            FINE..64 if !is_followed(control) => {
                let place = (channel, controller - FINE);
                let coarse = *self.coarse.get(&place)?;
                self.pairs.insert(place);
                (coarse, value)
            }
            _ => {
                self.coarse.insert((channel, controller), value);
                (value, 0)
            }
        };
        let controller = match controller {
            FINE..64 if !is_followed(control) => controller - FINE,
            _ => controller,
        };
        let share = match self.pairs.contains(&(channel, controller)) {
            true => f64::from(u16::from(coarse) << 7 | u16::from(fine)) / MOST_OF_PAIR,
            false => f64::from(coarse) / MOST,
        };
        let control = Control {
            channel,
            controller,
        };
        Some((control, share))
    }

    /// Whether a controller that goes to `share` has a property that is `now` this.
    pub(super) fn hold(
        &mut self,
        who: &Follower,
        property: &Property,
        now: &Value,
        share: f64,
    ) -> Hold {
        let (Domain::Number { .. }, Value::Number(number)) = (&property.domain, now) else {
            return Hold::Has;
        };
        // At first it has it: it was moved for that.
        let Some(grip) = self.grips.get_mut(who) else {
            return Hold::Has;
        };
        let own = property.share(*number);
        let (low, high) = (grip.share.min(share) - NEAR, grip.share.max(share) + NEAR);
        let has = grip.made.as_ref() == Some(now) || (low..=high).contains(&own);
        grip.share = share;
        match has {
            true => Hold::Has,
            false => Hold::Lost(!std::mem::replace(&mut grip.is_told, true)),
        }
    }

    /// What a controller at `share` made of a property.
    pub(super) fn made(&mut self, who: Follower, share: f64, value: Value) {
        let grip = Grip {
            share,
            made: Some(value),
            is_told: false,
        };
        self.grips.insert(who, grip);
    }

    /// A property follows another controller, or none.
    pub(super) fn forget(&mut self, who: &Follower) {
        self.grips.remove(who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::FilterId;

    fn control(controller: u8) -> Control {
        Control {
            channel: 0,
            controller,
        }
    }

    #[test]
    fn a_coarse_and_a_fine_controller_are_one_of_14_bits() {
        let mut knobs = Knobs::default();
        let mut moved = |number: u8, value: u8| {
            let is_followed = |it: Control| it.controller == 7;
            knobs.moved(control(number), value, is_followed)
        };
        assert_eq!(moved(39, 5), None, "where it stands is not known yet");
        assert_eq!(moved(7, 127), Some((control(7), 1.0)));
        assert_eq!(moved(39, 127), Some((control(7), 1.0)));
        let (_, share) = moved(7, 64).unwrap();
        assert_eq!(share, f64::from(64_u16 << 7) / 16_383.0);
        let (_, finer) = moved(39, 1).unwrap();
        assert!((finer - share - 1.0 / 16_383.0).abs() < 1e-12);
        // Nothing is fine behind the pairs, and what is followed by itself is no part of one.
        assert_eq!(moved(64, 127), Some((control(64), 1.0)));
        let all = |_: Control| true;
        assert_eq!(knobs.moved(control(39), 127, all), Some((control(39), 1.0)));
    }

    #[test]
    fn a_property_that_was_moved_by_hand_is_taken_up_where_the_controller_passes() {
        let property = Property::number("gain", "Gain", 0.0, 1.0, 0.5);
        let who = (FilterPath::of(FilterId(1)), "gain".to_owned());
        let mut knobs = Knobs::default();
        let at = Value::Number;
        let hold = |knobs: &mut Knobs, now: f64, share: f64| {
            let hold = knobs.hold(&who, &property, &at(now), share);
            if hold == Hold::Has {
                knobs.made(who.clone(), share, at(share));
            }
            hold
        };
        assert_eq!(hold(&mut knobs, 0.5, 0.1), Hold::Has, "at first");
        assert_eq!(hold(&mut knobs, 0.1, 0.2), Hold::Has);
        // A hand puts it to 0.8.
        assert_eq!(hold(&mut knobs, 0.8, 0.3), Hold::Lost(true));
        assert_eq!(hold(&mut knobs, 0.8, 0.5), Hold::Lost(false));
        assert_eq!(hold(&mut knobs, 0.8, 0.9), Hold::Has, "it passed by");
        assert_eq!(hold(&mut knobs, 0.9, 0.2), Hold::Has);
        // Near enough is there.
        assert_eq!(hold(&mut knobs, 0.21, 0.199), Hold::Has);
    }
}
