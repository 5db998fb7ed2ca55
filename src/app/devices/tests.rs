//! Devices that go and come, through the program, on a machine whose cards are played by the test's own hand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::app::{Action, App, Banner, Eyes, Options};
use crate::engine::Epoch;
use crate::graph::{FilterId, FilterPath, PinAddress, Position};
use crate::ks::{
    AudioDevice, DataFormat, DataRange, Facts, FileFact, Granted, State, Value, Waker,
};
use crate::portcls::ring::{CardEnd, FrameRing, ring};
use crate::portcls::{Cards, DeviceError, Ear, Listening, MidiPorts, MiniportWaveRt};

/// The devices there are, and the cards that are open.
#[derive(Default)]
struct Inside {
    devices: Vec<AudioDevice>,
    /// Open cards by whole name.
    cards: BTreeMap<String, (CardEnd, Waker)>,
    /// Every name that was asked for, in order.
    asked: Vec<String>,
    /// What an opening is granted in place of what it asked for.
    instead: BTreeMap<String, String>,
    /// Devices that another program holds.
    busy: Vec<String>,
    /// MIDI inputs by name.
    inputs: Vec<String>,
    /// Who listens to one.
    ear: Option<Ear>,
    /// Cards break off as soon as they are opened.
    is_sick: bool,
    /// What the two clocks say: awake, and in all.
    clocks: (Duration, Duration),
}

#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Inside>>);

struct Handed(Option<FrameRing>, Granted);

impl MiniportWaveRt for Handed {
    fn allocate(&mut self) -> Option<FrameRing> {
        self.0.take()
    }

    fn granted(&self) -> Granted {
        self.1.clone()
    }
}

impl Cards for Desk {
    fn open(
        &self,
        device: &str,
        format: &DataFormat,
        quantum: usize,
        waker: Waker,
    ) -> Result<Box<dyn MiniportWaveRt>, DeviceError> {
        self.with(|inside| {
            inside.asked.push(device.to_owned());
            if inside.busy.iter().any(|busy| busy == device) {
                return Err(DeviceError::Unavailable {
                    device: device.into(),
                    reason: "another program holds it".into(),
                });
            }
            let name = inside.instead.get(device).cloned().unwrap_or(device.into());
            let mut devices = inside.devices.iter();
            let is_it = |it: &&AudioDevice| it.is_called(&name) || name.is_empty() && it.is_default;
            let Some(found) = devices.find(is_it) else {
                return Err(DeviceError::NotFound(device.into()));
            };
            let audio = format.audio.unwrap();
            let granted = Granted {
                host: found.host.clone(),
                name: found.name.clone(),
                rate_hz: audio.rate_hz,
                channels: audio.channels,
                samples: "f32".into(),
                period: quantum,
            };
            let (port, card) = ring(audio.channels as usize, quantum);
            if inside.is_sick {
                card.cursor().lose();
            }
            inside.cards.insert(granted.whole_name(), (card, waker));
            Ok(Box::new(Handed(Some(port), granted)) as Box<dyn MiniportWaveRt>)
        })
    }
}

struct Heard;

impl Listening for Heard {
    fn granted(&self) -> String {
        "listens".into()
    }
}

impl MidiPorts for Desk {
    fn listen(&self, _: &str, ear: Ear) -> Result<Box<dyn Listening>, DeviceError> {
        ear.link().set_there(true);
        self.with(|inside| inside.ear = Some(ear));
        Ok(Box::new(Heard))
    }
}

impl Desk {
    fn with<T>(&self, work: impl FnOnce(&mut Inside) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, host: &str, name: &str, is_default: bool) {
        self.with(|inside| {
            let render = vec![DataRange::float(8_000, 192_000).at_most_channels(2)];
            inside.devices.push(AudioDevice {
                host: host.into(),
                name: name.into(),
                render,
                capture: vec![],
                rate_hz: 48_000,
                is_default,
                is_default_input: false,
            });
        });
    }

    /// The device is pulled.
    fn pull(&self, whole_name: &str) {
        self.with(|inside| {
            inside.devices.retain(|it| it.whole_name() != whole_name);
            if let Some((card, waker)) = inside.cards.remove(whole_name) {
                card.cursor().lose();
                waker.wake();
            }
        });
    }

