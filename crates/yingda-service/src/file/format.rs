//! The kinds of files people may send besides images, and how each is recognised. Pure; blocks.
//!
//! What a file is called, what its sender declares and what its bytes are must agree. A type is only offered here if its content can be
//! looked into: no programs, no formats with macros, nothing that a browser would run.
use super::{name::FileName, office, text, zip};
use serde::Serialize;
use std::io::{Read, Seek, SeekFrom};
use utoipa::ToSchema;
use yingda_base::{Error, Result, error::Kind::Unsupported};

/// How bytes are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Pdf,
    /// Office Open XML with this main part.
    Office(&'static str),
    Zip,
    Text,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Format {
    /// What its names end in.
    pub ending: &'static str,
    /// What it is called.
    pub media_type: &'static str,
    #[serde(skip)]
    sign: Sign,
    /// What else browsers call it.
    #[serde(skip)]
    also: &'static [&'static str],
}

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const SLIDES: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// All of them; which ones may be sent is a setting.
pub const FORMATS: [Format; 7] = [
    Format { ending: "pdf", media_type: "application/pdf", sign: Sign::Pdf, also: &["application/x-pdf"] },
    Format { ending: "docx", media_type: WORD, sign: Sign::Office("word/document.xml"), also: &["application/msword"] },
    Format { ending: "xlsx", media_type: SHEET, sign: Sign::Office("xl/workbook.xml"), also: &["application/vnd.ms-excel"] },
    Format { ending: "pptx", media_type: SLIDES, sign: Sign::Office("ppt/presentation.xml"), also: &["application/vnd.ms-powerpoint"] },
    Format { ending: "txt", media_type: "text/plain", sign: Sign::Text, also: &[] },
    // Windows calls it by the program that opens it.
    Format {
        ending: "csv",
        media_type: "text/csv",
        sign: Sign::Text,
        also: &["application/vnd.ms-excel", "text/plain", "application/csv", "text/comma-separated-values"],
    },
    Format { ending: "zip", media_type: "application/zip", sign: Sign::Zip, also: &["application/x-zip-compressed", "application/x-zip"] },
];

/// What browsers say of files they know nothing of.
const UNKNOWN: [&str; 2] = ["", "application/octet-stream"];

impl Format {
    /// The kind that an ending stands for.
    pub fn of(ending: &str) -> Option<&'static Format> {
        FORMATS.iter().find(|format| format.ending == ending)
    }

    /// The kind that an ending stands for, if it is an office document, and its main part.
    pub fn office(ending: &str) -> Option<(&'static Format, &'static str)> {
        Format::of(ending).and_then(|format| if let Sign::Office(main) = format.sign { Some((format, main)) } else { None })
    }

    /// The kind a name and a declared type agree on, if it is among the allowed endings. Codes: `file.type_refused` (with `types`),
    /// `file.content_mismatch`.
    pub fn declared(name: &FileName, content_type: &str, allowed: &[String]) -> Result<&'static Format> {
        let found = Format::of(name.ending()).filter(|format| allowed.iter().any(|ending| ending == format.ending));
        let format = found.ok_or_else(|| Error::new(Unsupported, "file.type_refused").with("types", allowed.join(", ")))?;
        let declared = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let fits = UNKNOWN.contains(&&*declared) || declared == format.media_type || format.also.contains(&&*declared);
        if fits { Ok(format) } else { Err(Error::invalid("file.content_mismatch")) }
    }

    /// Looks whether the content is what the kind says, within bounds of time and memory. Codes: `file.empty`, `file.content_mismatch`,
    /// `file.damaged`, `file.macros`, `file.archive_refused` (too much or too deep inside, encrypted, or a program among it).
    pub fn check(&self, content: &mut (impl Read + Seek)) -> Result<()> {
        let length = content.seek(SeekFrom::End(0)).map_err(Error::internal)?;
        if length == 0 {
            return Err(Error::invalid("file.empty"));
        }
        content.rewind().map_err(Error::internal)?;
        match self.sign {
            Sign::Pdf => pdf(content, length),
            Sign::Text => text::check(content),
            Sign::Zip => {
                magic(content, "application/zip")?;
                let archive = zip::Archive::read(content)?;
                office::check_archive(&archive, content, &mut zip::Budget::of(length))
            }
            Sign::Office(main) => {
                magic(content, "application/zip")?;
                let archive = zip::Archive::read(content)?;
                office::check(&archive, content, main, self.media_type, &mut zip::Budget::of(length))
            }
        }
    }
}

