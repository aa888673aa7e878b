//! A map from byte strings to numbers that finds all keys a text begins with, in one step a byte: a double array.
//!
//! The layout is the one that SentencePiece keeps its normalisation map in, so that such a map is taken over as it is; `build`
//! makes one from a list of keys. Source: the data format of Darts-clone, after J. Aoe, "An Efficient Digital Search Algorithm by
//! Using a Double-Array Structure", IEEE Transactions on Software Engineering 15 (1989).
//!
//! A node is a position in an array of 32-bit units. Its unit says where its children lie: the child by byte `b` is at
//! `position ^ offset ^ b`, and is one if the low eight bits there say `b`. The child by byte 0 carries the value.
mod build;

pub use build::build;

use crate::encoder::file::{Broken, Reader, Writer};

/// Set in a unit that carries a value; such a unit is nobody's child by a byte of text.
const IS_VALUE: u32 = 1 << 31;
/// Set in the unit of a node where a key ends.
const HAS_VALUE: u32 = 1 << 8;

/// A double array. Walking one that is damaged finds wrong values and never reads outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trie {
    units: Vec<u32>,
}

/// A key that the text begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Bytes of the key.
    pub length: usize,
    /// What the key maps to.
    pub value: u32,
}

impl Trie {
    /// Takes an array as it is.
    pub fn new(units: Vec<u32>) -> Self {
        Self { units }
    }

    /// All keys that `text` begins with, shortest first.
    pub fn prefixes<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Prefix> + 'a {
        let root = self.units.first().copied().unwrap_or(IS_VALUE);
        let mut children = offset(root) as usize;
        let nodes = text.iter().map_while(move |&byte| {
            let node = children ^ usize::from(byte);
            let unit = self.units.get(node).copied().filter(|unit| unit & (IS_VALUE | 0xff) == u32::from(byte))?;
            children = node ^ offset(unit) as usize;
            Some((unit, children))
        });
        nodes.enumerate().filter(|(_, (unit, _))| unit & HAS_VALUE != 0).filter_map(|(at, (_, children))| {
            let value = self.units.get(children)? & !IS_VALUE;
            Some(Prefix { length: at + 1, value })
        })
    }

    /// The largest value any key can map to.
    pub fn max_value(&self) -> u32 {
        self.units.iter().filter(|unit| **unit & IS_VALUE != 0).map(|unit| unit & !IS_VALUE).max().unwrap_or(0)
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let length = from.length()?;
        Ok(Self::new(from.u32s(length)?))
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.length(self.units.len());
        to.u32s(&self.units);
    }
}

/// How far from a node its children lie: 21 bits, or as many times 256 when bit 9 says so.
fn offset(unit: u32) -> u32 {
    (unit >> 10) << ((unit & 0x200) >> 6)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection, prelude::*};

    use super::*;

    fn found(trie: &Trie, text: &str) -> Vec<(usize, u32)> {
        trie.prefixes(text.as_bytes()).map(|prefix| (prefix.length, prefix.value)).collect()
    }

    #[test]
    fn all_keys_a_text_begins_with_are_found_shortest_first() {
        let trie = build([("流", 7), ("流量", 8), ("流量包", 9), ("包", 1), ("a", 0)]);
        assert_eq!(found(&trie, "流量包年"), [(3, 7), (6, 8), (9, 9)]);
        assert_eq!(found(&trie, "流畅"), [(3, 7)]);
        assert_eq!(found(&trie, "ab"), [(1, 0)]);
        assert_eq!(found(&trie, ""), []);
        assert_eq!(found(&trie, "\0"), []);
        assert_eq!(trie.max_value(), 9);
    }

    #[test]
    fn an_empty_one_finds_nothing() {
        assert_eq!(found(&Trie::new(Vec::new()), "a\0b"), []);
        assert_eq!(found(&build([]), "a\0b"), []);
    }

    proptest! {
        #[test]
        fn it_answers_as_a_plain_map_does(keys in collection::btree_map("[a-c流量\u{10ffff}]{1,5}", 0..1_000_000_u32, 0..60), text in "[a-c流量\u{10ffff}\0]{0,8}") {
            let trie = build(keys.iter().map(|(key, value)| (key.as_str(), *value)));
            let plain: BTreeMap<usize, u32> = keys.iter().filter(|(key, _)| text.starts_with(*key)).map(|(key, value)| (key.len(), *value)).collect();
            prop_assert_eq!(found(&trie, &text), plain.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn a_damaged_one_is_walked_without_harm(units in collection::vec(any::<u32>(), 0..300), text in any::<String>()) {
            let trie = Trie::new(units);
            prop_assert!(found(&trie, &text).iter().all(|(length, _)| *length <= text.len()));
        }
    }
}
