//! From the sum of all pieces to the sentence's vector.
//!
//! The sum is projected, divided by the root of the number of pieces, and goes through two residual blocks whose shortcuts are
//! projections too: `y = max(0, m·P + max(0, m·A)·B)`, `z = tanh(y·Q + max(0, y·C)·D)`, and `z` scaled to length one.
//! Dividing by the root rather than the number: D. Cer et al., "Universal Sentence Encoder", 2018 (arXiv:1803.11175), section 3.
use super::{
    file::{Broken, Reader, Writer},
    layer::Layer,
    matrix::Matrix,
    norm::{EPSILON, sum},
};

/// A residual block: `m·shortcut + max(0, m·inner)·outer`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block {
    pub shortcut: Matrix,
    pub inner: Matrix,
    pub outer: Matrix,
}

/// The dense layers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tower {
    projection: Layer,
    blocks: [Block; 2],
}

impl Tower {
    pub fn new(projection: Layer, blocks: [Block; 2]) -> Result<Self, Broken> {
        let fits = blocks.iter().all(Block::fits)
            && blocks[0].shortcut.rows() == projection.weights.columns()
            && blocks[1].shortcut.rows() == blocks[0].shortcut.columns();
        fits.then_some(Self { projection, blocks }).ok_or(Broken("the dense layers do not fit each other"))
    }

    /// Numbers in a sum.
    pub fn takes(&self) -> usize {
        self.projection.weights.rows()
    }

    /// Numbers in a vector.
    pub fn gives(&self) -> usize {
        self.blocks[1].shortcut.columns()
    }

    /// The vector, of length one, of a text with so many pieces.
    pub fn apply(&self, pieces: &[f32], count: usize) -> Vec<f32> {
        let count = count as f32;
        // Projecting the sum instead of each piece is the same, and cheaper; the bias then counts once for each.
        let mut mean: Vec<f32> = self.projection.bias.iter().map(|bias| bias * count).collect();
        self.projection.weights.add_products(pieces, 0, &mut mean);
        mean.iter_mut().for_each(|value| *value /= count.sqrt());
        let mut hidden = self.blocks[0].apply(&mean);
        rectify(&mut hidden);
        let mut vector = self.blocks[1].apply(&hidden);
        vector.iter_mut().for_each(|value| *value = value.tanh());
        let length = sum(&vector, |value| value * value).max(EPSILON).sqrt();
        vector.iter_mut().for_each(|value| *value /= length);
        vector
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let projection = Layer::read(from)?;
        Self::new(projection, [Block::read(from)?, Block::read(from)?])
    }

    pub fn write(&self, to: &mut Writer) {
        self.projection.write(to);
        self.blocks.iter().for_each(|block| block.write(to));
    }
}

impl Block {
    fn fits(&self) -> bool {
        self.inner.rows() == self.shortcut.rows()
            && self.outer.rows() == self.inner.columns()
            && self.outer.columns() == self.shortcut.columns()
    }

    fn apply(&self, input: &[f32]) -> Vec<f32> {
        let mut inner = vec![0.0; self.inner.columns()];
        self.inner.add_products(input, 0, &mut inner);
        rectify(&mut inner);
        let mut output = vec![0.0; self.outer.columns()];
        self.shortcut.add_products(input, 0, &mut output);
        self.outer.add_products(&inner, 0, &mut output);
        output
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        Ok(Self { shortcut: Matrix::read(from)?, inner: Matrix::read(from)?, outer: Matrix::read(from)? })
    }

    fn write(&self, to: &mut Writer) {
        self.shortcut.write(to);
        self.inner.write(to);
        self.outer.write(to);
    }
}

fn rectify(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = value.max(0.0));
}
