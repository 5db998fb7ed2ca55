//! What a bypassed filter lets through: its first input goes to the first output of the same kind of data.
//!
//! Nothing that was agreed changes by it. Where sound would have to be converted on the way there is nothing to let
//! through, and the filter is left out as if it were disabled. A filter that is bypassed or disabled is not open: it keeps
//! no memory, adds no latency, and begins anew when it comes back.

use super::wiring::{FilterPath, PinAddress, Plug, Wire, WiredFilter, Wiring};
use crate::ks::{DataFlow, DataFormat, PinFactory};

/// A pin by factory and instance.
pub(crate) type PinPlace = (usize, u32);

impl WiredFilter {
    /// The input and output between which it would be bypassed, or why it would have to be left out. `first` is the wire
    /// at the lowest instance of a factory that has one: the instance, and what it carries.
    pub(crate) fn bypass<'a>(
        &self,
        first: impl Fn(DataFlow, usize) -> Option<(u32, &'a DataFormat)>,
    ) -> Result<(PinPlace, PinPlace), String> {
        let Some(descriptor) = &self.descriptor else {
            return Err("it is not installed".into());
        };
        let pins = |flow| {
            let all = descriptor.pins.iter().enumerate();
            all.filter(move |(_, pin): &(usize, &PinFactory)| {
                pin.data_flow == flow && !pin.is_bridge()
            })
        };
        let pair = pins(DataFlow::In).find_map(|(from, input)| {
            let output = pins(DataFlow::Out).find(|(_, output)| output.kind() == input.kind());
            Some((from, output?.0))
        });
        let Some((input, output)) = pair else {
            let name = &self.name;
            return Err(format!("{name} has no output of the kind of its input"));
        };
        let (from, to) = (first(DataFlow::In, input), first(DataFlow::Out, output));
        if let (Some((_, before)), Some((_, after))) = (from, to)
            && before != after
        {
            return Err(format!("{before} comes in and {after} goes out"));
        }
        let instance = |wire: Option<(u32, &DataFormat)>| wire.map_or(0, |it| it.0);
        Ok(((input, instance(from)), (output, instance(to))))
    }
}

impl Wiring {
    /// The input and output between which a filter would be bypassed, or why it would have to be left out.
    pub fn bypass(&self, filter: &FilterPath) -> Result<(PinAddress, PinAddress), String> {
        let Some(known) = self.filters.get(filter) else {
            return Err("it is not installed".into());
        };
        let first = |flow, factory: usize| {
            let plug = Plug {
                slot: known.slot as u32,
                factory: factory as u32,
            };
            let side = usize::from(flow == DataFlow::In);
            let here = self.wires.iter().filter(|wire| wire.plugs[side] == plug);
            let ends = here.filter_map(|wire| {
                let pin = [&wire.from, &wire.to][side];
                Some((pin.instance, &wire.outcome.as_ref().ok()?.format))
            });
            ends.min_by_key(|end| end.0)
        };
        let (from, to) = known.bypass(first)?;
        let pins = known.descriptor.iter().flat_map(|it| it.pins.iter());
        let address = |(factory, instance): PinPlace| PinAddress {
            filter: filter.clone(),
            pin: pins
                .clone()
                .nth(factory)
                .map_or_else(String::new, |pin| pin.name.to_string()),
            instance,
        };
        Ok((address(from), address(to)))
    }

    /// Whether both ends of a wire take part in what plays.
    pub fn takes_part(&self, wire: &Wire) -> bool {
        let is_out = |filter| self.filters.get(filter).is_some_and(|it| it.is_disabled);
        !is_out(&wire.from.filter) && !is_out(&wire.to.filter)
    }
}
