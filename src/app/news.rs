//! Hears what the engine and the observer say: facts to agree by, lines for the log, banners.

use super::observe::Observation;
use super::playing::News;
use super::{App, Banner, Urgency, Xrun};
use crate::graph::FilterPath;
use crate::ks::{AudioDevice, Domain, FileFact, OpenError, Settings, State};

/// The last words of every banner about a missing device, by which it is found again.
const WAITS: &str = "The graph keeps time on a silent clock and waits for it.";

impl App {
    /// Takes in what the engine and the workers have said. Called once a screen frame; quick.
    pub fn poll(&mut self) {
        self.hear_observer();
        self.hear_keeper();
        let Some(playing) = &mut self.playing else {
            return;
        };
        let (news, has_swapped) = playing.poll();
        if has_swapped {
            playing.sync_values(&self.wiring);
        }
        for item in news {
            self.hear(item);
        }
    }

    fn hear_observer(&mut self) {
        let mut has_changed = false;
        while let Some(observation) = self
            .observer
            .as_ref()
            .and_then(|observer| observer.observation())
        {
            match observation {
                Observation::File(path, fact) => {
                    if let FileFact::Unusable(reason) = &fact {
                        let text = format!("{}: {reason}", path.display());
                        self.say(Urgency::Attention, "File", None, text);
                    }
                    has_changed |= self.facts.files.get(&path) != Some(&fact);
                    self.facts.files.insert(path, fact);
                }
                Observation::Devices(found) => {
                    has_changed |= self.facts.devices != found.devices
                        || self.facts.midi_inputs != found.midi_inputs;
                    self.facts.devices = found.devices;
                    self.facts.midi_inputs = found.midi_inputs;
                    if self.is_waiting {
                        has_changed |= self.take_device_again();
                    }
                }
            }
        }
        if has_changed {
            self.agree();
        }
    }

    /// If the device that was lost is there again, its filter is to be opened anew. Never another device.
    fn take_device_again(&mut self) -> bool {
        let Some(master) = self
            .playing
            .as_ref()
            .and_then(|playing| playing.master().cloned())
        else {
            return false;
        };
        let wanted = self.device_wanted(&master);
        let is_it = |device: &AudioDevice| {
            let is_asked_for = if wanted.is_empty() {
                device.is_default
            } else {
                device.name == wanted || format!("{}:{}", device.host, device.name) == wanted
            };
            is_asked_for && (self.lost_device.is_empty() || self.lost_device == device.name)
        };
        if !self
            .facts
            .devices
            .iter()
            .any(|device| !device.render.is_empty() && is_it(device))
        {
            return false;
        }
        if let Some(playing) = &mut self.playing {
            playing.renew(&master);
        }
        true
    }

    /// The device a filter asks for; empty is the default.
    fn device_wanted(&self, filter: &FilterPath) -> String {
        let wired = self.wiring.filters.get(filter);
        let descriptor = wired.and_then(|wired| wired.descriptor.as_ref());
        let (Some(wired), Some(descriptor)) = (wired, descriptor) else {
            return String::new();
        };
        let settings = Settings {
            values: &wired.values,
            base: None,
        };
        let property = descriptor
            .properties
            .iter()
            .find(|property| property.domain == Domain::Device);
        property
            .map(|property| settings.text(property))
            .unwrap_or_default()
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Opened(filter, note) => self.say_of(Urgency::News, &filter, note),
            News::NotOpened(filter, error) => {
                self.say_of(Urgency::Error, &filter, error.to_string());
                if let OpenError::Format { pin, format, .. } = error {
                    let refused = (filter.to_string(), pin, format.to_string());
                    if self.facts.refused.insert(refused) {
                        self.agree();
                    }
                }
            }
            News::Master(master) => self.master_changed(master),
            News::Panicked(filter, text) => {
                self.say_of(
                    Urgency::Error,
                    &filter,
                    format!("It broke and is silenced, the rest plays on: {text}"),
                );
            }
            News::NonFinite(filter, position) => {
                let text = format!(
                    "It gave samples that are not numbers, at {position}; they were silenced"
                );
                self.say_of(Urgency::Error, &filter, text);
            }
            News::Starved(filter, position) => {
                let rate_hz = self.wiring.rate_hz.max(1);
                let at_seconds = position as f64 / f64::from(rate_hz);
                let name = self.name(&filter);
                // One line a second is enough to see it.
                let is_new = !self
                    .xruns
                    .iter()
                    .rev()
                    .take(1)
                    .any(|last| last.filter == name && at_seconds - last.at_seconds < 1.0);
                self.xruns.push(Xrun {
                    at_seconds,
                    filter: name,
                });
                if is_new {
                    self.say_of(
                        Urgency::Attention,
                        &filter,
                        "It had nothing in time: silence instead".into(),
                    );
                }
            }
            News::Xruns(filter, count, position) => {
                let at_seconds = position as f64 / f64::from(self.wiring.rate_hz.max(1));
                let name = self.name(&filter);
                self.xruns.extend((0..count).map(|_| Xrun {
                    at_seconds,
                    filter: name.clone(),
                }));
                let times = if count == 1 {
                    "once".into()
                } else {
                    format!("{count} times")
                };
                self.say_of(
                    Urgency::Attention,
                    &filter,
                    format!("The device had nothing to play, {times}"),
                );
            }
            News::DeviceLost(filter) => self.device_lost(&filter),
            News::Reached(state) => self.reached(state),
            News::Ended => {
                self.has_ended = true;
                self.say(
                    Urgency::News,
                    "Graph",
                    None,
                    "Every source has ended".into(),
                );
            }
        }
    }

    fn reached(&mut self, state: State) {
        let text = match state {
            State::Run => "Running".into(),
            State::Pause => "Paused; the position stands still".into(),
            State::Acquire => "Resources are held; nothing moves".into(),
            State::Stop => "Stopped; the position is at zero".into(),
        };
        self.say(Urgency::News, state.name(), None, text);
    }

    fn master_changed(&mut self, master: Option<FilterPath>) {
        self.banners.retain(|banner| !banner.text.ends_with(WAITS));
        self.set_waiting(false);
        self.device = match &master {
            Some(filter) => {
                let wanted = self.device_wanted(filter);
                let mut devices = self.facts.devices.iter();
                let default = devices.find(|device| device.is_default && !device.render.is_empty());
                match (wanted.is_empty(), default) {
                    (true, Some(device)) => device.name.clone(),
                    _ => wanted,
                }
            }
            None => String::new(),
        };
    }

    fn device_lost(&mut self, filter: &FilterPath) {
        let wanted = self.device_wanted(filter);
        let text = if wanted.is_empty() && self.device.is_empty() && self.lost_device.is_empty() {
            format!("No sound card was found. {WAITS}")
        } else {
            let name = if self.device.is_empty() {
                wanted
            } else {
                self.device.clone()
            };
            format!("{name} is not there. {WAITS}")
        };
        self.say_of(Urgency::Attention, filter, text.clone());
        self.banners.retain(|banner| !banner.text.ends_with(WAITS));
        self.banners.insert(
            0,
            Banner {
                urgency: Urgency::Attention,
                text,
                is_dismissible: true,
                offers: vec![],
            },
        );
        if !self.device.is_empty() {
            self.lost_device = std::mem::take(&mut self.device);
        }
        self.set_waiting(true);
    }

    fn set_waiting(&mut self, is_waiting: bool) {
        self.is_waiting = is_waiting;
        if let Some(observer) = &self.observer {
            observer.watch(is_waiting);
        }
    }
}
