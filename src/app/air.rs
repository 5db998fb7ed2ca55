//! What a microphone hears of a loudspeaker: a way out of the graph and in again that no wire shows.
//!
//! Where a way leads from an input of this machine to an output of it, the sound may come back through the air and howl; an
//! input that is what the same output plays (its *monitor*) comes back for certain. Both are told before anything runs,
//! as a banner with what helps, and by `check` and `play`. A way is closed where a filter on it is disabled or turned
//! down all the way. Headphones end the way through the air, and only the user knows of them.

use std::collections::BTreeSet;

use super::{Action, App, Banner, Offer, Urgency};
use crate::graph::{Edit, FilterPath, Problem, WiredFilter, Wiring};
use crate::ks::ids::category;
use crate::ks::{AudioDevice, Domain, Facts, Kind, Settings, Unit, Value};

/// The last words of every banner about such a way, by which it is found again.
const HOWLS: &str = "Turned up, it howls.";
/// The property by which a filter is told that nobody hears the loudspeaker but who wears it.
const HEADPHONES: &str = "headphones";

/// A way from an input to an output that is closed outside the graph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AirLoop {
    /// The filter that hears.
    pub input: FilterPath,
    /// The filter that plays.
    pub output: FilterPath,
    /// Whether it comes back for certain: the input is what the output plays.
    pub is_sure: bool,
    /// The sentence.
    pub text: String,
}

/// Every such way in an agreed graph.
pub fn air_loops(wiring: &Wiring, facts: &Facts) -> Vec<AirLoop> {
    let mut loops = vec![];
    for (path, filter) in wiring.filters.iter() {
        let Some(hears) = card(filter, category::CAPTURE) else {
            continue;
        };
        let Some(device) = facts.capture_device(&hears) else {
            continue;
        };
        for output in reached(wiring, path) {
            let filter_out = &wiring.filters[&output];
            let Some(plays) = card(filter_out, category::RENDER) else {
                continue;
            };
            let is_real = |it: &&AudioDevice| it.host != crate::device::null::NAME;
            let Some(out) = facts.render_device(&plays).filter(is_real) else {
                continue;
            };
            let is_sure = !facts.is_nominal && is_monitor(device, out);
            if !is_sure && flag(filter, HEADPHONES) {
                continue;
            }
            let (from, to) = (&filter.name, &filter_out.name);
            let text = match is_sure {
                true => format!(
                    "{from} hears what {to} plays: {} is the monitor of {}, so all of it comes back. {HOWLS}",
                    device.whole_name(),
                    out.whole_name(),
                ),
                false => format!(
                    "{from} leads to {to}: a microphone hears the loudspeaker it is near. {HOWLS}"
                ),
            };
            loops.push(AirLoop {
                input: path.clone(),
                output,
                is_sure,
                text,
            });
        }
    }
    loops
}

/// Those ways as problems, with what helps in words.
pub fn air_problems(wiring: &Wiring, facts: &Facts) -> Vec<Problem> {
    let loops = air_loops(wiring, facts).into_iter();
    loops
        .map(|it| Problem {
            filter: Some(it.input),
            text: match it.is_sure {
                true => format!("{} Choose another input, or disable it", it.text),
                false => format!(
                    "{} With headphones it cannot: say so by setting {HEADPHONES} to true; or turn it down",
                    it.text
                ),
            },
            is_blocking: false,
        })
        .collect()
}

/// The device that a filter which takes part hears through or plays on; empty is the default.
fn card(filter: &WiredFilter, side: crate::ks::ids::Guid) -> Option<String> {
    let descriptor = filter
        .descriptor
        .as_deref()
        .filter(|_| !filter.is_disabled)?;
    let mut pins = descriptor.pins.iter();
    let is_sound = pins.any(|pin| pin.kind() == Kind::Audio && !pin.is_bridge());
    let mut properties = descriptor.properties.iter();
    let property = properties.find(|it| it.domain == Domain::Device)?;
    let is_card = is_sound && descriptor.categories.contains(&side);
    let settings = Settings {
        values: &filter.values,
        base: None,
    };
    is_card.then(|| settings.text(property))
}

