//! Two pins: the checks of a wire in the order of 6.4, each with its rule, its status and both operands in words.
//!
//! Everything here looks at the two ends and the wires that are there. Whether a format remains is asked of the net
//! (`narrow.rs`), last.

use super::model::Chosen;
use super::net::{FREE, Member, Net, Room, place_of};
use super::pipes::{PAIR_STATUS, pair_fault};
use super::refusal::{Field, Operands, Refusal, Step};
use super::resolve::pin_words;
use super::wiring::PinAddress;
use crate::ks::{Communication, DataFlow, Interface, Kind, Medium, PinFactory, Status};

/// One end of a wire to be.
#[derive(Clone, Copy)]
pub(super) struct End<'a> {
    pub(super) address: &'a PinAddress,
    /// Place of its filter in the net.
    pub(super) filter: usize,
    /// Index of its factory.
    pub(super) index: usize,
    pub(super) factory: &'a PinFactory,
}

impl<'a> End<'a> {
    /// Finds a pin, or says what there is none of.
    pub(super) fn find(members: &'a [Member], address: &'a PinAddress) -> Result<Self, String> {
        let filter = place_of(members, &address.filter);
        let filter = filter.ok_or_else(|| format!("there is no filter {}", address.filter))?;
        Self::of(members, filter, address)
    }

    /// The same for a filter whose place is known.
    pub(super) fn of(
        members: &'a [Member],
        filter: usize,
        address: &'a PinAddress,
    ) -> Result<Self, String> {
        let Member { wired, make, .. } = &members[filter];
        let (_, descriptor) = make.known.as_ref().ok_or_else(|| {
            format!(
                "{} is a filter of the kind {:?}, which is not installed",
                wired.name, wired.key
            )
        })?;
        let (index, factory) = descriptor
            .pin(&address.pin)
            .ok_or_else(|| format!("{} has no pin {}", wired.name, address.pin))?;
        Ok(Self {
            address,
            filter,
            index,
            factory,
        })
    }

    /// `in` or `in[2]`.
    pub(super) fn word(&self) -> String {
        pin_words(&self.address.pin, self.address.instance)
    }

    /// `Gain.in`.
    pub(super) fn text(&self, room: &Room<'_>) -> String {
        format!("{}.{}", room.name(self.filter), self.word())
    }
}

/// A failed step before it has names and cures.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) rule: &'static str,
    pub(super) status: Status,
    pub(super) step: Step,
    pub(super) offered: String,
    pub(super) wanted: String,
    /// Both sides, and the other fields of the comparison.
    pub(super) compared: Box<(Option<Operands>, Vec<Field>)>,
}

impl Fault {
    /// A failed step in words.
    pub(super) fn new(
        rule: &'static str,
        status: Status,
        step: Step,
        offered: String,
        wanted: String,
    ) -> Self {
        Self {
            rule,
            status,
            step,
            offered,
            wanted,
            compared: Box::default(),
        }
    }

    /// The same with two lists that have nothing in common.
    pub(super) fn lists(mut self, offered: Vec<String>, wanted: Vec<String>) -> Self {
        self.compared.0 = Some(Operands::Words { offered, wanted });
        self
    }

    pub(super) fn refusal(self, from: String, to: String) -> Box<Refusal> {
        Box::new(Refusal {
            rule: self.rule,
            status: self.status,
            step: self.step,
            from,
            to,
            offered: self.offered,
            wanted: self.wanted,
            operands: self.compared.0,
            fields: self.compared.1,
            cures: vec![],
            advice: String::new(),
        })
    }
}

/// What the steps before the intersection settle.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) medium: Medium,
    pub(super) interface: Interface,
    pub(super) is_push: bool,
    /// The pins in the net.
    pub(super) from: usize,
    pub(super) to: usize,
    /// It is a delay line, though no pin of it is deferred.
    pub(super) is_late: bool,
}

