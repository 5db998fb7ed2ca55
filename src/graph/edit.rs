//! The only way a document changes. An [`Edit`] is plain data; applying it gives back its inverse.
//!
//! Any edit and then its inverse leave an equal graph, the order of wires and the next id included. An edit that fails
//! leaves the graph as it was.

use std::collections::BTreeSet;

use super::model::{
    Chosen, Connection, Control, FilterId, FilterNode, Graph, Group, GroupPin, Node, NodeKind,
    Note, NoteId, Position, Timing,
};
use super::shared::Shared;
use super::wiring::FilterPath;
use super::{instance, nest, notes};
use crate::ks::{Catalogue, Value};

/// One change of a document.
#[derive(Clone, PartialEq, Debug)]
pub enum Edit {
    /// A new box: a filter or a group. Ids and names are unique; [`Graph::fresh_id`] and [`Graph::unique_name`] make them.
    Add {
        /// Its id.
        id: FilterId,
        /// The box.
        node: Node,
    },
    /// Boxes go, with all their wires.
    Remove(Vec<FilterId>),
    /// A new wire, drawn last.
    Connect(Connection),
    /// A wire at a place among the others, whatever its ends: how a wire comes back.
    ConnectAt {
        /// Index it gets.
        index: usize,
        /// The wire.
        connection: Connection,
    },
    /// A wire goes, by its index.
    Disconnect(usize),
    /// A property gets a value; `None` is its default.
    SetProperty {
        /// The filter.
        filter: FilterId,
        /// Key of the property.
        key: String,
        /// The value.
        value: Option<Value>,
    },
    /// A value this version does not understand, as text. How one comes back that a known value replaced.
    SetUnknown {
        /// The filter.
        filter: FilterId,
        /// Key of the property.
        key: String,
        /// Its text in the file.
        text: Option<String>,
    },
    /// Boxes move.
    Move(Vec<(FilterId, Position)>),
    /// A box gets another name.
    Rename {
        /// The box.
        id: FilterId,
        /// Its name.
        name: String,
    },
    /// What a user insists on for one wire.
    Choose {
        /// Index of the wire.
        connection: usize,
        /// All of it.
        chosen: Chosen,
    },
    /// The graph's rate in Hz; 0 leaves it to the device.
    SetRate(u32),
    /// What drives the graph, and whether ways that meet wait for each other.
    SetTiming(Timing),

    /// The pins a group shows.
    SetPins {
        /// The group.
        group: FilterId,
        /// All of them.
        pins: Vec<GroupPin>,
    },
    /// All that a group is, in place of what it was; boxes inside keep their numbers or are others.
    SetGroup {
        /// The group.
        group: FilterId,
        /// What it becomes.
        to: Box<Group>,
    },
    /// The id the next new box gets. How it comes back.
    SetNextId(u32),
    /// Boxes of this graph go into a group of it, as they are. Wires stay where they are: who moves boxes sees to them.
    MoveInto {
        /// The group.
        group: FilterId,
        /// Id here, id inside.
        filters: Vec<(FilterId, FilterId)>,
    },
    /// Boxes come out of a group.
    MoveOut {
        /// The group.
        group: FilterId,
        /// Id here, id inside.
        filters: Vec<(FilterId, FilterId)>,
    },
    /// A filter lets what comes in go out as it is.
    SetBypass {
        /// The filter.
        filter: FilterId,
        /// Whether it does.
        is_on: bool,
    },
    /// A controller moves a property, or none does any more.
    SetControl {
        /// The filter.
        filter: FilterId,
        /// The property's key.
        key: String,
        /// The controller.
        control: Option<Control>,
    },
    /// A filter takes no part in what plays.
    SetDisabled {
        /// The filter.
        filter: FilterId,
        /// Whether that is so.
        is_on: bool,
    },
    /// A new comment or frame.
    AddNote {
        /// Its id.
        id: NoteId,
        /// What it is.
        note: Note,
    },
    /// Comments and frames go.
    RemoveNotes(Vec<NoteId>),
    /// Comments and frames move.
    MoveNotes(Vec<(NoteId, Position)>),
    /// A comment or frame is another one.
    SetNote {
        /// Which.
        id: NoteId,
        /// All of it.
        note: Note,
    },
    /// A change inside a group.
    Within {
        /// The group.
        group: FilterId,
        /// The change.
        edit: Box<Edit>,
    },
    /// Several changes: all or none.
    Batch(Vec<Edit>),
}

