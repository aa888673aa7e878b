//! The program under test: one that runs already (`--url`), or one started here in a directory of its own.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{
    api::Api,
    process::Process,
    program::{Program, Running, read_token},
    report::{Format, remark},
    setup::Setup,
};

/// What every command takes.
#[derive(Debug, clap::Args)]
pub struct TargetOptions {
    /// The form of the result.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// A program that runs already, such as http://127.0.0.1:8080.
    #[arg(long, requires = "admin_token_file")]
    pub url: Option<String>,
    /// What `yingda admin token FILE` wrote for that program.
    #[arg(long, requires = "url")]
    pub admin_token_file: Option<PathBuf>,
    /// PostgreSQL for the program started here; SQLite without.
    #[arg(long, conflicts_with = "url")]
    pub database: Option<String>,
    /// Data directory of the program started here; a temporary one without.
    #[arg(long, conflicts_with = "url")]
    pub data: Option<PathBuf>,
}

/// A program that answers, with the right to set things up in it.
#[derive(Debug)]
pub struct Target {
    pub setup: Setup,
    own: Option<Own>,
}

/// A program started here, and where it lives.
#[derive(Debug)]
pub struct Own {
    pub program: Program,
    pub running: Running,
    /// How long the first start took.
    pub ready: Duration,
    directory: TempDir,
}

impl Target {
    /// Reaches the program named by `options`, or starts one.
    pub async fn reach(options: &TargetOptions, binary: PathBuf) -> anyhow::Result<Self> {
        if let (Some(url), Some(file)) = (&options.url, &options.admin_token_file) {
            let setup = Setup::new(Api::new(url)?, read_token(file)?);
            return Ok(Self { setup, own: None });
        }
        let directory = TempDir::with_prefix("yingda-bench-")?;
        match Self::start(options, binary, directory.path()).await {
            Ok((setup, program, running, ready)) => Ok(Self { setup, own: Some(Own { program, running, ready, directory }) }),
            Err(error) => {
                remark(&format!("what the program left is kept in {}", directory.keep().display()));
                Err(error)
            }
        }
    }

    async fn start(options: &TargetOptions, binary: PathBuf, directory: &Path) -> anyhow::Result<(Setup, Program, Running, Duration)> {
        let data = options.data.clone().unwrap_or_else(|| directory.join("data"));
        let program = Program::new(binary, data, options.database.clone())?;
        let api = Api::new(&program.url())?;
        let (running, ready) = program.start_ready(&api).await?;
        let token = program.admin_token(&directory.join("admin-token")).await?;
        Ok((Setup::new(api, token), program, running, ready))
    }

    /// The program's process, if it was started here.
    pub fn process(&self) -> Option<Process> {
        self.own.as_ref().and_then(|own| own.running.process())
    }

    /// The port of the program, if it was started here.
    pub fn port(&self) -> Option<u16> {
        self.own.as_ref().and_then(|own| own.program.url().rsplit_once(':')?.1.trim_end_matches('/').parse().ok())
    }

    /// The memory the program holds, in bytes: by the kernel's account, or by its own if it runs elsewhere.
    pub async fn resident(&self) -> Option<u64> {
        match self.process() {
            Some(process) => process.resident(),
            None => self.setup.api.metric("process_resident_memory_bytes").await.map(|bytes| bytes as u64),
        }
    }

    /// Ends the program and starts it again on its data, if it was started here.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let Some(own) = &mut self.own else { return Ok(()) };
        own.running.killer().kill();
        own.running.gone().await?;
        (own.running, _) = own.program.start_ready(&self.setup.api).await?;
        Ok(())
    }

    /// The parts, for a command that starts and kills the program itself.
    pub fn into_own(self) -> anyhow::Result<(Setup, Own)> {
        Ok((self.setup, self.own.context("this command kills the program and must start its own: leave out --url")?))
    }

    /// Ends the program if it was started here. What it left is kept when something was wrong with it.
    pub async fn end(self, is_good: bool) -> anyhow::Result<()> {
        match self.own {
            Some(own) => own.end(is_good).await,
            None => Ok(()),
        }
    }
}

impl Own {
    /// Kills the program; keeps its directory for a look unless all was good.
    pub async fn end(self, is_good: bool) -> anyhow::Result<()> {
        self.running.killer().kill();
        self.running.gone().await?;
        if !is_good {
            remark(&format!("the program's data and log are kept in {}", self.directory.keep().display()));
        }
        Ok(())
    }
}
