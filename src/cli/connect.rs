//! `ksgraph connect GRAPH FROM TO`: draws a wire, with what it takes in between. Without TO the output is rendered: led to
//! where it ends.
//!
//! How a way is found is the matter of `sysaudio`; here names become pins and attempts become lines.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::load::{self, End, FRAME_SAMPLES};
use super::script::{Script, Step, Writing};
use super::{Answer, names, shapes};
use crate::graph::{Agreement, Edit, FilterPath, PinRef, Wiring};
use crate::ks::{Catalogue, DataFormat, Descriptor, merit};
use crate::sysaudio::{Attempt, Builder, Outcome, Site, Sizes};

/// What `connect` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  ksgraph connect tone.ron \"Tone Generator.out\" \"Gain.in\" --direct\n  ksgraph connect tone.ron \"Tone Generator.out\""
)]
pub(super) struct Connect {
    /// The graph
    graph: PathBuf,
    /// The output, FILTER.PIN; without TO also a FILTER, all of whose free outputs are rendered
    #[arg(required_unless_present = "batch")]
    from: Option<String>,
    /// The input, FILTER.PIN; without it the output is rendered: led to whatever ends it, with what that takes
    to: Option<String>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    writing: Writing,
}

/// What `connect` takes in a batch.
#[derive(Args, Clone, Debug)]
pub(super) struct Words {
    /// The output
    from: String,
    /// The input
    to: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Args, Clone, Debug)]
struct How {
    /// Insert nothing between the two pins
    #[arg(long)]
    direct: bool,
    /// Render only to filters that are in the graph
    #[arg(long, conflicts_with = "to")]
    existing: bool,
    /// Insert nothing, and the wire has this format: RATE/CHANNELS/BITS, as 44100/2/i16 or 48000/2/f32
    #[arg(long, value_name = "FORMAT", requires = "to")]
    format: Option<String>,
    /// Print every attempt, as a tree
    #[arg(long)]
    log: bool,
    #[command(flatten)]
    merits: Merits,
}

/// What the user thinks of kinds of filters.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Merits {
    /// How gladly a kind of filter is taken: preferred, normal, unlikely or never, or a number; may be given several times
    #[arg(long = "merit", value_name = "KEY=MERIT")]
    own: Vec<String>,
}

impl Merits {
    /// Merits by key.
    fn read(&self, catalogue: &Catalogue) -> Result<BTreeMap<String, u32>, Failure> {
        let one = |text: &String| {
            let tried = format!("read --merit {text}");
            let (key, word) = text.split_once('=').ok_or_else(|| {
                Failure::usage(&tried, "there is no = in it").cure("--merit gain=never")
            })?;
            if catalogue.get(key).is_none() {
                let reason = format!("there is no kind of filter with the key {key:?}");
                return Err(Failure::usage(&tried, reason).cure("`ksgraph filters` lists them"));
            }
            let merit = match word {
                "preferred" => merit::PREFERRED,
                "normal" => merit::NORMAL,
                "unlikely" => merit::UNLIKELY,
                "never" => 0,
                number => number.parse().map_err(|_| {
                    Failure::usage(&tried, format!("{number:?} is no merit"))
                        .cure("preferred, normal, unlikely, never or a number")
                })?,
            };
            Ok((key.to_owned(), merit))
        };
        self.own.iter().map(one).collect()
    }
}

pub(super) fn run(it: &Connect) -> Result<Answer, Failure> {
    let script = Script::new(load::read(&it.graph)?);
    let step = it.from.clone().map(|from| {
        Step::Connect(Words {
            from,
            to: it.to.clone(),
            how: it.how.clone(),
        })
    });
    script.finish(step, &it.writing)
}

pub(super) fn step(script: &mut Script, it: &Words) -> Result<(), Failure> {
    match &it.to {
        Some(to) => wire(script, &it.from, to, &it.how),
        None => render(script, &it.from, &it.how),
    }
}

/// The two ends of a line that asks for a wire and nothing else.
pub(super) fn plain(it: &Words) -> Option<(String, String)> {
    let is_bare = !it.how.log && it.how.format.is_none();
    let to = it.to.clone().filter(|_| is_bare)?;
    Some((it.from.clone(), to))
}

