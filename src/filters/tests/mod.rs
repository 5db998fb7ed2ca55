//! What every filter of the catalogue must do, whoever wrote it; and the few things that the filters' own tests share.
//!
//! A filter that cannot open on a bench, because it needs a file, is left out of the tests that run it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::dsp::Random;
use crate::ks::ids::category;
use crate::ks::rig::{RATE_HZ, Rig};
use crate::ks::{
    Catalogue, Constrained, DataFlow, DataFormat, DataRange, Domain, Facts, Filter, KernelEvent,
    Kind, Node, NodePin, PinFactory, Settings, State, Telemetry, UNLIMITED, Value, samples_at,
    time_from_sample,
};
use crate::portcls::Offline;

mod notes;

/// Formats by pin name, as [`Rig::open_with`] wants them.
pub(super) fn formats(pins: &[(&str, DataFormat)]) -> BTreeMap<String, DataFormat> {
    let named = |(name, format): &(&str, DataFormat)| {
        let name = name.strip_suffix("[0]").unwrap_or(name);
        (name.to_owned(), format.clone())
    };
    pins.iter().map(named).collect()
}

/// Whether two sounds are equal to the bit.
pub(super) fn same_bits(one: &[Vec<f32>], other: &[Vec<f32>]) -> bool {
    let bits = |sound: &[Vec<f32>]| -> Vec<Vec<u32>> {
        let channel = |channel: &Vec<f32>| channel.iter().map(|s| s.to_bits()).collect();
        sound.iter().map(channel).collect()
    };
    bits(one) == bits(other)
}

/// What is possible on a filter's pins when one of them must have `format`.
pub(super) fn constrained(
    filter: &dyn Filter,
    words: &[(&str, &str)],
    pin: &str,
    format: &DataFormat,
) -> Constrained {
    let word = |(key, word): &(&str, &str)| ((*key).to_owned(), Value::Text((*word).to_owned()));
    let values = words.iter().map(word).collect();
    let settings = Settings {
        values: &values,
        base: None,
    };
    let descriptor = filter.describe(&settings, &Facts::nominal()).into_owned();
    let mut pins = possible(filter);
    for (index, factory) in descriptor.pins.iter().enumerate() {
        pins[index] = filled(&factory.ranges);
    }
    let (index, _) = descriptor.pin(pin).unwrap();
    pins[index] = vec![DataRange::only(format)];
    filter.constrain(&descriptor, &settings, &mut pins);
    pins
}

/// A filter with telemetry on a bench, fed with the same samples on each of `channels`.
pub(super) fn open(filter: &dyn Filter, channels: u32) -> (impl FnMut(&[f32]), Telemetry) {
    let format = DataFormat::float(channels, RATE_HZ);
    let pins = formats(&[("in", format.clone()), ("out", format)]);
    let mut rig = Rig::open_with(filter, BTreeMap::new(), &pins, None);
    let telemetry = rig.telemetry().expect("the filter publishes").clone();
    let feed = move |samples: &[f32]| {
        for piece in samples.chunks(4000) {
            rig.feed(piece);
        }
    };
    (feed, telemetry)
}

fn filled(ranges: &[DataRange]) -> Vec<DataRange> {
    ranges
        .iter()
        .map(|range| range.at_graph_rate(RATE_HZ))
        .collect()
}

/// The ranges of each pin of a filter with its default values; none for a jack.
fn possible(filter: &dyn Filter) -> Constrained {
    let values = BTreeMap::new();
    let settings = Settings {
        values: &values,
        base: None,
    };
    let descriptor = filter.describe(&settings, &Facts::nominal());
    descriptor
        .pins
        .iter()
        .map(|pin| {
            if pin.is_bridge() {
                vec![]
            } else {
                filled(&pin.ranges)
            }
        })
        .collect()
}

/// Formats for all pins of which pin `index` has `format`, as an agreement would choose them.
fn agree(
    filter: &dyn Filter,
    index: usize,
    format: &DataFormat,
) -> Option<BTreeMap<String, DataFormat>> {
    let values = BTreeMap::new();
    let settings = Settings {
        values: &values,
        base: None,
    };
    let descriptor = filter.describe(&settings, &Facts::nominal());
    let mut pins = possible(filter);
    pins[index] = vec![DataRange::only(format)];
    let mut agreed = BTreeMap::new();
    for (at, pin) in descriptor.pins.iter().enumerate() {
        if pin.is_bridge() {
            continue;
        }
        filter.constrain(&descriptor, &settings, &mut pins);
        let choice = if at == index {
            pins[at]
                .iter()
                .any(|range| range.contains(format))
                .then(|| format.clone())
        } else {
            pins[at].iter().find_map(DataRange::choose)
        };
        let choice = choice?;
        pins[at] = vec![DataRange::only(&choice)];
        agreed.insert(pin.name.to_string(), choice);
    }
    Some(agreed)
}

