//! Makes the General MIDI bank, `assets/gm.dls`, from synthesis alone: `cargo run --release --example gm_bank -- assets/gm.dls`.
//!
//! ```text
//!   families ─▶ waves and zones ─▶ levels ─▶ collection ─▶ bytes
//!   (clay)        (model)         (preview)   (convert)
//! ```
//!
//! The same machine makes the same bytes. What each family is made of stands in docs/bank.md.

mod clay;
mod convert;
mod drums;
mod effects;
mod guitars;
mod keys;
mod mallets;
mod model;
mod organs;
mod pluck;
mod preview;
mod steady;
mod strings;
mod synths;
mod winds;
mod world;

use std::process::ExitCode;

use model::Bank;

/// Adds the waves and programs of a family.
type Add = fn(&mut Bank);

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("say where the bank is to be written: gm_bank assets/gm.dls");
        return ExitCode::FAILURE;
    };
    let mut bank = Bank::default();
    let families: [(&str, Add); 10] = [
        ("keys", keys::add),
        ("mallets", mallets::add),
        ("organs", organs::add),
        ("guitars and basses", guitars::add),
        ("strings", strings::add),
        ("winds", winds::add),
        ("synths", synths::add),
        ("world", world::add),
        ("effects", effects::add),
        ("drums", drums::add),
    ];
    for (name, add) in families {
        let before: usize = bytes(&bank);
        add(&mut bank);
        println!("{name}: {} KB", (bytes(&bank) - before) / 1_000);
    }
    for (number, louder) in TRIMS {
        let program = bank
            .programs
            .iter_mut()
            .find(|it| !it.is_drum && it.number == *number);
        program.expect("all programs are there").louder = *louder;
    }
    bank.programs.sort_by_key(|it| (it.is_drum, it.number));
    for short in preview::level(&mut bank) {
        println!("{short}");
    }
    let file = ksgraph::dls::write(&convert::collection(&bank));
    println!("{} waves, {} bytes", bank.waves.len(), file.len());
    match std::fs::write(&path, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// dB that the plain player does not know of: layers whose tremolos cross, and filters that sweep.
const TRIMS: &[(u8, f64)] = &[
    (38, 1.2),
    (55, -0.7),
    (88, 1.5),
    (94, 1.0),
    (102, 2.0),
    (103, 1.2),
    (111, -0.7),
    (117, -1.3),
    (118, -0.8),
    (122, 1.9),
    (123, -0.9),
];

/// Of waves.
fn bytes(bank: &Bank) -> usize {
    bank.waves.iter().map(|it| it.samples.len() * 2).sum()
}
