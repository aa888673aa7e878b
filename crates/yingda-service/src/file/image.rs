//! Images of strangers, decoded within limits and encoded anew: what comes out was made by us, pixel by pixel. Pure; blocks.
//!
//! Nothing of the original file survives: no metadata, no second frames, no trailing bytes, no trick that a browser might read otherwise.
use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType as PngFilter, PngEncoder},
    },
    imageops::FilterType,
};
use std::io::Cursor;
use yingda_base::{
    Error, Result,
    error::Kind::{self, Unsupported},
};

/// Wider or higher images are refused before they are decoded.
const MAX_SIDE: u32 = 8192;
/// What a decoder may hold: 25 million pixels of 4 bytes.
const MAX_ALLOC: u64 = 25_000_000 * 4;
/// What is larger is scaled down.
const SHOWN_SIDE: u32 = 2560;
/// Up to so many pixels PNG costs little, and keeps the sharp edges of icons and small screenshots.
const SMALL: u64 = 250_000;
const JPEG_QUALITY: u8 = 85;
/// Longest side of the small copy that lists and threads show, in pixels: twice what they draw, for dense screens.
const THUMBNAIL_SIDE: u32 = 480;
const THUMBNAIL_QUALITY: u8 = 78;
/// Nothing is made smaller than this to save bytes: even noise then weighs less than any [`Frame`] of ours.
const LEAST_SIDE: u32 = 96;

/// An image as we store it.
#[derive(Debug)]
pub struct Picture {
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What is kept of an image.
#[derive(Debug)]
pub struct Pictures {
    /// The image, at most 2560 pixels a side.
    pub whole: Picture,
    /// A small copy, if it saves anything.
    pub thumbnail: Option<Picture>,
}

/// What a picture that stands in a page has to fit into.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Pixels a side.
    pub side: u32,
    /// Bytes of the file.
    pub bytes: usize,
}

/// The format a client declares. Codes: `file.type_refused` (SVG and everything that is no plain picture).
pub fn declared(content_type: &str) -> Result<ImageFormat> {
    match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "image/png" => Ok(ImageFormat::Png),
        "image/jpeg" => Ok(ImageFormat::Jpeg),
        "image/webp" => Ok(ImageFormat::WebP),
        "image/gif" => Ok(ImageFormat::Gif),
        _ => Err(Error::new(Unsupported, "file.type_refused")),
    }
}

/// Reads an image of the declared format and encodes it anew.
///
/// Codes: `file.content_mismatch` (the bytes are something else), `file.too_many_pixels`, `file.unreadable`.
pub fn process(format: ImageFormat, bytes: &[u8]) -> Result<Pictures> {
    let image = decode_declared(format, bytes)?;
    let image =
        if image.width().max(image.height()) > SHOWN_SIDE { image.resize(SHOWN_SIDE, SHOWN_SIDE, FilterType::CatmullRom) } else { image };
    let whole = encode(&image, Size::Whole)?;
    let thumbnail = shrink(&image)?.filter(|small| small.bytes.len() < whole.bytes.len());
    Ok(Pictures { whole, thumbnail })
}

/// Reads an image of the declared format and encodes it anew, scaled down until it fits: for what stands in a page and is fetched by everybody.
/// Codes as [`process`].
pub fn fitted(format: ImageFormat, bytes: &[u8], frame: Frame) -> Result<Picture> {
    let image = decode_declared(format, bytes)?;
    let is_glass = is_see_through(&image);
    // What cannot be seen has a colour too, often black: unweighed it would run into the edges.
    let image: DynamicImage = if is_glass { weighed(image.into_rgba8()).into() } else { image.into_rgb8().into() };
    let mut side = frame.side;
    loop {
        let small = if image.width().max(image.height()) > side { scaled(&image, side) } else { image.clone() };
        let small = if is_glass { unweighed(small.into_rgba8()).into() } else { small };
        let picture = lightest(&small, is_glass)?;
        if picture.bytes.len() <= frame.bytes || side <= LEAST_SIDE {
            return Ok(picture);
        }
        side = (side / 4 * 3).max(LEAST_SIDE);
    }
}

/// The small copy of an image that was kept before there were small copies; none if it is small already. Codes as [`process`].
pub fn thumbnail(format: ImageFormat, bytes: &[u8]) -> Result<Option<Picture>> {
    Ok(shrink(&decode(format, bytes)?)?.filter(|small| small.bytes.len() < bytes.len()))
}