/// A few formats of a range: its corners, and usual ones between.
fn samples_of(range: &DataRange) -> Vec<DataFormat> {
    let Some(limits) = range.audio_limits() else {
        return vec![DataFormat::events()];
    };
    let within = |min: u32, max: u32, usual: &[u32]| -> BTreeSet<u32> {
        let ends = [min, max]
            .into_iter()
            .filter(|end| (1..UNLIMITED).contains(end));
        let usual = usual.iter().copied().filter(|it| (min..=max).contains(it));
        ends.chain(usual).collect()
    };
    let mut all = vec![];
    for rate_hz in within(
        limits.min_rate_hz,
        limits.max_rate_hz,
        &[8_000, 44_100, 48_000, 192_000],
    ) {
        // The bench's frames hold eight times the graph's rate, and a hertz is not sound.
        if !(4_000..=8 * RATE_HZ).contains(&rate_hz) {
            continue;
        }
        for channels in within(limits.min_channels, limits.max_channels, &[1, 2, 3, 6, 8]) {
            for bits in within(limits.min_bits, limits.max_bits, &[8, 16, 24]) {
                let mut format = DataFormat::pcm(bits, channels, rate_hz);
                format.sub = range.sub;
                all.push(format);
            }
        }
    }
    all
}

fn needs_a_file(filter: &dyn Filter) -> bool {
    let properties = &filter.descriptor().properties;
    properties
        .iter()
        .any(|property| property.domain == Domain::Path)
}

/// Every built-in filter, over devices that are not there.
fn all() -> Catalogue {
    super::catalogue(Arc::new(Offline), Arc::new(Offline))
}

fn on_the_bench() -> impl Iterator<Item = Arc<dyn Filter>> {
    let filters: Vec<_> = all().iter().cloned().collect();
    filters
        .into_iter()
        .filter(|filter| !needs_a_file(&**filter))
}

fn noise(len: usize, seed: u64) -> Vec<Vec<f32>> {
    let channel = |channel: u64| {
        let mut random = Random::new(seed * 64 + channel);
        (0..len).map(|_| random.next_signed() * 0.5).collect()
    };
    (0..2).map(channel).collect()
}

/// A note every tenth of a second, held for half of it, in a run that began at `start`.
fn notes(start: usize, from: usize, until: usize) -> Vec<KernelEvent> {
    let tenth = RATE_HZ as usize / 10;
    let note = |at: usize| {
        let number = 60 + (at / tenth % 12) as u8;
        let time = time_from_sample((start + at) as u64, RATE_HZ);
        match at % tenth {
            100 => KernelEvent::new(time, &[0x90, number, 100]),
            2_500 => KernelEvent::new(time, &[0x80, number, 64]),
            _ => None,
        }
    };
    (from..until).filter_map(note).collect()
}

/// Runs `sound`, which is at `rate_hz`, and notes through a rig in cycles of the given lengths, from the rig's present
/// `position`, for as many samples of the graph as the sound has.
fn run_at(
    rate_hz: u32,
    rig: &mut Rig,
    position: usize,
    sound: &[Vec<f32>],
    mut next_len: impl FnMut() -> usize,
) -> (Vec<Vec<f32>>, Vec<KernelEvent>) {
    let whole = sound[0].len();
    let (mut heard, mut events): (Vec<Vec<f32>>, _) = (vec![], vec![]);
    let mut at = 0;
    while at < whole {
        let len = next_len().clamp(1, 2048).min(whole - at);
        let carried = |at: usize| samples_at(at as u64, rate_hz, RATE_HZ) as usize;
        let (from, until) = (carried(at), carried(at + len));
        let piece: Vec<Vec<f32>> = sound.iter().map(|c| c[from..until].to_vec()).collect();
        let due = notes(position, at, at + len);
        let new = rig.cycle(len, &piece, &due);
        heard.resize(new.channels.len(), vec![]);
        for (all, channel) in heard.iter_mut().zip(new.channels) {
            all.extend(channel);
        }
        let start = time_from_sample(position as u64, RATE_HZ);
        events.extend(new.events.iter().map(|event| event.at(event.time - start)));
        at += len;
    }
    (heard, events)
}

