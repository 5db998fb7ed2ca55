//! SoundFonts that are computed, and what they become.

use super::connection::Segment;
use super::*;

fn chunk(id: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let pad: &[u8] = if data.len() % 2 == 1 { &[0] } else { &[] };
    [&id[..], &(data.len() as u32).to_le_bytes(), data, pad].concat()
}

fn list(form: &[u8; 4], parts: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"LIST", &[&form[..], &parts.concat()].concat())
}

fn name(text: &str) -> Vec<u8> {
    let mut name = text.as_bytes().to_vec();
    name.resize(20, 0);
    name
}

fn words(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn longs(all: &[u32]) -> Vec<u8> {
    all.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn generators(all: &[(u16, i16)]) -> Vec<u8> {
    all.iter()
        .flat_map(|(id, value)| words(&[*id, *value as u16]))
        .collect()
}

/// One preset of two zones, the first of which is global, on one instrument of two, one of them global.
fn font(preset: [&[(u16, i16)]; 2], instrument: [&[(u16, i16)]; 2]) -> Vec<u8> {
    let samples: Vec<u8> = (0..1_000_i16)
        .flat_map(|n| (n * 30).to_le_bytes())
        .collect();
    let numbers = [100, 600, 200, 500, 22_050];
    font_of(preset, instrument, [[&[]; 2]; 2], (&samples, numbers, 1))
}

/// A row of a modulator: source, generator, amount, the other source.
type Row = (u16, u16, i16, u16);

/// The same with modulators, and with its samples: their bytes, the head's numbers and its kind.
fn font_of(
    preset: [&[(u16, i16)]; 2],
    instrument: [&[(u16, i16)]; 2],
    modulators: [[&[Row]; 2]; 2],
    (samples, numbers, kind): (&[u8], [u32; 5], u16),
) -> Vec<u8> {
    let bags = |zones: [&[(u16, i16)]; 2], rows: [&[Row]; 2]| {
        let (one, two) = (zones[0].len() as u16, zones[1].len() as u16);
        let (three, four) = (rows[0].len() as u16, rows[1].len() as u16);
        words(&[0, 0, one, three, one + two, three + four])
    };
    let modulate = |rows: [&[Row]; 2]| {
        let rows = rows.concat();
        let rows = rows.iter().flat_map(|(source, generator, amount, other)| {
            words(&[*source, *generator, *amount as u16, *other, 0])
        });
        rows.chain([0; 10]).collect::<Vec<u8>>()
    };
    let rows = |zones: [&[(u16, i16)]; 2]| {
        [
            generators(zones[0]),
            generators(zones[1]),
            generators(&[(0, 0)]),
        ]
        .concat()
    };
    let preset_head =
        |text, number: [u16; 3]| [name(text), words(&number), longs(&[0, 0, 0])].concat();
    let sample_head = |text, numbers: [u32; 5]| {
        [name(text), longs(&numbers), vec![64, 5], words(&[0, kind])].concat()
    };
    let tables = [
        chunk(
            b"phdr",
            &[
                preset_head("Piano", [3, 8, 0]),
                preset_head("EOP", [0, 0, 2]),
            ]
            .concat(),
        ),
        chunk(b"pbag", &bags(preset, modulators[0])),
        chunk(b"pmod", &modulate(modulators[0])),
        chunk(b"pgen", &rows(preset)),
        chunk(
            b"inst",
            &[name("One"), words(&[0]), name("EOI"), words(&[2])].concat(),
        ),
        chunk(b"ibag", &bags(instrument, modulators[1])),
        chunk(b"imod", &modulate(modulators[1])),
        chunk(b"igen", &rows(instrument)),
        chunk(
            b"shdr",
            &[sample_head("Tone", numbers), sample_head("EOS", [0; 5])].concat(),
        ),
    ];
    let body = [
        b"sfbk".to_vec(),
        list(b"INFO", &[chunk(b"INAM", b"Test")]),
        list(b"sdta", &[chunk(b"smpl", samples)]),
        list(b"pdta", &tables),
    ];
    chunk(b"RIFF", &body.concat())
}

fn scale(
    region: &Region,
    source: Source,
    control: Source,
    destination: Destination,
) -> Option<f64> {
    let mut all = region.connections.iter();
    let found =
        all.find(|it| (it.source, it.control, it.destination) == (source, control, destination));
    found.map(|it| f64::from(it.scale) / 65_536.0)
}

#[test]
fn presets_add_to_instruments_and_zones_stand_over_global_ones() {
    let bytes = font(
        [&[(51, 1), (48, 30)], &[(52, 10), (43, 0x5010), (41, 0)]],
        [
            &[(8, 9_000), (36, -1_200), (54, 1)],
            &[
                (36, 0),
                (37, 240),
                (2, 5),
                (57, 2),
                (43, 0x7020),
                (6, 12),
                (17, -250),
                (53, 0),
            ],
        ],
    );
    let (all, remarks) = read(&bytes, &Facts::default()).unwrap();
    assert!(remarks.is_empty(), "{remarks:?}");
    assert_eq!((all.info.name.as_str(), all.instruments.len()), ("Test", 1));
    let it = &all.instruments[0];
    assert_eq!(it.info.name, "Piano");
    assert_eq!(
        (it.patch.msb, it.patch.program, it.patch.is_drum),
        (8, 3, false)
    );
    let region = &it.regions[0];
    assert_eq!(region.keys, 0x20..=0x50);
    let wave = all.wave(region).unwrap();
    assert_eq!(
        (wave.rate_hz, wave.samples.len(), wave.samples[0]),
        (22_050, 500, 3_000)
    );
    let sample = region.sample.unwrap();
    assert_eq!((sample.unity, sample.fine), (64, 5 + 100 + 10));
    let repeat = sample.repeat.unwrap();
    assert_eq!((repeat.start, repeat.length), (105, 295));
    // 30 centibels, of which 0.4 count, are 1.2 dB.
    assert_eq!(f64::from(sample.gain) / 655_360.0, -1.2);
    assert_eq!(region.group, 2);
    let none = Source::None;
    assert_eq!(
        scale(region, none, none, Destination::Cutoff),
        Some(9_000.0)
    );
    assert_eq!(scale(region, none, none, Destination::Pan), Some(-250.0));
    assert_eq!(
        scale(region, Source::VibratoLfo, none, Destination::Pitch),
        Some(12.0)
    );
    assert_eq!(
        scale(
            region,
            Source::VibratoLfo,
            Source::Controller(1),
            Destination::Pitch
        ),
        Some(50.0)
    );
    let volume = |segment| scale(region, none, none, Destination::Volume(segment));
    // A second for 100 dB, 24 dB of which are not sustained.
    assert_eq!(volume(Segment::Decay), Some(-71.0));
    assert_eq!(volume(Segment::Sustain), Some(750.0));
    assert_eq!(
        volume(Segment::Hold),
        Some(f64::from(i32::MIN) / 65_536.0),
        "none"
    );
}

#[test]
fn a_font_is_played_at_its_pitch() {
    let bytes = font([&[], &[(41, 0)]], [&[], &[(54, 1), (53, 0)]]);
    let (all, _) = read(&bytes, &Facts::default()).unwrap();
    let bank = Bank::new(&Collection {
        instruments: vec![Instrument {
            patch: Patch::default(),
            ..all.instruments[0].clone()
        }],
        ..all
    });
    let mut synth = Synth::new(48_000.0, 1, 8, 48_000).bank(std::sync::Arc::new(bank));
    let note = crate::ks::KernelEvent::new(0, &[0x90, 64, 127]).unwrap();
    crate::portcls::dmus::Mxf::put(&mut synth, &note, 0);
    let (mut left, mut right) = (vec![0.0; 48_000], vec![0.0; 48_000]);
    synth.play(&mut left, &mut right);
    // A ramp that goes round every 300 samples of 22 050 Hz, five cents higher.
    let falls: Vec<usize> = (1..left.len())
        .filter(|n| left[*n] < left[n - 1] - 0.02)
        .collect();
    let falls = 1 + falls.windows(2).filter(|it| it[1] > it[0] + 100).count();
    let wanted = 22_050.0 / 300.0 * (5.0_f64 / 1200.0).exp2();
    assert!((falls as f64 - wanted).abs() < 2.0, "{falls} {wanted}");
}

#[test]
fn attenuation_below_nothing_makes_up_for_velocity_and_is_never_more_than_full() {
    // Full where it stands still: what is heard is the voice's level.
    let samples: Vec<u8> = [8_000_i16; 2_000]
        .iter()
        .flat_map(|it| it.to_le_bytes())
        .collect();
    let heard = |preset: i16, instrument: i16, velocity: u8| {
        let bytes = font_of(
            [&[], &[(48, preset), (41, 0)]],
            [&[], &[(54, 1), (48, instrument), (53, 0)]],
            [[&[]; 2]; 2],
            (&samples, [100, 600, 200, 500, 48_000], 1),
        );
        let (all, _) = read(&bytes, &Facts::default()).unwrap();
        let bank = Bank::new(&Collection {
            instruments: vec![Instrument {
                patch: Patch::default(),
                ..all.instruments[0].clone()
            }],
            ..all
        });
        let mut synth = Synth::new(48_000.0, 1, 8, 4_800).bank(std::sync::Arc::new(bank));
        for message in [[0xB0, 7, 127], [0x90, 64, velocity]] {
            let event = crate::ks::KernelEvent::new(0, &message).unwrap();
            crate::portcls::dmus::Mxf::put(&mut synth, &event, 0);
        }
        let (mut left, mut right) = (vec![0.0; 4_800], vec![0.0; 4_800]);
        synth.play(&mut left, &mut right);
        20.0 * f64::from(left[4_000]).log10()
    };
    let (full, soft) = (heard(0, 0, 127), heard(0, 0, 80));
    assert!(full > -20.0 && full - soft > 7.0, "{full} {soft}");
    let is = |one: f64, other: f64| (one - other).abs() < 0.02;
    // 100 centibels, of which 0.4 count, of the preset or of both together.
    assert!(is(heard(-100, 0, 80), soft + 4.0));
    assert!(is(heard(-160, 60, 80), soft + 4.0));
    assert!(is(heard(100, 0, 80), soft - 4.0));
    assert!(
        is(heard(-100, 0, 127), full),
        "nothing is left to make up for"
    );
    assert!(
        is(heard(-960, -960, 80), full),
        "as one file in the world has it"
    );
}

#[test]
fn modulators_become_connections_as_far_as_those_go() {
    // Controllers of 7 bits: 0x80 and the number; inverted 0x100, bipolar 0x200, concave 0x400, switch 0xC00.
    let wheel = (0x0081, 8, 2_400, 0);
    let own: &[Row] = &[
        wheel,
        // Velocity moves loudness less than by default, breath moves vibrato, a switch the place.
        (0x0502, 48, 480, 0),
        (0x0082, 6, 120, 0),
        (0x0C83, 17, -500, 0),
        // The bender as everybody writes it, sustain of loudness and an attack that is none.
        (0x020E, 52, 12_700, 0x0010),
        (0x0084, 37, 96, 0),
        (0x0085, 34, 6_000, 0),
    ];
    let left_out: &[Row] = &[
        (0, 8, 100, 0),
        (0x007F, 8, 100, 0),
        (0x0094, 6, 50, 0),
        (0x0087, 6, 50, 0x0088),
    ];
    let all: Vec<Row> = [own, left_out].concat();
    let bytes = font_of(
        [&[], &[(41, 0)]],
        [&[], &[(53, 0)]],
        [
            [&[], &[(0x0081, 8, 600, 0)]],
            [&[(0x0081, 8, 77, 0), (0x0089, 51, 12, 0)], &all],
        ],
        (&[0; 4_000], [100, 600, 200, 500, 22_050], 1),
    );
    let (all, remarks) = read(&bytes, &Facts::default()).unwrap();
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert!(remarks[0].text.starts_with("3 modulators"), "{remarks:?}");
    let region = &all.instruments[0].regions[0];
    let (none, cc) = (Source::None, Source::Controller);
    let of = |source, control, destination| scale(region, source, control, destination);
    let wheel = of(cc(1), none, Destination::Cutoff);
    assert_eq!(
        wheel,
        Some(3_000.0),
        "the preset adds, the global zone is covered"
    );
    assert_eq!(
        of(cc(9), none, Destination::Pitch),
        Some(1_200.0),
        "of the global zone"
    );
    assert!(
        of(none, none, Destination::Cutoff).is_some(),
        "there is a filter to be moved"
    );
    assert_eq!(of(Source::Velocity, none, Destination::Gain), Some(-480.0));
    assert_eq!(
        of(Source::VibratoLfo, cc(2), Destination::Pitch),
        Some(120.0)
    );
    assert_eq!(of(cc(3), none, Destination::Pan), Some(-500.0));
    let bender = of(Source::PitchWheel, Source::Parameter(0), Destination::Pitch);
    assert_eq!(bender, Some(12_800.0));
    assert_eq!(
        of(cc(4), none, Destination::Volume(Segment::Sustain)),
        Some(-100.0)
    );
    let attack = Destination::Volume(Segment::Attack);
    assert_eq!(of(cc(5), none, attack), Some(6_000.0));
    assert_eq!(of(none, none, attack), Some(-12_000.0));
    let mut all = region.connections.iter();
    let velocity = all.find(|it| it.source == Source::Velocity).unwrap();
    assert!(velocity.of_source.is_inverted && velocity.of_source.curve == Curve::Concave);
}

#[test]
fn a_modulator_is_heard() {
    let low: Vec<u8> = (0..2_000_i16)
        .flat_map(|n| (n / 4 % 2 * 16_000).to_le_bytes())
        .collect();
    let bytes = font_of(
        [&[], &[(41, 0)]],
        [&[], &[(54, 1), (53, 0), (8, 4_000)]],
        [[&[], &[]], [&[], &[(0x0081, 8, 9_000, 0)]]],
        (&low, [0, 1_000, 0, 1_000, 48_000], 1),
    );
    let (all, _) = read(&bytes, &Facts::default()).unwrap();
    let bank = Bank::new(&Collection {
        instruments: vec![Instrument {
            patch: Patch::default(),
            ..all.instruments[0].clone()
        }],
        ..all
    });
    let mut synth = Synth::new(48_000.0, 1, 8, 4_800).bank(std::sync::Arc::new(bank));
    let mut heard = |messages: &[[u8; 3]]| {
        for message in messages {
            let event = crate::ks::KernelEvent::new(0, message).unwrap();
            crate::portcls::dmus::Mxf::put(&mut synth, &event, 0);
        }
        let (mut left, mut right) = (vec![0.0; 4_800], vec![0.0; 4_800]);
        synth.play(&mut left, &mut right);
        // Of a wave that steps up and down every four samples.
        let steps = left[2_400..].windows(2).map(|it| (it[1] - it[0]).abs());
        steps.fold(0.0_f32, f32::max)
    };
    let closed = heard(&[[0x90, 64, 127]]);
    let open = heard(&[[0xB0, 1, 127]]);
    assert!(open > 0.05 && closed < 0.05 * open, "{closed} {open}");
}

#[test]
fn samples_may_be_packed() {
    let ogg = include_bytes!("../../fuzz/seeds/media/a.ogg");
    let end = ogg.len() as u32;
    // Two of them behind each other; places of a loop are in samples from its beginning.
    let twice = [&ogg[..], &ogg[..]].concat();
    let packed = |numbers| {
        font_of(
            [&[], &[(41, 0)]],
            [&[], &[(54, 1), (53, 0), (0, 10), (1, -20)]],
            [[&[]; 2]; 2],
            (&twice, numbers, 0x11),
        )
    };
    let (all, remarks) = read(&packed([end, 2 * end, 100, 300, 8_000]), &Facts::default()).unwrap();
    assert!(remarks.is_empty(), "{remarks:?}");
    let region = &all.instruments[0].regions[0];
    let wave = all.wave(region).unwrap();
    assert_eq!((wave.rate_hz, wave.samples.len()), (8_000, 480 - 30));
    let loud = wave.samples.iter().map(|it| it.unsigned_abs()).max();
    assert!(loud > Some(1_000), "{loud:?}");
    let repeat = region.sample.unwrap().repeat.unwrap();
    assert_eq!((repeat.start, repeat.length), (90, 200));
    // What is no sound is silent and told, and where it is to end does not matter.
    let (all, remarks) = read(&packed([5, 40, 0, 10, 8_000]), &Facts::default()).unwrap();
    assert!(all.waves.is_empty() && remarks.len() == 1, "{remarks:?}");
    for numbers in [
        [0, u32::MAX, 0, 9, 8_000],
        [u32::MAX, 0, 0, 9, 8_000],
        [9, 5, 3, 2, 1],
    ] {
        fuzz_dls(&packed(numbers));
    }
}

#[test]
fn unpacking_can_be_given_up_between_two_pieces() {
    // A file of sound of 50 000 samples: a dozen pieces.
    let data = [7_u8; 100_000];
    let format = [words(&[1, 1]), longs(&[48_000, 96_000]), words(&[2, 16])].concat();
    let sound = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &format),
        chunk(b"data", &data),
    ];
    let sound = chunk(b"RIFF", &sound.concat());
    let bytes = font_of(
        [&[], &[(41, 0)]],
        [&[], &[(54, 1), (53, 0)]],
        [[&[]; 2]; 2],
        (&sound, [0, sound.len() as u32, 0, 9, 48_000], 0x11),
    );
    let asked = std::cell::Cell::new(0);
    let until = |most: usize| {
        asked.set(0);
        let goes_on = || {
            asked.set(asked.get() + 1);
            asked.get() < most
        };
        read_while(&bytes, &Facts::default(), &goes_on)
    };
    let (all, remarks) = until(usize::MAX).unwrap();
    assert!(remarks.is_empty(), "{remarks:?}");
    assert_eq!(all.waves[0].samples.len(), 50_000);
    let pieces = asked.get();
    assert!(pieces > 12, "{pieces}");
    assert!(matches!(until(5), Err(ReadError::Cancelled)));
    assert!(
        asked.get() < 9,
        "no piece is read any more: {}",
        asked.get()
    );
}

