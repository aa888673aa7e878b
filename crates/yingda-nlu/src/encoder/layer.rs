//! A dense layer: `y = x · W + b`.
use super::{
    file::{Broken, Reader, Writer},
    matrix::Matrix,
};

/// A matrix and what is added to its product.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    pub weights: Matrix,
    pub bias: Vec<f32>,
}

impl Layer {
    pub fn new(weights: Matrix, bias: Vec<f32>) -> Result<Self, Broken> {
        (weights.columns() == bias.len())
            .then_some(Self { weights, bias })
            .ok_or(Broken("a layer's bias has another length than its output"))
    }

    /// `count` inputs, each beginning `stride` after the other.
    pub fn apply(&self, inputs: &[f32], stride: usize, count: usize) -> Vec<f32> {
        let mut outputs = self.bias.repeat(count);
        self.weights.add_products(inputs, stride, &mut outputs);
        outputs
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let weights = Matrix::read(from)?;
        let bias = from.f32s(weights.columns())?;
        Self::new(weights, bias)
    }

    pub fn write(&self, to: &mut Writer) {
        self.weights.write(to);
        to.f32s(&self.bias);
    }
}
