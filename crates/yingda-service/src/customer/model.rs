//! What is known of a customer, and how much of it is shown.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use yingda_base::{Error, Millis, Result, id};

id! {
    /// Names a customer inside the house. Outside they go by their public id.
    pub struct CustomerId;
}

/// A fact the host page or staff gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// What it is about: 手机号, 套餐 …
    pub label: String,
    /// What is known. Telephone, identity and bank card numbers are shown masked.
    pub value: String,
}

/// A customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Inside the house.
    pub id: CustomerId,
    /// Outside.
    pub public_id: String,
    /// What staff see.
    pub name: String,
    /// What is known.
    pub facts: Vec<Fact>,
    /// Short words to find people by.
    pub tags: Vec<String>,
    /// First visit.
    pub first_seen_at: Millis,
    /// Last visit, to about five minutes.
    pub last_seen_at: Millis,
}

/// What a host site signed about its customer. Only the host changes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signed {
    /// What the customer is called there.
    pub name: Option<String>,
    /// A telephone number. Nobody is looked up by it.
    pub phone: Option<String>,
    /// A level of service: VIP, 金卡 …
    pub level: Option<String>,
    /// Served as a senior: 65 or older.
    pub is_senior: bool,
    /// Whatever else helps an agent.
    pub facts: Vec<Fact>,
}

/// The account of a customer at a host site.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Whose.
    pub customer: CustomerId,
    /// The host's own id.
    pub subject: String,
    /// What it signed last.
    pub signed: Signed,
    /// When.
    pub signed_at: Millis,
}

/// Code: `customer.facts_invalid`.
pub fn check_facts(facts: &[Fact]) -> Result<()> {
    let fits =
        |fact: &Fact| (1..=30).contains(&fact.label.trim().chars().count()) && (1..=200).contains(&fact.value.trim().chars().count());
    if facts.len() <= 30 && facts.iter().all(fits) { Ok(()) } else { Err(Error::invalid("customer.facts_invalid")) }
}

/// Tags without blanks around them, each once. Code: `customer.tags_invalid`.
pub fn check_tags(tags: &[String]) -> Result<Vec<String>> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags.iter().map(|tag| tag.trim()) {
        if !(1..=20).contains(&tag.chars().count()) || tag.chars().any(char::is_control) {
            return Err(Error::invalid("customer.tags_invalid"));
        }
        if !kept.iter().any(|known| known == tag) {
            kept.push(tag.to_owned());
        }
    }
    if kept.len() <= 20 { Ok(kept) } else { Err(Error::invalid("customer.tags_invalid")) }
}

/// The new facts, where a value that is only the masked form of what is stored means what is stored: whoever edits a profile sees masks.
pub fn unmask(new: Vec<Fact>, stored: &[Fact]) -> Vec<Fact> {
    let restore = |fact: Fact| {
        let meant = stored.iter().find(|known| known.label == fact.label && mask(&known.value) == fact.value);
        meant.cloned().unwrap_or(fact)
    };
    new.into_iter().map(restore).collect()
}

/// Hides the middle of long numbers: `138****5678`, `1101**********1234`. Everything else stays readable.
pub fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let run = digits_from(&chars[at..]);
        let digits = chars[at..at + run].iter().filter(|c| c.is_ascii_alphanumeric()).count();
        match shown_digits(digits) {
            Some((front, back)) => out.push_str(&mask_run(&chars[at..at + run], front, digits - back)),
            None => out.extend(&chars[at..at + run.max(1)]),
        }
        at += run.max(1);
    }
    out
}

/// The length of a number that may be grouped by single blanks or dashes, and may end with the X of an identity number.
fn digits_from(chars: &[char]) -> usize {
    let mut end = 0;
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            c if c.is_ascii_digit() => end = at + 1,
            'x' | 'X' if end == at && at > 0 => {
                end = at + 1;
                break;
            }
            ' ' | '-' if end == at && at > 0 => {}
            _ => break,
        }
        at += 1;
    }
    end
}

/// How many digits stay readable in front and at the back of a number of this length; `None` for short ones.
fn shown_digits(digits: usize) -> Option<(usize, usize)> {
    match digits {
        0..=9 => None,
        10..=13 => Some((3, 4)),
        14.. => Some((4, 4)),
    }
}

fn mask_run(run: &[char], from: usize, to: usize) -> String {
    let mut nth = 0;
    let hide = |&c: &char| {
        if !c.is_ascii_alphanumeric() {
            return c;
        }
        nth += 1;
        if nth > from && nth <= to { '*' } else { c }
    };
    run.iter().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_numbers_lose_their_middle() {
        assert_eq!(mask("13812345678"), "138****5678");
        assert_eq!(mask("电话 138 1234 5678，谢谢"), "电话 138 **** 5678，谢谢");
        assert_eq!(mask("11010119900101123X"), "1101**********123X");
        assert_eq!(mask("6222 0200 0000 0000 001"), "6222 **** **** ***0 001");
        assert_eq!(mask("套餐 5G 199，2026-11-20"), "套餐 5G 199，2026-11-20");
    }

    #[test]
    fn an_edited_profile_keeps_what_was_masked() {
        let fact = |label: &str, value: &str| Fact { label: label.into(), value: value.into() };
        let stored = [fact("手机号", "13812345678")];
        let edited = vec![fact("手机号", "138****5678"), fact("套餐", "畅享")];
        assert_eq!(unmask(edited, &stored), [fact("手机号", "13812345678"), fact("套餐", "畅享")]);
        assert_eq!(unmask(vec![fact("手机号", "139****5678")], &stored), [fact("手机号", "139****5678")]);
    }

    #[test]
    fn tags_are_trimmed_and_stand_once() {
        let tags = |list: &[&str]| check_tags(&list.iter().map(|&tag| tag.to_owned()).collect::<Vec<_>>());
        assert_eq!(tags(&[" VIP ", "VIP", "宽带"]).unwrap(), ["VIP", "宽带"]);
        assert!(tags(&[" "]).is_err());
    }

    proptest! {
        #[test]
        fn a_mask_keeps_the_length_and_never_shows_nine_digits_together(text in "[0-9 xX中-]{0,40}") {
            let masked = mask(&text);
            prop_assert_eq!(masked.chars().count(), text.chars().count());
            let longest = masked.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
            prop_assert!(longest <= 9, "{}", masked);
        }
    }
}
