//! Sample arithmetic on slices. No pins, no formats, no threads.