    fn facts(&self) -> Facts {
        self.with(|inside| Facts {
            devices: inside.devices.clone(),
            midi_inputs: inside.inputs.clone(),
            ..Facts::default()
        })
    }
}

/// A program on that machine, with a tone into an Audio Device Out.
struct Bench {
    app: App,
    desk: Desk,
    /// What each card has played, left channel.
    heard: BTreeMap<String, Vec<f32>>,
}

const OUT: FilterId = FilterId(2);

impl Bench {
    fn new(desk: Desk, device: &str) -> Self {
        Self::with(desk, &[("tone", "out"), ("audio_device_out", "in")], device)
    }

    /// Filters in a row, each with the pin that leads to the next; the last is the one that plays.
    fn with(desk: Desk, row: &[(&str, &str)], device: &str) -> Self {
        let (eyes, clocks) = (desk.clone(), desk.clone());
        let options = Options {
            catalogue: crate::filters::catalogue(Arc::new(desk.clone()), Arc::new(desk.clone())),
            facts: desk.facts(),
            eyes: Eyes::new(|_| FileFact::Pending, move || eyes.facts())
                .clocks(move || clocks.with(|inside| inside.clocks)),
            ..Options::nominal(256)
        };
        let mut app = App::new(options);
        for (key, _) in row {
            app.perform(Action::AddFilter {
                key: (*key).into(),
                at: Position::default(),
            });
        }
        if !device.is_empty() {
            app.perform(Action::SetProperty {
                filter: OUT,
                key: "device".into(),
                value: Some(Value::Text(device.into())),
            });
        }
        let pin = |id, pin: &str| PinAddress {
            filter: FilterPath::from(vec![FilterId(id)]),
            pin: pin.into(),
            instance: 0,
        };
        for (index, (_, out)) in row[..row.len() - 1].iter().enumerate() {
            let id = index as u32 + 1;
            let input = if *out == "notes" { "notes" } else { "in" };
            app.perform(Action::Connect {
                from: pin(id, out),
                to: pin(id + 1, input),
            });
        }
        Self {
            app,
            desk,
            heard: BTreeMap::new(),
        }
    }

    /// Every card takes a little, and the program looks.
    fn turn(&mut self) {
        self.app.poll();
        let heard = &mut self.heard;
        self.desk.with(|inside| {
            for (name, (card, waker)) in &mut inside.cards {
                let mut out = [0.0_f32; 128];
                card.interleave(&mut out, 1, |sample| sample);
                heard.entry(name.clone()).or_default().extend(out);
                waker.wake();
            }
        });
        std::thread::sleep(Duration::from_millis(1));
    }

    fn until(&mut self, what: &str, is_done: impl Fn(&Self) -> bool) {
        let epoch = Epoch::new();
        while !is_done(self) {
            assert!(
                epoch.nanos() < 20_000_000_000,
                "waited in vain for {what}; the log: {:#?}",
                self.app.view().log
            );
            self.turn();
        }
    }

    fn turns(&mut self, count: usize) {
        for _ in 0..count {
            self.turn();
        }
    }

    /// Forgets what was heard, then waits until that device plays the tone again.
    fn until_heard(&mut self, device: &str) {
        self.heard.clear();
        self.until(&format!("sound on {device}"), |it| {
            it.is_heard(device) && it.app.view().device == device
        });
    }

    fn is_heard(&self, device: &str) -> bool {
        let heard = self.heard.get(device);
        heard.is_some_and(|heard| heard.iter().any(|sample| sample.abs() > 0.05))
    }

    fn run(&mut self) {
        self.app.perform(Action::SetState(State::Run));
    }

    /// The banner that stands first, of those that are of devices.
    fn first(&self) -> Option<Banner> {
        // These cards take more than they should in a second, and that it is too much may be said at any time.
        let is_of_speed = |text: &str| text.starts_with("This graph is too much");
        let banners = self.app.view().banners;
        let mut banners = banners.iter().filter(|it| !is_of_speed(&it.text));
        banners.next().cloned()
    }

    /// Its words.
    fn banner(&self) -> String {
        self.first().map(|it| it.text).unwrap_or_default()
    }

    fn position(&self) -> u64 {
        self.app.cells().unwrap().position()
    }

    fn look(&mut self) {
        self.app.perform(Action::Refresh);
    }
}

