//! Names that strangers give their files, made safe to show, to store and to save. Pure.
//!
//! A name is never a path here: contents lie under random names of our own. What is left is what people are shown and what browsers save,
//! so it must not look like something else (marks that turn the direction of writing, invisible letters, an ending behind forty blanks), and
//! it must not mean something to a file system (separators, device names of Windows, dots in front).
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use yingda_base::{Error, Result};

/// Most bytes of a name, as most file systems have it.
const LONGEST: usize = 255;
/// More than this is not even looked at.
const LONGEST_RAW: usize = 4096;
/// Stands in for a name of which nothing is left.
const NAMELESS: &str = "file";
/// Names of devices on Windows, with any ending.
const DEVICES: [&str; 7] = ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];

/// A name as it is shown and saved: at most 255 bytes, with an ending in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    stem: String,
    ending: String,
}

impl FileName {
    /// What is left of a name that somebody gave. Codes: `file.name_too_long`, `file.type_refused` if it has no ending.
    pub fn clean(raw: &str) -> Result<FileName> {
        if raw.len() > LONGEST_RAW {
            return Err(Error::invalid("file.name_too_long"));
        }
        let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
        let text: String = last.nfc().filter_map(harmless).collect::<String>().nfc().collect();
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ");
        let (stem, ending) = text.rsplit_once('.').ok_or_else(refused)?;
        let ending = ending.trim().to_ascii_lowercase();
        if !(1..=10).contains(&ending.len()) || !ending.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(refused());
        }
        let stem = stem.trim_matches(|c: char| c == '.' || c.is_whitespace());
        let stem = shorten(stem, LONGEST - 1 - ending.len());
        let stem = match stem {
            "" => NAMELESS.to_owned(),
            stem if is_device(stem) => shorten(&format!("_{stem}"), LONGEST - 1 - ending.len()).to_owned(),
            stem => stem.to_owned(),
        };
        Ok(FileName { stem, ending })
    }

    /// What follows the last dot, in lower case.
    pub fn ending(&self) -> &str {
        &self.ending
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.stem, self.ending)
    }
}

/// A cleaned name as a `Content-Disposition` that saves and never shows (RFC 6266): in ASCII for old programs, and whole (RFC 8187).
pub fn disposition(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' }).collect();
    let whole: String = name
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

fn refused() -> Error {
    Error::new(yingda_base::error::Kind::Unsupported, "file.type_refused")
}

/// None for what is dropped; a blank for what separates words; `_` for what Windows does not have in names.
fn harmless(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\r' => Some(' '),
        c if c.is_control() || is_invisible(c) => None,
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => Some('_'),
        c if c.is_whitespace() => Some(' '),
        c => Some(c),
    }
}

/// Characters that show nothing, or change how others are shown. The joiners stay: Persian, Indic scripts and emoji are spelled with them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{FEFF}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E000}'..='\u{F8FF}'
        | '\u{E0000}'..='\u{E0FFF}'
        | '\u{F0000}'..='\u{10FFFF}')
        || (c as u32) & 0xFFFE == 0xFFFE
}

