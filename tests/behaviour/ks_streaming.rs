//! One row a rule of streaming (allocators, states, headers): what a script asks the raw door, and what it must hear. The
//! rows stand in ks_streaming.txt, in the form of ks_rules.txt. What only a running engine shows is named beside them.

use crate::ks_rules::{check, rows};

/// Rules of sections 7, 8 and 13 that a script can meet at the raw door.
const AT_THE_DOOR: &str = "ALC-1 ALC-2 ALC-3 ALC-4 ALC-5 ALC-6 ALC-7 ALC-8 ALC-9 ALC-10 ALC-11 ALC-12 ALC-13 ALC-14 ALC-15 ALC-16 \
    AFX-1 AFX-2 AFX-3 AFX-4 AFX-5 NEG-1 NEG-2 NEG-3 NEG-4 NEG-5 NEG-6 POOL-1 POOL-2 STA-1 STA-2 STA-3 STA-4 STA-5 STA-6 \
    STA-7 STA-9 STA-10 ORD-1 ORD-2 ORD-3 ORD-4 DSG-1 DSG-3 PWR-1 PWR-2 HDR-1 HDR-2 HDR-3 HDR-4 HDR-5 HDR-6 HDR-7 HDR-8 HDR-9 \
    HDR-11 HDR-12 HDR-13 IFC-3";

/// Those that need sound: rule, and the test that shows it.
const IN_THE_ENGINE: &[(&str, &str, &str)] = &[
    (
        "STA-8",
        include_str!("limits.rs"),
        "fn sta_8_a_file_is_cued_when_its_first_frame_is_there",
    ),
    (
        "DSG-2",
        include_str!("clocks.rs"),
        "fn clk_3_time_stands_in_pause_and_begins_anew_after_stop",
    ),
    (
        "HDR-10",
        include_str!("headers.rs"),
        "fn hdr_10_the_end_goes_out_at_every_output_and_a_mix_ends_with_its_last_input",
    ),
];

#[test]
fn every_rule_of_streaming_has_a_row_and_holds() {
    let rows = rows(include_str!("ks_streaming.txt"));
    let is_named = |rule: &str| {
        rows.iter()
            .any(|row| row.title.split(' ').next() == Some(rule))
    };
    let missing: Vec<&str> = AT_THE_DOOR
        .split_whitespace()
        .filter(|rule| !is_named(rule))
        .collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    for (rule, text, test) in IN_THE_ENGINE {
        assert!(text.contains(test), "{rule} has no test {test}");
    }
    check("ks-streaming", &rows);
}
