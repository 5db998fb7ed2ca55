//! What a minidriver has to say to whoever uses the program: a file that cannot be written any more, samples that had
//! to be left out. Kept until somebody listens, and bounded; nothing here is ever waited for on the audio thread.

use std::sync::{Arc, Mutex, PoisonError};

use crate::ks::ClassWord;

/// So many are kept; what comes when nobody has listened for so long is left out.
const MOST: usize = 64;

/// The voice of a minidriver. Clones are one voice. Not for the audio thread.
#[derive(Clone, Debug, Default)]
pub struct Words(Arc<Mutex<Vec<ClassWord>>>);

impl Words {
    /// Something went wrong: what failed, with which file or device, and what is left of it.
    pub fn complain(&self, text: impl Into<String>) {
        self.add(text.into(), true);
    }

    /// Something should be known, though it goes on.
    pub fn remark(&self, text: impl Into<String>) {
        self.add(text.into(), false);
    }

    fn add(&self, text: String, is_fault: bool) {
        log::warn!("{text}");
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let word = ClassWord { text, is_fault };
        if words.len() < MOST && words.last() != Some(&word) {
            words.push(word);
        }
    }

    /// What was said since it was last asked.
    pub(super) fn take(&self) -> Vec<ClassWord> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
