//! Panic: a note whose end never comes is heard until then, and not after.

use std::sync::Arc;

use ksgraph::engine::{Message, Offline};
use ksgraph::ks::{
    DataRange, Descriptor, Filter, Flow, Io, KernelEvent, OpenError, Opened, Opening, PinFactory,
    Processor,
};
use ksgraph::portcls;

use crate::stage::{AUDIBLE, Stage, even, hear, path};

/// A key that was pressed once and whose release is lost.
struct StuckKey;

const PINS: &[PinFactory] = &[PinFactory::output("notes", DataRange::EVENTS)];
static STUCK_KEY: Descriptor = Descriptor::new(
    "stuck_key",
    "Stuck Key",
    &[ksgraph::ks::ids::category::DATATRANSFORM],
    PINS,
    &[],
);

impl Filter for StuckKey {
    fn descriptor(&self) -> &Descriptor {
        &STUCK_KEY
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Pressed(false)).endless())
    }
}

struct Pressed(bool);

impl Processor for Pressed {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        // No state takes it back: what was played live was played once.
        if !std::mem::replace(&mut self.0, true) {
            let on = KernelEvent::new(io.time(), &[0x90, 69, 100]).unwrap();
            assert!(io.outputs[0].payload.push_event(on));
        }
        Flow::Running
    }
}

#[test]
fn panic_ends_a_note_that_nobody_releases() {
    let offline = Arc::new(portcls::Offline);
    let mut catalogue = ksgraph::filters::catalogue(Arc::clone(&offline) as _, offline);
    catalogue.register(Arc::new(StuckKey)).unwrap();
    let stage = Stage::over(catalogue);
    let graph = stage.graph("stuck_key -> tone_synth sustain=1 -> sink:null_renderer");
    let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&graph), 480);
    let sink = path(&graph, "sink");
    for second in 0..2 {
        let heard = hear(&mut offline, &sink, &even(48_000, 480));
        let last = &heard[0][47_000..];
        assert!(largest(last) > AUDIBLE, "second {second}");
    }
    offline.send(Message::Panic);
    hear(&mut offline, &sink, &even(9_600, 480));
    let after = hear(&mut offline, &sink, &even(48_000, 480));
    assert_eq!(largest(&after[0]), 0.0);
}

fn largest(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |most, it| most.max(it.abs()))
}
