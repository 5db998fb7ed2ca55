//! `--feed FILTER=FILE.mid`: a MIDI file in place of what a person would play.

use std::path::Path;
use std::sync::Arc;

use super::failure::Failure;
use super::load::Document;
use super::{names, say};
use crate::app::offline::Feeds;
use crate::graph::{FilterPath, Wiring};
use crate::ks::{DataFlow, KernelEvent, Kind, RefTime};
use crate::midi::read_smf;

/// Reads every feed that was asked for.
pub(super) fn read(
    wanted: &[String],
    document: &Document,
    wiring: &Wiring,
) -> Result<Feeds, Failure> {
    let mut feeds = Feeds::new();
    for text in wanted {
        let tried = format!("feed {text}");
        let (name, file) = split(text).ok_or_else(|| {
            Failure::usage(&tried, "wanted FILTER=FILE")
                .cure("--feed \"Computer Keyboard=notes.mid\"")
        })?;
        let (_, path) = names::find(
            document.graph(),
            &names::Name::read_in(document.graph(), name)?,
        )?;
        if !is_source_of_notes(wiring, &path) {
            return Err(
                Failure::usage(&tried, format!("{name} is no source of MIDI"))
                    .cure("name a filter that has a MIDI output and no connected input"),
            );
        }
        let events = events(Path::new(file), name)?;
        if feeds.insert(path, events).is_some() {
            return Err(Failure::usage(&tried, format!("{name} is fed twice")));
        }
    }
    Ok(feeds)
}

/// At the first `=` outside quotes.
fn split(text: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '=' if !is_quoted => {
                return Some((&text[..at], &text[at + 1..]))
                    .filter(|(name, file)| !name.is_empty() && !file.is_empty());
            }
            _ => {}
        }
    }
    None
}

fn is_source_of_notes(wiring: &Wiring, path: &FilterPath) -> bool {
    let descriptor = wiring
        .filters
        .get(path)
        .and_then(|filter| filter.descriptor.as_deref());
    let has_output = descriptor.is_some_and(|descriptor| {
        let mut pins = descriptor.pins.iter();
        pins.any(|pin| pin.data_flow == DataFlow::Out && pin.kind() == Kind::Events)
    });
    has_output && !wiring.wires.iter().any(|wire| wire.to.filter == *path)
}

fn events(file: &Path, filter: &str) -> Result<Arc<[KernelEvent]>, Failure> {
    let tried = format!("read the MIDI file {}", file.display());
    let bytes =
        std::fs::read(file).map_err(|error| Failure::file(file, &tried, error.to_string()))?;
    let song = read_smf(&bytes).map_err(|error| {
        Failure::file(file, &tried, error.to_string()).cure("wanted a Standard MIDI File (.mid)")
    })?;
    let mut skipped = 0_usize;
    let mut events = Vec::with_capacity(song.events.len());
    for (time, bytes) in song.messages() {
        // What is not a message of a channel has no key or sound of its own.
        let is_channel = (bytes.first()).is_some_and(|status| (0x80..0xf0).contains(status));
        let time = RefTime::try_from(time).unwrap_or(RefTime::MAX);
        let event = KernelEvent::new(time, bytes).filter(|_| is_channel);
        skipped += usize::from(event.is_none());
        events.extend(event);
    }
    if skipped > 0 {
        say(&format!(
            "{}: {skipped} system messages are not fed to {filter}",
            file.display()
        ));
    }
    for remark in &song.remarks {
        say(&format!("{}: {remark}", file.display()));
    }
    Ok(events.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_outside_quotes_parts_filter_and_file() {
        assert_eq!(split("Keys=a=b.mid"), Some(("Keys", "a=b.mid")));
        assert_eq!(split("\"a=b\"=c.mid"), Some(("\"a=b\"", "c.mid")));
        assert_eq!(split("Keys"), None);
        assert_eq!(split("=a.mid"), None);
    }
}
