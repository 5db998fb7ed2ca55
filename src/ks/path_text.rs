//! Paths as text: documents and the command line hold text, but a file's name may be any bytes.
//!
//! What is UTF-8 stays as it is. A byte that is not becomes a character of its own in the private range U+EF80 to U+EFFF,
//! and back; a name that has such a character itself is written byte by byte, so that every name comes back as it was.

use std::path::{Path, PathBuf};

/// The first of the characters that stand for bytes; the byte 0x80 is this one.
const BYTES: u32 = 0xef80;

/// A path as text; [`text_path`] gives it back.
pub fn path_text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            if (BYTES..BYTES + 0x80).contains(&u32::from(character)) {
                let mut bytes = [0; 4];
                let bytes = character.encode_utf8(&mut bytes).bytes();
                text.extend(bytes.filter_map(stand_in));
            } else {
                text.push(character);
            }
        }
        text.extend(chunk.invalid().iter().copied().filter_map(stand_in));
    }
    text
}

fn stand_in(byte: u8) -> Option<char> {
    char::from_u32(BYTES + u32::from(byte.checked_sub(0x80)?))
}

/// The path that a text means.
pub fn text_path(text: &str) -> PathBuf {
    let byte = |character: char| {
        let byte = u32::from(character).checked_sub(BYTES)?;
        (byte < 0x80).then(|| byte as u8 + 0x80)
    };
    if !text.chars().any(|character| byte(character).is_some()) {
        return text.into();
    }
    let mut bytes = Vec::new();
    for character in text.chars() {
        match byte(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    from_bytes(bytes, text)
}

#[cfg(unix)]
fn from_bytes(bytes: Vec<u8>, _: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

/// Where names are not bytes there are none that are not text.
#[cfg(not(unix))]
fn from_bytes(_: Vec<u8>, text: &str) -> PathBuf {
    text.into()
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_are_text_stay_as_they_are() {
        for name in ["a.wav", "../Gr\u{fc}n/a.flac", ""] {
            assert_eq!(path_text(Path::new(name)), name);
            assert_eq!(text_path(name), Path::new(name));
        }
        let latin = Path::new(OsStr::from_bytes(b"Gr\xfcn.wav"));
        let text = format!("Gr{}n.wav", char::from_u32(0xeffc).unwrap());
        assert_eq!(path_text(latin), text);
        assert_eq!(text_path(&text), latin);
    }

    proptest! {
        #[test]
        fn every_name_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..40), own in 0xef70_u32..0xf010) {
            let own = char::from_u32(own).unwrap();
            let mut bytes = bytes;
            bytes.extend(own.encode_utf8(&mut [0; 4]).bytes());
            let path = Path::new(OsStr::from_bytes(&bytes));
            prop_assert_eq!(text_path(&path_text(path)), path);
        }
    }
}
