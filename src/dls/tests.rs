//! Reading: what is sound is loaded, whatever else the bytes say.

use super::connection::Segment;
use super::*;
use crate::ks::ids::Guid;

/// A chunk with its pad byte.
fn chunk(id: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let data = parts.concat();
    let size = (data.len() as u32).to_le_bytes();
    let pad: &[u8] = if data.len() % 2 == 1 { &[0] } else { &[] };
    [id, &size[..], &data, pad].concat()
}

fn list(form: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    chunk(b"LIST", &[form, &parts.concat()])
}

fn file(parts: &[&[u8]]) -> Vec<u8> {
    chunk(b"RIFF", &[b"DLS ", &parts.concat()])
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn longs(longs: &[u32]) -> Vec<u8> {
    longs.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn connection(numbers: [u16; 4], scale: i32) -> Vec<u8> {
    [words(&numbers), scale.to_le_bytes().to_vec()].concat()
}

fn articulation(level: u8, connections: &[Vec<u8>]) -> Vec<u8> {
    let id = [b'a', b'r', b't', b'0' + level];
    let head = longs(&[8, connections.len() as u32]);
    let form = if level == 1 { b"lart" } else { b"lar2" };
    list(form, &[&chunk(&id, &[&head, &connections.concat()])])
}

fn sample(unity: u16, fine: i16, gain: i32, repeat: Option<[u32; 3]>) -> Vec<u8> {
    let loops = longs(&[0, repeat.is_some().into()]);
    let repeat = repeat.map_or(vec![], |it| [longs(&[16]), longs(&it)].concat());
    let pitch = [words(&[unity]), fine.to_le_bytes().to_vec()].concat();
    chunk(
        b"wsmp",
        &[&longs(&[20]), &pitch, &gain.to_le_bytes(), &loops, &repeat],
    )
}

fn region(keys: (u16, u16), velocities: (u16, u16), cue: u32, more: &[&[u8]]) -> Vec<u8> {
    let head = words(&[keys.0, keys.1, velocities.0, velocities.1, 1, 3, 7]);
    let link = [words(&[1, 2]), longs(&[1, cue])].concat();
    let (head, link) = (chunk(b"rgnh", &[&head]), chunk(b"wlnk", &[&link]));
    list(b"rgn2", &[&head, &link, &more.concat()])
}

fn instrument(bank: u32, program: u32, regions: &[Vec<u8>], more: &[&[u8]]) -> Vec<u8> {
    let head = chunk(b"insh", &[&longs(&[regions.len() as u32, bank, program])]);
    let regions = list(b"lrgn", &[&regions.concat()]);
    list(b"ins ", &[&head, &regions, &more.concat()])
}

fn wave(bits: u16, channels: u16, data: &[u8], more: &[&[u8]]) -> Vec<u8> {
    let block = channels * bits / 8;
    let rate = 22_050_u32;
    let format = [
        words(&[1, channels]),
        longs(&[rate, rate * u32::from(block)]),
        words(&[block, bits]),
    ]
    .concat();
    let (format, data) = (chunk(b"fmt ", &[&format]), chunk(b"data", &[data]));
    list(b"wave", &[&format, &data, &more.concat()])
}

/// The pool, and its table with a cue for each wave, then the further ones.
fn pool(waves: &[Vec<u8>], further: &[u32]) -> Vec<u8> {
    let mut cues = vec![];
    let mut at = 0;
    for wave in waves {
        cues.push(at);
        at += wave.len() as u32;
    }
    cues.extend(further);
    let table = chunk(b"ptbl", &[&longs(&[8, cues.len() as u32]), &longs(&cues)]);
    [table, list(b"wvpl", &[&waves.concat()])].concat()
}

fn load(bytes: &[u8]) -> (Collection, Vec<String>) {
    let (collection, remarks) = read(bytes, &Facts::default()).unwrap();
    (
        collection,
        remarks.iter().map(ToString::to_string).collect(),
    )
}

fn whole() -> Vec<u8> {
    let name = |text: &[u8]| list(b"INFO", &[&chunk(b"INAM", &[text])]);
    let vibrato = articulation(2, &[connection([9, 0x81, 3, 0], 50 << 16)]);
    let envelope = articulation(
        1,
        &[
            connection([0, 0, 0x206, 0], -7_973 << 16),
            connection([0, 0, 0x206, 0], -1_200 << 16),
            connection([2, 0, 1, 1], -960 << 16),
        ],
    );
    let own = sample(64, -7, -655_360, Some([1, 2, 5]));
    let regions = [
        region((0, 63), (0, 127), 0, &[]),
        region((64, 127), (1, 100), 1, &[&own, &vibrato]),
    ];
    let waves = [
        wave(
            16,
            1,
            &words(&[0, 1_000, 0x8000, 0x7FFF]),
            &[&name(b"Sine\0")],
        ),
        wave(8, 1, &[0, 128, 255], &[&sample(60, 0, 0, Some([0, 0, 3]))]),
    ];
    file(&[
        &chunk(b"colh", &[&longs(&[1])]),
        &chunk(b"vers", &[&longs(&[0x0001_0002, 0x0003_0004])]),
        &chunk(b"dlid", &[&Guid(7).to_bytes()]),
        &chunk(b"what", &[b"ever"]),
        &list(
            b"lins",
            &[&instrument(
                0x8000_0102,
                5,
                &regions,
                &[&envelope, &name(b"Kit")],
            )],
        ),
        &pool(&waves, &[]),
        &name(b"A bank\0\0"),
    ])
}

#[test]
fn every_chunk_of_both_levels_is_read() {
    let (it, remarks) = load(&whole());
    assert_eq!(remarks, Vec::<String>::new());
    assert_eq!((it.id, it.version), (Some(Guid(7)), Some([1, 2, 3, 4])));
    assert_eq!(it.info.name, "A bank");
    let kit = &it.instruments[0];
    let patch = Patch {
        is_drum: true,
        msb: 1,
        lsb: 2,
        program: 5,
    };
    assert_eq!((kit.patch, kit.info.name.as_str()), (patch, "Kit"));
    assert_eq!(it.instrument(patch), Some(kit));
    // The later of two connections of one name counts.
    assert_eq!(kit.connections.len(), 2);
    let attack = kit.connections[0];
    assert_eq!(attack.destination, Destination::Volume(Segment::Attack));
    assert_eq!(attack.scale, -1_200 << 16);
    let loudness = kit.connections[1];
    assert_eq!(loudness.source, Source::Velocity);
    assert!(loudness.of_source.is_inverted && loudness.of_source.curve == Curve::Concave);
    let [low, high] = &kit.regions[..] else {
        panic!("two regions");
    };
    assert_eq!(
        (low.keys.clone(), low.velocities.clone()),
        (0..=63, 0..=127)
    );
    assert_eq!(
        (high.keys.clone(), high.velocities.clone()),
        (64..=127, 1..=100)
    );
    assert!(high.overlaps && high.link.is_master);
    assert_eq!((high.group, high.layer, high.link.phase_group), (3, 7, 2));
    let repeat = Loop {
        kind: LoopKind::UntilRelease,
        start: 2,
        length: 5,
    };
    let own = Sample {
        unity: 64,
        fine: -7,
        gain: -655_360,
        repeat: Some(repeat),
    };
    assert_eq!((low.sample, high.sample), (None, Some(own)));
    let vibrato = high.connections[0];
    assert_eq!(vibrato.source, Source::VibratoLfo);
    assert_eq!(vibrato.control, Source::Controller(1));
    assert_eq!(vibrato.destination, Destination::Pitch);
    let (sine, saw) = (it.wave(low).unwrap(), it.wave(high).unwrap());
    assert_eq!(&sine.samples[..], [0, 1_000, -32_768, 32_767]);
    assert_eq!((sine.rate_hz, sine.info.name.as_str()), (22_050, "Sine"));
    assert_eq!(&saw.samples[..], [-32_768, 0, 32_512]);
    assert_eq!(saw.sample.unwrap().repeat.unwrap().kind, LoopKind::Forward);
}

#[test]
fn a_song_with_a_collection_inside_gives_the_collection() {
    let song = chunk(b"RIFF", &[b"RMID", &chunk(b"data", &[b"MThd"]), &whole()]);
    assert_eq!(load(&song).0, load(&whole()).0);
    let none = chunk(b"RIFF", &[b"RMID", &chunk(b"data", &[b"MThd"])]);
    let words = |bytes: &[u8]| read(bytes, &Facts::default()).unwrap_err().to_string();
    assert!(words(&none).contains("RMID"));
    assert!(words(&chunk(b"RIFF", &[b"WAVE"])).contains("WAVE"));
    assert!(words(b"MThd\0\0\0\x06nonsense").contains("at byte 0"));
    assert!(words(b"RI").contains("2 bytes"));
}

#[test]
fn cues_that_lead_nowhere_are_told_and_others_keep_their_places() {
    let waves = [
        wave(8, 1, &[128; 4], &[]),
        wave(24, 1, &[0; 6], &[]),
        wave(8, 1, &[1], &[]),
    ];
    let regions: Vec<Vec<u8>> = (0..8)
        .map(|cue| region((0, 127), (0, 127), cue, &[]))
        .collect();
    let bytes = file(&[
        &list(b"lins", &[&instrument(0, 0, &regions, &[])]),
        &pool(&waves, &[u32::MAX, 5, 0]),
    ]);
    let (it, remarks) = load(&bytes);
    let found: Vec<Option<usize>> = it.pool.clone();
    assert_eq!(found, [Some(0), Some(1), Some(2), None, None, Some(0)]);
    assert!(
        it.waves[1].samples.is_empty(),
        "24 bits are none of a collection"
    );
    let told = |words: &str| remarks.iter().any(|it| it.contains(words));
    assert!(
        told("cue 4 leads to no wave") && told("24 bits"),
        "{remarks:?}"
    );
    assert!(told("4 of 8 regions"), "{remarks:?}");
    // Without a table waves are taken in their order.
    let bare = file(&[&list(b"wvpl", &[&waves.concat()])]);
    assert_eq!(load(&bare).0.pool, [Some(0), Some(1), Some(2)]);
}

#[test]
fn conditions_govern_the_list_that_holds_them_wherever_they_stand() {
    let never = chunk(b"cdl ", &[&[0x10, 0], &longs(&[0])]);
    let always = chunk(b"cdl ", &[&[0x10, 0], &longs(&[1])]);
    let senseless = chunk(b"cdl ", &[&[1, 0]]);
    let regions = [
        region((0, 10), (0, 127), 0, &[&never]),
        region((11, 20), (0, 127), 0, &[&always]),
        region((21, 30), (0, 127), 0, &[&senseless]),
    ];
    let dropped = list(
        b"lart",
        &[
            &chunk(b"art1", &[&longs(&[8, 1]), &connection([0, 0, 1, 0], 5)]),
            &never,
        ],
    );
    let kept = instrument(0, 1, &regions, &[&dropped]);
    let gone = instrument(0, 2, &regions, &[&never]);
    let waves = pool(&[wave(8, 1, &[1; 9], &[])], &[]);
    let (it, remarks) = load(&file(&[&list(b"lins", &[&kept, &gone]), &waves]));
    assert_eq!(it.instruments.len(), 1);
    let keys: Vec<u8> = it.instruments[0]
        .regions
        .iter()
        .map(|it| *it.keys.start())
        .collect();
    assert_eq!(keys, [11, 21]);
    assert!(it.instruments[0].connections.is_empty());
    assert!(remarks.iter().any(|it| it.contains("makes no sense")));
    let refused = read(&file(&[&never]), &Facts::default());
    assert!(matches!(refused, Err(ReadError::Condition)));
}

#[test]
fn ranges_and_heads_that_lie_are_put_right() {
    let regions = [
        region((90, 40), (0, 0), 0, &[]),
        region(
            (0, 500),
            (10, 127),
            0,
            &[&sample(60, 0, 0, Some([0, 3, 0]))],
        ),
    ];
    let mut odd = articulation(
        2,
        &[
            connection([0, 0, 0x208, 0], 1),
            connection([0x777, 0, 1, 0], 1),
        ],
    );
    // A count that lies.
    let at = odd.len() - 2 * 12 - 4;
    odd[at..at + 4].copy_from_slice(&longs(&[u32::MAX]));
    let bytes = file(&[
        &chunk(b"colh", &[&longs(&[4_000_000_000])]),
        &list(b"lins", &[&instrument(0, 200, &regions, &[&odd])]),
        &pool(&[wave(16, 2, &words(&[1, 2, 3, 4]), &[])], &[]),
    ]);
    let (it, remarks) = load(&bytes);
    let kit = &it.instruments[0];
    assert_eq!(kit.patch.program, 72);
    assert_eq!(kit.regions[0].keys, 40..=90);
    assert_eq!(kit.regions[0].velocities, 0..=127, "nothing means all");
    assert_eq!(kit.regions[1].keys, 0..=127);
    assert_eq!(kit.regions[1].sample.unwrap().repeat, None);
    assert!(kit.connections.is_empty());
    assert_eq!(
        &it.waves[0].samples[..],
        [1, 3],
        "the first of two channels"
    );
    for words in [
        "4000000000 instruments",
        "keys 90 to 40",
        "a loop that makes no sense",
        "4294967295 connections are promised",
        "1 connections of kinds",
        "2 channels",
    ] {
        assert!(
            remarks.iter().any(|it| it.contains(words)),
            "{words}: {remarks:?}"
        );
    }
}

#[test]
fn any_cut_and_any_byte_is_borne() {
    let whole = whole();
    for len in 0..whole.len() {
        let _ = read(&whole[..len], &Facts::default());
    }
    let mut random = 1_u64;
    for _ in 0..4_000 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = (random >> 33) as usize % bytes.len();
            bytes[at] = (random >> 24) as u8;
        }
        if let Ok((it, remarks)) = read(&bytes, &Facts::default()) {
            assert!(remarks.len() <= 201);
            let _ = it
                .instruments
                .iter()
                .flat_map(|of| &of.regions)
                .filter_map(|of| it.wave(of))
                .count();
        }
    }
}

