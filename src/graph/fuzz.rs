//! A body for fuzzing graph files: what is read at all is written and read again, and is the same.

use super::{from_ron, to_ron};

/// Reads any bytes as a graph file.
pub fn fuzz_graph(bytes: &[u8]) {
    let Ok(loaded) = from_ron(bytes, "fuzzed") else {
        return;
    };
    let text = to_ron(&loaded.graph);
    let again = from_ron(text.as_bytes(), "written").expect("what was written can be read");
    assert_eq!(to_ron(&again.graph), text);
}
