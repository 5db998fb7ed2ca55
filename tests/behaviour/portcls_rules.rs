//! Every rule of PortCls, the DMus port, Downloadable Sounds and MIDI has a row: the test that holds it, or the page that says why it is
//! otherwise here.

use std::path::Path;

/// A rule, and where it is held: a test, rows at the raw door, or a paragraph of ARCHITECTURE.md.
enum Held {
    By(&'static str),
    AtTheDoor,
    Otherwise,
}

use Held::{AtTheDoor, By, Otherwise};

const ROWS: &[(&str, Held)] = &[
    (
        "PCL-1",
        By("pcl_1_the_same_miniport_plays_the_same_behind_different_ports"),
    ),
    (
        "PCL-2",
        By("pcl_2_miniports_are_made_by_class_id_and_an_unknown_one_is_an_invalid_parameter"),
    ),
    ("PCL-3", By("pcl_3_midi_and_dmus_ports_are_one")),
    ("PCL-4", AtTheDoor),
    (
        "PCL-5",
        By("pcl_5_at_stop_silence_is_written_and_both_places_are_nothing"),
    ),
    (
        "PCL-6",
        By("pcl_6_chunks_are_read_where_they_lie_and_come_home_in_order"),
    ),
    (
        "PCL-7",
        By("pcl_7_the_halves_of_one_card_are_joined_by_a_line_that_nobody_drew"),
    ),
    ("PCL-8", AtTheDoor),
    (
        "SVC-1",
        By("svc_1_members_are_called_in_their_order_once_for_all_requests_that_are_pending"),
    ),
    (
        "SVC-2",
        By("svc_2_delayed_requests_are_relative_below_nothing_and_can_be_withdrawn"),
    ),
    (
        "SVC-3",
        By("svc_3_a_miniport_hands_its_group_over_when_it_begins_or_there_is_no_stream"),
    ),
    ("DMU-1", By("there_and_back_is_the_same")),
    (
        "DMU-2",
        By("dmu_2_order_is_by_time_and_equal_times_keep_their_order"),
    ),
    (
        "DMU-3",
        By("dmu_3_events_are_held_until_they_are_due_less_the_prefetch"),
    ),
    (
        "DMU-3a",
        By("evn_3_channel_groups_and_stamps_go_out_as_they_came"),
    ),
    (
        "DMU-4",
        By("syn_5_notes_of_all_wires_take_effect_on_their_sample"),
    ),
    (
        "DMU-5",
        By("dmu_5_what_was_submitted_is_played_unless_stop_discards_it"),
    ),
    (
        "DMU-6",
        By("dmu_6_time_stands_still_while_the_graph_pauses"),
    ),
    (
        "DMU-7",
        By("dmu_7_stop_takes_everything_back_and_a_wire_its_own"),
    ),
    (
        "EVN-1",
        By("evn_1_and_2_long_messages_are_pieces_that_stay_together"),
    ),
    (
        "EVN-2",
        By("evn_2_a_package_goes_out_whole_at_the_time_of_its_first_element"),
    ),
    (
        "EVN-3",
        By("evn_3_events_count_groups_from_one_and_none_means_all"),
    ),
    ("EVN-4", By("evn_4_an_event_says_that_nobody_counts_bytes")),
    ("EVN-5", AtTheDoor),
    ("EVN-6", Otherwise),
    ("MXF-1", Otherwise),
    ("MXF-2", Otherwise),
    ("MXF-3", By("mxf_3_bytes_become_one_message_an_event")),
    ("UAR-1", By("uar_1_one_stream_captures_and_two_render")),
    (
        "UAR-2",
        By("uar_2_a_song_comes_out_bit_for_bit_when_it_is_due_and_no_faster_than_a_cable"),
    ),
    (
        "UAR-3",
        By("uar_3_the_fifo_holds_127_bytes_and_hands_them_on_by_eights_with_one_stamp"),
    ),
    (
        "UAR-4",
        By("uar_4_states_are_kept_as_the_device_wants_them"),
    ),
    ("UAR-5", By("uar_5_what_is_asked_of_the_device_is_answered")),
    ("UAR-6", By("uar_6_the_test_port_has_the_budget_of_a_cable")),
    (
        "SYN-1",
        By("syn_1_the_port_pulls_every_sample_once_and_in_order"),
    ),
    ("SYN-2", Otherwise),
    ("SYN-3", By("syn_3_samples_survive_the_way_through_time")),
    ("SYN-4", AtTheDoor),
    (
        "SYN-5",
        By("syn_5_notes_of_all_wires_take_effect_on_their_sample"),
    ),
    ("SYN-6", By("dmu_2_a_crowd_of_one_time_keeps_its_order")),
    ("SYN-7", Otherwise),
    ("SYN-8", AtTheDoor),
    (
        "SYN-9",
        By("syn_9_a_channel_of_low_priority_is_missed_while_the_others_sound_on"),
    ),
    (
        "SYN-10",
        By("syn_10_with_too_few_voices_one_of_low_priority_gives_way_without_a_click"),
    ),
    (
        "LAT-1",
        By("lat_1_the_latency_clock_is_ahead_by_what_is_promised_to_the_card_and_never_goes_back"),
    ),
    (
        "FMS-1",
        By("fms_1_every_program_is_in_tune_audible_and_ends"),
    ),
    ("DLS-1", AtTheDoor),
    ("DLS-2", AtTheDoor),
    ("DLS-3", AtTheDoor),
    ("DLS-4", AtTheDoor),
    (
        "DLS-5",
        By("what_is_downloaded_is_played_and_what_is_unloaded_is_not"),
    ),
    ("DLS-6", AtTheDoor),
    ("DLS-7", AtTheDoor),
    ("DLS-8", AtTheDoor),
    ("DLS-9", AtTheDoor),
    ("DLS-10", By("every_chunk_of_both_levels_is_read")),
    ("DLS-11", By("ranges_and_heads_that_lie_are_put_right")),
    // Layers sound together, since level 2 has them.
    (
        "DLS-12",
        By("groups_and_the_same_key_cut_each_other_softly_and_layers_sound_together"),
    ),
    ("DLS-13", By("articulations_of_both_kinds_say_the_same")),
    ("DLS-14", By("times_of_the_first_envelope_are_as_stated")),
    (
        "DLS-15",
        By("the_oscillators_have_their_rates_delays_and_depths"),
    ),
    (
        "DLS-15a",
        By("loops_have_no_seam_and_one_until_release_plays_its_end_once"),
    ),
    ("DLS-16", By("programs_banks_and_resets_choose_instruments")),
    (
        "DLS-17",
        By("conditions_govern_the_list_that_holds_them_wherever_they_stand"),
    ),
    ("MID-1", AtTheDoor),
    ("MID-2", AtTheDoor),
    ("MID-3", AtTheDoor),
    ("MID-4", AtTheDoor),
    ("MID-5", AtTheDoor),
    ("MID-6", AtTheDoor),
];

/// All of the project's code, as text.
fn code(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            *all += &std::fs::read_to_string(&path).unwrap();
        }
    }
}

#[test]
fn every_rule_of_portcls_has_its_test_or_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = String::new();
    for folder in ["src", "tests"] {
        code(&root.join(folder), &mut all);
    }
    let reasons = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let door = include_str!("ks_rules.txt");
    for (rule, held) in ROWS {
        let is_held = match held {
            By(test) => all.contains(&format!("fn {test}()")),
            AtTheDoor => door.contains(&format!("# {rule} ")),
            Otherwise => reasons.contains(rule),
        };
        assert!(is_held, "{rule} has neither test nor reason");
    }
    let families = [
        ("PCL", 8),
        ("SVC", 3),
        ("DMU", 7),
        ("EVN", 6),
        ("MXF", 3),
        ("UAR", 6),
        ("SYN", 10),
        ("DLS", 17),
        ("MID", 6),
    ];
    for (family, count) in families {
        for number in 1..=count {
            let rule = format!("{family}-{number}");
            assert!(ROWS.iter().any(|(it, _)| *it == rule), "no row for {rule}");
        }
    }
}
