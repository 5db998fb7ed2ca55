//! What a song has set up to some place: programs, controllers, bends, notes that sound. So that playing can begin
//! anywhere, and a device can come back, and it sounds as if nothing had been missed.
//!
//! States are kept at every few thousand events, so that to find one takes a bounded number of steps.

use crate::ks::{KernelEvent, RefTime};

/// Events between two states that are kept.
const SPAN: usize = 4096;
/// Nothing was set.
const UNSET: u8 = 0xFF;
/// Registered parameters that are followed: bend range, fine and coarse tuning.
const PARAMETERS: usize = 3;

mod number {
    pub(super) const BANK: u8 = 0;
    pub(super) const DATA: u8 = 6;
    pub(super) const BANK_FINE: u8 = 32;
    pub(super) const DATA_FINE: u8 = 38;
    pub(super) const SUSTAIN: u8 = 64;
    pub(super) const SOSTENUTO: u8 = 66;
    pub(super) const RPN_FINE: u8 = 100;
    pub(super) const RPN: u8 = 101;
}

/// Where a controller rests that was never set.
fn rest(controller: u8) -> u8 {
    match controller {
        7 => 100,
        8 | 10 | 70..=79 => 64,
        11 => 127,
        91 => 40,
        _ => 0,
    }
}

/// What one channel has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Channel {
    controllers: [u8; 128],
    program: u8,
    pressure: u8,
    bend: Option<[u8; 2]>,
    parameters: [[u8; 2]; PARAMETERS],
}

impl Channel {
    const UNSET: Self = Self {
        controllers: [UNSET; 128],
        program: UNSET,
        pressure: UNSET,
        bend: None,
        parameters: [[UNSET; 2]; PARAMETERS],
    };

    /// The registered parameter that data are for now.
    fn parameter(&self) -> Option<usize> {
        let chosen = |number: u8| self.controllers[usize::from(number)];
        let fine = usize::from(chosen(number::RPN_FINE));
        (chosen(number::RPN) == 0 && fine < PARAMETERS).then_some(fine)
    }

    fn control(&mut self, controller: u8, value: u8) {
        match controller {
            number::DATA | number::DATA_FINE => {
                if let Some(parameter) = self.parameter() {
                    let fine = usize::from(controller == number::DATA_FINE);
                    self.parameters[parameter][fine] = value;
                    return;
                }
            }
            // An unregistered one is chosen: data are no longer for the registered.
            98 | 99 => {
                self.controllers[usize::from(number::RPN)] = 127;
                self.controllers[usize::from(number::RPN_FINE)] = 127;
            }
            121 => {
                // Resets what it resets: not volume, pan, banks, effects.
                for (number, value) in self.controllers.iter_mut().enumerate() {
                    if matches!(number, 1 | 2 | 4 | 11 | 64..=69) && *value != UNSET {
                        *value = rest(number as u8);
                    }
                }
                self.bend = self.bend.and(Some([0, 64]));
                return;
            }
            _ => {}
        }
        self.controllers[usize::from(controller & 127)] = value;
    }
}

/// What all channels have been told, and which notes sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    channels: Vec<Channel>,
    /// The velocity of each key of each channel that is down, 0 while it is up.
    velocities: Vec<u8>,
    /// The track that pressed it.
    tracks: Vec<u16>,
}

impl Told {
    /// Nothing yet, on so many groups of sixteen channels.
    pub fn nothing(groups: usize) -> Self {
        let channels = groups.max(1) * 16;
        Self {
            channels: vec![Channel::UNSET; channels],
            velocities: vec![0; channels * 128],
            tracks: vec![0; channels * 128],
        }
    }

    /// Takes over another state of the same size.
    fn copy_from(&mut self, other: &Self) {
        self.channels.copy_from_slice(&other.channels);
        self.velocities.copy_from_slice(&other.velocities);
        self.tracks.copy_from_slice(&other.tracks);
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        self.channels.fill(Channel::UNSET);
        self.velocities.fill(0);
    }

