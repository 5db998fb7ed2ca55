//! The window by accessible names, without a screen: one binary, one module per part of it.
#![cfg(feature = "gui")]

mod adding;

mod app_support;

mod bank;
mod board;

mod liked;

mod app_window;

mod commands;

mod bodies;

mod canvas;
mod canvas_notes;

mod devices;

mod frames;
mod holding;
mod packing;
mod pages;

mod panels;
mod pictures;
mod questions;

mod raw_pages;

mod records;

mod refusals;
mod rendering;

mod score;
mod seeking;

mod soldered;

mod toy;

mod wiring;
