//! The relay as a process beside the program.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::process::Process;

/// For its start and for its end.
const LIMIT: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub struct Relay {
    pub address: String,
    child: Option<Child>,
}

impl Relay {
    /// One that somebody else has started, and ends.
    pub fn running(address: &str) -> Self {
        Self { address: address.to_owned(), child: None }
    }

    /// Starts it on `file`, or on PostgreSQL. `binary` is the program that has the command `bench floor`.
    pub async fn start(binary: &Path, file: &Path, database: Option<&str>) -> anyhow::Result<Self> {
        let mut command = Command::new(binary);
        command.args(["bench", "floor"]);
        match database {
            Some(url) => command.args(["--database", url]),
            None => command.arg("--file").arg(file),
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("starting {} bench floor", binary.display()))?;
        let output = child.stdout.take().context("the relay has no output")?;
        let first = timeout(LIMIT, BufReader::new(output).lines().next_line()).await.context("the relay does not start")??;
        Ok(Self { address: first.context("the relay ended while it started")?, child: Some(child) })
    }

    pub fn process(&self) -> Option<Process> {
        self.child.as_ref()?.id().map(Process)
    }

    /// Ends it by closing its input, so that it drops what it made.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Some(mut child) = self.child else { return Ok(()) };
        drop(child.stdin.take());
        let status = timeout(LIMIT, child.wait()).await.context("the relay does not end")??;
        ensure!(status.success(), "the relay failed: {status}");
        Ok(())
    }
}
