//! The PostgreSQL server tests run on: the one `./test` started, or one of this process, which ends with it.
use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

const SCRIPT: &str = include_str!("../../testkit/postgres.sh");

/// The running script. It stops its server when our end of its standard input closes, however this process dies.
struct Server {
    url: String,
    _script: Child,
    _output: BufReader<ChildStdout>,
}

/// A URL of a server where databases may be made, or why there is none.
pub(super) fn url() -> Result<String, String> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    if let Ok(url) = std::env::var("YINGDA_TEST_POSTGRES") {
        return Ok(url);
    }
    SERVER.get_or_init(start).as_ref().map(|server| server.url.clone()).map_err(Clone::clone)
}

/// Whether tests may pass without PostgreSQL on this machine.
pub(super) fn may_be_missing() -> bool {
    std::env::var("YINGDA_ALLOW_MISSING").is_ok_and(|list| list.split([',', ' ']).any(|name| name == "postgresql"))
}

fn start() -> Result<Server, String> {
    let spawned = Command::new("bash")
        .args(["-c", SCRIPT, "postgres.sh", "serve"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut script = spawned.map_err(|error| format!("bash cannot be started: {error}"))?;
    let output = script.stdout.take().ok_or("the script has no output")?;
    let mut output = BufReader::new(output);
    let mut url = String::new();
    output.read_line(&mut url).map_err(|error| error.to_string())?;
    if url.trim().is_empty() {
        return Err("PostgreSQL could not be started; try crates/yingda-base/testkit/postgres.sh serve".to_owned());
    }
    Ok(Server { url: url.trim().to_owned(), _script: script, _output: output })
}
