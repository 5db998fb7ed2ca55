//! The built-in filters, one file each. This is the list: a `mod` line and a table line for every filter.

use std::sync::Arc;

use crate::ks::Filter;

/// Filters that need nothing but themselves.
pub fn plain() -> Vec<Arc<dyn Filter>> {
    vec![]
}
