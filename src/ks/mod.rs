//! The Kernel Streaming object model: filters, pins, formats, mediums, interfaces, frames, properties, states.
//!
//! Pure data and rules. No I/O, no threads, no clock reads. Two traits stand for every filter, split by thread:
//! [`Filter`] says what it is, [`Processor`] does it.

mod bank;
mod bundle;

mod catalogue;

mod class;

mod declared;
mod dls_memory;

mod event;
mod facts;
mod filter;
mod format;
mod frame;

pub mod framing;
mod glide;

mod held;

pub mod ids;

mod intersection;
mod kernel;
mod lasting;

mod medium;
pub mod merit;

mod package;
mod path_text;

mod pin;

mod priority;

mod processor;
mod property;
mod property_item;

pub mod quality;

mod score;

#[cfg(test)]
pub mod rig;
mod state;
mod status;
mod synth;
mod time;

mod tape;

mod topology;
mod virtual_device;

pub use bank::{
    BankDesk, BankSheet, BankShelf, BankWord, ConnectionSheet, EnvelopeSheet, InstrumentSheet,
    LoadStage, Loading, LoopSheet, PEAKS, RegionSheet, Strike, Traffic, VoiceCells, VoiceSeen,
    VoiceStage, WaveSheet,
};

pub use bundle::{Bundle, Through};

pub use catalogue::{Catalogue, RegisterError};

pub use tape::{Tape, TapeEnd};

pub use class::{ClassAsk, ClassItem, ClassLane, ClassSheet, ClassView, ClassWord, Health};

pub use dls_memory::{DlsMemory, DlsRefusal, Unloaded};

pub use declared::{Declaration, Declared, PinDeclaration};

pub use event::{EVENT_BYTES, INLINE_BYTES, KernelEvent, event_flag, run_length};
pub use facts::{AudioDevice, DEFAULT_RATE_HZ, Facts, FileFact, SongBeat, SongFact, SoundFact};
pub use filter::{
    Bell, Constrained, Descriptor, Field, Filter, Granted, Hears, OpenError, OpenPin, Opened,
    Opening, Pacer, Settings, TAIL_DB, Telemetry, Waker, constrain_fields, constrain_same,
    share_ranges,
};
pub use format::fallback_formats;
pub use format::{
    Attribute, AudioFormat, AudioLimits, DataFormat, DataRange, GRAPH_RATE, Kind, Limits, Mismatch,
    MusicLimits, UNLIMITED, closest_mismatch, grouped, intersect, overlaps, usual_speakers,
};
pub use frame::{EVENT_CAPACITY, Payload, StreamHeader, Wave, flag};
pub use framing::{Borrowed, Compression, Framing, FramingItem, SizeRange, frame_of, framing_of};
pub use glide::{Amplitude, Glide, Slope};
pub use kernel::{Kernel, Operation, Resting};

pub use held::{Held, HeldGroups, MOST_GROUPS, group_range};

pub use intersection::{Answering, Intersection, intersections, own_refusal};

pub use lasting::lasting;
pub use medium::{Interface, Medium};

pub use package::{PackageError, filters_of};
pub use path_text::{path_text, text_path};

pub use pin::{Communication, DataFlow, Instances, PinFactory, soldered};
pub use priority::Priority;
pub(crate) use priority::{raise_midi_priority, raise_priority};
pub use processor::{Flow, Input, InputPin, Inputs, Io, LoopRange, Output, Processor, Seek};
pub use property::{Domain, Preset, Property, Unit, Value, ValueSlot, Values};
pub use property_item::{PropertyItem, PropertyReply, PropertyRequest, PropertyTarget};
pub use score::{
    SCORE_SEEN, Score, ScoreChange, ScoreEnd, ScoreEvent, ScoreHead, ScoreProgram, ScoreSheet,
};

pub use quality::{Degradation, Quality, Strategy};

pub use state::{Cued, State};
pub use status::Status;
pub use synth::{
    PORT_RATES, PortParameters, SYSTEM_MEMORY, SynthCaps, SynthCells, SynthStats, UNKNOWN_VOICES,
    port_parameter, synth_effect, synth_flag, synth_stat,
};
pub use virtual_device::{Use, VirtualDevice, virtual_devices};

pub use topology::{MixerLine, Node, NodePin, TopologyConnection, USUAL_DELAY};

pub use time::{
    Clock, RATE_UNITY, REF_TIMES_PER_SECOND, Reading, RefTime, sample_from_time, samples_at,
    time_from_sample,
};
