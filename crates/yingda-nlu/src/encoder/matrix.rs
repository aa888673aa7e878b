//! Matrices of 8-bit weights with one scale, and the one product that all the time goes into.
//!
//! Written as plain loops over arrays of fixed size, which the compiler turns into vector instructions. Weights stay 8 bits wide in
//! memory: a strip of [`STRIP`] columns is widened [`DEPTH`] rows at a time into a buffer that fits the innermost cache, and
//! multiplied with all inputs there. With cold caches, as between other work, that is faster than reading 13 MB of wide weights for
//! each sentence; with warm ones it is slower (figures in docs/decisions/encoder.md).
use super::file::{Broken, Reader, Writer};

/// Columns computed side by side.
const STRIP: usize = 16;
/// Rows widened at a time.
const DEPTH: usize = 256;
/// Inputs multiplied at a time: as many sums as registers hold with 128-bit vectors.
const INPUTS: usize = 2;

/// A weight is `scale × code`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matrix {
    rows: usize,
    columns: usize,
    scale: f32,
    /// Strip by strip; in each the rows one after the other.
    codes: Vec<[i8; STRIP]>,
}

impl Matrix {
    /// A matrix of `codes`, row by row, of which there are `rows`.
    pub fn new(rows: usize, scale: f32, codes: &[i8]) -> Result<Self, Broken> {
        let columns = codes.len().checked_div(rows).unwrap_or(0);
        if columns == 0 || columns * rows != codes.len() || !columns.is_multiple_of(STRIP) {
            return Err(Broken("a matrix has an impossible shape"));
        }
        let strip = |at: usize| codes.chunks_exact(columns).filter_map(move |row| row[at..].first_chunk().copied());
        let codes = (0..columns).step_by(STRIP).flat_map(strip).collect();
        Ok(Self { rows, columns, scale, codes })
    }

    /// Length of an input.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Length of an output.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Adds each input's product with the matrix to its output. Input `n` begins at `n × stride` and is [`Matrix::rows`] long (so
    /// inputs may overlap: neighbours are seen without a copy of them); outputs lie one after the other.
    pub fn add_products(&self, inputs: &[f32], stride: usize, outputs: &mut [f32]) {
        let mut buffer = [0.0; STRIP * DEPTH];
        for (strip, codes) in self.codes.chunks_exact(self.rows).enumerate() {
            for (depth, codes) in codes.chunks(DEPTH).enumerate() {
                buffer.iter_mut().zip(codes.as_flattened()).for_each(|(weight, code)| *weight = f32::from(*code));
                let weights = &buffer.as_chunks().0[..codes.len()];
                let mut rows = outputs.chunks_mut(self.columns).enumerate();
                let input = |n: usize| &inputs[n * stride + depth * DEPTH..][..codes.len()];
                while let Some((n, first)) = rows.next() {
                    match rows.next() {
                        Some((_, second)) => {
                            let [a, b] = sums([input(n), input(n + 1)], weights);
                            self.add(&a, strip, first);
                            self.add(&b, strip, second);
                        }
                        None => {
                            let [a] = sums([input(n)], weights);
                            self.add(&a, strip, first);
                        }
                    }
                }
            }
        }
    }

    fn add(&self, sums: &[f32; STRIP], strip: usize, output: &mut [f32]) {
        output[strip * STRIP..][..STRIP].iter_mut().zip(sums).for_each(|(output, sum)| *output += sum * self.scale);
    }

    pub fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let (rows, columns, scale) = (from.length()?, from.length()?, from.f32s(1)?[0]);
        let codes = from.bytes(rows.checked_mul(columns).ok_or(Broken("a matrix is too large"))?)?;
        Self::new(rows, scale, &codes.iter().map(|code| code.cast_signed()).collect::<Vec<_>>())
    }

    pub fn write(&self, to: &mut Writer) {
        to.length(self.rows);
        to.length(self.columns);
        to.f32s(&[self.scale]);
        for row in 0..self.rows {
            for strip in self.codes.chunks_exact(self.rows) {
                to.bytes(&strip[row].map(i8::cast_unsigned));
            }
        }
    }
}

/// The products of some inputs with a strip of weights.
#[inline(always)]
fn sums<const N: usize>(inputs: [&[f32]; N], weights: &[[f32; STRIP]]) -> [[f32; STRIP]; N] {
    const { assert!(N <= INPUTS) };
    let inputs = inputs.map(|input| &input[..weights.len()]);
    let mut sums = [[0.0; STRIP]; N];
    for (row, weights) in weights.iter().enumerate() {
        for (sums, input) in sums.iter_mut().zip(inputs) {
            let input = input[row];
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += input * weight;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    #[test]
    fn impossible_shapes_are_refused() {
        assert!(Matrix::new(0, 1.0, &[]).is_err());
        assert!(Matrix::new(2, 1.0, &[0; 24]).is_err(), "twelve columns");
        assert!(Matrix::new(3, 1.0, &[0; 32]).is_err(), "no whole rows");
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_textbook(
            rows in prop_oneof![1..20_usize, 250..520_usize], strips in 1..3_usize, count in 0..6_usize, overlap: bool, seed: u64,
        ) {
            let (columns, stride) = (strips * STRIP, if overlap { rows / 2 + 1 } else { rows });
            let mut random = seed;
            let mut code = || {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (random >> 56) as i8
            };
            let codes: Vec<i8> = (0..rows * columns).map(|_| code()).collect();
            let inputs: Vec<f32> = (0..stride * count + rows).map(|_| f32::from(code()) / 16.0).collect();
            let matrix = Matrix::new(rows, 0.5, &codes).unwrap();
            let mut outputs = vec![1.0; count * columns];
            matrix.add_products(&inputs, stride, &mut outputs);
            for n in 0..count {
                for column in 0..columns {
                    let exact: f64 = (0..rows).map(|row| f64::from(inputs[n * stride + row]) * f64::from(codes[row * columns + column])).sum();
                    let found = f64::from(outputs[n * columns + column]);
                    prop_assert!((found - 1.0 - exact * 0.5).abs() < 0.05, "input {n}, column {column}: {found}");
                }
            }
        }

        #[test]
        fn it_is_read_as_it_was_written(rows in 1..5_usize, codes in collection::vec(any::<i8>(), 5 * STRIP)) {
            let matrix = Matrix::new(rows, 0.25, &codes[..rows * STRIP]).unwrap();
            let mut to = Writer::default();
            matrix.write(&mut to);
            let bytes = to.into_bytes();
            let mut from = Reader::new(&bytes);
            prop_assert_eq!(Matrix::read(&mut from).unwrap(), matrix);
            from.end().unwrap();
        }
    }
}