/// Draws wires as they stand and agrees the graph once. False, and nothing is changed, where one of them does not hold or
/// cannot be drawn.
pub(super) fn many(script: &mut Script, list: &[(String, String)]) -> bool {
    let before = script.document.graph().clone();
    let refused = refused(script.wiring());
    let mut drawn = vec![];
    for (from_text, to_text) in list {
        let ends = script.document.ends(&script.negotiator, from_text, to_text);
        let Ok((from, to)) = ends else {
            script.restore(before);
            return false;
        };
        let level = from.level.clone();
        let (from, to) = (with_room(script, from), with_room(script, to));
        let edit = Edit::Connect(crate::sysaudio::wire(&from, &to));
        if script.edit(&level, edit, "connect").is_err() {
            script.restore(before);
            return false;
        }
        drawn.push((level, from, to));
    }
    script.wiring();
    let graph = script.document.graph();
    let agreed = drawn.iter().map(|(level, from, to)| {
        let ends = [from, to].map(|end| names::address(graph, level, end));
        let wire = script.negotiator.wire(&ends[0], &ends[1])?;
        wire.outcome.as_ref().ok().cloned()
    });
    let agreed: Option<Vec<Agreement>> = agreed.collect();
    let Some(agreed) = agreed.filter(|_| self::refused(&script.negotiator) <= refused) else {
        script.restore(before);
        return false;
    };
    for ((from, to), agreed) in list.iter().zip(&agreed) {
        let through: &[String] = &[];
        script.did(
            &format!("{from} -> {to}: {}", agreed.format),
            drawn_shape((from, to), through, through, agreed),
        );
    }
    true
}

fn refused(wiring: &Wiring) -> usize {
    let wires = wiring.wires.iter();
    wires.filter(|wire| wire.outcome.is_err()).count()
}

/// A wire that was drawn as a document.
fn drawn_shape(
    (from, to): (&str, &str),
    inserted: &[String],
    through: &[String],
    agreed: &Agreement,
) -> Json {
    json!({
        "command": "connect",
        "from": from,
        "to": to,
        "inserted": inserted,
        "through": through,
        "agreed": shapes::agreement(agreed, FRAME_SAMPLES),
    })
}

