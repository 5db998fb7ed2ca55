//! Keys that mean the same everywhere and are not rebound: walking, confirming, leaving, and the piano of play mode.

use super::Keys;

/// One of them.
pub(in crate::gui) struct Fixed {
    /// What it does.
    pub(in crate::gui) words: &'static str,
    /// How the list in Help writes its keys.
    pub(in crate::gui) shown: &'static str,
    /// The combinations no command may take.
    pub(in crate::gui) taken: &'static [&'static str],
}

/// All of them.
pub(in crate::gui) const FIXED: &[Fixed] = &[
    Fixed {
        words: "Walk the filters",
        shown: "Arrows",
        taken: &["Left", "Right", "Up", "Down"],
    },
    Fixed {
        words: "Walk and select more",
        shown: "Shift+Arrows",
        taken: &["Shift+Left", "Shift+Right", "Shift+Up", "Shift+Down"],
    },
    Fixed {
        words: "Walk the pins, and along wires",
        shown: "Ctrl+Arrows",
        taken: &["Ctrl+Left", "Ctrl+Right", "Ctrl+Up", "Ctrl+Down"],
    },
    Fixed {
        words: "Connect two pins; open a filter\u{2019}s properties",
        shown: "Enter",
        taken: &["Enter", "Shift+Enter"],
    },
    Fixed {
        words: "Let go, close, select nothing, leave play mode",
        shown: "Esc",
        taken: &["Esc"],
    },
    Fixed {
        words: "Next control of a panel",
        shown: "Tab, Shift+Tab",
        taken: &["Shift+Tab"],
    },
    Fixed {
        words: "Go to the menus",
        shown: "Alt",
        taken: &[],
    },
    Fixed {
        words: "Play, in play mode",
        shown: "A to L, black keys W E T Y U O P",
        taken: &[],
    },
    Fixed {
        words: "Octave, in play mode",
        shown: "Z and X",
        taken: &[],
    },
    Fixed {
        words: "Velocity, in play mode",
        shown: "C and V",
        taken: &[],
    },
    Fixed {
        words: "Move the view",
        shown: "Space and drag",
        taken: &[],
    },
];

/// What a combination always means.
pub(in crate::gui) fn fixed(keys: Keys) -> Option<&'static Fixed> {
    FIXED.iter().find(|fixed| {
        let mut taken = fixed.taken.iter();
        taken.any(|text| Keys::parse(text) == Some(keys))
    })
}
