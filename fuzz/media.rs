//! Sound of every kind by cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ksgraph::media::fuzz_media(bytes));
