//! Devices that come and go: what is told of them, what is tried again, and what becomes of a graph on the default device
//! when another becomes that.

use std::collections::BTreeSet;

use super::{BACK_OFF, MOVERS, STAYS, system_default};
use crate::app::{Action, App, Banner, Offer, Urgency};
use crate::graph::{FilterPath, WiredFilter};
use crate::ks::ids::{Guid, category};
use crate::ks::{AudioDevice, Domain, Facts, Kind, Value};

impl App {
    /// Takes in which devices there are now. Whether the graph is to be agreed anew.
    pub(in crate::app) fn devices_seen(&mut self, found: Facts) -> bool {
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
}
