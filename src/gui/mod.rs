//! Pixels and gestures. No DSP, no engine calls.
