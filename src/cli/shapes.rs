//! The shapes of the command line's documents: a public interface.

use serde_json::{Value as Json, json};

use crate::app::{Dropout, Mishap};
use crate::graph::pipes::{End, memory_words, pin_words};
use crate::graph::{Agreement, Pipes, Problem, Refusal, Way, Wiring};
use crate::ks::ids::category;
use crate::ks::{
    DataFormat, DataRange, Descriptor, Domain, FramingItem, Kind, Limits, NodePin, PinFactory,
    Property, UNLIMITED, Value,
};

/// A number that is none when there is no limit.
fn limit(number: u32) -> Json {
    if number == UNLIMITED {
        Json::Null
    } else {
        json!(number)
    }
}

/// A number of any size; whole ones without a fraction.
pub(super) fn number(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        json!(number as i64)
    } else {
        json!(number)
    }
}

pub(super) fn value(value: &Value) -> Json {
    match value {
        Value::Flag(flag) => json!(flag),
        Value::Number(figure) => number(*figure),
        Value::Text(text) => json!(text),
    }
}

pub(super) fn format(format: &DataFormat) -> Json {
    let kind = format.kind().name();
    match format.audio {
        Some(audio) => json!({
            "kind": kind,
            "rate_hz": audio.rate_hz,
            "channels": audio.channels,
            "bits": audio.bits,
            "float": format.is_float(),
            "text": format.to_string(),
        }),
        None => json!({ "kind": kind, "text": format.to_string() }),
    }
}

pub(super) fn range(range: &DataRange) -> Json {
    let mut document = json!({
        "kind": range.kind().name(),
        "major": format!("{:?}", range.major),
        "sub": format!("{:?}", range.sub),
        "specifier": format!("{:?}", range.specifier),
    });
    match &range.limits {
        Limits::Audio(limits) => {
            document["min_rate_hz"] = json!(limits.min_rate_hz);
            document["max_rate_hz"] = limit(limits.max_rate_hz);
            document["min_channels"] = json!(limits.min_channels);
            document["max_channels"] = limit(limits.max_channels);
            document["min_bits"] = json!(limits.min_bits);
            document["max_bits"] = limit(limits.max_bits);
        }
        Limits::Music(limits) => {
            document["technology"] = json!(format!("{:?}", limits.technology));
            document["channels"] = json!(limits.channels);
            document["notes"] = json!(limits.notes);
            document["channel_mask"] = json!(limits.channel_mask);
        }
        Limits::None => {}
    }
    document
}

/// A range in a few words: `float 32 bit, 8000 to 384000 Hz, 1 to 8 channels`.
pub(super) fn range_words(range: &DataRange) -> String {
    let Some(limits) = range.audio_limits() else {
        return format!("{:?}", range.sub);
    };
    let span = |low: u32, high: u32, unit: &str| match (low, high) {
        (low, high) if low == high => format!("{low} {unit}"),
        (0 | 1, UNLIMITED) => format!("any {unit}"),
        (low, UNLIMITED) => format!("{low} {unit} or more"),
        (low, high) => format!("{low} to {high} {unit}"),
    };
    format!(
        "{:?}, {}, {}, {}",
        range.sub,
        span(limits.min_bits, limits.max_bits, "bits"),
        span(limits.min_rate_hz, limits.max_rate_hz, "Hz"),
        span(limits.min_channels, limits.max_channels, "channels"),
    )
}

/// What two pins agreed. `frame_samples` is the longest frame on the wire.
pub(super) fn agreement(agreed: &Agreement, frame_samples: usize) -> Json {
    let is_sound = agreed.format.kind() == Kind::Audio;
    let bytes = u64::from(agreed.format.sample_size()) * frame_samples as u64;
    json!({
        "medium": agreed.medium.text(),
        "interface": agreed.interface.text(),
        "format": format(&agreed.format),
        "framing": {
            "requests": if agreed.is_push { "push" } else { "pull" },
            "frames": u8::from(!agreed.medium.is_hard_wired()),
            "samples": is_sound.then_some(frame_samples),
            "bytes": is_sound.then_some(bytes),
        },
    })
}

