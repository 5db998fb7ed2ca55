//! One row a rule of clocks and quality: what a script asks the raw door, and what it must hear. The rows stand in
//! ks_clocks.txt, in the form of ks_rules.txt; what only a running engine shows is in clocks.rs and quality.rs.

use crate::ks_rules::{check, rows};

const AT_THE_DOOR: &str = "CLK-1 CLK-2 CLK-3 CLK-5 MCL-1 CEV-2 QUA-1 QUA-2 QUA-3 QUA-4 QUA-5 QUA-6";

#[test]
fn every_rule_of_clocks_and_quality_has_a_row_and_holds() {
    let rows = rows(include_str!("ks_clocks.txt"));
    let named: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.title.split(' ').next())
        .collect();
    let missing: Vec<&str> = AT_THE_DOOR
        .split_whitespace()
        .filter(|rule| !named.contains(rule))
        .collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    check("ks-clocks", &rows);
}
