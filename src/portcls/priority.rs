//! Which voice gives way when there are too few: priorities of channels and groups, and who is taken (SYN-9, SYN-10).

/// A class of priority. Any number is legal; these are the ones that have names.
pub mod class {
    /// Never to be missed.
    pub const CRITICAL: u32 = 0xF000_0000;
    /// Important.
    pub const HIGH: u32 = 0xC000_0000;
    /// Where every channel begins.
    pub const STANDARD: u32 = 0x8000_0000;
    /// Rather missed than others.
    pub const LOW: u32 = 0x4000_0000;
    /// The first to be missed.
    pub const PERSIST: u32 = 0x1000_0000;
}

/// The part of a priority that is its class.
const CLASS: u32 = 0xF000_0000;

/// What a channel, counted from 0, has above its class: drums first, then 1 to 9, then 11 to 16.
pub fn offset(channel: u8) -> u32 {
    match channel & 15 {
        9 => 15,
        channel @ 0..9 => 14 - u32::from(channel),
        channel => 15 - u32::from(channel),
    }
}

/// The priority a channel begins with.
pub fn usual(channel: u8) -> u32 {
    class::STANDARD + offset(channel)
}

/// A voice that sounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sounding {
    /// Of its channel.
    pub priority: u32,
    /// Nothing holds it any more.
    pub is_releasing: bool,
    /// The order in which voices began.
    pub begun: u64,
}

/// Which of the voices that sound gives way to a note of priority `of`: the one of lowest priority; among equals one in
/// release before others, and the oldest. `None` when all are of a higher class: then the note is not played.
///
/// Within a class every note finds a voice, whatever its channel: a melody on channel 2 is not silenced by a chord that is
/// held on channel 1.
pub fn victim(voices: impl Iterator<Item = (usize, Sounding)>, of: u32) -> Option<usize> {
    let lowest =
        voices.min_by_key(|(_, voice)| (voice.priority, !voice.is_releasing, voice.begun))?;
    (lowest.1.priority & CLASS <= of & CLASS || lowest.1.priority <= of).then_some(lowest.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(voices: &[(u32, bool, u64)], of: u32) -> Option<usize> {
        let voices = voices.iter().enumerate();
        let voices = voices.map(|(at, (priority, is_releasing, begun))| {
            let (priority, is_releasing, begun) = (*priority, *is_releasing, *begun);
            let sounding = Sounding {
                priority,
                is_releasing,
                begun,
            };
            (at, sounding)
        });
        victim(voices, of)
    }

    #[test]
    fn syn_9_drums_come_first_then_one_to_nine_then_the_others() {
        let mut order: Vec<u8> = (0..16).collect();
        order.sort_by_key(|channel| std::cmp::Reverse(usual(*channel)));
        assert_eq!(
            order,
            [9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15]
        );
        let classes = [
            class::PERSIST,
            class::LOW,
            class::STANDARD,
            class::HIGH,
            class::CRITICAL,
        ];
        for pair in classes.windows(2) {
            assert!(
                pair[0] + offset(9) < pair[1] + offset(15),
                "a class outweighs"
            );
        }
    }

    #[test]
    fn syn_10_the_lowest_gives_way_then_what_is_in_release_then_the_oldest() {
        let (low, high) = (usual(15), usual(0));
        assert_eq!(taken(&[(high, true, 1), (low, false, 2)], high), Some(1));
        assert_eq!(taken(&[(low, false, 1), (low, true, 2)], low), Some(1));
        assert_eq!(taken(&[(low, true, 4), (low, true, 3)], low), Some(1));
        assert_eq!(taken(&[(low, false, 4), (low, false, 3)], low), Some(1));
        assert_eq!(taken(&[(high, false, 4)], low), Some(0), "of one class");
        assert_eq!(taken(&[(class::HIGH, true, 1)], usual(9)), None);
        assert_eq!(taken(&[], high), None);
    }
}