#[test]
fn the_device_that_was_granted_is_the_one_that_is_named() {
    let desk = Desk::default();
    desk.add("alsa", "default", true);
    desk.add("pulseaudio", "speakers", true);
    desk.with(|inside| {
        let (asked, granted) = ("alsa:default".into(), "pulseaudio:speakers".into());
        inside.instead.insert(asked, granted);
    });
    let mut bench = Bench::new(desk, "");
    bench.run();
    bench.until_heard("pulseaudio:speakers");
    let granted = bench.app.view().granted.cloned().unwrap();
    assert_eq!(
        (granted.rate_hz, granted.channels, granted.period),
        (48_000, 2, 256)
    );
    // And it is that one that is waited for.
    bench.desk.pull("pulseaudio:speakers");
    bench.until("the loss", |it| !it.banner().is_empty());
    assert!(
        bench
            .banner()
            .starts_with("pulseaudio:speakers is not there")
    );
    assert_eq!(bench.app.view().device, "");
    bench.desk.with(|inside| inside.instead.clear());
    bench.look();
    bench.turns(300);
    assert!(!bench.is_heard("alsa:default"), "another one was taken");
    bench.desk.add("pulseaudio", "speakers", true);
    bench.until_heard("pulseaudio:speakers");
    assert_eq!(bench.banner(), "");
}

#[test]
fn a_stream_that_its_server_moved_to_another_device_is_taken_back_and_waits_for_its_own() {
    for (host, is_moved) in [("pulseaudio", true), ("pipewire", true), ("alsa", false)] {
        let desk = Desk::default();
        desk.add(host, "speakers", true);
        desk.add(host, "headset", false);
        let name = format!("{host}:speakers");
        let mut bench = Bench::new(desk, &name);
        bench.run();
        bench.until_heard(&name);
        // It is on the list no longer, and its stream goes on: somewhere else.
        bench.desk.with(|inside| {
            inside.devices.retain(|it| it.name != "speakers");
        });
        bench.look();
        if !is_moved {
            // A card that is held may be left out of the list.
            bench.turns(300);
            assert_eq!(bench.banner(), "", "{host}");
            bench.until_heard(&name);
            continue;
        }
        bench.until("the loss", |it| !it.banner().is_empty());
        let lost = format!("{name} is not there");
        assert!(bench.banner().starts_with(&lost), "{}", bench.banner());
        // What is under way is still played.
        let is_silent = (0..200).any(|_| {
            bench.heard.clear();
            bench.turns(50);
            !bench.is_heard(&name)
        });
        assert!(is_silent, "it was left where the server led it");
        bench.desk.add(host, "speakers", true);
        bench.look();
        bench.until_heard(&name);
        assert_eq!(bench.banner(), "");
    }
}

#[test]
fn a_device_that_goes_is_waited_for_and_no_other_is_taken_unless_the_user_says_so() {
    let desk = Desk::default();
    desk.add("pulseaudio", "speakers", true);
    let mut bench = Bench::new(desk, "");
    bench.run();
    bench.until_heard("pulseaudio:speakers");
    bench.desk.pull("pulseaudio:speakers");
    bench.desk.add("pulseaudio", "headset", true);
    bench.until("the loss", |it| !it.banner().is_empty());
    let from = bench.position();
    bench.until("time going on", |it| it.position() > from + 48_000);
    bench.until("the other in the list", |it| {
        it.app
            .view()
            .devices()
            .any(|device| device.name == "headset")
    });
    bench.turns(300);
    assert!(!bench.is_heard("pulseaudio:headset"), "nobody asked for it");
    let asked = bench.desk.with(|inside| inside.asked.clone());
    assert!(!asked.contains(&"pulseaudio:headset".into()), "{asked:?}");
    assert!(bench.app.view().wiring.is_agreed(), "the wires stand");
    let banner = bench.first().unwrap();
    assert!(
        banner.text.contains("pulseaudio:speakers"),
        "{}",
        banner.text
    );
    let offer = banner.offers[0].clone();
    assert_eq!(offer.words, "Use pulseaudio:headset");
    // The same comes back first.
    bench.desk.add("pulseaudio", "speakers", false);
    bench.until_heard("pulseaudio:speakers");
    assert_eq!(bench.banner(), "");
    // Gone again, and this time the user takes the other one: an edit like any.
    bench.desk.pull("pulseaudio:speakers");
    bench.until("the loss", |it| it.banner().contains("waits"));
    bench.app.perform(offer.action);
    bench.until_heard("pulseaudio:headset");
    assert_eq!(bench.banner(), "");
    assert_eq!(bench.app.view().undo.as_deref(), Some("Set Device"));
    let value = |bench: &Bench| {
        let node = bench.app.view().graph.filter(OUT).cloned().unwrap();
        node.values
            .get("device")
            .map(|value| value.text().to_owned())
    };
    assert_eq!(value(&bench).as_deref(), Some("pulseaudio:headset"));
    bench.app.perform(Action::Undo);
    assert_eq!(value(&bench), None);
}

