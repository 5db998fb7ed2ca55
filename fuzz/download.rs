//! Downloads of sounds by cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ksgraph::dls::fuzz_download(bytes));
