//! MIDI as bytes and as typed messages; Standard MIDI Files.
