//! The vocabulary and the normalisation map out of a SentencePiece model, which is a protocol buffer.
//!
//! Of `ModelProto` only what segmentation needs is read: `pieces` (each with text and score) and `normalizer_spec` with its
//! `precompiled_charsmap`. Source: `sentencepiece_model.proto` and the description of the encoding at protobuf.dev.
use super::ConvertError;
use crate::{
    sentencepiece::{Normaliser, SentencePiece, Vocabulary},
    trie::Trie,
};

const PIECES: u64 = 1;
const PIECE_TEXT: u64 = 1;
const PIECE_SCORE: u64 = 2;
const NORMALISER: u64 = 3;
const CHARACTER_MAP: u64 = 2;

/// One field of a message, as far as we need the kinds of values.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value<'a> {
    /// A number of variable or of eight bytes: skipped, nothing here is one.
    Number,
    Bytes(&'a [u8]),
    Float(f32),
}

/// Reads a model.
pub(super) fn read(model: &[u8]) -> Result<SentencePiece, ConvertError> {
    parse(model).map_err(|reason| ConvertError::content("sp.model", reason))
}

fn parse(model: &[u8]) -> Result<SentencePiece, &'static str> {
    let (mut pieces, mut scores, mut map) = (Vec::new(), Vec::new(), None);
    for field in fields(model) {
        match field? {
            (PIECES, Value::Bytes(message)) => {
                let (text, score) = piece(message)?;
                pieces.push(text);
                scores.push(score);
            }
            (NORMALISER, Value::Bytes(message)) => map = bytes(message, CHARACTER_MAP)?,
            _ => {}
        }
    }
    if pieces.is_empty() || pieces.len() > i32::MAX as usize || pieces.iter().any(|piece| piece.is_empty()) {
        return Err("the vocabulary is empty or has an empty piece");
    }
    let normaliser = character_map(map.ok_or("the model has no map to normalise by")?)?;
    Ok(SentencePiece { normaliser, vocabulary: Vocabulary::new(pieces, scores) })
}

fn piece(message: &[u8]) -> Result<(&str, f32), &'static str> {
    let text = bytes(message, PIECE_TEXT)?.ok_or("a piece has no text")?;
    let mut score = 0.0;
    for field in fields(message) {
        if let (PIECE_SCORE, Value::Float(value)) = field? {
            score = value;
        }
    }
    Ok((str::from_utf8(text).map_err(|_| "a piece is no text")?, score))
}

/// A 32-bit length, a double array of so many bytes, and the replacements it points into.
fn character_map(map: &[u8]) -> Result<Normaliser, &'static str> {
    let (length, rest) = map.split_first_chunk().ok_or("the map is cut off")?;
    let (units, replacements) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or("the map is cut off")?;
    let units = units.as_chunks().0.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
    let replacements = str::from_utf8(replacements).map_err(|_| "the map leads to something that is no text")?;
    Ok(Normaliser::new(Trie::new(units), replacements.to_owned()))
}

/// The last field of a message with this number, if its value is bytes.
fn bytes(message: &[u8], wanted: u64) -> Result<Option<&[u8]>, &'static str> {
    let mut found = None;
    for field in fields(message) {
        if let (number, Value::Bytes(bytes)) = field?
            && number == wanted
        {
            found = Some(bytes);
        }
    }
    Ok(found)
}

/// The fields of a message in order: number and value. Ends after the first error.
fn fields(message: &[u8]) -> impl Iterator<Item = Result<(u64, Value<'_>), &'static str>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(&mut rest).ok_or("the message is cut off or of another kind");
        if field.is_err() {
            rest = &[];
        }
        Some(field)
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let tag = varint(rest)?;
    let value = match tag & 7 {
        0 => varint(rest).map(|_| Value::Number)?,
        1 => take(rest, 8).map(|_| Value::Number)?,
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Value::Bytes(take(rest, length)?)
        }
        5 => Value::Float(f32::from_le_bytes(take(rest, 4)?.try_into().ok()?)),
        _ => return None,
    };
    Some((tag >> 3, value))
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;
    use crate::convert::tests::model_bytes;

    #[test]
    fn pieces_scores_and_map_are_read() {
        let model =
            read(&model_bytes(&[("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("▁流量", -2.5), ("包", -3.0)], &[("Ａ", "A")])).unwrap();
        assert_eq!(model.vocabulary.len(), 5);
        assert_eq!(model.ids("流量包"), [1, 3, 4, 2]);
        assert_eq!(model.normaliser.apply("Ａ"), "▁A");
    }

    #[test]
    fn a_model_without_pieces_or_map_is_refused() {
        assert!(read(&[]).is_err());
        assert!(read(&model_bytes(&[], &[])).is_err());
        assert!(read(&model_bytes(&[("", 0.0)], &[])).is_err());
        let whole = model_bytes(&[("a", 0.0)], &[("b", "c")]);
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "cut off after {length}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes: Vec<u8>, at in 0..60_usize, change in collection::vec(any::<u8>(), 1..4)) {
            let _ = read(&bytes);
            let mut model = model_bytes(&[("a", 0.0), ("流量", -1.0)], &[("b", "c")]);
            for (offset, byte) in change.into_iter().enumerate() {
                let at = (at + offset) % model.len();
                model[at] = byte;
            }
            if let Ok(model) = read(&model) {
                model.ids("a流量b\0");
            }
        }
    }
}
