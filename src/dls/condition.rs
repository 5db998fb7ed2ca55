//! Conditional chunks (`cdl `): a byte code that says whether a list counts on this synthesizer.

use crate::ks::ids::Guid;

/// What conditions can ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Bytes for samples.
    pub memory: u32,
    /// Samples a second of what it renders, in Hz.
    pub rate_hz: u32,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            rate_hz: 48_000,
        }
    }
}

/// The deepest stack.
const DEEPEST: usize = 128;
/// So far in, all queries of the standard differ in the last byte of their first part only.
const QUERY: u128 = 0x178F2F20_C364_11D1_A760_0000F875AC12;
const DLS2: Guid = Guid(0xF14599E5_4689_11D2_AFA6_00AA0024D8B6);
const MANUFACTURER: Guid = Guid(0xB03E1181_8095_11D2_A1EF_00600833DBD8);
const PRODUCT: Guid = Guid(0xB03E1182_8095_11D2_A1EF_00600833DBD8);
const RATE: Guid = Guid(0x2A91F713_A4BF_11D2_BBDF_00600833DBD8);

impl Facts {
    /// The answer to a query; `None` for one that is not known.
    fn answer(&self, query: Guid) -> Option<u32> {
        let standard = |last: u128| Guid(QUERY + (last << 96));
        match query {
            // General MIDI, GS and XG in hardware: there is none.
            it if [4, 5, 6].map(standard).contains(&it) => Some(0),
            it if it == standard(7) => Some(1),
            it if it == standard(8) => Some(self.memory),
            DLS2 => Some(1),
            RATE => Some(self.rate_hz),
            MANUFACTURER | PRODUCT => Some(0),
            _ => None,
        }
    }
}

/// Whether a condition holds; `None` where the code makes no sense.
pub(super) fn holds(mut code: &[u8], facts: &Facts) -> Option<bool> {
    let mut stack: Vec<u32> = vec![];
    while !code.is_empty() {
        let operation = u16::from_le_bytes(*take(&mut code)?);
        let result = match operation {
            0x10 => u32::from_le_bytes(*take(&mut code)?),
            0x11 => facts.answer(guid(&mut code)?).unwrap_or(0),
            0x12 => facts.answer(guid(&mut code)?).is_some().into(),
            0x0F => u32::from(stack.pop()? == 0),
            _ => {
                let (x, y) = (stack.pop()?, stack.pop()?);
                match operation {
                    1 => x & y,
                    2 => x | y,
                    3 => x ^ y,
                    4 => x.wrapping_add(y),
                    5 => x.wrapping_sub(y),
                    6 => x.wrapping_mul(y),
                    7 => x.checked_div(y)?,
                    8 => u32::from(x != 0 && y != 0),
                    9 => u32::from(x != 0 || y != 0),
                    0xA => u32::from(x < y),
                    0xB => u32::from(x <= y),
                    0xC => u32::from(x > y),
                    0xD => u32::from(x >= y),
                    0xE => u32::from(x == y),
                    _ => return None,
                }
            }
        };
        if stack.len() == DEEPEST {
            return None;
        }
        stack.push(result);
    }
    stack.pop().map(|top| top != 0)
}

fn take<'a, const N: usize>(code: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = code.split_first_chunk::<N>()?;
    *code = rest;
    Some(taken)
}

fn guid(code: &mut &[u8]) -> Option<Guid> {
    take::<16>(code).map(|bytes| Guid::from_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(words: &[&[u8]]) -> Vec<u8> {
        words.concat()
    }

    fn number(value: u32) -> Vec<u8> {
        [&[0x10, 0][..], &value.to_le_bytes()].concat()
    }

    fn asks(code: &[u8]) -> Option<bool> {
        holds(code, &Facts::default())
    }

    #[test]
    fn operations_take_the_top_first() {
        // Each: below, top, operation, and whether something but 0 is left.
        for (y, x, operation, left) in [
            (12, 10, 1, true),
            (4, 8, 1, false),
            (4, 8, 2, true),
            (5, 5, 3, false),
            (1, u32::MAX, 4, false),
            (3, 3, 5, false),
            (0, 7, 6, false),
            (8, 7, 7, false),
            (7, 8, 7, true),
            (1, 2, 8, true),
            (0, 2, 8, false),
            (0, 2, 9, true),
            (2, 1, 0xA, true),
            (1, 1, 0xB, true),
            (1, 2, 0xC, true),
            (2, 1, 0xD, false),
            (7, 7, 0xE, true),
        ] {
            let all = code(&[&number(y), &number(x), &[operation, 0]]);
            assert_eq!(asks(&all), Some(left), "{y} {x} {operation:x}");
        }
        assert_eq!(asks(&code(&[&number(0), &[0xF, 0]])), Some(true));
    }

    #[test]
    fn queries_push_the_value_and_nothing_of_what_is_not_known() {
        let query = |operation: u8, id: Guid| code(&[&[operation, 0], &id.to_bytes()]);
        let dls1 = Guid(0x178F2F27_C364_11D1_A760_0000F875AC12);
        let gm = Guid(0x178F2F24_C364_11D1_A760_0000F875AC12);
        assert_eq!(asks(&query(0x11, dls1)), Some(true));
        assert_eq!(asks(&query(0x11, DLS2)), Some(true));
        assert_eq!(
            (asks(&query(0x11, gm)), asks(&query(0x12, gm))),
            (Some(false), Some(true))
        );
        assert_eq!(asks(&query(0x11, Guid(5))), Some(false));
        assert_eq!(asks(&query(0x12, Guid(5))), Some(false));
        let memory = Guid(0x178F2F28_C364_11D1_A760_0000F875AC12);
        let enough = code(&[&number(1 << 20), &query(0x11, memory), &[0xD, 0]]);
        assert_eq!(asks(&enough), Some(true));
        let rate = code(&[&number(48_000), &query(0x11, RATE), &[0xE, 0]]);
        assert_eq!(asks(&rate), Some(true));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for wrong in [
            &[][..],
            &[1, 0],
            &[0x10, 0, 1],
            &[0x11, 0, 1, 2, 3],
            &[0x20, 0],
            &[1],
        ] {
            assert_eq!(asks(wrong), None, "{wrong:?}");
        }
        let zero = code(&[&number(0), &number(4), &[7, 0]]);
        assert_eq!(asks(&zero), None, "divided by nothing");
        assert_eq!(asks(&number(1).repeat(DEEPEST + 1)), None);
        assert_eq!(asks(&number(1).repeat(DEEPEST)), Some(true));
    }
}
