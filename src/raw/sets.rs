//! The ids of property and event sets, with the names people type.

use crate::ks::ids::Guid;

/// Pin factories (section 2).
pub const PIN: Guid = Guid(0x8C134960_51AD_11CF_878A_94F801C10000);
/// What is inside a filter (1.4).
pub const TOPOLOGY: Guid = Guid(0x720D4AC0_7533_11D0_A5D6_28DB04C10000);
/// Who made it.
pub const GENERAL: Guid = Guid(0x1464EDA5_6A8F_11D1_9AA7_00A0C9223196);
/// A pin that is open.
pub const CONNECTION: Guid = Guid(0x1D58C920_AC9B_11CF_A5D6_28DB04C10000);
/// Events of a pin that is open (EVT-4).
pub const CONNECTION_EVENTS: Guid = Guid(0x7F4BCBE0_9EA5_11CF_A5D6_28DB04C10000);
/// A control was turned.
pub const CONTROL_CHANGE_EVENTS: Guid = Guid(0xE85E9698_FA2F_11D1_95BD_00C04FB925D3);
/// What a pin that is open streams by: allocator and master clock.
pub const STREAM: Guid = Guid(0x65AABA60_98AE_11CF_A10D_0020AFD156E4);
/// How requests on a pin look.
pub const STREAM_INTERFACE: Guid = Guid(0x1FDD8EE1_9CD3_11D0_82AA_0000F822FE8A);
/// What an allocator says of itself.
pub const STREAM_ALLOCATOR: Guid = Guid(0xCF6E4342_EC87_11CF_A130_0020AFD156E4);
/// Frames out and back (MTH-1).
pub const STREAM_ALLOCATOR_METHODS: Guid = Guid(0xCF6E4341_EC87_11CF_A130_0020AFD156E4);
/// Frames came back.
pub const STREAM_ALLOCATOR_EVENTS: Guid = Guid(0x75D95571_073C_11D0_A161_0020AFD156E4);
/// What a quality manager is told (QUA-4).
pub const QUALITY: Guid = Guid(0xD16AD380_AC1A_11CF_A5D6_28DB04C10000);
/// The usual ways of doing with less (QUA-5).
pub const DEGRADE_STANDARD: Guid = Guid(0x9F564180_704C_11D0_A5D6_28DB04C10000);
/// What a clock shows (10.1).
pub const CLOCK: Guid = Guid(0xDF12A4C0_AC17_11CF_A5D6_28DB04C10000);
/// Marks of a clock (10.3).
pub const CLOCK_EVENTS: Guid = Guid(0x364D8E20_62C7_11CF_A5D6_28DB04C10000);
/// Virtual devices, and which of them a handle is about (SYS-2).
pub const SYSAUDIO: Guid = Guid(0xCBE3FAA0_CC75_11D0_B465_00001A1818E6);
/// Pins of virtual devices (SYS-6).
pub const SYSAUDIO_PIN: Guid = Guid(0xA3A53220_C6E4_11D0_B465_00001A1818E6);
/// A synthesizer's node, its filter's clock, and its sounds.
pub use crate::ks::ids::set::{SYNTH, SYNTH_CLOCK, SYNTH_DLS};
/// The types of values (PRP-7).
pub const PROPERTY_TYPES: Guid = Guid(0x97E99BA0_BDEA_11CF_A5D6_28DB04C10000);

/// The sets by the names the command line takes.
pub const NAMES: &[(&str, Guid)] = &[
    ("pin", PIN),
    ("topology", TOPOLOGY),
    ("general", GENERAL),
    ("connection", CONNECTION),
    ("connection_events", CONNECTION_EVENTS),
    ("control_change", CONTROL_CHANGE_EVENTS),
    ("stream", STREAM),
    ("stream_interface", STREAM_INTERFACE),
    ("stream_allocator", STREAM_ALLOCATOR),
    ("stream_allocator_methods", STREAM_ALLOCATOR_METHODS),
    ("stream_allocator_events", STREAM_ALLOCATOR_EVENTS),
    ("quality", QUALITY),
    ("clock", CLOCK),
    ("clock_events", CLOCK_EVENTS),
    ("sysaudio", SYSAUDIO),
    ("sysaudio_pin", SYSAUDIO_PIN),
    ("synth", SYNTH),
    ("synth_clock", SYNTH_CLOCK),
    ("synth_dls", SYNTH_DLS),
];

/// What people call a set that some filters have.
pub fn name(set: Guid) -> Option<&'static str> {
    match set {
        SYNTH => Some("Synth"),
        SYNTH_CLOCK => Some("Synth clock"),
        SYNTH_DLS => Some("Synth DLS"),
        _ => None,
    }
}
