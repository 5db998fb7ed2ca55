//! Hears what the engine and the observer say: facts to agree by, lines for the log, banners.

use std::time::Duration;

use super::observe::{Observation, Observer};
use super::playing::News;
use super::{App, Urgency};
use crate::engine::Cells;
use crate::graph::{Control, FilterPath};
use crate::ks::{Bell, DataFlow, FileFact, OpenError, State};

impl App {
    /// Takes in what the engine and the workers have said. Called once a screen frame; quick.
    pub fn poll(&mut self) {
        self.hear_observer();
        self.place_dropped();
        self.hear_waveforms();
        self.hear_render();
        self.hear_banks();
        self.tell_missing_media();
        self.hear_keeper();
        self.keep_safe(Duration::from_nanos(self.epoch.nanos()));
        let Some(playing) = &mut self.playing else {
            return;
        };
        let (news, has_swapped) = playing.poll();

        let stories = playing.take_stories();
        while let Some(frame) = playing.tapped() {
            self.frames.take(frame);
        }
        if has_swapped {
            playing.sync_values(&self.wiring);
            playing.repeat_limits();
        }
        let steps = playing.steps();
        self.hear_pools(&steps);
        self.hear_steps(steps);
        self.watch_edits();
        if self.timeline.is_recording {
            self.follow_cycles();
        }
        for (story, names) in stories {
            self.hear_story(&story, &names);
        }
        self.tell_frames_out();
        for item in news {
            self.hear(item);
        }
        self.follow_controls();
        self.follow_end();
        self.watch_howls();
        self.tell_asked();
        self.find_lost_devices();
        self.cut_off_stuck();
        self.tell_floods();
        self.hear_minutes();
        self.tell_minidrivers();
        self.tell_monitors();
        if self.desk.is_waiting() {
            self.prune_waits();
        }
    }

    /// What rings when [`App::poll`] would hear something.
    pub fn bells(&self) -> impl Iterator<Item = &Bell> {
        let engine = self.playing.as_ref().map(|it| it.cells().bell());
        let observer = self.observer.as_ref().map(|it| &it.bell);
        engine
            .into_iter()
            .chain(observer)
            .chain([self.waveforms.bell()])
            .chain(self.bank_bells())
            .chain(self.settings.bell())
    }

    fn hear_observer(&mut self) {
        let mut has_changed = false;
        while let Some(observation) = self.observer.as_mut().and_then(Observer::observation) {
            match observation {
                Observation::File(path, fact) => {
                    if let FileFact::Unusable(reason) = &fact {
                        let text = format!("{}: {reason}", path.display());
                        self.say(Urgency::Attention, "File", None, text);
                    }
                    if self.facts.files.get(&path) != Some(&fact) {
                        has_changed = true;
                        self.forget_refusals(&path);
                        self.try_banks_again(&path);
                    }
                    self.facts.files.insert(path, fact);
                }
                Observation::Folder => self.read_filters(false),
                Observation::Slept(time) => has_changed |= self.woke_up(time),
                Observation::Devices(found) => {
                    has_changed |= self.devices_seen(*found);
                }
            }
        }
        if has_changed {
            self.agree();
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Opened(filter, note) => self.say_of(Urgency::News, &filter, note),
            News::NotOpened(filter, error) => {
                self.say_of(Urgency::Error, &filter, error.to_string());
                if matches!(error, OpenError::File { .. }) && self.waits_for_disk(&filter) {
                    self.look_again(&filter);
                }
                if let OpenError::Format { pin, format, .. } = error {
                    self.look_again(&filter);
                    let refused = (filter.to_string(), pin, format.to_string());
                    if self.facts.refused.insert(refused) {
                        self.agree();
                    }
                }
            }
            News::Device(filter, granted, absence) => {
                self.device_opened(&filter, granted, absence);
            }
            News::Master(master) => self.master_changed(master.as_ref()),
            News::Refused(filter, state, status) => {
                let text = format!("It does not go to {}: {}", state.name(), status.name());
                self.say_of(Urgency::Error, &filter, text);
            }

            News::Panicked(filter, text) => {
                let position = self.cells().map_or(0, Cells::position);
                self.tell_muted(&filter, position, &format!("it broke: {text}"));
                self.say_of(
                    Urgency::Error,
                    &filter,
                    format!("It broke and is silenced, the rest plays on: {text}"),
                );
            }
            News::NonFinite(filter, pin, position) => {
                let text = format!(
                    "It gave samples that are not numbers, at {pin}, sample {position}; they were silenced"
                );
                self.tell_muted(&filter, position, &text);
                self.say_of(Urgency::Error, &filter, text);
            }
            News::Denormal(filter, pin, position) => {
                let text = format!(
                    "It gave numbers too small to be heard and slow to reckon with, at {pin}, sample {position}; they were silenced"
                );
                self.say_of(Urgency::News, &filter, text);
            }
            News::Control(channel, controller, value) => {
                self.hear_control(
                    Control {
                        channel,
                        controller,
                    },
                    value,
                );
            }
            News::Starved(filter, position) => {
                let rate_hz = self.wiring.rate_hz.max(1);
                let at_seconds = position as f64 / f64::from(rate_hz);
                let name = self.name(&filter);
                self.tell_starved(&filter, position);
                if self.xruns.add(at_seconds, &name, 1).is_some() {
                    let text = match self.only_takes(&filter) {
                        true => "It could not take everything in time",
                        false => "It had nothing in time: silence instead",
                    };
                    self.say_of(Urgency::Attention, &filter, text.into());
                }
            }
            News::Xruns(filter, count, position) => {
                let at_seconds = position as f64 / f64::from(self.wiring.rate_hz.max(1));
                let name = self.charged(&filter);
                if let Some(count) = self.xruns.add(at_seconds, &name, count) {
                    let times = match count {
                        1 => "once".into(),
                        _ => format!("{count} times"),
                    };
                    self.say_of(
                        Urgency::Attention,
                        &filter,
                        format!("The device had nothing to play, {times}"),
                    );
                }
            }
            News::DeviceLost(filter) => self.device_lost(&filter),
            News::Marked(fired) => self.marked(fired),

            News::Quality(sink, quality, position) => self.hear_quality(sink, quality, position),
            News::Degraded(filter, level, position) => {
                self.hear_degraded(filter, level, position);
            }

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

    /// Whether a filter has no output.
    fn only_takes(&self, filter: &FilterPath) -> bool {
        let filter = self.wiring.filters.get(filter);
        let descriptor = filter.and_then(|filter| filter.descriptor.as_deref());
        descriptor.is_some_and(|it| it.pins.iter().all(|pin| pin.data_flow == DataFlow::In))
    }

    fn reached(&mut self, state: State) {
        self.quality_reached(state);
        if state == State::Run
            && let Some(playing) = &mut self.playing
        {
            playing.play_early();
        }
        let text = match state {
            State::Run => "Running".into(),
            State::Pause => "Paused; the position stands still".into(),
            State::Acquire => "Resources are held; nothing moves".into(),
            State::Stop => "Stopped; the position is at zero".into(),
        };
        self.say(Urgency::News, state.name(), None, text);
    }
}
