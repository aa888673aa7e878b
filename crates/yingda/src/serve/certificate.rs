//! Reading a certificate and its key, and whether they are any good now.
use crate::config::TlsFiles;
use rustls::{
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use sha2::{Digest, Sha256};
use std::{fs, io, path::Path, sync::Arc};
use yingda_base::{Error, Millis, Result};

/// A certificate with its key, as read.
#[derive(Debug)]
pub struct Certificate {
    /// What TLS takes.
    pub pair: Arc<CertifiedKey>,
    /// When it ends.
    pub until: Millis,
    /// The bytes of both files, to notice a change.
    pub files: [Vec<u8>; 2],
}

impl Certificate {
    /// Reads both files and holds them against each other and the time.
    ///
    /// Codes: `tls.unreadable`, `tls.no_certificate`, `tls.malformed`, `tls.no_key`, `tls.mismatch`, `tls.expired`, `tls.not_yet_valid`.
    pub fn read(files: &TlsFiles, now: Millis) -> Result<Certificate> {
        Certificate::parse(files, bytes(files)?, now)
    }

    /// The same with bytes that were read already.
    pub fn parse(files: &TlsFiles, bytes: [Vec<u8>; 2], now: Millis) -> Result<Certificate> {
        let at = |code, file: &Path| Error::invalid(code).with("file", shown(file));
        let chain = CertificateDer::pem_slice_iter(&bytes[0]).collect::<std::result::Result<Vec<_>, _>>();
        let chain = chain.map_err(|cause| at("tls.malformed", &files.certificate).caused_by(cause))?;
        let first = chain.first().ok_or_else(|| at("tls.no_certificate", &files.certificate))?;
        let (from, until) = validity(first).ok_or_else(|| at("tls.malformed", &files.certificate))?;
        let unusable = || at("tls.no_key", &files.key);
        let key = PrivateKeyDer::from_pem_slice(&bytes[1]).map_err(|cause| unusable().caused_by(cause))?;
        let key = any_supported_type(&key).map_err(|cause| unusable().caused_by(cause))?;
        let pair = CertifiedKey::new(chain, key);
        pair.keys_match().map_err(|cause| {
            let error = Error::invalid("tls.mismatch").with("certificate", shown(&files.certificate)).with("key", shown(&files.key));
            error.caused_by(cause)
        })?;
        if now >= until {
            return Err(at("tls.expired", &files.certificate).with("until", until.to_rfc3339()));
        }
        if now < from {
            return Err(at("tls.not_yet_valid", &files.certificate).with("from", from.to_rfc3339()));
        }
        Ok(Certificate { pair: Arc::new(pair), until, files: bytes })
    }

    /// SHA-256 of the server's own certificate, as browsers show it.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.pair.cert.first().map(|first| first.as_ref()).unwrap_or_default());
        digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }
}

/// Certificate and key, unread. Code: `tls.unreadable`.
pub fn bytes(files: &TlsFiles) -> Result<[Vec<u8>; 2]> {
    let read = |file: &Path| {
        let unreadable = |cause: io::Error| Error::invalid("tls.unreadable").with("file", shown(file)).caused_by(cause);
        fs::read(file).map_err(unreadable)
    };
    Ok([read(&files.certificate)?, read(&files.key)?])
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// From when until when a certificate in DER counts (RFC 5280, section 4.1). TLS itself never asks this of its own certificate.
fn validity(der: &[u8]) -> Option<(Millis, Millis)> {
    let certificate = inside(&mut &*der, SEQUENCE)?;
    let mut fields = inside(&mut &*certificate, SEQUENCE)?;
    // Version is there or not; then serial number, algorithm and issuer.
    if fields.first() == Some(&0xA0) {
        element(&mut fields)?;
    }
    for _ in 0..3 {
        element(&mut fields)?;
    }
    let mut times = inside(&mut fields, SEQUENCE)?;
    Some((moment(element(&mut times)?)?, moment(element(&mut times)?)?))
}

fn inside<'a>(input: &mut &'a [u8], expected: u8) -> Option<&'a [u8]> {
    element(input).filter(|(tag, _)| *tag == expected).map(|(_, content)| content)
}

