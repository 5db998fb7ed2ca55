//! The window by accessible names, without a screen: one binary, one module per part of it.
#![cfg(feature = "gui")]

mod canvas;
mod toy;
