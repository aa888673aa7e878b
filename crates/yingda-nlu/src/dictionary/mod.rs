//! The words of the trade: what segmentation must not cut, and which ways of saying it mean the same.
use std::collections::HashMap;

const TELECOM: &str = include_str!("telecom.tsv");

/// A word or a fixed phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// As an editor would write it.
    pub text: &'static str,
    /// What it is about, such as `plan` or `roaming`; the file lists them.
    pub class: &'static str,
    aliases: &'static str,
}

impl Term {
    /// Other ways to say exactly this, abbreviations and usual slips of the pen among them.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.aliases.split('|').filter(|alias| !alias.is_empty())
    }
}

/// The words of telecom Chinese, in the order of their classes.
pub fn telecom() -> impl Iterator<Item = Term> {
    TELECOM.lines().filter_map(|line| {
        let (text, rest) = line.split_once('\t').filter(|_| !line.starts_with('#'))?;
        let (class, aliases) = rest.split_once('\t')?;
        Some(Term { text, class, aliases })
    })
}

/// Each word by each way of saying it.
pub fn by_wording() -> HashMap<&'static str, Term> {
    telecom().flat_map(|term| std::iter::once(term.text).chain(term.aliases()).map(move |wording| (wording, term))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_is_a_term_of_a_listed_class() {
        let listed: BTreeSet<&str> =
            TELECOM.lines().filter_map(|line| line.strip_prefix("#   ")?.split_once(':')).map(|(name, _)| name).collect();
        let used: BTreeSet<&str> = telecom().map(|term| term.class).collect();
        assert_eq!(used, listed);
        assert_eq!(telecom().count(), TELECOM.lines().filter(|line| !line.starts_with('#')).count());
        assert!(telecom().count() >= 1500);
        for term in telecom() {
            let length = term.text.chars().count();
            assert!((2..=10).contains(&length), "{}", term.text);
        }
    }

    #[test]
    fn no_wording_means_two_things() {
        let wordings: usize = telecom().map(|term| 1 + term.aliases().count()).sum();
        assert_eq!(by_wording().len(), wordings);
    }

    #[test]
    fn what_customers_say_leads_to_the_term() {
        let by_wording = by_wording();
        for (said, meant) in [("携转", "携号转网"), ("国漫", "国际漫游"), ("猫", "光猫"), ("副卡", "副卡")] {
            assert_eq!(by_wording.get(said).map(|term| term.text), Some(meant), "{said}");
        }
    }
}
