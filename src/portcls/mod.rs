//! Ports and miniports: filters bound to a device or a synthesizer.
//!
//! Lives here: the ports, which know Kernel Streaming, and the traits of their miniports, which know a device or a
//! synthesizer. Does not live here: any device; `device` implements [`Cards`] and [`MidiPorts`] and is handed in.

pub mod capture;

pub mod dls_properties;
pub mod dmus;

pub mod channel;

pub mod class_id;

pub mod exclusive;
pub mod fm_synth;

pub mod lab_wave;

pub mod service_group;
pub mod synth_properties;

pub mod wavecyclic;

pub mod wavepci;

pub mod priority;

mod follow;

mod pace;

pub mod held_wires;

pub mod lab_card;

pub mod listen;

pub mod mpu401;

pub mod offline;

mod pin_clock;

pub mod ring;

pub mod sequencer;

pub mod speak;

pub mod thru;

pub mod wavert;

pub mod intake;

pub mod record;

pub use dmus::{DmusPort, Mxf, SynthSink};

pub use listen::{Ear, Link, Listening, MidiPorts};

pub use offline::Offline;

pub use wavert::{Cards, DeviceError, MiniportWaveRt};

pub use record::MiniportWaveIn;
