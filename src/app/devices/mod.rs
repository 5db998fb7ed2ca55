//! The devices that the graph plays on: which one was really granted, what is waited for after a loss, when it is tried
//! again, and what becomes of a graph whose device is the default one when another becomes that.
//!
//! A device that goes is waited for by its name and never replaced unasked: a banner offers another one. What filters
//! ask for stands in the document; what they were granted stands here. A filter that names no device is opened on the
//! one that stands for the default ([`Facts::kept`]), by its whole name, so that agreement and opening speak of the
//! same one. What comes and goes is told in `seen.rs`, what a hand chooses is done in `choice.rs`.

mod choice;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Action, App, Banner, Offer, Urgency};
use crate::graph::{FilterPath, Wiring};
use crate::ks::ids::category;
use crate::ks::{
    AudioDevice, Descriptor, Domain, Facts, Granted, Kind, Property, Settings, Value, grouped,
};
use crate::portcls::wavert::telemetry;

/// The last words of every banner about a missing device, by which it is found again.
const WAITS: &str = "The graph keeps time on a silent clock and waits for it.";
/// The same about an input: no time hangs on it.
const WAITS_IN: &str = "It is silent, and the graph waits for it.";
/// The first words of the banner that says what plays.
const PLAYS: &str = "Playing on";
/// The last words of the banner about another default device.
const STAYS: &str = "is the system's output now; the graph stays where it is.";
/// A device that played for so long was well: what comes after is a new trouble. In seconds.
const STEADY: f64 = 10.0;
/// Hosts that give a stream whose device goes to another device.
const MOVERS: [&str; 2] = ["pulseaudio", "pipewire"];
/// Seconds before a device is tried again, by how often that was in vain.
const BACK_OFF: [f64; 6] = [0.0, 1.0, 2.0, 5.0, 10.0, 30.0];

/// The shortest and the longest cycle that can be asked for.
pub(super) const QUANTUM_RANGE: (usize, usize) = (16, 8192);

/// What is known of the devices in use.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// The device that drives the graph.
    pub(super) driving: Option<Granted>,
    /// Its whole name; empty while a timer drives the graph.
    pub(super) name: String,
    /// What each filter was granted last.
    taken: BTreeMap<FilterPath, Taken>,
    /// The filters whose device is gone.
    waits: BTreeMap<FilterPath, Wait>,
}

#[derive(Debug)]
struct Taken {
    /// The name that was asked for; empty is the default.
    asked: String,
    whole_name: String,
    /// When, in seconds of the program.
    at: f64,
    tries: usize,
}

/// Which way a filter uses its device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Out,
    In,
}

impl Side {
    const BOTH: [Self; 2] = [Self::Out, Self::In];

    /// The device of that name, or the default one.
    fn device<'a>(self, facts: &'a Facts, name: &str) -> Option<&'a AudioDevice> {
        match self {
            Self::Out => facts.render_device(name),
            Self::In => facts.capture_device(name),
        }
    }

    fn can(self, device: &AudioDevice) -> bool {
        match self {
            Self::Out => !device.render.is_empty(),
            Self::In => !device.capture.is_empty(),
        }
    }

    fn is_default(self, device: &AudioDevice) -> bool {
        match self {
            Self::Out => device.is_default,
            Self::In => device.is_default_input,
        }
    }

    /// The device that stands for the default one.
    fn kept(self, facts: &mut Facts) -> &mut String {
        match self {
            Self::Out => &mut facts.kept,
            Self::In => &mut facts.kept_input,
        }
    }
}

#[derive(Debug)]
struct Wait {
    side: Side,
    /// The device's whole name; empty is any.
    wanted: String,
    /// What stands in its way, where that is known.
    why: Option<String>,
    /// How often it was tried again.
    tries: usize,
    /// When it is to be tried next.
    not_before: f64,
}

impl Desk {
    pub(super) fn is_waiting(&self) -> bool {
        !self.waits.is_empty()
    }
}

/// The property by which a filter chooses the card it plays on or hears through.
fn card_property(descriptor: &Descriptor) -> Option<(&Property, Side)> {
    let mut pins = descriptor.pins.iter();
    let is_sound = pins.any(|pin| pin.kind() == Kind::Audio && !pin.is_bridge());
    let side = match &descriptor.categories {
        _ if descriptor.renders_sound() => Side::Out,
        all if all.contains(&category::CAPTURE) && is_sound => Side::In,
        _ => return None,
    };
    let mut properties = descriptor.properties.iter();
    let property = properties.find(|property| property.domain == Domain::Device);
    property.map(|property| (property, side))
}

