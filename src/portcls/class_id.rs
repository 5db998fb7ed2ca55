//! Ports and miniports by class id: what an adapter names when it puts a filter together (PCL-1, PCL-2).
//!
//! Lives here: the ids, which miniport goes with which port, and the constructors of those that come with the house. Does
//! not live here: any port or miniport. A port is a generic struct and binding is construction; this is the same binding
//! by name, for whoever knows only ids.

use std::ops::Range;

use super::dmus::{DmusPort, Mxf, SynthSink};
use super::fm_synth::{FmSynth, FmSynthWithVol};
use crate::ks::ids::{Guid, technology};
use crate::ks::{KernelEvent, Processor, Status, Values, Wave};

/// Class ids of ports.
pub mod port {
    use crate::ks::ids::Guid;

    /// What a card has inside, without streams.
    pub const TOPOLOGY: Guid = Guid(0xB4C90A32_5791_11D0_86F9_00A0C911B544);
    /// Sound through a cyclic buffer.
    pub const WAVE_CYCLIC: Guid = Guid(0xB4C90A2A_5791_11D0_86F9_00A0C911B544);
    /// Sound in the client's own chunks.
    pub const WAVE_PCI: Guid = Guid(0xB4C90A54_5791_11D0_86F9_00A0C911B544);
    /// Sound in a buffer that client and card share.
    pub const WAVE_RT: Guid = Guid(0xCC9BE57A_EB9E_42B4_94FC_0CAD3DBCE7FA);
    /// Notes; the same as the next one.
    pub const MIDI: Guid = Guid(0xB4C90A43_5791_11D0_86F9_00A0C911B544);
    /// Notes with times.
    pub const DMUS: Guid = Guid(0xB7902FE9_FB09_11D1_81B0_0060083316C1);
}

/// Class ids of miniports.
pub mod miniport {
    use crate::ks::ids::Guid;

    /// A MIDI port that sends and hears.
    pub const DMUS_UART: Guid = Guid(0xD3F0CE1C_FFFC_11D1_81B0_0060083316C1);
    /// A MIDI port that hears.
    pub const DMUS_UART_CAPTURE: Guid = Guid(0xD3F0CE1D_FFFC_11D1_81B0_0060083316C1);
    /// Frequency modulation.
    pub const FM_SYNTH: Guid = Guid(0xB4C90AE0_5791_11D0_86F9_00A0C911B544);
    /// Frequency modulation with a volume of its own.
    pub const FM_SYNTH_WITH_VOL: Guid = Guid(0xE5A3C139_F0F2_11D1_81AF_0060083316C1);
    /// What was there before [`DMUS_UART`]; obsolete.
    pub const UART: Guid = Guid(0xB4C90AE1_5791_11D0_86F9_00A0C911B544);
}

/// What a port does with a miniport.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PortKind {
    /// Shows what a card has inside; its pins are jacks.
    Topology,
    /// Sound through a cyclic buffer of the port's.
    WaveCyclic,
    /// Sound in the client's chunks, by reference.
    WavePci,
    /// Sound in a buffer that is shared.
    WaveRt,
    /// Notes through a sequencer.
    DMus,
}

/// A port by its class id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PortClass {
    /// Its id.
    pub id: Guid,
    /// Its name.
    pub name: &'static str,
    /// What it does: MIDI and DMus are one (PCL-3).
    pub kind: PortKind,
}

impl PortClass {
    /// Whether its miniports make streams (PCL-4).
    pub const fn has_streams(&self) -> bool {
        !matches!(self.kind, PortKind::Topology)
    }
}

/// All ports.
pub const PORTS: &[PortClass] = &[
    row(port::TOPOLOGY, "Topology", PortKind::Topology),
    row(port::WAVE_CYCLIC, "WaveCyclic", PortKind::WaveCyclic),
    row(port::WAVE_PCI, "WavePci", PortKind::WavePci),
    row(port::WAVE_RT, "WaveRT", PortKind::WaveRt),
    row(port::MIDI, "Midi", PortKind::DMus),
    row(port::DMUS, "DMus", PortKind::DMus),
];

const fn row(id: Guid, name: &'static str, kind: PortKind) -> PortClass {
    PortClass { id, name, kind }
}

