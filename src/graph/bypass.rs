//! What a bypassed filter lets through: its first input goes to the first output of the same kind of data.
//!
//! Nothing that was agreed changes by it. Where sound would have to be converted on the way there is nothing to let
//! through, and the filter is left out as if it were disabled. A filter that is bypassed or disabled is not open: it keeps
//! no memory, adds no latency, and begins anew when it comes back.

use super::wiring::{FilterPath, PinAddress, Wire, Wiring};
use crate::ks::{DataFlow, PinFactory};

impl Wiring {
    /// The input and output between which a filter would be bypassed, or why it would have to be left out.
    pub fn bypass(&self, filter: &FilterPath) -> Result<(PinAddress, PinAddress), String> {
        let known = self.filters.get(filter);
        let descriptor = known.and_then(|it| it.descriptor.as_deref());
        let (Some(known), Some(descriptor)) = (known, descriptor) else {
            return Err("it is not installed".into());
        };
        let pins = |flow| {
            let all = descriptor.pins.iter();
            all.filter(move |pin: &&PinFactory| pin.data_flow == flow && !pin.is_bridge())
        };
        let pair = pins(DataFlow::In).find_map(|input| {
            let output = pins(DataFlow::Out).find(|output| output.kind() == input.kind())?;
            Some((input, output))
        });
        let Some((input, output)) = pair else {
            let name = &known.name;
            return Err(format!("{name} has no output of the kind of its input"));
        };
        let wire = |pin: &PinFactory, end: fn(&Wire) -> &PinAddress| {
            let wires = self.wires.iter();
            let here = wires.filter(|wire| {
                let at = end(wire);
                at.filter == *filter && at.pin == pin.name && wire.outcome.is_ok()
            });
            here.min_by_key(|wire| end(wire).instance)
        };
        let (from, to) = (
            wire(input, |wire| &wire.to),
            wire(output, |wire| &wire.from),
        );
        let address = |pin: &PinFactory, at: Option<&PinAddress>| PinAddress {
            filter: filter.clone(),
            pin: pin.name.to_string(),
            instance: at.map_or(0, |at| at.instance),
        };
        let formats = [from, to].map(|wire| Some(&wire?.outcome.as_ref().ok()?.format));
        if let [Some(before), Some(after)] = formats
            && before != after
        {
            return Err(format!("{before} comes in and {after} goes out"));
        }
        Ok((
            address(input, from.map(|wire| &wire.to)),
            address(output, to.map(|wire| &wire.from)),
        ))
    }

    /// Whether both ends of a wire take part in what plays.
    pub fn takes_part(&self, wire: &Wire) -> bool {
        let is_out = |filter| self.filters.get(filter).is_some_and(|it| it.is_disabled);
        !is_out(&wire.from.filter) && !is_out(&wire.to.filter)
    }
}