#[test]
fn what_repeats_itself_without_end_costs_no_more_than_its_bytes() {
    // Lists within lists, ten thousand remarks, ten thousand connections of one name.
    let mut deep = vec![];
    for _ in 0..2_000 {
        deep = list(b"lins", &[&deep]);
    }
    let block = chunk(b"art1", &[&longs(&[8, 1]), &connection([0, 0, 1, 0], 5)]);
    let many = list(b"lart", &[&block.repeat(10_000)]);
    let wrong = list(b"ins ", &[]).repeat(10_000);
    let regions = [region((0, 1), (0, 127), 9, &[&many])];
    let bytes = file(&[
        &deep,
        &list(b"lins", &[&wrong, &instrument(0, 0, &regions, &[])]),
    ]);
    let (it, remarks) = load(&bytes);
    assert_eq!(it.instruments[0].regions[0].connections.len(), 1);
    assert_eq!(remarks.len(), 201);
    assert!(remarks[200].contains("more like these"));
}

#[test]
fn reading_can_be_given_up_half_way() {
    let collection = Collection {
        waves: (0..50)
            .map(|_| super::test_bench::sine(400, None))
            .collect(),
        pool: (0..50).map(Some).collect(),
        ..Collection::default()
    };
    let bytes = write(&collection);
    let asked = std::cell::Cell::new(0);
    let until = |most: usize| {
        asked.set(0);
        let goes_on = || {
            asked.set(asked.get() + 1);
            asked.get() < most
        };
        read_while(&bytes, &Facts::default(), &goes_on)
    };
    assert!(matches!(until(20), Err(ReadError::Cancelled)));
    assert!(
        asked.get() < 25,
        "no wave is read any more: {}",
        asked.get()
    );
    assert_eq!(until(1_000).unwrap().0.waves.len(), 50);
}
