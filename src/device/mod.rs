//! The machine: sound cards, MIDI ports, and the card that is always there. The only room that names cpal or midir.

pub mod null;
