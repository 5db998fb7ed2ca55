//! What a card hears, on its way into a graph, and what is kept of what a graph plays: under the guard at both ends.

use std::f32::consts::TAU;
use std::sync::atomic::{AtomicU64, Ordering};

use ksgraph::engine::{Epoch, Message};
use ksgraph::ks::State;

use super::{Live, guarded};

const QUANTUM: usize = 128;

/// Turns in which a card hears a tone of -6 dBFS, so many samples at a time; its callback is guarded as well. `lens` says
/// how many come in which turn. Gives the largest sample that was kept of what the other card was given.
fn play(
    (live, nanos): &mut (Live, &'static AtomicU64),
    at: &mut usize,
    turns: usize,
    lens: &[usize],
) -> f32 {
    let mut kept = 0.0_f32;
    for turn in 0..turns {
        let len = lens[turn % lens.len()];
        let sample = |n: usize| ((n / 2) as f32 * TAU / 100.0).sin() * 0.5;
        let heard: Vec<f32> = (0..2 * len).map(|n| sample(2 * *at + n)).collect();
        *at += len;
        let cards = std::sync::Arc::clone(&live.cards);
        let mut card = cards.1.lock().unwrap();
        if let Some(card) = &mut *card {
            let ((), calls) = guarded(|| card.take_in(&heard, 2, |it| it));
            live.violations += calls;
        }
        drop(card);
        nanos.fetch_add(QUANTUM as u64 * 1_000_000_000 / 48_000, Ordering::SeqCst);
        live.play(1, QUANTUM);
        for tape in &mut live.tapes {
            while let Ok(sample) = tape.samples.pop() {
                kept = kept.max(sample.abs());
            }
        }
    }
    kept
}

/// A graph that runs on time which goes by as samples are heard.
fn start(text: &str) -> (Live, &'static AtomicU64) {
    let (epoch, nanos) = Epoch::by_hand();
    let mut live = Live::start_at(QUANTUM, epoch);
    let graph = live.stage.graph(text);
    let job = live.stage.job(&graph);
    live.change(job);
    live.send(Message::State(State::Run));
    (live, nanos)
}

#[test]
fn what_a_card_hears_goes_into_a_graph_without_the_allocator_and_what_is_played_is_kept() {
    let mut live = start("audio_device_in -> gain -> audio_device_out");
    assert_eq!(live.0.tapes.len(), 1, "what is played is kept");
    let mut at = 0;
    // Long enough for both clocks to be learnt, with a card that gives now more and now less.
    let kept = play(&mut live, &mut at, 20_000, &[QUANTUM, 100, 156, QUANTUM]);
    assert!((0.2..1.0).contains(&kept), "it is heard and kept: {kept}");
    // It falls silent, gives too much at once, and is stopped and run again.
    play(&mut live, &mut at, 400, &[0]);
    play(&mut live, &mut at, 50, &[4 * QUANTUM]);
    for state in [State::Pause, State::Run, State::Stop, State::Run] {
        live.0.send(Message::State(state));
        play(&mut live, &mut at, 200, &[QUANTUM]);
    }
    assert_eq!(live.0.violations, 0, "calls of the allocator");
}

#[test]
fn a_card_that_only_hears_paces_a_graph_without_the_allocator_and_may_be_lost() {
    let mut live = start("audio_device_in -> meter -> null_renderer");
    let mut at = 0;
    play(&mut live, &mut at, 2_000, &[QUANTUM, 64, 192]);
    let before = live.0.position();
    assert!(before > 100 * QUANTUM as u64, "it paces: {before}");
    let card = live.0.cards.1.lock().unwrap().take().unwrap();
    card.cursor().lose();
    drop(card);
    live.0.play(200, QUANTUM);
    assert_eq!(live.0.violations, 0, "calls of the allocator");
}