#[test]
fn any_cut_and_any_byte_of_a_font_is_borne() {
    let samples: Vec<u8> = (0..1_000_i16).flat_map(|n| n.to_le_bytes()).collect();
    let bytes = font_of(
        [&[(51, 1)], &[(41, 0)]],
        [
            &[(8, 9_000)],
            &[(54, 3), (46, 60), (47, 90), (58, 70), (53, 0)],
        ],
        [
            [&[(0x0081, 8, 600, 0)], &[(0x0082, 6, 9, 0)]],
            [&[(0x0502, 48, 480, 0)], &[(0x020E, 52, 300, 0x0010)]],
        ],
        (&samples, [100, 600, 200, 500, 22_050], 1),
    );
    for len in 0..bytes.len() {
        fuzz_dls(&bytes[..len]);
    }
    for at in 12..bytes.len() {
        for bits in [0x01, 0x80, 0xFF] {
            let mut wrong = bytes.clone();
            wrong[at] ^= bits;
            fuzz_dls(&wrong);
        }
    }
    // Zones that all lead to everything cost no more than there is room for.
    let zones = 20_000_u16;
    let many = [
        b"sfbk".to_vec(),
        list(b"sdta", &[chunk(b"smpl", &[1; 4_000])]),
        list(
            b"pdta",
            &[
                chunk(b"phdr", &[0_u8; 38].repeat(300)),
                chunk(b"pbag", &words(&[0, 0]).repeat(usize::from(zones))),
                chunk(b"pgen", &generators(&[(41, 0)]).repeat(usize::from(zones))),
                chunk(b"inst", &[0_u8; 22].repeat(100)),
                chunk(
                    b"ibag",
                    &(0..zones)
                        .flat_map(|n| words(&[n % 7 * 2_000, 0]))
                        .collect::<Vec<_>>(),
                ),
                chunk(b"igen", &generators(&[(53, 0)]).repeat(usize::from(zones))),
            ],
        ),
    ];
    fuzz_dls(&chunk(b"RIFF", &many.concat()));
}