#[test]
fn a_named_device_that_is_absent_at_the_start_is_waited_for_by_its_name() {
    let desk = Desk::default();
    desk.add("pulseaudio", "headset", true);
    let mut bench = Bench::new(desk, "alsa:hw:5");
    bench.run();
    bench.until("the banner", |it| it.banner().starts_with("alsa:hw:5"));
    bench.until("time going on", |it| it.position() > 4_800);
    bench.turns(100);
    assert!(!bench.is_heard("pulseaudio:headset"));
    bench.desk.add("alsa", "hw:5", false);
    bench.until_heard("alsa:hw:5");
}

#[test]
fn a_device_that_another_program_holds_is_named_with_the_reason_and_taken_when_it_is_free() {
    let desk = Desk::default();
    desk.add("alsa", "hw:0", true);
    desk.with(|inside| inside.busy.push("alsa:hw:0".into()));
    let mut bench = Bench::new(desk, "alsa:hw:0");
    bench.run();
    bench.until("the reason", |it| {
        it.banner().contains("another program holds it")
    });
    bench.until("time going on", |it| it.position() > 4_800);
    bench.desk.with(|inside| inside.busy.clear());
    bench.until_heard("alsa:hw:0");
}

#[test]
fn another_default_device_is_followed_or_not_as_was_chosen_and_never_silently() {
    let desk = Desk::default();
    desk.add("pulseaudio", "speakers", true);
    let mut bench = Bench::new(desk, "");
    bench.run();
    bench.until_heard("pulseaudio:speakers");
    let make_default = |bench: &mut Bench, name: &str| {
        bench.desk.with(|inside| {
            for device in &mut inside.devices {
                device.is_default = device.name == name;
            }
        });
        bench.look();
    };
    bench.desk.add("pulseaudio", "headset", false);
    make_default(&mut bench, "headset");
    bench.until("word of it", |it| it.banner().contains("headset"));
    bench.turns(300);
    assert_eq!(bench.app.view().device, "pulseaudio:speakers", "it stays");
    let banner = bench.first().unwrap();
    bench.app.perform(banner.offers[0].action.clone());
    bench.until_heard("pulseaudio:headset");
    bench.app.perform(Action::FollowDefault(true));
    make_default(&mut bench, "speakers");
    bench.until_heard("pulseaudio:speakers");
    let mut log = bench.app.view().log.iter();
    assert!(log.any(|line| line.text.contains("moves there from pulseaudio:headset")));
}

#[test]
fn another_quantum_or_rate_is_taken_while_the_tone_goes_on_and_nothing_upstream_begins_anew() {
    let desk = Desk::default();
    desk.add("pulseaudio", "speakers", true);
    let mut bench = Bench::new(desk, "");
    bench.run();
    bench.until_heard("pulseaudio:speakers");
    let entries = |bench: &Bench| {
        let playing = bench.app.playing.as_ref().unwrap();
        let open = |id| {
            playing
                .open(&FilterPath::from(vec![FilterId(id)]))
                .unwrap()
                .entry
        };
        (open(1), open(2))
    };
    let before = entries(&bench);
    let from = bench.position();
    bench.app.perform(Action::SetQuantum(512));
    assert_eq!(bench.app.view().quantum, 512);
    bench.until("a device opened anew", |it| {
        it.app.view().granted.is_some_and(|it| it.period == 512)
    });
    bench.until_heard("pulseaudio:speakers");
    assert_eq!(entries(&bench).0, before.0, "the tone plays on");
    assert!(bench.position() > from, "time does not go back");
    assert_eq!(bench.app.view().preferences.quantum, Some(512));
    let steps: Vec<f32> = {
        let heard = &bench.heard["pulseaudio:speakers"];
        heard.windows(2).map(|it| (it[1] - it[0]).abs()).collect()
    };
    let steepest = steps.iter().copied().fold(0.0, f32::max);
    assert!(steepest < 0.1, "it comes in along a fade, not {steepest}");
    // A rate is the document's: an undo takes it back.
    bench.app.perform(Action::SetRate(44_100));
    bench.until("the rate", |it| {
        it.app.view().granted.is_some_and(|it| it.rate_hz == 44_100)
    });
    bench.until_heard("pulseaudio:speakers");
    bench.app.perform(Action::Undo);
    bench.until("the rate before", |it| {
        it.app.view().granted.is_some_and(|it| it.rate_hz == 48_000)
    });
    bench.until_heard("pulseaudio:speakers");
    bench.app.perform(Action::SetQuantum(1));
    assert_eq!(bench.app.view().quantum, 16, "the least there is");
}

