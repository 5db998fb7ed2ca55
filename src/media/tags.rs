//! What a file tells of itself in words: title, artist and the like, by the names users know.

use std::io::{Cursor, Read, Seek};

use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{
    MetadataContainer, MetadataReader, MetadataRevision, RawValue, StandardTag,
};
use symphonia::default::meta::Id3v2Reader;

use super::marks::chunk;
use super::riff::{self, ChunkAt, Order};

/// The names there are, in the order they are shown.
pub const NAMES: &[&str] = &[
    "title",
    "artist",
    "album",
    "album artist",
    "track",
    "disc",
    "date",
    "genre",
    "composer",
    "comment",
    "copyright",
    "encoder",
];

/// The longest word that is kept, in bytes: a label, not a book.
const WORD_MAX: usize = 4096;
/// The longest chunk of tags that is read.
const CHUNK_MAX: u64 = 1 << 20;

/// Words about a file, each under one of [`NAMES`], in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<(&'static str, String)>);

impl Tags {
    /// The word under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| *key == name);
        found.map(|(_, word)| word.as_str())
    }

    /// All words with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, word)| (*name, word.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps a word, unless there is one of that name: what is said first counts.
    fn put(&mut self, name: &'static str, word: &str) {
        let word = word.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        if word.is_empty() || self.get(name).is_some() {
            return;
        }
        let mut end = word.len().min(WORD_MAX);
        while !word.is_char_boundary(end) {
            end -= 1;
        }
        self.0.push((name, word[..end].to_owned()));
        let place = |name: &str| NAMES.iter().position(|it| *it == name);
        self.0.sort_by_key(|(name, _)| place(name));
    }

    /// Adds what symphonia found, without what is there already.
    pub(super) fn add(&mut self, revision: &MetadataRevision) {
        self.add_container(&revision.media);
        for track in &revision.per_track {
            self.add_container(&track.metadata);
        }
    }

    fn add_container(&mut self, container: &MetadataContainer) {
        for tag in &container.tags {
            let Some(standard) = &tag.std else {
                // Some writers put it into a frame for words of one's own.
                let mut about = tag.raw.sub_fields.iter().flatten();
                let is_comment = about.any(|it| matches!(&it.value, RawValue::String(word) if word.eq_ignore_ascii_case("comment")));
                if let (true, RawValue::String(word)) = (is_comment, &tag.raw.value) {
                    self.put("comment", word);
                }
                continue;
            };
            match standard {
                StandardTag::TrackTitle(word) => self.put("title", word),
                StandardTag::Artist(word) => self.put("artist", word),
                StandardTag::Album(word) => self.put("album", word),
                StandardTag::AlbumArtist(word) => self.put("album artist", word),
                StandardTag::TrackNumber(number) => self.put("track", &number.to_string()),
                StandardTag::DiscNumber(number) => self.put("disc", &number.to_string()),
                StandardTag::RecordingDate(word)
                | StandardTag::ReleaseDate(word)
                | StandardTag::OriginalReleaseDate(word) => self.put("date", word),
                StandardTag::RecordingYear(year) | StandardTag::ReleaseYear(year) => {
                    self.put("date", &year.to_string());
                }
                StandardTag::Genre(word) => self.put("genre", word),
                StandardTag::Composer(word) => self.put("composer", word),
                StandardTag::Comment(word) | StandardTag::Description(word) => {
                    self.put("comment", word);
                }
                StandardTag::Copyright(word) => self.put("copyright", word),
                StandardTag::Encoder(word) => self.put("encoder", word),
                _ => {}
            }
        }
    }

    /// The words in the chunks of a wave file: `LIST` of form `INFO`, and `id3 `.
    pub(super) fn of_wave<R: Read + Seek>(
        source: &mut R,
        chunks: &[ChunkAt],
        order: Order,
    ) -> Self {
        let mut tags = Self::default();
        for chunk in chunks {
            let is_known = matches!(&chunk.id, b"LIST" | b"id3 " | b"ID3 ");
            let Some(data) = is_known
                .then(|| chunk.read(source, CHUNK_MAX).ok())
                .flatten()
            else {
                continue;
            };
            match (&chunk.id, data.split_first_chunk::<4>()) {
                (b"LIST", Some((b"INFO", body))) => tags.add_list(body, order),
                (b"LIST", _) | (_, None) => {}
                _ => tags.add_id3(data),
            }
        }
        tags
    }

    /// The words of AIFF and CAF.
    pub(super) fn of_apple<R: Read + Seek>(source: &mut R, head: &[u8]) -> Self {
        if !head.starts_with(b"FORM") {
            return Self::of_caf(source, head);
        }
        let mut tags = Self::default();
        if let Some(data) = chunk(source, 12, 4, b"ID3 ") {
            tags.add_id3(data);
        }
        for (id, name) in [
            (b"NAME", "title"),
            (b"AUTH", "artist"),
            (b"(c) ", "copyright"),
            (b"ANNO", "comment"),
        ] {
            if let Some(text) = chunk(source, 12, 4, id) {
                tags.put(name, &String::from_utf8_lossy(&text));
            }
        }
        tags
    }

    /// The words of CAF: pairs of a key and a word, each with a zero behind it.
    pub(super) fn of_caf<R: Read + Seek>(source: &mut R, head: &[u8]) -> Self {
        let mut tags = Self::default();
        let is_caf = head.starts_with(b"caff");
        let Some(data) = is_caf.then(|| chunk(source, 8, 8, b"info")).flatten() else {
            return tags;
        };
        let texts = data.get(4..).unwrap_or_default().split(|byte| *byte == 0);
        let texts: Vec<_> = texts.map(String::from_utf8_lossy).collect();
        for pair in texts.chunks_exact(2) {
            let key = pair[0].to_ascii_lowercase();
            let key = match &*key {
                "track number" => "track",
                "year" | "recorded date" => "date",
                "comments" => "comment",
                "encoding application" => "encoder",
                key => key,
            };
            if let Some(name) = NAMES.iter().find(|name| **name == key) {
                tags.put(name, &pair[1]);
            }
        }
        tags
    }

    fn add_list(&mut self, body: &[u8], order: Order) {
        for chunk in riff::chunks(body, order) {
            let name = match &chunk.id {
                b"INAM" => "title",
                b"IART" => "artist",
                b"IPRD" => "album",
                b"ITRK" | b"IPRT" | b"TRCK" => "track",
                b"ICRD" => "date",
                b"IGNR" => "genre",
                b"IMUS" => "composer",
                b"ICMT" => "comment",
                b"ICOP" => "copyright",
                b"ISFT" => "encoder",
                _ => continue,
            };
            let end = chunk.data.iter().position(|byte| *byte == 0);
            let bytes = &chunk.data[..end.unwrap_or(chunk.data.len())];
            // Old writers use the code page of their machine; then at least its letters of ASCII are right.
            self.put(name, &String::from_utf8_lossy(bytes));
        }
    }

    fn add_id3(&mut self, data: Vec<u8>) {
        let found = super::compressed::guarded(|| {
            let stream = MediaSourceStream::new(
                Box::new(Cursor::new(data)),
                MediaSourceStreamOptions::default(),
            );
            let mut reader = Id3v2Reader::try_new(stream, Default::default()).ok()?;
            Some(reader.read_all().ok()?.revision)
        });
        if let Ok(Some(revision)) = found {
            self.add(&revision);
        }
    }
}
