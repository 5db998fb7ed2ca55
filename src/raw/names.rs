//! Names of devices: `ks://category/reference`, links that follow the configuration (REG-3, REG-4).

use crate::ks::ids::Guid;
use crate::ks::{Catalogue, Descriptor, Domain, Facts, Value};

/// Where a name leads unless the configuration says otherwise.
pub(super) const LINKS: &[(&str, &str)] = &[
    ("render/default renderer", "render/audio_device_out"),
    ("capture/default notes", "capture/midi_device_in"),
    ("render/default notes", "render/midi_device_out"),
];

/// A device of the machine by its name, and the filter it is opened by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DeviceName {
    /// The name that finds it again.
    pub(super) name: String,
    /// Key of its filter.
    pub(super) factory: &'static str,
}

/// The devices that filters stand for.
pub(super) fn devices(facts: &Facts) -> Vec<DeviceName> {
    let of = |name: String, factory| DeviceName { name, factory };
    let render = facts.devices.iter().filter(|it| !it.render.is_empty());
    let render = render.map(|it| of(it.whole_name(), "audio_device_out"));
    let notes = facts.midi_inputs.iter();
    let notes = notes.map(|port| of(port.clone(), "midi_device_in"));
    let played = facts.midi_outputs.iter();
    let played = played.map(|port| of(port.clone(), "midi_device_out"));
    render.chain(notes).chain(played).collect()
}

impl DeviceName {
    /// The categories of its filter.
    pub(super) fn categories(&self, catalogue: &Catalogue) -> Vec<Guid> {
        let found = catalogue.get(self.factory);
        found.map_or(vec![], |it| it.descriptor().categories.to_vec())
    }

    /// What says of its filter that it is this device: its one property that names a device.
    pub(super) fn value(&self, descriptor: &Descriptor) -> Option<(String, Value)> {
        let mut properties = descriptor.properties.iter();
        let property = properties.find(|it| it.domain == Domain::Device)?;
        Some((property.key.to_owned(), Value::Text(self.name.clone())))
    }
}

/// The device that a name under some category leads to, links apart. A device's name may hold anything, slashes too.
pub(super) fn device<'a>(
    catalogue: &'a Catalogue,
    facts: &Facts,
    links: &[(String, String)],
    name: &str,
) -> Option<(DeviceName, &'a Descriptor)> {
    let mut path = plain(name).to_lowercase();
    for _ in 0..links.len() {
        if let Some((_, to)) = links.iter().find(|(from, _)| *from == path) {
            path = to.to_lowercase();
        }
    }
    let (category, rest) = path.split_once('/')?;
    let found = devices(facts)
        .into_iter()
        .find(|it| it.name.to_lowercase() == rest)?;
    let descriptor = catalogue.get(found.factory)?.descriptor();
    let is_there = descriptor
        .categories
        .iter()
        .any(|id| same(&alias(*id), category));
    is_there.then_some((found, descriptor))
}

/// A name without the word that says what kind of name it is.
pub(super) fn plain(name: &str) -> &str {
    name.get(..5)
        .filter(|head| head.eq_ignore_ascii_case("ks://"))
        .map_or(name, |_| &name[5..])
}

/// `datatransform` is the same as `data_transform`.
fn same(one: &str, other: &str) -> bool {
    one.replace('_', "") == other.replace('_', "")
}

/// The name leads nowhere.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameError {
    /// No entry of that name.
    #[error("there is no filter {0:?}; `filters` lists those there are")]
    Unknown(String),
    /// The filter is there, but not under that category (REG-1).
    #[error("{reference:?} is not registered under {category:?} but under {known}")]
    OtherCategory {
        /// What was asked for.
        reference: String,
        /// Where it was looked for.
        category: String,
        /// Where it is.
        known: String,
    },
    /// A link that ends at itself.
    #[error("{0:?} is a link that never ends")]
    Endless(String),
}

/// The alias of a category: its name in small letters with underscores.
pub(super) fn alias(category: Guid) -> String {
    category
        .name()
        .map_or_else(|| category.to_string(), str::to_lowercase)
        .replace(' ', "_")
}

/// The key of the filter that `name` leads to. Names are compared without regard to case.
pub(super) fn resolve<'a>(
    catalogue: &'a Catalogue,
    links: &[(String, String)],
    name: &str,
) -> Result<&'a Descriptor, NameError> {
    let mut path = plain(name).to_lowercase();
    // A chain of links is no longer than there are links.
    for _ in 0..=links.len() {
        match links.iter().find(|(from, _)| *from == path) {
            Some((_, to)) => path = to.to_lowercase(),
            None => return find(catalogue, &path, name),
        }
    }
    Err(NameError::Endless(name.to_owned()))
}

fn find<'a>(catalogue: &'a Catalogue, path: &str, name: &str) -> Result<&'a Descriptor, NameError> {
    let unknown = || NameError::Unknown(name.to_owned());
    let Some((category, rest)) = path.split_once('/') else {
        return catalogue
            .find(path)
            .map(|filter| filter.descriptor())
            .ok_or_else(unknown);
    };
    let reference = rest.split('/').next().unwrap_or(rest);
    let descriptor = catalogue.find(reference).ok_or_else(unknown)?.descriptor();
    // A name may go on to one of the filter's pins.
    if let Some((_, pin)) = rest.split_once('/')
        && !descriptor
            .pins
            .iter()
            .any(|it| it.name.eq_ignore_ascii_case(pin))
    {
        return Err(unknown());
    }
    let known: Vec<String> = descriptor.categories.iter().map(|id| alias(*id)).collect();
    if known.iter().any(|it| same(it, category)) {
        return Ok(descriptor);
    }
    Err(NameError::OtherCategory {
        reference: reference.to_owned(),
        category: category.to_owned(),
        known: known.join(", "),
    })
}