#[test]
fn after_a_sleep_of_the_machine_the_device_is_opened_anew_and_sounds_within_three_seconds() {
    let desk = Desk::default();
    desk.add("pulseaudio", "speakers", true);
    let mut bench = Bench::new(desk, "");
    bench.run();
    bench.until_heard("pulseaudio:speakers");
    // Its callbacks stand still from here, and it says nothing.
    let asked = bench.desk.with(|inside| {
        inside.cards.clear();
        inside.clocks.0 += Duration::from_secs(1);
        inside.clocks.1 += Duration::from_secs(601);
        inside.asked.len()
    });
    let epoch = Epoch::new();
    bench.until_heard("pulseaudio:speakers");
    assert!(epoch.nanos() < 3_000_000_000, "{} ns", epoch.nanos());
    let (now, view) = (bench.desk.with(|it| it.asked.len()), bench.app.view());
    assert_eq!(now, asked + 1, "opened once");
    let mut log = view.log.iter();
    assert!(log.any(|line| line.text.contains("slept for 600 s")));
}

#[test]
fn a_device_that_breaks_off_again_and_again_is_tried_ever_less_often() {
    let desk = Desk::default();
    desk.add("pulseaudio", "speakers", true);
    desk.with(|inside| inside.is_sick = true);
    let mut bench = Bench::new(desk, "");
    bench.run();
    let epoch = Epoch::new();
    let count = |bench: &Bench| bench.desk.with(|inside| inside.asked.len());
    bench.until("three tries", |it| count(it) >= 3);
    let seconds = epoch.nanos() as f64 / 1e9;
    assert!(seconds > 0.9, "the third try waits: {seconds} s");
    let from = bench.position();
    bench.until("time going on", |it| it.position() > from + 4_800);
    assert!(bench.banner().starts_with("pulseaudio:speakers"));
    bench.desk.with(|inside| inside.is_sick = false);
    bench.until_heard("pulseaudio:speakers");
    assert_eq!(bench.banner(), "");
}

#[test]
fn a_stop_while_the_device_is_gone_goes_to_zero_and_run_starts_again() {
    let desk = Desk::default();
    desk.add("pulseaudio", "speakers", true);
    let mut bench = Bench::new(desk, "");
    bench.run();
    bench.until_heard("pulseaudio:speakers");
    bench.app.perform(Action::SetState(State::Stop));
    bench.until("the stop", |it| it.position() == 0);
    // A loss is told of in every state.
    bench.desk.pull("pulseaudio:speakers");
    bench.until("the loss", |it| !it.banner().is_empty());
    bench.desk.add("pulseaudio", "speakers", true);
    bench.until("the return", |it| it.banner().is_empty());
    bench.run();
    bench.until_heard("pulseaudio:speakers");
}

