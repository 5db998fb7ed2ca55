//! Files as bytes: RIFF chunks and WAV. No paths, no threads.
