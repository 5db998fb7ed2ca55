//! Graph files by cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ksgraph::graph::fuzz_graph(bytes));