/// What a miniport that makes sound is made for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The rate of its output.
    pub rate_hz: u32,
    /// Groups of sixteen channels.
    pub groups: usize,
    /// The most samples of a cycle.
    pub longest: usize,
}

/// How a miniport that makes sound is made.
type Make = fn(&Wanted) -> Box<dyn SynthSink>;

/// A miniport that comes with the house, by its class id.
#[derive(Clone, Copy, Debug)]
pub struct MiniportClass {
    /// Its id.
    pub id: Guid,
    /// Its name.
    pub name: &'static str,
    /// The port it stands behind.
    pub port: PortKind,
    /// What its ranges of music say.
    pub technology: Guid,
    /// Whether it has a volume node.
    pub has_volume: bool,
    /// Whether another one took its place.
    pub is_obsolete: bool,
    /// Makes it, if it makes sound; one that sends bytes needs a device to send them to.
    make: Option<Make>,
}

/// All miniports.
pub const MINIPORTS: &[MiniportClass] = &[
    uart(miniport::DMUS_UART, "DMusUART", false),
    uart(miniport::DMUS_UART_CAPTURE, "DMusUARTCapture", false),
    uart(miniport::UART, "UART", true),
    MiniportClass {
        id: miniport::FM_SYNTH,
        name: "FmSynth",
        port: PortKind::DMus,
        technology: technology::FMSYNTH,
        has_volume: false,
        is_obsolete: false,
        make: Some(|it| Box::new(FmSynth::new(f64::from(it.rate_hz), it.groups, it.longest))),
    },
    MiniportClass {
        id: miniport::FM_SYNTH_WITH_VOL,
        name: "FmSynthWithVol",
        port: PortKind::DMus,
        technology: technology::FMSYNTH,
        has_volume: true,
        is_obsolete: false,
        make: Some(|it| {
            let synth = FmSynthWithVol::new(f64::from(it.rate_hz), it.groups, it.longest, 0.0);
            Box::new(synth)
        }),
    },
];

const fn uart(id: Guid, name: &'static str, is_obsolete: bool) -> MiniportClass {
    MiniportClass {
        id,
        name,
        port: PortKind::DMus,
        technology: technology::PORT,
        has_volume: false,
        is_obsolete,
        make: None,
    }
}

/// The port of a class id; `INVALID_PARAMETER` where there is none.
pub fn new_port(id: Guid) -> Result<&'static PortClass, Status> {
    let found = PORTS.iter().find(|it| it.id == id);
    found.ok_or(Status::InvalidParameter)
}

/// The miniport of a class id; `INVALID_PARAMETER` where there is none (PCL-2).
pub fn new_miniport(id: Guid) -> Result<&'static MiniportClass, Status> {
    let found = MINIPORTS.iter().find(|it| it.id == id);
    found.ok_or(Status::InvalidParameter)
}

/// Whether a miniport goes with a port; `INVALID_PARAMETER` where an id is unknown or they do not fit.
pub fn bind(
    port: Guid,
    miniport: Guid,
) -> Result<(&'static PortClass, &'static MiniportClass), Status> {
    let (port, miniport) = (new_port(port)?, new_miniport(miniport)?);
    match port.kind == miniport.port {
        true => Ok((port, miniport)),
        false => Err(Status::InvalidParameter),
    }
}

/// A filter's running half by class ids: a synthesizer of the house behind a port for notes. `NOT_SUPPORTED` for a
/// miniport that makes no sound.
pub fn synthesizer(
    port: Guid,
    miniport: Guid,
    wires: usize,
    wanted: &Wanted,
) -> Result<Box<dyn Processor>, Status> {
    let (_, miniport) = bind(port, miniport)?;
    let make = miniport.make.ok_or(Status::NotSupported)?;
    let port = DmusPort::new(make(wanted), wires, wanted.rate_hz);
    Ok(Box::new(port))
}

impl Mxf for Box<dyn SynthSink> {
    fn put(&mut self, event: &KernelEvent, offset: usize) {
        (**self).put(event, offset);
    }
}

impl SynthSink for Box<dyn SynthSink> {
    fn prepare(&mut self, values: Values<'_>) {
        (**self).prepare(values);
    }

    fn finish(&mut self) {
        (**self).finish();
    }

    fn render(&mut self, out: &mut Wave, part: Range<usize>) {
        (**self).render(out, part);
    }

