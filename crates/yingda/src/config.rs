//! Facts of the process: one TOML file, the environment, the command line, over the commented defaults of `config/default.toml`.
//!
//! [`Config`] is what the rest of the program reads; [`layers`] joins the four sources and knows where each value came from, so that a
//! bad one is reported with its file and line.
mod layers;
mod nearest;

use layers::Layers;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use yingda_base::{
    Error, Result,
    db::{Engine, Options},
    egress::{Allowed, Egress},
    http::{Pace, Proxies},
};
use yingda_service::{file::ScannerOptions, oidc};

/// The manual: every key with its meaning and default.
pub const DEFAULT: &str = include_str!("../config/default.toml");

/// Everything the process has to know before its database is open.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whose word about their callers counts.
    pub proxies: Proxies,
    /// For how long browsers shall refuse to come without encryption, in seconds.
    pub hsts: Option<u64>,
    /// What to prove ourselves with.
    pub tls: Option<TlsFiles>,
    /// How many, and how slow.
    pub limits: Limits,
    /// How long requests under way may take at a stop.
    pub stop: Duration,
    /// Where database and files are.
    pub data: PathBuf,
    /// The keys, outside the data directory.
    pub key_file: PathBuf,
    /// Who is asked about viruses in uploads.
    pub scanner: Option<ScannerOptions>,
    /// Where backups go that the program takes by itself.
    pub backups: Option<PathBuf>,
    /// Which database, with how many threads.
    pub database: Options,
    /// How to log.
    pub log: Log,
    /// The one way out.
    pub egress: Egress,
    /// The provider by which staff sign in.
    pub oidc: Option<oidc::Config>,
    /// Whether /metrics answers.
    pub metrics: bool,
    /// Who sends it is answered wherever they are.
    pub metrics_token: Option<String>,
}

/// What clients may take of us.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections of one household.
    pub connections_per_address: usize,
    /// Calls worked on at once.
    pub requests: usize,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// Between requests.
    pub idle: Duration,
    /// How slowly bodies may come.
    pub body: Pace,
    /// Without taking anything of what is written.
    pub write: Duration,
}

/// Certificate and key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those it is signed by.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// How to log.
#[derive(Clone, Debug)]
pub struct Log {
    /// For machines instead of people.
    pub is_json: bool,
    /// By level and module.
    pub filter: String,
}