/// What `infer` sees at the beginning. It knows Office files by the names of their first parts, so any of its zips will do.
fn magic(content: &mut (impl Read + Seek), wanted: &str) -> Result<()> {
    let head = head(content)?;
    let found = infer::get(&head).map(|kind| kind.mime_type()).unwrap_or_default();
    let is_zip = wanted == "application/zip" && (found.starts_with("application/vnd.openxmlformats-officedocument.") || found == wanted);
    if is_zip || found == wanted { Ok(()) } else { Err(Error::invalid("file.content_mismatch")) }
}

fn head(content: &mut (impl Read + Seek)) -> Result<Vec<u8>> {
    content.rewind().map_err(Error::internal)?;
    let mut head = Vec::with_capacity(8192);
    content.take(8192).read_to_end(&mut head).map_err(Error::internal)?;
    Ok(head)
}

/// Readers look for the header in the first kilobyte and for the end mark in the last; here it must be the first byte, so that nothing else
/// can stand before it, and the head must not be a page as well.
fn pdf(content: &mut (impl Read + Seek), length: u64) -> Result<()> {
    magic(content, "application/pdf")?;
    let head = head(content)?;
    let opening = head[..head.len().min(1024)].to_ascii_lowercase();
    let is_page = [&b"<html"[..], b"<!doctype", b"<script", b"<svg", b"<body"].iter().any(|tag| contains(&opening, tag));
    if !head.starts_with(b"%PDF-") || is_page {
        return Err(Error::invalid("file.content_mismatch"));
    }
    let mut tail = Vec::new();
    content.seek(SeekFrom::Start(length.saturating_sub(2048))).map_err(Error::internal)?;
    content.read_to_end(&mut tail).map_err(Error::internal)?;
    if contains(&tail, b"%%EOF") { Ok(()) } else { Err(Error::invalid("file.damaged")) }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn all() -> Vec<String> {
        FORMATS.iter().map(|format| format.ending.to_owned()).collect()
    }

    fn check(ending: &str, bytes: &[u8]) -> &'static str {
        Format::of(ending).unwrap().check(&mut Cursor::new(bytes)).map_or_else(|error| error.code(), |()| "ok")
    }

    #[test]
    fn name_and_declared_type_must_agree() {
        let declared = |name: &str, kind: &str, allowed: &[String]| {
            Format::declared(&FileName::clean(name).unwrap(), kind, allowed).map_or_else(|error| error.code(), |format| format.ending)
        };
        for (name, kind, expected) in [
            ("a.pdf", "application/pdf", "pdf"),
            ("a.PDF", "Application/PDF; x=y", "pdf"),
            ("a.pdf", "", "pdf"),
            ("a.csv", "application/vnd.ms-excel", "csv"),
            ("a.docx", "application/octet-stream", "docx"),
            ("a.pdf", "text/html", "file.content_mismatch"),
            ("a.txt", "text/html", "file.content_mismatch"),
            ("a.docx", "application/pdf", "file.content_mismatch"),
            ("a.exe", "application/pdf", "file.type_refused"),
            ("a.docm", WORD, "file.type_refused"),
            ("a.html", "text/plain", "file.type_refused"),
            ("a.svg", "image/svg+xml", "file.type_refused"),
        ] {
            assert_eq!(declared(name, kind, &all()), expected, "{name} {kind}");
        }
        assert_eq!(declared("a.zip", "application/zip", &["pdf".to_owned()]), "file.type_refused");
    }

    #[test]
    fn a_pdf_begins_and_ends_as_one() {
        let good = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n0\n%%EOF\n";
        assert_eq!(check("pdf", good), "ok");
        assert_eq!(check("pdf", &[b"GIF89a", &good[..]].concat()), "file.content_mismatch");
        assert_eq!(check("pdf", &[b"\n", &good[..]].concat()), "file.content_mismatch");
        assert_eq!(check("pdf", b"%PDF-1.7\n<HTML><script>alert(1)</script>%%EOF"), "file.content_mismatch");
        assert_eq!(check("pdf", &good[..30]), "file.damaged");
        assert_eq!(check("pdf", b"<!doctype html><title>%PDF-1.7 %%EOF"), "file.content_mismatch");
        assert_eq!(check("pdf", b""), "file.empty");
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_check_panic(head in prop_oneof![Just(&b"%PDF-1.4"[..]), Just(&b"PK\x03\x04"[..]), Just(&b""[..])], bytes: Vec<u8>) {
            for format in FORMATS {
                let _ = format.check(&mut Cursor::new([head, &bytes].concat()));
            }
        }

        #[test]
        fn no_declared_type_makes_a_name_something_else(name in ".{0,40}\\.[a-z]{2,5}", kind in ".{0,40}") {
            if let Ok(name) = FileName::clean(&name) && let Ok(format) = Format::declared(&name, &kind, &all()) {
                prop_assert_eq!(name.ending(), format.ending);
            }
        }
    }
}