/// Takes the next element: its tag and its content.
fn element<'a>(input: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short if short < 0x80 => (usize::from(short), rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7F))?;
            let length = bytes.iter().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?;
            (length, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *input = rest;
    Some((tag, content))
}

/// `261120093000Z` or `20261120093000Z`.
fn moment((tag, text): (u8, &[u8])) -> Option<Millis> {
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('Z').filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let full = match tag {
        UTC_TIME if digits.len() == 12 => format!("{}{digits}", if digits < "50" { "20" } else { "19" }),
        GENERALIZED_TIME if digits.len() == 14 => digits.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full[from..to].parse::<i8>().ok();
    let date = jiff::civil::Date::new(full[..4].parse().ok()?, part(4, 6)?, part(6, 8)?).ok()?;
    let time = jiff::civil::Time::new(part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    let moment = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Millis(moment.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::{super::testkit::pair, *};

    fn files() -> TlsFiles {
        TlsFiles { certificate: "/cert.pem".into(), key: "/key.pem".into() }
    }

    fn parse(certificate: &str, key: &str) -> Result<Certificate> {
        let now = Millis(1_800_000_000_000);
        Certificate::parse(&files(), [certificate.as_bytes().to_vec(), key.as_bytes().to_vec()], now)
    }

    #[test]
    fn a_good_pair_is_taken_with_the_time_it_ends() {
        let [certificate, key] = pair(2020, 2049);
        let read = parse(&certificate, &key).unwrap();
        assert_eq!(read.until.to_rfc3339(), "2049-01-01T00:00:00Z");
        assert_eq!(read.fingerprint().len(), 32 * 3 - 1);
        // From 2050 on, certificates write their times with four digits of the year.
        let [certificate, key] = pair(2020, 2051);
        assert_eq!(parse(&certificate, &key).unwrap().until.to_rfc3339(), "2051-01-01T00:00:00Z");
    }

    #[test]
    fn each_thing_that_can_be_wrong_is_named_with_its_file() {
        let [certificate, key] = pair(2020, 2049);
        let [other, _] = pair(2020, 2049);
        let [old, old_key] = pair(2020, 2021);
        let [young, young_key] = pair(2048, 2049);
        let code = |certificate: &str, key: &str| parse(certificate, key).unwrap_err().code();
        assert_eq!(code("", &key), "tls.no_certificate");
        assert_eq!(code(&key, &certificate), "tls.no_certificate");
        assert_eq!(code(&certificate, ""), "tls.no_key");
        assert_eq!(code(&certificate, &certificate), "tls.no_key");
        assert_eq!(code(&other, &key), "tls.mismatch");
        assert_eq!(code(&old, &old_key), "tls.expired");
        assert_eq!(code(&young, &young_key), "tls.not_yet_valid");
        let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        assert_eq!(code(broken, &key), "tls.malformed");
        assert_eq!(parse(&old, &old_key).unwrap_err().details()["until"], "2021-01-01T00:00:00Z");
        assert_eq!(Certificate::read(&files(), Millis(0)).unwrap_err().details()["file"], "/cert.pem");
    }

    #[test]
    fn rubbish_in_der_is_refused_and_upsets_nobody() {
        let whole = pair(2020, 2049)[0].clone();
        let der = CertificateDer::from_pem_slice(whole.as_bytes()).unwrap();
        assert!(validity(&der).is_some());
        for length in 0..200 {
            assert_eq!(validity(&der[..length]), None, "cut at {length}");
        }
        for at in 0..der.len().min(200) {
            let mut spoilt = der.to_vec();
            spoilt[at] ^= 0xFF;
            // Anything but a panic.
            let _ = validity(&spoilt);
        }
        assert_eq!(moment((UTC_TIME, b"26112009300")), None);
        assert_eq!(moment((GENERALIZED_TIME, b"2026112009300Z")), None);
        assert_eq!(moment((UTC_TIME, b"261340093000Z")), None);
    }
}
