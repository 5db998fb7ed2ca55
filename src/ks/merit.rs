//! Merit: how gladly a kind of filter is taken where several would do, when graphs are built by themselves (FMP-1). More is
//! better; values in between are allowed.

/// Taken before all others.
pub const PREFERRED: u32 = 0x80_0000;
/// What a filter has that says nothing.
pub const NORMAL: u32 = 0x60_0000;
/// Taken when nothing better is there; with less than that a filter is never taken by itself.
pub const UNLIKELY: u32 = 0x40_0000;
/// Only taken by hand: what changes the sound, writes files or leaves the machine.
pub const DO_NOT_USE: u32 = 0x20_0000;

/// The word for a merit, and what is above it: `normal+2`.
pub fn words(merit: u32) -> String {
    let steps = [
        (PREFERRED, "preferred"),
        (NORMAL, "normal"),
        (UNLIKELY, "unlikely"),
        (DO_NOT_USE, "by hand only"),
    ];
    let step = steps.into_iter().find(|(least, _)| merit >= *least);
    match step.map(|(least, word)| (merit - least, word)) {
        Some((0, word)) => word.to_owned(),
        Some((above, word)) => format!("{word}+{above}"),
        None => format!("by hand only ({merit})"),
    }
}
