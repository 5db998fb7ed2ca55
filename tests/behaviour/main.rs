//! What the program does, by behaviour: one binary, one module a subject.

mod edits;
mod examples;
mod graph_files;
mod layering;
mod negotiate;
mod support;
