//! Names on the command line: `FILTER`, `group/filter`, `#3`, `FILTER.PIN`, `FILTER.pin[2]`, `"a.b".out`.
//!
//! Lives here: reading them and finding what they name. A name holds dots or slashes only in quotes.

use super::failure::Failure;
use crate::graph::{
    Connection, FilterId, FilterPath, Graph, Group, Node, NodeKind, PinAddress, PinRef,
};

/// One word of a name: what stood in quotes, or not.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Word {
    text: String,
    is_quoted: bool,
}

impl Word {
    fn names(&self, id: FilterId, node: &Node) -> bool {
        match self.id() {
            Some(wanted) => wanted == id,
            None => node.name == self.text,
        }
    }

    fn id(&self) -> Option<FilterId> {
        let digits = self.text.strip_prefix('#').filter(|_| !self.is_quoted)?;
        digits.parse().ok().map(FilterId)
    }
}

/// A name that was read, not yet looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Name {
    filter: Vec<Word>,
    /// What stood behind the dot.
    member: Option<String>,
    /// The number in brackets behind it.
    instance: Option<u32>,
}

impl Name {
    /// Reads `FILTER` or `FILTER.MEMBER`.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let first = read(text);
        // The whole of it in quotes, as in a batch line: what is inside is the name.
        match (&first, unquoted(text)) {
            (Ok(name), Some(inner)) if name.member.is_none() => Ok(read(&inner)
                .ok()
                .filter(|inner| inner.member.is_some())
                .unwrap_or_else(|| name.clone())),
            _ => first,
        }
    }

    /// Reads a name with a graph at hand: one that holds dots or slashes is understood without quotes as well, as the
    /// program prints it, where nothing else has that name.
    pub(super) fn read_in(graph: &Graph, text: &str) -> Result<Self, Failure> {
        let strict = Self::read(text);
        if strict.as_ref().is_ok_and(|name| find(graph, name).is_ok()) {
            return strict;
        }
        let mut names = graph.filters.values().map(|node| &node.name);
        let bare = names.find_map(|name| {
            let behind = text.strip_prefix(name.as_str())?;
            let member = match behind {
                "" => String::new(),
                behind => format!(".{}", behind.strip_prefix('.')?),
            };
            read(&format!("{}{member}", quoted(name))).ok()
        });
        bare.map_or(strict, Ok)
    }

    /// Reads `FILTER.PIN` or `FILTER.PROPERTY`.
    pub(super) fn with_member(graph: &Graph, text: &str, wanted: &str) -> Result<Self, Failure> {
        let name = Self::read_in(graph, text)?;
        match name.member {
            Some(_) => Ok(name),
            None => Err(Failure::usage(
                format!("read {text:?}"),
                format!("it names no {wanted}; wanted FILTER.{wanted}"),
            )
            .cure("put a dot between them; quote a name that holds dots: \"a.b\".out")),
        }
    }

    /// What stood behind the dot.
    pub(super) fn member(&self) -> Option<&str> {
        self.member.as_deref()
    }
}

/// A box of a graph and the graph it stands in.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) graph: &'a Graph,
    pub(super) id: FilterId,
    pub(super) node: &'a Node,
}

/// Finds a filter or group. The path is the ids from the outside in, its own last.
pub(super) fn find<'a>(graph: &'a Graph, name: &Name) -> Result<(Found<'a>, FilterPath), Failure> {
    let mut level = graph;
    let mut path = FilterPath::default();
    let mut at = 0;
    loop {
        let word = &name.filter[at];
        let node = level
            .filters
            .iter()
            .find(|(id, node)| word.names(**id, node));
        let Some((&id, node)) = node else {
            return Err(unknown(level, word));
        };
        path.0.push(id);
        at += 1;
        if at == name.filter.len() {
            let found = Found {
                graph: level,
                id,
                node,
            };
            return Ok((found, path));
        }
        match &node.kind {
            NodeKind::Group(group) => level = &group.graph,
            NodeKind::Filter(_) => {
                return Err(Failure::not_found(
                    format!("find {:?}", name.filter[at].text),
                    format!("{} is a filter, not a group", node.name),
                )
                .cure("quote a name that holds slashes: \"a/b\".out"));
            }
        }
    }
}

