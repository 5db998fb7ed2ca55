//! The DMus port: several wires of events into one synthesizer, through the sequencer, and the wave sink behind it.
//!
//! ```text
//!   wire ─┐                            ┌─ put(event, offset)
//!   wire ─┼─▶ Sequencer ─▶ what is due ┤                        ─▶ samples
//!   wire ─┘   (until due)              └─ render(up to the next)
//! ```
//!
//! Lives here: the traits of a synthesizer and the port. Does not live here: any synthesizer. Timing is exact to the
//! sample and does not depend on how the stream is cut: the port renders up to each event, then hands it over. A wire
//! that goes away releases the notes it holds.

use std::ops::Range;

use super::held_wires::HeldWires;
use super::sequencer::{Arrived, Sequencer};
use crate::ks::{
    Flow, Inputs, Io, Kernel, KernelEvent, Processor, Score, Seek, State, SynthCells, Telemetry,
    Values, Wave, samples_at,
};

/// Takes MIDI when it is due.
pub trait Mxf: Send {
    /// Takes one message. `offset` is its place in the present cycle; of a [`SynthSink`] all before it is rendered.
    fn put(&mut self, event: &KernelEvent, offset: usize);
}

/// And makes sound of it.
///
/// The wave sink cuts the cycle at the events, so `render` takes the part to fill: no synthesizer needs to split blocks
/// by itself. `prepare` brings the values of the filter's properties, which a port knows nothing of.
pub trait SynthSink: Mxf {
    /// Once at the beginning of each cycle.
    fn prepare(&mut self, values: Values<'_>) {
        let _ = values;
    }

    /// Once at the end of each cycle.
    fn finish(&mut self) {}

    /// Overwrites `part` of every channel with the next samples. Where the output stands in place of an input, that is what
    /// is there.
    fn render(&mut self, out: &mut Wave, part: Range<usize>);

    /// What is done to every sample until the next message; see [`Processor::kernel`].
    fn kernel(&mut self, values: Values<'_>, kernel: &mut Kernel) -> bool {
        let _ = (values, kernel);
        false
    }

    /// Silent at once, and everything heard is forgotten.
    fn silence(&mut self);

    /// Voices that sound now.
    fn sounding(&self) -> usize;

    /// Notes that found no voice since it was made.
    fn lost(&self) -> u64 {
        0
    }

    /// Asked to spend less; see [`Processor::degrade`].
    fn degrade(&mut self, level: u8) {
        let _ = level;
    }
}

/// What a port publishes, by place in its telemetry.
pub mod telemetry {
    /// Voices that sound.
    pub const VOICES: usize = 0;
    /// Events that came after their time.
    pub const LATE: usize = 1;
    /// Events that found no room.
    pub const DROPPED: usize = 2;
    /// Events that wait for their time.
    pub const WAITING: usize = 3;
    /// How many there are.
    pub const COUNT: usize = 4;
}

/// The port: a processor over any synthesizer. Inputs are events, the first output is sound.
pub struct DmusPort<S> {
    sink: S,
    sequencer: Sequencer,
    wires: HeldWires,
    /// Of the output.
    rate_hz: u32,
    telemetry: Telemetry,
    cells: SynthCells,
    /// Notes that were lost when it was counted last.
    lost: u64,
}

impl<S: SynthSink> DmusPort<S> {
    /// A port for up to `inputs` wires whose output runs at `rate_hz`.
    pub fn new(sink: S, inputs: usize, rate_hz: u32) -> Self {
        Self {
            sink,
            sequencer: Sequencer::new(inputs.max(1)),
            wires: HeldWires::default(),
            rate_hz,
            telemetry: Telemetry::new(telemetry::COUNT),
            cells: SynthCells::default(),
            lost: 0,
        }
    }

    /// What waits in its sequencer.
    pub fn score(&self) -> Score {
        self.sequencer.score()
    }

    /// What it counts while it runs.
    pub fn cells(&self) -> SynthCells {
        self.cells.clone()
    }

