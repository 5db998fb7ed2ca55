//! What the program can do, without a screen.