fn unknown(level: &Graph, word: &Word) -> Failure {
    let names: Vec<String> = level
        .filters
        .iter()
        .map(|(id, node)| format!("{} ({id})", node.name))
        .collect();
    let failure = Failure::not_found(
        format!("find the filter {}", word.text),
        "the graph has no filter of that name",
    );
    if names.is_empty() {
        return failure.cure("the graph is empty: add a filter first");
    }
    failure.cure(format!("one of {}", names.join(", ")))
}

/// The pin of a document that `FILTER.PIN` names, as an edit wants it. `instance` is given when the text gave one.
pub(super) fn pin_ref(graph: &Graph, text: &str) -> Result<(FilterPath, PinRef, bool), Failure> {
    let name = Name::with_member(graph, text, "PIN")?;
    let (found, mut path) = find(graph, &name)?;
    path.0.pop();
    let pin = PinRef {
        filter: found.id,
        pin: name.member.clone().unwrap_or_default(),
        instance: name.instance.unwrap_or(0),
    };
    Ok((path, pin, name.instance.is_some()))
}

/// The pin in the flat graph that a pin of the document stands for: groups' pins lead inside.
pub(super) fn address(graph: &Graph, level: &FilterPath, pin: &PinRef) -> PinAddress {
    let mut path = level.clone();
    let mut level = graph_at(graph, level).unwrap_or(graph);
    let mut pin = pin;
    loop {
        path.0.push(pin.filter);
        let inside = level
            .filters
            .get(&pin.filter)
            .and_then(|node| match &node.kind {
                NodeKind::Group(group) => inner(group, &pin.pin).map(|inner| (group, inner)),
                NodeKind::Filter(_) => None,
            });
        match inside {
            Some((group, inner)) => {
                level = &group.graph;
                pin = inner;
            }
            None => {
                return PinAddress {
                    filter: path,
                    pin: pin.pin.clone(),
                    instance: pin.instance,
                };
            }
        }
    }
}

fn inner<'a>(group: &'a Group, name: &str) -> Option<&'a PinRef> {
    let pin = group.pins.iter().find(|pin| pin.name == name)?;
    Some(&pin.inner)
}

/// The graph inside the groups at `path`.
pub(super) fn graph_at<'a>(graph: &'a Graph, path: &FilterPath) -> Option<&'a Graph> {
    let mut level = graph;
    for id in &path.0 {
        match &level.filters.get(id)?.kind {
            NodeKind::Group(group) => level = &group.graph,
            NodeKind::Filter(_) => return None,
        }
    }
    Some(level)
}

/// Index of the wire between two pins. An instance that was not given may be any, if only one fits.
pub(super) fn connection(
    level: &Graph,
    from: (&PinRef, bool),
    to: (&PinRef, bool),
) -> Option<usize> {
    let same = |pin: &PinRef, wanted: &PinRef| pin.filter == wanted.filter && pin.pin == wanted.pin;
    let exact = |wire: &Connection| wire.from == *from.0 && wire.to == *to.0;
    let loose = |wire: &Connection| {
        same(&wire.from, from.0)
            && same(&wire.to, to.0)
            && (!from.1 || wire.from.instance == from.0.instance)
            && (!to.1 || wire.to.instance == to.0.instance)
    };
    let wires = &level.connections;
    wires.iter().position(|wire| exact(wire)).or_else(|| {
        let mut fitting = wires.iter().enumerate().filter(|(_, wire)| loose(wire));
        let first = fitting.next()?.0;
        fitting.next().is_none().then_some(first)
    })
}

/// A name in quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What stands in a text that is one pair of quotes from end to end.
pub(super) fn unquoted(text: &str) -> Option<String> {
    let mut rest = text.strip_prefix('"')?.chars();
    let mut inner = String::new();
    loop {
        match rest.next()? {
            '"' => return rest.as_str().is_empty().then_some(inner),
            '\\' => inner.push(rest.next()?),
            other => inner.push(other),
        }
    }
}

