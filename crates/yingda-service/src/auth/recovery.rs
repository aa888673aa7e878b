//! Recovery codes: for the day the telephone is gone. Each opens once. They are random, so a plain hash of them is kept.
use super::token::hash_secret;
use yingda_base::random::Entropy;

/// How many one gets at a time.
pub const CODES: usize = 10;
const LENGTH: usize = 16;
/// No characters that look alike. 16 of 30 are 78 bits.
const LETTERS: &[u8; 30] = b"abcdefghjkmnpqrstuvwxyz2345678";

/// A set of codes as they are shown: `abcd-efgh-jkmn-pqrs`.
pub fn new_codes(entropy: &Entropy) -> Vec<String> {
    (0..CODES).map(|_| new_code(entropy)).collect()
}

fn new_code(entropy: &Entropy) -> String {
    let letter = |_| LETTERS[usize::try_from(entropy.below(LETTERS.len() as u64)).unwrap_or_default()];
    let letters: Vec<u8> = (0..LENGTH).map(letter).collect();
    letters.chunks(4).map(|group| group.iter().map(|byte| char::from(*byte)).collect::<String>()).collect::<Vec<_>>().join("-")
}

/// What is stored of a code, and looked up; nothing if this cannot be one. Case, blanks and dashes are as one likes.
pub fn hash(typed: &str) -> Option<Vec<u8>> {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_lowercase).collect();
    let fits = plain.len() == LENGTH && plain.bytes().all(|byte| LETTERS.contains(&byte));
    fits.then(|| hash_secret(&plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_differ_and_are_known_however_they_are_typed() {
        let codes = new_codes(&Entropy::seeded(1));
        let hashes: BTreeSet<_> = codes.iter().map(|code| hash(code).unwrap()).collect();
        assert_eq!((codes.len(), hashes.len(), codes[0].len()), (CODES, CODES, 19));
        assert_eq!(hash(&codes[0]), hash(&format!(" {} ", codes[0].to_uppercase().replace('-', " "))));
        assert!(hash("123456").is_none() && hash(&"l".repeat(16)).is_none() && hash("").is_none());
    }
}