/// Why a document cannot be changed so.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EditError {
    /// No box has that id.
    #[error("there is no filter {0}")]
    NoFilter(FilterId),
    /// The box is a group where a filter is wanted, or the other way.
    #[error("{0} is {1}")]
    WrongKind(FilterId, &'static str),
    /// There are fewer wires.
    #[error("there is no wire {0}; the graph has {1}")]
    NoWire(usize, usize),
    /// What is inside belongs to the kind of filter.
    #[error(
        "what is inside {0} belongs to the filter {1:?} and is the same in all boxes of its kind; Make a Group of it first"
    )]
    Sealed(FilterId, String),
    /// A group shows the properties it was told to, and no others.
    #[error("{0} is a group and shows no property {1:?}")]
    NoProperty(FilterId, String),
    /// Ids are unique.
    #[error("the id {0} is taken")]
    IdTaken(FilterId),
    /// No note has that id.
    #[error("there is no note {0}")]
    NoNote(NoteId),
    /// A group cannot hold itself.
    #[error("{0} cannot go into itself")]
    IntoItself(FilterId),
    /// Names are unique.
    #[error("the name {0:?} is taken; names are unique in their graph")]
    NameTaken(String),
    /// A box needs a name.
    #[error("a filter needs a name")]
    NoName,
    /// The same two pins are wired already.
    #[error("these two pins are connected already")]
    WireThere,
    /// Infinite or not a number.
    #[error("{0} is no finite number")]
    NotFinite(String),
}

/// How far an edit reaches beyond the document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Nothing that sounds or is agreed.
    Nothing,
    /// Only these values, by filter and property key; each has a slot on the audio thread.
    Values(BTreeSet<(FilterPath, String)>),
    /// Everything is agreed anew.
    Plan,
}

impl Reach {
    /// The farther of two.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Plan, _) | (_, Self::Plan) => Self::Plan,
            (Self::Nothing, other) | (other, Self::Nothing) => other,
            (Self::Values(mut mine), Self::Values(theirs)) => {
                mine.extend(theirs);
                Self::Values(mine)
            }
        }
    }
}

