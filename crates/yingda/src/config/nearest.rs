//! What somebody may have meant.

/// The candidate with the fewest edits from `word`, unless even that one is far off.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let best = candidates.map(|candidate| (distance(word, candidate), candidate)).min()?;
    (best.0 * 2 <= word.chars().count()).then_some(best.1)
}

/// Levenshtein's distance: insertions, deletions and replacements.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_key_and_nonsense_finds_none() {
        let keys = || ["server.listen", "log.format"].into_iter();
        assert_eq!(nearest("server.lisen", keys()), Some("server.listen"));
        assert_eq!(nearest("server.listen_on", keys()), Some("server.listen"));
        assert_eq!(nearest("xyzzy", keys()), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
