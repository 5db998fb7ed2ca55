//! Wave files by cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ksgraph::media::wav::fuzz_wav(bytes));
