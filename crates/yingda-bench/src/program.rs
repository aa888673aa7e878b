//! The program under test as a child process: started, watched until it is ready, killed.

use std::{
    ffi::OsStr,
    fs::OpenOptions,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::{
    process::{Child, Command},
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{api::Api, process::Process};

/// How long a start may take before the judge gives up.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often readiness is asked for: the error of every measured start.
const READY_POLL: Duration = Duration::from_millis(4);

/// How to start the program; the same each time, so that clients find it again at the same address.
#[derive(Debug, Clone)]
pub struct Program {
    binary: PathBuf,
    data: PathBuf,
    database: Option<String>,
    listen: String,
}

impl Program {
    pub fn new(binary: PathBuf, data: PathBuf, database: Option<String>) -> anyhow::Result<Self> {
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        Ok(Self { binary, data, database, listen })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// What the program wrote, all starts of this run after each other.
    pub fn log(&self) -> PathBuf {
        self.data.with_extension("log")
    }

    /// Starts it without waiting until it is ready.
    pub fn start(&self) -> anyhow::Result<Running> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut command = self.command(["serve".as_ref()]);
        command.args(["--listen", &self.listen]).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.kill_on_drop(true).spawn().with_context(|| format!("starting {}", self.binary.display()))?;
        Ok(Running { child: Arc::new(Mutex::new(Some(child))), since: Instant::now() })
    }

    /// Starts it and waits until `/readyz` answers.
    pub async fn start_ready(&self, api: &Api) -> anyhow::Result<(Running, Duration)> {
        let running = self.start()?;
        let ready = running.ready(api).await.with_context(|| format!("see {}", self.log().display()))?;
        Ok((running, ready))
    }

    /// A short-lived session with every right, made beside the running program.
    pub async fn admin_token(&self, file: &Path) -> anyhow::Result<String> {
        let output = self.command(["admin".as_ref(), "token".as_ref(), file.as_os_str()]).stdin(Stdio::null()).output().await?;
        if !output.status.success() {
            bail!("yingda admin token: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        read_token(file)
    }

    fn command<const N: usize>(&self, words: [&OsStr; N]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(words).arg("--data").arg(&self.data);
        if let Some(database) = &self.database {
            command.args(["--database", database]);
        }
        command
    }
}

/// Reads the file that `yingda admin token` wrote.
pub fn read_token(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let token = text.trim();
    anyhow::ensure!(!token.is_empty(), "{} holds no token", file.display());
    Ok(token.to_owned())
}

/// One life of the program. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Arc<Mutex<Option<Child>>>,
    since: Instant,
}

impl Running {
    /// A handle that kills this life from anywhere, at once.
    pub fn killer(&self) -> Killer {
        Killer(Arc::clone(&self.child))
    }

    /// While it lives, or has died and nobody has waited for it.
    pub fn process(&self) -> Option<Process> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.id().map(Process)
    }

    /// Waits for `/readyz`; how long it took from the start.
    pub async fn ready(&self, api: &Api) -> anyhow::Result<Duration> {
        let mut poll = interval(READY_POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.since.elapsed() < START_LIMIT {
            poll.tick().await;
            if api.is_ready().await {
                return Ok(self.since.elapsed());
            }
            if let Some(status) = self.exited()? {
                bail!("the program ended while it started: {status}");
            }
        }
        bail!("the program was not ready within {START_LIMIT:?}");
    }

    /// The status, if it has ended.
    pub fn exited(&self) -> anyhow::Result<Option<ExitStatus>> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(child.as_mut().map_or(Ok(None), Child::try_wait)?)
    }

    /// Waits until a killed program is gone and its port free.
    pub async fn gone(&self) -> anyhow::Result<()> {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut child) = child {
            child.wait().await?;
        }
        Ok(())
    }
}

/// Kills one life of the program.
#[derive(Debug, Clone)]
pub struct Killer(Arc<Mutex<Option<Child>>>);

impl Killer {
    /// SIGKILL, sent before this returns. Killing what has ended already does nothing.
    pub fn kill(&self) {
        let mut child = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = child.as_mut().map(Child::start_kill) {
            tracing::debug!(%error, "the program had ended before it was killed");
        }
    }
}
