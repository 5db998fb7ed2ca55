//! Raw MIDI as a stream carries it: buffers of records, each a delay in milliseconds, a length and bytes (MID-1), and when
//! their bytes are played (MID-2 to MID-4).

/// 100 ns in a millisecond.
const MS: i64 = 10_000;
/// Delay and length.
const HEAD: usize = 8;

/// One record of a buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Milliseconds behind the record before, or behind the buffer's own time.
    pub delay_ms: u32,
    /// What is played.
    pub bytes: Vec<u8>,
}

/// A record and when it is played, in 100 ns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Played {
    /// When its buffer wants it: the time the next delay counts from.
    pub due: i64,
    /// When it sounds: no sooner than what came before it.
    pub time: i64,
    /// What is played.
    pub bytes: Vec<u8>,
}

/// The records of a buffer, padded to four bytes each; `None` where one ends too soon.
pub fn read_records(bytes: &[u8]) -> Option<Vec<Record>> {
    let mut found = vec![];
    let mut rest = bytes;
    while !rest.is_empty() {
        let (head, behind) = rest.split_at_checked(HEAD)?;
        let number = |at: usize| {
            let four: [u8; 4] = head.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(four))
        };
        let (delay_ms, length) = (number(0)?, number(4)? as usize);
        found.push(Record {
            delay_ms,
            bytes: behind.get(..length)?.to_vec(),
        });
        // The last record may go without its padding.
        let step = length.checked_next_multiple_of(4)?.min(behind.len());
        rest = &behind[step..];
    }
    Some(found)
}

/// The same as bytes.
pub fn write_records(records: &[Record]) -> Vec<u8> {
    let mut bytes = vec![];
    for record in records {
        bytes.extend(record.delay_ms.to_le_bytes());
        bytes.extend((record.bytes.len() as u32).to_le_bytes());
        bytes.extend(&record.bytes);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

/// Gives a status to every record that runs on with that of one before: none is handed on without, unless it goes on with
/// system exclusive data (MID-5).
pub fn with_status(played: &mut [Played]) {
    let (mut status, mut is_exclusive) = (None, false);
    for record in played {
        let begins = record.bytes.first().copied();
        if begins.is_some_and(|byte| byte < 0x80)
            && !is_exclusive
            && let Some(status) = status
        {
            record.bytes.insert(0, status);
        }
        for &byte in &record.bytes {
            match byte {
                0x80..0xf0 => (status, is_exclusive) = (Some(byte), false),
                0xf0..0xf8 => (status, is_exclusive) = (None, byte == 0xf0),
                // Data; and real-time messages, which change nothing around them.
                _ => {}
            }
        }
    }
}

/// When the records of buffers are played that arrive in this order, each with the time in its header. A buffer is played
/// to its end before the next begins; one with an earlier time overtakes nothing, and what is late comes at once, while
/// later delays still count from when it should have come (MID-4).
pub fn schedule<'a>(buffers: impl IntoIterator<Item = (i64, &'a [Record])>) -> Vec<Played> {
    let mut played: Vec<Played> = vec![];
    for (time, records) in buffers {
        let mut due = time;
        for record in records {
            due = due.saturating_add(i64::from(record.delay_ms) * MS);
            let before = played.last().map_or(due, |it| it.time);
            played.push(Played {
                due,
                time: due.max(before),
                bytes: record.bytes.clone(),
            });
        }
    }
    played
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(delays: &[u32]) -> Vec<Record> {
        let record = |&delay_ms: &u32| Record {
            delay_ms,
            bytes: vec![0x90, 60, delay_ms as u8],
        };
        delays.iter().map(record).collect()
    }

    #[test]
    fn mid_4_a_later_buffer_overtakes_nothing() {
        let (first, second) = (buffer(&[0, 1, 7]), buffer(&[5, 15]));
        let played = schedule([(123 * MS, &first[..]), (120 * MS, &second[..])]);
        let times: Vec<i64> = played.iter().map(|it| it.time / MS).collect();
        assert_eq!(times, [123, 124, 131, 131, 140]);
        let due: Vec<i64> = played.iter().map(|it| it.due / MS).collect();
        assert_eq!(due, [123, 124, 131, 125, 140], "MID-4a: nominal times");
    }

    #[test]
    fn mid_1_records_are_read_as_they_are_written() {
        for lengths in [&[3, 1][..], &[4], &[0, 8, 2], &[]] {
            let all: Vec<Record> = lengths
                .iter()
                .map(|length| Record {
                    delay_ms: 2,
                    bytes: vec![0x7F; *length],
                })
                .collect();
            let bytes = write_records(&all);
            assert_eq!(bytes.len() % 4, 0);
            assert_eq!(read_records(&bytes), Some(all));
        }
        let one = write_records(&buffer(&[7]));
        assert_eq!(read_records(&one[..11]), Some(buffer(&[7])), "no padding");
        assert_eq!(read_records(&one[..10]), None, "too short");
        assert_eq!(read_records(&one[..7]), None);
        assert_eq!(read_records(&[0, 0, 0, 0, 255, 255, 255, 255]), None);
    }
}
