//! Files made to do harm, as docs/operate/uploads.md lists them: each is refused, or comes out harmless.
use super::{answer, code, document, fetch, link, png, upload_call};
use crate::{apps, file::zip::tests as archive};
use image::{DynamicImage, ImageFormat, RgbImage};
use std::io::Cursor;

const PAGE: &[u8] = b"<html><script>alert(document.domain)</script></html>";
/// The test file of virus scanners, in two halves so that no scanner takes this program for one.
pub(super) const EICAR: [&str; 2] = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::from_pixel(30, 20, image::Rgb([1, 2, 3]))).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn find(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

pub(super) fn docx(more: &[(&str, &[u8])]) -> Vec<u8> {
    let kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    let types = format!(r#"<Types><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>"#);
    archive::zip(&[&[("[Content_Types].xml", types.as_bytes()), ("word/document.xml", b"<w/>")], more].concat())
}

apps! { images_that_are_something_else_as_well_come_out_as_images_only, |t| async {
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    // A GIF whose header is also the beginning of a script, a JPEG and a PNG with a page behind the picture.
    let mut gif = encoded(ImageFormat::Gif);
    gif.extend(b"*/=1;alert(1);//");
    let jpeg = [&encoded(ImageFormat::Jpeg)[..], PAGE].concat();
    let page = [&png()[..], PAGE].concat();
    for (kind, bytes) in [("image/gif", gif), ("image/jpeg", jpeg), ("image/png", page)] {
        let (status, body) = answer(upload_call(&visitor, &conversation, kind, bytes)).await;
        assert_eq!(status, 201, "{kind} {body}");
        let url = link(&visitor, body["file"]["id"].as_str().unwrap()).await["url"].as_str().unwrap().to_owned();
        let shown = fetch(&t.anonymous(), &url).await.bytes().await.unwrap();
        assert!(!find(&shown, b"alert") && image::load_from_memory(&shown).is_ok(), "{kind}");
    }
    for (kind, bytes) in [("image/png", PAGE.to_vec()), ("image/png", b"<svg onload='alert(1)'/>".to_vec()), ("image/gif", b"GIF89a/*".to_vec())] {
        let refused = answer(upload_call(&visitor, &conversation, kind, bytes)).await;
        assert!(["file.content_mismatch", "file.unreadable"].contains(&code(&refused).1), "{refused:?}");
    }
    let svg = answer(upload_call(&visitor, &conversation, "image/svg+xml", b"<svg onload='alert(1)'/>".to_vec())).await;
    assert_eq!(code(&svg), (415, "file.type_refused"));
}}

apps! { documents_made_to_do_harm_are_refused_or_only_saved, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    sys.put("/api/v1/setting/file.types", serde_json::json!({"value": "pdf,docx,xlsx,pptx,txt,csv,zip"})).await;
    t.until("zip is allowed", async || t.app.settings.global(&crate::file::TYPES).ends_with("zip")).await;
    let zeros = vec![0; 40 * 1024 * 1024];
    let inner = archive::zip(&[("a.txt", b"a")]);
    let long = format!("{}.txt", "字".repeat(200));
    for (name, bytes, expected) in [
        ("page.pdf", PAGE.to_vec(), "file.content_mismatch"),
        ("both.pdf", [b"%PDF-1.7\n", PAGE, b"%%EOF"].concat(), "file.content_mismatch"),
        ("before.pdf", [PAGE, b"%PDF-1.7\n%%EOF"].concat(), "file.content_mismatch"),
        ("picture.svg", b"<svg/>".to_vec(), "file.type_refused"),
        ("page.html", PAGE.to_vec(), "file.type_refused"),
        ("macros.docx", docx(&[("word/vbaProject.bin", b"x")]), "file.macros"),
        ("macros.docm", docx(&[]), "file.type_refused"),
        ("bomb.zip", archive::zip(&[("a.txt", &zeros)]), "file.archive_too_large"),
        ("bomb.docx", docx(&[("word/a.xml", &zeros)]), "file.archive_too_large"),
        ("nested.zip", archive::zip(&[("a.zip", &inner)]), "file.archive_nested"),
        ("disguised.zip", archive::zip(&[("a.txt", &inner)]), "file.archive_nested"),
        ("slip.zip", archive::zip(&[("../../a.txt", b"a")]), "file.damaged"),
        ("program.zip", archive::zip(&[("a.exe", b"MZ")]), "file.archive_program"),
        ("front.zip", [PAGE, &inner].concat(), "file.content_mismatch"),
        ("behind.zip", [&inner[..], PAGE].concat(), "file.damaged"),
        ("empty.pdf", Vec::new(), "file.empty"),
        ("a.pdf\0.exe", b"MZ".to_vec(), "file.type_refused"),
        ("invoice\u{202E}fdp.exe", b"MZ".to_vec(), "file.type_refused"),
        ("bill.pdf          .exe", b"MZ".to_vec(), "file.type_refused"),
        ("good.docx", docx(&[]), ""),
        ("good.zip", inner.clone(), ""),
        ("page.txt", PAGE.to_vec(), ""),
        ("eicar.txt", EICAR.concat().into_bytes(), ""), // Without a scanner: see `scan`.
        ("\u{202E}txt.exe.txt", b"a".to_vec(), ""),
        ("evil.exe\0.txt", b"a".to_vec(), ""),
        ("../../etc/passwd.txt", b"a".to_vec(), ""),
        ("CON.txt", b"a".to_vec(), ""),
        (&*long, b"a".to_vec(), ""),
    ] {
        // One each, or the limits of uploads would show instead.
        let visitor = t.visitor().await;
        let answer = document::upload(&visitor, &visitor.open("a").await, name, &bytes).await;
        assert_eq!(code(&answer).1, expected, "{name:?} {answer:?}");
        let Some(file) = answer.1["file"]["id"].as_str() else { continue };
        let kept = answer.1["file"]["name"].as_str().unwrap();
        assert!(kept.len() <= 255 && !kept.contains(['/', '\\', '\0', '\u{202E}']) && !kept.starts_with("CON."), "{kept:?}");
        let url = link(&visitor, file).await["url"].as_str().unwrap().to_owned();
        let saved = fetch(&t.anonymous(), &url).await;
        assert_eq!(saved.headers()["content-type"], "application/octet-stream", "{name:?}");
        assert!(saved.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; "), "{name:?}");
        assert_eq!(saved.headers()["x-content-type-options"], "nosniff");
    }
}}
