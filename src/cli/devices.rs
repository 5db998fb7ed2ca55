//! `ksgraph devices`: audio outputs and inputs per host with their formats, and MIDI ports. Also how other commands
//! choose a device.

use std::time::Duration;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::load::{self, Bench, Document};
use super::{Answer, SCHEMA, print, shapes};
use crate::ks::{AudioDevice, DataRange, Descriptor, Domain, Facts, Property, Value};
use crate::sysaudio::virtual_devices;

/// How often `--watch` looks.
const LOOK_AGAIN: Duration = Duration::from_millis(1000);

/// What `devices` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph devices --watch --json")]
pub(super) struct Devices {
    /// Go on and print what arrives and what goes, one a line
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(it: &Devices, is_json: bool) -> Result<Answer, Failure> {
    let facts = crate::device::facts();
    if it.watch {
        watch(facts, is_json);
        return Ok(Answer::new("", json!({})));
    }
    let side = |side: &Side| -> Vec<Json> {
        let devices = facts.devices.iter();
        devices
            .filter(|device| !(side.ranges)(device).is_empty())
            .map(|device| document(device, side))
            .collect()
    };
    let mut text = String::from("Outputs\n");
    text += &list(&facts, &OUTPUTS);
    text += "Inputs\n";
    text += &list(&facts, &INPUTS);
    text += "MIDI inputs\n";
    for port in &facts.midi_inputs {
        text += &format!("  {port}\n");
    }
    if facts.midi_inputs.is_empty() {
        text += "  none\n";
    }
    text += "MIDI outputs\n";
    for port in &facts.midi_outputs {
        text += &format!("  {port}\n");
    }
    if facts.midi_outputs.is_empty() {
        text += "  none\n";
    }
    let devices = virtual_devices(&load::live_catalogue(), &facts);
    text += "Virtual devices, for `play MEDIA --number N`\n";
    for it in &devices {
        let mark = if it.is_default { " (default)" } else { "" };
        let (kind, number, name) = (it.kind.name(), it.number, &it.name);
        let filters = it.filters.join(" -> ");
        text += &format!("  {kind} {number}  {name}{mark}: {filters}\n");
    }
    let devices: Vec<Json> = devices
        .iter()
        .map(|it| {
            json!({
                "kind": it.kind.name(),
                "number": it.number,
                "name": it.name,
                "device": it.device,
                "default": it.is_default,
                "filters": it.filters,
            })
        })
        .collect();
    let answer = json!({
        "virtual": devices,
        "outputs": side(&OUTPUTS),
        "inputs": side(&INPUTS),
        "midi_inputs": facts.midi_inputs,
        "midi_outputs": facts.midi_outputs,
    });
    Ok(Answer::new(text, answer))
}

/// One side of the machine.
struct Side {
    ranges: fn(&AudioDevice) -> &[DataRange],
    is_default: fn(&AudioDevice) -> bool,
}

const OUTPUTS: Side = Side {
    ranges: |device| &device.render,
    is_default: |device| device.is_default,
};
const INPUTS: Side = Side {
    ranges: |device| &device.capture,
    is_default: |device| device.is_default_input,
};

fn document(device: &AudioDevice, side: &Side) -> Json {
    let formats: Vec<Json> = (side.ranges)(device).iter().map(shapes::range).collect();
    json!({
        "host": device.host,
        "name": device.name,
        "default": (side.is_default)(device),
        "rate_hz": device.rate_hz,
        "formats": formats,
    })
}

fn list(facts: &Facts, side: &Side) -> String {
    let ranges = side.ranges;
    let mut text = String::new();
    let mut host = "";
    for device in facts.devices.iter().filter(|it| !ranges(it).is_empty()) {
        if device.host != host {
            host = &device.host;
            text += &format!("  {host}\n");
        }
        let mark = if (side.is_default)(device) {
            " (default)"
        } else {
            ""
        };
        text += &format!("    {}{mark}, {} Hz\n", device.name, device.rate_hz);
        for range in ranges(device) {
            text += &format!("      {}\n", shapes::range_words(range));
        }
    }
    if text.is_empty() {
        text += "  none\n";
    }
    text
}

/// One thing that can come and go.
type Seen = (&'static str, String, String);

fn seen(facts: &Facts) -> Vec<Seen> {
    let mut all: Vec<Seen> = vec![];
    for device in &facts.devices {
        for (kind, ranges) in [("output", &device.render), ("input", &device.capture)] {
            if !ranges.is_empty() {
                all.push((kind, device.host.clone(), device.name.clone()));
            }
        }
    }
    let ports = facts.midi_inputs.iter();
    all.extend(ports.map(|port| ("midi_input", "midi".to_owned(), port.clone())));
    let ports = facts.midi_outputs.iter();
    all.extend(ports.map(|port| ("midi_output", "midi".to_owned(), port.clone())));
    all
}

/// Prints until nobody reads any more.
fn watch(first: Facts, is_json: bool) {
    let mut known = seen(&first);
    for it in &known {
        if !tell("present", it, is_json) {
            return;
        }
    }
    loop {
        std::thread::sleep(LOOK_AGAIN);
        let now = seen(&crate::device::facts());
        let gone = known
            .iter()
            .filter(|it| !now.contains(it))
            .map(|it| ("gone", it));
        let came = now
            .iter()
            .filter(|it| !known.contains(it))
            .map(|it| ("arrived", it));
        for (event, it) in gone.chain(came) {
            if !tell(event, it, is_json) {
                return;
            }
        }
        known = now;
    }
}

fn tell(event: &str, (kind, host, name): &Seen, is_json: bool) -> bool {
    if is_json {
        let line = json!({
            "schema": SCHEMA, "ok": true, "event": event, "kind": kind, "host": host, "name": name,
        });
        return print(&format!("{line}\n")).is_ok();
    }
    print(&format!("{event}: {kind} {name} ({host})\n")).is_ok()
}

/// Narrows what this machine has to what the user chose; the name its renderers are to take comes back.
pub(super) fn choose(
    facts: &mut Facts,
    device: Option<&str>,
    host: Option<&str>,
) -> Result<Option<String>, Failure> {
    if let Some(host) = host {
        facts.devices.retain(|it| it.host == host);
        if facts.devices.iter().all(|it| it.render.is_empty()) {
            return Err(Failure::device(
                format!("use the host {host}"),
                "it offers no output here: its server may not run",
            )
            .cure("`ksgraph devices` lists what there is; --device null plays without a device"));
        }
    }
    let name = match (device, host) {
        (None, None) => return Ok(None),
        (Some("default"), None) => "",
        (Some(name), _) if name != "default" => name,
        // Of a host that was chosen its own default, by its whole name.
        _ => {
            let renders: Vec<&AudioDevice> = facts
                .devices
                .iter()
                .filter(|it| !it.render.is_empty())
                .collect();
            let found = renders.iter().find(|it| it.is_default).or(renders.first());
            let name = found.map(|it| match it.host.as_str() {
                crate::device::null::NAME => it.name.clone(),
                host => format!("{host}:{}", it.name),
            });
            return Ok(name);
        }
    };
    if name.is_empty() {
        return Ok(Some(String::new()));
    }
    let found = facts
        .render_device(name)
        .map(|it| (it.host.clone(), it.name.clone()));
    let Some((found_host, found_name)) = found else {
        let names: Vec<&str> = facts
            .devices
            .iter()
            .filter(|it| !it.render.is_empty())
            .map(|it| it.name.as_str())
            .collect();
        return Err(Failure::device(
            format!("use the device {name}"),
            "there is no output of that name",
        )
        .cure(format!("one of {}", names.join(", "))));
    };
    let whole = match host {
        Some(_) if found_host != crate::device::null::NAME => format!("{found_host}:{found_name}"),
        _ => name.to_owned(),
    };
    Ok(Some(whole))
}

/// Whether a property chooses the device a filter renders on.
pub(super) fn is_output(descriptor: &Descriptor, property: &Property) -> bool {
    property.domain == Domain::Device && descriptor.renders_sound()
}

/// The graph agreed on this machine, its renderers on the device that was chosen. `default` leaves to every renderer
/// the device it names.
pub(super) fn bench(
    document: &mut Document,
    device: Option<&str>,
    host: Option<&str>,
) -> Result<Bench, Failure> {
    let mut facts = crate::device::facts();
    let name = choose(&mut facts, device, host)?;
    let catalogue = load::live_catalogue();
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        load::override_values(
            &mut document.loaded.graph,
            &catalogue,
            &|filter, property| is_output(filter, property).then(|| Value::Text(name.clone())),
        );
    }
    Ok(load::agree(document, catalogue, facts))
}
