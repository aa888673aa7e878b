//! Arrays as NumPy keeps them: a zip archive (`.npz`) with one file (`.npy`) for each.
//!
//! Source: NumPy's documentation of `numpy.lib.format`, version 1.0 of the format.
use super::{ConvertError, archive::Archive, quantise};
use crate::encoder::{matrix::Matrix, norm::EPSILON};

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// The arrays of the package.
pub(super) struct Arrays<'a> {
    archive: Archive<'a>,
}

/// A matrix, row by row.
#[derive(Debug, PartialEq)]
pub(super) struct Grid<T> {
    pub width: usize,
    pub values: Vec<T>,
}

impl<'a> Arrays<'a> {
    pub fn open(npz: &'a [u8]) -> Result<Self, ConvertError> {
        Ok(Self { archive: Archive::open("the archive of weights", npz)? })
    }

    /// A matrix of bytes.
    pub fn bytes(&mut self, name: &str) -> Result<Grid<u8>, ConvertError> {
        self.read(name, "'|u1'", |[byte]| byte)
    }

    /// A row of numbers.
    pub fn floats(&mut self, name: &str) -> Result<Vec<f32>, ConvertError> {
        Ok(self.read(name, "'<f4'", f32::from_le_bytes)?.values)
    }

    /// A matrix of weights that were 8 bits wide.
    pub fn matrix(&mut self, name: &str) -> Result<Matrix, ConvertError> {
        let grid = self.read(name, "'<f4'", f32::from_le_bytes)?;
        let (scale, codes) = quantise(&grid.values).ok_or(ConvertError::content(name, "the weights are not of eight bits"))?;
        Ok(Matrix::new(codes.len() / grid.width, scale, &codes)?)
    }

    /// Whether the package computes with the same small number as we do.
    pub fn check_epsilon(&mut self) -> Result<(), ConvertError> {
        let epsilon = self.read("eps", "'<f8'", f64::from_le_bytes)?.values;
        (epsilon == [f64::from(EPSILON)]).then_some(()).ok_or(ConvertError::content("eps", "this program computes with another one"))
    }

    fn read<T, const N: usize>(&mut self, name: &str, kind: &str, value: impl Fn([u8; N]) -> T) -> Result<Grid<T>, ConvertError> {
        let file = self.archive.member(&format!("{name}.npy"))?;
        parse(&file, kind, value).map_err(|reason| ConvertError::content(name, reason))
    }
}

/// Reads one array of values of a kind (`'<f4'`), at most two-dimensional.
fn parse<T, const N: usize>(file: &[u8], kind: &str, value: impl Fn([u8; N]) -> T) -> Result<Grid<T>, &'static str> {
    let rest = file.strip_prefix(MAGIC).ok_or("no array of the version known")?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or("the array has no head")?;
    let (head, data) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or("the array has no head")?;
    let head = str::from_utf8(head).map_err(|_| "the array's head is no text")?;
    if field(head, "descr") != Some(kind) {
        return Err("the array holds another kind of values");
    }
    if field(head, "fortran_order") != Some("False") {
        return Err("the array lies column by column");
    }
    let shape = head.split_once("'shape': (").and_then(|(_, rest)| rest.split_once(')')).ok_or("the array has no shape")?.0;
    let dimensions = shape.split(',').map(str::trim).filter(|number| !number.is_empty()).map(str::parse::<usize>);
    let dimensions = dimensions.collect::<Result<Vec<_>, _>>().map_err(|_| "the array's shape is not of numbers")?;
    let count = dimensions.iter().try_fold(1_usize, |count, dimension| count.checked_mul(*dimension)).ok_or("the array is too large")?;
    if dimensions.len() > 2 || count == 0 || data.len() / N != count || !data.len().is_multiple_of(N) {
        return Err("the array is not as large as its shape says");
    }
    Ok(Grid { width: dimensions.last().copied().unwrap_or(1), values: data.as_chunks().0.iter().map(|bytes| value(*bytes)).collect() })
}

/// The value of a key in the head, which is a Python literal.
fn field<'a>(head: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = head.split_once(&format!("'{key}': "))?;
    rest.split([',', '}']).next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn array(head: &str, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(head.len()).unwrap().to_le_bytes();
        [MAGIC, &length, head.as_bytes(), data].concat()
    }

    #[test]
    fn shapes_and_values_are_read() {
        let two = array("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }  \n", &[1, 2, 3, 4, 5, 6]);
        assert_eq!(parse(&two, "'|u1'", |[byte]| byte), Ok(Grid { width: 3, values: vec![1, 2, 3, 4, 5, 6] }));
        let one = array("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", &1.5_f32.to_le_bytes());
        assert_eq!(parse(&one, "'<f4'", f32::from_le_bytes), Ok(Grid { width: 1, values: vec![1.5] }));
        let none = array("{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", &1.5_f64.to_le_bytes());
        assert_eq!(parse(&none, "'<f8'", f64::from_le_bytes), Ok(Grid { width: 1, values: vec![1.5] }));
    }

    #[test]
    fn other_arrays_are_refused() {
        let cases = [
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }", "the array holds another kind of values"),
            ("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", "the array lies column by column"),
            ("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }", "the array is not as large as its shape says"),
            ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 1), }", "the array is not as large as its shape says"),
            ("{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", "the array is too large"),
            ("{'descr': '|u1', 'fortran_order': False, 'shape': (x,), }", "the array's shape is not of numbers"),
        ];
        for (head, reason) in cases {
            assert_eq!(parse(&array(head, &[0; 4]), "'|u1'", |[byte]| byte), Err(reason));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes: Vec<u8>, head in "[ -~]{0,80}") {
            let _: Result<Grid<u8>, _> = parse(&bytes, "'|u1'", |[byte]| byte);
            let _: Result<Grid<u8>, _> = parse(&array(&head, &bytes), "'|u1'", |[byte]| byte);
        }
    }
}
