//! What is inside a filter: nodes and the connections between them and the pins (1.4). Descriptive; nothing runs by it.

use std::borrow::Cow;

use super::ids::Guid;

/// Something inside a filter that has a function and perhaps controls of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// What kind of node.
    pub kind: Guid,
    /// What people read.
    pub name: Cow<'static, str>,
    /// Keys of the filter's properties that belong to it.
    pub properties: Cow<'static, [&'static str]>,
}

impl Node {
    /// A node with its controls.
    pub const fn new(kind: Guid, name: &'static str, properties: &'static [&'static str]) -> Self {
        Self {
            kind,
            name: Cow::Borrowed(name),
            properties: Cow::Borrowed(properties),
        }
    }
}

/// One end of a connection inside a filter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodePin {
    /// A pin factory of the filter, by its index.
    Filter(u32),
    /// A logical pin of a node: 0 is its output, inputs count from 1 (TOP-4).
    Node(u32, u32),
}

impl NodePin {
    /// What a node gives.
    pub const fn out_of(node: u32) -> Self {
        Self::Node(node, 0)
    }

    /// What a node takes.
    pub const fn into(node: u32) -> Self {
        Self::Node(node, 1)
    }
}

/// Data run from one end to the other (TOP-5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TopologyConnection {
    /// Where data come from.
    pub from: NodePin,
    /// Where they go.
    pub to: NodePin,
}

impl TopologyConnection {
    /// A connection.
    pub const fn new(from: NodePin, to: NodePin) -> Self {
        Self { from, to }
    }
}
