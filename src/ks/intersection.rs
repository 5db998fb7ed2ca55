//! What becomes of two lists of ranges where the filter of the answering pin has a word of its own (DIX-8). The default,
//! and the arithmetic of two ranges, live in `format`.

use super::filter::Filter;
use super::format::{DataFormat, DataRange};
use super::status::Status;

/// What a filter's handler makes of one pair of ranges.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Intersection {
    /// This format.
    Format(DataFormat),
    /// So many bytes are needed, whatever the ranges say: a handler that looks at sizes before it looks at ranges.
    Needs(usize),
    /// Nothing: NOT_IMPLEMENTED leaves the pair to the default handler, NO_MATCH goes on to the next pair, anything
    /// else ends the search (DIX-5, DIX-8).
    Status(Status),
}

/// A pin that answers requests, and so has the say in intersections: its filter and its number.
pub type Answering<'a> = (&'a dyn Filter, usize);

/// What a client's list and the list of the pin that answers have in common, best first: a pair for which the filter
/// names a format is left that format, a pair it leaves to the default the overlap. An error ends the list (DIX-5), and
/// a format that does not lie in both ranges is none (DIX-15).
pub fn intersections(
    client: &[DataRange],
    own: &[DataRange],
    (filter, pin): Answering<'_>,
) -> Vec<DataRange> {
    let mut left = vec![];
    for theirs in client {
        for ours in own {
            if theirs.pre_match(ours).is_err() {
                continue;
            }
            match filter.intersect(pin, theirs, ours, usize::MAX) {
                Intersection::Status(Status::NotImplemented) => {
                    left.extend(theirs.overlap(ours).ok());
                }
                Intersection::Format(format) => {
                    let both = theirs.overlap(ours).ok();
                    let only = DataRange::only(&format);
                    left.extend(both.and_then(|both| both.overlap(&only).ok()));
                }
                Intersection::Status(Status::NoMatch) => {}
                Intersection::Needs(_) | Intersection::Status(_) => return left,
            }
        }
    }
    left
}

/// The filter's word where two lists overlap and it leaves nothing of it: what ended the search, or the last it said to
/// a pair. `None` where it is not to blame.
pub fn own_refusal(
    client: &[DataRange],
    own: &[DataRange],
    (filter, pin): Answering<'_>,
) -> Option<Intersection> {
    if !intersections(client, own, (filter, pin)).is_empty() {
        return None;
    }
    let mut refusal = None;
    for theirs in client {
        for ours in own.iter().filter(|ours| theirs.pre_match(ours).is_ok()) {
            let word = filter.intersect(pin, theirs, ours, usize::MAX);
            match &word {
                Intersection::Status(Status::NotImplemented) => {}
                Intersection::Status(Status::NoMatch) | Intersection::Format(_) => {
                    // A pair that the default would not have taken either is not held against it.
                    if theirs.overlap(ours).is_ok() {
                        refusal = Some(word);
                    }
                }
                Intersection::Needs(_) | Intersection::Status(_) => return Some(word),
            }
        }
    }
    refusal
}