#[test]
fn notes_held_on_an_input_that_is_pulled_end_and_it_is_played_again_when_it_is_back() {
    let desk = Desk::default();
    desk.add("pulseaudio", "speakers", true);
    desk.with(|inside| inside.inputs.push("Keystation 49".into()));
    let row = [
        ("midi_device_in", "notes"),
        ("tone_synth", "out"),
        ("audio_device_out", "in"),
    ];
    let mut bench = Bench::with(desk, &row, "");
    assert!(bench.app.view().wiring.is_agreed());
    bench.run();
    bench.until("the run", |it| it.position() > 4_800);
    let press = |bench: &Bench| {
        bench
            .desk
            .with(|it| it.ear.as_mut().unwrap().hear(&[0x90, 69, 100]));
    };
    press(&bench);
    bench.until_heard("pulseaudio:speakers");
    bench.desk.with(|inside| {
        inside.inputs.clear();
        inside.ear.as_ref().unwrap().link().set_there(false);
    });
    bench.look();
    bench.until("silence", |it| {
        let heard = &it.heard["pulseaudio:speakers"];
        let last = &heard[heard.len().saturating_sub(4_800)..];
        heard.len() > 9_600 && last.iter().all(|sample| *sample == 0.0)
    });
    let says = |it: &Bench, words: &str| {
        let mut log = it.app.view().log.iter();
        log.any(|line| line.source == "MIDI" && line.text.contains(words))
    };
    bench.until("word of it", |it| says(it, "Keystation 49 is gone"));
    bench.desk.with(|inside| {
        inside.inputs.push("Keystation 49".into());
        inside.ear.as_ref().unwrap().link().set_there(true);
    });
    bench.look();
    bench.until("word of it", |it| says(it, "Keystation 49 is there"));
    press(&bench);
    bench.until_heard("pulseaudio:speakers");
}

#[test]
fn a_device_that_does_not_drive_the_graph_is_waited_for_as_well() {
    let desk = Desk::default();
    desk.add("pulseaudio", "speakers", true);
    desk.add("pulseaudio", "headset", false);
    let row = [
        ("tone", "out"),
        ("splitter", "out"),
        ("audio_device_out", "in"),
    ];
    let mut bench = Bench::with(desk, &row, "");
    bench.app.perform(Action::AddFilter {
        key: "audio_device_out".into(),
        at: Position::default(),
    });
    let second = FilterId(4);
    bench.app.perform(Action::SetProperty {
        filter: second,
        key: "device".into(),
        value: Some(Value::Text("pulseaudio:headset".into())),
    });
    let pin = |id, pin: &str, instance| PinAddress {
        filter: FilterPath::from(vec![id]),
        pin: pin.into(),
        instance,
    };
    bench.app.perform(Action::Connect {
        from: pin(FilterId(2), "out", 1),
        to: pin(second, "in", 0),
    });
    bench.run();
    let both = |it: &Bench| it.is_heard("pulseaudio:speakers") && it.is_heard("pulseaudio:headset");
    bench.until("sound on both", both);
    assert_eq!(bench.app.view().device, "pulseaudio:speakers");
    bench.desk.pull("pulseaudio:headset");
    bench.until("the loss", |it| {
        it.banner().starts_with("pulseaudio:headset")
    });
    assert_eq!(bench.app.view().device, "pulseaudio:speakers");
    bench.desk.add("pulseaudio", "headset", false);
    bench.heard.clear();
    bench.until("sound on both again", both);
    bench.until("the end of the banner", |it| it.banner().is_empty());
}

#[test]
fn what_plays_is_told_once_it_is_granted_and_not_any_more_when_it_is_gone() {
    let desk = Desk::default();
    desk.add("pulseaudio", "speakers", true);
    let row = [("tone", "out"), ("gain", "out"), ("audio_device_out", "in")];
    let mut bench = Bench::with(desk, &row, "");
    let device = FilterPath::of(FilterId(3));
    assert!(!bench.app.tell_device(), "nothing is granted yet");
    assert!(!bench.app.view().had_device(&device));
    bench.run();
    bench.until_heard("pulseaudio:speakers");
    assert!(bench.app.tell_device());
    let banner = bench.first().unwrap();
    let begins = "Playing on pulseaudio:speakers. 48\u{a0}000 Hz, 256 samples";
    assert!(banner.text.starts_with(begins), "{}", banner.text);
    assert!(banner.text.ends_with("at 0\u{a0}dB."), "{}", banner.text);
    assert_eq!(banner.offers[0].action, Action::ChooseDevice);
    bench.desk.pull("pulseaudio:speakers");
    bench.until("the loss", |it| it.banner().contains("not there"));
    let mut banners = bench.app.view().banners.iter();
    assert!(!banners.any(|it| it.text.starts_with("Playing")));
    assert!(bench.app.view().had_device(&device), "it is gone");
}