/// Runs the steps up to the instances; `passed` hears what each found.
pub(super) fn link(
    room: &Room<'_>,
    net: &Net,
    (from, to): (End<'_>, End<'_>),
    chosen: &Chosen,
    passed: &mut dyn FnMut(Step, &dyn Fn() -> String),
) -> Result<Link, Fault> {
    let name = |filter: usize| room.name(filter);
    // A wire into a deferred pin is a delay line: a loop through it is legal (CYC-2).
    let is_deferred = room.is_deferred(to.filter, to.index);
    let leads = || room.members[to.filter].make.leads(to.index, from.index);
    let is_wire = from.factory.data_flow == DataFlow::Out && to.factory.data_flow == DataFlow::In;
    if from.filter == to.filter && !is_deferred && (!is_wire || leads()) {
        let name = name(from.filter);
        return Err(Fault::new(
            "CYC-1",
            Status::InvalidParameter,
            Step::SameFilter,
            format!("{} is a pin of {name}", from.word()),
            format!("{} is one too: a filter cannot feed itself", to.word()),
        ));
    }
    passed(Step::SameFilter, &|| match from.filter == to.filter {
        false => format!(
            "{} and {} are two filters",
            name(from.filter),
            name(to.filter)
        ),
        true => format!(
            "{} feeds itself, later: no path leads from {} to {}",
            name(from.filter),
            to.word(),
            from.word()
        ),
    });
    data_flow(&from, &to)?;
    passed(Step::DataFlow, &|| {
        format!("{} is an output, {} is an input", from.word(), to.word())
    });
    let is_push = communication(&from, &to)?;
    passed(Step::Communication, &|| {
        format!(
            "{} is {}, {} is {}: {} issues requests ({})",
            from.word(),
            from.factory.communication.name(),
            to.word(),
            to.factory.communication.name(),
            if is_push { from.word() } else { to.word() },
            if is_push { "push" } else { "pull" },
        )
    });
    let mut is_late = false;
    if !is_deferred && net.is_ahead(room, to.filter, from.filter, true) {
        let cycle = |offered, wanted: &str| {
            let (status, step) = (Status::InvalidParameter, Step::Cycle);
            Err(Fault::new("CYC-1", status, step, offered, wanted.into()))
        };
        if let Some(way) = net.way(room, (to.filter, to.index), (from.filter, from.index)) {
            let way: Vec<&str> = way.iter().map(|&at| name(at)).collect();
            let (from, to, way) = (from.word(), to.word(), way.join(" → "));
            let offered = format!("{from} hangs on {to} already ({way})");
            return cycle(offered, "the wire would close a loop");
        }
        // The filters would wait for each other, though no sound comes back to where it was.
        is_late = net.is_ahead(room, to.filter, from.filter, false);
        if is_late && to.factory.kind() != Kind::Audio {
            let names = (name(to.filter), name(from.filter));
            let offered = format!("{} runs after {} already", names.1, names.0);
            return cycle(
                offered,
                "the wire would close a loop of filters, and only sound can wait",
            );
        }
    }
    passed(Step::Cycle, &|| match (is_deferred, is_late) {
        (true, _) => format!("{} takes what comes in later: a loop may sound", to.word()),
        (_, true) => "a loop of filters, and none of their pins: what comes in comes later".into(),
        _ => "no loop".into(),
    });
    let (source, sink) = if is_push { (&from, &to) } else { (&to, &from) };
    let medium = common(
        source.factory.all_mediums(),
        sink.factory.all_mediums(),
        chosen.medium,
    )
    .ok_or_else(|| {
        Fault::new(
            "MED-3",
            Status::NoMatch,
            Step::Medium,
            side(
                "offers the medium",
                &from,
                from.factory.all_mediums(),
                None,
                Medium::text,
            ),
            side(
                "takes",
                &to,
                to.factory.all_mediums(),
                chosen.medium,
                Medium::text,
            ),
        )
        .lists(
            named(from.factory.all_mediums(), None, Medium::text),
            named(to.factory.all_mediums(), chosen.medium, Medium::text),
        )
    })?;
    passed(Step::Medium, &|| medium.text());
    let interface = common(
        source.factory.all_interfaces(),
        sink.factory.all_interfaces(),
        chosen.interface,
    )
    .ok_or_else(|| {
        Fault::new(
            "IFC-2",
            Status::NoMatch,
            Step::Interface,
            side(
                "offers",
                &from,
                from.factory.all_interfaces(),
                None,
                Interface::text,
            ),
            side(
                "takes",
                &to,
                to.factory.all_interfaces(),
                chosen.interface,
                Interface::text,
            ),
        )
        .lists(
            named(from.factory.all_interfaces(), None, Interface::text),
            named(
                to.factory.all_interfaces(),
                chosen.interface,
                Interface::text,
            ),
        )
    })?;
    passed(Step::Interface, &|| interface.text());
    let (from_pin, to_pin) = instances(room, net, &from, &to)?;
    passed(Step::Instances, &|| {
        format!(
            "{} has {}, {} has {}",
            from.word(),
            room_words(from.factory),
            to.word(),
            room_words(to.factory)
        )
    });
    let framing = |end: &End<'_>| (room.descriptor(end.filter), end.index);
    let make = |end: &End<'_>| (&room.members[end.filter].make, end.index);
    let mut fault = None;
    let is_framed = medium.is_hard_wired()
        || room
            .memo
            .borrow_mut()
            .is_framed(make(&from), make(&to), || {
                fault = pair_fault(framing(&from), framing(&to));
                fault.is_none()
            });
    if !is_framed && let Some((offered, wanted)) = fault {
        return Err(Fault::new(
            "NEG-5",
            PAIR_STATUS,
            Step::Create,
            format!("{} has {offered}", from.word()),
            format!("{} has {wanted}", to.word()),
        ));
    }
    Ok(Link {
        medium,
        interface,
        is_push,
        from: from_pin,
        to: to_pin,
        is_late,
    })
}