/// What the command line says; each overrules its key.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub file: Option<PathBuf>,
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--database`
    pub database: Option<String>,
    /// `--listen`
    pub listen: Option<String>,
}

impl Config {
    /// Reads all four sources. Errors: `config.*`, each naming file and line, variable or option.
    pub fn load(flags: &Flags, environment: impl Iterator<Item = (String, String)>) -> Result<Config> {
        let mut layers = Layers::defaults();
        if let Some(file) = &flags.file {
            let unreadable = |cause| Error::invalid("config.file_unreadable").with("file", shown(file)).caused_by(cause);
            layers.add_file(file, &std::fs::read_to_string(file).map_err(unreadable)?)?;
        }
        layers.add_environment(environment)?;
        layers.add_flag("data.directory", "--data", flags.data.as_deref().map(shown));
        layers.add_flag("database.url", "--database", flags.database.clone());
        layers.add_flag("server.listen", "--listen", flags.listen.clone());
        Config::read(&layers)
    }

    fn read(layers: &Layers) -> Result<Config> {
        let data = absolute(Path::new(layers.text("data.directory")?));
        let engine = match layers.text("database.url")? {
            "" => Engine::Sqlite(data.join("yingda.db")),
            url => layers.of_kind("database.url", "config.not_a_database", url.parse().ok())?,
        };
        let mut database = Options::new(engine);
        database.readers = layers.number("database.readers", 1..=64)?;
        database.connections = layers.number("database.connections", 2..=1000)?;
        database.queue = layers.number("database.queue", 16..=1_000_000)?;
        database.reserve = layers.number("database.reserve_mb", 0..=10_000)? as u64 * 1024 * 1024;
        let listen = layers.text("server.listen")?;
        Ok(Config {
            listen: layers.of_kind("server.listen", "config.not_an_address", listen.parse().ok())?,
            proxies: Proxies::parse(layers.list("server.trusted_proxies")?.iter().map(String::as_str)).or_else(|entry| {
                layers.of_kind("server.trusted_proxies", "config.not_a_network", None).map_err(|error: Error| error.with("entry", entry))
            })?,
            hsts: Some(layers.number("server.hsts_days", 0..=3650)? as u64 * 86_400).filter(|seconds| *seconds > 0),
            tls: tls(layers)?,
            limits: limits(layers)?,
            stop: Duration::from_secs(layers.number("server.stop_seconds", 0..=600)? as u64),
            key_file: match layers.text("data.key_file")? {
                "" => with_suffix(&data, ".key"),
                file => absolute(Path::new(file)),
            },
            backups: match layers.text("backup.folder")? {
                "" => None,
                folder => Some(absolute(Path::new(folder))),
            },
            data,
            scanner: scanner(layers)?,
            database,
            log: Log {
                is_json: layers.choice("log.format", &["readable", "json"])? == "json",
                filter: layers.text("log.filter")?.to_owned(),
            },
            egress: egress(layers)?,
            oidc: oidc(layers)?,
            metrics: layers.truth("metrics.enabled")?,
            metrics_token: match layers.text("metrics.token")? {
                "" => None,
                token => layers.of_kind("metrics.token", "config.token_short", (token.len() >= 16).then(|| Some(token.to_owned())))?,
            },
        })
    }
}

fn limits(layers: &Layers) -> Result<Limits> {
    let seconds = |key, most| Ok::<_, Error>(Duration::from_secs(layers.number(key, 1..=most)? as u64));
    let rate = u32::try_from(layers.number("limits.body_kib_a_second", 1..=1_000_000)?).map_err(Error::internal)?;
    Ok(Limits {
        connections: layers.number("limits.connections", 1..=10_000_000)?,
        connections_per_address: layers.number("limits.connections_per_address", 1..=10_000_000)?,
        requests: layers.number("limits.requests", 1..=1_000_000)?,
        head: seconds("limits.head_seconds", 600)?,
        idle: seconds("limits.idle_seconds", 3600)?,
        body: Pace { grace: seconds("limits.body_seconds", 3600)?, rate: rate * 1024 },
        write: seconds("limits.write_seconds", 3600)?,
    })
}

fn scanner(layers: &Layers) -> Result<Option<ScannerOptions>> {
    let patience = Duration::from_secs(layers.number("scanner.seconds", 1..=600)? as u64);
    let most = layers.number("scanner.stream_mb", 1..=4096)? as u64 * 1024 * 1024;
    match layers.text("scanner.address")? {
        "" => Ok(None),
        text => {
            let address = layers.of_kind("scanner.address", "config.not_a_scanner", text.parse().ok())?;
            Ok(Some(ScannerOptions { address, patience, most }))
        }
    }
}

fn egress(layers: &Layers) -> Result<Egress> {
    let allowed = Allowed::parse(layers.list("egress.allowed")?.iter().map(String::as_str)).or_else(|entry| {
        layers.of_kind("egress.allowed", "config.not_a_network", None).map_err(|error: Error| error.with("entry", entry))
    })?;
    let authorities = layers.text("egress.authorities")?;
    Egress::new(allowed, (!authorities.is_empty()).then(|| Path::new(authorities)))
}

/// Whole, or not at all.
fn oidc(layers: &Layers) -> Result<Option<oidc::Config>> {
    let (issuer, client, public_url) = (layers.text("oidc.issuer")?, layers.text("oidc.client_id")?, layers.text("oidc.public_url")?);
    let (secret, file, scopes) = (layers.text("oidc.client_secret")?, layers.text("oidc.client_secret_file")?, layers.list("oidc.scopes")?);
    if issuer.is_empty() {
        return Ok(None);
    }
    let secret = match file {
        "" => secret.to_owned(),
        file => match std::fs::read_to_string(file) {
            Ok(text) => text.trim().to_owned(),
            Err(cause) => {
                return layers
                    .of_kind("oidc.client_secret_file", "config.secret_unreadable", None)
                    .map_err(|error: Error| error.caused_by(cause));
            }
        },
    };
    let secret = (!secret.is_empty()).then_some(secret.as_str());
    match oidc::Config::new(issuer, client, secret, scopes, public_url) {
        Ok(config) => Ok(Some(config)),
        Err("client_id") => layers.of_kind("oidc.client_id", "config.empty", None),
        Err("public_url") => layers.of_kind("oidc.public_url", "config.not_a_url", None),
        Err(_) => layers.of_kind("oidc.issuer", "config.not_a_url", None),
    }
}

/// Both files or none.
fn tls(layers: &Layers) -> Result<Option<TlsFiles>> {
    match (layers.text("tls.certificate")?, layers.text("tls.key")?) {
        ("", "") => Ok(None),
        (_, "") => layers.of_kind("tls.key", "config.tls_half", None),
        ("", _) => layers.of_kind("tls.certificate", "config.tls_half", None),
        (certificate, key) => {
            // Links stay links: renewing a certificate often means pointing one elsewhere.
            let from_here = |path: &str| std::path::absolute(path).unwrap_or_else(|_| path.into());
            Ok(Some(TlsFiles { certificate: from_here(certificate), key: from_here(key) }))
        }
    }
}

/// Without `.`, `..` at the end or a trailing slash, so that `DIR.key` stands beside `DIR` however `DIR` is written.
fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned()).components().collect()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>().into_iter()
    }

    fn load(text: &str, pairs: &[(&str, &str)], flags: Flags) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("yingda.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(&Flags { file: Some(file), ..flags }, environment(pairs))
    }

    fn refusal(text: &str, pairs: &[(&str, &str)]) -> Error {
        load(text, pairs, Flags::default()).unwrap_err()
    }

    #[test]
    fn the_defaults_are_complete_and_read() {
        let config = Config::load(&Flags::default(), environment(&[])).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database.engine, Engine::Sqlite(std::env::current_dir().unwrap().join("data/yingda.db")));
        assert!(config.key_file.ends_with("data.key"));
    }

    #[test]
    fn flag_wins_over_environment_over_file_over_default() {
        let file = "[server]\nlisten = '127.0.0.1:1'\nstop_seconds = 7\n[data]\ndirectory = 'a'\n";
        let variables = [("YINGDA_SERVER_LISTEN", "127.0.0.1:2"), ("YINGDA_DATA_DIRECTORY", "b")];
        let flags = Flags { listen: Some("127.0.0.1:3".into()), ..Flags::default() };
        let config = load(file, &variables, flags).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert!(config.data.ends_with("b"));
        assert_eq!(config.stop, Duration::from_secs(7));
        assert_eq!(config.database.readers, 3);
    }

    #[test]
    fn an_unknown_key_is_refused_with_line_and_hint() {
        let error = refusal("[server]\nstop_seconds = 1\nlisten_on = '127.0.0.1:80'\n", &[]);
        assert_eq!(error.code(), "config.key_unknown");
        assert!(error.details()["at"].as_str().unwrap().ends_with("yingda.toml:3"));
        assert_eq!(error.details()["nearest"], "server.listen");
        assert_eq!(refusal("[databse]\nurl = ''\n", &[]).details()["nearest"], "database.url");
        assert_eq!(refusal("listen = ''\n", &[]).details()["nearest"], "server.listen");
        assert_eq!(refusal("", &[("YINGDA_SERVER_LISTENER", "x")]).details()["nearest"], "YINGDA_SERVER_LISTEN");
        assert_eq!(refusal("[xyz]\nabc = 1\n", &[]).code(), "config.key_strange");
        assert!(load("", &[("YINGDA_TEST_POSTGRES", "x")], Flags::default()).is_ok(), "not our section");
    }

    #[test]
    fn a_bad_value_is_refused_where_it_stands() {
        let at = |error: &Error| error.details()["at"].as_str().unwrap().to_owned();
        let error = refusal("\n[server]\nlisten = 'everywhere'\n", &[]);
        assert_eq!((error.code(), at(&error).ends_with("yingda.toml:3")), ("config.not_an_address", true));
        assert_eq!(refusal("[server]\nlisten = 80\n", &[]).code(), "config.not_a_text");
        assert_eq!(refusal("[database]\nreaders = 0\n", &[]).code(), "config.not_a_number");
        assert_eq!(refusal("[log]\nformat = 'xml'\n", &[]).code(), "config.not_a_choice");
        assert_eq!(refusal("[database]\nurl = 'mysql://x'\n", &[]).code(), "config.not_a_database");
        assert_eq!(refusal("[server]\ntrusted_proxies = ['10.0.0.0/8', 'proxy']\n", &[]).details()["entry"], "proxy");
        assert_eq!(refusal("[server]\ntrusted_proxies = '10.0.0.0/8'\n", &[]).code(), "config.not_a_list");
        assert_eq!(refusal("[tls]\ncertificate = 'a.pem'\n", &[]).code(), "config.tls_half");
        assert_eq!(refusal("[scanner]\naddress = 'tcp:10.0.0.1:3310'\n", &[]).code(), "config.not_a_scanner", "in the clear");
        let oidc = |rest: &str| refusal(&format!("[oidc]\nissuer = 'https://id.example.cn'\n{rest}"), &[]).details()["key"].clone();
        assert_eq!(oidc(""), "oidc.client_id");
        assert_eq!(oidc("client_id = 'yingda'\npublic_url = 'kefu'"), "oidc.public_url");
        assert_eq!(
            oidc("client_id = 'yingda'\npublic_url = 'https://kefu.example.cn'\nclient_secret_file = '/nowhere'"),
            "oidc.client_secret_file"
        );
        assert_eq!(refusal("[egress]\nallowed = ['10.0.0.0/8', 'intranet']\n", &[]).details()["entry"], "intranet");
        let error = refusal("", &[("YINGDA_METRICS_TOKEN", "secret")]);
        assert_eq!((error.code(), &error.details()["value"]), ("config.token_short", &"…".into()), "it is not shown");
        let error = refusal("", &[("YINGDA_METRICS_ENABLED", "perhaps")]);
        assert_eq!((error.code(), at(&error).as_str()), ("config.not_true_or_false", "YINGDA_METRICS_ENABLED"));
        let error = refusal("[server]\nlisten = \n", &[]);
        assert_eq!((error.code(), at(&error).ends_with("yingda.toml:2")), ("config.file_malformed", true));
    }

    #[test]
    fn a_list_is_written_with_commas_in_the_environment() {
        let variables = [("YINGDA_SERVER_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")];
        let config = load("", &variables, Flags::default()).unwrap();
        assert!(["127.0.0.1", "10.1.2.3"].iter().all(|address| config.proxies.trust(address.parse().unwrap())));
        assert!(load("[server]\ntrusted_proxies = ['10.0.0.0/8']", &[], Flags::default()).is_ok());
        assert!(load("", &[], Flags::default()).unwrap().proxies.is_empty());
    }

    #[test]
    fn the_key_file_stands_beside_the_data_directory() {
        let key =
            |directory: &str| Config::load(&Flags { data: Some(directory.into()), ..Flags::default() }, environment(&[])).unwrap().key_file;
        assert_eq!(key("/nonexistent/yingda/"), Path::new("/nonexistent/yingda.key"));
        assert!(!key(".").starts_with(std::env::current_dir().unwrap()), "never inside");
    }

    /// A key of the manual that nobody reads would be a lie: each spoilt one must be noticed.
    #[test]
    fn every_key_of_the_manual_is_read() {
        for key in Layers::defaults().keys() {
            let (section, name) = key.split_once('.').unwrap();
            let error = refusal(&format!("[{section}]\n{name} = 2026-11-20\n"), &[]);
            assert_eq!(error.details()["key"], key.as_str());
        }
    }
}