pub(super) fn refusal(refusal: &Refusal) -> Json {
    let cures: Vec<Json> = refusal
        .cures
        .iter()
        .map(|cure| {
            json!({
                "kind": cure.kind.name(),
                "cost": cure.cost,
                "inserts": cure.inserts,
                "text": cure.text,
            })
        })
        .collect();
    json!({
        "rule": refusal.rule,
        "status": refusal.status.name(),
        "step": refusal.step.name(),
        "from": refusal.from,
        "to": refusal.to,
        "offered": refusal.offered,
        "wanted": refusal.wanted,
        "text": refusal.sentence(),
        "cures": cures,
        "advice": (!refusal.advice.is_empty()).then_some(&refusal.advice),
    })
}

/// Every wire tells of its pipe: of one that is as long as a graph is large, so many of its wires and how many there are.
const TOLD_OF_A_PIPE: usize = 256;

/// The frames of a wire: figures, who decided each, and why.
pub(super) fn framing(wiring: &Wiring, pipes: &Pipes, index: usize) -> Json {
    let wire = &wiring.wires[index];
    let requests = match &wire.outcome {
        Ok(agreed) if agreed.is_push => "push",
        _ => "pull",
    };
    let path = pipes.path_words(wiring, index);
    let Some(pipe) = pipes.of(index) else {
        return json!({ "requests": requests, "path": path, "frames": 0 });
    };
    let is_sound = pipe.samples > 0;
    let by = |end: Option<End>| end.map(|end| pin_words(wiring, end));
    let figure = |end: Option<End>, why: &str| json!({ "by": by(end), "why": why });
    let unheard: Vec<String> = pipe.unheard.iter().filter_map(|&it| by(Some(it))).collect();
    let copied = match pipes.passage(index).map(|it| it.way) {
        Some(Way::Copy(why)) => Some(why),
        _ => None,
    };
    let ends: Vec<String> = pipe
        .wires
        .iter()
        .take(TOLD_OF_A_PIPE)
        .map(|&it| wiring.pin_text(&wiring.wires[it].to))
        .collect();
    let mut told = json!({
        "requests": requests,
        "frames": pipe.frames.value,
        "samples": is_sound.then_some(pipe.samples),
        "bytes": is_sound.then_some(pipe.size.value),
        "alignment": pipe.alignment.value,
        "memory": memory_words(pipe.memory.value),
        "owner": pipes.owner_words(wiring, pipe),
        "path": path,
        "copied_because": copied,
        "cut_anew": pipes.is_cut_anew(index),
        "latency_samples": pipes.latency_samples(index),
        "pipe": ends,
        "decided": {
            "bytes": figure(pipe.size.by, pipe.size.why),
            "frames": figure(pipe.frames.by, pipe.frames.why),
            "alignment": figure(pipe.alignment.by, pipe.alignment.why),
            "memory": figure(pipe.memory.by, pipe.memory.why),
            "owner": figure(pipe.owner.by, pipe.owner.why),
        },
        "unheard": unheard,
    });
    if pipe.wires.len() > TOLD_OF_A_PIPE {
        told["pipe_wires"] = json!(pipe.wires.len());
    }
    told
}

/// The same in a line.
pub(super) fn framing_words(wiring: &Wiring, pipes: &Pipes, index: usize) -> String {
    let path = pipes.path_words(wiring, index);
    let Some(pipe) = pipes.of(index) else {
        return path.to_owned();
    };
    let size = match pipe.samples {
        0 => "events".to_owned(),
        samples => format!("{samples} samples, {} bytes", pipe.size.value),
    };
    format!(
        "{} frames of {size}, aligned to {}, {}, {}, {path}",
        pipe.frames.value,
        pipe.alignment.value + 1,
        memory_words(pipe.memory.value),
        pipes.owner_words(wiring, pipe),
    )
}

