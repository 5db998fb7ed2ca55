//! The clocks of a graph as a person sees them: the graph's own, those of its devices, and the marks set in time.

use super::{App, Urgency};
use crate::engine::Fired;
use crate::ks::{REF_TIMES_PER_SECOND, RefTime};

/// Hours, minutes, seconds and all seven places behind them: a clock's time, to its unit.
pub(super) fn written(time: RefTime) -> String {
    let (sign, time) = if time < 0 { ("-", -time) } else { ("", time) };
    let (seconds, rest) = (time / REF_TIMES_PER_SECOND, time % REF_TIMES_PER_SECOND);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!(
        "{sign}{hours:02}:{minutes:02}:{:02}.{rest:07}",
        seconds % 60
    )
}

impl App {
    pub(super) fn marked(&mut self, fired: Fired) {
        let text = format!(
            "Mark {} at {}, sample {}",
            fired.id,
            written(fired.time),
            fired.sample
        );
        self.say(Urgency::News, "Clock", None, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_its_unit() {
        assert_eq!(written(0), "00:00:00.0000000");
        assert_eq!(written(37_230_000_001), "01:02:03.0000001");
        assert_eq!(written(-5), "-00:00:00.0000005");
    }
}
