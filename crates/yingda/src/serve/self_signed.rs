//! A certificate of our own, for a demonstration beyond loopback. Kept in the data directory, renewed before it ends.
use super::certificate::Certificate;
use crate::config::TlsFiles;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use rustls::{client::verify_server_name, pki_types::ServerName, server::ParsedCertificate};
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};
use yingda_base::{Error, Millis, Result};

const DAY: Duration = Duration::from_secs(86_400);
/// Whoever trusts it should not have to trust another one soon.
const LIFE: u32 = 365;
const RENEWED_BEFORE: Duration = Duration::from_secs(30 * 86_400);

/// Where it lies and what it names.
#[derive(Debug)]
pub struct SelfSigned {
    folder: PathBuf,
    names: Vec<String>,
}

impl SelfSigned {
    /// For whoever reaches this address of this machine.
    pub fn new(data: &Path, listen: IpAddr) -> SelfSigned {
        let mut names = vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string(), Ipv6Addr::LOCALHOST.to_string()];
        names.extend(host_name());
        names.extend(outward(listen).map(|address| address.to_string()));
        names.dedup();
        SelfSigned { folder: data.join("tls"), names }
    }

    /// Its two files.
    pub fn files(&self) -> TlsFiles {
        TlsFiles { certificate: self.folder.join("self-signed.pem"), key: self.folder.join("self-signed.key") }
    }

    /// Makes a new pair unless the one there is good for a while and names everything. Code: `tls.unwritable`.
    pub fn ensure(&self, now: Millis) -> Result<()> {
        let files = self.files();
        let is_good = Certificate::read(&files, now).is_ok_and(|held| held.until - now > RENEWED_BEFORE && self.is_named_by(&held));
        if is_good {
            return Ok(());
        }
        let unwritable = |cause: io::Error| {
            let file = files.certificate.display().to_string();
            Error::unavailable("tls.unwritable").with("file", file).caused_by(cause)
        };
        let [certificate, key] = self.make(now).map_err(Error::internal)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(unwritable)?;
        // The key first: if we die in between, the pair does not fit and is made anew at the next start.
        write(&files.key, &key, 0o600).and_then(|()| write(&files.certificate, &certificate, 0o644)).map_err(unwritable)
    }

    fn is_named_by(&self, held: &Certificate) -> bool {
        let parsed = held.pair.cert.first().and_then(|first| ParsedCertificate::try_from(first).ok());
        parsed.is_some_and(|parsed| {
            self.names.iter().all(|name| ServerName::try_from(name.as_str()).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok()))
        })
    }

    fn make(&self, now: Millis) -> std::result::Result<[String; 2], rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new(self.names.clone())?;
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "Yingda demonstration");
        parameters.distinguished_name = name;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // From yesterday on, for those whose clock is late.
        let day = |at: Millis| {
            let (year, month, day) = at.date();
            date_time_ymd(year, month, day)
        };
        (parameters.not_before, parameters.not_after) = (day(now - DAY), day(now + DAY * LIFE));
        Ok([parameters.self_signed(&key)?.pem(), key.serialize_pem()])
    }
}

fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    matches!(ServerName::try_from(name), Ok(ServerName::DnsName(_))).then(|| name.to_owned())
}

/// The address listened on; for all addresses, the one that other machines would see. Nothing is sent.
pub fn outward(listen: IpAddr) -> Option<IpAddr> {
    if !listen.is_unspecified() {
        return Some(listen.to_canonical());
    }
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address of documentation: reached by whatever way the world is.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_unspecified())
}

/// Whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let part = path.with_added_extension("part");
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(mode).open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    const NOW: Millis = Millis(1_800_000_000_000);

    #[test]
    fn it_is_made_once_kept_and_renewed_before_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let own = SelfSigned::new(folder.path(), IpAddr::from([192, 0, 2, 7]));
        let made = |at: Millis| {
            own.ensure(at).unwrap();
            Certificate::read(&own.files(), at).unwrap().fingerprint()
        };
        let first = made(NOW);
        assert_eq!(fs::metadata(own.files().key).unwrap().mode() & 0o777, 0o600);
        assert_eq!(made(NOW + DAY * 300), first);
        let second = made(NOW + DAY * 340);
        assert_ne!(second, first);
        let moved = SelfSigned::new(folder.path(), IpAddr::from([192, 0, 2, 8]));
        moved.ensure(NOW + DAY * 341).unwrap();
        assert_ne!(made(NOW + DAY * 342), second, "another address wants another certificate");
    }

    #[test]
    fn half_a_pair_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let own = SelfSigned::new(folder.path(), IpAddr::from([0, 0, 0, 0]));
        own.ensure(NOW).unwrap();
        fs::write(own.files().key, "").unwrap();
        own.ensure(NOW).unwrap();
        assert!(Certificate::read(&own.files(), NOW).is_ok());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = SelfSigned::new(file.path(), IpAddr::from([127, 0, 0, 1])).ensure(NOW).unwrap_err();
        assert_eq!(error.code(), "tls.unwritable");
        assert!(error.details()["file"].as_str().unwrap().ends_with("tls/self-signed.pem"));
    }
}
