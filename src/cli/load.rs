//! A graph file as commands need it: read, agreed on a machine, changed and written back.
//!
//! The command line is a worker of its own, so files are probed here and at once.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use super::{names, say};
use crate::app::{move_paths, register};
use crate::device::Machine;
use crate::graph::{
    self, FileError, FilterPath, Graph, Loaded, Node, NodeKind, PinRef, Problem, Recipe, Wire,
    Wiring, negotiate, save_atomically, settle, to_ron,
};
use crate::ks::{
    Catalogue, DEFAULT_RATE_HZ, DataFlow, Descriptor, Domain, Facts, FileFact, Filter, Settings,
    Value,
};
use crate::portcls::Offline;

/// The longest frame on a wire where nobody asks for another.
pub(super) const FRAME_SAMPLES: usize = 256;
/// Problems that are said one by one; the others are counted.
const MOST_SAID: usize = 100;

/// A graph and where it came from.
pub(super) struct Document {
    pub(super) path: PathBuf,
    pub(super) loaded: Loaded,
    /// The folder of the file, absolute, for relative paths.
    pub(super) base: Option<PathBuf>,
    /// The line of each thing that the file was warned of.
    lines: OnceCell<HashMap<String, u32>>,
}

/// A pin that was named, and the groups it stands in.
pub(super) struct End {
    pub(super) level: FilterPath,
    pub(super) pin: PinRef,
    /// Whether the name said which instance.
    pub(super) is_exact: bool,
}

/// The ends of a wire.
pub(super) type Ends = (End, End);

/// A graph agreed on some machine.
pub(super) struct Bench {
    pub(super) catalogue: Catalogue,
    pub(super) facts: Facts,
    pub(super) wiring: Wiring,
}

/// Reads a graph file.
pub(super) fn read(path: &Path) -> Result<Document, Failure> {
    let loaded = graph::load(path).map_err(|error| {
        let tried = format!("read the graph {}", path.display());
        let cure = match &error {
            FileError::Disk { .. } => "check the path; `ksgraph new -o GRAPH` makes a graph",
            _ => "wanted a graph saved by this version of ksgraph (.ron)",
        };
        let failure = Failure::file(path, tried, error.to_string()).cure(cure);
        match error.spot() {
            Some(spot) => failure.at(path, spot.line),
            None => failure,
        }
    })?;
    let mut loaded = loaded;
    if LENT.with_borrow(|(_, recipes)| !recipes.is_empty()) {
        settle(&mut loaded.graph, &offline_catalogue());
    }
    Ok(Document {
        path: path.to_owned(),
        loaded,
        base: base_of(path),
        lines: OnceCell::new(),
    })
}

/// The folder of a file, absolute.
pub(super) fn base_of(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    whole.parent().map(Path::to_owned)
}

impl Document {
    /// The graph.
    pub(super) fn graph(&self) -> &Graph {
        &self.loaded.graph
    }