fn shrink(image: &DynamicImage) -> Result<Option<Picture>> {
    if image.width().max(image.height()) <= THUMBNAIL_SIDE {
        return Ok(None);
    }
    encode(&scaled(image, THUMBNAIL_SIDE), Size::Thumbnail).map(Some)
}

/// Scales down to `side` pixels a side. Much larger ones are brought near with a cheap filter first: nobody sees the difference, and it
/// takes a tenth of the time.
fn scaled(image: &DynamicImage, side: u32) -> DynamicImage {
    if image.width().max(image.height()) > 4 * side {
        image.thumbnail(2 * side, 2 * side).resize(side, side, FilterType::CatmullRom)
    } else {
        image.resize(side, side, FilterType::CatmullRom)
    }
}

/// Colours by how much of them is seen.
fn weighed(mut image: RgbaImage) -> RgbaImage {
    for pixel in image.pixels_mut() {
        let [colours @ .., alpha] = &mut pixel.0;
        for colour in colours {
            *colour = part(u32::from(*colour) * u32::from(*alpha), u32::from(u8::MAX));
        }
    }
    image
}

/// The way back from [`weighed`].
fn unweighed(mut image: RgbaImage) -> RgbaImage {
    for pixel in image.pixels_mut() {
        let [colours @ .., alpha] = &mut pixel.0;
        for colour in colours {
            *colour = part(u32::from(*colour) * u32::from(u8::MAX), u32::from(*alpha));
        }
    }
    image
}

/// Rounded; of nothing there is nothing.
fn part(of: u32, by: u32) -> u8 {
    let rounded = (of + by / 2).checked_div(by).unwrap_or_default();
    u8::try_from(rounded).unwrap_or(u8::MAX)
}

/// PNG, unless JPEG takes less and nothing is seen through.
fn lightest(image: &DynamicImage, is_glass: bool) -> Result<Picture> {
    let (width, height) = (image.width(), image.height());
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Best, PngFilter::Adaptive);
    encoder.write_image(image.as_bytes(), width, height, image.color().into()).map_err(Error::internal)?;
    if !is_glass {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode_image(image).map_err(Error::internal)?;
        // Hardly smaller is not worth blurred edges.
        if jpeg.len() < png.len() / 2 {
            return Ok(Picture { media_type: "image/jpeg", width, height, bytes: jpeg });
        }
    }
    Ok(Picture { media_type: "image/png", width, height, bytes: png })
}

/// What the bytes say of themselves must be what was declared. Code: `file.content_mismatch`.
fn decode_declared(format: ImageFormat, bytes: &[u8]) -> Result<DynamicImage> {
    let found = infer::get(bytes).map(|kind| kind.mime_type());
    if found == Some(format.to_mime_type()) { decode(format, bytes) } else { Err(Error::invalid("file.content_mismatch")) }
}

fn decode(format: ImageFormat, bytes: &[u8]) -> Result<DynamicImage> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if width > MAX_SIDE || height > MAX_SIDE || decoder.total_bytes() > MAX_ALLOC {
        return Err(too_many_pixels());
    }
    // A camera writes down how it was held; browsers would turn the picture, so we do before the note is lost.
    let orientation = decoder.orientation().map_err(refused)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    image.apply_orientation(orientation);
    Ok(image)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Whole,
    Thumbnail,
}

fn encode(image: &DynamicImage, size: Size) -> Result<Picture> {
    let (width, height) = (image.width(), image.height());
    let is_small = size == Size::Whole && u64::from(width) * u64::from(height) <= SMALL;
    let quality = if size == Size::Whole { JPEG_QUALITY } else { THUMBNAIL_QUALITY };
    let mut bytes = Cursor::new(Vec::new());
    let media_type = if is_small || is_see_through(image) {
        let image = if is_see_through(image) { DynamicImage::from(image.to_rgba8()) } else { DynamicImage::from(image.to_rgb8()) };
        image.write_to(&mut bytes, ImageFormat::Png).map_err(Error::internal)?;
        "image/png"
    } else {
        JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&image.to_rgb8()).map_err(Error::internal)?;
        "image/jpeg"
    };
    Ok(Picture { media_type, width, height, bytes: bytes.into_inner() })
}

/// Whether any pixel lets the ground through; many images have an alpha channel and no use for it.
fn is_see_through(image: &DynamicImage) -> bool {
    image.color().has_alpha() && image.to_rgba8().pixels().any(|pixel| pixel.0[3] != u8::MAX)
}