/// The property by which a filter chooses the device it plays on.
fn output_property(descriptor: &Descriptor) -> Option<&Property> {
    let (property, side) = card_property(descriptor)?;
    (side == Side::Out).then_some(property)
}

/// The device that the system plays on when nobody says anything.
fn system_default(devices: &[AudioDevice]) -> Option<&AudioDevice> {
    let mut all = devices.iter();
    all.find(|device| device.is_default && !device.render.is_empty())
}

impl App {
    /// The device a filter asks for; empty is the default.
    fn device_wanted(&self, filter: &FilterPath) -> String {
        let wired = self.wiring.filters.get(filter);
        let descriptor = wired.and_then(|wired| wired.descriptor.as_deref());
        let (Some(wired), Some(descriptor)) = (wired, descriptor) else {
            return String::new();
        };
        let settings = Settings {
            values: &wired.values,
            base: None,
        };
        card_property(descriptor)
            .map(|(property, _)| settings.text(property))
            .unwrap_or_default()
    }

    /// Which way a filter uses its device.
    fn side_of(&self, filter: &FilterPath) -> Side {
        let wired = self.wiring.filters.get(filter);
        let descriptor = wired.and_then(|wired| wired.descriptor.as_deref());
        let found = descriptor.and_then(card_property);
        found.map_or(Side::Out, |(_, side)| side)
    }

    /// The agreement as it is to be opened: every filter that names no device has the one that stands for the default, and
    /// one whose file is still being looked at is left out.
    pub(super) fn wiring_to_open(&self, awaited: &BTreeSet<FilterPath>) -> Wiring {
        let mut wiring = Wiring::clone(&self.wiring);
        for path in awaited.iter().chain(&self.barred) {
            if let Some(filter) = wiring.filters.get_mut(path) {
                filter.is_disabled = true;
            }
        }
        if self.facts.is_nominal {
            return wiring;
        }
        let is_real = |device: &&AudioDevice| device.host != crate::device::null::NAME;
        for side in Side::BOTH {
            let device = side.device(&self.facts, "").filter(is_real);
            let Some(name) = device.map(AudioDevice::whole_name) else {
                continue;
            };
            let nameless = self.wiring.filters.iter().filter_map(|(path, filter)| {
                let (property, own) = filter.descriptor.as_deref().and_then(card_property)?;
                let settings = Settings {
                    values: &filter.values,
                    base: None,
                };
                let key = property.key.to_owned();
                let is_it = own == side && settings.text(property).is_empty();
                is_it.then_some((path, key))
            });
            for (path, key) in nameless {
                if let Some(filter) = wiring.filters.get_mut(path) {
                    filter.values.insert(key, Value::Text(name.clone()));
                }
            }
        }
        wiring
    }

    /// Another document: what was taken for the last one binds no more.
    pub(super) fn forget_devices(&mut self) {
        self.desk.taken.clear();
        self.desk.waits.clear();
        self.facts.kept.clear();
        self.facts.kept_input.clear();
        self.show_waits();
        self.banners.retain(|it| !it.text.ends_with(STAYS));
    }

    /// A filter was opened on a device, or without the one it wants.
    pub(super) fn device_opened(
        &mut self,
        filter: &FilterPath,
        granted: Option<Granted>,
        absence: Option<String>,
    ) {
        let asked = self.device_wanted(filter);
        if let Some(granted) = granted {
            let wait = self.desk.waits.remove(filter);
            let whole_name = granted.whole_name();
            if asked.is_empty() {
                let side = self.side_of(filter);
                side.kept(&mut self.facts).clone_from(&whole_name);
            }
            if wait.as_ref().is_some_and(|wait| wait.wanted == whole_name) {
                let text = format!("{whole_name} is there again and was taken back");
                self.say_of(Urgency::News, filter, text);
            }
            let taken = Taken {
                asked,
                whole_name,
                at: self.seconds(),
                tries: wait.map_or(0, |wait| wait.tries),
            };
            self.desk.taken.insert(filter.clone(), taken);
            self.show_waits();
        } else if let Some(why) = absence {
            self.wait_for_device(filter, Some(why));
        }
    }