/// One way of a pin to take frames, in words.
pub(super) fn item_words(item: &FramingItem) -> String {
    let sizes = match (item.size.min, item.size.max) {
        (0, UNLIMITED) => "any size".to_owned(),
        (min, UNLIMITED) => format!("{min} bytes or more"),
        (min, max) if min == max => format!("{min} bytes"),
        (min, max) => format!(
            "{min} to {max} bytes in steps of {}",
            item.size.stepping.max(1)
        ),
    };
    let count = match item.frames {
        0 => "any number".to_owned(),
        frames => format!("{frames} frames"),
    };
    let flags = crate::ks::framing::flag_words(item.flags);
    let alignment = item.alignment + 1;
    format!(
        "{sizes}, {count}, aligned to {alignment}, {}; {flags}",
        memory_words(item.memory)
    )
}

/// What each figure is, whose doing, and why.
pub(super) fn framing_reasons(
    wiring: &Wiring,
    pipes: &Pipes,
    index: usize,
) -> Vec<(&'static str, String, &'static str)> {
    let Some(pipe) = pipes.of(index) else {
        return vec![];
    };
    let by = |end: Option<End>| end.map_or("nobody".into(), |end| pin_words(wiring, end));
    let mut reasons = vec![
        ("size", by(pipe.size.by), pipe.size.why),
        ("frames", by(pipe.frames.by), pipe.frames.why),
        ("alignment", by(pipe.alignment.by), pipe.alignment.why),
        ("memory", by(pipe.memory.by), pipe.memory.why),
        ("owner", pipes.owner_words(wiring, pipe), pipe.owner.why),
    ];
    if let Some(Way::Copy(why)) = pipes.passage(index).map(|it| it.way) {
        reasons.push(("copied", by(None), why));
    }
    let unheard = pipe.unheard.iter();
    reasons.extend(unheard.map(|&end| ("unheard", by(Some(end)), "its wish suits nobody else")));
    reasons
}

pub(super) fn wire(wiring: &Wiring, pipes: &Pipes, index: usize, frame_samples: usize) -> Json {
    let wire = &wiring.wires[index];
    let mut document = json!({
        "from": wiring.pin_text(&wire.from),
        "to": wiring.pin_text(&wire.to),
    });
    match &wire.outcome {
        Ok(agreed) => {
            document["agreed"] = agreement(agreed, frame_samples);
            document["agreed"]["framing"] = framing(wiring, pipes, index);
        }
        Err(why) => document["refusal"] = refusal(why),
    }
    document
}

pub(super) fn problem(wiring: &Wiring, problem: &Problem, line: Option<u32>) -> Json {
    let name = problem
        .filter
        .as_ref()
        .and_then(|path| wiring.filters.get(path))
        .map(|filter| filter.name.as_str());
    json!({
        "filter": name,
        "text": problem.text,
        "blocking": problem.is_blocking,
        "line": line,
    })
}

/// What was not heard as it should have been.
pub(super) fn story(story: &Dropout) -> Json {
    let micros = |nanos: u64| nanos as f64 / 1000.0;
    json!({
        "what": match story.mishap {
            Mishap::Late => "late",
            Mishap::Dropout => "dropout",
            Mishap::Starved => "starved",
            Mishap::Muted => "muted",
        },
        "filter": story.filter.as_ref().map(|_| &story.culprit),
        "at_seconds": story.at_seconds,
        "cycle": story.cycle,
        "sample": story.position,
        "late_us": micros(story.late_nanos),
        "took_us": micros(story.took_nanos),
        "usual_us": micros(story.usual_nanos),
        "woken_late_us": micros(story.woke_late_nanos),
        "waited": story.waited,
        "device": (!story.device_name.is_empty()).then_some(&story.device_name),
        "text": story.sentence,
    })
}

/// A pin factory in short, as `get` and `check` show it.
pub(super) fn pin(pin: &PinFactory) -> Json {
    json!({
        "name": pin.name,
        "direction": pin.data_flow.name(),
        "kind": pin.kind().name(),
    })
}

