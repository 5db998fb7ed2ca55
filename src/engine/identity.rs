//! By what wires are known over plans: numbers that are the same in every run, and another one as soon as a filter at an
//! end is opened anew or the wire carries something else.

use std::hash::{Hash, Hasher};

use super::spec::{Spec, SpecWire};
use crate::ks::DataFormat;

/// A hash with fixed keys, by the halves of a product, each of which hangs on all bits that went in. Nobody who draws a
/// graph gains by two wires of one number, and among 100 000 of them two meet once in three thousand million graphs.
struct Folded(u64);

impl Folded {
    const KEYS: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03];

    fn fold(&mut self, number: u64, key: u64) {
        let product = u128::from(self.0 ^ number) * u128::from(key);
        self.0 = (product as u64 ^ (product >> 64) as u64).rotate_left(23);
    }
}

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        let mut end = Self(self.0);
        end.fold(Self::KEYS[0], Self::KEYS[1]);
        end.fold(Self::KEYS[1], Self::KEYS[0]);
        end.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let mut number = [0; 8];
            number[..piece.len()].copy_from_slice(piece);
            self.write_u64(u64::from_le_bytes(number) ^ (piece.len() as u64) << 60);
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.fold(number, Self::KEYS[0]);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}

fn hashed(it: impl Hash) -> u64 {
    let mut hasher = Folded(Folded::KEYS[1]);
    it.hash(&mut hasher);
    hasher.finish()
}

impl Spec {
    /// Gives every wire its identity: it changes when either end is opened anew or the format changes. Never 0.
    pub(super) fn identify_wires(&mut self) {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|node| hashed((node.identity(), node.entry, node.bypass)));
        let nodes: Vec<u64> = nodes.collect();
        // Neighbours carry the same.
        let mut last: Option<(&DataFormat, u64)> = None;
        let ids = self.wires.iter().map(|wire| {
            let format = wire.format();
            let known = last.filter(|it| it.0 == format);
            let (_, number) = *last.insert(known.unwrap_or_else(|| (format, hashed(format))));
            identity(wire, number, &nodes)
        });
        self.ids = ids.collect();
        self.by_id = self.ids.iter().copied().zip(0..).collect();
        self.by_id.sort_unstable_by_key(|it| it.0);
    }
}

/// `format` stands for what the wire carries, and a number for each node.
fn identity(wire: &SpecWire, format: u64, nodes: &[u64]) -> u64 {
    let ends = [&wire.from, &wire.to].map(|pin| (&*pin.pin, pin.instance));
    let nodes = wire.nodes.map(|node| nodes[node]);
    let later = (wire.delay, wire.cut, wire.align);
    hashed((nodes, ends, format, later)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_differ_little_are_far_apart() {
        let all: Vec<u64> = (0..40_000_u32)
            .map(|it| hashed((it / 200, "in", Some(it % 200), None::<u32>)))
            .collect();
        let mut sorted = all.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), all.len());
        // Each bit is set about half the time, and half of them change from one to the next.
        for bit in 0..64 {
            let count = all.iter().filter(|it| *it >> bit & 1 == 1).count();
            assert!((19_000..21_000).contains(&count), "bit {bit}: {count}");
        }
        let changed: u32 = all.windows(2).map(|it| (it[0] ^ it[1]).count_ones()).sum();
        let average = f64::from(changed) / (all.len() - 1) as f64;
        assert!((31.0..33.0).contains(&average), "{average}");
        assert_ne!(hashed("a"), hashed("a\0"));
        assert_ne!(hashed(("ab", "c")), hashed(("a", "bc")));
    }
}
