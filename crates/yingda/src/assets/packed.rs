//! Files compressed once, when they are first asked for, and kept as long as the program runs.
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::{
    borrow::Cow,
    collections::HashMap,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};
use yingda_base::{Error, Result};

/// Smaller files gain nothing.
const LEAST: usize = 1024;

/// What was compressed, by the digest of what it was made from.
#[derive(Clone, Default)]
pub(super) struct Packed(Arc<Mutex<HashMap<[u8; 32], Bytes>>>);

impl Packed {
    /// The compressed form of a file.
    pub(super) async fn get(&self, digest: [u8; 32], file: Bytes) -> Result<Bytes> {
        if let Some(packed) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Ok(packed.clone());
        }
        let packed = tokio::task::spawn_blocking(move || pack(&file)).await.map_err(Error::internal)??;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, packed.clone());
        Ok(packed)
    }
}

fn pack(file: &[u8]) -> Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(file).map_err(Error::internal)?;
    encoder.finish().map(Bytes::from).map_err(Error::internal)
}

/// Whether a file of this type and size is worth it.
pub(super) fn is_packable(kind: &str, size: usize) -> bool {
    let is_text = kind.starts_with("text/") || ["javascript", "json", "svg", "wasm", "xml"].iter().any(|part| kind.contains(part));
    is_text && size >= LEAST
}

/// Whether the caller reads gzip.
pub(super) fn is_welcome(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
        is_gzip && weight.is_ok_and(|weight| weight > 0.0)
    })
}

/// Without a copy where the file is part of the program.
pub(super) fn bytes(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn gzip_is_sent_only_to_those_who_read_it() {
        let welcome = |line: &str| is_welcome(&[(header::ACCEPT_ENCODING, line.parse().unwrap())].into_iter().collect());
        assert!(welcome("gzip") && welcome("deflate, GZIP;q=0.5, br") && welcome("br, gzip"));
        assert!(!welcome("br") && !welcome("gzip;q=0") && !welcome("gzip; q=0.0") && !welcome("x-gzipped") && !welcome("gzip;q=x"));
        assert!(!is_welcome(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn a_file_is_compressed_once_and_comes_out_as_it_was() {
        let (packed, text) = (Packed::default(), "你好，".repeat(2000));
        let first = packed.get([1; 32], Bytes::from(text.clone())).await.unwrap();
        let mut back = String::new();
        flate2::read::GzDecoder::new(&first[..]).read_to_string(&mut back).unwrap();
        assert!(back == text && first.len() < text.len() / 10);
        let again = packed.get([1; 32], Bytes::new()).await.unwrap();
        assert_eq!(again.as_ptr(), first.as_ptr(), "the very same bytes");
    }
}