/// A pin factory with all it has.
fn whole_pin(factory: &PinFactory, rate_hz: u32) -> Json {
    let mut document = pin(factory);
    let ranges: Vec<Json> = factory
        .ranges
        .iter()
        .map(|it| range(&it.at_graph_rate(rate_hz)))
        .collect();
    let mediums: Vec<String> = factory.mediums.iter().map(|medium| medium.text()).collect();
    let interfaces: Vec<String> = factory.interfaces.iter().map(|it| it.text()).collect();
    document["communication"] = json!(factory.communication.name());
    document["instances"] = json!({
        "necessary": factory.instances.necessary,
        "possible": limit(factory.instances.possible),
    });
    document["in_place_of"] = json!(factory.in_place_of);
    document["shows"] = json!(factory.shows);
    document["framing"] = json!(factory.framing);
    document["ranges"] = json!(ranges);
    document["mediums"] = json!(mediums);
    document["interfaces"] = json!(interfaces);
    document
}

/// The word for a domain.
pub(super) fn type_name(domain: &Domain) -> &'static str {
    match domain {
        Domain::Number { .. } => "number",
        Domain::Flag => "flag",
        Domain::Choice(_) => "choice",
        Domain::Text => "text",
        Domain::Path => "path",
        Domain::Device => "device",
    }
}

/// Least, greatest and step of a number; nothing for the rest.
pub(super) fn bounds(domain: &Domain) -> (Json, Json, Json) {
    match domain {
        Domain::Number { min, max, step, .. } => (number(*min), number(*max), number(*step)),
        _ => (Json::Null, Json::Null, Json::Null),
    }
}

fn property(property: &Property) -> Json {
    let (min, max, step) = bounds(&property.domain);
    let values: Vec<Json> = match property.domain {
        Domain::Choice(words) => words.iter().map(|word| json!(word)).collect(),
        Domain::Flag => vec![json!(false), json!(true)],
        _ => vec![],
    };
    json!({
        "key": property.key,
        "title": property.title,
        "type": type_name(&property.domain),
        "unit": property.unit.symbol(),
        "min": min,
        "max": max,
        "step": step,
        "default": value(&property.default_value()),
        "values": values,
        "structural": property.structural,
        "help": property.help,
    })
}

/// A kind of filter with all it has.
pub(super) fn descriptor(descriptor: &Descriptor, rate_hz: u32) -> Json {
    let categories: Vec<String> = descriptor
        .categories
        .iter()
        .map(|id| format!("{id:?}"))
        .collect();
    // As KS calls them; one of its own has no name there.
    let names: Vec<String> = descriptor
        .categories
        .iter()
        .map(|id| category::ks_name(*id).unwrap_or_else(|| id.to_string()))
        .collect();
    let pins: Vec<Json> = descriptor
        .pins
        .iter()
        .map(|pin| whole_pin(pin, rate_hz))
        .collect();
    let properties: Vec<Json> = descriptor.properties.iter().map(property).collect();
    let connections: Vec<Json> = descriptor
        .connections()
        .into_iter()
        .map(|it| json!({ "from": end(descriptor, it.from), "to": end(descriptor, it.to) }))
        .collect();
    json!({
        "key": descriptor.key,
        "title": descriptor.title,
        "help": descriptor.help,
        "categories": categories,
        "merit": descriptor.merit,
        "category_names": names,
        "pins": pins,
        "properties": properties,
        "nodes": nodes(descriptor),
        "connections": connections,
        "degrades": descriptor.degrades.map(|it| {
            json!({ "strategy": it.strategy.name(), "gives_up": it.gives_up })
        }),
    })
}

/// What is inside: node types by name and id, with the keys of the properties they have.
fn nodes(descriptor: &Descriptor) -> Vec<Json> {
    let nodes = descriptor.nodes.iter().enumerate();
    nodes
        .map(|(id, node)| {
            json!({
                "id": id,
                "name": node.name,
                "type": format!("{:?}", node.kind),
                "guid": node.kind.to_string(),
                "properties": node.properties,
            })
        })
        .collect()
}

/// One end of a connection inside: a pin of the filter by name, or a pin of a node.
fn end(descriptor: &Descriptor, end: NodePin) -> Json {
    match end {
        NodePin::Filter(pin) => {
            let name = descriptor.pins.get(pin as usize).map(|pin| &pin.name);
            json!({ "pin": name })
        }
        NodePin::Node(node, pin) => json!({ "node": node, "node_pin": pin }),
    }
}
