//! Laying keys out in a double array.
use std::collections::{BTreeMap, HashSet};

use super::{HAS_VALUE, IS_VALUE, Trie};

/// Units are added by as many as the children of one node can be apart.
const BLOCK: usize = 256;
/// How many of the last units are searched for a place.
const SEARCHED: usize = 16 * BLOCK;

/// Makes a trie of keys and their values. Of equal keys the last one counts; empty ones and such with a zero byte are left out,
/// since no search could find them. Values are below 2³¹.
///
/// # Panics
/// When the keys need more than two million units, some ten times what the vocabulary of the encoder does.
pub fn build<'a>(keys: impl IntoIterator<Item = (&'a str, u32)>) -> Trie {
    let keys: BTreeMap<&[u8], u32> = keys.into_iter().map(|(key, value)| (key.as_bytes(), value)).collect();
    let keys: Vec<_> = keys.into_iter().filter(|(key, _)| !key.is_empty() && !key.contains(&0)).collect();
    let mut layout = Layout { units: vec![IS_VALUE; BLOCK], is_taken: vec![false; BLOCK], bases: HashSet::new(), first_free: 1 };
    layout.is_taken[0] = true;
    layout.units[0] = 0;
    let mut open = vec![Node { at: 0, depth: 0, keys: &keys }];
    while let Some(node) = open.pop() {
        layout.place(&node, &mut open);
    }
    Trie::new(layout.units)
}

/// A node whose children are still to be placed: all `keys` have their first `depth` bytes in common.
struct Node<'a, 'k> {
    at: usize,
    depth: usize,
    keys: &'a [(&'k [u8], u32)],
}

struct Layout {
    units: Vec<u32>,
    is_taken: Vec<bool>,
    /// Where children of a node lie already; two nodes that share it would adopt each other's.
    bases: HashSet<usize>,
    /// Below it nothing is free.
    first_free: usize,
}

impl Layout {
    fn place<'a, 'k>(&mut self, node: &Node<'a, 'k>, open: &mut Vec<Node<'a, 'k>>) {
        let label = |key: &[u8]| key.get(node.depth).copied().unwrap_or(0);
        let groups: Vec<&[(&[u8], u32)]> = node.keys.chunk_by(|a, b| label(a.0) == label(b.0)).collect();
        let labels: Vec<u8> = groups.iter().map(|group| label(group[0].0)).collect();
        let Some(base) = self.base(&labels) else { return };
        let offset = u32::try_from(node.at ^ base).ok().filter(|offset| *offset < 1 << 21).expect("a vocabulary of this size");
        self.units[node.at] |= offset << 10;
        for (group, label) in groups.into_iter().zip(labels) {
            let child = base ^ usize::from(label);
            self.is_taken[child] = true;
            if label == 0 {
                self.units[child] = IS_VALUE | group[0].1;
                self.units[node.at] |= HAS_VALUE;
            } else {
                self.units[child] = u32::from(label);
                open.push(Node { at: child, depth: node.depth + 1, keys: group });
            }
        }
    }

    /// A place where the children by all these labels find theirs free; none for no children.
    fn base(&mut self, labels: &[u8]) -> Option<usize> {
        let first = usize::from(*labels.first()?);
        while self.is_taken.get(self.first_free) == Some(&true) {
            self.first_free += 1;
        }
        // Farther back only crumbs are left, and looking through them all for each node would take quadratic time.
        let mut at = self.first_free.max(self.units.len().saturating_sub(SEARCHED));
        let base = loop {
            if at >= self.units.len() {
                self.units.resize(self.units.len() + BLOCK, IS_VALUE);
                self.is_taken.resize(self.units.len(), false);
            }
            let base = at ^ first;
            if labels.iter().all(|label| !self.is_taken[base ^ usize::from(*label)]) && !self.bases.contains(&base) {
                break base;
            }
            at += 1;
        };
        self.bases.insert(base);
        Some(base)
    }
}
