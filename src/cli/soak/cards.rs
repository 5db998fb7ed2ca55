//! Two simulated cards whose clocks differ: one drives, the other is kept in step; an hour of theirs passes in moments.
//!
//! Calls come on each card's own grid and late by chance, the audio thread is woken late as well.

use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::{Dice, Memory, Outcome, judge};
use crate::cli::bench::drawn;
use crate::cli::failure::Failure;
use crate::engine::{Driver, Engine, Epoch, Job, Message, OpenFilter, Report};
use crate::filters;
use crate::graph::{FilterId, FilterPath, negotiate};
use crate::ks::{DataFormat, Facts, Granted, State, Waker};
use crate::portcls::ring::{CardEnd, FrameRing, ring};
use crate::portcls::wavert::telemetry;
use crate::portcls::{self, Cards, DeviceError, MiniportWaveRt};

const GRAPH: &str = include_str!("cards.ron");
const RATE_HZ: f64 = 48_000.0;
/// Samples of a cycle, and of a call of each card.
const QUANTUM: usize = 256;
const PERIODS: [usize; 2] = [256, 480];
/// How late a call may come, in seconds.
const JITTER: f64 = 0.003;
/// Seconds until the clock of the second card must be known.
const LEARNT: f64 = 60.0;

/// The cards that are open, by name.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<String, CardEnd>>);

struct Handed(Option<FrameRing>);

impl MiniportWaveRt for Handed {
    fn allocate(&mut self) -> Option<FrameRing> {
        self.0.take()
    }

    fn granted(&self) -> Granted {
        Granted::default()
    }
}

impl Cards for Shelf {
    fn open(
        &self,
        device: &str,
        format: &DataFormat,
        quantum: usize,
        _: Waker,
    ) -> Result<Box<dyn MiniportWaveRt>, DeviceError> {
        let channels = format.audio.map_or(2, |audio| audio.channels as usize);
        let (port, card) = ring(channels, quantum);
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.insert(device.to_owned(), card);
        Ok(Box::new(Handed(Some(port))))
    }
}

/// What becomes of one card.
struct Card {
    name: &'static str,
    rate_hz: f64,
    period: usize,
    grid: f64,
    due: f64,
    /// What it was given last, and the steepest step in it behind the first seconds.
    last: f32,
    steepest: f32,
    out: Vec<f32>,
}

/// A machine with two cards.
struct Machine {
    shelf: Arc<Shelf>,
    engine: Engine,
    driver: Driver,
    nanos: &'static AtomicU64,
    cards: [Card; 2],
    dice: Dice,
    now: f64,
    open: BTreeMap<FilterPath, Arc<OpenFilter>>,
    xruns: u64,
    /// Whatever else was complained of.
    faults: u64,
}

impl Machine {
    fn start(ppm: f64, seed: u64) -> Result<Self, Failure> {
        let shelf = Arc::new(Shelf::default());
        let catalogue = filters::catalogue(Arc::clone(&shelf) as _, Arc::new(portcls::Offline));
        let (epoch, nanos) = Epoch::by_hand();
        let started = Engine::by_hand_at(catalogue.clone(), QUANTUM, epoch);
        let (mut engine, driver) =
            started.map_err(|error| Failure::no("start the engine", error.to_string()))?;
        let wiring = negotiate(&drawn(GRAPH), &catalogue, &Facts::nominal(), None);
        engine.submit(Job {
            wiring,
            ..Job::default()
        });
        let card = |at: usize, name, ppm: f64| Card {
            name,
            rate_hz: RATE_HZ * (1.0 + ppm * 1e-6),
            period: PERIODS[at],
            grid: 0.0,
            due: 0.0,
            last: 0.0,
            steepest: 0.0,
            out: vec![0.0; PERIODS[at]],
        };
        let mut machine = Self {
            shelf,
            engine,
            driver,
            nanos,
            cards: [card(0, "one", 0.0), card(1, "two", ppm)],
            dice: Dice::new(seed),
            now: 0.0,
            open: BTreeMap::new(),
            xruns: 0,
            faults: 0,
        };
        let mut has_come = false;
        for _ in 0..20_000 {
            std::thread::park_timeout(Duration::from_millis(1));
            has_come |= machine.turn();
            if has_come {
                break;
            }
        }
        machine.engine.send(Message::State(State::Run));
        Ok(machine)
    }

