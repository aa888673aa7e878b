//! What the program proves itself with, replaced while it serves.
use super::{
    certificate::{self, Certificate},
    self_signed::SelfSigned,
};
use crate::config::TlsFiles;
use metrics::gauge;
use rustls::{
    ServerConfig,
    crypto::ring::{self, Ticketer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::signal::unix::Signal;
use yingda_base::{Clock, Error, Millis, Result, supervisor::Stopping};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(10);
/// From when on the log reminds, once a day.
const REMINDED: Duration = Duration::from_secs(14 * 86_400);
const DAY: Duration = Duration::from_secs(86_400);

/// A certificate and where the next one comes from.
#[derive(Debug)]
pub struct Identity {
    files: TlsFiles,
    own: Option<SelfSigned>,
    clock: Seconds,
    held: RwLock<Certificate>,
}

/// A clock that can be shown.
struct Seconds(Clock);

impl std::fmt::Debug for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.now())
    }
}

impl Identity {
    /// The operator's files. Codes: those of [`Certificate::read`].
    pub fn of_files(files: TlsFiles, clock: Clock) -> Result<Arc<Identity>> {
        Identity::open(files, None, clock)
    }

    /// A certificate of our own. Codes: `tls.unwritable` besides.
    pub fn self_signed(own: SelfSigned, clock: Clock) -> Result<Arc<Identity>> {
        own.ensure(clock.now())?;
        Identity::open(own.files(), Some(own), clock)
    }

    fn open(files: TlsFiles, own: Option<SelfSigned>, clock: Clock) -> Result<Arc<Identity>> {
        let held = Certificate::read(&files, clock.now())?;
        announce(&held);
        Ok(Arc::new(Identity { files, own, clock: Seconds(clock), held: RwLock::new(held) }))
    }

    /// The fingerprint, if nobody but us vouches for it.
    pub fn own_fingerprint(&self) -> Option<String> {
        self.own.as_ref().map(|_| self.held.read().unwrap_or_else(PoisonError::into_inner).fingerprint())
    }

    /// TLS 1.2 and 1.3 with this identity.
    pub fn config(self: &Arc<Self>) -> Result<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_protocol_versions(&[&TLS13, &TLS12]).map_err(Error::internal)?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // After a restart of the network everybody comes back at once: a ticket saves both sides most of the arithmetic.
        config.ticketer = Ticketer::new().map_err(Error::internal)?;
        Ok(config)
    }

    /// Looks at the files now and then, and whenever `hangup` comes, until the program stops.
    pub async fn keep(self: Arc<Self>, mut hangup: Signal, mut stopping: Stopping) {
        let (mut complaint, mut reminded) = (None, None);
        loop {
            let is_told = tokio::select! {
                () = stopping.wait() => return,
                _ = hangup.recv() => true,
                () = tokio::time::sleep(LOOK) => false,
            };
            let this = self.clone();
            let looked = tokio::task::spawn_blocking(move || this.look()).await;
            match looked.map_err(Error::internal).flatten() {
                Ok(is_new) => {
                    complaint = None;
                    if is_told && !is_new {
                        tracing::info!(file = %self.files.certificate.display(), "the certificate is as it was");
                    }
                }
                Err(error) => {
                    let said = error.to_string();
                    if is_told || complaint.as_ref() != Some(&said) {
                        tracing::error!(%error, "the new certificate cannot be used; the one before goes on");
                    }
                    complaint = Some(said);
                }
            }
            self.remind(&mut reminded);
        }
    }

    /// Takes what is new and good; answers whether anything was.
    fn look(&self) -> Result<bool> {
        let now = self.clock.0.now();
        if let Some(own) = &self.own {
            own.ensure(now)?;
        }
        let bytes = certificate::bytes(&self.files)?;
        if bytes == self.held.read().unwrap_or_else(PoisonError::into_inner).files {
            return Ok(false);
        }
        let new = Certificate::parse(&self.files, bytes, now)?;
        announce(&new);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(true)
    }

    fn remind(&self, reminded: &mut Option<Millis>) {
        let (now, until) = (self.clock.0.now(), self.held.read().unwrap_or_else(PoisonError::into_inner).until);
        if until - now < REMINDED && reminded.is_none_or(|last| now - last > DAY) {
            tracing::warn!(file = %self.files.certificate.display(), until = until.to_rfc3339(), "the certificate ends soon");
            *reminded = Some(now);
        }
    }
}

fn announce(certificate: &Certificate) {
    // Seconds since 1970, as monitoring expects moments.
    gauge!("yingda_tls_certificate_ends_seconds").set(certificate.until.0 as f64 / 1000.0);
    tracing::info!(until = certificate.until.to_rfc3339(), fingerprint = certificate.fingerprint(), "a certificate is in use");
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.held.read().unwrap_or_else(PoisonError::into_inner).pair.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testkit::pair, *};
    use std::fs;

    const NOW: Millis = Millis(1_800_000_000_000);

    #[test]
    fn a_changed_pair_is_taken_and_a_bad_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { certificate: folder.path().join("a.pem"), key: folder.path().join("a.key") };
        let put = |pair: &[String; 2]| {
            fs::write(&files.certificate, &pair[0]).unwrap();
            fs::write(&files.key, &pair[1]).unwrap();
        };
        let (first, second, old) = (pair(2020, 2049), pair(2020, 2048), pair(2020, 2021));
        put(&first);
        let identity = Identity::of_files(files.clone(), Clock::manual(NOW)).unwrap();
        let until = || identity.held.read().unwrap().until.to_rfc3339();
        assert!(!identity.look().unwrap());
        // Halfway through a renewal.
        fs::write(&files.certificate, &second[0]).unwrap();
        assert_eq!(identity.look().unwrap_err().code(), "tls.mismatch");
        assert_eq!(until(), "2049-01-01T00:00:00Z");
        put(&second);
        assert!(identity.look().unwrap());
        assert_eq!(until(), "2048-01-01T00:00:00Z");
        put(&old);
        assert_eq!(identity.look().unwrap_err().code(), "tls.expired");
        fs::remove_file(&files.key).unwrap();
        assert_eq!(identity.look().unwrap_err().code(), "tls.unreadable");
        assert_eq!(until(), "2048-01-01T00:00:00Z");
        assert_eq!(identity.own_fingerprint(), None);
    }
}
