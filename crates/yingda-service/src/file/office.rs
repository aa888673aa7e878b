//! What may lie inside archives and office documents. Pure; blocks.
//!
//! Office documents are zips of parts. A part runs as a macro only if the list of content types calls it one, so that list is what is read;
//! names that macros usually have are refused besides. Documents within documents (the numbers behind a chart) are looked into as well.
use super::{
    format::Format,
    zip::{Archive, Budget, Entry},
};
use std::io::{Cursor, Read, Seek};
use yingda_base::{Error, Result};

/// The list of content types.
const TYPES: &str = "[content_types].xml";
/// Longest list of content types.
const LONGEST_TYPES: usize = 1024 * 1024;
/// What macros are called, in names of parts and in content types, in lower case.
const MACROS: [&str; 6] = ["vbaproject", "vbadata", "macroenabled", "macrosheet", "ms-excel.sheet.binary", "activex"];
/// Endings of names that something runs when it is opened, in lower case.
const PROGRAMS: [&str; 49] = [
    "apk", "app", "appx", "bat", "chm", "class", "cmd", "com", "command", "cpl", "deb", "desktop", "dll", "dmg", "docm", "dotm", "exe",
    "hta", "htm", "html", "img", "inf", "iso", "jar", "js", "jse", "lnk", "mht", "msc", "msi", "msix", "pif", "potm", "ppam", "pptm",
    "ps1", "py", "reg", "rpm", "scf", "scr", "sh", "svg", "url", "vbe", "vbs", "wsf", "xlam", "xlsm",
];
/// More of them.
const OLD_PROGRAMS: [&str; 6] = ["xlsb", "xltm", "xll", "doc", "xls", "ppt"];
/// Endings of archives, in lower case.
const ARCHIVES: [&str; 15] = ["zip", "rar", "7z", "gz", "tgz", "bz2", "xz", "zst", "tar", "cab", "ace", "arj", "lzh", "vhd", "vhdx"];
/// How they begin, whatever they are called.
const PROGRAM_SIGNS: [&[u8]; 5] = [b"MZ", b"\x7fELF", b"\xCA\xFE\xBA\xBE", b"\xCF\xFA\xED\xFE", b"#!"];
const ARCHIVE_SIGNS: [&[u8]; 8] = [b"PK\x03\x04", b"Rar!", b"7z\xBC\xAF", b"\x1F\x8B", b"BZh", b"\xFD7zXZ", b"MSCF", b"\x28\xB5\x2F\xFD"];

/// An office document: its main part and content types are there, and nothing in it is a macro. Codes: `file.content_mismatch`,
/// `file.macros`, and those of [`check_archive`].
pub fn check(archive: &Archive, content: &mut (impl Read + Seek), main: &str, media_type: &str, budget: &mut Budget) -> Result<()> {
    let mut types = None;
    for entry in &archive.entries {
        let name = entry.name.to_lowercase();
        if MACROS.iter().any(|sign| name.contains(sign)) {
            return Err(Error::invalid("file.macros"));
        }
        let plain = look(archive, content, entry, budget, name == TYPES)?;
        if name == TYPES && types.replace(plain).is_some() {
            return Err(Error::invalid("file.damaged"));
        }
    }
    let has_main = archive.entries.iter().any(|entry| entry.name == main);
    let types = types.flatten().filter(|_| has_main).ok_or_else(|| Error::invalid("file.content_mismatch"))?;
    // Spelled in another alphabet or with references, the words below could not be found.
    let types = String::from_utf8(types).map_err(|_| Error::invalid("file.damaged"))?.to_lowercase();
    if types.contains(['&', '\0']) || types.contains("<!") && !types.contains("<!--") {
        return Err(Error::invalid("file.damaged"));
    }
    if MACROS.iter().any(|sign| types.contains(sign)) {
        return Err(Error::invalid("file.macros"));
    }
    if types.contains(&format!("{media_type}.main+xml")) { Ok(()) } else { Err(Error::invalid("file.content_mismatch")) }
}

/// Any archive: no programs, no archives but office documents, nothing that unpacks to too much. Codes: `file.archive_program`,
/// `file.archive_nested`, `file.archive_too_large`, `file.damaged`, those of [`check`].
pub fn check_archive(archive: &Archive, content: &mut (impl Read + Seek), budget: &mut Budget) -> Result<()> {
    archive.entries.iter().try_for_each(|entry| look(archive, content, entry, budget, false).map(drop))
}

