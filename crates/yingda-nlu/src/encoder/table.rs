//! The vectors of the pieces, six bits a number.
//!
//! A number is `code × step + low`, with one step and one low for each of several groups of pieces; piece `n` belongs to group
//! `n mod groups`, as in the package. Four codes share three bytes, the first one in the lowest bits.
use std::ops::Range;

use super::file::{Broken, Reader, Writer};

/// What the table says of itself before its codes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub pieces: usize,
    pub width: usize,
    /// One of each for each group.
    pub steps: Vec<f32>,
    pub lows: Vec<f32>,
}

impl Header {
    pub fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let (pieces, width, groups) = (from.length()?, from.length()?, from.length()?);
        let header = Self { pieces, width, steps: from.f32s(groups)?, lows: from.f32s(groups)? };
        let is_sound = width > 0 && width.is_multiple_of(4) && groups > 0;
        is_sound.then_some(header).ok_or(Broken("the table of pieces has an impossible shape"))
    }

    /// Bytes of all codes.
    pub fn size(&self) -> Result<usize, Broken> {
        self.row().checked_mul(self.pieces).ok_or(Broken("the table of pieces is too large"))
    }

    /// Bytes of one piece's codes.
    fn row(&self) -> usize {
        self.width / 4 * 3
    }
}

/// The table, over the bytes it lies in.
#[derive(Clone, Debug)]
pub(crate) struct Table<B> {
    header: Header,
    bytes: B,
    codes: Range<usize>,
}

impl<B: AsRef<[u8]>> Table<B> {
    /// `codes` says where in the bytes the codes are; as many as [`Header::size`] says.
    pub fn new(header: Header, bytes: B, codes: Range<usize>) -> Self {
        Self { header, bytes, codes }
    }

    pub fn len(&self) -> usize {
        self.header.pieces
    }

    /// Numbers a piece.
    pub fn width(&self) -> usize {
        self.header.width
    }

    /// The vectors of some pieces, one after the other. Ids are below [`Table::len`].
    pub fn vectors(&self, ids: &[u32]) -> Vec<f32> {
        let mut vectors = vec![0.0; ids.len() * self.header.width];
        let codes = &self.bytes.as_ref()[self.codes.clone()];
        for (id, vector) in ids.iter().map(|id| *id as usize).zip(vectors.chunks_exact_mut(self.header.width)) {
            let group = id % self.header.steps.len();
            let (step, low) = (self.header.steps[group], self.header.lows[group]);
            let row = &codes[id * self.header.row()..][..self.header.row()];
            for (packed, four) in row.as_chunks().0.iter().zip(vector.as_chunks_mut::<4>().0) {
                *four = unpack(*packed).map(|code| f32::from(code) * step + low);
            }
        }
        vectors
    }

    pub fn write(&self, to: &mut Writer) {
        to.length(self.header.pieces);
        to.length(self.header.width);
        to.length(self.header.steps.len());
        to.f32s(&self.header.steps);
        to.f32s(&self.header.lows);
        to.bytes(&self.bytes.as_ref()[self.codes.clone()]);
    }
}

/// Packs codes below 64; none if one is larger, or if four do not divide their number.
pub(crate) fn pack(codes: &[u8]) -> Option<Vec<u8>> {
    let (fours, rest) = codes.as_chunks::<4>();
    let packs = rest.is_empty() && codes.iter().all(|code| *code < 64);
    packs.then(|| fours.iter().flat_map(|[a, b, c, d]| [a | b << 6, b >> 2 | c << 4, c >> 4 | d << 2]).collect())
}

fn unpack([a, b, c]: [u8; 3]) -> [u8; 4] {
    [a & 63, (a >> 6 | b << 2) & 63, (b >> 4 | c << 4) & 63, c >> 2]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_pieces_group() {
        let codes = pack(&[1, 2, 3, 63, 0, 1, 0, 1, 10, 20, 30, 40]).unwrap();
        let header = Header { pieces: 3, width: 4, steps: vec![0.5, 2.0], lows: vec![-1.0, 10.0] };
        let size = header.size().unwrap();
        let table = Table::new(header, codes, 0..size);
        assert_eq!(table.vectors(&[1, 0]), [10.0, 12.0, 10.0, 12.0, -0.5, 0.0, 0.5, 30.5]);
        assert_eq!(table.vectors(&[2]), [4.0, 9.0, 14.0, 19.0]);
    }

    proptest! {
        #[test]
        fn codes_come_back_as_they_were(codes: [[u8; 4]; 3]) {
            let codes = codes.map(|four| four.map(|code| code & 63));
            let packed = pack(codes.as_flattened()).unwrap();
            prop_assert_eq!(packed.as_chunks().0.iter().map(|three| unpack(*three)).collect::<Vec<_>>(), codes);
        }
    }

    #[test]
    fn what_does_not_fit_is_not_packed() {
        assert_eq!(pack(&[0, 0, 64, 0]), None);
        assert_eq!(pack(&[0, 0, 0]), None);
    }
}
