//! Seeks in a live graph over a card that is the test's own hand.

use std::sync::Arc;

use ksgraph::engine::{Engine, Message, Report};
use ksgraph::ks::State;
use ksgraph::portcls;

use super::{File, reader, roughest, sound, stage_for};
use crate::stage::{ByHand, Stage};

/// A live graph over a card that is the test's own hand.
pub(super) struct Live {
    pub(super) engine: Engine,
    pub(super) driver: ksgraph::engine::Driver,
    pub(super) cards: Arc<ByHand>,
    pub(super) stage: Stage,
    pub(super) quantum: usize,
    pub(super) heard: Vec<f32>,
}

impl Live {
    pub(super) fn start(file: &File, text: &str, quantum: usize) -> Self {
        let cards = Arc::new(ByHand::default());
        let offline = Arc::new(portcls::Offline);
        let catalogue = ksgraph::filters::catalogue(Arc::clone(&cards) as _, offline);
        let stage = stage_for(file, 48_000, Stage::over(catalogue));
        let graph = stage.graph(text);
        let (mut engine, driver) = Engine::by_hand(stage.catalogue.clone(), quantum).unwrap();
        engine.submit(stage.job(&graph));
        let mut live = Self {
            engine,
            driver,
            cards,
            stage,
            quantum,
            heard: vec![],
        };
        while !live
            .turn()
            .iter()
            .any(|it| matches!(it, Report::Swapped(..)))
        {
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        }
        live
    }

    /// One turn of the audio thread; the card takes a quantum if it runs.
    pub(super) fn turn(&mut self) -> Vec<Report> {
        assert!(self.driver.turn().is_some());
        if let Some(card) = &mut *self.cards.0.lock().unwrap() {
            let mut taken = vec![0.0_f32; self.quantum * 2];
            card.interleave(&mut taken, 2, |sample| sample);
            self.heard.extend(taken.iter().step_by(2));
        }
        std::iter::from_fn(|| self.engine.report()).collect()
    }

    pub(super) fn play(&mut self, turns: usize) -> Vec<Report> {
        (0..turns).flat_map(|_| self.turn()).collect()
    }

    /// Turns until a seek is over; a worker may need its time.
    pub(super) fn settle(&mut self) -> Vec<Report> {
        let mut reports = vec![];
        for _ in 0..20_000 {
            reports.extend(self.turn());
            if !self.engine.cells().is_seeking() {
                return reports;
            }
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
        panic!("the seek never ends");
    }
}

#[test]
fn a_seek_while_it_plays_makes_no_click() {
    let file = File::new(48_000, sound);
    for quantum in [64, 480, 1_024] {
        let mut live = Live::start(
            &file,
            "tone frequency=153 level=-6 -> audio_device_out",
            quantum,
        );
        live.engine.send(Message::State(State::Run));
        live.play(2 + 9_600 / quantum);
        for to in [30_000, 10, 45_678, 20_000] {
            assert!(live.engine.seek(to));
            live.settle();
            live.play(2 + 4_800 / quantum);
            assert!(live.engine.cells().position() > to);
        }
        assert!(peak_of(&live.heard[9_600..]) > 0.4);
        assert_eq!(live.engine.cells().seeks(), 4);
        // A sine of 0.02 a sample bends by 0.0002, a fade of 10 ms by 0.002 where it turns; a jump would be up to 1.
        let bend = roughest(&live.heard);
        assert!(bend < 0.004, "by {quantum}: {bend}");
    }
}

#[test]
fn the_gate_stays_shut_until_those_who_read_have_something_to_give() {
    let file = File::new(48_000, |_, n| (n as f32 * 0.02).sin() * 0.5);
    for quantum in [64, 1_024] {
        let text = reader(&file.0, "audio_device_out");
        let mut live = Live::start(&file, &text, quantum);
        assert_eq!(live.stage.facts.files.len(), 1);
        live.engine.seek(100);
        live.engine.send(Message::State(State::Run));
        live.settle();
        for to in [30_000, 10, 45_000, 20_000] {
            live.engine.seek(to);
            let reports = live.settle();
            let starved = |it: &&Report| matches!(it, Report::Starved { .. });
            assert_eq!(reports.iter().filter(starved).count(), 0, "to {to}");
            let position = live.engine.cells().position();
            assert!(
                (to..=to + 2 * quantum as u64).contains(&position),
                "{position}"
            );
        }
        assert!(roughest(&live.heard) < 0.004);
    }
}

fn peak_of(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |most, it| most.max(it.abs()))
}
