//! What holds for a whole graph and not for one filter: the clock that drives it, compensation of latency, full
//! quality, its rate. `set` and `get` name them without a dot; `play` and `render` can put another one in their place.

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::load::Document;
use super::names::{self, Name};
use crate::app::View;
use crate::app::telemetry::device;
use crate::graph::{Edit, FilterPath, Graph, Master, NodeKind, Timing};
use crate::ks::{Catalogue, Descriptor, Domain, Kind};

/// What can be named.
pub(super) const KEYS: [&str; 4] = ["clock", "compensate", "full_quality", "rate"];

/// Rates a graph may count in.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// In place of what the graph says.
#[derive(Args, Clone, Debug)]
pub(super) struct Overrides {
    /// What drives the graph, in place of what it says: `automatic`, `system` or a filter
    #[arg(long, value_name = "FILTER")]
    clock: Option<String>,
    /// Whether ways that meet wait for each other, in place of what the graph says
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    compensate: Option<String>,
    /// Whether filters do all they can under any load, in place of what the graph says
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    full_quality: Option<String>,
}

impl Overrides {
    /// Whether there is any.
    pub(super) fn any(&self) -> bool {
        self.clock.is_some() || self.compensate.is_some() || self.full_quality.is_some()
    }

    /// Puts them in.
    pub(super) fn put(&self, document: &mut Document, known: &Catalogue) -> Result<(), Failure> {
        let words = [&self.clock, &self.compensate, &self.full_quality];
        for (key, text) in KEYS.into_iter().zip(words) {
            let Some(text) = text else { continue };
            let tried = format!("take --{} {text}", key.replace('_', "-"));
            let edit = read(document.graph(), known, (key, text), &tried)?;
            crate::graph::apply(&mut document.loaded.graph, edit)
                .map_err(|error| Failure::usage(tried, error.to_string()))?;
        }
        Ok(())
    }
}

/// The edit that gives one of [`KEYS`] a value.
pub(super) fn read(
    graph: &Graph,
    known: &Catalogue,
    (key, text): (&str, &str),
    tried: &str,
) -> Result<Edit, Failure> {
    let before = graph.timing.clone();
    let timing = match key {
        "clock" => Timing {
            master: master(graph, known, text, tried)?,
            ..before
        },
        "compensate" => Timing {
            compensates: flag(text, tried)?,
            ..before
        },
        "full_quality" => Timing {
            full_quality: flag(text, tried)?,
            ..before
        },
        _ => {
            let plain = text.trim().trim_end_matches("Hz").trim();
            let rate: Option<u32> = plain.parse().ok();
            return match rate.filter(|rate| *rate == 0 || RATES.contains(rate)) {
                Some(rate) => Ok(Edit::SetRate(rate)),
                None => Err(Failure::usage(
                    tried,
                    "wanted 1000 to 768000 Hz, or 0 to leave it to the device",
                )),
            };
        }
    };
    Ok(Edit::SetTiming(timing))
}

fn flag(text: &str, tried: &str) -> Result<bool, Failure> {
    match text.trim().to_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => Err(Failure::usage(
            tried,
            format!("{text:?} is neither true nor false"),
        )),
    }
}

fn master(graph: &Graph, known: &Catalogue, text: &str, tried: &str) -> Result<Master, Failure> {
    match text.trim() {
        "automatic" => return Ok(Master::Automatic),
        "system" => return Ok(Master::System),
        _ => {}
    }
    let (found, path) = names::find(graph, &Name::read_in(graph, text.trim())?)?;
    let can = match &found.node.kind {
        NodeKind::Filter(filter) => known
            .get(&filter.key)
            .is_some_and(|it| can_drive(it.descriptor())),
        NodeKind::Group(_) => false,
    };
    if can {
        return Ok(Master::Filter(path));
    }
    let stopped = format!(
        "{} has no clock that could drive the graph",
        found.node.name
    );
    let cure =
        "name a filter that plays or records on a device, a Clock Source, `system` or `automatic`";
    Err(Failure::usage(tried, stopped).cure(cure))
}

/// Whether a filter can have a clock that drives a graph: a sound card's, or one of its own.
fn can_drive(descriptor: &Descriptor) -> bool {
    let mut properties = descriptor.properties.iter();
    let mut pins = descriptor.pins.iter();
    let is_card = properties.any(|it| it.domain == Domain::Device)
        && pins.any(|pin| pin.kind() == Kind::Audio);
    is_card || descriptor.has_own_clock()
}

/// One of [`KEYS`] as a graph has it, in words and for scripts.
pub(super) fn value(graph: &Graph, key: &str) -> (String, Json) {
    let timing = &graph.timing;
    let flag = |is_on: bool| (is_on.to_string(), json!(is_on));
    match key {
        "clock" => {
            let words = match &timing.master {
                Master::Automatic => "automatic".to_owned(),
                Master::System => "system".to_owned(),
                Master::Filter(path) => named(graph, path),
            };
            (words.clone(), json!(words))
        }
        "compensate" => flag(timing.compensates),
        "full_quality" => flag(timing.full_quality),
        _ => (graph.rate_hz.to_string(), json!(graph.rate_hz)),
    }
}

/// The path of a filter in names, from the outside in; by its numbers where it is no longer there.
fn named(graph: &Graph, path: &FilterPath) -> String {
    let names: Option<Vec<String>> = (1..=path.0.len())
        .map(|len| {
            let node = graph.at(&FilterPath::from(&path.0[..len]))?;
            Some(node.name.clone())
        })
        .collect();
    names.map_or_else(|| path.to_string(), |names| names.join("/"))
}

/// All of [`KEYS`] for scripts.
pub(super) fn document(graph: &Graph) -> Json {
    KEYS.into_iter()
        .map(|key| (key.to_owned(), value(graph, key).1))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// What drives a graph that plays, how fast time goes, and how far every other card's clock is from it.
pub(super) fn clocks(view: &View<'_>) -> Json {
    let name = |path: &FilterPath| view.wiring.filters.get(path).map(|it| it.name.clone());
    let driver = view.master().and_then(name);
    let mut cards = vec![];
    for path in view.wiring.filters.keys() {
        let filter = view.wiring.filters.get(path);
        let descriptor = filter.and_then(|it| it.descriptor.as_deref());
        let is_own = descriptor.is_some_and(Descriptor::has_own_clock);
        let is_card = view.pin_clock(path).is_some() && !is_own;
        let Some(cells) = view.telemetry(path).filter(|_| is_card) else {
            continue;
        };
        cards.push(json!({
            "filter": name(path),
            "drives": cells.get(device::STEP) == 0.0,
            "drift_ppm": cells.get(device::DRIFT_PPM),
        }));
    }
    let speed = view
        .graph_clock()
        .map(|it| f64::from(it.rate_permille) / 1_000.0);
    json!({ "driver": driver.unwrap_or_else(|| "timer".into()), "speed": speed, "cards": cards })
}
