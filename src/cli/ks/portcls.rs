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

fn port_id(word: &str) -> Result<Guid, String> {
    let names: Vec<(&str, Guid)> = PORTS.iter().map(|it| (it.name, it.id)).collect();
    id(word, &names)
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

pub(super) fn new_port(word: &str) -> Result<Json, String> {
    let found = crate::portcls::class_id::new_port(port_id(word)?);
    Ok(found.map_or_else(outcome, port))
}

/// A miniport, and whether it goes with a port where one is named.
pub(super) fn new_miniport(word: &str, behind: Option<&str>) -> Result<Json, String> {
    let names: Vec<(&str, Guid)> = MINIPORTS.iter().map(|it| (it.name, it.id)).collect();
    let id = id(word, &names)?;
    let Some(behind) = behind else {
        let found = crate::portcls::class_id::new_miniport(id);
        return Ok(found.map_or_else(outcome, miniport));
    };
    Ok(match bind(port_id(behind)?, id) {
        Ok((port, it)) => with(miniport(it), "behind", json!(port.name)),
        Err(status) => outcome(status),
    })
}
