//! Standard MIDI Files by cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ksgraph::midi::smf::fuzz_smf(bytes));
