//! The command line: one file a subcommand; text and JSON from the same values.
