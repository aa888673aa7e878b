//! Rewriting text before it is cut: compatibility forms, widths and control characters by the model's own map (`nmt_nfkc`), runs
//! of spaces to one, and each space to a visible mark.
use crate::{
    encoder::file::{Broken, Reader, Writer},
    trie::Trie,
};

/// What a space becomes, so that a piece can begin with one.
pub const SPACE: char = '\u{2581}';

/// The model's map: each key of `map` leads to the place in `replacements` where its replacement begins; a zero byte ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normaliser {
    map: Trie,
    replacements: String,
}

impl Normaliser {
    /// Takes a map and the text its values point into.
    pub fn new(map: Trie, replacements: String) -> Self {
        Self { map, replacements }
    }

    /// The text as the vocabulary expects it: a mark at its begin, one between words, none at the end. Empty if nothing is left.
    pub fn apply(&self, text: &str) -> String {
        let mut normal = String::with_capacity(text.len() + text.len() / 8 + SPACE.len_utf8());
        normal.push(SPACE);
        let (mut rest, mut is_after_space) = (text, true);
        while let Some((mut piece, length)) = self.first(rest) {
            rest = &rest[length..];
            if is_after_space {
                piece = piece.trim_start_matches(' ');
            }
            normal.extend(piece.chars().map(|c| if c == ' ' { SPACE } else { c }));
            is_after_space = if piece.is_empty() { is_after_space } else { piece.ends_with(' ') };
        }
        // Marks that the text itself ends on go too, as in the reference.
        normal.truncate(normal.trim_end_matches(SPACE).len());
        normal
    }

    /// What the longest key at the begin of `text`, or else its first character, becomes; and how many bytes that took.
    fn first<'a>(&'a self, text: &'a str) -> Option<(&'a str, usize)> {
        let character = text.chars().next()?.len_utf8();
        let longest = self.map.prefixes(text.as_bytes()).last().filter(|key| text.is_char_boundary(key.length));
        let replaced = longest.and_then(|key| Some((self.replacement(key.value)?, key.length)));
        Some(replaced.unwrap_or((&text[..character], character)))
    }

    fn replacement(&self, at: u32) -> Option<&str> {
        self.replacements.get(at as usize..).filter(|rest| !rest.is_empty())?.split('\0').next()
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let map = Trie::read(from)?;
        let length = from.length()?;
        let replacements = String::from_utf8(from.bytes(length)?.to_vec()).map_err(|_| Broken("the replacements are no text"))?;
        Ok(Self::new(map, replacements))
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        self.map.write(to);
        to.length(self.replacements.len());
        to.bytes(self.replacements.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;
    use crate::trie::build;

    /// Full width to half width, a ligature, an accent that becomes space and accent, a character that goes, and a line end.
    fn normaliser() -> Normaliser {
        let (mut replacements, mut keys) = (String::new(), Vec::new());
        for (key, replacement) in
            [("Ａ", "A"), ("\u{3000}", " "), ("ﬁ", "fi"), ("´", " \u{301}"), ("\u{7}", ""), ("\n", " "), ("e\u{301}", "é")]
        {
            keys.push((key, u32::try_from(replacements.len()).unwrap()));
            replacements.push_str(replacement);
            replacements.push('\0');
        }
        Normaliser::new(build(keys), replacements)
    }

    #[test]
    fn spaces_become_marks_and_the_map_is_applied() {
        let all = normaliser();
        assert_eq!(all.apply("Ａb"), "▁Ab");
        assert_eq!(all.apply("  a \u{3000}\n b  "), "▁a▁b");
        assert_eq!(all.apply("ﬁn"), "▁fin");
        assert_eq!(all.apply("cafe\u{301} e"), "▁café▁e", "the longest key wins");
        assert_eq!(all.apply("a\u{7}b"), "▁ab");
        assert_eq!(all.apply("a \u{7} b"), "▁a▁b", "what goes leaves no second space");
        assert_eq!(all.apply("x´ ´"), "▁x▁\u{301}▁\u{301}");
        assert_eq!(all.apply("😀\0"), "▁😀\0");
    }

    #[test]
    fn nothing_is_left_of_spaces_and_marks() {
        for text in ["", " ", "\u{3000}\n", "▁", "▁▁ ▁", "\u{7}"] {
            assert_eq!(normaliser().apply(text), "", "{text:?}");
        }
        assert_eq!(normaliser().apply("▁a▁"), "▁▁a");
    }

    proptest! {
        #[test]
        fn it_takes_any_text_and_leaves_no_space(text in any::<String>()) {
            let normal = normaliser().apply(&text);
            prop_assert!(!normal.contains(' ') && !normal.ends_with(SPACE));
            prop_assert!(normal.is_empty() || normal.starts_with(SPACE));
        }

        #[test]
        fn a_damaged_map_does_no_harm(units in collection::vec(any::<u32>(), 0..600), replacements in any::<String>(), text in any::<String>()) {
            Normaliser::new(Trie::new(units), replacements).apply(&text);
        }
    }
}