    fn silence(&mut self) {
        (**self).silence();
    }

    fn sounding(&self) -> usize {
        (**self).sounding()
    }

    fn lost(&self) -> u64 {
        (**self).lost()
    }

    fn degrade(&mut self, level: u8) {
        (**self).degrade(level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::measure::peak;
    use crate::ks::{InputPin, Inputs, Io, Output, Payload, StreamHeader};

    const WANTED: Wanted = Wanted {
        rate_hz: 48_000,
        groups: 1,
        longest: 4_096,
    };

    /// What a note sounds like behind a port and a miniport of these ids.
    fn note(port: Guid, miniport: Guid) -> Vec<f32> {
        let mut processor = synthesizer(port, miniport, 1, &WANTED).unwrap();
        let note = KernelEvent::new(100_000, &[0x90, 69, 100]).unwrap();
        let mut wave = Wave::new(2, 2_000);
        wave.set_len(2_000);
        let mut outputs = [Output {
            payload: Payload::Wave(wave),
            is_connected: true,
            ..Output::default()
        }];
        let pin = InputPin {
            factory: 0,
            instance: 0,
            slot: Some(0),
            wire: 1,
        };
        let headers = [StreamHeader::default()];
        let payloads = [Payload::Events(vec![note])];
        processor.process(&mut Io {
            len: 2_000,
            position: 0,
            rate_hz: 48_000,
            values: &[],
            inputs: Inputs::new(&[pin], &headers, &payloads),
            outputs: &mut outputs,
            gate: (1.0, 1.0),
        });
        outputs[0].payload.wave().unwrap().channel(0).to_vec()
    }

    #[test]
    fn pcl_1_every_port_has_a_class_id_of_its_own_and_a_name() {
        let ids: std::collections::BTreeSet<Guid> = PORTS.iter().map(|it| it.id).collect();
        assert_eq!(ids.len(), PORTS.len());
        let names: Vec<&str> = PORTS.iter().map(|it| it.name).collect();
        assert_eq!(
            names,
            [
                "Topology",
                "WaveCyclic",
                "WavePci",
                "WaveRT",
                "Midi",
                "DMus"
            ]
        );
        for class in PORTS {
            assert_eq!(new_port(class.id).map(|it| it.name), Ok(class.name));
        }
    }

    #[test]
    fn pcl_2_miniports_are_made_by_class_id_and_an_unknown_one_is_an_invalid_parameter() {
        for class in MINIPORTS {
            let found = new_miniport(class.id).unwrap();
            assert_eq!(found.name, class.name);
            assert_eq!(found.is_obsolete, class.name == "UART");
            let made = synthesizer(port::DMUS, class.id, 1, &WANTED).map(|_| ());
            let wanted = match class.name.starts_with("FmSynth") {
                true => Ok(()),
                false => Err(Status::NotSupported),
            };
            assert_eq!(made, wanted, "{}", class.name);
        }
        let unknown = Guid(7);
        assert_eq!(new_port(unknown).err(), Some(Status::InvalidParameter));
        assert_eq!(new_miniport(unknown).err(), Some(Status::InvalidParameter));
        // A port is no miniport, and a synthesizer stands behind no port for sound.
        assert_eq!(
            new_miniport(port::DMUS).err(),
            Some(Status::InvalidParameter)
        );
        let wrong = bind(port::WAVE_CYCLIC, miniport::FM_SYNTH);
        assert_eq!(wrong.err(), Some(Status::InvalidParameter));
    }

    #[test]
    fn pcl_3_midi_and_dmus_ports_are_one() {
        let heard = note(port::MIDI, miniport::FM_SYNTH);
        assert!(peak(&heard[..480]) == 0.0 && peak(&heard) > 0.05, "in time");
        assert_eq!(heard, note(port::DMUS, miniport::FM_SYNTH));
        let (midi, dmus) = (new_port(port::MIDI), new_port(port::DMUS));
        assert_eq!(midi.unwrap().kind, dmus.unwrap().kind);
    }

    #[test]
    fn one_port_carries_different_miniports() {
        // With its own volume at rest it is the same sound.
        assert_eq!(
            note(port::DMUS, miniport::FM_SYNTH),
            note(port::DMUS, miniport::FM_SYNTH_WITH_VOL)
        );
    }
}
