//! The rules of the raw door, one test a rule or family of rules. Here is what they share.

mod calls;
mod creation;
mod formats;
mod objects;
mod pins;

use std::sync::Arc;

use super::layout::{self, Reader, Writer};
use super::*;
use crate::ks::ids::Guid;
use crate::ks::{
    Catalogue, Communication, DataFlow, DataFormat, DataRange, Declaration, Declared, Facts,
    Interface, Medium, PinDeclaration, Status,
};

fn pin(name: &str, data_flow: DataFlow, ranges: &[DataRange]) -> PinDeclaration {
    PinDeclaration {
        name: name.into(),
        data_flow,
        communication: Communication::Both,
        ranges: ranges.to_vec(),
        mediums: vec![],
        interfaces: vec![],
        possible: 1,
        necessary: 0,
        global: None,
        framing: None,
        same_format_as: None,
        category: None,
        label: None,
    }
}

fn hz(low: u32, high: u32) -> DataRange {
    DataRange::pcm(16, 24, low, high)
}

/// A filter with one output and one input, and whatever `change` makes of them.
fn host(change: impl FnOnce(&mut Vec<PinDeclaration>)) -> (Host, Handle) {
    let mut pins = vec![
        pin(
            "out",
            DataFlow::Out,
            &[hz(44_100, 48_000), hz(8_000, 96_000)],
        ),
        pin("in", DataFlow::In, &[hz(8_000, 48_000)]),
    ];
    change(&mut pins);
    let mut catalogue = Catalogue::default();
    let declared = Declared::new(&Declaration {
        key: "lab".into(),
        title: "Lab".into(),
        categories: vec![crate::ks::ids::category::AUDIO],
        help: String::new(),
        pins,
        nodes: vec![],
        reads: vec![],
    });
    catalogue.register(Arc::new(declared)).unwrap();
    let mut host = Host::new(catalogue, Facts::nominal());
    let handle = host.open("ks://audio/lab").unwrap();
    (host, handle)
}

fn head(set: Guid, id: u32, flags: u32) -> Vec<u8> {
    Writer::default().guid(set).u32(id).u32(flags).0
}

fn get(host: &mut Host, object: Handle, input: &[u8], output: usize) -> Answer {
    let data = &[];
    host.property(
        object,
        Call {
            input,
            data,
            output,
        },
    )
}

fn pin_call(id: u32, pin: u32) -> Vec<u8> {
    [
        head(sets::PIN, id, verb::GET),
        Writer::default().u32(pin).u32(0).0,
    ]
    .concat()
}

fn number(answer: &Answer) -> u32 {
    Reader(&answer.data).u32().unwrap()
}

fn list_items(bytes: &[u8]) -> (u32, u32) {
    let mut reader = Reader(bytes);
    (reader.u32().unwrap(), reader.u32().unwrap())
}

fn connect(pin: u32, to: Option<Handle>, format: DataFormat) -> Connect {
    Connect {
        interface: Interface::STREAMING,
        medium: Medium::STANDARD,
        pin,
        to,
        priority: create::NORMAL,
        format,
    }
}

fn stereo(rate_hz: u32) -> DataFormat {
    DataFormat::pcm(16, 2, rate_hz)
}
