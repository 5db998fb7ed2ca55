//! Sounds come and go while they are played: the audio thread frees nothing of them, whoever lets go last.

use std::sync::Arc;

use ksgraph::dls::{Downloads, Settings, Synth};
use ksgraph::ks::{DlsMemory, KernelEvent};
use ksgraph::portcls::dmus::Mxf;

use super::guarded;

fn words(all: &[u32]) -> Vec<u8> {
    all.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn halves(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|it| it.to_le_bytes()).collect()
}

/// A wave that stands still at a height, looped.
fn wave(id: u32) -> Vec<u8> {
    let format = [
        halves(&[1, 1]),
        words(&[48_000, 96_000]),
        halves(&[2, 16, 0]),
    ]
    .concat();
    let data = [words(&[800]), halves(&[9_000; 400])].concat();
    // Its head is padded to a multiple of four.
    let head = [words(&[0, 0, 1]), format, vec![0; 2]].concat();
    let table = words(&[24, 24 + head.len() as u32]);
    let size = 24 + head.len() + data.len();
    [words(&[2, id, 2, size as u32]), table, head, data].concat()
}

/// A program of one region over all keys.
fn instrument(id: u32, program: u32, wave: u32) -> Vec<u8> {
    let region = [
        halves(&[0, 127, 0, 127, 1, 0]),
        words(&[0, 0, 0]),
        halves(&[0, 0]),
        words(&[1, wave, 20]),
        halves(&[60, 0]),
        words(&[0, 0, 1]),
        words(&[16, 0, 100, 200]),
    ]
    .concat();
    let head = words(&[program, 1, 0, 0, 0, 0]);
    let size = 24 + head.len() + region.len();
    let table = words(&[24, 24 + head.len() as u32]);
    [words(&[3, id, 2, size as u32]), table, head, region].concat()
}

#[test]
fn downloads_and_unloads_never_call_the_allocator_where_they_are_played() {
    let memory = Arc::new(Downloads::default());
    let mut synth = Synth::new(48_000.0, 1, 64, 256).downloads(&memory);
    synth.set(Settings {
        voices: 64,
        reverb: false,
        chorus: false,
    });
    let (mut left, mut right) = ([0.0_f32; 256], [0.0_f32; 256]);
    let event = |bytes: &[u8]| KernelEvent::new(0, bytes).unwrap();
    let mut loud = 0.0_f32;
    let mut sounded_on = 0;
    for round in 0..400_u32 {
        memory.download(1, &wave(1)).unwrap();
        let handle = memory.download(1, &instrument(2, 0, 1)).unwrap();
        let key = 40 + (round % 40) as u8;
        let on = event(&[0x90, key, 100]);
        let off = event(&[0x80, key, 0]);
        // It is struck, unloaded while it sounds, and its last voice ends under the guard, after everybody else let go.
        let ((), calls) = guarded(|| {
            synth.listen();
            synth.put(&on, 0);
            synth.play(&mut left, &mut right);
        });
        assert_eq!(calls, 0, "a note of what came");
        loud = loud.max(left[255].abs());
        memory.unload(1, handle).unwrap();
        let ((), calls) = guarded(|| {
            synth.listen();
            synth.put(&off, 0);
            (0..if round % 3 == 0 { 1 } else { 8 }).for_each(|_| synth.play(&mut left, &mut right));
        });
        assert_eq!(calls, 0, "it went while it sounded");
        sounded_on += u32::from(memory.counts().1 > 0);
        if round % 7 == 0 {
            memory.compact();
        }
    }
    assert!(loud > 0.05 && sounded_on > 300, "{loud} {sounded_on}");
    synth.play(&mut left, &mut right);
    memory.compact();
    assert_eq!(memory.counts(), (0, 0), "all of it was freed");
}
