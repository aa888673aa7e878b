//! One branch: what a piece and its neighbours mean together.
//!
//! The piece's vector is projected to fewer numbers; after all branches' were normalised (`views`) two convolutions over a window
//! of pieces follow, each added to what went into it: `y = x + max(0, window(x) · W + b)`. Beyond the text there are zeros.
//! Residual layers: K. He et al., "Deep Residual Learning for Image Recognition", 2015 (arXiv:1512.03385).
use super::{
    file::{Broken, Reader, Writer},
    layer::Layer,
};

/// How many neighbours on one side can bear on a piece: two windows on top of each other, of at most two.
pub(crate) const REACH: usize = 4;

/// One branch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Branch {
    /// Pieces in the window.
    window: usize,
    projection: Layer,
    convolutions: [Layer; 2],
}

impl Branch {
    /// A branch whose window is centred, or has one piece more behind than before.
    pub fn new(window: usize, projection: Layer, convolutions: [Layer; 2]) -> Result<Self, Broken> {
        let width = projection.weights.columns();
        let fits = (1..=REACH + 1).contains(&window)
            && convolutions.iter().all(|layer| layer.weights.rows() == window * width && layer.weights.columns() == width);
        fits.then_some(Self { window, projection, convolutions }).ok_or(Broken("the layers of a branch do not fit each other"))
    }

    /// Numbers a piece comes with.
    pub fn takes(&self) -> usize {
        self.projection.weights.rows()
    }

    /// Numbers it leaves with.
    pub fn gives(&self) -> usize {
        self.projection.weights.columns()
    }

    /// The projections of pieces, given their vectors one after the other.
    pub fn project(&self, vectors: &[f32]) -> Vec<f32> {
        self.projection.apply(vectors, self.takes(), vectors.len() / self.takes())
    }

    /// Adds what the neighbours mean to the pieces of a text.
    pub fn convolve(&self, values: &mut [f32]) {
        let width = self.gives();
        let before = (self.window - 1) / 2;
        let mut padded = vec![0.0; values.len() + (self.window - 1) * width];
        for layer in &self.convolutions {
            padded[before * width..][..values.len()].copy_from_slice(values);
            // Windows overlap: the next one begins one piece later.
            let convolved = layer.apply(&padded, width, values.len() / width);
            values.iter_mut().zip(convolved).for_each(|(value, new)| *value += new.max(0.0));
        }
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let window = from.length()?;
        Self::new(window, Layer::read(from)?, [Layer::read(from)?, Layer::read(from)?])
    }

    pub fn write(&self, to: &mut Writer) {
        to.length(self.window);
        self.projection.write(to);
        self.convolutions.iter().for_each(|layer| layer.write(to));
    }
}
