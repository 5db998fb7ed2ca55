//! `ksgraph pack GRAPH FILTER...` and `unpack`: a group becomes a filter of the catalogue, in a file of its own, and the
//! graph names it from then on; a filter that was packed becomes a group again.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::failure::Failure;
use super::names::{Name, find};
use super::script::{Script, Writing};
use super::{Answer, load};
use crate::app::Folders;
use crate::app::packing;
use crate::graph::{
    Edit, FilterId, FilterNode, FilterPath, Fold, Group, NodeKind, Recipe, fold, inside_of, key_of,
    own, unfolded,
};
use crate::ks::ids::{Guid, category};
use crate::ks::merit;

/// What `pack` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  ksgraph pack song.ron \"Group\" --title \"Warm Echo\" --show \"Delay.feedback=Feedback\" --show \"Gain.level=Drive\"\n  ksgraph pack song.ron Gain Delay --title \"Warm Echo\" --category DATATRANSFORM --about \"An echo behind a soft gain.\"\n  ksgraph filters warm_echo"
)]
pub(super) struct Pack {
    /// The graph
    graph: PathBuf,
    /// The group, or the filters that are to be one: names or #id
    #[arg(required = true)]
    filters: Vec<String>,
    /// What people call it
    #[arg(long)]
    title: String,
    /// The name in files; without it made of the title
    #[arg(long)]
    key: Option<String>,
    /// What it does, on its page of the manual
    #[arg(long, default_value = "")]
    about: String,
    /// A category: `DATATRANSFORM`, `Mixer` or a GUID; as many as you like
    #[arg(long)]
    category: Vec<String>,
    /// How gladly it is taken when graphs are built by themselves; without it as the part of it that is taken least gladly
    #[arg(long)]
    merit: Option<Merit>,
    /// A property of a filter inside that it shows, and under which title: FILTER.PROPERTY[=TITLE]
    #[arg(long, value_name = "FILTER.PROPERTY[=TITLE]")]
    show: Vec<String>,
    /// Write over a filter of that key
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    writing: Writing,
}

/// What `unpack` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph unpack song.ron \"Warm Echo\"")]
pub(super) struct Unpack {
    /// The graph
    graph: PathBuf,
    /// The filter: its name or #id
    filter: String,
    #[command(flatten)]
    writing: Writing,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Merit {
    Preferred,
    Normal,
    Unlikely,
    ByHand,
}

impl Merit {
    fn figure(self) -> u32 {
        match self {
            Self::Preferred => merit::PREFERRED,
            Self::Normal => merit::NORMAL,
            Self::Unlikely => merit::UNLIKELY,
            Self::ByHand => merit::DO_NOT_USE,
        }
    }
}

/// Folders that were named on the command line.
pub(super) struct Places {
    /// Of files that declare filters.
    pub(super) asked: Option<PathBuf>,
    /// Of the user.
    pub(super) own: Option<PathBuf>,
}

pub(super) fn pack(it: &Pack, places: &Places) -> Result<Answer, Failure> {
    let tried = format!("make the filter {}", it.title);
    let asked = places.asked.clone();
    let own = || Folders::find(places.own.as_deref()).map(|own| own.filters());
    let folder = asked.or_else(own).ok_or_else(|| {
        Failure::usage(&tried, "there is no folder of the user").cure("name one: --filters DIR")
    })?;
    let mut script = Script::new(load::read(&it.graph)?);
    let (level, id) = gathered(&mut script, it, &tried)?;
    let group = group_at(&script, &level, id)
        .ok_or_else(|| Failure::usage(&tried, "it is no group"))?
        .clone();
    let catalogue = &script.bench.catalogue;
    let base = script.document.base.as_deref();
    let mut recipe = packing::recipe_of(it.title.trim(), &group, catalogue, base);
    recipe.key = it.key.clone().unwrap_or_else(|| key_of(&it.title));
    recipe.help.clone_from(&it.about);
    recipe.merit = it.merit.map(Merit::figure);
    recipe.categories = categories(&it.category, &tried)?;
    for text in &it.show {
        show(&mut recipe, text, &script, &tried)?;
    }
    let key = recipe.key.clone();
    let file = packing::file_of(&folder, &key);
    let shown: Vec<String> = recipe
        .group
        .properties
        .iter()
        .map(|it| it.key.clone())
        .collect();
    let changed = packing::pack(recipe, &folder, catalogue, it.replace)
        .map_err(|reason| Failure::no(&tried, reason).cure("--replace, --key or --title"))?;
    script.bench.catalogue = changed;
    let node = FilterNode {
        key: key.clone(),
        ..FilterNode::default()
    };
    if let Some(inside) = inside_of(&script.bench.catalogue, &key) {
        let to = Box::new(unfolded(node, &inside.original));
        script.edit(&level, Edit::SetGroup { group: id, to }, &tried)?;
    }
    let document = json!({
        "command": "pack", "id": id.0, "key": key, "file": file.to_string_lossy(), "properties": shown,
    });
    script.did(
        &format!("{} is the filter {key} in {}", it.title, file.display()),
        document,
    );
    script.finish(None, &it.writing)
}

/// The one group that was named, or a new one of the filters that were.
fn gathered(
    script: &mut Script,
    it: &Pack,
    tried: &str,
) -> Result<(FilterPath, FilterId), Failure> {
    let mut level: Option<FilterPath> = None;
    let mut ids = BTreeSet::new();
    let mut is_group = false;
    for text in &it.filters {
        let name = Name::read_in(script.document.graph(), text)?;
        if name.member().is_some() {
            return Err(Failure::usage(
                tried,
                format!("wanted a filter, not the pin {text}"),
            ));
        }
        let (found, mut place) = find(script.document.graph(), &name)?;
        is_group = matches!(found.node.kind, NodeKind::Group(_));
        ids.insert(found.id);
        place.0.pop();
        if level.as_ref().is_some_and(|level| *level != place) {
            return Err(
                Failure::usage(tried, "these filters stand in different groups")
                    .cure("name filters that stand side by side"),
            );
        }
        level = Some(place);
    }
    let level = level.unwrap_or_default();
    if let (true, 1, Some(only)) = (is_group, ids.len(), ids.first()) {
        return Ok((level, *only));
    }
    let graph = script.document.graph();
    let around = graph.graph_at(&level).unwrap_or(graph);
    let shown: Vec<_> = match graph.at(&level).map(|node| &node.kind) {
        Some(NodeKind::Group(group)) => group.pins.iter().map(|pin| pin.inner.clone()).collect(),
        _ => vec![],
    };
    let id = around.fresh_id();
    let what = Fold {
        filters: &ids,
        notes: &BTreeSet::new(),
        shown: &shown,
        id,
        name: it.title.trim(),
    };
    let folding = fold(around, &what).ok_or_else(|| Failure::usage(tried, "it has no filters"))?;
    let edit = match level.0.split_last() {
        Some((group, groups)) => {
            let outer = FilterPath::from(groups);
            let outer = graph.graph_at(&outer).unwrap_or(graph);
            folding.in_group(outer, *group).within(groups)
        }
        None => folding.edit,
    };
    script.edit(&FilterPath::default(), edit, tried)?;
    Ok((level, id))
}

fn group_at<'a>(script: &'a Script, level: &FilterPath, id: FilterId) -> Option<&'a Group> {
    match &script.document.graph().at(&level.child(id))?.kind {
        NodeKind::Group(group) => Some(group),
        NodeKind::Filter(_) => None,
    }
}

