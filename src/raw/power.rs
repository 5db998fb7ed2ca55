//! Sleep, and devices that are lost: pins go down by themselves, and come back to where they were (PWR-1, PWR-2).

use super::names::DeviceName;
use super::object::{Handle, Host, Object};
use crate::ks::{State, Status};

impl Host {
    /// The machine is about to sleep, or has woken: pins in Run go to Pause, and are restored after (PWR-1).
    pub fn sleep(&mut self, is_asleep: bool) {
        let all: Vec<Handle> = self.pins().map(|(handle, _)| handle).collect();
        if is_asleep {
            let run = all
                .into_iter()
                .filter(|pin| self.state(*pin) == Some(State::Run));
            self.send_down(run.collect(), State::Pause);
        } else {
            let is_here = |host: &Self, pin: &Handle| host.is_lost(*pin) != Some(true);
            let kept = all.into_iter().filter(|pin| is_here(self, pin));
            self.bring_back(kept.collect());
        }
    }

    /// Pins go down to a state, and what they were in is kept.
    fn send_down(&mut self, pins: Vec<Handle>, to: State) {
        for pin in &pins {
            if let Some(Object::Pin(it)) = self.object_mut(*pin) {
                it.resumes = Some(it.state);
            }
        }
        self.step_pins(&pins, to);
    }

    fn bring_back(&mut self, pins: Vec<Handle>) {
        for state in [State::Acquire, State::Pause, State::Run] {
            let due = |host: &Self, pin: &Handle| match host.object(*pin) {
                Some(Object::Pin(it)) => it.resumes >= Some(state) && it.state < state,
                _ => false,
            };
            let up: Vec<Handle> = pins.iter().copied().filter(|pin| due(self, pin)).collect();
            self.step_pins(&up, state);
        }
        for pin in pins {
            if let Some(Object::Pin(it)) = self.object_mut(pin) {
                it.resumes = None;
            }
        }
    }

    /// Whether the device of a pin's filter is gone.
    pub(super) fn is_lost(&self, pin: Handle) -> Option<bool> {
        match self.object(self.filter_handle(pin))? {
            Object::Filter(it) => Some(it.is_lost),
            _ => None,
        }
    }

    /// A device is gone, or back: the pins of its filters stop, and no other; back they go to where they were (PWR-2).
    pub(super) fn device_changed(&mut self, device: &DeviceName, is_there: bool) {
        for handle in self.objects() {
            let Some(Object::Filter(it)) = self.object_mut(handle) else {
                continue;
            };
            let names_it = device.value(&it.descriptor).is_some_and(|(key, value)| {
                it.descriptor.key == device.factory && it.values.get(&key) == Some(&value)
            });
            if !names_it || it.is_lost != is_there {
                continue;
            }
            self.filter_changed(handle, is_there);
        }
    }

    /// What is behind a filter is gone, or back.
    pub(super) fn filter_changed(&mut self, handle: Handle, is_there: bool) {
        let pins = self.pins_of(handle);
        if is_there {
            self.set_lost(handle, false);
            self.bring_back(pins);
        } else {
            self.send_down(pins, State::Stop);
            self.set_lost(handle, true);
        }
    }

    fn set_lost(&mut self, filter: Handle, is_lost: bool) {
        if let Some(it) = self.filter_mut(filter) {
            it.is_lost = is_lost;
        }
        let words = if is_lost { "is gone" } else { "is back" };
        self.say(format!("filter {filter}: its device {words}"));
    }

    /// What a pin answers to a step up while its device is gone.
    pub(super) fn not_ready(&self, pin: Handle, next: State) -> Option<Status> {
        let is_up = self.state(pin).is_some_and(|state| next > state);
        let is_lost = is_up && self.is_lost(pin) == Some(true);
        is_lost.then_some(Status::DeviceNotReady)
    }
}
