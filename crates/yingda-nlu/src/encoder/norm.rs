//! Layer normalisation. Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", 2016 (arXiv:1607.06450), equation 4.
use super::file::{Broken, Reader, Writer};

/// Keeps a root from becoming zero; the reference's own.
pub(crate) const EPSILON: f32 = 1e-12;

/// `y = (x − mean) / √(variance + ε) × gain + shift`, with the variance divided by the number of values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LayerNorm {
    gain: Vec<f32>,
    shift: Vec<f32>,
}

impl LayerNorm {
    pub fn new(gain: Vec<f32>, shift: Vec<f32>) -> Result<Self, Broken> {
        let is_sound = !gain.is_empty() && gain.len() == shift.len();
        is_sound.then_some(Self { gain, shift }).ok_or(Broken("a layer's gain and shift differ in length"))
    }

    pub fn width(&self) -> usize {
        self.gain.len()
    }

    /// Normalises one row of [`LayerNorm::width`] values.
    pub fn apply(&self, row: &mut [f32]) {
        let count = self.gain.len() as f32;
        let mean = sum(row, |value| value) / count;
        let variance = sum(row, |value| (value - mean) * (value - mean)) / count;
        let scale = 1.0 / (variance + EPSILON).sqrt();
        for ((value, gain), shift) in row.iter_mut().zip(&self.gain).zip(&self.shift) {
            *value = (*value - mean) * scale * gain + shift;
        }
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let width = from.length()?;
        Self::new(from.f32s(width)?, from.f32s(width)?)
    }

    pub fn write(&self, to: &mut Writer) {
        to.length(self.gain.len());
        to.f32s(&self.gain);
        to.f32s(&self.shift);
    }
}

/// A sum over sixteen lanes: faster, and with smaller errors, than one value after the other.
pub(crate) fn sum(values: &[f32], each: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let (whole, rest) = values.as_chunks::<16>();
    for chunk in whole {
        lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += each(*value));
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|value| each(*value)).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_becomes_shift_and_deviation_gain() {
        let norm = LayerNorm::new(vec![2.0; 20], vec![5.0; 20]).unwrap();
        let mut row: Vec<f32> = (0_u8..20).map(|n| f32::from(n) * 3.0).collect();
        norm.apply(&mut row);
        let mean = row.iter().sum::<f32>() / 20.0;
        let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 20.0;
        assert!((mean - 5.0).abs() < 1e-5 && (variance - 4.0).abs() < 1e-4, "{mean} {variance}");
    }

    #[test]
    fn a_row_of_equal_values_becomes_the_shift() {
        let norm = LayerNorm::new(vec![2.0; 3], vec![1.0, 2.0, 3.0]).unwrap();
        let mut row = [7.0; 3];
        norm.apply(&mut row);
        assert_eq!(row, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn gain_and_shift_are_equally_long() {
        assert!(LayerNorm::new(vec![1.0], vec![]).is_err());
        assert!(LayerNorm::new(vec![], vec![]).is_err());
    }
}