    /// A turn of the audio thread. Whether a plan came into place.
    fn turn(&mut self) -> bool {
        let nanos = 1_000_000_000 + (self.now * 1e9) as u64;
        self.nanos.store(nanos, Ordering::Release);
        let _ = self.driver.turn();
        while let Some(built) = self.engine.built() {
            self.open = built.open;
        }
        let mut has_come = false;
        while let Some(report) = self.engine.report() {
            match report {
                Report::Swapped(..) => has_come = true,
                Report::Xruns { count, .. } => self.xruns += u64::from(count),
                Report::Reached(_) => {}
                _ => self.faults += 1,
            }
        }
        while self.engine.step().is_some() {}
        has_come
    }

    fn pass(&mut self, seconds: f64, is_judged: bool) {
        let end = self.now + seconds;
        loop {
            let later = self.cards[1].due < self.cards[0].due;
            let at = usize::from(later);
            if self.cards[at].due > end {
                break;
            }
            self.now = self.now.max(self.cards[at].due);
            self.call(at, is_judged);
            let late = JITTER * self.dice.share();
            let card = &mut self.cards[at];
            card.grid += card.period as f64 / card.rate_hz;
            card.due = card.grid + late;
            self.now += 0.000_5 * self.dice.share();
            self.turn();
        }
        self.now = end;
    }

    fn call(&mut self, at: usize, is_judged: bool) {
        let card = &mut self.cards[at];
        let mut shelf = self.shelf.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(end) = shelf.get_mut(card.name) else {
            return;
        };
        end.interleave(&mut card.out, 1, |sample| sample);
        for sample in &card.out {
            if is_judged {
                card.steepest = card.steepest.max((sample - card.last).abs());
            }
            card.last = *sample;
        }
    }

    fn published(&self, which: usize) -> f64 {
        let two = FilterPath::from(vec![FilterId(4)]);
        let cells = self.open.get(&two).and_then(|open| open.telemetry.as_ref());
        cells.map_or(f64::NAN, |cells| f64::from(cells.get(which)))
    }
}

/// Half of the time the second card is fast, half of it slow.
pub(super) fn run(seconds: u64, seed: u64) -> Result<Outcome, Failure> {
    let mut memory = Memory::default();
    let (mut text, mut faults, mut list) = (String::new(), vec![], vec![]);
    let most = 10.0_f32.powf(-6.0 / 20.0) * TAU * 480.0 / RATE_HZ as f32 * 1.01;
    for ppm in [300.0, -300.0] {
        let mut machine = Machine::start(ppm, seed)?;
        machine.pass(8.0, false);
        let (mut worst, mut fill, mut count) = (0.0_f64, 0.0, 0.0);
        let half = (seconds / 2).max(10);
        let learnt = LEARNT.min(half as f64 / 2.0);
        for second in 0..half {
            machine.pass(1.0, true);
            if second as f64 >= learnt {
                let estimate = machine.published(telemetry::DRIFT_PPM);
                worst = worst.max((estimate - ppm).abs());
                fill += machine.published(telemetry::FILL_ERROR);
                count += 1.0;
            }
            if memory.begin.is_none() {
                memory = Memory::begin();
            }
        }
        let is_in_step = machine.published(telemetry::STEP) == 2.0;
        let dropped = machine.published(telemetry::DROPPED) as u64;
        let steep = machine.cards.iter().filter(|card| card.steepest > most);
        let steep = steep.count() as u64;
        // In a short run the estimate is still on its way.
        let allowed = if learnt < LEARNT { 10.0 } else { 5.0 };
        let is_off = worst.is_nan() || worst > allowed;
        let zeros = [
            ("dropouts", machine.xruns),
            ("samples dropped", dropped),
            ("cards with steps steeper than the tone", steep),
            ("complaints", machine.faults),
            ("cards out of step", u64::from(!is_in_step)),
            ("estimates too far off", u64::from(is_off)),
        ];
        faults.extend(judge(&zeros, Memory::default()));
        text += &format!(
            "{half} s at {ppm:+} ppm: estimate within {worst:.2} ppm, fill {:.2} samples off, {} dropouts; ",
            fill / count,
            machine.xruns
        );
        list.push(json!({
            "ppm": ppm,
            "seconds": half,
            "worst_error_ppm": worst,
            "fill_error_samples": fill / count,
            "dropouts": machine.xruns,
            "discontinuities": steep,
        }));
    }
    let memory = memory.end();
    faults.extend(judge(&[], memory));
    let json = json!({
        "cards": list,
        "memory_begin_kib": memory.begin,
        "memory_end_kib": memory.end,
    });
    text += &memory.words();
    Ok(Outcome { text, json, faults })
}