fn run(
    rig: &mut Rig,
    position: usize,
    sound: &[Vec<f32>],
    next_len: impl FnMut() -> usize,
) -> (Vec<Vec<f32>>, Vec<KernelEvent>) {
    run_at(RATE_HZ, rig, position, sound, next_len)
}

fn step(rig: &mut Rig, states: &[State]) {
    states
        .iter()
        .for_each(|state| rig.processor().enter(*state));
}

#[test]
fn keys_are_unique_and_are_the_files_of_this_folder() {
    let keys: BTreeSet<String> = all()
        .iter()
        .map(|f| f.descriptor().key.to_string())
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/filters");
    let stem = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        path.file_stem().unwrap().to_string_lossy().into_owned()
    };
    let mut files: BTreeSet<String> = folder.read_dir().unwrap().map(stem).collect();
    files.retain(|stem| stem != "mod" && stem != "tests");
    assert!(files.len() >= 10);
    assert_eq!(files, keys);
}

#[test]
fn descriptors_are_sound() {
    for filter in all().iter() {
        let descriptor = filter.descriptor();
        let key = &descriptor.key;
        assert!(!descriptor.help.is_empty(), "{key} has no help");
        assert!(
            !descriptor.title.is_empty() && !descriptor.categories.is_empty(),
            "{key}"
        );
        let pins: BTreeSet<&str> = descriptor.pins.iter().map(|pin| &*pin.name).collect();
        assert_eq!(pins.len(), descriptor.pins.len(), "{key}: pins of one name");
        let keys: BTreeSet<&str> = descriptor.properties.iter().map(|it| it.key).collect();
        assert_eq!(
            keys.len(),
            descriptor.properties.len(),
            "{key}: properties of one key"
        );
        for property in &*descriptor.properties {
            let default = property.default_value();
            assert_eq!(
                property.legal(&default),
                Some(default),
                "{key}.{}",
                property.key
            );
        }
        for pin in &*descriptor.pins {
            for peer in [pin.in_place_of, pin.same_format_as].into_iter().flatten() {
                assert!(
                    descriptor.pin(peer).is_some(),
                    "{key}.{}: no pin {peer}",
                    pin.name
                );
            }
        }
    }
}

#[test]
fn top_6_every_pin_reaches_a_node_and_every_property_is_a_nodes() {
    for filter in all().iter() {
        let descriptor = filter.descriptor();
        let key = &descriptor.key;
        assert_eq!(descriptor.fault(), None, "{key}");
        if descriptor.nodes.is_empty() {
            continue;
        }
        let ends: Vec<NodePin> = descriptor
            .topology
            .iter()
            .flat_map(|it| [it.from, it.to])
            .collect();
        for (index, pin) in (0_u32..).zip(&*descriptor.pins) {
            assert!(
                ends.contains(&NodePin::Filter(index)),
                "{key}.{} leads nowhere inside",
                pin.name
            );
        }
        for (index, node) in (0_u32..).zip(&*descriptor.nodes) {
            let is_here = |end: &NodePin| matches!(end, NodePin::Node(node, _) if *node == index);
            assert!(
                ends.iter().any(is_here),
                "{key}: {} is an orphan",
                node.name
            );
            assert!(
                node.kind.name().is_some(),
                "{key}: {} is of no known kind",
                node.name
            );
        }
        for property in &*descriptor.properties {
            let owner = |node: &&Node| node.properties.contains(&property.key);
            assert!(
                descriptor.nodes.iter().find(owner).is_some(),
                "{key}: {} belongs to no node",
                property.key
            );
        }
    }
}

#[test]
fn every_filter_opens_on_each_format_it_claims_and_runs() {
    for filter in on_the_bench() {
        let key = &filter.descriptor().key;
        let mut opened = 0;
        for (index, ranges) in possible(&*filter).iter().enumerate() {
            for format in ranges.iter().flat_map(samples_of) {
                let agreed = agree(&*filter, index, &format);
                let agreed =
                    agreed.unwrap_or_else(|| panic!("{key}: nothing agrees with {format}"));
                let mut rig = Rig::open_with(&*filter, BTreeMap::new(), &agreed, None);
                for len in [480, 1, 1000] {
                    let heard = rig.cycle(len, &noise(len * 9, 1), &[]);
                    let numbers = heard.channels.iter().flatten();
                    assert!(
                        numbers.into_iter().all(|s| s.is_finite()),
                        "{key} on {format}"
                    );
                }
                opened += 1;
            }
        }
        // A topology has jacks only (PCL-4).
        let has_streams = filter.descriptor().pins.iter().any(|pin| !pin.is_bridge());
        assert_eq!(opened > 0, has_streams, "{key} claims nothing");
    }
}