    /// Counts the cycle that was rendered.
    fn count(&mut self, wave: Option<&Wave>) {
        let Some(wave) = wave else { return };
        let samples = wave.channels().flatten();
        let peak = samples.fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        self.cells.played(wave.len(), self.sink.sounding(), peak);
        let lost = self.sink.lost();
        self.cells.lost((lost - self.lost) as u32);
        self.lost = lost;
    }

    /// What stands behind it.
    pub fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// What it publishes.
    pub fn telemetry(&self) -> Telemetry {
        self.telemetry.clone()
    }

    /// Releases the notes of wires that are gone, broken or at their end, and of channels that were silenced, a bit each.
    fn release(&mut self, inputs: Inputs<'_>, silenced: u16) {
        let Self {
            sink,
            sequencer,
            wires,
            ..
        } = self;
        while let Some(gone) = wires.next_gone(inputs, |wire| sequencer.holds(wire)) {
            if gone.is_broken {
                sequencer.forget(gone.wire);
            }
            gone.release(0, |event| sink.put(&event, 0));
        }
        wires.release_channels(silenced, 0, |event| sink.put(&event, 0));
    }
}

impl<S: SynthSink> Processor for DmusPort<S> {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let position = samples_at(io.position, self.rate_hz, io.rate_hz);
        let end = samples_at(io.position + io.len as u64, self.rate_hz, io.rate_hz);
        self.sink.prepare(io.values);
        let silenced = self.sequencer.attend(position, self.rate_hz);
        self.release(io.inputs, silenced);
        for input in io.inputs.iter() {
            if !input.events().is_empty() {
                self.wires.meet(input.wire);
            }
            for event in input.events() {
                self.sequencer.put(Arrived {
                    event: *event,
                    wire: input.wire,
                });
            }
        }
        let len = (end - position) as usize;
        let mut wave = io
            .outputs
            .first_mut()
            .and_then(|output| output.payload.wave_mut());
        let mut done = 0;
        while let Some((arrived, offset)) = self.sequencer.release(position, len, self.rate_hz) {
            if let Some(wave) = &mut wave
                && offset > done
            {
                self.sink.render(wave, done..offset);
            }
            done = done.max(offset);
            self.wires.follow(arrived.wire, &arrived.event);
            self.sink.put(&arrived.event, offset);
        }
        if let Some(wave) = &mut wave {
            let len = wave.len();
            self.sink.render(wave, done.min(len)..len);
        }
        self.sink.finish();
        self.count(wave.as_deref());
        let numbers = &self.telemetry;
        numbers.set(telemetry::VOICES, self.sink.sounding() as f32);
        numbers.set(telemetry::LATE, self.sequencer.late() as f32);
        numbers.set(telemetry::DROPPED, self.sequencer.dropped() as f32);
        numbers.set(telemetry::WAITING, self.sequencer.len() as f32);
        Flow::Running
    }

    fn degrade(&mut self, level: u8) {
        self.sink.degrade(level);
    }

    fn kernel(&mut self, values: Values<'_>, kernel: &mut Kernel) -> bool {
        self.sequencer.is_empty() && self.sink.kernel(values, kernel)
    }

    /// Over the seam of a loop notes sound on, and what waits keeps its distance; a seek is a new beginning.
    fn seek(&mut self, seek: Seek) -> bool {
        if !seek.flushes {
            let by = |sample| crate::ks::time_from_sample(sample, seek.rate_hz);
            self.sequencer.shift(by(seek.to) - by(seek.from));
        }
        false
    }

    fn enter(&mut self, state: State) {
        if state == State::Run {
            self.cells.reset();
        }
        if state == State::Stop {
            self.sequencer.clear();
            self.sink.silence();
            self.wires.clear();
            self.telemetry.set(telemetry::VOICES, 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::{InputPin, Output, Payload, StreamHeader, flag, time_from_sample};

    /// Writes each message down and renders how many notes are down.
    #[derive(Default)]
    struct Counting {
        /// The parts it was asked for.
        parts: Vec<Range<usize>>,
        messages: Vec<Vec<u8>>,
        groups: Vec<u16>,
        down: i32,
    }

    impl Mxf for Counting {
        fn put(&mut self, event: &KernelEvent, _: usize) {
            self.messages.push(event.bytes().to_vec());
            self.groups.push(event.channel_group);
            match event.bytes() {
                [0x90, ..] => self.down += 1,
                [0x80, ..] => self.down -= 1,
                _ => {}
            }
        }
    }

    impl SynthSink for Counting {
        fn render(&mut self, out: &mut Wave, part: Range<usize>) {
            self.parts.push(part.clone());
            out.channel_mut(0)[part].fill(self.down as f32);
        }

        fn silence(&mut self) {
            self.down = 0;
        }

        fn sounding(&self) -> usize {
            self.down as usize
        }
    }

    struct Bench {
        port: DmusPort<Counting>,
        position: u64,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                port: DmusPort::new(Counting::default(), 2, 48_000),
                position: 0,
            }
        }

        /// One cycle; each wire is its identity, its flags and its events.
        fn cycle(&mut self, len: usize, wires: &[(u64, u32, &[KernelEvent])]) -> Vec<f32> {
            let pins: Vec<InputPin> = (0..wires.len())
                .map(|index| InputPin {
                    factory: 0,
                    instance: index as u16,
                    slot: Some(index as u32),
                    wire: wires[index].0,
                })
                .collect();
            let headers: Vec<StreamHeader> = wires
                .iter()
                .map(|(_, flags, _)| StreamHeader {
                    flags: *flags,
                    ..StreamHeader::default()
                })
                .collect();
            let payloads: Vec<Payload> = wires
                .iter()
                .map(|(_, _, events)| Payload::Events(events.to_vec()))
                .collect();
            let mut wave = Wave::new(1, len);
            wave.set_len(len);
            let mut outputs = [Output {
                payload: Payload::Wave(wave),
                is_connected: true,
                ..Output::default()
            }];
            self.port.process(&mut Io {
                len,
                position: self.position,
                rate_hz: 48_000,
                values: &[],
                inputs: Inputs::new(&pins, &headers, &payloads),
                outputs: &mut outputs,
                gate: (1.0, 1.0),
            });
            self.position += len as u64;
            outputs[0].payload.wave().unwrap().channel(0).to_vec()
        }
    }

    fn note(sample: u64, status: u8, key: u8) -> KernelEvent {
        KernelEvent::new(time_from_sample(sample, 48_000), &[status, key, 100]).unwrap()
    }

    #[test]
    fn syn_5_notes_of_all_wires_take_effect_on_their_sample() {
        let mut bench = Bench::new();
        let (one, two) = ([note(30, 0x90, 1), note(100, 0x80, 1)], [note(10, 0x90, 2)]);
        let heard = bench.cycle(64, &[(1, 0, &one), (2, 0, &two)]);
        assert_eq!(
            (heard[9], heard[10], heard[29], heard[30]),
            (0.0, 1.0, 1.0, 2.0)
        );
        let heard = bench.cycle(64, &[(1, 0, &[]), (2, 0, &[])]);
        assert_eq!((heard[35], heard[36]), (2.0, 1.0), "held until it was due");
    }

    #[test]
    fn syn_1_the_port_pulls_every_sample_once_and_in_order() {
        let mut bench = Bench::new();
        let notes = [
            note(0, 0x90, 1),
            note(30, 0x90, 2),
            note(30, 0x90, 3),
            note(63, 0x90, 4),
        ];
        bench.cycle(64, &[(1, 0, &notes)]);
        let mut next = 0;
        for part in &bench.port.sink.parts {
            assert_eq!(part.start, next);
            next = part.end;
        }
        assert_eq!(next, 64);
    }

    #[test]
    fn dmu_6_time_stands_still_while_the_graph_pauses() {
        let mut bench = Bench::new();
        bench.cycle(64, &[(1, 0, &[note(100, 0x90, 1)])]);
        bench.port.enter(State::Pause);
        bench.port.enter(State::Run);
        // What was held goes on being held by presentation time, however long the pause was.
        let heard = bench.cycle(64, &[(1, 0, &[])]);
        assert_eq!((heard[35], heard[36]), (0.0, 1.0));
    }

    #[test]
    fn a_wire_that_vanishes_releases_its_notes_and_no_others() {
        let mut bench = Bench::new();
        let one = [note(0, 0x90, 60), note(0, 0x90, 64), note(200, 0x90, 70)];
        let two = [note(0, 0x90, 60)];
        bench.cycle(64, &[(1, 0, &one), (2, 0, &two)]);
        bench.port.sink.messages.clear();
        bench.cycle(64, &[(2, 0, &[])]);
        assert_eq!(bench.port.sink.messages, [[0x80, 64, 64]]);
        bench.cycle(256, &[(2, 0, &[])]);
        assert_eq!(
            bench.port.sink.messages.len(),
            1,
            "its later notes went with it"
        );
        bench.cycle(64, &[(3, 0, &[])]);
        assert_eq!(bench.port.sink.messages[1..], [[0x80, 60, 64]]);
    }

    #[test]
    fn a_wire_that_goes_before_its_first_note_was_due_takes_it_along() {
        let mut bench = Bench::new();
        bench.cycle(64, &[(1, 0, &[note(100, 0x90, 60)]), (2, 0, &[])]);
        let heard = bench.cycle(64, &[(2, 0, &[])]);
        assert_eq!(heard[63], 0.0);
        // One that is there has it heard.
        bench.cycle(64, &[(1, 0, &[note(200, 0x90, 60)]), (2, 0, &[])]);
        let heard = bench.cycle(64, &[(1, 0, &[]), (2, 0, &[])]);
        assert_eq!((heard[7], heard[8]), (0.0, 1.0));
    }

    #[test]
    fn evn_3_what_a_wire_held_is_released_in_its_own_group() {
        let mut bench = Bench::new();
        let mut second = note(0, 0x90, 60);
        second.channel_group = 2;
        bench.cycle(64, &[(1, 0, &[second]), (2, 0, &[note(0, 0x90, 60)])]);
        bench.port.sink.groups.clear();
        bench.cycle(64, &[(2, 0, &[])]);
        assert_eq!(bench.port.sink.groups, [2]);
    }

    #[test]
    fn a_stream_that_ends_or_breaks_releases_what_it_holds() {
        for flags in [flag::ENDOFSTREAM, flag::DATADISCONTINUITY] {
            let mut bench = Bench::new();
            bench.cycle(64, &[(1, 0, &[note(0, 0x90, 60)])]);
            let heard = bench.cycle(64, &[(1, flags, &[])]);
            assert_eq!(heard[0], 0.0);
        }
    }

    #[test]
    fn a_channel_that_is_silenced_ends_what_sounds_and_no_more() {
        use crate::ks::ScoreChange;
        let mut bench = Bench::new();
        let notes = [note(0, 0x90, 60), note(0, 0x91, 62), note(100, 0x90, 61)];
        let heard = bench.cycle(64, &[(1, 0, &notes)]);
        assert_eq!(heard[63], 1.0, "it counts the first channel");
        let score = bench.port.score();
        assert!(score.change(ScoreChange::MuteChannel(0, true)));
        let heard = bench.cycle(64, &[(1, 0, &[])]);
        assert_eq!((heard[0], heard[63]), (0.0, 0.0));
        bench.port.sink.messages.clear();
        bench.cycle(64, &[(2, 0, &[])]);
        let ended = &bench.port.sink.messages;
        assert_eq!(ended, &[[0x81, 62, 64]], "the other channel is followed on");
    }

    #[test]
    fn dmu_5_what_was_submitted_is_played_unless_stop_discards_it() {
        let mut bench = Bench::new();
        bench.cycle(64, &[(1, 0, &[note(0, 0x90, 60), note(500, 0x90, 61)])]);
        bench.port.enter(State::Stop);
        assert_eq!(bench.cycle(1000, &[(1, 0, &[])]), [0.0; 1000]);
    }
}