/// Whether a filter has that property and it is on.
fn flag(filter: &WiredFilter, key: &str) -> bool {
    filter.values.get(key) == Some(&Value::Flag(true))
}

/// Whether the input is what the output plays.
fn is_monitor(input: &AudioDevice, output: &AudioDevice) -> bool {
    let is_server = ["pulseaudio", "pipewire"].contains(&input.host.as_str());
    let own = format!("{}.monitor", output.name);
    input.host == output.host && is_server && (input.name == own || input.name == output.name)
}

/// Whether nothing passes a filter: it is out, or turned down all the way.
fn is_closed(filter: &WiredFilter) -> bool {
    let Some(descriptor) = &filter.descriptor else {
        return true;
    };
    let settings = Settings {
        values: &filter.values,
        base: None,
    };
    let is_transform = descriptor.categories.contains(&category::DATATRANSFORM);
    let mut levels = descriptor.properties.iter();
    let is_down = levels.any(|property| match property.domain {
        Domain::Number { min, .. } if property.key == "level" && property.unit == Unit::Decibel => {
            settings.number(property) <= min
        }
        _ => false,
    });
    filter.is_disabled || is_transform && is_down && !filter.is_bypassed
}

/// The filters that sound of a filter comes to.
fn reached(wiring: &Wiring, from: &FilterPath) -> Vec<FilterPath> {
    let mut known = BTreeSet::from([from.clone()]);
    let mut open = vec![from.clone()];
    let mut all = vec![];
    while let Some(path) = open.pop() {
        for wire in wiring.wires.iter().filter(|wire| wire.from.filter == path) {
            let to = &wire.to.filter;
            let is_passed = wire.outcome.is_ok() && !is_closed(&wiring.filters[to]);
            if is_passed && known.insert(to.clone()) {
                all.push(to.clone());
                open.push(to.clone());
            }
        }
    }
    all
}

impl App {
    /// Shows a banner for every such way there is, and takes away those of ways that are gone.
    pub(super) fn tell_air_loops(&mut self) {
        let loops = air_loops(&self.wiring, &self.facts);
        let is_told = |banner: &Banner| loops.iter().any(|it| it.text == banner.text);
        self.banners
            .retain(|banner| !banner.text.ends_with(HOWLS) || is_told(banner));
        let before = std::mem::take(&mut self.air_loops);
        for it in &loops {
            // One that was taken away by hand stays away.
            if before.contains(it) {
                continue;
            }
            self.say_of(Urgency::Attention, &it.input, it.text.clone());
            let mute = Offer {
                words: "Mute the input".into(),
                action: Action::MuteInput(it.input.clone()),
            };
            let headphones = Offer {
                words: "Headphones are on".into(),
                action: Action::WearHeadphones(it.input.clone()),
            };
            let banner = Banner {
                urgency: Urgency::Attention,
                text: it.text.clone(),
                is_dismissible: true,
                offers: match it.is_sure {
                    true => vec![mute],
                    false => vec![headphones, mute],
                },
            };
            self.banners.insert(0, banner);
        }
        self.air_loops = loops;
    }

    /// Nobody hears the loudspeaker but who wears it: what an input hears cannot come back through the air.
    pub(super) fn wear_headphones(&mut self, input: &FilterPath) {
        let Some((&filter, group)) = input.0.split_last() else {
            return;
        };
        let edit = Edit::SetProperty {
            filter,
            key: HEADPHONES.to_owned(),
            value: Some(Value::Flag(true)),
        };
        self.edit_from_above("Wear headphones", edit.within(group));
    }

    /// Disables an input; one undo step.
    pub(super) fn mute_input(&mut self, input: &FilterPath) {
        let Some((&filter, group)) = input.0.split_last() else {
            return;
        };
        let edit = Edit::SetDisabled {
            filter,
            is_on: true,
        };
        self.edit_from_above("Mute the input", edit.within(group));
    }
}

#[cfg(test)]
#[path = "air_tests.rs"]
mod tests;
