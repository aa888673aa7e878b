//! The logical checksum of a table: the same for the same rows, whichever database they are in.
//!
//! Rows go in by the order of the primary key. Each value is a letter for its type, its length where it has one, and its bytes, so that no
//! two contents look alike.
use super::catalog::Table;
use crate::db::Param;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How many rows a table has, and their checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    /// The table.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// A checksum while rows go in.
pub(crate) struct Digest {
    name: String,
    hash: Sha256,
    pub rows: u64,
}

impl Digest {
    pub(crate) fn of(table: &Table) -> Digest {
        let mut digest = Digest { name: table.name.clone(), hash: Sha256::new(), rows: 0 };
        digest.sized(b'T', table.name.as_bytes());
        table.columns.iter().for_each(|column| digest.sized(b'C', column.name.as_bytes()));
        digest
    }

    pub(crate) fn add(&mut self, row: &[Param]) {
        self.rows += 1;
        self.hash.update(b"R");
        for value in row {
            match value {
                Param::Int(Some(number)) => self.fixed(b'i', &number.to_be_bytes()),
                Param::Bool(Some(truth)) => self.fixed(b'b', &[u8::from(*truth)]),
                Param::Real(Some(number)) => self.fixed(b'f', &number.to_bits().to_be_bytes()),
                Param::Text(Some(text)) => self.sized(b't', text.as_bytes()),
                Param::Bytes(Some(bytes)) => self.sized(b'x', bytes),
                Param::Int(None) | Param::Bool(None) | Param::Real(None) | Param::Text(None) | Param::Bytes(None) => self.fixed(b'n', &[]),
            }
        }
    }

    pub(crate) fn finish(self) -> TableSum {
        TableSum { name: self.name, rows: self.rows, sha256: hex(&self.hash.finalize()) }
    }

    fn fixed(&mut self, letter: u8, bytes: &[u8]) {
        self.hash.update([letter]);
        self.hash.update(bytes);
    }

    fn sized(&mut self, letter: u8, bytes: &[u8]) {
        self.fixed(letter, &(bytes.len() as u64).to_be_bytes());
        self.hash.update(bytes);
    }
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string never fails");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::catalog::{Column, Kind};
    use proptest::prelude::*;

    fn sum(rows: &[Vec<Param>]) -> String {
        let columns = ["a", "b"].map(|name| Column { name: name.into(), kind: Kind::Text }).to_vec();
        let mut digest = Digest::of(&Table { name: "t".into(), columns, key: vec![0] });
        rows.iter().for_each(|row| digest.add(row));
        digest.finish().sha256
    }

    proptest! {
        /// Wherever a text is cut, and whatever is NULL or empty: other contents have other sums.
        #[test]
        fn other_contents_have_other_sums(a in any::<Option<String>>(), b in any::<Option<String>>(), c in any::<Option<String>>(), d in any::<Option<String>>()) {
            let row = |x: &Option<String>, y: &Option<String>| vec![Param::Text(x.clone()), Param::Text(y.clone())];
            prop_assert_eq!(sum(&[row(&a, &b)]) == sum(&[row(&c, &d)]), (&a, &b) == (&c, &d));
            prop_assert_ne!(sum(&[row(&a, &b)]), sum(&[row(&a, &b), row(&a, &b)]));
        }
    }

    #[test]
    fn types_are_told_apart() {
        let all = [Param::from(1_i64), Param::from(true), Param::from(1.0), Param::from("1"), Param::from(vec![b'1']), Param::Int(None)];
        let sums: std::collections::HashSet<String> = all.into_iter().map(|value| sum(&[vec![value]])).collect();
        assert_eq!(sums.len(), 6);
    }
}
