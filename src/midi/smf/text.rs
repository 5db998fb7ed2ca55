//! Words in a file: what they are for, and how their bytes are read.

/// What words of a file are for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TextKind {
    /// Anything; karaoke files keep their words here.
    Text,
    /// Whose it is.
    Copyright,
    /// The name of a track, and of the song where it stands in the first one.
    Name,
    /// What plays the track.
    Instrument,
    /// What is sung.
    Lyric,
    /// A place with a name.
    Marker,
    /// Something happens on the stage.
    Cue,
    /// The name of a program.
    Program,
    /// The device the track is meant for.
    Device,
}

impl TextKind {
    /// The kind of a meta event.
    pub(super) fn of(meta: u8) -> Option<Self> {
        Some(match meta {
            1 => Self::Text,
            2 => Self::Copyright,
            3 => Self::Name,
            4 => Self::Instrument,
            5 => Self::Lyric,
            6 => Self::Marker,
            7 => Self::Cue,
            8 => Self::Program,
            9 => Self::Device,
            _ => return None,
        })
    }
}

/// The most characters of one text that are kept.
const MOST: usize = 1000;

/// Text as the file has it: UTF-8 or UTF-16 where it says or shows so, else the letters of Western Europe. Control
/// characters are left out, but for the ends of lines.
pub(super) fn decode(bytes: &[u8]) -> String {
    let decoded: String = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        // What RP-026 puts in front: the code of the words behind it.
        [b'{', b'@', b'L', b'A', b'T', b'I', b'N', b'}', rest @ ..] => western(rest),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => western(bytes),
        },
    };
    let kept = decoded
        .chars()
        .filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\r'));
    kept.take(MOST).collect()
}

fn utf16(bytes: &[u8], number: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| number(*pair));
    char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Windows-1252, of which Latin-1 is a part. Five places of it mean nothing.
fn western(bytes: &[u8]) -> String {
    const HIGH: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    let letter = |byte: &u8| match byte {
        0x80..0xA0 => HIGH
            .chars()
            .nth(usize::from(byte - 0x80))
            .unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(*byte),
    };
    bytes.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_the_code_they_are_written_in() {
        for (bytes, wanted) in [
            (&b"plain"[..], "plain"),
            ("Süßer Klang".as_bytes(), "Süßer Klang"),
            (b"S\xfc\xdfer Klang", "Süßer Klang"),
            (b"\x84quoted\x93 \x80", "„quoted“ €"),
            (b"\xef\xbb\xbfmark", "mark"),
            (b"\xfe\xff\x00M\x20\xac", "M€"),
            (b"\xff\xfeM\x00\xac\x20", "M€"),
            (b"{@LATIN}\xe9", "é"),
            (b"a\0b\x07c\n", "abc\n"),
            (b"", ""),
        ] {
            assert_eq!(decode(bytes), wanted);
        }
        assert_eq!(decode(&[b'x'; 5000]).len(), MOST);
    }
}
