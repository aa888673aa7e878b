//! Whether bytes are text: in UTF-8, in UTF-16 with its mark, or in GB 18030, as office programs in China write it. Pure.
//!
//! A file is told by all of it, not by its beginning: one byte that no text has, anywhere, and it is none.
use std::io::Read;
use yingda_base::{Error, Result};

/// Reads to the end. Code: `file.not_text`.
pub fn check(content: &mut impl Read) -> Result<()> {
    let mut bytes = [0; 8192];
    let mut sieve = Sieve::default();
    loop {
        let read = content.read(&mut bytes).map_err(Error::internal)?;
        if read == 0 {
            return if sieve.is_text() { Ok(()) } else { Err(Error::invalid("file.not_text")) };
        }
        sieve.take(&bytes[..read]);
        if sieve.is_hopeless() {
            return Err(Error::invalid("file.not_text"));
        }
    }
}

/// What the bytes so far may still be.
#[derive(Default)]
struct Sieve {
    head: Vec<u8>,
    utf8: Utf8,
    gb18030: Gb18030,
    utf16: Option<Utf16>,
}

impl Sieve {
    fn take(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.head.len() < 2 {
                self.head.push(byte);
                self.utf16 = match self.head[..] {
                    [0xFF, 0xFE] => Some(Utf16 { is_little: true, ..Utf16::default() }),
                    [0xFE, 0xFF] => Some(Utf16::default()),
                    _ => None,
                };
            } else if let Some(utf16) = &mut self.utf16 {
                utf16.take(byte);
            }
            self.utf8.take(byte);
            self.gb18030.take(byte);
        }
    }

    fn is_hopeless(&self) -> bool {
        self.utf8.is_broken && self.gb18030.is_broken && self.utf16.as_ref().is_none_or(|utf16| utf16.is_broken) && self.head.len() == 2
    }

    fn is_text(&self) -> bool {
        let is_utf16 = self.utf16.as_ref().is_some_and(|utf16| !utf16.is_broken && utf16.half.is_none() && utf16.high.is_none());
        let is_utf8 = !self.utf8.is_broken && self.utf8.left == 0;
        let is_gb18030 = !self.gb18030.is_broken && self.gb18030.at == 0;
        is_utf16 || is_utf8 || is_gb18030
    }
}

/// Tab, line feed, form feed, carriage return; the others of C0 are in no text, and NUL in no text at all.
fn is_printable(code: u32) -> bool {
    matches!(code, 0x09 | 0x0A | 0x0C | 0x0D) || (code >= 0x20 && code != 0x7F && !(0x80..0xA0).contains(&code))
}

#[derive(Default)]
struct Utf8 {
    is_broken: bool,
    code: u32,
    least: u32,
    left: u8,
}

impl Utf8 {
    fn take(&mut self, byte: u8) {
        if self.left > 0 {
            self.code = self.code << 6 | u32::from(byte & 0x3F);
            self.left -= 1;
            let is_odd = byte & 0xC0 != 0x80;
            let is_whole = self.left == 0;
            self.is_broken |=
                is_odd || (is_whole && (self.code < self.least || char::from_u32(self.code).is_none() || !is_printable(self.code)));
            return;
        }
        (self.code, self.least, self.left) = match byte {
            0x00..=0x7F => (u32::from(byte), 0, 0),
            0xC2..=0xDF => (u32::from(byte & 0x1F), 0x80, 1),
            0xE0..=0xEF => (u32::from(byte & 0x0F), 0x800, 2),
            0xF0..=0xF4 => (u32::from(byte & 0x07), 0x1_0000, 3),
            _ => return self.is_broken = true,
        };
        self.is_broken |= self.left == 0 && !is_printable(self.code);
    }
}

#[derive(Default)]
struct Gb18030 {
    is_broken: bool,
    /// Bytes of the letter under way.
    at: u8,
}

impl Gb18030 {
    fn take(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (0, 0x81..=0xFE) => 1,
            (0, 0x00..=0x7F) => {
                self.is_broken |= !is_printable(u32::from(byte));
                0
            }
            (1, 0x40..=0x7E | 0x80..=0xFE) => 0,
            (1, 0x30..=0x39) => 2,
            (2, 0x81..=0xFE) => 3,
            (3, 0x30..=0x39) => 0,
            _ => {
                self.is_broken = true;
                0
            }
        };
    }
}

#[derive(Default)]
struct Utf16 {
    is_broken: bool,
    is_little: bool,
    half: Option<u8>,
    high: Option<u16>,
}

impl Utf16 {
    fn take(&mut self, byte: u8) {
        let Some(first) = self.half.take() else { return self.half = Some(byte) };
        let unit = if self.is_little { u16::from_le_bytes([first, byte]) } else { u16::from_be_bytes([first, byte]) };
        match (self.high.take(), unit) {
            (None, 0xD800..=0xDBFF) => self.high = Some(unit),
            (Some(_), 0xDC00..=0xDFFF) => {}
            (Some(_), _) | (None, 0xDC00..=0xDFFF) => self.is_broken = true,
            (None, unit) => self.is_broken |= !is_printable(u32::from(unit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_text(bytes: &[u8]) -> bool {
        check(&mut &*bytes).is_ok()
    }

    fn utf16(text: &str, is_little: bool) -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(|unit: u16| if is_little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn text_is_taken_in_the_encodings_people_have() {
        assert!(is_text("姓名,电话\r\n林晓,138\t0000\n".as_bytes()));
        assert!(is_text("\u{FEFF}a,b".as_bytes()));
        assert!(is_text(b"\xD0\xD5\xC3\xFB,\xB5\xE7\xBB\xB0\r\n"), "GBK");
        assert!(is_text(b"\x81\x30\x81\x30 a"), "four bytes of GB 18030");
        assert!(is_text(&utf16("姓名\t𠮷", true)) && is_text(&utf16("姓名\t𠮷", false)));
    }

    #[test]
    fn what_is_no_text_is_not() {
        for bad in [
            &b"a\0b"[..],
            b"\x1b[31m",
            b"MZ\x90\x00",
            b"\x89PNG\r\n\x1a\n",
            b"PK\x03\x04",
            b"\x7fELF",
            b"a\xFF",
            b"\xD0",
            b"\xFF\xFEa",
            b"\xFF\xFE\x00\xD8",
            b"\xFF\xFE\x00\x00",
        ] {
            assert!(!is_text(bad), "{bad:?}");
        }
        let late = [vec![b'a'; 100_000], vec![0]].concat();
        assert!(!is_text(&late), "one byte at the end is enough");
    }

    proptest! {
        #[test]
        fn any_printable_string_is_text(text in "[\\PC\t\n\r]{1,300}") {
            prop_assert!(is_text(text.as_bytes()));
            prop_assert!(is_text(&utf16(&text, true)));
        }

        #[test]
        fn what_is_taken_as_utf_8_is_utf_8(bytes: Vec<u8>) {
            let mut utf8 = Utf8::default();
            bytes.iter().for_each(|byte| utf8.take(*byte));
            prop_assert!(utf8.is_broken || utf8.left > 0 || std::str::from_utf8(&bytes).is_ok());
        }
    }
}
