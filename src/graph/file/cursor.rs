//! A place in RON text: values are stepped over as slices, so that what is not understood survives as it is written.
//!
//! The text has passed the `ron` crate's own check, so this needs to find ends, not errors. Memory does not grow with the
//! text.

use super::{FileError, MAX_BRACKETS, Spot};

/// Reads forward through a text.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub(super) file: &'a str,
    text: &'a str,
    at: usize,
    /// Line and start of the line at some place before `at`, so that counting lines stays linear.
    counted: (usize, u32),
}

/// The place of a byte.
pub(super) fn spot(text: &str, at: usize) -> Spot {
    let before = &text.as_bytes()[..at.min(text.len())];
    let start = before
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    Spot {
        line: before.iter().filter(|&&b| b == b'\n').count() as u32 + 1,
        column: String::from_utf8_lossy(&before[start..]).chars().count() as u32 + 1,
    }
}

/// Refuses brackets nested too deeply, before anything recursive looks at the text. Sound for any text at all.
pub(super) fn check_depth(text: &str, file: &str) -> Result<(), FileError> {
    let mut cursor = Cursor::new(text, file);
    let mut depth = 0_usize;
    loop {
        cursor.skip_blank();
        match cursor.peek() {
            None => return Ok(()),
            Some(b'(' | b'[' | b'{') => {
                depth += 1;
                if depth > MAX_BRACKETS {
                    return Err(FileError::TooDeep {
                        file: file.to_owned(),
                        spot: spot(text, cursor.at),
                    });
                }
                cursor.at += 1;
            }
            Some(b')' | b']' | b'}') => {
                depth = depth.saturating_sub(1);
                cursor.at += 1;
            }
            Some(_) => cursor.skip_token(),
        }
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, file: &'a str) -> Self {
        Self {
            file,
            text,
            at: 0,
            counted: (0, 1),
        }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// The byte here.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn starts(&self, with: &str) -> bool {
        self.bytes()[self.at..].starts_with(with.as_bytes())
    }

    /// The place here.
    pub(super) fn spot(&self) -> Spot {
        spot(self.text, self.at)
    }

    /// The line here.
    pub(super) fn line(&mut self) -> u32 {
        let (from, line) = self.counted;
        let new = self.bytes()[from..self.at].iter();
        let line = line + new.filter(|&&b| b == b'\n').count() as u32;
        self.counted = (self.at, line);
        line
    }

    /// Steps over white space and comments; block comments nest.
    pub(super) fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            if self.starts("//") {
                self.skip_past(b'\n');
            } else if self.starts("/*") {
                self.at += 2;
                let mut depth = 1;
                while depth > 0 && self.at < self.text.len() {
                    if self.starts("/*") {
                        depth += 1;
                        self.at += 2;
                    } else if self.starts("*/") {
                        depth -= 1;
                        self.at += 2;
                    } else {
                        self.step();
                    }
                }
            } else {
                return;
            }
        }
    }

    /// Steps over the attributes at the head of a document: `#![enable(...)]`.
    pub(super) fn skip_attributes(&mut self) {
        self.skip_blank();
        while self.starts("#") {
            self.skip_past(b']');
            self.skip_blank();
        }
    }

    /// One character on.
    fn step(&mut self) {
        let next = self.text[self.at..].chars().next();
        self.at += next.map_or(0, char::len_utf8);
    }

    fn skip_past(&mut self, end: u8) {
        let rest = &self.bytes()[self.at..];
        let length = rest.iter().position(|&b| b == end);
        self.at += length.map_or(rest.len(), |at| at + 1);
    }

    /// Steps over one string, character, word or number; over one character if it is none of these.
    fn skip_token(&mut self) {
        let rest = &self.text[self.at..];
        let raw = rest.trim_start_matches('b').strip_prefix('r');
        let hashes = raw.map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
        if raw.is_some_and(|raw| raw[hashes..].starts_with('"')) && rest.find('r') <= Some(1) {
            let open = rest.find('"').unwrap_or(0) + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            let body = &rest[open..];
            self.at += open + body.find(&close).map_or(body.len(), |at| at + close.len());
        } else if rest.starts_with('"') || rest.starts_with("b\"") {
            self.at += rest.find('"').unwrap_or(0) + 1;
            self.skip_quoted(b'"');
        } else if rest.starts_with('\'') || rest.starts_with("b'") {
            self.at += rest.find('\'').unwrap_or(0) + 1;
            if self.starts("\\") {
                self.skip_quoted(b'\'');
            } else {
                self.step();
                if self.starts("'") {
                    self.at += 1;
                }
            }
        } else {
            let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-' | '#');
            let length = rest.len() - rest.trim_start_matches(word).len();
            match length {
                0 => self.step(),
                length => self.at += length,
            }
        }
    }

    fn skip_quoted(&mut self, quote: u8) {
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'\\' {
                self.step();
            } else if byte == quote {
                return;
            }
        }
    }

    /// Steps over one value; its text.
    pub(super) fn value(&mut self) -> &'a str {
        self.skip_blank();
        let start = self.at;
        if !matches!(self.peek(), Some(b'(' | b'[' | b'{')) {
            self.skip_token();
            let end = self.at;
            self.skip_blank();
            // A name with its fields is one value: `Some(1)`, `Point (x: 1)`.
            if self.peek() != Some(b'(') {
                self.at = end;
                return &self.text[start..end];
            }
        }
        let mut depth = 0_usize;
        loop {
            self.skip_blank();
            match self.peek() {
                None => break,
                Some(b'(' | b'[' | b'{') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b')' | b']' | b'}') => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                Some(_) => self.skip_token(),
            }
            if depth == 0 {
                break;
            }
        }
        &self.text[start..self.at]
    }

    /// The wrong thing stands here.
    pub(super) fn wrong(&self, part: &str, wanted: &'static str) -> FileError {
        let mut ahead = self.clone();
        let found: String = ahead.value().chars().take(40).collect();
        FileError::Shape {
            file: self.file.to_owned(),
            spot: self.spot(),
            part: part.to_owned(),
            found: match found.is_empty() {
                true => "nothing".into(),
                false => found,
            },
            wanted,
        }
    }

    /// Goes through `(name: value, ...)` or `Name(name: value, ...)`; `each` steps over the value.
    pub(super) fn fields(
        &mut self,
        part: &str,
        mut each: impl FnMut(&str, &mut Self) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        self.skip_blank();
        let mut ahead = self.clone();
        if ahead.peek() != Some(b'(') {
            ahead.skip_token();
            ahead.skip_blank();
        }
        if ahead.peek() != Some(b'(') {
            return Err(self.wrong(part, "(name: value, ...)"));
        }
        self.at = ahead.at + 1;
        loop {
            self.skip_blank();
            if matches!(self.peek(), Some(b')') | None) {
                self.step();
                return Ok(());
            }
            let start = self.at;
            let here = self.clone();
            self.skip_token();
            let name = self.text[start..self.at].trim_start_matches("r#");
            self.skip_blank();
            if self.peek() != Some(b':') {
                return Err(here.wrong(part, "(name: value, ...)"));
            }
            self.at += 1;
            self.skip_blank();
            each(name, self)?;
            self.skip_comma();
        }
    }

    /// Goes through `{key: value, ...}`, or fields; `each` gets the key's text and steps over the value.
    pub(super) fn entries(
        &mut self,
        part: &str,
        mut each: impl FnMut(&str, &mut Self) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        self.skip_blank();
        if self.peek() != Some(b'{') {
            return self.fields(part, each);
        }
        self.at += 1;
        loop {
            self.skip_blank();
            if matches!(self.peek(), Some(b'}') | None) {
                self.step();
                return Ok(());
            }
            let key = self.value();
            self.skip_blank();
            self.step(); // the colon
            self.skip_blank();
            each(key, self)?;
            self.skip_comma();
        }
    }

    /// Goes through `[a, b]` or `(a, b)`; `each` steps over the item.
    pub(super) fn items(
        &mut self,
        part: &str,
        brackets: (u8, u8),
        mut each: impl FnMut(&mut Self) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        self.skip_blank();
        if self.peek() != Some(brackets.0) {
            let wanted = if brackets.0 == b'[' {
                "a list [...]"
            } else {
                "(x, y)"
            };
            return Err(self.wrong(part, wanted));
        }
        self.at += 1;
        loop {
            self.skip_blank();
            if self.peek().is_none() || self.peek() == Some(brackets.1) {
                self.step();
                return Ok(());
            }
            each(self)?;
            self.skip_comma();
        }
    }

    fn skip_comma(&mut self) {
        self.skip_blank();
        if self.peek() == Some(b',') {
            self.at += 1;
        }
    }

    /// A value of a type that `ron` reads.
    pub(super) fn parse<T: serde::de::DeserializeOwned>(
        &mut self,
        part: &str,
        wanted: &'static str,
    ) -> Result<T, FileError> {
        let here = self.clone();
        ron::from_str(self.value()).map_err(|_| here.wrong(part, wanted))
    }
}
