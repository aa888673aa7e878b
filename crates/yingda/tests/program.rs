//! The binary as a child process, for the other tests.
use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};
use tempfile::TempDir;

/// A command that knows nothing of the environment of whoever runs the tests.
pub fn yingda(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yingda"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("YINGDA_") || name.starts_with("LC_") || name == "LANG") {
        command.env_remove(name);
    }
    command.args(words).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(words: &[&str]) -> Ended {
    Ended::of(&yingda(words).output().expect("the program can be started"))
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: &Output) -> Ended {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program speaks UTF-8");
        Ended { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// An installation in a folder of its own.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: TempDir::new().expect("a temporary folder can be made") }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn data(&self) -> String {
        self.path().join("data").display().to_string()
    }

    /// Starts serving on a free port and waits until it says that it is ready.
    pub fn serve(&self, more: &[&str]) -> Serving {
        let data = self.data();
        let mut words = vec!["serve", "--data", &data];
        if !more.contains(&"--listen") {
            words.extend(["--listen", "127.0.0.1:0"]);
        }
        words.extend(more);
        Serving::begin(yingda(&words))
    }

    /// The same with a configuration file.
    pub fn configured(&self, text: &str, more: &[&str]) -> Serving {
        let file = self.write("yingda.toml", text);
        self.serve(&[&["--config", file.as_str()], more].concat())
    }

    /// Writes a file beside the data; answers where.
    pub fn write(&self, name: &str, text: &str) -> String {
        let file = self.path().join(name);
        std::fs::write(&file, text).expect("a file can be written");
        file.display().to_string()
    }

    /// Login and password of the first of the demonstration's accounts with this role.
    pub fn account(&self, login: &str) -> (String, String) {
        let text = std::fs::read_to_string(self.path().join("data/demo-accounts.txt")).expect("the demonstration has accounts");
        let found = text.lines().map(|line| line.split_whitespace()).find_map(|mut words| {
            words.next().filter(|name| *name == login).and_then(|name| Some((name.to_owned(), words.next()?.to_owned())))
        });
        found.expect("such an account")
    }

    /// A command on this data.
    pub fn command(&self, words: &[&str]) -> Ended {
        run(&[words, &["--data", &self.data()]].concat())
    }

    /// The embedded database, for tests that spoil it.
    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path().join("data/yingda.db")).expect("the database is there")
    }
}

/// A serving program. Killed when dropped.
pub struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    pub url: String,
    /// What it said before it was ready.
    pub said: String,
}

impl Serving {
    pub fn begin(mut command: Command) -> Serving {
        let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.expect("the program can be started");
        let out = BufReader::new(child.stdout.take().expect("it has an output"));
        let mut serving = Serving { child, out, url: String::new(), said: String::new() };
        loop {
            let begin = serving.said.len();
            if serving.out.read_line(&mut serving.said).expect("its output can be read") == 0 {
                panic!("the program ended before it was ready: {:?}", serving.end());
            }
            if let Some(url) = serving.said[begin..].trim().strip_prefix("Yingda is ready: ") {
                serving.url = url.to_owned();
                return serving;
            }
        }
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.url.rsplit('/').next().and_then(|address| address.parse().ok()).expect("the url ends with an address")
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("its output can be read");
        let mut err = String::new();
        self.child.stderr.take().expect("it has an error output").read_to_string(&mut err).expect("it can be read");
        let code = self.child.wait().expect("it ends").code();
        Ended { code, out: std::mem::take(&mut self.said) + &rest, err }
    }

    /// Stops it in order.
    pub fn stop(self) -> Ended {
        self.signal("TERM");
        self.end()
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        reqwest::get(format!("{}{path}", self.url)).await.expect("it answers")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