#[test]
fn ten_seconds_of_noise_come_out_as_numbers() {
    for filter in on_the_bench() {
        let mut rig = Rig::open(&*filter, &[]);
        let sound = noise(10 * RATE_HZ as usize, 2);
        let (heard, _) = run(&mut rig, 0, &sound, || 2048);
        let key = &filter.descriptor().key;
        assert!(
            heard.iter().flatten().all(|sample| sample.is_finite()),
            "{key}"
        );
        let (values, facts) = (BTreeMap::new(), Facts::nominal());
        let settings = Settings {
            values: &values,
            base: None,
        };
        let descriptor = filter.describe(&settings, &facts);
        // What hears a device hears nothing where there is none.
        let hears = descriptor.categories.contains(&category::CAPTURE);
        // What is hard-wired to something else has nothing to say alone.
        let is_alone = |pin: &PinFactory| pin.all_mediums().iter().all(|it| it.is_hard_wired());
        let sounds = !hears
            && !descriptor.pins.iter().any(is_alone)
            && descriptor
                .pins
                .iter()
                .any(|pin| pin.data_flow == DataFlow::Out && pin.kind() == Kind::Audio);
        let peak = heard
            .iter()
            .flatten()
            .fold(0.0, |peak: f32, s| peak.max(s.abs()));
        assert!(!sounds || peak > 0.001, "{key} is silent");
    }
}

/// A tone of 1 kHz through a filter, asked for each level in turn if so.
fn degraded(filter: &dyn Filter, is_asked: bool) -> Vec<f32> {
    let mut rig = Rig::open(filter, &[]);
    let mut heard = vec![];
    for piece in 0..200_usize {
        if is_asked && piece.is_multiple_of(20) {
            let levels = [0, 1, 2, 3, 0, 3, 1, 0, 2, 0];
            rig.processor().degrade(levels[piece / 20]);
        }
        let tone = (piece * 480..(piece + 1) * 480).map(|sample| {
            let turn = sample as f64 / 48.0 * std::f64::consts::TAU;
            turn.sin() as f32 * 0.5
        });
        let tone: Vec<f32> = tone.collect();
        let out = rig.cycle(480, &[tone.clone(), tone], &[]);
        heard.extend(out.channels.into_iter().next().unwrap_or_default());
    }
    heard
}

#[test]
fn another_level_of_quality_makes_no_click() {
    let mut seen = 0;
    for filter in on_the_bench() {
        let descriptor = filter.descriptor();
        let pins = &descriptor.pins;
        let takes = |flow| {
            pins.iter()
                .any(|it| it.data_flow == flow && it.kind() == Kind::Audio)
        };
        if descriptor.degrades.is_none() || !takes(DataFlow::In) || !takes(DataFlow::Out) {
            continue;
        }
        seen += 1;
        let steepest = |sound: &[f32]| {
            let steps = sound.windows(2).map(|it| (it[1] - it[0]).abs());
            steps.fold(0.0, f32::max)
        };
        let (plain, asked) = (degraded(&*filter, false), degraded(&*filter, true));
        let (plain, asked) = (steepest(&plain), steepest(&asked));
        assert!(plain > 0.01, "{} is silent", descriptor.key);
        assert!(
            asked < plain * 1.1 + 0.002,
            "{}: {asked} after {plain}",
            descriptor.key
        );
    }
    assert!(
        seen >= 5,
        "{seen} filters with sound in and out have a lever"
    );
}

#[test]
fn what_is_no_number_does_not_stay() {
    for filter in on_the_bench() {
        let mut rig = Rig::open(&*filter, &[]);
        let mut sound = noise(2 * RATE_HZ as usize, 3);
        let wrong = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        for channel in &mut sound {
            channel[1000..1003].copy_from_slice(&wrong);
            // A number, but its sums are none: so they are born inside, where sound goes round.
            channel[2000..26_000].fill(f32::MAX);
        }
        let (heard, _) = run(&mut rig, 0, &sound, || 777);
        let mut clean = Rig::open(&*filter, &[]);
        let (wanted, _) = run(&mut clean, 0, &noise(2 * RATE_HZ as usize, 3), || 777);
        let key = &filter.descriptor().key;
        let late = |heard: &[Vec<f32>]| -> Vec<f32> {
            let ends = heard.iter().flat_map(|it| &it[it.len() / 4 * 3..]);
            ends.copied().collect()
        };
        let (late, wanted) = (late(&heard), late(&wanted));
        assert!(late.iter().all(|sample| sample.is_finite()), "{key}");
        let peak = |all: &[f32]| all.iter().fold(0.0, |most: f32, it| most.max(it.abs()));
        let (peak, wanted) = (peak(&late), peak(&wanted));
        assert!(peak >= wanted * 0.1, "{key} is silent: {peak} of {wanted}");
    }
}

