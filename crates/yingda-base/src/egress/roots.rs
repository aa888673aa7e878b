//! Whose signature under a certificate counts.
use crate::{Error, Result};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{
    path::Path,
    sync::{Arc, OnceLock},
};
use tokio_rustls::TlsConnector;

/// Where systems keep the authorities they trust, the usual places first.
const SYSTEM: [&str; 4] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

/// Read once: at the first call if they are the system's, since most installations call nobody.
#[derive(Default)]
pub(super) struct Roots(OnceLock<TlsConnector>);

impl Roots {
    /// Those of a file. Error: `egress.authorities`.
    pub(super) fn of_file(file: &Path) -> Result<Roots> {
        Ok(Roots(OnceLock::from(connector(&[file])?)))
    }

    /// Error: `egress.authorities` if the system trusts nobody.
    pub(super) fn connector(&self) -> Result<&TlsConnector> {
        if let Some(connector) = self.0.get() {
            return Ok(connector);
        }
        let read = connector(&SYSTEM.map(Path::new))?;
        Ok(self.0.get_or_init(|| read))
    }
}

/// Of the first file that holds any. Certificates that cannot be read are passed over: systems ship a few.
fn connector(files: &[&Path]) -> Result<TlsConnector> {
    let mut store = RootCertStore::empty();
    for file in files {
        let found = CertificateDer::pem_file_iter(file).into_iter().flatten().flatten();
        if store.add_parsable_certificates(found).0 > 0 {
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
            let config = config.map_err(Error::internal)?.with_root_certificates(store).with_no_client_auth();
            return Ok(TlsConnector::from(Arc::new(config)));
        }
    }
    let tried: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Err(Error::unavailable("egress.authorities").with("file", tried.join(", ")))
}