/// Unpacks an entry and looks at it; answers its bytes if they are wanted.
fn look(
    archive: &Archive,
    content: &mut (impl Read + Seek),
    entry: &Entry,
    budget: &mut Budget,
    is_wanted: bool,
) -> Result<Option<Vec<u8>>> {
    let name = entry.name.to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending.trim_end());
    let inner = Format::office(ending);
    if PROGRAMS.contains(&ending) || OLD_PROGRAMS.contains(&ending) {
        return Err(Error::invalid("file.archive_program"));
    }
    if ARCHIVES.contains(&ending) || (inner.is_some() && budget.depth == 0) {
        return Err(Error::invalid("file.archive_nested"));
    }
    if is_wanted && entry.size > LONGEST_TYPES as u64 {
        return Err(Error::invalid("file.archive_too_large"));
    }
    let (mut head, mut whole) = (Vec::new(), (is_wanted || inner.is_some()).then(Vec::new));
    archive.unpack(content, entry, budget, |bytes| {
        head.extend(bytes.iter().take(8_usize.saturating_sub(head.len())));
        if let Some(whole) = &mut whole {
            whole.extend_from_slice(bytes);
        }
    })?;
    if is_wanted && whole.as_ref().is_some_and(|whole| whole.len() > LONGEST_TYPES) {
        return Err(Error::invalid("file.archive_too_large"));
    }
    if PROGRAM_SIGNS.iter().any(|sign| head.starts_with(sign)) {
        return Err(Error::invalid("file.archive_program"));
    }
    if let Some((format, main)) = inner {
        let bytes = whole.unwrap_or_default();
        let mut content = Cursor::new(&bytes);
        let inner = Archive::read(&mut content)?;
        budget.depth -= 1;
        check(&inner, &mut content, main, format.media_type, budget)?;
        budget.depth += 1;
        return Ok(None);
    }
    if ARCHIVE_SIGNS.iter().any(|sign| head.starts_with(sign)) {
        return Err(Error::invalid("file.archive_nested"));
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::super::zip::tests::zip;
    use super::*;

    pub const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

    fn types(main: &str) -> String {
        format!(r#"<?xml version="1.0"?><Types><Override PartName="/word/document.xml" ContentType="{main}"/></Types>"#)
    }

    fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
        docx_as(&types(&format!("{WORD}.main+xml")), more)
    }

    fn docx_as(types: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
        let parts = [("[Content_Types].xml", types.as_bytes()), ("word/document.xml", b"<w:document/>")];
        zip(&[&parts[..], more].concat())
    }

    fn code(ending: &str, bytes: &[u8]) -> &'static str {
        Format::of(ending).unwrap().check(&mut Cursor::new(bytes)).map_or_else(|error| error.code(), |()| "ok")
    }

    #[test]
    fn documents_are_taken_and_macros_are_not() {
        assert_eq!(code("docx", &docx(&[])), "ok");
        assert_eq!(code("docx", &docx(&[("word/media/image1.png", b"\x89PNG"), ("docProps/app.xml", b"<a/>")])), "ok");
        assert_eq!(code("xlsx", &docx(&[])), "file.content_mismatch", "a document is no sheet");
        assert_eq!(code("docx", &zip(&[("a.txt", b"a")])), "file.content_mismatch");
        for name in ["word/vbaProject.bin", "word/VBAPROJECT.BIN", "xl/macrosheets/sheet1.xml", "word/activeX/activeX1.bin"] {
            assert_eq!(code("docx", &docx(&[(name, b"x")])), "file.macros", "{name}");
        }
        let enabled = types("application/vnd.ms-word.document.macroEnabled.main+xml");
        assert_eq!(code("docx", &docx_as(&enabled, &[])), "file.macros");
        let hidden = types(&format!("{WORD}.main+xml"))
            .replace("<Types>", r#"<Types><Default Extension="x" ContentType="application/vnd.ms-office.vbaProject"/>"#);
        assert_eq!(code("docx", &docx_as(&hidden, &[("word/innocent.x", b"x")])), "file.macros");
        let spelled = hidden.replace("vbaProject", "vba&#80;roject");
        assert_eq!(code("docx", &docx_as(&spelled, &[("word/innocent.x", b"x")])), "file.damaged");
        let wide: Vec<u8> = std::iter::once(0xFEFF).chain(hidden.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(code("docx", &zip(&[("[Content_Types].xml", &wide), ("word/document.xml", b"")])), "file.damaged");
    }

    #[test]
    fn what_lies_within_is_looked_into() {
        let inner = docx(&[]);
        assert_eq!(code("docx", &docx(&[("word/embeddings/a.docx", &inner)])), "ok");
        let evil = docx(&[("word/vbaProject.bin", b"x")]);
        assert_eq!(code("docx", &docx(&[("word/embeddings/a.docx", &evil)])), "file.macros");
        assert_eq!(code("zip", &zip(&[("a.docx", &evil)])), "file.macros");
        let third = docx(&[("a.docx", &docx(&[("b.docx", &docx(&[("c.docx", &inner)]))]))]);
        assert_eq!(code("docx", &third), "file.archive_nested");
        assert_eq!(code("docx", &docx(&[("a.docm", b"x")])), "file.archive_program");
        assert_eq!(code("zip", &zip(&[("a.txt", b"a"), ("b.pdf", b"%PDF-")])), "ok");
        assert_eq!(code("zip", &zip(&[("照片/说明.txt", b"a")])), "ok");
        for (name, bytes, expected) in [
            ("a.zip", &b""[..], "file.archive_nested"),
            ("a.txt", &zip(&[("b", b"b")]), "file.archive_nested"),
            ("a.exe", b"", "file.archive_program"),
            ("A.EXE", b"", "file.archive_program"),
            ("a.txt.js ", b"", "file.archive_program"),
            ("a.txt", b"MZ\x90\0", "file.archive_program"),
            ("readme", b"#!/bin/sh", "file.archive_program"),
        ] {
            assert_eq!(code("zip", &zip(&[(name, bytes)])), expected, "{name}");
        }
    }

    #[test]
    fn a_bomb_within_counts_for_the_whole() {
        let zeros = vec![0; 12 * 1024 * 1024];
        let inner = docx(&[("word/a.xml", &zeros)]);
        assert_eq!(code("docx", &inner), "ok");
        assert_eq!(code("docx", &docx(&[("word/a.docx", &inner), ("word/b.docx", &inner)])), "file.archive_too_large");
    }
}
