//! RIFF chunks by cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ksgraph::media::riff::fuzz_riff(bytes));