fn refused(cause: image::ImageError) -> Error {
    match cause {
        image::ImageError::Limits(_) => too_many_pixels(),
        other => Error::new(Kind::Invalid, "file.unreadable").caused_by(other),
    }
}

fn too_many_pixels() -> Error {
    Error::invalid("file.too_many_pixels").with("side", MAX_SIDE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};
    use proptest::prelude::*;

    fn file(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn photo(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_fn(width, height, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, ((x * y) % 239) as u8])).into()
    }

    fn code(result: Result<Pictures>) -> &'static str {
        result.unwrap_err().code()
    }

    #[test]
    fn each_format_comes_out_as_one_of_two() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
            let small = process(format, &file(&photo(40, 30), format)).unwrap().whole;
            assert_eq!((small.media_type, small.width, small.height), ("image/png", 40, 30), "{format:?}");
        }
        let large = process(ImageFormat::Png, &file(&photo(900, 700), ImageFormat::Png)).unwrap().whole;
        assert_eq!((large.media_type, infer::get(&large.bytes).unwrap().mime_type()), ("image/jpeg", "image/jpeg"));
        let glass: DynamicImage = RgbaImage::from_pixel(900, 700, Rgba([1, 2, 3, 100])).into();
        assert_eq!(process(ImageFormat::Png, &file(&glass, ImageFormat::Png)).unwrap().whole.media_type, "image/png");
        let opaque: DynamicImage = RgbaImage::from_pixel(900, 700, Rgba([1, 2, 3, 255])).into();
        assert_eq!(process(ImageFormat::Png, &file(&opaque, ImageFormat::Png)).unwrap().whole.media_type, "image/jpeg");
    }

    #[test]
    fn what_is_too_large_is_scaled_down() {
        let wide = process(ImageFormat::Png, &file(&photo(4000, 100), ImageFormat::Png)).unwrap().whole;
        assert_eq!((wide.width, wide.height), (2560, 64));
    }

    #[test]
    fn large_ones_get_a_small_copy_and_small_ones_need_none() {
        let of = |image: &DynamicImage| process(ImageFormat::Png, &file(image, ImageFormat::Png)).unwrap();
        let Pictures { whole, thumbnail } = of(&photo(2000, 1000));
        let small = thumbnail.unwrap();
        assert_eq!((small.media_type, small.width, small.height), ("image/jpeg", 480, 240));
        assert!(small.bytes.len() * 4 < whole.bytes.len());
        assert_eq!(super::thumbnail(ImageFormat::Jpeg, &whole.bytes).unwrap().unwrap().width, 480, "later, from what was kept");
        assert!(of(&photo(480, 300)).thumbnail.is_none());
        let glass: DynamicImage = RgbaImage::from_fn(600, 900, |x, y| Rgba([(x % 7) as u8, (y % 5) as u8, 3, (x % 251) as u8])).into();
        assert_eq!(of(&glass).thumbnail.map(|small| (small.media_type, small.width, small.height)), Some(("image/png", 320, 480)));
        let flat: DynamicImage = RgbaImage::from_pixel(600, 500, Rgba([1, 2, 3, 100])).into();
        assert!(of(&flat).thumbnail.is_none_or(|small| small.bytes.len() < of(&flat).whole.bytes.len()), "never a larger one");
    }

    #[test]
    fn metadata_is_gone_and_the_picture_stands_upright() {
        // A JPEG with an Exif note that says: turned to the right by 90 degrees; and with words of its maker.
        let jpeg = file(&photo(60, 20), ImageFormat::Jpeg);
        let mut exif = b"\xFF\xE1\x00\x00Exif\0\0MM\x00\x2A\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00SECRET-PLACE".to_vec();
        let length = u16::try_from(exif.len() - 2).unwrap().to_be_bytes();
        exif[2..4].copy_from_slice(&length);
        let noted = [&jpeg[..2], &exif, &jpeg[2..], b"<script>trailing</script>"].concat();
        let picture = process(ImageFormat::Jpeg, &noted).unwrap().whole;
        assert_eq!((picture.width, picture.height), (20, 60));
        let text = String::from_utf8_lossy(&picture.bytes);
        assert!(!text.contains("SECRET") && !text.contains("Exif") && !text.contains("script"));
    }

    #[test]
    fn pixel_floods_are_refused_before_they_are_decoded() {
        // 50,000 × 50,000 pixels of nothing in a few bytes: the header alone must be enough.
        let mut png = file(&photo(1, 1), ImageFormat::Png);
        png[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
        let crc = crc32(&png[12..29]).to_be_bytes();
        png[29..33].copy_from_slice(&crc);
        assert_eq!(code(process(ImageFormat::Png, &png)), "file.too_many_pixels");
        let mut gif = file(&photo(1, 1), ImageFormat::Gif);
        gif[6..10].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(code(process(ImageFormat::Gif, &gif)), "file.too_many_pixels");
    }

    #[test]
    fn what_only_calls_itself_an_image_is_refused() {
        assert_eq!(declared("image/svg+xml").unwrap_err().code(), "file.type_refused");
        assert_eq!(declared("text/html").unwrap_err().code(), "file.type_refused");
        assert_eq!(declared("IMAGE/PNG; charset=x").unwrap(), ImageFormat::Png);
        assert_eq!(code(process(ImageFormat::Png, b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")), "file.content_mismatch");
        assert_eq!(code(process(ImageFormat::Png, b"<!doctype html><script>1</script>")), "file.content_mismatch");
        assert_eq!(code(process(ImageFormat::Png, &file(&photo(4, 4), ImageFormat::Jpeg))), "file.content_mismatch");
        assert_eq!(code(process(ImageFormat::Png, b"")), "file.content_mismatch");
        assert_eq!(code(process(ImageFormat::Png, b"\x89PNG\r\n\x1a\n")), "file.unreadable");
    }

    #[test]
    fn what_stands_in_a_page_fits_its_frame_whatever_came() {
        let frame = Frame { side: 512, bytes: 64 * 1024 };
        let fit = |image: &DynamicImage| fitted(ImageFormat::Png, &file(image, ImageFormat::Png), frame).unwrap();
        // An emblem: flat colours stay sharp, and nothing that fits is scaled.
        let emblem: DynamicImage = RgbImage::from_fn(400, 120, |x, _| Rgb(if x < 200 { [200, 16, 46] } else { [255, 255, 255] })).into();
        let kept = fit(&emblem);
        assert_eq!((kept.media_type, kept.width, kept.height), ("image/png", 400, 120));
        assert_eq!(image::load_from_memory(&kept.bytes).unwrap().to_rgb8(), emblem.to_rgb8());
        let wide = fit(&photo(4000, 1000));
        assert_eq!((wide.width, wide.height), (512, 128));
        // Noise cannot be packed: seen through it ends up small, else as a photograph.
        let mut seed = 7_u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let glass: DynamicImage = RgbaImage::from_fn(700, 700, |_, _| Rgba([noise(), noise(), noise(), noise()])).into();
        let kept = fit(&glass);
        assert!(
            kept.bytes.len() <= frame.bytes && kept.media_type == "image/png" && kept.width >= LEAST_SIDE,
            "{} {}",
            kept.bytes.len(),
            kept.width
        );
        let opaque: DynamicImage = glass.to_rgb8().into();
        let kept = fit(&opaque);
        assert!(kept.bytes.len() <= frame.bytes && kept.media_type == "image/jpeg", "{} {}", kept.bytes.len(), kept.media_type);
        let thread = fit(&RgbImage::from_pixel(3000, 2, Rgb([1, 2, 3])).into());
        assert_eq!((thread.width, thread.height), (512, 1));
    }

    #[test]
    fn what_is_not_seen_does_not_darken_the_edges() {
        // Red beside nothing, and the nothing is black as most programs write it.
        let half: DynamicImage =
            RgbaImage::from_fn(1000, 10, |x, _| if x % 2 == 0 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 0, 0]) }).into();
        let small = fitted(ImageFormat::Png, &file(&half, ImageFormat::Png), Frame { side: 500, bytes: 64 * 1024 }).unwrap();
        let small = image::load_from_memory(&small.bytes).unwrap().to_rgba8();
        let Rgba([red, _, _, alpha]) = *small.get_pixel(250, 2);
        assert!(red > 250 && (100..160).contains(&alpha), "{red} {alpha}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn broken_files_are_refused_and_never_panic(at in 0usize..2000, to: u8, cut in 0usize..2000) {
            for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
                let mut bytes = file(&photo(24, 16), format);
                let n = bytes.len();
                bytes[at % n] = to;
                bytes.truncate(n - cut % n);
                if let Ok(Pictures { whole: picture, .. }) = process(format, &bytes) {
                    prop_assert!(picture.width <= SHOWN_SIDE && picture.height <= SHOWN_SIDE);
                }
            }
        }
    }

    /// As PNG wants it (ISO 15948, annex D).
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
        })
    }
}