    /// An empty graph that will be written to `path`.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            loaded: Loaded::default(),
            base: base_of(path),
            lines: OnceCell::new(),
        }
    }

    /// The two ends of a wire that were named; both stand in the same group, or in none.
    pub(super) fn ends(&self, wiring: &Wiring, from: &str, to: &str) -> Result<Ends, Failure> {
        let tried = format!("find {from} and {to}");
        let ends = (self.end(wiring, from)?, self.end(wiring, to)?);
        if ends.0.level != ends.1.level {
            return Err(
                Failure::usage(tried, "one stands inside a group, the other does not")
                    .cure("name the pin that the group shows: GROUP.PIN"),
            );
        }
        Ok(ends)
    }

    /// A pin that was named.
    pub(super) fn end(&self, wiring: &Wiring, text: &str) -> Result<End, Failure> {
        let (level, pin, is_exact) = names::pin_ref(self.graph(), text)?;
        let end = End {
            level,
            pin,
            is_exact,
        };
        self.check_pin(wiring, &end, text)?;
        Ok(end)
    }

    /// Whether there is such a pin. Filters that are not installed may have any.
    fn check_pin(&self, wiring: &Wiring, end: &End, text: &str) -> Result<(), Failure> {
        let level = names::graph_at(self.graph(), &end.level);
        let node = level.and_then(|level| level.filters.get(&end.pin.filter));
        let pins: Vec<String> = match node.map(|node| &node.kind) {
            Some(NodeKind::Group(group)) => group.pins.iter().map(|pin| pin.name.clone()).collect(),
            Some(NodeKind::Filter(_)) => {
                let path = end.level.child(end.pin.filter);
                let wired = wiring.filters.get(&path);
                let Some(descriptor) = wired.and_then(|wired| wired.descriptor.as_deref()) else {
                    return Ok(());
                };
                descriptor
                    .pins
                    .iter()
                    .map(|pin| pin.name.to_string())
                    .collect()
            }
            None => return Ok(()),
        };
        if pins.contains(&end.pin.pin) {
            return Ok(());
        }
        let name = node.map_or("", |node| &node.name);
        Err(Failure::not_found(
            format!("find the pin {text}"),
            format!("{name} has no pin {:?}", end.pin.pin),
        )
        .cure(format!("its pins are {}", pins.join(", "))))
    }

    /// Everything that is wrong: with the file, and with the agreement. A wire that leads nowhere is told once, in the
    /// agreement's words, which name both its ends.
    pub(super) fn problems(&self, wiring: &Wiring) -> Vec<Problem> {
        let agreed = &wiring.problems;
        let told: HashSet<&str> = agreed.iter().filter_map(|it| nowhere(&it.text)).collect();
        let is_told = |text: &str| nowhere(text).is_some_and(|reason| told.contains(reason));
        let of_file = self.loaded.warnings.iter().map(|warning| Problem {
            filter: None,
            text: warning.text.clone(),
            is_blocking: warning.is_blocking,
        });
        let of_file = of_file.filter(|problem| !is_told(&problem.text));
        let agreed = agreed.iter().cloned();
        of_file.chain(agreed).collect()
    }

    /// The line of the file that a problem is about, where it can be told.
    pub(super) fn line_of(&self, problem: &Problem) -> Option<u32> {
        if let Some(filter) = &problem.filter {
            return self.loaded.filter_lines.get(filter).copied();
        }
        // A file may be wrong in as many places as it has lines.
        let lines = self.lines.get_or_init(|| {
            let mut lines = HashMap::new();
            for warning in &self.loaded.warnings {
                let text = matter(&warning.text).to_owned();
                lines.entry(text).or_insert(warning.line);
            }
            lines
        });
        lines.get(matter(&problem.text)).copied()
    }

    /// Says problems on standard error, with file and line: as many as somebody reads.
    pub(super) fn warn(&self, problems: &[Problem]) {
        for problem in problems.iter().take(MOST_SAID) {
            say(&self.problem_words(problem));
        }
        let left = problems.len().saturating_sub(MOST_SAID);
        if left > 0 {
            let path = self.path.display();
            say(&format!(
                "{path}: and {left} more; --json lists all of them"
            ));
        }
    }

    /// A problem with its place.
    pub(super) fn problem_words(&self, problem: &Problem) -> String {
        match self.line_of(problem) {
            Some(line) => format!("{}:{line}: {}", self.path.display(), problem.text),
            None => format!("{}: {}", self.path.display(), problem.text),
        }
    }

    /// Writes the graph to `output`, or back where it came from. Paths in it stay right when it goes to another folder.
    pub(super) fn write(&self, output: Option<&Path>) -> Result<(), Failure> {
        let path = output.unwrap_or(&self.path);
        let mut graph = self.graph().clone();
        let folder = base_of(path);
        if folder.is_some() {
            move_paths(
                &mut graph,
                &offline_catalogue(),
                self.base.as_deref(),
                folder.as_deref(),
            );
        }
        let text = to_ron(&graph);
        save_atomically(path, &text).map_err(|error| {
            Failure::file(
                path,
                format!("write the graph {}", path.display()),
                error.to_string(),
            )
            .cure("nothing was changed; choose a folder you may write to")
        })
    }
}

