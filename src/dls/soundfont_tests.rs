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
    let bags = |zones: [&[(u16, i16)]; 2]| {
        let (one, two) = (zones[0].len() as u16, zones[1].len() as u16);
        words(&[0, 0, one, 0, one + two, 0])
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
        [name(text), longs(&numbers), vec![64, 5], words(&[0, 1])].concat()
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
        chunk(b"pbag", &bags(preset)),
        chunk(b"pmod", &[0; 10]),
        chunk(b"pgen", &rows(preset)),
        chunk(
            b"inst",
            &[name("One"), words(&[0]), name("EOI"), words(&[2])].concat(),
        ),
        chunk(b"ibag", &bags(instrument)),
        chunk(b"imod", &[0; 10]),
        chunk(b"igen", &rows(instrument)),
        chunk(
            b"shdr",
            &[
                sample_head("Tone", [100, 600, 200, 500, 22_050]),
                sample_head("EOS", [0; 5]),
            ]
            .concat(),
        ),
    ];
    let body = [
        b"sfbk".to_vec(),
        list(b"INFO", &[chunk(b"INAM", b"Test")]),
        list(b"sdta", &[chunk(b"smpl", &samples)]),
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
fn any_cut_and_any_byte_of_a_font_is_borne() {
    let bytes = font(
        [&[(51, 1)], &[(41, 0)]],
        [
            &[(8, 9_000)],
            &[(54, 3), (46, 60), (47, 90), (58, 70), (53, 0)],
        ],
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
