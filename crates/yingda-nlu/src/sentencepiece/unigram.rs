//! The likeliest way to put a text together from pieces whose probabilities are independent of each other.
//!
//! Source: T. Kudo, "Subword Regularization", 2018 (arXiv:1804.10959), section 3.2; found by A. Viterbi's algorithm.
use crate::{
    encoder::file::{Broken, Reader, Writer},
    trie::{Prefix, Trie, build},
};

/// The piece of a character that the vocabulary lacks.
pub const UNKNOWN: u32 = 0;
/// How much less likely than the least likely piece an unknown character is, in natural logarithms.
const UNKNOWN_PENALTY: f64 = 10.0;

/// Pieces with the natural logarithm of their probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Vocabulary {
    ids: Trie,
    scores: Vec<f32>,
    unknown: f64,
}

/// The best way known to reach a place in the text.
#[derive(Clone, Copy)]
struct Arrival {
    score: f64,
    from: usize,
    id: u32,
}

impl Vocabulary {
    /// A piece's id is its place in the list; of equal pieces the last one counts.
    pub fn new<'a>(pieces: impl IntoIterator<Item = &'a str>, scores: Vec<f32>) -> Self {
        Self::with_ids(build(pieces.into_iter().zip(0..)), scores)
    }

    fn with_ids(ids: Trie, scores: Vec<f32>) -> Self {
        let least = scores.iter().copied().fold(f32::INFINITY, f32::min);
        Self { ids, scores, unknown: f64::from(least) - UNKNOWN_PENALTY }
    }

    /// Number of pieces.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Whether there is no piece at all; then each character is unknown.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// Ids of the likeliest pieces, in order. Of equally likely ways the one whose last piece is longest wins, as in the reference;
    /// sums are kept in double precision for the same reason.
    pub fn segment(&self, text: &str) -> Vec<u32> {
        let mut arrivals = vec![Arrival { score: f64::NEG_INFINITY, from: 0, id: UNKNOWN }; text.len() + 1];
        arrivals[0].score = 0.0;
        for (from, character) in text.char_indices() {
            let (reached, single) = (arrivals[from].score, character.len_utf8());
            let mut is_known = false;
            let pieces = self.ids.prefixes(&text.as_bytes()[from..]);
            for Prefix { length, value: id } in pieces.filter(|piece| text.is_char_boundary(from + piece.length)) {
                is_known |= length == single;
                let score = self.scores.get(id as usize).map_or(self.unknown, |score| f64::from(*score));
                arrivals[from + length].improve(Arrival { score: reached + score, from, id });
            }
            if !is_known {
                arrivals[from + single].improve(Arrival { score: reached + self.unknown, from, id: UNKNOWN });
            }
        }
        let mut ids = Vec::new();
        let mut at = text.len();
        while at > 0 {
            ids.push(arrivals[at].id);
            at = arrivals[at].from;
        }
        ids.reverse();
        ids
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let ids = Trie::read(from)?;
        let length = from.length()?;
        let scores = from.f32s(length)?;
        if !scores.iter().all(|score| score.is_finite()) {
            return Err(Broken("the score of a piece is no number"));
        }
        if ids.max_value() as usize >= scores.len() {
            return Err(Broken("a piece has no score"));
        }
        Ok(Self::with_ids(ids, scores))
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        self.ids.write(to);
        to.length(self.scores.len());
        to.f32s(&self.scores);
    }
}

impl Arrival {
    fn improve(&mut self, other: Self) {
        if other.score > self.score {
            *self = other;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary::new(
            ["<unk>", "流", "量", "流量", "流量包", "包", "ab", "a", "bc"],
            vec![0.0, -4.0, -4.0, -5.0, -9.5, -4.0, -2.0, -2.0, -1.0],
        )
    }

    #[test]
    fn the_likeliest_pieces_win() {
        assert_eq!(vocabulary().segment("流量包"), [3, 5], "-9 beats -9.5 and -12");
        assert_eq!(vocabulary().segment("abc"), [7, 8], "not the longest piece first");
        assert_eq!(vocabulary().segment(""), []);
    }

    #[test]
    fn unknown_characters_are_one_piece_each() {
        assert_eq!(vocabulary().segment("流😀\u{10ffff}量"), [1, UNKNOWN, UNKNOWN, 2]);
        assert_eq!(vocabulary().segment("\0"), [UNKNOWN]);
        assert_eq!(Vocabulary::new([], Vec::new()).segment("流a"), [UNKNOWN, UNKNOWN]);
    }

    #[test]
    fn of_equals_the_way_that_came_first_stays() {
        let equal = Vocabulary::new(["<unk>", "a", "aa"], vec![0.0, -1.0, -2.0]);
        assert_eq!(equal.segment("aa"), [2]);
        assert_eq!(equal.segment("aaa"), [1, 2]);
    }

    /// Every way to cut the text, by trying.
    fn best_by_trying(vocabulary: &Vocabulary, text: &str) -> f64 {
        let Some(first) = text.chars().next() else { return 0.0 };
        let single = first.len_utf8();
        let mut ways: Vec<(usize, f64)> = vocabulary
            .ids
            .prefixes(text.as_bytes())
            .map(|piece| (piece.length, f64::from(vocabulary.scores[piece.value as usize])))
            .collect();
        if !ways.iter().any(|(length, _)| *length == single) {
            ways.push((single, vocabulary.unknown));
        }
        ways.into_iter().map(|(length, score)| score + best_by_trying(vocabulary, &text[length..])).fold(f64::NEG_INFINITY, f64::max)
    }

    proptest! {
        #[test]
        fn no_other_way_is_likelier(text in "[abc流量包😀]{0,9}") {
            let vocabulary = vocabulary();
            let score = |id: u32| if id == UNKNOWN { vocabulary.unknown } else { f64::from(vocabulary.scores[id as usize]) };
            let found: f64 = vocabulary.segment(&text).into_iter().map(score).sum();
            prop_assert!((found - best_by_trying(&vocabulary, &text)).abs() < 1e-9);
        }

        #[test]
        fn any_text_is_cut(text in any::<String>()) {
            prop_assert!(vocabulary().segment(&text).len() <= text.chars().count());
        }
    }
}