/// Calls with what builds in the graph of a script; `is_told`: with every look.
pub(super) fn with_builder<T>(
    script: &mut Script,
    level: &FilterPath,
    (is_told, merits): (bool, &Merits),
    call: impl FnOnce(&Builder<'_>, &Site) -> T,
) -> Result<T, Failure> {
    let merits = merits.read(&script.bench.catalogue)?;
    script.wiring();
    let site = script.site();
    let own = |it: &Descriptor| merits.get(&*it.key).copied().unwrap_or(it.merit);
    let builder = Builder {
        catalogue: &script.bench.catalogue,
        facts: &script.bench.facts,
        base: script.document.base.as_deref(),
        sizes: &Sizes::new(),
        merit: &own,
        level,
        is_told,
    };
    Ok(call(&builder, &site))
}

/// The format a wire is to have, of those that both pins have.
fn chosen(
    script: &Script,
    level: &FilterPath,
    (from, to): (&PinRef, &PinRef),
    text: &str,
) -> Result<DataFormat, Failure> {
    let tried = format!("choose the format {text}");
    let graph = script.document.graph();
    let ends = [from, to].map(|end| names::address(graph, level, end));
    let ends = ends.map(|end| graph.resolve(&end).unwrap_or(end));
    let choices = script.negotiator.choices(&ends[0], &ends[1]).formats;
    let words = |it: &DataFormat| {
        let audio = it.audio?;
        let letter = if it.is_float() { 'f' } else { 'i' };
        let (rate_hz, channels) = (audio.rate_hz, audio.channels);
        Some(format!("{rate_hz}/{channels}/{letter}{}", audio.bits))
    };
    let named: Vec<String> = choices.iter().filter_map(words).collect();
    let mut found = choices.into_iter();
    found
        .find(|it| words(it).is_some_and(|it| it == text))
        .ok_or_else(|| {
            let cure = match named.is_empty() {
                true => "the two pins have no sound in common: leave --format out".to_owned(),
                false => format!("one of {}", named.join(", ")),
            };
            Failure::usage(tried, "it is none of those that both pins have").cure(cure)
        })
}

fn wire(script: &mut Script, from_text: &str, to_text: &str, how: &How) -> Result<(), Failure> {
    script.wiring();
    let (from, to) = script
        .document
        .ends(&script.negotiator, from_text, to_text)?;
    let level = from.level.clone();
    let (from, to) = (with_room(script, from), with_room(script, to));
    let format = how.format.as_deref();
    let format = format
        .map(|text| chosen(script, &level, (&from, &to), text))
        .transpose()?;
    let is_direct = how.direct || format.is_some();
    let told_by = (how.log, &how.merits);
    let found = with_builder(script, &level, told_by, |builder, site| match is_direct {
        true => builder.connect_direct(site, &from, &to, format),
        false => builder.connect(site, &from, &to),
    })?;
    let built = match found {
        Ok(built) => built,
        Err(stopped) => {
            return Err(with_log(
                Failure::refused(*stopped.refusal),
                how.log,
                &stopped.attempt,
            ));
        }
    };
    let tried = format!("connect {from_text} to {to_text}");
    script.edit(&level, built.edit, &tried)?;
    let through = built.through.iter();
    let between: String = through.map(|name| format!("{name} -> ")).collect();
    let log = told(how.log, &built.attempt);
    let line = format!(
        "{log}{from_text} -> {between}{to_text}: {}",
        built.agreed.format
    );
    let (names, through) = (&built.names, &built.through);
    let mut document = drawn_shape((from_text, to_text), names, through, &built.agreed);
    if how.log {
        document["attempts"] = built.attempt.inner.iter().map(shape).collect();
        if built.attempt.inner.is_empty() {
            document["attempts"] = json!([shape(&Attempt::new("direct", built.attempt.outcome))]);
        }
    }
    script.did(&line, document);
    Ok(())
}

fn render(script: &mut Script, from_text: &str, how: &How) -> Result<(), Failure> {
    script.wiring();
    let tried = format!("render {from_text}");
    let graph = script.document.graph();
    // A filter that is named without a pin is rendered whole.
    let whole = names::Name::read_in(graph, from_text)
        .ok()
        .filter(|name| name.member().is_none())
        .map(|name| names::find(graph, &name).map(|(found, path)| (found.id, path)))
        .transpose()?;
    let told_by = (how.log, &how.merits);
    let (level, found) = match whole {
        Some((id, mut level)) => {
            level.0.pop();
            let found = with_builder(script, &level, told_by, |builder, site| {
                builder.render_filter(site, id, how.existing)
            })?;
            (level, found)
        }
        None => {
            let end = script.document.end(&script.negotiator, from_text)?;
            let level = end.level.clone();
            let from = with_room(script, end);
            let found = with_builder(script, &level, told_by, |builder, site| {
                builder.render_pin(site, &from, how.existing)
            })?;
            (level, found)
        }
    };
    let rendered = match found {
        Ok(rendered) => rendered,
        Err(attempt) => {
            let failure = Failure::no(&tried, attempt.outcome.words())
                .cure("`--log` shows what was tried; `ksgraph filters` lists what there is");
            return Err(with_log(failure, how.log, &attempt));
        }
    };
    script.edit(&level, rendered.edit, &tried)?;
    let mut line = format!(
        "{}{from_text}: {}",
        told(how.log, &rendered.attempt),
        rendered.attempt.outcome.words()
    );
    if !rendered.names.is_empty() {
        line += &format!("; added {}", rendered.names.join(", "));
    }
    let mut document = json!({
        "command": "connect",
        "from": from_text,
        "inserted": rendered.names,
        "left": rendered.left,
        "partial": !rendered.left.is_empty(),
    });
    if how.log {
        document["attempts"] = json!([shape(&rendered.attempt)]);
    }
    script.did(&line, document);
    Ok(())
}

/// The tree of attempts in lines, when it was asked for.
pub(super) fn told(is_asked: bool, attempt: &Attempt) -> String {
    if !is_asked {
        return String::new();
    }
    let lines = attempt.lines().into_iter();
    lines.map(|line| format!("{line}\n")).collect()
}

/// What was tried goes to standard error with the failure.
pub(super) fn with_log(failure: Failure, is_asked: bool, attempt: &Attempt) -> Failure {
    for line in told(is_asked, attempt).lines() {
        super::say(line);
    }
    match is_asked {
        true => failure.with("attempts", attempt.inner.iter().map(shape).collect()),
        false => failure,
    }
}

/// An attempt as a document.
pub(super) fn shape(attempt: &Attempt) -> Json {
    let refusal = match &attempt.outcome {
        Outcome::Refused(refusal) => Some(shapes::refusal(refusal)),
        _ => None,
    };
    json!({
        "attempt": attempt.what,
        "ok": attempt.outcome.holds(),
        "partial": matches!(attempt.outcome, Outcome::Partly(_)),
        "text": attempt.outcome.words(),
        "refusal": refusal,
        "inner": attempt.inner.iter().map(shape).collect::<Vec<_>>(),
    })
}

/// A pin that grows is named without its number: the next free one is meant.
fn with_room(script: &Script, end: End) -> PinRef {
    let path = end.level.child(end.pin.filter);
    let filter = script.negotiator.filters.get(&path);
    let descriptor = filter.and_then(|filter| filter.descriptor.as_deref());
    let possible = descriptor
        .and_then(|descriptor| descriptor.pin(&end.pin.pin))
        .map_or(1, |(_, pin)| pin.instances.possible);
    let mut pin = end.pin;
    if possible > 1
        && !end.is_exact
        && let Some(graph) = names::graph_at(script.document.graph(), &end.level)
        && let Some(free) = graph.free_instance(pin.filter, &pin.pin, possible)
    {
        pin.instance = free;
    }
    pin
}
