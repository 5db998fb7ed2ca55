//! Filters from files: a RON file that declares filters whole, without code (REG-7). Text in, filters out; reading
//! folders is the program's.
//!
//! ```text
//! (
//!     version: 1,
//!     filters: [
//!         (
//!             key: "front_desk",
//!             title: "Front Desk",
//!             pins: [(name: "in", data_flow: in, ranges: [...])],
//!             nodes: [(kind: "3A5ACC00-C557-11D0-8A2B-00A0C9255AC1", name: "Level")],
//!             connections: [(from: Pin("in"), to: Node(0, 1))],
//!         ),
//!     ],
//! )
//! ```
//! A file may also hold one filter and nothing around it.

use std::borrow::Cow;

use serde::Deserialize;

use super::declared::{Declaration, Declared, NodeDeclaration, PinDeclaration};
use super::ids::Guid;
use super::topology::{NodePin, TopologyConnection};

/// The version of the files.
const VERSION: u32 = 1;
/// Longer than that no such file is.
const MOST_BYTES: usize = 4 << 20;

/// A file that declares filters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    version: u32,
    #[serde(default)]
    filters: Vec<Whole>,
}

/// A filter as such a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    key: String,
    title: String,
    #[serde(default)]
    categories: Vec<Guid>,
    #[serde(default)]
    help: String,
    #[serde(default = "normal")]
    merit: u32,
    pins: Vec<PinDeclaration>,
    #[serde(default)]
    nodes: Vec<NodeDeclaration>,
    #[serde(default)]
    connections: Vec<Inside>,
    #[serde(default)]
    reads: Vec<String>,
}

fn normal() -> u32 {
    super::merit::NORMAL
}

/// A connection inside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inside {
    from: End,
    to: End,
}

/// One end of it.
#[derive(Deserialize)]
enum End {
    /// A pin of the filter, by name.
    Pin(String),
    /// A pin of a node: 0 gives, 1 and up take (TOP-4).
    Node(u32, u32),
}

/// A file of filters is not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}{reason}")]
pub struct PackageError {
    /// `line 3, column 7: `, or the filter: `filter "front_desk": `.
    place: String,
    /// What was found and what was wanted.
    reason: String,
    /// The line, where one is known.
    pub line: Option<u32>,
}

impl PackageError {
    fn at(filter: &str, reason: impl Into<String>) -> Self {
        Self {
            place: format!("filter {filter:?}: "),
            reason: reason.into(),
            line: None,
        }
    }
}

/// The filters of a file.
pub fn filters_of(text: &str) -> Result<Vec<Declared>, PackageError> {
    if text.len() > MOST_BYTES {
        return Err(PackageError {
            place: String::new(),
            reason: format!("{} bytes; wanted at most {MOST_BYTES}", text.len()),
            line: None,
        });
    }
    let wholes = match ron::from_str::<Package>(text) {
        Ok(package) if package.version != VERSION => {
            return Err(PackageError {
                place: "version: ".into(),
                reason: format!("{}; wanted {VERSION}", package.version),
                line: None,
            });
        }
        Ok(package) => package.filters,
        Err(as_package) => match ron::from_str::<Whole>(text) {
            Ok(whole) => vec![whole],
            // Whoever got farther knows better what was meant.
            Err(as_filter) => {
                let place = |error: &ron::error::SpannedError| {
                    (error.span.start.line, error.span.start.col)
                };
                let error = match place(&as_filter) > place(&as_package) {
                    true => as_filter,
                    false => as_package,
                };
                let (line, column) = place(&error);
                return Err(PackageError {
                    place: format!("line {line}, column {column}: "),
                    reason: error.code.to_string(),
                    line: u32::try_from(line).ok(),
                });
            }
        },
    };
    wholes.into_iter().map(filter).collect()
}