/// Filters beside the built-in ones: whole, and made of others.
pub(super) type Lent = (Vec<Arc<dyn Filter>>, Vec<Recipe>);

thread_local! {
    /// Filters beside the built-in ones, for the command that runs on this thread.
    static LENT: RefCell<Lent> = const { RefCell::new((vec![], vec![])) };
    /// What was wrong with them, told once.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(vec![]) };
}

/// From here on commands on this thread have these filters beside the built-in ones.
pub(super) fn lend(filters: Vec<Arc<dyn Filter>>, recipes: Vec<Recipe>) {
    LENT.set((filters, recipes));
    TOLD.take();
}

fn with_lent(mut catalogue: Catalogue) -> Catalogue {
    let (filters, recipes) = LENT.with_borrow(Clone::clone);
    let mut faults = vec![];
    for filter in filters {
        let registered = catalogue.register(filter);
        faults.extend(registered.err().map(|error| error.to_string()));
    }
    faults.extend(register(&mut catalogue, &recipes));
    for fault in faults {
        let is_new = TOLD.with_borrow(|told| !told.contains(&fault));
        if is_new {
            say(&fault);
            TOLD.with_borrow_mut(|told| told.push(fault));
        }
    }
    catalogue
}

/// All filters, on a machine without devices.
pub(super) fn offline_catalogue() -> Catalogue {
    with_lent(crate::filters::catalogue(
        Arc::new(Offline),
        Arc::new(Offline),
    ))
}

/// All filters, on this machine.
pub(super) fn live_catalogue() -> Catalogue {
    with_lent(crate::filters::catalogue(
        Arc::new(Machine),
        Arc::new(Machine),
    ))
}

/// The graph agreed on the nominal machine.
pub(super) fn nominal(document: &Document, rate_hz: Option<u32>) -> Bench {
    let facts = Facts::nominal_at(rate_hz.unwrap_or(DEFAULT_RATE_HZ));
    agree(document, offline_catalogue(), facts)
}

/// The graph agreed on a machine of which `facts` are known.
pub(super) fn agree(document: &Document, catalogue: Catalogue, mut facts: Facts) -> Bench {
    let base = document.base.as_deref();
    probe_all(document.graph(), &catalogue, base, &mut facts);
    let wiring = negotiate(document.graph(), &catalogue, &facts, base);
    Bench {
        catalogue,
        facts,
        wiring,
    }
}

/// Probes every file that is not known yet.
pub(super) fn probe_all(
    graph: &Graph,
    catalogue: &Catalogue,
    base: Option<&Path>,
    facts: &mut Facts,
) {
    each_filter(graph, &mut |node| probe(node, catalogue, base, facts));
}

/// Probes the files that a source names. What a sink names is written, not read.
fn probe(node: &Node, catalogue: &Catalogue, base: Option<&Path>, facts: &mut Facts) {
    let NodeKind::Filter(filter) = &node.kind else {
        return;
    };
    let Some(descriptor) = catalogue.get(&filter.key).map(|kind| kind.descriptor()) else {
        return;
    };
    if !has_flow(descriptor, DataFlow::Out) {
        return;
    }
    let settings = Settings {
        values: &filter.values,
        base,
    };
    for property in descriptor.properties.iter() {
        if property.domain == Domain::Path
            && let Some(path) = settings.path(property)
            && !facts.files.contains_key(&path)
        {
            let fact = crate::filters::probe(&path);
            facts.files.insert(path, fact);
        }
    }
}

/// Whether a kind of filter has a pin, other than a jack, of that direction.
pub(super) fn has_flow(descriptor: &Descriptor, flow: DataFlow) -> bool {
    let mut pins = descriptor.pins.iter();
    pins.any(|pin| pin.data_flow == flow && !pin.is_bridge())
}

/// What a problem is told by: a wire that leads nowhere by its reason, whoever words it.
fn matter(text: &str) -> &str {
    nowhere(text).unwrap_or(text)
}