    /// Says on which device the graph plays and how, with a way to another one; false while none is granted.
    pub fn tell_device(&mut self) -> bool {
        let Some(granted) = self.desk.driving.as_ref() else {
            return false;
        };
        let quantum = self.playing.as_ref().map_or(0, |playing| playing.quantum());
        let cells = self.cells();
        let samples = cells.map_or(0, |cells| cells.latency_samples());
        let rate = f64::from(self.wiring.rate_hz.max(1));
        let mut text = format!(
            "{PLAYS} {}. {} Hz, {} samples",
            granted.whole_name(),
            grouped(granted.rate_hz),
            grouped(u32::try_from(quantum).unwrap_or(u32::MAX)),
        );
        if samples > 0 {
            let millis = f64::from(samples) * 1000.0 / rate;
            text += &format!(", {millis:.1}\u{a0}ms from key to ear");
        }
        if let Some(level) = self.level_at_start() {
            text += &format!(", at {level:.0}\u{a0}dB").replace('-', "\u{2212}");
        }
        let banner = Banner {
            urgency: Urgency::News,
            text: text + ".",
            is_dismissible: true,
            offers: vec![Offer {
                words: "Choose another device".into(),
                action: Action::ChooseDevice,
            }],
        };
        self.banners.insert(0, banner);
        true
    }

    /// What the first filter that has a level is turned to, in decibels.
    fn level_at_start(&self) -> Option<f64> {
        let mut filters = self.wiring.filters.values();
        filters.find_map(|filter| {
            let descriptor = filter.descriptor.as_deref()?;
            let is_transform = descriptor.categories.contains(&category::DATATRANSFORM);
            let mut properties = descriptor.properties.iter();
            let level = properties.find(|it| is_transform && it.key == "level")?;
            let settings = Settings {
                values: &filter.values,
                base: None,
            };
            Some(settings.number(level))
        })
    }

    /// Whether a filter was granted a device since the document was opened.
    pub(super) fn had_device(&self, filter: &FilterPath) -> bool {
        self.desk.taken.contains_key(filter)
    }

    /// The device of a filter is gone.
    pub(super) fn device_lost(&mut self, filter: &FilterPath) {
        if !self.desk.waits.contains_key(filter) {
            self.wait_for_device(filter, None);
        }
    }

    fn wait_for_device(&mut self, filter: &FilterPath, why: Option<String>) {
        let side = self.side_of(filter);
        let asked = self.device_wanted(filter);
        let taken = self.desk.taken.get(filter).filter(|it| it.asked == asked);
        let wanted = match taken {
            Some(taken) => taken.whole_name.clone(),
            None if asked.is_empty() => side.kept(&mut self.facts).clone(),
            None => asked,
        };
        let now = self.seconds();
        let is_steady = taken.is_none_or(|taken| now - taken.at > STEADY);
        let before = self.desk.waits.get(filter);
        let before = before.filter(|wait| wait.wanted == wanted);
        let is_new = before.is_none_or(|wait| wait.why != why);
        let wait = match before {
            Some(wait) => Wait {
                wanted,
                why,
                ..*wait
            },
            None => {
                let tries = taken.filter(|_| !is_steady).map_or(0, |taken| taken.tries);
                let not_before = now + BACK_OFF[tries.min(BACK_OFF.len() - 1)];
                Wait {
                    side,
                    wanted,
                    why,
                    tries,
                    not_before,
                }
            }
        };
        if is_new {
            self.say_of(Urgency::Attention, filter, sentence(&wait));
        }
        self.desk.waits.insert(filter.clone(), wait);
        if let Some(master) = self.playing.as_ref().and_then(|it| it.master())
            && master == filter
        {
            self.desk.driving = None;
            self.desk.name.clear();
        }
        self.show_waits();
        if let Some(observer) = &self.observer {
            observer.devices();
        }
    }

    /// Devices that go without driving the graph tell only by their telemetry.
    pub(super) fn find_lost_devices(&mut self) {
        let Some(playing) = &self.playing else { return };
        let is_lost = |filter: &FilterPath| {
            let cells = playing.open(filter).and_then(|it| it.telemetry.as_ref());
            cells.is_some_and(|cells| cells.get(telemetry::LOST) != 0.0)
        };
        let taken = self.desk.taken.keys();
        let lost: Vec<FilterPath> = taken.filter(|it| is_lost(it)).cloned().collect();
        for filter in lost {
            self.device_lost(&filter);
        }
    }