fn categories(names: &[String], tried: &str) -> Result<Vec<Guid>, Failure> {
    let plain = |text: &str| {
        let text = text.to_uppercase().replace([' ', '_'], "");
        text.strip_prefix("KSCATEGORY").unwrap_or(&text).to_owned()
    };
    let mut ids = vec![category::AUDIO];
    for name in names {
        let known = category::ALL.iter().copied();
        let known = known.filter(|id| *id != category::AUDIO_DEVICE);
        let mut known = known.filter(|id| id.name().is_some_and(|it| plain(it) == plain(name)));
        let id = known.next().or_else(|| name.parse().ok());
        let names: Vec<&str> = category::ALL.iter().filter_map(|id| id.name()).collect();
        ids.push(id.ok_or_else(|| {
            Failure::usage(tried, format!("{name:?} is no category"))
                .cure(format!("a GUID, or one of {}", names.join(", ")))
        })?);
    }
    if ids.len() == 1 {
        ids.push(category::DATATRANSFORM);
    }
    ids.dedup();
    Ok(ids)
}

/// `Delay.feedback=Feedback`, names as inside the group.
fn show(recipe: &mut Recipe, text: &str, script: &Script, tried: &str) -> Result<(), Failure> {
    let (name, title) = match text.split_once('=') {
        Some((name, title)) => (name, Some(title.trim())),
        None => (text, None),
    };
    let graph = &recipe.group.graph;
    let name = Name::with_member(graph, name, "PROPERTY")?;
    let key = name.member().unwrap_or_default().to_owned();
    let (found, path) = find(graph, &name)?;
    let kind = found.node.kind.filter();
    let kind = kind.and_then(|it| script.bench.catalogue.get(&it.key));
    let Some(kind) = kind.map(|it| it.descriptor()) else {
        let stopped = format!("{} is no filter that is installed", found.node.name);
        return Err(Failure::not_found(tried, stopped));
    };
    let Some((_, property)) = kind.property(&key) else {
        let keys: Vec<&str> = kind.properties.iter().map(|it| it.key).collect();
        let stopped = format!("{} has no property {key:?}", found.node.name);
        return Err(Failure::not_found(tried, stopped).cure(format!("one of {}", keys.join(", "))));
    };
    let title = title.filter(|it| !it.is_empty()).unwrap_or(property.title);
    recipe.show(path, &key, title);
    Ok(())
}

pub(super) fn unpack(it: &Unpack) -> Result<Answer, Failure> {
    let mut script = Script::new(load::read(&it.graph)?);
    let tried = format!("make {} a group", it.filter);
    let name = Name::read_in(script.document.graph(), &it.filter)?;
    let (found, mut level) = find(script.document.graph(), &name)?;
    let (id, name) = (found.id, found.node.name.clone());
    let group = match &found.node.kind {
        NodeKind::Group(group) if group.instance.is_some() => own(group),
        NodeKind::Group(_) => {
            return Err(Failure::usage(tried, format!("{name} is a group already")));
        }
        NodeKind::Filter(_) => {
            return Err(
                Failure::usage(tried, format!("{name} is not made of other filters"))
                    .cure("`ksgraph filters KEY` says what a filter is made of"),
            );
        }
    };
    level.0.pop();
    let to = Box::new(group);
    script.edit(&level, Edit::SetGroup { group: id, to }, &tried)?;
    let document = json!({ "command": "unpack", "id": id.0, "name": name });
    script.did(&format!("{name} is a group"), document);
    script.finish(None, &it.writing)
}
