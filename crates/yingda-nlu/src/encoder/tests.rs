//! The encoder on small weights made here, against the formulas written down once more as plainly as possible.
use proptest::{collection, prelude::*};

use super::{branch::Branch, layer::Layer, matrix::Matrix, tower::Block, *};
use crate::{
    sentencepiece::{Normaliser, UNKNOWN, Vocabulary},
    trie::build,
};

const WIDTH: usize = 16;
const HIDDEN: usize = 32;
const WINDOWS: [usize; 3] = [2, 3, 5];

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn code(&mut self) -> i8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as i8
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| f32::from(self.code()) / 128.0).collect()
    }
}

/// A matrix as the formulas know it.
#[derive(Clone)]
struct Plain {
    columns: usize,
    weights: Vec<f64>,
}

impl Plain {
    fn product(&self, input: &[f64]) -> Vec<f64> {
        let column = |column: usize| input.iter().enumerate().map(|(row, value)| value * self.weights[row * self.columns + column]).sum();
        (0..self.columns).map(column).collect()
    }
}

/// The same weights twice: for the encoder, and plain.
#[derive(Default)]
struct Formulas {
    vectors: Vec<Vec<f64>>,
    matrices: Vec<Plain>,
    rows: Vec<Vec<f64>>,
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

impl Formulas {
    fn matrix(&mut self, numbers: &mut Numbers, rows: usize, columns: usize) -> Matrix {
        let codes: Vec<i8> = (0..rows * columns).map(|_| numbers.code()).collect();
        let scale = 0.5 / 64.0 / (rows as f32).sqrt();
        self.matrices.push(Plain { columns, weights: codes.iter().map(|code| f64::from(*code) * f64::from(scale)).collect() });
        Matrix::new(rows, scale, &codes).unwrap()
    }

    fn row(&mut self, numbers: &mut Numbers, count: usize) -> Vec<f32> {
        let row = numbers.floats(count);
        self.rows.push(wide(&row));
        row
    }

    fn layer(&mut self, numbers: &mut Numbers, rows: usize, columns: usize) -> Layer {
        let weights = self.matrix(numbers, rows, columns);
        Layer::new(weights, self.row(numbers, columns)).unwrap()
    }

    /// What the reference computes, for all pieces at once and without any of the encoder's short cuts.
    fn encode(&self, ids: &[u32]) -> Vec<f64> {
        let vectors: Vec<&Vec<f64>> = ids.iter().map(|id| &self.vectors[*id as usize]).collect();
        let mut features: Vec<Vec<f64>> = vectors.iter().map(|vector| vector.to_vec()).collect();
        let project = |n: usize, vector: &[f64]| plus(&self.matrices[n * 3].product(vector), &self.rows[n * 3]);
        let projected = vectors.iter().map(|vector| [0, 1, 2].map(|n| project(n, vector)).concat());
        let normalised: Vec<Vec<f64>> = projected.map(|row| normal(&row, &self.rows[9], &self.rows[10])).collect();
        for (n, window) in WINDOWS.into_iter().enumerate() {
            let (matrices, rows) = (&self.matrices[n * 3..], &self.rows[n * 3..]);
            let mut values: Vec<Vec<f64>> = normalised.iter().map(|row| row[n * WIDTH..][..WIDTH].to_vec()).collect();
            for layer in 1..=2 {
                let at =
                    |piece: isize| usize::try_from(piece).ok().and_then(|piece| values.get(piece)).cloned().unwrap_or(vec![0.0; WIDTH]);
                let next = (0..values.len()).map(|piece| {
                    let first = piece as isize - (window as isize - 1) / 2;
                    let seen: Vec<f64> = (0..window as isize).flat_map(|offset| at(first + offset)).collect();
                    let new = plus(&matrices[layer].product(&seen), &rows[layer]);
                    plus(&values[piece], &rectified(&new))
                });
                values = next.collect();
            }
            features.iter_mut().zip(values).for_each(|(features, values)| features.extend(values));
        }
        let (matrices, rows) = (&self.matrices[9..], &self.rows[11..]);
        let mut mean = vec![0.0; WIDTH];
        for feature in &features {
            mean = plus(&mean, &plus(&matrices[0].product(&normal(feature, &rows[0], &rows[1])), &rows[2]));
        }
        mean.iter_mut().for_each(|value| *value /= (ids.len() as f64).sqrt());
        let hidden = rectified(&plus(&matrices[1].product(&mean), &matrices[3].product(&rectified(&matrices[2].product(&mean)))));
        let last = plus(&matrices[4].product(&hidden), &matrices[6].product(&rectified(&matrices[5].product(&hidden))));
        let bent: Vec<f64> = last.iter().map(|value| value.tanh()).collect();
        let length = bent.iter().map(|value| value * value).sum::<f64>().sqrt();
        bent.iter().map(|value| value / length).collect()
    }
}

fn plus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn rectified(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.max(0.0)).collect()
}

fn normal(values: &[f64], gain: &[f64], shift: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
    values.iter().zip(gain).zip(shift).map(|((value, gain), shift)| (value - mean) / variance.sqrt() * gain + shift).collect()
}

