//! Ports and miniports by class id (PCL-1, PCL-2). A class is named by its id or by its name.

use serde_json::{Value as Json, json};

use super::{outcome, with};
use crate::ks::Status;
use crate::ks::ids::Guid;
use crate::portcls::class_id::{MINIPORTS, MiniportClass, PORTS, PortClass, bind};

/// The id that a word means: a name of the list, or a guid.
fn id(word: &str, names: &[(&str, Guid)]) -> Result<Guid, String> {
    let named = names
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    match named {
        Some((_, id)) => Ok(*id),
        None => word.parse().map_err(|_| {
            let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            format!(
                "{word:?} is no class; wanted an id or one of {}",
                names.join(", ")
            )
        }),
    }
}

fn ports() -> Vec<(&'static str, Guid)> {
    PORTS.iter().map(|it| (it.name, it.id)).collect()
}

fn port_id(word: &str) -> Result<Guid, String> {
    id(word, &ports())
}

fn port(it: &PortClass) -> Json {
    let mut document = outcome(Status::Success);
    document["name"] = json!(it.name);
    document["id"] = json!(it.id.to_string());
    document["kind"] = json!(format!("{:?}", it.kind));
    document["has_streams"] = json!(it.has_streams());
    document
}

fn miniport(it: &MiniportClass) -> Json {
    let mut document = outcome(Status::Success);
    document["name"] = json!(it.name);
    document["id"] = json!(it.id.to_string());
    document["port"] = json!(format!("{:?}", it.port));
    document["technology"] = json!(format!("{:?}", it.technology));
    document["has_volume"] = json!(it.has_volume);
    document["is_obsolete"] = json!(it.is_obsolete);
    document
}

/// A refusal, and what would do.
fn refused(status: Status, reason: String) -> Json {
    with(outcome(status), "reason", json!(reason))
}

fn unknown(what: &str, id: Guid, names: &[(&str, Guid)]) -> String {
    let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    format!("{id} is the class of no {what} here; there are {names}")
}

pub(super) fn new_port(word: &str) -> Result<Json, String> {
    let id = port_id(word)?;
    let found = crate::portcls::class_id::new_port(id);
    Ok(found.map_or_else(
        |status| refused(status, unknown("port", id, &ports())),
        port,
    ))
}

/// A miniport, and whether it goes with a port where one is named.
pub(super) fn new_miniport(word: &str, behind: Option<&str>) -> Result<Json, String> {
    let names: Vec<(&str, Guid)> = MINIPORTS.iter().map(|it| (it.name, it.id)).collect();
    let id = id(word, &names)?;
    let found = crate::portcls::class_id::new_miniport(id);
    let found = match found {
        Ok(found) => found,
        Err(status) => return Ok(refused(status, unknown("miniport", id, &names))),
    };
    let Some(behind) = behind else {
        return Ok(miniport(found));
    };
    let behind = port_id(behind)?;
    Ok(match bind(behind, id) {
        Ok((port, it)) => with(miniport(it), "behind", json!(port.name)),
        Err(status) => {
            let port = crate::portcls::class_id::new_port(behind);
            let reason = match port {
                Ok(port) => format!(
                    "{} stands behind a {:?} port, and {} is none",
                    found.name, found.port, port.name
                ),
                Err(_) => unknown("port", behind, &ports()),
            };
            refused(status, reason)
        }
    })
}
