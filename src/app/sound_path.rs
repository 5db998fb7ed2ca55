//! Why nothing is heard: the way of the sound from its sources to the devices, filter by filter, with where it stops, why, and
//! what helps. Reads what is agreed and what the levels are now; changes nothing.

use std::collections::BTreeMap;

use super::{Action, App, FilterStatus, Offer};
use crate::graph::{CureKind, FilterPath, Position, Wire};
use crate::ks::{DataFlow, Descriptor, Domain, Kind, Property, Settings, State, Unit, Value};

/// Softer than that is no sound, in dBFS.
const NOTHING_DB: f32 = -80.0;
/// A level in dB set as low as this lets nothing through that is heard.
const SHUT_DB: f64 = -60.0;

/// A filter on the way of the sound.
#[derive(Clone, PartialEq, Debug)]
pub struct SoundStep {
    /// The filter; `None` is the graph as a whole.
    pub filter: Option<FilterPath>,
    /// Its name.
    pub name: String,
    /// What goes out of it now in dBFS, or into it where it is a device; `None` where nothing runs or it gives no sound.
    pub level_db: Option<f32>,
    /// What there is to say.
    pub words: String,
    /// Whether the sound ends here.
    pub is_stop: bool,
    /// What would help.
    pub offer: Option<Offer>,
}

impl SoundStep {
    fn stop(name: &str, words: String, offer: Option<Offer>) -> Self {
        Self {
            filter: None,
            name: name.to_owned(),
            level_db: None,
            words,
            is_stop: true,
            offer,
        }
    }
}

fn offer(words: &str, action: Action) -> Option<Offer> {
    Some(Offer {
        words: words.to_owned(),
        action,
    })
}

impl App {
    /// The way of the sound, from the sources on. Where it stops is marked; the first mark is where to begin.
    pub(super) fn sound_path(&self) -> Vec<SoundStep> {
        let devices: Vec<&FilterPath> = self
            .wiring
            .filters
            .iter()
            .filter(|(_, wired)| {
                let kind = wired.descriptor.as_deref();
                kind.is_some_and(Descriptor::renders_sound)
            })
            .map(|(path, _)| path)
            .collect();
        if devices.is_empty() {
            let words = "nothing in this graph plays sound: an Audio Device Out does";
            let add = Action::AddFilter {
                key: "audio_device_out".into(),
                at: Position::default(),
            };
            return vec![SoundStep::stop(
                "The graph",
                words.into(),
                offer("Add One", add),
            )];
        }
        let mut steps = vec![];
        let is_running = self.whole_state() == Ok(State::Run);
        if !is_running {
            let words = match self.whole_state() {
                Ok(State::Pause | State::Acquire) => "it is paused",
                Ok(_) => "it is stopped",
                Err(_) => "it is on its way to run, or some pins are not in it",
            };
            let run = offer("Run", Action::SetState(State::Run));
            steps.push(SoundStep::stop("The graph", words.into(), run));
        }
        for path in self.upstream(&devices) {
            steps.push(self.sound_step(&path, is_running));
        }
        steps
    }

    /// Filters from which something leads to these, sources first; and these.
    fn upstream(&self, ends: &[&FilterPath]) -> Vec<FilterPath> {
        // How far each is from the farthest end: what is farther stands before.
        let mut far: BTreeMap<FilterPath, usize> = BTreeMap::new();
        let mut queue: Vec<(FilterPath, usize)> =
            ends.iter().map(|&end| (end.clone(), 0)).collect();
        let most = self.wiring.filters.len();
        while let Some((at, depth)) = queue.pop() {
            let known = far.get(&at).copied();
            if depth > most || known.is_some_and(|known| known >= depth) {
                continue;
            }
            far.insert(at.clone(), depth);
            let into = self.wiring.wires.iter().filter(|wire| wire.to.filter == at);
            queue.extend(into.map(|wire| (wire.from.filter.clone(), depth + 1)));
        }
        let mut all: Vec<(FilterPath, usize)> = far.into_iter().collect();
        all.sort_by_key(|(_, depth)| std::cmp::Reverse(*depth));
        all.into_iter().map(|(path, _)| path).collect()
    }

