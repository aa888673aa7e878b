//! Whether to speak https, and the rule that nothing readable crosses a network: see docs/decisions/encryption.md.
use super::{identity::Identity, self_signed::SelfSigned};
use crate::config::{Config, TlsFiles};
use std::{net::SocketAddr, sync::Arc};
use yingda_base::{Clock, Error, Result};

/// How connections begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Readable: on loopback, or for trusted proxies alone.
    Plain,
    /// Encrypted, proven by the operator's files.
    Files(TlsFiles),
    /// Encrypted, proven by a certificate of our own: the demonstration only.
    SelfSigned,
}

impl Transport {
    /// What the configuration asks for. Code: `listen.not_loopback`.
    pub fn of(config: &Config, is_demo: bool) -> Result<Transport> {
        match &config.tls {
            Some(files) => Ok(Transport::Files(files.clone())),
            None if config.listen.ip().to_canonical().is_loopback() || !config.proxies.is_empty() => Ok(Transport::Plain),
            None if is_demo => Ok(Transport::SelfSigned),
            None => Err(Error::invalid("listen.not_loopback").with("address", config.listen.to_string())),
        }
    }

    /// What to prove ourselves with. Codes: `tls.*`.
    pub fn identity(&self, config: &Config, clock: &Clock) -> Result<Option<Arc<Identity>>> {
        match self {
            Transport::Plain => Ok(None),
            Transport::Files(files) => Identity::of_files(files.clone(), clock.clone()).map(Some),
            Transport::SelfSigned => {
                let own = SelfSigned::new(&config.data, config.listen.ip());
                Identity::self_signed(own, clock.clone()).map(Some)
            }
        }
    }

    /// How whoever started the program reaches it.
    pub fn url(&self, address: SocketAddr) -> String {
        match self {
            Transport::Plain => format!("http://{address}"),
            Transport::Files(_) | Transport::SelfSigned => format!("https://{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;

    fn of(listen: &str, variables: &[(&str, &str)], is_demo: bool) -> std::result::Result<Transport, &'static str> {
        let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let flags = Flags { listen: Some(listen.to_owned()), ..Flags::default() };
        Transport::of(&Config::load(&flags, variables.into_iter()).unwrap(), is_demo).map_err(|error| error.code())
    }

    #[test]
    fn nothing_readable_leaves_the_machine() {
        let proxies = [("YINGDA_SERVER_TRUSTED_PROXIES", "10.0.0.1")];
        let files = [("YINGDA_TLS_CERTIFICATE", "/a.pem"), ("YINGDA_TLS_KEY", "/a.key")];
        for local in ["127.0.0.1:0", "[::1]:0", "127.9.9.9:0", "[::ffff:127.0.0.1]:0"] {
            assert_eq!(of(local, &[], false), Ok(Transport::Plain), "{local}");
            assert_eq!(of(local, &[], true), Ok(Transport::Plain), "{local}");
        }
        for public in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            assert_eq!(of(public, &[], false), Err("listen.not_loopback"), "{public}");
            assert_eq!(of(public, &[], true), Ok(Transport::SelfSigned), "{public}");
            assert_eq!(of(public, &proxies, true), Ok(Transport::Plain), "{public}");
            assert!(matches!(of(public, &files, false), Ok(Transport::Files(_))), "{public}");
        }
        assert!(matches!(of("127.0.0.1:0", &files, false), Ok(Transport::Files(_))), "who names files wants them used");
    }
}
