//! Words that came from a file and are needed as long as the program runs: names of properties are constants everywhere
//! else. Each different word is kept once.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The same word, for good. Never called on the audio thread.
pub fn lasting(word: &str) -> &'static str {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(word) = kept.get(word) {
        return word;
    }
    let word: &'static str = Box::leak(word.to_owned().into_boxed_str());
    kept.insert(word);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_kept_once() {
        let other = ["feed", "back"].concat();
        let (one, other) = (lasting("feedback"), lasting(&other));
        assert!(std::ptr::eq(one, other) && one == "feedback");
    }
}
