//! What the program does, by behaviour: one binary, one module a subject.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli;
mod cli_sound;
mod desk;

mod algebra;
mod anything;
mod arrange;
mod asked;
mod bench;

mod beside;
mod budget;
mod bypass;
mod calls;
mod clipboard;
mod cures;
mod editor;
mod edits;
mod groups;
mod wires;

mod released;
mod rendering;

mod examples;
mod graph_files;
mod layering;

mod portcls_rules;
mod program;

mod negotiate;
mod support;

mod faults;

mod ffmpeg;
mod fm_song;

mod fuzz;

mod gm_bank;

mod kept_up;

mod killed;

mod cards;

mod allocate;

mod headers;

mod declared;

mod decoded;
mod downloads;
mod portcls_systems;

mod clocks;

mod drift;

mod latency;

mod machine;

mod filter_graph;
mod media_files;
mod midi_out;
mod ready;

mod ks_door;

mod ks_graph;

mod ks_rules;

mod ks_clocks;

mod ks_systems;
mod timing;

mod learning;
mod limits;
mod loops;

mod outside;

mod own_words;

mod packed;

mod panic;

mod quality;

mod records;

mod recording;

mod render;

mod opening;

mod resampling;

mod simulated;

mod slow_disk;

mod islands;
mod runs;
mod seeking;

mod stage;

mod stream_class;

mod stuck;

mod states;

mod swap;
mod sysaudio;

mod surgery;

mod ks_streaming;