/// Letters and some Chinese, two groups of pieces.
fn small() -> (Encoder<Vec<u8>>, Formulas) {
    let mut numbers = Numbers(7);
    let mut formulas = Formulas::default();
    let texts = ["<unk>", "<s>", "</s>", "▁", "a", "b", "c", "ab", "流", "量", "流量", "▁流量"];
    let scores = texts.iter().map(|text| -1.0 / text.len() as f32).collect();
    let replacements = "a\0".to_owned();
    let pieces = SentencePiece { normaliser: Normaliser::new(build([("A", 0)]), replacements), vocabulary: Vocabulary::new(texts, scores) };
    let codes: Vec<u8> = (0..texts.len() * WIDTH).map(|_| numbers.code().cast_unsigned() & 63).collect();
    let header = table::Header { pieces: texts.len(), width: WIDTH, steps: vec![0.05, 0.1], lows: vec![-1.5, -3.0] };
    let number = |at: usize, code: u8| f32::from(code) * header.steps[at / WIDTH % 2] + header.lows[at / WIDTH % 2];
    let vectors: Vec<f64> = codes.iter().enumerate().map(|(at, code)| f64::from(number(at, *code))).collect();
    formulas.vectors = vectors.chunks(WIDTH).map(<[f64]>::to_vec).collect();
    let packed = table::pack(&codes).unwrap();
    let size = header.size().unwrap();
    let branches = WINDOWS.map(|window| {
        let projection = formulas.layer(&mut numbers, WIDTH, WIDTH);
        let convolutions = [(); 2].map(|()| formulas.layer(&mut numbers, window * WIDTH, WIDTH));
        Branch::new(window, projection, convolutions).unwrap()
    });
    let norm = LayerNorm::new(formulas.row(&mut numbers, 3 * WIDTH), formulas.row(&mut numbers, 3 * WIDTH)).unwrap();
    let views = Views::new(branches, norm).unwrap();
    let norm = LayerNorm::new(formulas.row(&mut numbers, 4 * WIDTH), formulas.row(&mut numbers, 4 * WIDTH)).unwrap();
    let projection = formulas.layer(&mut numbers, 4 * WIDTH, WIDTH);
    let mut block = |from, to| {
        let [shortcut, inner] = [(); 2].map(|()| formulas.matrix(&mut numbers, from, to));
        Block { shortcut, inner, outer: formulas.matrix(&mut numbers, to, to) }
    };
    let tower = Tower::new(projection, [block(WIDTH, HIDDEN), block(HIDDEN, WIDTH)]).unwrap();
    (Encoder::of_parts(pieces, Table::new(header, packed, 0..size), views, norm, tower).unwrap(), formulas)
}

fn far(found: &[f32], expected: &[f64]) -> f64 {
    found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).abs()).fold(0.0, f64::max)
}

#[test]
fn it_computes_what_the_formulas_say() {
    let (encoder, formulas) = small();
    for text in ["", "a", "流量", "abc 流量 Ab", "😀", "cab流量流量abba流😀量"] {
        let found = encoder.encode(text);
        assert_eq!(found.len(), WIDTH);
        assert!(far(&found, &formulas.encode(&encoder.pieces(text))) < 1e-5, "{text:?}");
    }
}

#[test]
fn a_text_of_several_parts_is_as_if_it_were_computed_at_once() {
    let (encoder, formulas) = small();
    for count in [PART - 3, PART - 2, PART - 1, PART, PART + 1, 2 * PART, 3 * PART + 5] {
        let text: String = (0..count).map(|n| ['c', '流', '😀', '量'][n * n % 7 % 4]).collect();
        let ids = encoder.pieces(&text);
        assert!(far(&encoder.encode(&text), &formulas.encode(&ids)) < 1e-5, "{} pieces", ids.len());
    }
}

#[test]
fn too_long_a_text_is_encoded_by_its_begin() {
    let (encoder, _) = small();
    let text = "c".repeat(3 * MAX_PIECES);
    assert_eq!(encoder.pieces(&text).len(), MAX_PIECES);
    assert_eq!(encoder.encode(&text), encoder.encode(&text[..2 * MAX_PIECES]));
}

#[test]
fn its_file_opens_again() {
    let (encoder, _) = small();
    let file = encoder.to_file();
    let opened = Encoder::open(file.as_slice()).unwrap();
    assert_eq!(opened.fingerprint()[..], file[12..44]);
    assert_eq!(opened.encode("流量abc"), encoder.encode("流量abc"));
    assert_eq!(opened.to_file(), file);
}

#[test]
fn letters_of_the_map_mean_the_same() {
    let (encoder, _) = small();
    assert_eq!(encoder.encode("Ab"), encoder.encode("ab"));
    assert_eq!(encoder.pieces("?"), [1, 3, UNKNOWN, 2]);
}

proptest! {
    #[test]
    fn any_text_has_a_vector_of_length_one(text in any::<String>()) {
        let vector = small().0.encode(&text);
        let length: f32 = vector.iter().map(|value| value * value).sum();
        prop_assert!((length - 1.0).abs() < 1e-5, "{length}");
    }

    #[test]
    fn a_file_with_changes_opens_or_says_why_and_encodes(changes in collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        // The checksum is made anew, as a hostile author would.
        let mut content = small().0.to_file().split_off(44);
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        if let Ok(encoder) = Encoder::open(file::seal(&content)) {
            encoder.encode("流量abc\0😀");
        }
    }

    #[test]
    fn a_file_cut_off_is_refused(at in any::<prop::sample::Index>()) {
        let content = small().0.to_file().split_off(44);
        let at = at.index(content.len());
        prop_assert!(Encoder::open(file::seal(&content[..at])).is_err());
    }
}
