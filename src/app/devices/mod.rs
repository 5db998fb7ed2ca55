//! The devices that the graph plays on: which one was really granted, what is waited for after a loss, when it is tried
//! again, and what becomes of a graph whose device is the default one when another becomes that.
//!
//! A device that goes is waited for by its name and never replaced unasked: a banner offers another one. What filters
//! ask for stands in the document; what they were granted stands here. A filter that names no device is opened on the
//! one that stands for the default ([`Facts::kept`]), by its whole name, so that agreement and opening speak of the
//! same one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Action, App, Banner, Offer, Urgency};
use crate::graph::{Edit, FilterPath, WiredFilter, Wiring};
use crate::ks::ids::{Guid, category};
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

    /// Takes in which devices there are now. Whether the graph is to be agreed anew.
    pub(super) fn devices_seen(&mut self, found: Facts) -> bool {
        let mut has_changed =
            self.facts.devices != found.devices || self.facts.midi_inputs != found.midi_inputs;
        has_changed |= self.facts.midi_outputs != found.midi_outputs;
        let before = system_default(&self.facts.devices).map(AudioDevice::whole_name);
        let now = system_default(&found.devices).map(AudioDevice::whole_name);
        let devices = std::mem::replace(&mut self.facts.devices, found.devices);
        let inputs = std::mem::replace(&mut self.facts.midi_inputs, found.midi_inputs);
        let outputs = std::mem::replace(&mut self.facts.midi_outputs, found.midi_outputs);
        self.tell_of_inputs(&inputs);
        self.tell_of_outputs(&outputs);
        let moved = self.moved_elsewhere(&devices);
        self.remember_gone(devices);
        self.renew_offers();
        if before != now {
            has_changed |= self.default_moved(now);
        }
        let mut due = moved;
        let seconds = self.seconds();
        for (filter, wait) in &mut self.desk.waits {
            let is_it = |device: &AudioDevice| match wait.wanted.as_str() {
                "" => wait.side.is_default(device),
                name => device.is_called(name),
            };
            let can = |device: &&AudioDevice| wait.side.can(device);
            let is_there = self.facts.devices.iter().filter(can).any(is_it);
            // ALSA opens names that it does not list.
            let was_listed = wait.wanted.is_empty() || self.facts.gone.iter().any(is_it);
            if (is_there || !was_listed) && seconds >= wait.not_before {
                wait.tries += 1;
                wait.not_before = seconds + BACK_OFF[wait.tries.min(BACK_OFF.len() - 1)];
                due.push(filter.clone());
            }
        }
        for filter in due {
            if let Some(playing) = &mut self.playing {
                playing.renew(&filter);
                has_changed = true;
            }
        }
        has_changed
    }

    /// Filters whose device is on the list no longer, of a server that leads its streams to another device then without a
    /// word: they are opened anew, and by that wait for theirs.
    fn moved_elsewhere(&self, before: &[AudioDevice]) -> Vec<FilterPath> {
        let now: BTreeSet<String> = self
            .facts
            .devices
            .iter()
            .map(|it| it.whole_name())
            .collect();
        let leads = |device: &&AudioDevice| MOVERS.contains(&&*device.host);
        let listed = before.iter().filter(leads).map(AudioDevice::whole_name);
        let gone: BTreeSet<String> = listed.filter(|name| !now.contains(name)).collect();
        let taken = self.desk.taken.iter();
        let moved = taken.filter(|(filter, taken)| {
            gone.contains(&taken.whole_name) && !self.desk.waits.contains_key(*filter)
        });
        moved.map(|(filter, _)| filter.clone()).collect()
    }

    /// Says which MIDI inputs came and went. Their own ports release what they held and take them again by name.
    fn tell_of_inputs(&mut self, before: &[String]) {
        let now = self.facts.midi_inputs.clone();
        for name in before.iter().filter(|name| !now.contains(name)) {
            let what = "the notes it held are released until it is back";
            self.tell_of_port(before, name, category::CAPTURE, what);
        }
        for name in now.iter().filter(|name| !before.contains(name)) {
            self.say(Urgency::News, "MIDI", None, format!("{name} is there"));
        }
    }

    /// The same of MIDI outputs. What plays both ways has been told already.
    fn tell_of_outputs(&mut self, before: &[String]) {
        let (now, inputs) = (
            self.facts.midi_outputs.clone(),
            self.facts.midi_inputs.clone(),
        );
        for name in before.iter().filter(|name| !now.contains(name)) {
            let what = "what is played on it is not heard until it is back";
            self.tell_of_port(before, name, category::RENDER, what);
        }
        let is_new = |name: &&String| !before.contains(name) && !inputs.contains(name);
        for name in now.iter().filter(is_new) {
            self.say(Urgency::News, "MIDI", None, format!("{name} is there"));
        }
    }

    /// A port left the machine: that is news, and what it means is said where a filter of that category plays by it, by its
    /// name or as the first of them.
    fn tell_of_port(&mut self, before: &[String], name: &str, role: Guid, what: &str) {
        let is_first = before.first().is_some_and(|it| it == name);
        let plays = |filter: &WiredFilter| {
            let Some(kind) = filter.descriptor.as_deref() else {
                return false;
            };
            let is_notes = kind.pins.iter().any(|pin| pin.kind() == Kind::Events);
            let mut names = kind.properties.iter();
            let device = names.find(|it| it.domain == Domain::Device);
            let said = device.map(|it| filter.values.get(it.key).map_or("", Value::text));
            let is_it = said.is_some_and(|it| it == name || it.is_empty() && is_first);
            is_notes && is_it && kind.categories.contains(&role)
        };
        match self.wiring.filters.values().any(|it| plays(it)) {
            true => self.say(
                Urgency::Attention,
                "MIDI",
                None,
                format!("{name} is gone: {what}"),
            ),
            false => self.say(Urgency::News, "MIDI", None, format!("{name} is gone")),
        }
    }

    /// Keeps what is known of a device in use that is no longer listed: the wires agreed with it hold until it is back.
    fn remember_gone(&mut self, before: Vec<AudioDevice>) {
        let known = std::mem::take(&mut self.facts.gone);
        let desk = &self.desk;
        let is_used = |device: &AudioDevice| {
            let name = device.whole_name();
            desk.taken.values().any(|taken| taken.whole_name == name)
        };
        for device in before.into_iter().chain(known) {
            let is_same = |it: &AudioDevice| it.host == device.host && it.name == device.name;
            let is_there = self.facts.devices.iter().any(is_same);
            if !is_there && is_used(&device) && !self.facts.gone.iter().any(is_same) {
                self.facts.gone.push(device);
            }
        }
    }

    /// Another device is the system's default. Whether the graph moves there.
    fn default_moved(&mut self, now: Option<String>) -> bool {
        self.banners.retain(|it| !it.text.ends_with(STAYS));
        let Some(now) = now.filter(|now| *now != self.facts.kept) else {
            return false;
        };
        let mut taken = self.desk.taken.values();
        if self.facts.kept.is_empty() || !taken.any(|taken| taken.asked.is_empty()) {
            return false;
        }
        if self.preferences().follow_default {
            let before = std::mem::replace(&mut self.facts.kept, now.clone());
            let text =
                format!("{now} is the system's output now: the graph moves there from {before}");
            self.say(Urgency::News, "Device", None, text);
            self.desk.taken.retain(|_, taken| !taken.asked.is_empty());
            return true;
        }
        if !self
            .facts
            .devices
            .iter()
            .any(|it| it.is_called(&self.facts.kept))
        {
            // What is waited for has a banner of its own, which offers the other one.
            return false;
        }
        let text = format!("{now} {STAYS}");
        self.say(Urgency::News, "Device", None, text.clone());
        let banner = Banner {
            urgency: Urgency::News,
            text,
            is_dismissible: true,
            offers: vec![Offer {
                words: format!("Use {now}"),
                action: Action::UseDefaultDevice,
            }],
        };
        self.banners.insert(0, banner);
        false
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

    /// Has the filter that plays name a device; one undo step. Empty names are the default.
    pub(super) fn use_device(&mut self, host: &str, name: &str) {
        let text = match (host, name) {
            ("", name) => name.to_owned(),
            (host, name) if host == name => name.to_owned(),
            (host, name) => format!("{host}:{name}"),
        };
        let Some((path, key)) = self.main_output() else {
            self.tell("No filter of this graph plays on a device: add an Audio Device Out".into());
            return;
        };
        if self.device_wanted(&path) == text {
            // Named already: the default is chosen anew, and what is waited for is tried at once.
            if text.is_empty() {
                self.take_default();
            }
            return;
        }
        let Some((&filter, group)) = path.0.split_last() else {
            return;
        };
        let value = (!text.is_empty()).then_some(Value::Text(text));
        let edit = Edit::SetProperty { filter, key, value }.within(group);
        self.edit_from_above("Set Device", edit);
    }

    /// Has all counted at another rate; one undo step.
    pub(super) fn set_rate(&mut self, rate_hz: u32) {
        if self.graph.rate_hz != rate_hz {
            self.edit_from_above("Set the rate", Edit::SetRate(rate_hz));
        }
    }

    /// Has cycles be of that many samples on this machine from now on.
    pub(super) fn set_quantum(&mut self, quantum: usize) {
        let quantum = quantum.clamp(QUANTUM_RANGE.0, QUANTUM_RANGE.1);
        self.change_preferences(|it| it.quantum = Some(quantum));
        self.use_quantum(quantum);
    }

    /// Has cycles be of that many samples.
    pub(super) fn use_quantum(&mut self, quantum: usize) {
        let Some(playing) = &mut self.playing else {
            return;
        };
        if playing.quantum() != quantum {
            playing.set_quantum(quantum);
            self.agree();
        }
    }

    /// Does an edit whose place is not the one that is shown.
    pub(super) fn edit_from_above(&mut self, name: &str, edit: Edit) {
        match self.history.perform(&mut self.graph, name, edit) {
            Ok(()) => self.agree(),
            Err(error) => self.tell(error.to_string()),
        }
    }

    /// The filter whose device is chosen: the one that keeps time, or one that would.
    fn main_output(&self) -> Option<(FilterPath, String)> {
        let mut outputs = self.outputs();
        let master = self.playing.as_ref().and_then(|playing| playing.master());
        let master = master.or_else(|| self.desk.waits.keys().next());
        let at = outputs.iter().position(|(path, _)| Some(path) == master);
        let at = at.or_else(|| (!outputs.is_empty()).then_some(0))?;
        Some(outputs.swap_remove(at))
    }

    /// What that filter asks for; empty is the default.
    pub(super) fn device_asked(&self) -> Option<String> {
        let (path, _) = self.main_output()?;
        Some(self.device_wanted(&path))
    }

    /// The device that is waited for; empty is any.
    pub(super) fn device_missing(&self) -> Option<&str> {
        let mut waits = self.desk.waits.values();
        let wait = waits.find(|wait| wait.side == Side::Out)?;
        Some(&wait.wanted)
    }

    /// The filters that play on a device, each with the property that names it.
    fn outputs(&self) -> Vec<(FilterPath, String)> {
        let filters = self.wiring.filters.iter();
        filters
            .filter_map(|(path, filter)| {
                let property = output_property(filter.descriptor.as_deref()?)?;
                Some((path.clone(), property.key.to_owned()))
            })
            .collect()
    }

    /// Filters that name no device go to the system's default one.
    pub(super) fn take_default(&mut self) {
        self.facts.kept.clear();
        self.banners.retain(|it| !it.text.ends_with(STAYS));
        self.desk.taken.retain(|_, taken| !taken.asked.is_empty());
        let waiting: Vec<FilterPath> = self.desk.waits.keys().cloned().collect();
        for filter in waiting {
            if self.device_wanted(&filter).is_empty() {
                self.desk.waits.remove(&filter);
            }
        }
        self.show_waits();
        self.agree();
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