fn data_flow(from: &End<'_>, to: &End<'_>) -> Result<(), Fault> {
    use DataFlow::{In, Out};
    let (offered, wanted) = match (from.factory.data_flow, to.factory.data_flow) {
        (Out, In) => return Ok(()),
        (Out, Out) => ("an output", "an output too: a wire ends at an input"),
        (In, In) => ("an input", "an input too: a wire begins at an output"),
        (In, Out) => ("an input", "an output: the wire goes the other way"),
    };
    Err(Fault::new(
        "COM-9",
        Status::InvalidParameter,
        Step::DataFlow,
        format!("{} is {offered}", from.word()),
        format!("{} is {wanted}", to.word()),
    ))
}

fn communication(from: &End<'_>, to: &End<'_>) -> Result<bool, Fault> {
    let (output, input) = (from.factory.communication, to.factory.communication);
    output.issues_to(input).ok_or_else(|| {
        let role = |end: &End<'_>| {
            let meaning = match end.factory.communication {
                Communication::None => "has no requests",
                Communication::Sink => "only receives requests",
                Communication::Source => "only issues requests",
                Communication::Both => "receives or issues requests",
                Communication::Bridge => "a jack, never wired",
            };
            format!(
                "{} is {} ({meaning})",
                end.word(),
                end.factory.communication.name()
            )
        };
        Fault::new(
            "COM-5",
            Status::InvalidParameter,
            Step::Communication,
            role(from),
            role(to),
        )
        .lists(
            vec![from.factory.communication.name().into()],
            vec![to.factory.communication.name().into()],
        )
    })
}

/// SEL-2: the first of the requesting pin's that the other has as well, or the one the user chose.
fn common<T: Copy + PartialEq>(source: &[T], sink: &[T], chosen: Option<T>) -> Option<T> {
    let fits = |item: &&T| sink.contains(item) && chosen.is_none_or(|chosen| chosen == **item);
    source.iter().find(fits).copied()
}

fn side<T: Copy>(
    verb: &str,
    end: &End<'_>,
    items: &[T],
    chosen: Option<T>,
    text: fn(T) -> String,
) -> String {
    let names: Vec<String> = items.iter().map(|&item| text(item)).collect();
    let only = if verb == "takes" { " only" } else { "" };
    let asked = chosen.map_or(String::new(), |item| format!(", {} was chosen", text(item)));
    format!("{} {verb} {}{only}{asked}", end.word(), names.join(" or "))
}

/// What an end has as a list of words; of what was chosen, that alone.
fn named<T: Copy + PartialEq>(
    items: &[T],
    chosen: Option<T>,
    text: fn(T) -> String,
) -> Vec<String> {
    let items = items.iter().copied();
    items
        .filter(|item| chosen.is_none_or(|chosen| chosen == *item))
        .map(text)
        .collect()
}

/// INS-2 at both ends.
fn instances(
    room: &Room<'_>,
    net: &Net,
    from: &End<'_>,
    to: &End<'_>,
) -> Result<(usize, usize), Fault> {
    let fault = |offered: String, wanted: String| {
        Fault::new(
            "INS-2",
            Status::Unsuccessful,
            Step::Instances,
            offered,
            wanted,
        )
    };
    let source = taken(room, net, from)
        .map_err(|reason| fault(reason, format!("{} would take one more", to.word())))?;
    let sink = taken(room, net, to)
        .map_err(|reason| fault(format!("{} offers one more wire", from.word()), reason))?;
    Ok((source, sink))
}

/// The pin of an end in the net, or why no wire may be made there.
fn taken(room: &Room<'_>, net: &Net, end: &End<'_>) -> Result<usize, String> {
    let possible = end.factory.instances.possible;
    let current = net.factories(end.filter)[end.index].1;
    let wires = |count: u32| match count {
        1 => "its only wire".to_owned(),
        count => format!("all its {count} wires"),
    };
    if current >= possible {
        return Err(format!(
            "{} has {} already",
            end.factory.name,
            wires(possible)
        ));
    }
    let missing = || format!("{} is not there: {} pins at most", end.word(), possible);
    if end.address.instance >= possible {
        return Err(missing());
    }
    let global = end.factory.global;
    if global < u32::MAX {
        let anywhere = net.wired_anywhere(room, end.filter, end.index);
        if anywhere >= global {
            let name = &end.factory.name;
            let kind = &room.descriptor(end.filter).title;
            return Err(format!(
                "all filters {kind} together have {anywhere} of {global} wires at {name} already"
            ));
        }
    }
    let pin = net
        .pin(end.filter, end.index, end.address.instance)
        .ok_or_else(missing)?;
    if net.pins[pin].wire.is_some() {
        return Err(format!("{} has its wire already", end.word()));
    }
    Ok(pin)
}

/// The next instance of a factory that no wire in the net uses.
pub(super) fn is_free(net: &Net, pin: usize) -> bool {
    net.pins[pin].instance == FREE || net.pins[pin].wire.is_none()
}

fn room_words(pin: &PinFactory) -> String {
    match pin.instances.possible {
        1 => "no wire yet".into(),
        u32::MAX => "room for any number".into(),
        count => format!("room, {count} at most"),
    }
}
