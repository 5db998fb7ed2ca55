//! The registry as a client sees it: entries by category, readable without making a filter (REG-1, REG-5), filters that
//! arrive and go, and those who are told (REG-6).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names;
use super::object::{Handle, Host, Object};
use crate::ks::ids::Guid;
use crate::ks::{Descriptor, Facts, Filter, Medium, PinFactory, Settings};

/// One entry: a filter under one of its categories.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The category.
    pub category: Guid,
    /// The name that opens it.
    pub name: String,
    /// The reference string, never translated.
    pub reference: String,
    /// The name people read.
    pub title: String,
    /// Where the name leads, when it is a link.
    pub leads_to: Option<String>,
    /// The key of the filter it makes.
    pub factory: String,
}

/// An entry came or went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Whether it came.
    pub is_arrival: bool,
    /// Its category.
    pub category: Guid,
    /// Its name.
    pub name: String,
    /// The watcher's tag.
    pub tag: u64,
}

/// Numbers of the units that devices are, for the mediums inside them.
#[derive(Default)]
pub(super) struct Units {
    known: BTreeMap<(Guid, String), u32>,
    /// The last number given in each set.
    last: BTreeMap<Guid, u32>,
}

impl Host {
    /// The unit that a device is in a set of mediums: the next number when it is new. None is ever given twice (MED-7).
    pub fn unit(&mut self, set: Guid, device: &str) -> u32 {
        let Units { known, last } = &mut self.units;
        *known.entry((set, device.to_owned())).or_insert_with(|| {
            let last = last.entry(set).or_default();
            *last += 1;
            *last
        })
    }

    /// All entries, or those of one category.
    pub fn registry(&self, category: Option<Guid>) -> Vec<Entry> {
        let mut entries = vec![];
        for filter in self.catalogue.iter() {
            let descriptor = filter.descriptor();
            for id in descriptor.categories.iter().copied() {
                entries.push(Entry {
                    category: id,
                    name: name_of(id, &descriptor.key),
                    reference: descriptor.key.to_string(),
                    title: descriptor.title.to_string(),
                    leads_to: None,
                    factory: descriptor.key.to_string(),
                });
            }
        }
        for (from, to) in self.links() {
            let alias = from.split('/').next().unwrap_or_default();
            let known = entries
                .iter()
                .map(|entry| entry.category)
                .find(|id| names::alias(*id) == alias);
            let Some(id) = known else { continue };
            entries.push(Entry {
                category: id,
                name: format!("ks://{from}"),
                reference: from.rsplit('/').next().unwrap_or_default().to_owned(),
                title: from.rsplit('/').next().unwrap_or_default().to_owned(),
                leads_to: Some(format!("ks://{to}")),
                factory: to.rsplit('/').next().unwrap_or_default().to_owned(),
            });
        }
        for device in names::devices(&self.facts) {
            for id in device.categories(&self.catalogue) {
                entries.push(Entry {
                    category: id,
                    name: name_of(id, &device.name.to_lowercase()),
                    reference: device.name.clone(),
                    title: device.name.clone(),
                    leads_to: None,
                    factory: device.factory.to_owned(),
                });
            }
        }
        entries.extend(self.virtual_entries());
        entries.retain(|entry| category.is_none_or(|id| entry.category == id));
        entries
    }

    /// Adds a kind of filter; whoever watches one of its categories is told.
    pub fn register(&mut self, filter: Arc<dyn Filter>) -> Result<(), String> {
        let (categories, key) = {
            let descriptor = filter.descriptor();
            (descriptor.categories.to_vec(), descriptor.key.to_string())
        };
        self.catalogue
            .register(filter)
            .map_err(|error| error.to_string())?;
        self.tell(true, &categories, &key);
        Ok(())
    }

