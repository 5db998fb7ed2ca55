//! MIDI inputs over midir.

/// The names of the inputs there are; none on a machine without a sequencer.
pub(super) fn inputs() -> Vec<String> {
    vec![]
}