/// The formats on which cuttings are tried, with the rate of what goes in.
fn benches(filter: &dyn Filter) -> Vec<(u32, BTreeMap<String, DataFormat>)> {
    let mut benches = vec![(RATE_HZ, BTreeMap::new())];
    // Wires at other rates than the graph's bring counts that change from cycle to cycle.
    for (index, ranges) in possible(filter).iter().enumerate() {
        let odd = DataFormat::float(2, 44_100);
        if !ranges.iter().any(|range| range.contains(&odd)) {
            continue;
        }
        let agreed = agree(filter, index, &odd).expect("a pin's format agrees with the others");
        let pins = filter.descriptor().pins.iter();
        let mut inputs = pins.filter(|pin| pin.data_flow == DataFlow::In);
        let audio = inputs.find_map(|pin| agreed.get(&*pin.name)?.audio);
        benches.push((audio.map_or(RATE_HZ, |audio| audio.rate_hz), agreed));
    }
    benches
}

/// Moves everything that can be moved while it runs to another value.
fn turn_all(filter: &dyn Filter, rig: &mut Rig) {
    for (index, property) in filter.descriptor().properties.iter().enumerate() {
        if property.structural {
            continue;
        }
        let default = property.slot_value(&property.default_value());
        let other = match property.domain {
            Domain::Number { min, max, .. } => {
                let third = Value::Number(min + (max - min) / 3.0);
                let legal = property.legal(&third).expect("a number in its range");
                property.slot_value(&legal)
            }
            Domain::Flag => 1.0 - default,
            Domain::Choice(words) => (default + 1.0) % words.len() as f64,
            Domain::Text | Domain::Path | Domain::Device => continue,
        };
        rig.set(index, other);
    }
}

#[test]
fn any_cutting_gives_the_same_bits_while_values_change() {
    for filter in on_the_bench() {
        let key = &filter.descriptor().key;
        for (rate_hz, agreed) in benches(&*filter) {
            let sound = noise(9_600, 4);
            let whole = |next_len: &mut dyn FnMut() -> usize| {
                let mut rig = Rig::open_with(&*filter, BTreeMap::new(), &agreed, None);
                let before = run_at(rate_hz, &mut rig, 0, &sound, &mut *next_len);
                turn_all(&*filter, &mut rig);
                let after = run_at(rate_hz, &mut rig, 9_600, &sound, next_len);
                (before, after)
            };
            let wanted = whole(&mut || 512);
            for seed in 0..3 {
                let mut random = Random::new(seed);
                let got = whole(&mut || (random.next_bits() % 2048) as usize);
                assert!(same_bits(&got.0.0, &wanted.0.0), "{key} on {agreed:?}");
                assert!(same_bits(&got.1.0, &wanted.1.0), "{key} on {agreed:?}");
                assert_eq!((got.0.1, got.1.1), (wanted.0.1.clone(), wanted.1.1.clone()));
            }
        }
    }
}

#[test]
fn stop_then_run_begins_anew() {
    use State::{Acquire, Pause, Run, Stop};
    for filter in on_the_bench() {
        let key = &filter.descriptor().key;
        for (rate_hz, agreed) in benches(&*filter) {
            let sound = noise(9_600, 5);
            let opened = || Rig::open_with(&*filter, BTreeMap::new(), &agreed, None);
            let mut new = opened();
            turn_all(&*filter, &mut new);
            step(&mut new, &[Acquire, Pause, Run]);
            let wanted = run_at(rate_hz, &mut new, 0, &sound, || 480);

            let mut used = opened();
            step(&mut used, &[Acquire, Pause, Run]);
            run_at(rate_hz, &mut used, 0, &sound, || 480);
            turn_all(&*filter, &mut used);
            // Stopped in the middle of every glide.
            used.run(480);
            step(&mut used, &[Pause, Acquire, Stop, Acquire, Pause, Run]);
            let got = run_at(rate_hz, &mut used, 10_080, &sound, || 480);
            assert!(same_bits(&got.0, &wanted.0), "{key} on {agreed:?}");
            assert_eq!(got.1, wanted.1, "{key}");
        }
    }
}
