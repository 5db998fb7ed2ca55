//! Ports and miniports: filters bound to a device or a synthesizer.