    fn channel_of(&self, event: &KernelEvent) -> Option<usize> {
        let status = *event.bytes().first()?;
        if !(0x80..0xF0).contains(&status) {
            return None;
        }
        let group = usize::from(event.channel_group.max(1) - 1);
        let channel = group * 16 + usize::from(status & 15);
        (channel < self.channels.len()).then_some(channel)
    }

    /// Follows one message of a track.
    pub fn follow(&mut self, event: &KernelEvent, track: u16) {
        let Some(channel) = self.channel_of(event) else {
            if event.bytes() == [0xFF] {
                self.forget();
            }
            return;
        };
        let told = &mut self.channels[channel];
        match *event.bytes() {
            [0x80..=0x8F, key, ..] | [0x90..=0x9F, key, 0] => {
                self.velocities[channel * 128 + usize::from(key & 127)] = 0;
            }
            [0x90..=0x9F, key, velocity] => {
                let place = channel * 128 + usize::from(key & 127);
                self.velocities[place] = velocity;
                self.tracks[place] = track;
            }
            // All sound off, all notes off, and the modes that imply it.
            [0xB0..=0xBF, 120 | 123..=127, _] => {
                self.velocities[channel * 128..][..128].fill(0);
            }
            [0xB0..=0xBF, controller, value] => told.control(controller, value),
            [0xC0..=0xCF, program] => told.program = program,
            [0xD0..=0xDF, pressure] => told.pressure = pressure,
            [0xE0..=0xEF, fine, coarse] => told.bend = Some([fine, coarse]),
            _ => {}
        }
    }

    /// Whether that key is down for which `event` is.
    pub fn is_down(&self, event: &KernelEvent) -> bool {
        let key = event.bytes().get(1).copied().unwrap_or(0);
        let channel = self.channel_of(event);
        channel.is_some_and(|it| self.velocities[it * 128 + usize::from(key & 127)] > 0)
    }

    /// How many notes are down.
    pub fn sounding(&self) -> usize {
        self.velocities.iter().filter(|it| **it > 0).count()
    }

    /// Releases the notes of which `is_meant` says so by channel and track; with all of them the pedals.
    pub fn release(
        &mut self,
        time: RefTime,
        is_meant: impl Fn(usize, u16) -> bool,
        with_pedals: bool,
        mut take: impl FnMut(KernelEvent),
    ) {
        for channel in 0..self.channels.len() {
            let mut say = |bytes: &[u8]| {
                let status = bytes[0] | (channel % 16) as u8;
                let mut all = [status, 0, 0];
                all[1..bytes.len()].copy_from_slice(&bytes[1..]);
                if let Some(mut event) = KernelEvent::new(time, &all[..bytes.len()]) {
                    event.channel_group = (channel / 16 + 1) as u16;
                    take(event);
                }
            };
            for pedal in [number::SUSTAIN, number::SOSTENUTO] {
                let value = &mut self.channels[channel].controllers[usize::from(pedal)];
                if with_pedals && *value != UNSET && *value >= 64 {
                    *value = 0;
                    say(&[0xB0, pedal, 0]);
                }
            }
            for key in 0..128 {
                let place = channel * 128 + key;
                if self.velocities[place] > 0 && is_meant(channel, self.tracks[place]) {
                    self.velocities[place] = 0;
                    say(&[0x80, key as u8, 64]);
                }
            }
        }
    }

    /// The most events that [`Self::tell`] and [`Self::release`] give together.
    pub fn most_events(&self) -> usize {
        self.channels.len() * (128 + 2 * 128 + 24)
    }

