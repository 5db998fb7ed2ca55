//! What a wire is given of a card's formats, the card's own grid, and what counts as a loss.

use cpal::{ErrorKind, SampleFormat, SupportedBufferSize, SupportedStreamConfigRange};

use super::stream::*;
use super::*;

fn range(channels: u16, min: u32, max: u32, format: SampleFormat) -> SupportedStreamConfigRange {
    SupportedStreamConfigRange::new(channels, min, max, SupportedBufferSize::Unknown, format)
}

#[test]
fn a_wire_gets_enough_channels_and_the_best_samples() {
    let ranges = [
        range(8, 8_000, 48_000, SampleFormat::F32),
        range(2, 44_100, 48_000, SampleFormat::I16),
        range(2, 44_100, 48_000, SampleFormat::I32),
        range(2, 44_100, 48_000, SampleFormat::DsdU8),
        range(1, 44_100, 48_000, SampleFormat::F32),
    ];
    let chosen = |channels, rate_hz| {
        let bits = 32;
        let audio = AudioFormat {
            channels,
            bits,
            rate_hz,
        };
        best(&ranges, audio).map(|range| (range.channels(), range.sample_format()))
    };
    assert_eq!(chosen(2, 48_000), Some((2, SampleFormat::I32)));
    assert_eq!(chosen(1, 44_100), Some((1, SampleFormat::F32)));
    assert_eq!(chosen(2, 8_000), Some((8, SampleFormat::F32)));
    assert_eq!(chosen(2, 96_000), None);
    assert_eq!(chosen(9, 48_000), None);
}

#[test]
fn samples_reach_the_cards_own_grid_and_never_wrap() {
    for code in [-32_768_i16, -1, 0, 1, 12_345, 32_767] {
        let sample = f32::from(code) / 32_768.0;
        assert_eq!(i16_from_f32(sample), code);
        assert_eq!(i32::from(u16_from_f32(sample)), i32::from(code) + 32_768);
        assert_eq!(i32_from_f32(sample), i32::from(code) << 16);
        assert_eq!(i24_from_f32(sample).inner(), i32::from(code) << 8);
    }
    assert_eq!((i16_from_f32(1.5), i16_from_f32(-1.5)), (32_767, -32_768));
    assert_eq!((i32_from_f32(1.0), u16_from_f32(2.0)), (i32::MAX, u16::MAX));
    assert_eq!(i24_from_f32(1.0).inner(), 8_388_607);
}

#[test]
fn a_card_that_we_hold_ourselves_is_tried_until_the_old_stream_is_closed() {
    let busy = |is_busy| Refused {
        error: DeviceError::NotFound("hw:0".into()),
        is_busy,
    };
    let is_wanted = AtomicBool::new(true);
    let mut tries = 0;
    let opened = retry(&is_wanted, Duration::from_secs(60), || {
        tries += 1;
        if tries < 4 {
            Err(busy(true))
        } else {
            Ok(tries)
        }
    });
    assert_eq!(opened, Ok(4));
    let mut tries = 0;
    let mut count = |is_busy| {
        tries += 1;
        Err::<(), _>(busy(is_busy))
    };
    assert!(retry(&is_wanted, Duration::from_secs(60), || count(false)).is_err());
    assert!(retry(&is_wanted, Duration::ZERO, || count(true)).is_err());
    is_wanted.store(false, Ordering::Release);
    assert!(retry(&is_wanted, Duration::from_secs(60), || count(true)).is_err());
    assert!(tries <= 4, "what is not wanted is not waited for");
    assert_eq!(host_of("alsa:hw:0"), "alsa");
    assert_eq!(
        (host_of("hw:0"), host_of("jack:x")),
        ("alsa".into(), "jack".into())
    );
}

#[test]
fn callbacks_that_stand_still_are_noticed_and_slow_ones_are_not() {
    let start = now();
    let at = |millis| start + Duration::from_millis(millis);
    let mut watchdog = Watchdog::new(0, start);
    assert!(!watchdog.is_stuck(0, at(2_900)), "not yet");
    assert!(!watchdog.is_stuck(1, at(2_950)));
    assert!(!watchdog.is_stuck(1, at(5_900)), "one every three seconds");
    assert!(watchdog.is_stuck(1, at(6_000)));
    assert!(!watchdog.is_stuck(2, at(6_100)));
}

#[test]
fn a_loss_is_an_error_that_means_it_or_a_storm_of_others() {
    let heard = |kind: ErrorKind, times: u32, may_move: bool| {
        let cursor = Arc::new(Cursor::default());
        let (last_words, read) = mpsc::channel();
        let mut complaints = Complaints {
            cursor: cursor.clone(),
            waker: Waker::default(),
            last_words,
            may_move,
            // A minute ahead, so that a slow machine cannot end the window.
            since: now() + Duration::from_secs(60),
            count: 0,
        };
        for _ in 0..times {
            complaints.hear(&cpal::Error::new(kind));
        }
        assert_eq!(cursor.is_lost(), read.try_recv().is_ok());
        assert!(read.try_recv().is_err(), "nothing piles up");
        cursor.is_lost()
    };
    assert!(heard(ErrorKind::DeviceNotAvailable, 1, true));
    assert!(heard(ErrorKind::StreamInvalidated, 1, true));
    assert!(heard(ErrorKind::DeviceChanged, 1, false));
    assert!(!heard(ErrorKind::DeviceChanged, 1, true));
    assert!(!heard(ErrorKind::Xrun, 1_000, false));
    assert!(!heard(ErrorKind::RealtimeDenied, 1_000, false));
    assert!(!heard(ErrorKind::BackendError, 99, false));
    assert!(heard(ErrorKind::BackendError, 100, false));
    assert!(heard(ErrorKind::BackendError, 1_000_000, false));
    assert!(heard(ErrorKind::StreamInvalidated, 1_000_000, false));
    assert!(!heard(ErrorKind::Xrun, 1_000_000, false));
}

#[test]
fn a_request_that_comes_after_the_store_has_run_out_is_a_gap() {
    // 2 x 960 samples at 48 kHz last 40 ms.
    let mut store = Store::new(960, 48_000);
    let mut ask = |millis: u64| {
        store.ran_dry(cpal::StreamInstant::new(
            millis / 1_000,
            (millis % 1_000 * 1_000_000) as u32,
        ))
    };
    assert!(!ask(600), "the first fills it");
    assert!(!ask(700), "it began to play late");
    assert!(!ask(720), "one period later");
    assert!(!ask(760), "as late as can be");
    assert!(ask(802), "too late");
    assert!(!ask(802), "the second half of the same request");
    assert!(!ask(800), "stamps may go backwards");
    assert!(!ask(840));
}