/// Changes `graph`; what undoes it comes back.
pub fn apply(graph: &mut Graph, edit: Edit) -> Result<Edit, EditError> {
    match edit {
        Edit::Add { id, node } => add(graph, id, node),
        Edit::Remove(ids) => remove(graph, &ids),
        Edit::Connect(connection) => {
            for end in [&connection.from, &connection.to] {
                graph.node(end.filter)?;
            }
            let is_there = |wire: &Shared<Connection>| {
                wire.from == connection.from && wire.to == connection.to
            };
            if graph.connections.iter().any(is_there) {
                return Err(EditError::WireThere);
            }
            graph.connections.push(connection.into());
            Ok(Edit::Disconnect(graph.connections.len() - 1))
        }
        Edit::ConnectAt { index, connection } => {
            let count = graph.connections.len();
            if index > count {
                return Err(EditError::NoWire(index, count));
            }
            graph.connections.insert(index, connection.into());
            Ok(Edit::Disconnect(index))
        }
        Edit::Disconnect(index) => {
            graph.wire(index)?;
            let connection = graph.connections.remove(index).into_inner();
            Ok(Edit::ConnectAt { index, connection })
        }
        Edit::SetProperty { filter, key, value } => set_property(graph, filter, key, value),
        Edit::SetUnknown { filter, key, text } => {
            let node = graph.filter_mut(filter)?;
            let text = match text {
                Some(text) => node.unknown.insert(key.clone(), text),
                None => node.unknown.remove(&key),
            };
            Ok(Edit::SetUnknown { filter, key, text })
        }
        Edit::Move(moves) => {
            for (id, position) in &moves {
                graph.node(*id)?;
                if !position.x.is_finite() || !position.y.is_finite() {
                    return Err(EditError::NotFinite(format!("a position of {id}")));
                }
            }
            let mut back = vec![];
            for (id, position) in moves {
                if let Some(node) = graph.filters.get_mut(&id) {
                    back.push((id, std::mem::replace(&mut node.position, position)));
                }
            }
            back.reverse(); // A box that moves twice must come back to where it stood first.
            Ok(Edit::Move(back))
        }
        Edit::Rename { id, name } => {
            graph.node(id)?;
            graph.check_name(&name, Some(id))?;
            let node = graph.node_mut(id)?;
            let name = std::mem::replace(&mut node.name, name);
            Ok(Edit::Rename { id, name })
        }
        Edit::Choose { connection, chosen } => {
            graph.wire(connection)?;
            let chosen = std::mem::replace(&mut graph.connections[connection].chosen, chosen);
            Ok(Edit::Choose { connection, chosen })
        }
        Edit::SetRate(rate_hz) => Ok(Edit::SetRate(std::mem::replace(
            &mut graph.rate_hz,
            rate_hz,
        ))),
        Edit::SetTiming(timing) => {
            let before = std::mem::replace(&mut graph.timing, timing);
            Ok(Edit::SetTiming(before))
        }

        Edit::SetPins { group, pins } => {
            let inner = graph.group_mut(group)?;
            let pins = std::mem::replace(&mut inner.pins, pins);
            Ok(Edit::SetPins { group, pins })
        }
        Edit::SetGroup { group, to } => match &mut graph.node_mut(group)?.kind {
            NodeKind::Group(inner) => {
                let to = std::mem::replace(inner, to);
                Ok(Edit::SetGroup { group, to })
            }
            NodeKind::Filter(_) => Err(EditError::WrongKind(group, "a filter, not a group")),
        },
        Edit::SetNextId(id) => Ok(Edit::SetNextId(std::mem::replace(&mut graph.next_id, id))),
        Edit::MoveInto { group, filters } => nest::into(graph, group, filters),
        Edit::MoveOut { group, filters } => nest::out(graph, group, filters),
        Edit::SetBypass { filter, is_on } => {
            let node = graph.filter_mut(filter)?;
            let is_on = std::mem::replace(&mut node.is_bypassed, is_on);
            graph.switch_inside(filter);
            Ok(Edit::SetBypass { filter, is_on })
        }
        Edit::SetControl {
            filter,
            key,
            control,
        } => {
            let controls = &mut graph.filter_mut(filter)?.controls;
            let control = match control {
                Some(control) => controls.insert(key.clone(), control),
                None => controls.remove(&key),
            };
            Ok(Edit::SetControl {
                filter,
                key,
                control,
            })
        }
        Edit::SetDisabled { filter, is_on } => {
            let node = graph.filter_mut(filter)?;
            let is_on = std::mem::replace(&mut node.is_disabled, is_on);
            graph.switch_inside(filter);
            Ok(Edit::SetDisabled { filter, is_on })
        }
        Edit::AddNote { id, note } => notes::add(graph, id, note),
        Edit::RemoveNotes(ids) => notes::remove(graph, &ids),
        Edit::MoveNotes(moves) => notes::shift(graph, moves),
        Edit::SetNote { id, note } => notes::set(graph, id, note),
        Edit::Within { group, edit } => {
            let inner = graph.group_mut(group)?;
            let edit = Box::new(apply(&mut inner.graph, *edit)?);
            Ok(Edit::Within { group, edit })
        }
        Edit::Batch(edits) => batch(graph, edits),
    }
}

fn add(graph: &mut Graph, id: FilterId, node: Node) -> Result<Edit, EditError> {
    if graph.filters.contains_key(&id) {
        return Err(EditError::IdTaken(id));
    }
    graph.check_name(&node.name, None)?;
    if !node.position.x.is_finite() || !node.position.y.is_finite() {
        return Err(EditError::NotFinite(format!("a position of {id}")));
    }
    let next_id = graph.next_id;
    graph.filters.insert(id, node.into());
    graph.next_id = next_id.max(id.0.saturating_add(1));
    let mut back = vec![Edit::Remove(vec![id])];
    // Wires that led nowhere end here now; they stay when the box goes again.
    for (index, wire) in graph.connections.iter().enumerate() {
        if wire.from.filter == id || wire.to.filter == id {
            let connection = wire.clone().into_inner();
            back.push(Edit::ConnectAt { index, connection });
        }
    }
    back.push(Edit::SetNextId(next_id));
    Ok(Edit::Batch(back))
}

