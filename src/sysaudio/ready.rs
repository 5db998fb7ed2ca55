//! Devices that are not there: nothing is built towards one, and it is said at once, with what helps (INT-2). A wire that is drawn
//! by hand may lead there all the same: its graph waits for the device.

use super::connect::{Builder, Site};
use crate::graph::{Cure, CureKind, PinAddress, PinRef, Refusal, Step};
use crate::ks::ids::category;
use crate::ks::{Descriptor, Domain, Facts, Kind, Property, Settings, Status};

/// So many devices are offered in its place.
const OFFERED: usize = 2;

/// Names of the devices of the machine that a filter of a kind may be on.
fn devices(facts: &Facts, kind: &Descriptor) -> Vec<String> {
    let is_sound = || {
        let mut pins = kind.pins.iter();
        pins.any(|pin| pin.kind() == Kind::Audio && !pin.is_bridge())
    };
    let of = |id| kind.categories.contains(&id);
    let all = facts.devices.iter();
    match (of(category::RENDER), is_sound()) {
        (true, true) => all
            .filter(|it| !it.render.is_empty())
            .map(|it| it.whole_name())
            .collect(),
        (false, true) => all
            .filter(|it| !it.capture.is_empty())
            .map(|it| it.whole_name())
            .collect(),
        (true, false) => facts.midi_outputs.clone(),
        (false, false) => facts.midi_inputs.clone(),
    }
}

/// Whether a name is one of a device that is there; a port of one's own is made when it is opened.
fn is_there(facts: &Facts, kind: &Descriptor, name: &str) -> bool {
    let is_own = || name.starts_with("virtual:") || name.starts_with("jack:virtual:");
    let mut known = facts.devices.iter();
    devices(facts, kind).iter().any(|it| it == name)
        || is_own()
        || known.any(|it| it.is_called(name))
}

impl Builder<'_> {
    /// Why the device behind one of the two ends is not ready, with other devices as cures; `None` where both are.
    pub fn not_ready(&self, site: &Site, from: &PinRef, to: &PinRef) -> Option<Box<Refusal>> {
        let ends = [to, from].map(|end| self.address(site, end));
        let gone = ends.iter().find_map(|end| self.gone(site, end))?;
        let (pin, name, property, device) = gone;
        let others = self.others(site, &pin);
        let cure = |text: String, value: String| Cure {
            kind: CureKind::Property,
            cost: 0,
            inserts: vec![],
            values: vec![],
            pins: None,
            set: Some((pin.clone(), property.key.to_owned(), value)),
            text,
        };
        let mut cures = vec![];
        if !others.is_empty() {
            cures.push(cure("Take the default device".into(), String::new()));
        }
        let named = others.into_iter().take(OFFERED);
        cures.extend(named.map(|it| cure(format!("Take {it}"), format!("\"{it}\""))));
        let advice = match cures.is_empty() {
            true => format!("Plug {device} in; this machine has no other device of that kind"),
            false => String::new(),
        };
        Some(Box::new(Refusal {
            rule: "INT-2",
            status: Status::DeviceNotReady,
            step: Step::Create,
            from: self.pin(site, from),
            to: self.pin(site, to),
            offered: format!("{name} is on {device}"),
            wanted: "which is not there now".into(),
            operands: None,
            fields: vec![],
            cures,
            advice,
        }))
    }

    /// The device of a pin's filter, where it names one that is not there.
    fn gone(
        &self,
        site: &Site,
        pin: &PinAddress,
    ) -> Option<(PinAddress, String, Property, String)> {
        if self.facts.is_nominal {
            return None;
        }
        let wired = site.wiring.filters.get(&pin.filter)?;
        let kind = wired.descriptor.as_deref()?;
        let mut properties = kind.properties.iter();
        let property = properties.find(|it| it.domain == Domain::Device)?;
        let settings = Settings {
            values: &wired.values,
            base: None,
        };
        let device = settings.text(property);
        let is_fine = device.is_empty() || is_there(self.facts, kind, &device);
        (!is_fine).then(|| (pin.clone(), wired.name.clone(), *property, device))
    }

    fn others(&self, site: &Site, pin: &PinAddress) -> Vec<String> {
        let wired = site.wiring.filters.get(&pin.filter);
        let kind = wired.and_then(|it| it.descriptor.as_deref());
        kind.map_or(vec![], |kind| devices(self.facts, kind))
    }
}
