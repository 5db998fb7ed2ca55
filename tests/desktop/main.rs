//! A person in front of the built program: a real window on a private screen, pointer and keys, a real sound server where
//! something is to be heard, and the saved file as witness.
//!
//! Linux only. `rig/screen.rs` holds the screen and the hands, `rig/servers.rs` the sound. `words.rs` has the names and
//! roles that the window tells a screen reader; when the window changes its words, they change there and nowhere else.
#![cfg(target_os = "linux")]

#[path = "../rig/analysis.rs"]
#[allow(dead_code, reason = "not every judge is asked here")]
mod analysis;
mod by_hand;
mod crash;
mod five_minutes;
#[path = "../rig/mod.rs"]
mod rig;
#[path = "../rig/screen.rs"]
mod screen;
#[path = "../rig/servers.rs"]
#[allow(dead_code, reason = "nothing is played without a window here")]
mod servers;
mod unbroken;
#[path = "../rig/witness.rs"]
#[allow(dead_code, reason = "lengths are not judged here")]
mod witness;
mod words;
#[path = "../rig/xdnd.rs"]
mod xdnd;