fn remove(graph: &mut Graph, ids: &[FilterId]) -> Result<Edit, EditError> {
    for id in ids {
        graph.node(*id)?;
    }
    let ids: BTreeSet<FilterId> = ids.iter().copied().collect();
    let next_id = graph.next_id;
    let mut back = vec![];
    for id in &ids {
        if let Some(node) = graph.filters.remove(id) {
            let node = node.into_inner();
            back.push(Edit::Add { id: *id, node });
        }
    }
    let wires = std::mem::take(&mut graph.connections);
    for (index, connection) in wires.into_iter().enumerate() {
        if ids.contains(&connection.from.filter) || ids.contains(&connection.to.filter) {
            let connection = connection.into_inner();
            back.push(Edit::ConnectAt { index, connection });
        } else {
            graph.connections.push(connection);
        }
    }
    back.push(Edit::SetNextId(next_id));
    Ok(Edit::Batch(back))
}

fn set_property(
    graph: &mut Graph,
    filter: FilterId,
    key: String,
    value: Option<Value>,
) -> Result<Edit, EditError> {
    if let Some(Value::Number(number)) = value
        && !number.is_finite()
    {
        return Err(EditError::NotFinite(key));
    }
    let known = |node: &mut FilterNode| node.unknown.remove(&key);
    let (unknown, value) = match &mut graph.node_mut(filter)?.kind {
        NodeKind::Filter(node) => {
            let value = match value {
                Some(value) => node.values.insert(key.clone(), value),
                None => node.values.remove(&key),
            };
            (known(node), value)
        }
        NodeKind::Group(group) => {
            let value = instance::set(group, &key, value);
            let value = value.map_err(|()| EditError::NoProperty(filter, key.clone()))?;
            let unknown = group.instance.as_mut().and_then(|it| known(&mut it.node));
            (unknown, value)
        }
    };
    let back = Edit::SetProperty {
        filter,
        key: key.clone(),
        value,
    };
    Ok(match unknown {
        None => back,
        Some(text) => Edit::Batch(vec![
            back,
            Edit::SetUnknown {
                filter,
                key,
                text: Some(text),
            },
        ]),
    })
}

fn batch(graph: &mut Graph, edits: Vec<Edit>) -> Result<Edit, EditError> {
    let mut back = vec![];
    for edit in edits {
        match apply(graph, edit) {
            Ok(inverse) => back.push(inverse),
            Err(error) => {
                for inverse in back.into_iter().rev() {
                    apply(graph, inverse).expect("the inverse of an edit just made fits");
                }
                return Err(error);
            }
        }
    }
    back.reverse();
    Ok(Edit::Batch(back))
}

impl Edit {
    /// How far it reaches, in a graph before or after it.
    pub fn reach(&self, graph: &Graph, catalogue: &Catalogue) -> Reach {
        self.reach_at(graph, &FilterPath::default(), catalogue)
    }