fn filter(whole: Whole) -> Result<Declared, PackageError> {
    let key = whole.key.clone();
    let usual = |c: char| c.is_alphanumeric() || "_-".contains(c);
    if key.is_empty() || !key.chars().all(usual) {
        let reason = "a key is made of letters, figures, _ and -";
        return Err(PackageError::at(&key, reason));
    }
    for pin in &whole.pins {
        let peer = pin.same_format_as.as_ref();
        if let Some(peer) = peer.filter(|it| !whole.pins.iter().any(|pin| pin.name == **it)) {
            let reason = format!(
                "{} goes with the pin {peer:?}, which is not there",
                pin.name
            );
            return Err(PackageError::at(&key, reason));
        }
    }
    let mut declared = Declared::new(&Declaration {
        key: whole.key,
        title: whole.title,
        categories: whole.categories,
        help: whole.help,
        pins: whole.pins,
        nodes: whole.nodes,
        reads: whole.reads,
    });
    let descriptor = &mut declared.0;
    descriptor.merit = whole.merit;
    if let Some(fault) = descriptor.fault() {
        return Err(PackageError::at(&key, fault));
    }
    let mut topology = vec![];
    for inside in whole.connections {
        let end = |end: End| match end {
            End::Node(node, pin) => Ok(NodePin::Node(node, pin)),
            End::Pin(name) => match descriptor.pin(&name) {
                Some((index, _)) => Ok(NodePin::Filter(index as u32)),
                None => {
                    let names: Vec<&str> = descriptor.pins.iter().map(|it| &*it.name).collect();
                    let names = names.join(", ");
                    let reason =
                        format!("a connection names the pin {name:?}; wanted one of {names}");
                    Err(PackageError::at(&key, reason))
                }
            },
        };
        topology.push(TopologyConnection::new(end(inside.from)?, end(inside.to)?));
    }
    descriptor.topology = Cow::Owned(topology);
    match descriptor.fault() {
        Some(fault) => Err(PackageError::at(&key, fault)),
        None => Ok(declared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::{Communication, Medium, NodePin};

    const ONE: &str = r#"(
        key: "front_desk",
        title: "Front Desk",
        categories: ["6994AD04-93EF-11D0-A3CC-00A0C9223196"],
        merit: 8388608,
        pins: [
            (name: "in", data_flow: in, communication: sink, possible: 2, necessary: 1,
             mediums: [(set: "01234567-89AB-CDEF-0123-456789ABCDEF", id: 7)],
             ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "AAAAAAAA-0000-0010-8000-00AA00389B71",
                       specifier: "05589F81-C356-11CE-BF01-00AA0055595A", limits: None)]),
            (name: "out", data_flow: out, ranges: []),
        ],
        nodes: [(kind: "3A5ACC00-C557-11D0-8A2B-00A0C9255AC1", name: "Level")],
        connections: [(from: Pin("in"), to: Node(0, 1)), (from: Node(0, 0), to: Pin("out"))],
    )"#;

    #[test]
    fn reg_7_a_file_declares_all_there_is_to_a_filter() {
        for text in [ONE.to_owned(), format!("(version: 1, filters: [{ONE}])")] {
            let filters = filters_of(&text).unwrap();
            let it = &filters[0].0;
            assert_eq!((&*it.key, it.merit), ("front_desk", 0x80_0000));
            let pin = &it.pins[0];
            let set = "01234567-89AB-CDEF-0123-456789ABCDEF".parse().unwrap();
            assert_eq!(&*pin.mediums, [Medium { set, id: 7 }]);
            assert_eq!(pin.communication, Communication::Sink);
            assert_eq!((pin.instances.possible, pin.instances.necessary), (2, 1));
            assert_eq!(it.topology[1].to, NodePin::Filter(1));
            assert_eq!(it.nodes[0].kind, crate::ks::ids::node::VOLUME);
        }
        assert!(filters_of("(version: 1)").unwrap().is_empty());
    }

    #[test]
    fn declared_pins_share_a_format() {
        let range = |low: u32, high: u32| {
            format!(
                r#"(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000001-0000-0010-8000-00AA00389B71",
                specifier: "05589F81-C356-11CE-BF01-00AA0055595A", limits: Audio((min_channels: 1, max_channels: 2,
                min_bits: 16, max_bits: 16, min_rate_hz: {low}, max_rate_hz: {high})))"#
            )
        };
        let text = |peer: &str| {
            let (wide, narrow) = (range(8_000, 96_000), range(44_100, 192_000));
            format!(
                r#"(key: "twin", title: "Twin", pins: [(name: "in", data_flow: in, ranges: [{wide}]),
                (name: "out", data_flow: out, ranges: [{narrow}], same_format_as: Some("{peer}"))])"#
            )
        };
        let filters = filters_of(&text("in")).unwrap();
        let it = &filters[0];
        let mut pins: Vec<Vec<_>> = it.0.pins.iter().map(|pin| pin.ranges.to_vec()).collect();
        let values = std::collections::BTreeMap::new();
        let settings = crate::ks::Settings {
            values: &values,
            base: None,
        };
        crate::ks::Filter::constrain(it, &it.0, &settings, &mut pins);
        assert_eq!(pins[0], pins[1]);
        let limits = pins[0][0].audio_limits().unwrap();
        assert_eq!((limits.min_rate_hz, limits.max_rate_hz), (44_100, 96_000));
        let told = filters_of(&text("up")).err().expect("no such pin");
        assert!(told.to_string().contains("\"up\""), "{told}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_what_was_wanted() {
        let told = |text: &str| filters_of(text).err().expect("it is wrong").to_string();
        let line = told(&ONE.replace("data_flow: out", "data_flow: sideways"));
        assert!(
            line.starts_with("line 11, column") && line.contains("sideways"),
            "{line}"
        );
        let unknown = told(&ONE.replace("merit:", "merits:"));
        assert!(
            unknown.contains("merits") && unknown.contains("line 5"),
            "{unknown}"
        );
        let guid = told(&ONE.replace("3A5ACC00-C557", "3A5ACC00_C557"));
        assert!(guid.contains("8-4-4-4-12"), "{guid}");
        let pin = told(&ONE.replace(r#"to: Pin("out")"#, r#"to: Pin("up")"#));
        assert!(
            pin.contains("\"front_desk\"") && pin.contains("in, out"),
            "{pin}"
        );
        let twice = told(&ONE.replace(r#"name: "out""#, r#"name: "in""#));
        assert!(twice.contains("two pins are called \"in\""), "{twice}");
        let node = told(&ONE.replace("Node(0, 1)", "Node(4, 1)"));
        assert!(node.contains("node 4 of 1"), "{node}");
        assert!(told("(version: 2)").contains("wanted 1"));
        assert!(told(&ONE.replace("front_desk", "front desk")).contains("letters"));
        for text in ["", "(", "[[[[[[[[", "(version: 1, filters: [", "\u{0}"] {
            told(text);
        }
        let deep = "(".repeat(100_000);
        told(&deep);
    }
}
