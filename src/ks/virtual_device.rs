//! Virtual devices: one for each device of the machine that can be played on or heard through, numbered as clients number them,
//! each with the bundle of filters it takes (SYS-1). They come and go with the facts (SYS-11); nothing is opened here.

use super::catalogue::Catalogue;
use super::facts::{AudioDevice, Facts};
use super::filter::Descriptor;
use super::format::Kind;
use super::ids::category;
use super::pin::{DataFlow, PinFactory};
use super::property::Domain;

/// What a virtual device is for. Each is numbered by itself from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Use {
    /// Sound is played on it.
    WaveOut,
    /// Sound comes from it.
    WaveIn,
    /// Notes are played on it.
    MidiOut,
    /// Notes come from it.
    MidiIn,
}

impl Use {
    /// The word of the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WaveOut => "wave_out",
            Self::WaveIn => "wave_in",
            Self::MidiOut => "midi_out",
            Self::MidiIn => "midi_in",
        }
    }
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VirtualDevice {
    /// What it is for.
    pub kind: Use,
    /// Its number among those of its kind.
    pub number: usize,
    /// What people read.
    pub name: String,
    /// What the property of its filter that names a device says; empty is the system's default, whichever that is now.
    pub device: String,
    /// Whether it is the one that is meant where none is said.
    pub is_default: bool,
    /// Keys of the filters of its bundle, from the client's side on.
    pub filters: Vec<String>,
}

/// All of them: wave outputs, wave inputs, MIDI outputs, MIDI inputs. The first MIDI output is the software synthesizer, which
/// plays on the default wave output (SYS-7): whether a synthesizer hangs on a port of the machine nobody can tell.
pub fn virtual_devices(catalogue: &Catalogue, facts: &Facts) -> Vec<VirtualDevice> {
    let key = |is_wanted: &dyn Fn(&Descriptor) -> bool| {
        let mut kinds: Vec<&Descriptor> = catalogue.iter().map(|it| it.descriptor()).collect();
        kinds.retain(|it| is_wanted(it));
        let best = kinds.into_iter().max_by_key(|it| it.merit);
        best.map(|it| it.key.to_string())
    };
    let has = |it: &Descriptor, flow: DataFlow, kind: Kind| {
        let is_one = |pin: &PinFactory| pin.data_flow == flow && pin.kind() == kind;
        it.pins.iter().any(|pin| is_one(pin) && !pin.is_bridge())
    };
    let names = |it: &Descriptor| it.properties.iter().any(|it| it.domain == Domain::Device);
    let device = |id, flow, kind| {
        key(&|it: &Descriptor| it.categories.contains(&id) && names(it) && has(it, flow, kind))
    };
    let render = device(category::RENDER, DataFlow::In, Kind::Audio);
    let capture = device(category::CAPTURE, DataFlow::Out, Kind::Audio);
    let notes_out = device(category::RENDER, DataFlow::In, Kind::Events);
    let notes_in = device(category::CAPTURE, DataFlow::Out, Kind::Events);
    let mixer = key(&|it: &Descriptor| {
        it.categories.contains(&category::MIXER) && has(it, DataFlow::Out, Kind::Audio)
    });
    let synth = key(&|it: &Descriptor| {
        it.categories.contains(&category::SYNTHESIZER) && has(it, DataFlow::In, Kind::Events)
    });
    let mut all: Vec<VirtualDevice> = vec![];
    let mut add =
        |kind, name: String, device: String, is_default, filters: Vec<&Option<String>>| {
            let filters: Option<Vec<String>> = filters.into_iter().cloned().collect();
            // Without its filters there is nothing to build a device of.
            if let Some(filters) = filters {
                let number = all.iter().filter(|it| it.kind == kind).count();
                all.push(VirtualDevice {
                    kind,
                    number,
                    name,
                    device,
                    is_default,
                    filters,
                });
            }
        };
    let can_play = |it: &&AudioDevice| !it.render.is_empty();
    let can_hear = |it: &&AudioDevice| !it.capture.is_empty();
    for it in facts.devices.iter().filter(can_play) {
        let name = it.whole_name();
        add(
            Use::WaveOut,
            name.clone(),
            name,
            it.is_default,
            vec![&mixer, &render],
        );
    }
    for it in facts.devices.iter().filter(can_hear) {
        let name = it.whole_name();
        add(
            Use::WaveIn,
            name.clone(),
            name,
            it.is_default_input,
            vec![&capture],
        );
    }
    let title = synth.as_ref().and_then(|key| catalogue.get(key));
    let title = title.map_or_else(String::new, |it| it.descriptor().title.to_string());
    if facts.devices.iter().any(|it| !it.render.is_empty()) {
        add(
            Use::MidiOut,
            title,
            String::new(),
            true,
            vec![&synth, &mixer, &render],
        );
    }
    for port in &facts.midi_outputs {
        add(
            Use::MidiOut,
            port.clone(),
            port.clone(),
            false,
            vec![&notes_out],
        );
    }
    for port in &facts.midi_inputs {
        add(
            Use::MidiIn,
            port.clone(),
            port.clone(),
            false,
            vec![&notes_in],
        );
    }
    all
}