    fn sound_step(&self, path: &FilterPath, is_running: bool) -> SoundStep {
        let wired = self.wiring.filters.get(path);
        let kind = wired.and_then(|it| it.descriptor.as_deref());
        let name = wired.map_or_else(String::new, |it| it.name.clone());
        let wires = |is_in: bool| -> Vec<&Wire> {
            let all = self.wiring.wires.iter();
            all.filter(|wire| match is_in {
                true => wire.to.filter == *path,
                false => wire.from.filter == *path,
            })
            .collect()
        };
        let (into, out) = (wires(true), wires(false));
        let is_device = kind.is_some_and(Descriptor::renders_sound);
        let level = |wires: &[&Wire]| -> Option<f32> {
            let sounds = wires.iter().filter(|wire| {
                let agreed = wire.outcome.as_ref().ok();
                agreed.is_some_and(|it| it.format.audio.is_some())
            });
            let levels = sounds.map(|wire| self.level(&wire.from, &wire.to));
            let level = levels.reduce(f32::max)?;
            Some(20.0 * level.max(1e-9).log10())
        };
        let (before, after) = (level(&into), level(&out));
        let shown = if is_device { before } else { after };
        let mut step = SoundStep {
            filter: Some(path.clone()),
            name,
            level_db: shown.filter(|_| is_running),
            words: String::new(),
            is_stop: false,
            offer: None,
        };
        if let Some((words, help)) = self.stands_still(path, &into, is_device) {
            (step.words, step.offer, step.is_stop) = (words, help, true);
            return step;
        }
        if !is_running {
            step.words = "ready".into();
            return step;
        }
        let sounds = |level: Option<f32>| level.is_some_and(|it| it > NOTHING_DB);
        let takes_sound = before.is_some();
        if is_device {
            step.words = match sounds(before) {
                true => "sound reaches it: what is not heard now is turned down or plugged in elsewhere on the machine".into(),
                false => "nothing comes to it".into(),
            };
            return step;
        }
        if sounds(after) {
            step.words = "gives sound".into();
            return step;
        }
        let shut = self.shut(path);
        step.words = match (after, takes_sound, sounds(before)) {
            (None, ..) => match out.iter().any(|it| self.level(&it.from, &it.to) > 0.0) {
                true => "gives notes".into(),
                false => "has given no notes yet".into(),
            },
            (_, true, true) => match shut.is_empty() {
                true => "sound comes in and none goes out".into(),
                false => format!("sound comes in and none goes out: {}", shut.join(", ")),
            },
            (_, true, false) => "nothing comes to it".into(),
            (_, false, _) => match (shut.is_empty(), self.hears_notes(&into)) {
                (false, _) => format!("gives nothing: {}", shut.join(", ")),
                (true, Some(false)) => "no notes have come to it".into(),
                (true, _) => "gives nothing now".into(),
            },
        };
        step.is_stop = after.is_some() && (sounds(before) || !takes_sound);
        step
    }

    /// What keeps a filter out of what plays, whatever its level.
    fn stands_still(
        &self,
        path: &FilterPath,
        into: &[&Wire],
        is_device: bool,
    ) -> Option<(String, Option<Offer>)> {
        for wire in into {
            if let Err(refusal) = &wire.outcome {
                let words = format!("{} is refused: {}", refusal.from, refusal.sentence());
                let mut cures = refusal.cures.iter();
                let cure = cures.position(|cure| cure.kind == CureKind::Insert);
                let help = cure.map(|cure| Offer {
                    words: refusal.cures[cure].text.clone(),
                    action: Action::ConnectVia {
                        from: wire.from.clone(),
                        to: wire.to.clone(),
                        cure,
                    },
                });
                return Some((words, help));
            }
        }
        let own = |action: &dyn Fn(crate::graph::FilterId) -> Action| {
            let (id, level) = path.0.split_last()?;
            (level == &self.place.0[..]).then(|| action(*id))
        };
        match self.status(path) {
            FilterStatus::Missing => {
                return Some(("no filter of its kind is installed here".into(), None));
            }
            FilterStatus::Faulty(words) => return Some((words, None)),
            FilterStatus::Disabled => {
                let enable = own(&|id| Action::SetDisabled {
                    filters: vec![id],
                    is_on: false,
                });
                let help = enable.and_then(|action| offer("Enable", action));
                return Some(("it is disabled".into(), help));
            }
            FilterStatus::Idle(words) => return Some((words, None)),
            FilterStatus::Bypassed(_) | FilterStatus::Ready(_) => {}
        }
        if is_device && into.is_empty() {
            return Some(("nothing is connected to it".into(), None));
        }
        let playing = self.playing.as_ref();
        if playing.is_some_and(|playing| playing.is_lost(path)) {
            return Some((
                "its device is gone; choose another one".into(),
                offer("Choose\u{2026}", Action::ChooseDevice),
            ));
        }
        let limit = self.limit_of(path);
        if limit < State::Run {
            return Some((format!("it is held in {}", limit.name()), None));
        }
        None
    }

    /// Settings that let nothing through: levels all the way down, what is muted.
    fn shut(&self, path: &FilterPath) -> Vec<String> {
        let Some(wired) = self.wiring.filters.get(path) else {
            return vec![];
        };
        let base = self.base();
        let settings = Settings {
            values: &wired.values,
            base: base.as_deref(),
        };
        let properties = wired.descriptor.iter().flat_map(|it| it.properties.iter());
        let is_shut = |property: &Property| match (property.domain, settings.value(property)) {
            (Domain::Number { .. }, Value::Number(number)) if property.unit == Unit::Decibel => {
                (number <= SHUT_DB).then(|| format!("{} {number} dB", property.title))
            }
            (Domain::Flag, Value::Flag(true)) if property.key.contains("mute") => {
                Some(format!("{} is on", property.title))
            }
            _ => None,
        };
        properties.filter_map(is_shut).collect()
    }

    /// Whether notes come to a filter; `None` where it takes none.
    fn hears_notes(&self, into: &[&Wire]) -> Option<bool> {
        let notes = into.iter().filter(|wire| {
            let wired = self.wiring.filters.get(&wire.to.filter);
            let pin = wired.and_then(|it| it.descriptor.as_deref()?.pin(&wire.to.pin));
            pin.is_some_and(|(_, pin)| {
                pin.data_flow == DataFlow::In && matches!(pin.kind(), Kind::Events | Kind::Midi)
            })
        });
        let counts = notes.map(|wire| self.level(&wire.from, &wire.to) > 0.0);
        counts.reduce(|one, other| one || other)
    }
}