    /// Tells a listener all of this that a song uses anywhere: what was not set yet is at rest.
    pub fn tell(
        &self,
        used: &Self,
        time: RefTime,
        with_notes: bool,
        mut take: impl FnMut(KernelEvent, u16),
    ) {
        for (index, (told, used)) in self.channels.iter().zip(&used.channels).enumerate() {
            let channel = (index % 16) as u8;
            let group = (index / 16 + 1) as u16;
            let mut say = |bytes: &[u8], track: u16| {
                if let Some(mut event) = KernelEvent::new(time, bytes) {
                    event.channel_group = group;
                    take(event, track);
                }
            };
            let now = |controller: u8| {
                let place = usize::from(controller);
                let value = told.controllers[place];
                let value = if value == UNSET {
                    rest(controller)
                } else {
                    value
                };
                (used.controllers[place] != UNSET).then_some(value)
            };
            for bank in [number::BANK, number::BANK_FINE] {
                if let Some(value) = now(bank) {
                    say(&[0xB0 | channel, bank, value], 0);
                }
            }
            if used.program != UNSET {
                let program = if told.program == UNSET {
                    0
                } else {
                    told.program
                };
                say(&[0xC0 | channel, program], 0);
            }
            for controller in 1..120 {
                let is_apart = matches!(controller, number::BANK_FINE | 6 | 38 | 96..=101);
                if let Some(value) = now(controller).filter(|_| !is_apart) {
                    say(&[0xB0 | channel, controller, value], 0);
                }
            }
            let mut has_chosen = false;
            for (parameter, data) in used.parameters.iter().enumerate() {
                let rests = [[2, 0], [64, 0], [64, 0]][parameter];
                for (part, controller) in [number::DATA, number::DATA_FINE].into_iter().enumerate()
                {
                    if data[part] == UNSET {
                        continue;
                    }
                    say(&[0xB0 | channel, number::RPN, 0], 0);
                    say(&[0xB0 | channel, number::RPN_FINE, parameter as u8], 0);
                    let set = told.parameters[parameter][part];
                    let value = if set == UNSET { rests[part] } else { set };
                    say(&[0xB0 | channel, controller, value], 0);
                    has_chosen = true;
                }
            }
            if has_chosen || used.controllers[usize::from(number::RPN)] != UNSET {
                for controller in [number::RPN, number::RPN_FINE] {
                    let chosen = told.controllers[usize::from(controller)];
                    let value = if chosen == UNSET { 127 } else { chosen };
                    say(&[0xB0 | channel, controller, value], 0);
                }
            }
            if used.bend.is_some() {
                let [fine, coarse] = told.bend.unwrap_or([0, 64]);
                say(&[0xE0 | channel, fine, coarse], 0);
            }
            if used.pressure != UNSET {
                let pressure = if told.pressure == UNSET {
                    0
                } else {
                    told.pressure
                };
                say(&[0xD0 | channel, pressure], 0);
            }
            for key in 0..128 {
                let place = index * 128 + key;
                let velocity = self.velocities[place];
                if with_notes && velocity > 0 {
                    say(&[0x90 | channel, key as u8, velocity], self.tracks[place]);
                }
            }
        }
    }
}

/// States of a song at places in it.
pub struct Places {
    kept: Vec<Told>,
    /// Everything that is set anywhere.
    pub used: Told,
}

impl Places {
    /// Walks through a song once.
    pub fn of(events: &[KernelEvent], tracks: &[u16], groups: usize) -> Self {
        let mut kept = Vec::with_capacity(events.len() / SPAN + 1);
        let mut told = Told::nothing(groups);
        let mut used = Told::nothing(groups);
        for (index, (event, track)) in events.iter().zip(tracks).enumerate() {
            if index.is_multiple_of(SPAN) {
                kept.push(told.clone());
            }
            told.follow(event, *track);
            // What is reset was set; and a reset of all is no setting.
            if event.bytes().len() > 1 {
                used.follow(event, *track);
            }
        }
        if kept.is_empty() {
            kept.push(told);
        }
        Self { kept, used }
    }

    /// What was told before the event at `index`.
    pub fn before(&self, index: usize, events: &[KernelEvent], tracks: &[u16], told: &mut Told) {
        let place = (index / SPAN).min(self.kept.len() - 1);
        told.copy_from(&self.kept[place]);
        let from = place * SPAN;
        for (event, track) in events.iter().zip(tracks).take(index).skip(from) {
            told.follow(event, *track);
        }
    }
}
