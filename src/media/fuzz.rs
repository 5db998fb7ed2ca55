//! A body for fuzzing the door: any bytes are opened, read and sought in, and what a source promises is checked.

use std::io::Cursor;

use super::{Source, open_stream};

/// The most samples a channel that are read of one input: silence for what is missing may be long.
const READ_MAX: u64 = 1 << 18;
/// Samples read at once.
const PIECE: usize = 500;

/// Opens any bytes as sound, reads and seeks, and checks what a source promises.
pub fn fuzz_media(bytes: &[u8]) {
    let Ok(mut source) = open_stream(Cursor::new(bytes.to_vec())) else {
        return;
    };
    let info = source.info().clone();
    assert!((1..=super::wav::CHANNELS_MAX).contains(&info.channels));
    assert!((1..=super::wav::RATE_MAX_HZ).contains(&info.rate_hz));
    assert!((1..=64).contains(&info.bits));
    assert!(info.loops.iter().all(|it| it.start < it.end));
    assert!(info.estimated_seconds.is_finite() && info.estimated_seconds >= 0.0);
    let mut planar = vec![vec![f32::NAN; PIECE]; usize::from(info.channels)];
    let read = read(&mut *source, &mut planar, READ_MAX);
    assert_eq!(source.position(), read);
    if read < READ_MAX {
        assert!(source.info().frames.is_none_or(|frames| frames >= read));
    }
    for at in [read / 2, 0, u64::MAX, read / 3] {
        if source.seek(at).is_err() {
            return;
        }
        let place = source.position();
        assert!(place <= at);
        let behind = self::read(&mut *source, &mut planar, PIECE as u64 * 3);
        assert_eq!(source.position(), place + behind);
    }
    // Damage is told in few words, however much of it there is.
    assert!(source.remarks().len() <= 16);
}

/// Reads on until it ends, fails, or is enough; returns how many samples came.
fn read(source: &mut dyn Source, planar: &mut [Vec<f32>], at_most: u64) -> u64 {
    let mut read = 0;
    while read < at_most {
        let mut slices: Vec<&mut [f32]> = planar.iter_mut().map(|it| &mut it[..]).collect();
        match source.read(&mut slices) {
            Ok(got) => {
                assert!(got <= PIECE);
                read += got as u64;
                if got < PIECE {
                    break;
                }
            }
            Err(_) => return source.position(),
        }
    }
    read
}