/// Why a wire leads nowhere, if that is what a sentence says.
fn nowhere(text: &str) -> Option<&str> {
    text.split_once("leads nowhere: ").map(|(_, reason)| reason)
}

/// The file that a filter reads and that cannot be used, with the reason.
pub(super) fn unusable(
    bench: &Bench,
    base: Option<&Path>,
    filter: &FilterPath,
) -> Option<(PathBuf, String)> {
    let filter = bench.wiring.filters.get(filter)?;
    let settings = Settings {
        values: &filter.values,
        base,
    };
    let descriptor = filter.descriptor.as_deref()?;
    // What an outsider reads only it can judge.
    let mut properties = descriptor.properties.iter();
    properties.find_map(|property| {
        let path = settings
            .path(property)
            .filter(|_| property.domain == Domain::Path)?;
        match bench.facts.file(&path) {
            FileFact::Unusable(reason) if descriptor.reads.is_empty() => {
                Some((path, reason.clone()))
            }
            _ => None,
        }
    })
}

/// What was odd in the songs that filters read: they are played as far as that goes, and the rest is told.
pub(super) fn oddities(document: &Document, bench: &Bench) -> Vec<Problem> {
    let mut problems = vec![];
    for (path, filter) in &bench.wiring.filters {
        let Some(descriptor) = &filter.descriptor else {
            continue;
        };
        let settings = Settings {
            values: &filter.values,
            base: document.base.as_deref(),
        };
        let properties = descriptor.properties.iter();
        let named = properties.filter(|property| property.domain == Domain::Path);
        // What is written is not read.
        for file in named.filter_map(|property| settings.path(property)) {
            if !has_flow(descriptor, DataFlow::Out) {
                continue;
            }
            if let FileFact::Song(song) = bench.facts.file(&file) {
                problems.extend(song.remarks.iter().map(|remark| Problem {
                    filter: Some(path.clone()),
                    text: format!("{}: {remark}", file.display()),
                    is_blocking: false,
                }));
            }
        }
    }
    problems
}

/// Refuses to play a graph whose wires begin at a file that cannot be read.
pub(super) fn check_media(document: &Document, bench: &Bench, tried: &str) -> Result<(), Failure> {
    let base = document.base.as_deref();
    let mut wires = bench.wiring.wires.iter();
    let unusable = |wire: &Wire| unusable(bench, base, &wire.from.filter);
    match wires.find_map(|wire| unusable(wire).filter(|_| bench.wiring.takes_part(wire))) {
        None => Ok(()),
        Some((file, reason)) => {
            Err(
                Failure::file(&file, tried, format!("{}: {reason}", file.display()))
                    .cure("put the file where the graph looks for it, or `ksgraph set` its path"),
            )
        }
    }
}

/// Calls for every box, groups opened.
fn each_filter(graph: &Graph, call: &mut impl FnMut(&Node)) {
    for node in graph.filters.values() {
        call(node);
        if let NodeKind::Group(group) = &node.kind {
            each_filter(&group.graph, call);
        }
    }
}

/// Gives every property that `wanted` picks, of every filter in every group, a value.
pub(super) fn override_values(
    graph: &mut Graph,
    catalogue: &Catalogue,
    wanted: &dyn Fn(&Descriptor, &crate::ks::Property) -> Option<Value>,
) -> usize {
    let mut count = 0;
    for node in graph.filters.values_mut() {
        match &mut node.kind {
            NodeKind::Group(group) => {
                count += override_values(&mut group.graph, catalogue, wanted);
            }
            NodeKind::Filter(filter) => {
                let Some(kind) = catalogue.get(&filter.key) else {
                    continue;
                };
                let descriptor = kind.descriptor();
                for property in descriptor.properties.iter() {
                    if let Some(value) = wanted(descriptor, property) {
                        filter.values.insert(property.key.to_owned(), value);
                        count += 1;
                    }
                }
            }
        }
    }
    count
}
