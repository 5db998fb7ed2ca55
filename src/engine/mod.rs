//! Runs a wiring: the plan, the audio thread, and the two lanes between it and the program. No filter is known by name.