    /// Takes a kind of filter away. What is open of it is closed first. Whether there was one.
    pub fn unregister(&mut self, key: &str) -> bool {
        let Some(found) = self.catalogue.get(key) else {
            return false;
        };
        let categories = found.descriptor().categories.to_vec();
        let is_one = |handle: &Handle| match self.object(*handle) {
            Some(Object::Filter(it)) => it.descriptor.key == key,
            _ => false,
        };
        let open: Vec<Handle> = self.objects().into_iter().filter(is_one).collect();
        for handle in open {
            self.close(handle);
        }
        let mut left = crate::ks::Catalogue::default();
        let others = self.catalogue.iter();
        for filter in others.filter(|filter| filter.descriptor().key != key) {
            // It was in a catalogue with the same others before.
            let _ = left.register(Arc::clone(filter));
        }
        self.catalogue = left;
        // A device goes with the last of its filters.
        let catalogue = &self.catalogue;
        self.units.known.retain(|(set, _), id| {
            let pins = catalogue.iter().flat_map(|it| &*it.descriptor().pins);
            let mut mediums = pins.flat_map(PinFactory::all_mediums);
            mediums.any(|it| it.set == *set && it.id == *id)
        });
        self.tell(false, &categories, key);
        true
    }

    /// What is known of the machine.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The machine is as these facts say from now on: whoever watches is told which devices came and which went. Names
    /// lead to what is there now; what is open stays (REG-3, REG-6).
    pub fn observe(&mut self, facts: Facts) {
        let before = names::devices(&self.facts);
        let virtual_before = self.virtual_devices();
        self.facts = facts;
        let after = names::devices(&self.facts);
        let lost = before.iter().filter(|it| !after.contains(it));
        let new = after.iter().filter(|it| !before.contains(it));
        let told: Vec<(bool, &names::DeviceName)> = lost
            .map(|it| (false, it))
            .chain(new.map(|it| (true, it)))
            .collect();
        for (is_arrival, device) in told {
            let categories = device.categories(&self.catalogue);
            self.tell(is_arrival, &categories, &device.name.to_lowercase());
            self.device_changed(device, is_arrival);
        }
        self.virtual_devices_changed(&virtual_before);
    }

    /// Tells those who watch a category of a virtual device.
    pub(super) fn tell_device(&mut self, is_arrival: bool, category: Guid, name: &str) {
        self.tell_watchers(is_arrival, &[category], name);
    }

    /// Wants to hear of arrivals and removals in a category.
    pub fn watch(&mut self, category: Guid, tag: u64) {
        self.watches.push((category, tag));
    }

    /// What came and went in the watched categories since the last time.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// The pin that a hard-wired pin's line leads to: the name of its filter, and its number. A card's other half as it
    /// is open goes before the one in the registry.
    pub(super) fn soldered_to(&self, pin: &PinFactory) -> Option<(String, u32)> {
        let lines: Vec<Medium> = pin
            .all_mediums()
            .iter()
            .copied()
            .filter(|it| it.is_hard_wired())
            .collect();
        let partner = |descriptor: &Descriptor, fits: &dyn Fn(Medium) -> bool| {
            let is_partner = |it: &&PinFactory| {
                it.data_flow != pin.data_flow && it.all_mediums().iter().any(|it| fits(*it))
            };
            let index = descriptor.pins.iter().position(|it| is_partner(&it))?;
            Some((
                name_of(descriptor.category(), &descriptor.key),
                index as u32,
            ))
        };
        let open = self
            .objects()
            .into_iter()
            .filter_map(|handle| match self.object(handle) {
                Some(Object::Filter(it)) => Some(&it.descriptor),
                _ => None,
            });
        let registered = self.catalogue.iter().map(|filter| {
            let settings = Settings {
                values: &BTreeMap::new(),
                base: None,
            };
            filter.describe(&settings, &self.facts).into_owned()
        });
        let mut open = open.filter_map(|it| partner(it, &|medium| lines.contains(&medium)));
        // Which unit a filter that is not open will be of is not known yet.
        let same_kind = |medium: Medium| lines.iter().any(|it| it.set == medium.set);
        open.next().or_else(|| {
            let mut registered = registered.filter_map(|it| partner(&it, &same_kind));
            registered.next()
        })
    }

    fn tell(&mut self, is_arrival: bool, categories: &[Guid], key: &str) {
        self.tell_watchers(is_arrival, categories, key);
        let what = if is_arrival { "arrived" } else { "removed" };
        self.say(format!("filter {key} {what}"));
    }

    fn tell_watchers(&mut self, is_arrival: bool, categories: &[Guid], key: &str) {
        for (category, tag) in self.watches.clone() {
            if categories.contains(&category) {
                self.changes.push(Change {
                    is_arrival,
                    category,
                    name: name_of(category, key),
                    tag,
                });
            }
        }
    }
}

fn name_of(category: Guid, key: &str) -> String {
    format!("ks://{}/{key}", names::alias(category))
}
