//! Which database, and how many threads serve it.
use std::{fmt, path::PathBuf, str::FromStr};

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Engine {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL connection string or URL.
    Postgres(String),
}

impl FromStr for Engine {
    type Err = crate::Error;
    /// Anything that begins with `postgres` or holds `host=` is PostgreSQL, `sqlite:PATH` and plain paths are a file.
    fn from_str(s: &str) -> Result<Engine, crate::Error> {
        if s.starts_with("postgres://") || s.starts_with("postgresql://") || s.contains("host=") {
            Ok(Engine::Postgres(s.to_owned()))
        } else if s.contains("://") {
            Err(crate::Error::invalid("database.url_unknown").with("scheme", s.split("://").next().unwrap_or_default()))
        } else {
            Ok(Engine::Sqlite(PathBuf::from(s.strip_prefix("sqlite:").unwrap_or(s))))
        }
    }
}

impl fmt::Debug for Engine {
    /// Without the URL: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Engine::Sqlite(path) => write!(f, "SQLite {}", path.display()),
            Engine::Postgres(_) => write!(f, "PostgreSQL"),
        }
    }
}

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which one.
    pub engine: Engine,
    /// Threads for reading on SQLite.
    pub readers: usize,
    /// Connections that serve units on PostgreSQL, reads and writes alike.
    pub connections: usize,
    /// Units that may wait in a queue before callers wait.
    pub queue: usize,
    /// Bytes kept on the disk beside an SQLite file for what must go on when it is full; 0 keeps none.
    pub reserve: u64,
}

impl Options {
    /// The usual numbers for a small machine.
    pub fn new(engine: Engine) -> Options {
        Options { engine, readers: 3, connections: 12, queue: 4096, reserve: 0 }
    }
}
