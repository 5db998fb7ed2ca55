//! `ksgraph set GRAPH FILTER.PROPERTY=VALUE ...`: properties get values; without any, the file is written anew.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::names::{Name, find, unquoted};
use super::script::{Script, Step, Writing, note};
use super::{Answer, load, shapes, timing, values};
use crate::graph::{Edit, FilterPath};

/// What `set` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph set tone.ron \"Tone Generator.frequency=440 Hz\" Gain.level=-6\n  ksgraph set cards.ron clock=system compensate=true full_quality=true rate=48000"
)]
pub(super) struct Set {
    /// The graph
    graph: PathBuf,
    /// FILTER.PROPERTY=VALUE, as many as you like; of the whole graph: clock, compensate, full_quality, rate
    assignments: Vec<String>,
    #[command(flatten)]
    writing: Writing,
}

/// What `set` takes in a batch.
#[derive(Args, Clone, Debug)]
pub(super) struct Words {
    /// FILTER.PROPERTY=VALUE
    #[arg(required = true)]
    assignments: Vec<String>,
}

pub(super) fn run(it: &Set) -> Result<Answer, Failure> {
    let script = Script::new(load::read(&it.graph)?);
    let assignments = it.assignments.clone();
    let step = (!assignments.is_empty()).then_some(Step::Set(Words { assignments }));
    script.finish(step, &it.writing)
}

pub(super) fn step(script: &mut Script, it: &Words) -> Result<(), Failure> {
    for assignment in &it.assignments {
        one(script, assignment)?;
    }
    Ok(())
}

fn one(script: &mut Script, assignment: &str) -> Result<(), Failure> {
    let tried = format!("set {assignment}");
    // The whole of it may stand in quotes, as in a batch line.
    let inner = split(assignment).map_or_else(|| unquoted(assignment), |_| None);
    let assignment = inner.as_deref().unwrap_or(assignment);
    let (name, text) = split(assignment).ok_or_else(|| {
        Failure::usage(&tried, "wanted FILTER.PROPERTY=VALUE").cure("Gain.level=-6")
    })?;
    if timing::KEYS.contains(&name.trim()) {
        return whole(script, (name.trim(), text), &tried);
    }
    let name = Name::with_member(script.document.graph(), name, "PROPERTY")?;
    let key = name.member().unwrap_or_default().to_owned();
    let (found, mut level) = find(script.document.graph(), &name)?;
    level.0.pop();
    let (id, title) = (found.id, found.node.name.clone());
    let Some(filter) = found.node.kind.filter() else {
        return Err(
            Failure::usage(tried, format!("{title} is a group and has no properties"))
                .cure("name a filter inside it: group/filter.property=value"),
        );
    };
    let kind = script.bench.catalogue.get(&filter.key).ok_or_else(|| {
        Failure::not_found(
            &tried,
            format!(
                "{title} is of the kind {:?}, which is not installed",
                filter.key
            ),
        )
        .cure("what it takes cannot be known; edit the file by hand")
    })?;
    let descriptor = kind.descriptor();
    let (_, property) = descriptor.property(&key).ok_or_else(|| {
        let keys: Vec<&str> = descriptor.properties.iter().map(|it| it.key).collect();
        Failure::not_found(&tried, format!("{title} has no property {key:?}"))
            .cure(format!("one of {}", keys.join(", ")))
    })?;
    let taken = values::read(property, text, &title)?;
    note(taken.note);
    let line = format!("{title}.{key} = {}", values::words(property, &taken.value));
    let document = json!({
        "command": "set",
        "filter": title,
        "property": key,
        "value": shapes::value(&taken.value),
    });
    let edit = Edit::SetProperty {
        filter: id,
        key,
        value: Some(taken.value),
    };
    script.edit(&level, edit, &tried)?;
    script.did(&line, document);
    Ok(())
}

/// A value of the graph itself.
fn whole(script: &mut Script, (key, text): (&str, &str), tried: &str) -> Result<(), Failure> {
    let known = &script.bench.catalogue;
    let edit = timing::read(script.document.graph(), known, (key, text), tried)?;
    script.edit(&FilterPath::default(), edit, tried)?;
    let (words, value) = timing::value(script.document.graph(), key);
    let document = json!({ "command": "set", "filter": null, "property": key, "value": value });
    script.did(&format!("{key} = {words}"), document);
    Ok(())
}

/// At the first `=` outside quotes.
fn split(text: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    let place = text.char_indices().find(|(_, letter)| {
        is_quoted ^= *letter == '"';
        *letter == '=' && !is_quoted
    })?;
    Some((&text[..place.0], &text[place.0 + 1..]))
}
