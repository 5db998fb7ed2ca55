//! Files that are known by how they begin, and not played: what they are, and what would play them or make sound of them.
//! Asked only once nobody could open one; nothing here reads a file.

use super::source::MediaError;

/// What helps with sound that is coded in another way.
pub(super) const CURE: &str = "turn it into FLAC or WAV first, as ffmpeg -i FILE FILE.flac does";

/// Bytes of a file that are looked at.
pub(super) const HEAD: usize = 64;

/// Who plays what is no sound, but makes some.
const SONG: &str = "the MIDI File Reader plays it";
const BANK: &str = "the DLS Synth plays notes with it";
const GRAPH: &str = "open it as a graph";

/// How a file begins, where, what it is then, and what helps.
const KNOWN: &[(&[u8], usize, &str, &str)] = &[
    (
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        0,
        "Windows Media",
        CURE,
    ),
    (b"wvpk", 0, "WavPack", CURE),
    (b"TTA1", 0, "True Audio", CURE),
    (b"TTA2", 0, "True Audio", CURE),
    (b"MAC ", 0, "Monkey's Audio", CURE),
    (b"MPCK", 0, "Musepack", CURE),
    (b"MP+", 0, "Musepack", CURE),
    (b"DSD ", 0, "DSD", CURE),
    (b"FRM8", 0, "DSDIFF", CURE),
    (b"#!AMR", 0, "AMR", CURE),
    (b".RMF", 0, "RealMedia", CURE),
    (b".ra\xfd", 0, "RealAudio", CURE),
    (b"Creative Voice File", 0, "Creative Voice", CURE),
    (b"8SVX", 8, "IFF 8SVX", CURE),
    (b"\x0b\x77", 0, "Dolby AC-3", CURE),
    (b"\x7f\xfe\x80\x01", 0, "DTS", CURE),
    (b"\xf8\x72\x6f\xba", 4, "Dolby TrueHD", CURE),
    (b"\x56\xe0", 0, "AAC in LATM", CURE),
    (b"FLV\x01", 0, "Flash Video", CURE),
    (b"AVI ", 8, "AVI", CURE),
    (b"\0\0\x01\xba", 0, "an MPEG programme stream", CURE),
    (b"MThd", 0, "a Standard MIDI File", SONG),
    (b"RMID", 8, "a Standard MIDI File", SONG),
    (b"sfbk", 8, "a SoundFont", BANK),
    (b"DLS ", 8, "a DLS collection", BANK),
    (b"(kind: \"ksgraph\"", 0, "a graph", GRAPH),
    (b"\x89PNG", 0, "a picture", "choose a file of sound"),
    (b"\xff\xd8\xff", 0, "a picture", "choose a file of sound"),
    (b"%PDF", 0, "a PDF", "choose a file of sound"),
    (
        b"PK\x03\x04",
        0,
        "a ZIP archive",
        "take its files out first",
    ),
    (b"\x1f\x8b", 0, "packed by gzip", "unpack it first"),
];

/// The codecs that an Ogg stream says it holds in its first packet.
const IN_OGG: &[(&[u8], &str)] = &[
    (b"Speex   ", "Speex"),
    (b"CELT    ", "CELT"),
    (b"PCM     ", "OggPCM"),
    (b"\x01text\0\0\0", "text"),
    (b"\x80theora", "Theora"),
];

/// A better word for what could not be opened, by how the file begins.
pub(super) fn instead(head: &[u8], error: MediaError) -> MediaError {
    let is_open = matches!(
        error,
        MediaError::Unknown { .. }
            | MediaError::Unsupported(_)
            | MediaError::Damaged(_)
            | MediaError::NoSound { .. }
    ) || matches!(&error, MediaError::Wave(it) if it.is_other_form());
    if !is_open {
        return error;
    }
    if head.starts_with(b"OggS") {
        let packet = 27 + head.get(26).map_or(0, |count| usize::from(*count));
        let packet = head.get(packet..).unwrap_or_default();
        let found = IN_OGG.iter().find(|(begin, _)| packet.starts_with(begin));
        return match found {
            Some((_, codec)) => MediaError::Codec {
                container: "Ogg",
                codec: (*codec).into(),
            },
            None => error,
        };
    }
    if head.starts_with(b"caff") && matches!(error, MediaError::Unsupported(_)) {
        let code = head.get(28..32).unwrap_or_default();
        return MediaError::Codec {
            container: "CAF",
            codec: code.trim_ascii().escape_ascii().to_string(),
        };
    }
    let found = KNOWN.iter().find(|(begin, at, ..)| {
        let bytes = head.get(*at..).unwrap_or_default();
        // The last bits of LATM's mark are a length.
        bytes.starts_with(begin)
            || *begin == b"\x56\xe0" && matches!(bytes, [0x56, second, ..] if second & 0xe0 == 0xe0)
    });
    match found {
        Some(&(_, _, kind, cure)) => MediaError::Stranger { kind, cure },
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::media::open_stream;

    fn refusal(bytes: &[u8]) -> String {
        let opened = open_stream(Cursor::new(bytes.to_vec()));
        opened.err().map_or_else(String::new, |it| it.to_string())
    }

    #[test]
    fn what_is_not_played_is_called_by_its_name_with_what_helps() {
        for (begin, words) in [
            (
                &b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9"[..],
                "it is Windows Media, which is no sound that is played here; turn it into FLAC or WAV first",
            ),
            (b"wvpk\0\0\0\0", "it is WavPack"),
            (b"RIFF\xff\0\0\0AVI LIST", "it is AVI"),
            (b"\x56\xe1\x4b\x20", "it is AAC in LATM"),
            (
                b"MThd\0\0\0\x06\0\0",
                "it is a Standard MIDI File, which is no sound that is played here; the MIDI File Reader plays it",
            ),
            (
                b"RIFF\xff\0\0\0sfbkLIST",
                "it is a SoundFont, which is no sound that is played here; the DLS Synth",
            ),
            (b"(kind: \"ksgraph\", version: 1", "it is a graph"),
        ] {
            let said = refusal(&[begin, &[0; 90]].concat());
            assert!(said.starts_with(words), "{said}");
        }
        // Nobody knows it; what helps is said all the same.
        let said = refusal(b"not a wave file at all");
        assert!(said.contains("begins with not a wave file ;"), "{said}");
    }

    #[test]
    fn a_codec_that_is_not_known_is_named_and_not_called_damage() {
        let page = [
            &b"OggS\0\x02"[..],
            &[0; 20],
            &[1, 80],
            b"Speex   1.2.1",
            &[0; 67],
        ];
        let said = refusal(&page.concat());
        let words =
            "the Ogg file holds sound that is coded in a way that is not known (Speex); turn";
        assert!(said.starts_with(words), "{said}");
        // CAF: MACE, three to one.
        let mut desc = 8_000_f64.to_be_bytes().to_vec();
        desc.extend(b"MAC3");
        for number in [0_u32, 2, 6, 1, 0] {
            desc.extend(number.to_be_bytes());
        }
        let file = [
            &b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20"[..],
            &desc,
            b"data\0\0\0\0\0\0\0\x0c",
            &[0; 12],
        ];
        let said = refusal(&file.concat());
        assert!(said.contains("not known (MAC3); turn"), "{said}");
    }
}
