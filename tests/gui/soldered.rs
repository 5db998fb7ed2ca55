//! Physical connections on the canvas.

use egui_kittest::kittest::Queryable as _;

use super::app_support::Window;

const WORDS: &str = "Physical connection: Lab Card, Wave.wave to Lab Card, Topology.wave";

#[test]
fn pcl_7_the_halves_of_one_card_are_joined_by_a_line_that_nobody_drew() {
    let mut window = Window::with(&["lab_card_wave", "lab_card_topology"]);
    window.harness().run_steps(4);
    assert!(window.sees(WORDS));
    assert!(window.graph().connections.is_empty());
    let found = window.harness().query_all_by_label(WORDS).count();
    assert_eq!(found, 1);
    let mut alone = Window::with(&["lab_card_wave", "lab_card_mixer"]);
    alone.harness().run_steps(4);
    assert!(!alone.sees("Physical connection"), "a wire is no jack");
}
