//! Names of devices: `ks://category/reference`, links that follow the configuration (REG-3, REG-4).

use crate::ks::ids::Guid;
use crate::ks::{Catalogue, Descriptor};

/// Where a name leads unless the configuration says otherwise.
pub(super) const LINKS: &[(&str, &str)] = &[
    ("render/default renderer", "render/audio_device_out"),
    ("capture/default notes", "capture/midi_device_in"),
];

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
    let plain = name
        .get(..5)
        .filter(|head| head.eq_ignore_ascii_case("ks://"))
        .map_or(name, |_| &name[5..]);
    let mut path = plain.to_lowercase();
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
    // `datatransform` is the same as `data_transform`.
    let plain = |alias: &str| alias.replace('_', "");
    if known.iter().any(|it| plain(it) == plain(category)) {
        return Ok(descriptor);
    }
    Err(NameError::OtherCategory {
        reference: reference.to_owned(),
        category: category.to_owned(),
        known: known.join(", "),
    })
}
