//! Ticks into time, exactly: ticks times their length add up in whole numbers and are divided once for each event.

/// Microseconds of a quarter note where no tempo is set: 120 a minute.
pub(super) const TEMPO: u32 = 500_000;

/// A sum of ticks times the length of a tick, in units of 1/`per` of 100 ns.
pub(super) struct Scale {
    sum: u128,
    tick: u64,
    tick_len: u128,
    per: u128,
    /// Whether the tempo counts; it does not where ticks are parts of frames.
    musical: bool,
}

impl Scale {
    /// `None` where the division tells no time.
    pub(super) fn from_division(division: u16) -> Option<Self> {
        let (tick_len, per, musical) = if division & 0x8000 == 0 {
            (u128::from(TEMPO) * 10, u128::from(division), true)
        } else {
            let frames = frames_a_second(division)?;
            let ticks = u128::from(division & 0xff);
            match frames {
                // 30 frames of the colour television: 30000/1001 a second.
                29 => (10_000_000 * 1001, 30_000 * ticks, false),
                frames => (10_000_000, u128::from(frames) * ticks, false),
            }
        };
        (per > 0).then_some(Self {
            sum: 0,
            tick: 0,
            tick_len,
            per,
            musical,
        })
    }

    /// Goes on to a tick; one that lies behind changes nothing.
    pub(super) fn advance(&mut self, tick: u64) {
        self.sum += u128::from(tick.saturating_sub(self.tick)) * self.tick_len;
        self.tick = self.tick.max(tick);
    }

    pub(super) fn set_tempo(&mut self, micros_per_quarter: u32) {
        if self.musical {
            self.tick_len = u128::from(micros_per_quarter) * 10;
        }
    }

    pub(super) fn time_100ns(&self) -> u64 {
        u64::try_from(self.sum / self.per).unwrap_or(u64::MAX)
    }
}

/// The frames a second of a division that counts parts of frames.
pub(super) fn frames_a_second(division: u16) -> Option<u8> {
    let frames = (division >> 8) as u8 as i8;
    u8::try_from(-i16::from(frames))
        .ok()
        .filter(|frames| *frames < 128)
}
