//! Text cut into pieces of a fixed vocabulary, as the encoder was trained with.
//!
//! `normaliser` rewrites the text by the map that came with the model, `unigram` finds the likeliest way to put the result together
//! from pieces. Ids are those of the reference, one for one. Source: T. Kudo and J. Richardson, "SentencePiece: A simple and
//! language independent subword tokenizer and detokenizer for Neural Text Processing", 2018 (arXiv:1808.06226).
mod normaliser;
mod unigram;

pub use normaliser::Normaliser;
pub use unigram::{UNKNOWN, Vocabulary};

use crate::encoder::file::{Broken, Reader, Writer};

/// Stands before the pieces of each text.
pub const BEGIN: u32 = 1;
/// Stands behind them.
pub const END: u32 = 2;

/// Normaliser and vocabulary of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct SentencePiece {
    /// Rewrites text.
    pub normaliser: Normaliser,
    /// Cuts it.
    pub vocabulary: Vocabulary,
}

impl SentencePiece {
    /// Ids of the pieces of `text` between [`BEGIN`] and [`END`]; the piece of a text of which nothing is left is [`UNKNOWN`].
    /// Time and memory grow with the length of the text, and in no other way.
    pub fn ids(&self, text: &str) -> Vec<u32> {
        let mut ids = vec![BEGIN];
        let normal = self.normaliser.apply(text);
        if normal.is_empty() {
            ids.push(UNKNOWN);
        }
        ids.extend(self.vocabulary.segment(&normal));
        ids.push(END);
        ids
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        Ok(Self { normaliser: Normaliser::read(from)?, vocabulary: Vocabulary::read(from)? })
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        self.normaliser.write(to);
        self.vocabulary.write(to);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trie::build;

    fn model() -> SentencePiece {
        let pieces = ["<unk>", "<s>", "</s>", "▁", "流", "量", "流量", "▁流量", "a", "b"];
        let scores = vec![0.0, 0.0, 0.0, -3.0, -5.0, -5.0, -6.0, -7.0, -4.0, -4.0];
        let normaliser = Normaliser::new(build([("A", 0), ("\u{3000}", 2)]), "a\0 \0".to_owned());
        SentencePiece { normaliser, vocabulary: Vocabulary::new(pieces, scores) }
    }

    #[test]
    fn a_text_stands_between_begin_and_end() {
        assert_eq!(model().ids("流量A"), [BEGIN, 7, 8, END]);
    }

    #[test]
    fn of_nothing_an_unknown_piece_is_left() {
        for nothing in ["", " ", "\u{3000} \u{3000}", "▁", " ▁▁ "] {
            assert_eq!(model().ids(nothing), [BEGIN, UNKNOWN, END], "{nothing:?}");
        }
    }

    proptest! {
        #[test]
        fn each_piece_stands_for_at_least_one_character(text in any::<String>()) {
            let normal = model().normaliser.apply(&text);
            prop_assert!(model().ids(&text).len() <= normal.chars().count().max(1) + 2);
        }
    }
}