    /// Another device drives the graph, or a timer does.
    pub(super) fn master_changed(&mut self, master: Option<&FilterPath>) {
        let open = master.and_then(|master| self.playing.as_ref()?.open(master));
        self.desk.driving = open.and_then(|open| open.device.clone());
        let name = self.desk.driving.as_ref().map(Granted::whole_name);
        self.desk.name = name.unwrap_or_default();
    }

    /// Forgets what is waited for in filters that are gone.
    pub(super) fn prune_waits(&mut self) {
        let Some(playing) = &self.playing else { return };
        let count = self.desk.waits.len();
        let is_open = |filter: &FilterPath| playing.open(filter).is_some();
        self.desk.waits.retain(|filter, _| is_open(filter));
        if self.desk.waits.len() != count {
            self.show_waits();
        }
    }

    /// One banner for each device that is waited for, and the observer looks more often meanwhile.
    fn show_waits(&mut self) {
        let is_gone = self.desk.is_waiting();
        self.banners.retain(|it| {
            !(it.text.ends_with(WAITS)
                || it.text.ends_with(WAITS_IN)
                || is_gone && it.text.starts_with(PLAYS))
        });
        let mut texts: Vec<String> = self.desk.waits.values().map(sentence).collect();
        texts.dedup();
        for text in texts {
            let banner = Banner {
                urgency: Urgency::Attention,
                text,
                is_dismissible: true,
                offers: vec![],
            };
            self.banners.insert(0, banner);
        }
        self.renew_offers();
        if let Some(observer) = &self.observer {
            observer.watch(self.desk.is_waiting());
        }
    }

    /// The machine slept. What played then may be gone without a word: every device is opened anew.
    pub(super) fn woke_up(&mut self, slept: Duration) -> bool {
        let seconds = slept.as_secs_f64();
        let text = format!(
            "The machine slept for {seconds:.0} s: the graph went on where it was, its devices are opened anew"
        );
        self.say(Urgency::Attention, "Clock", None, text);
        let filters = self.wiring.filters.iter();
        let cards = filters.filter(|(_, filter)| {
            let descriptor = filter.descriptor.as_deref();
            descriptor.is_some_and(|it| card_property(it).is_some())
        });
        let cards: Vec<FilterPath> = cards.map(|(path, _)| path.clone()).collect();
        let Some(playing) = &mut self.playing else {
            return false;
        };
        for filter in &cards {
            playing.renew(filter);
        }
        !cards.is_empty()
    }

    /// What can be done about a device that is waited for: another one, the system's default first.
    fn another_device(&self) -> Vec<Offer> {
        let is_other = |device: &&AudioDevice| {
            let name = device.whole_name();
            !device.render.is_empty()
                && device.host != crate::device::null::NAME
                && self.desk.waits.values().all(|wait| wait.wanted != name)
        };
        let mut others = self.facts.devices.iter().filter(is_other);
        let default = others.clone().find(|device| device.is_default);
        let offer = |device: &AudioDevice| Offer {
            words: format!("Use {}", device.whole_name()),
            action: Action::UseDevice {
                host: device.host.clone(),
                name: device.name.clone(),
            },
        };
        default
            .or_else(|| others.next())
            .map(offer)
            .into_iter()
            .collect()
    }

    /// Brings the offers of banners up to date with the devices there are.
    fn renew_offers(&mut self) {
        let offers = self.another_device();
        for banner in &mut self.banners {
            if banner.text.ends_with(WAITS) {
                banner.offers.clone_from(&offers);
            }
        }
    }
}

fn sentence(wait: &Wait) -> String {
    let what = match (&wait.why, wait.side) {
        (Some(why), _) => why.clone(),
        (None, Side::Out) if wait.wanted.is_empty() => "No sound card was found".into(),
        (None, Side::In) if wait.wanted.is_empty() => "No sound input was found".into(),
        (None, _) => format!("{} is not there", wait.wanted),
    };
    let waits = match wait.side {
        Side::Out => WAITS,
        Side::In => WAITS_IN,
    };
    format!("{what}. {waits}")
}

#[cfg(test)]
mod tests;