    fn reach_at(&self, graph: &Graph, path: &FilterPath, catalogue: &Catalogue) -> Reach {
        match self {
            Self::Move(_)
            | Self::SetNextId(_)
            | Self::AddNote { .. }
            | Self::RemoveNotes(_)
            | Self::MoveNotes(_)
            | Self::SetNote { .. }
            | Self::SetControl { .. } => Reach::Nothing,
            Self::SetProperty { filter, key, value } => {
                // A group's property is one of a filter inside.
                if let Some(NodeKind::Group(group)) = graph.filters.get(filter).map(|it| &it.kind) {
                    let mut shown = group.properties.iter();
                    let Some(it) = shown.find(|it| it.key == *key) else {
                        return Reach::Nothing;
                    };
                    let Some((id, groups)) = it.inner.0.split_last() else {
                        return Reach::Nothing;
                    };
                    let place = FilterPath::from(groups);
                    let Some(inner) = group.graph.graph_at(&place) else {
                        return Reach::Plan;
                    };
                    let mut ids = path.child(*filter).0;
                    ids.extend(place.0);
                    let edit = Self::SetProperty {
                        filter: *id,
                        key: it.property.clone(),
                        value: value.clone(),
                    };
                    return edit.reach_at(inner, &FilterPath(ids), catalogue);
                }
                let has_slot = || {
                    let node = graph.filter(*filter)?;
                    let kind = catalogue.get(&node.key)?.descriptor();
                    let (_, property) = kind.property(key)?;
                    property.has_slot(value.as_ref()).then_some(())
                };
                match has_slot() {
                    Some(()) => Reach::Values(BTreeSet::from([(path.child(*filter), key.clone())])),
                    None => Reach::Plan,
                }
            }
            Self::Within { group, edit } => match graph.filters.get(group).map(|it| &it.kind) {
                Some(NodeKind::Group(inner)) => {
                    edit.reach_at(&inner.graph, &path.child(*group), catalogue)
                }
                _ => Reach::Plan,
            },
            Self::Batch(edits) => edits.iter().fold(Reach::Nothing, |reach, edit| {
                reach.and(edit.reach_at(graph, path, catalogue))
            }),
            _ => Reach::Plan,
        }
    }

    /// The filters and groups that go from one path to another, in order. They stay what they are: what plays goes on.
    pub fn moves(&self) -> Vec<(FilterPath, FilterPath)> {
        let inside = |group: &FilterId, id: &FilterId| FilterPath::from(vec![*group, *id]);
        match self {
            Self::MoveInto { group, filters } => filters
                .iter()
                .map(|(here, there)| (FilterPath::of(*here), inside(group, there)))
                .collect(),
            Self::MoveOut { group, filters } => filters
                .iter()
                .map(|(here, there)| (inside(group, there), FilterPath::of(*here)))
                .collect(),
            Self::Within { group, edit } => {
                let around = |path: FilterPath| {
                    let mut ids = vec![*group];
                    ids.extend(path.0);
                    FilterPath::from(ids)
                };
                let moves = edit.moves().into_iter();
                moves.map(|(from, to)| (around(from), around(to))).collect()
            }
            Self::Batch(edits) => edits.iter().flat_map(Self::moves).collect(),
            _ => vec![],
        }
    }

    /// The group that holds everything it changes; empty: the outermost graph.
    pub fn place(&self) -> FilterPath {
        match self {
            Self::Within { group, edit } => {
                let mut ids = vec![*group];
                ids.extend(edit.place().0);
                FilterPath::from(ids)
            }
            Self::Batch(edits) => common_place(edits),
            // The pins of a group are set from inside.
            Self::SetPins { group, .. } => FilterPath::of(*group),
            _ => FilterPath::default(),
        }
    }

    /// The same change inside nested groups, the outermost first.
    pub fn within(self, groups: &[FilterId]) -> Self {
        groups.iter().rev().fold(self, |edit, group| Self::Within {
            group: *group,
            edit: Box::new(edit),
        })
    }

    /// A new filter of a kind, called by its title or `Title 2`. Its id is [`Graph::fresh_id`].
    pub fn add_filter(graph: &Graph, key: &str, title: &str, position: Position) -> Self {
        Self::Add {
            id: graph.fresh_id(),
            node: Node {
                name: graph.unique_name(title),
                position,
                kind: NodeKind::Filter(FilterNode {
                    key: key.to_owned(),
                    ..FilterNode::default()
                }),
            },
        }
    }
}

/// The innermost group that holds everything that some edits change.
pub(super) fn common_place(edits: &[Edit]) -> FilterPath {
    let mut places = edits.iter().map(Edit::place);
    let Some(mut shared) = places.next() else {
        return FilterPath::default();
    };
    for place in places {
        let same = shared.0.iter().zip(&place.0).take_while(|(a, b)| a == b);
        let depth = same.count();
        shared.0.truncate(depth);
    }
    shared
}