/// Cut at a letter as readers see it, so that nothing half is left.
fn shorten(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = text.grapheme_indices(true).map(|(at, letter)| at + letter.len()).take_while(|end| *end <= most).last().unwrap_or(0);
    text[..end].trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// `NUL`, `com1`, `Lpt².x`: Windows looks at what stands before the first dot.
fn is_device(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |name: &str| {
        let rest = first.strip_prefix(name)?;
        let mut rest = rest.chars();
        Some(matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None)))
    };
    DEVICES.contains(&first.as_str()) || numbered("com") == Some(true) || numbered("lpt") == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean(raw: &str) -> String {
        FileName::clean(raw).map_or_else(|error| error.code().to_owned(), |name| name.to_string())
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["账单.pdf", "Report (final) v1.2.docx", "a.txt", "été.csv", "می‌خواهم.pdf", "👨‍👩‍👧.zip", "订单 2026年11月.xlsx"]
        {
            assert_eq!(clean(name), name);
        }
    }

    #[test]
    fn what_deceives_or_means_something_to_a_file_system_is_taken_out() {
        for (raw, cleaned) in [
            ("invoice\u{202E}fdp.exe", "invoicefdp.exe"),
            ("\u{2067}a\u{2069}.pdf", "a.pdf"),
            ("evil.exe\0.pdf", "evil.exe.pdf"),
            ("a.pdf\0.exe", "a.pdf.exe"),
            ("../../etc/passwd.txt", "passwd.txt"),
            ("C:\\Users\\x\\a.pdf", "a.pdf"),
            ("..\\..\\.htaccess.txt", "htaccess.txt"),
            ("bill.pdf                                   .exe", "bill.pdf.exe"),
            ("a\u{3000}\u{00A0} b.pdf", "a b.pdf"),
            ("x\r\nSet-Cookie: a=b.txt", "x Set-Cookie_ a=b.txt"),
            ("a\"b.pdf", "a_b.pdf"),
            ("CON.pdf", "_CON.pdf"),
            ("com1.tar.txt", "_com1.tar.txt"),
            ("LPT².txt", "_LPT².txt"),
            ("console.txt", "console.txt"),
            (".pdf", "file.pdf"),
            ("...pdf", "file.pdf"),
            ("\u{200B}\u{FEFF}.PDF", "file.pdf"),
            ("a.PDF", "a.pdf"),
            ("e\u{301}.txt", "é.txt"),
        ] {
            assert_eq!(clean(raw), cleaned, "{raw:?}");
        }
        for raw in ["", "no ending", "a.", "a.pdf.", "a.p\u{202E}df?", "a.中文", "a.verylongending", "/", "a/"] {
            assert_eq!(clean(raw), "file.type_refused", "{raw:?}");
        }
    }

    #[test]
    fn long_names_are_cut_where_a_letter_ends() {
        let name = FileName::clean(&format!("{}.pdf", "字".repeat(200))).unwrap().to_string();
        assert_eq!((name.len(), name.chars().count()), (253, 87));
        assert!(name.ends_with("字.pdf") && name.len() <= 255);
        let family = "👨‍👩‍👧";
        let name = FileName::clean(&format!("{}.pdf", family.repeat(30))).unwrap().to_string();
        assert!(name.len() <= 255 && name.trim_end_matches(".pdf").len().is_multiple_of(family.len()));
        let exact = format!("{}.txt", "a".repeat(251));
        assert_eq!((exact.len(), clean(&exact)), (255, exact.clone()));
        assert_eq!(clean(&format!("{}.txt", "a".repeat(5000))), "file.name_too_long");
    }

    #[test]
    fn a_name_is_saved_and_never_shown() {
        let name = FileName::clean("账单 \"1\"; x=y.pdf").unwrap();
        assert_eq!(
            disposition(&name.to_string()),
            "attachment; filename=\"__ _1__ x_y.pdf\"; filename*=UTF-8''%E8%B4%A6%E5%8D%95%20_1_%3B%20x%3Dy.pdf"
        );
    }

    /// Letters that make trouble, and ordinary ones.
    fn nasty() -> impl Strategy<Value = String> {
        let parts = prop_oneof![
            any::<String>(),
            Just("\u{202E}".to_owned()),
            Just("../".to_owned()),
            Just("\\".to_owned()),
            Just("\0".to_owned()),
            Just("NUL".to_owned()),
            Just(" . ".to_owned()),
            Just("\u{E0041}".to_owned()),
            "[a-zA-Z0-9]{1,80}",
            "\\p{L}{1,40}",
        ];
        (proptest::collection::vec(parts, 0..8), prop_oneof![Just(".pdf"), Just(".PdF"), Just("")])
            .prop_map(|(parts, ending)| parts.concat() + ending)
    }

    proptest! {
        #[test]
        fn whatever_comes_in_a_safe_name_comes_out(raw in nasty()) {
            let Ok(name) = FileName::clean(&raw) else { return Ok(()) };
            let text = name.to_string();
            let tail = format!(".{}", name.ending());
            prop_assert!(text.len() <= 255 && text.ends_with(&tail));
            prop_assert!(!text.chars().any(|c| c.is_control() || is_invisible(c) || "/\\<>:\"|?*".contains(c)), "{:?}", text);
            prop_assert!(!text.starts_with(['.', ' ']) && !is_device(&name.stem) && !text.contains("  "), "{:?}", text);
            prop_assert_eq!(text.nfc().collect::<String>(), text.clone());
            prop_assert_eq!(FileName::clean(&text).unwrap().to_string(), text.clone(), "cleaned twice is cleaned once");
            let header = disposition(&name.to_string());
            prop_assert!(header.bytes().all(|byte| (0x20..0x7F).contains(&byte)));
            prop_assert_eq!(header.matches('"').count(), 2);
        }
    }
}