fn read(text: &str) -> Result<Name, Failure> {
    let wrong = |what: String| {
        Failure::usage(format!("read the name {text:?}"), what)
            .cure("FILTER, #id, group/filter, FILTER.PIN or FILTER.PIN[2]; quotes for names that hold dots or slashes")
    };
    let mut rest = text;
    let mut filter = vec![];
    let mut member = None;
    loop {
        let (word, behind) = word(rest).map_err(wrong)?;
        if word.text.is_empty() {
            return Err(wrong("a part of it is empty".into()));
        }
        filter.push(word);
        rest = behind;
        if let Some(behind) = rest.strip_prefix('/') {
            rest = behind;
        } else {
            break;
        }
    }
    let mut instance = None;
    if let Some(behind) = rest.strip_prefix('.') {
        let (name, mut behind) = match behind.starts_with('"') {
            true => {
                let (word, behind) = word(behind).map_err(wrong)?;
                (word.text, behind)
            }
            false => {
                let end = behind.find(['.', '/', '[']).unwrap_or(behind.len());
                (behind[..end].to_owned(), &behind[end..])
            }
        };
        if name.is_empty() {
            return Err(wrong("nothing stands behind the dot".into()));
        }
        if let Some(number) = behind.strip_prefix('[') {
            let number = number.strip_suffix(']').map(str::parse);
            let Some(Ok(number)) = number else {
                return Err(wrong("wanted a whole number in brackets at the end".into()));
            };
            instance = Some(number);
            behind = "";
        }
        if !behind.is_empty() {
            return Err(wrong(format!("{behind:?} is left over")));
        }
        member = Some(name);
    } else if !rest.is_empty() {
        return Err(wrong(format!("{rest:?} is left over")));
    }
    Ok(Name {
        filter,
        member,
        instance,
    })
}

/// One word up to a dot or slash, or what stands in quotes.
fn word(text: &str) -> Result<(Word, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(['.', '/']).unwrap_or(text.len());
        let word = Word {
            text: text[..end].to_owned(),
            is_quoted: false,
        };
        return Ok((word, &text[end..]));
    };
    let mut inner = String::new();
    let mut rest = quoted.chars();
    loop {
        match rest.next() {
            None => return Err("a quote is not closed".into()),
            Some('"') => break,
            Some('\\') => inner.extend(rest.next()),
            Some(other) => inner.push(other),
        }
    }
    let word = Word {
        text: inner,
        is_quoted: true,
    };
    Ok((word, rest.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(Vec<String>, Option<String>, Option<u32>)> {
        let name = Name::read(text).ok()?;
        let words = name.filter.into_iter().map(|word| word.text).collect();
        Some((words, name.member, name.instance))
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        let expect = |text: &str, words: &[&str], member: Option<&str>, instance| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            let member = member.map(str::to_owned);
            assert_eq!(parts(text), Some((words, member, instance)), "{text}");
        };
        expect("Tone", &["Tone"], None, None);
        expect("Tone Synth.out", &["Tone Synth"], Some("out"), None);
        expect("rack/Mixer.in[2]", &["rack", "Mixer"], Some("in"), Some(2));
        expect("#3.out", &["#3"], Some("out"), None);
        expect("\"a.b\".out", &["a.b"], Some("out"), None);
        expect("\"a \\\"b\\\"/c\"", &["a \"b\"/c"], None, None);
        expect("\"My Tone.out\"", &["My Tone"], Some("out"), None);
        for wrong in [
            "", ".", "a.", "a..b", "\"a", "a.b.c", "a.in[", "a.in[x]", "a/", "a.in[1]x",
        ] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_name_is_written_so_that_it_can_be_read() {
        for name in ["Tone", "a.b", "a/b", "#3", "say \"x\"", "back\\slash."] {
            let read = Name::read(&format!("{}.out", quoted(name))).unwrap();
            assert_eq!(read.filter.len(), 1, "{name}");
            assert_eq!(read.filter[0].text, name);
            assert_eq!(read.filter[0].id(), None, "{name}");
        }
    }
}
