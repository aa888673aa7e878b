//! The program: command line, configuration, wiring. What it does lives in the other crates.
//!
//! Start at [`serve`]; [`config`] is what it is told, [`terminal`] what it says, [`assets`] the web apps it carries.
mod admin;
mod assets;
mod backup;
mod config;
mod data;
mod demo;
mod export;
mod fault;
mod health;
mod help;
mod log;
mod metrics;
mod serve;
mod store;
mod terminal;
mod verify;

use clap::{Args, FromArgMatches, Parser, Subcommand};
use config::{Config, Flags};
use std::{path::PathBuf, process::ExitCode};
use yingda_base::{Error, Result};

/// The C library's keeps what a password hash has used (19 MiB each) and fragments over threads: see docs/decisions/allocator.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "yingda", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve {
        #[command(flatten)]
        place: Place,
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<String>,
        #[arg(long)]
        demo: bool,
    },
    #[command(subcommand)]
    Admin(Admin),
    #[command(subcommand)]
    Export(Export),
    Backup {
        file: PathBuf,
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        place: Place,
    },
    Restore {
        file: PathBuf,
        #[arg(long)]
        replace: bool,
        #[arg(long)]
        keep_sessions: bool,
        #[arg(long)]
        foreign: bool,
        #[command(flatten)]
        place: Place,
    },
    Verify {
        #[arg(long, value_name = "FILE")]
        backup: Option<PathBuf>,
        #[arg(long, value_enum, default_value = "text")]
        format: verify::Format,
        #[command(flatten)]
        place: Place,
    },
    Config,
    #[command(subcommand)]
    Bench(yingda_bench::Command),
}

#[derive(Subcommand)]
enum Admin {
    Create {
        name: String,
        #[arg(long, value_name = "FILE|-")]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    Token {
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    ResetSecondFactor {
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Subcommand)]
enum Export {
    Conversations {
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    Ratings {
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
}

/// Where the data is: the same for every command that touches it.
#[derive(Args)]
struct Place {
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    fn load(self, listen: Option<String>) -> Result<Config> {
        let flags = Flags { file: self.config, data: self.data, database: self.database, listen };
        Config::load(&flags, std::env::vars())
    }
}

fn main() -> ExitCode {
    let matches = help::translated::<Cli>(terminal::language()).get_matches();
    let command = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli.command,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return terminal::complain(&Error::internal(error)),
    };
    let code = match runtime.block_on(run(command)) {
        Ok(code) => code,
        Err(error) => terminal::complain(&error),
    };
    // Whatever still blocks must not hold the end up: all that counts is committed.
    runtime.shutdown_background();
    code
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve { mut place, listen, demo } => {
            if demo && place.data.is_none() && std::env::var_os("YINGDA_DATA_DIRECTORY").is_none() {
                place.data = Some(PathBuf::from("./.demo"));
            }
            serve::run(&place.load(listen)?, demo).await
        }
        Command::Admin(Admin::Create { name, password_file, place }) => {
            admin::create(&place.load(None)?, &name, password_file.as_deref()).await
        }
        Command::Admin(Admin::ResetSecondFactor { name, place }) => admin::reset_second_factor(&place.load(None)?, &name).await,
        Command::Admin(Admin::Token { file, place }) => admin::token(&place.load(None)?, &file).await,
        Command::Export(Export::Conversations { file, place }) => export::conversations(&place.load(None)?, &file).await,
        Command::Export(Export::Ratings { file, place }) => export::ratings(&place.load(None)?, &file).await,
        Command::Backup { file, force, place } => backup::take(&place.load(None)?, &file, force).await,
        Command::Restore { file, replace, keep_sessions, foreign, place } => {
            let wish = backup::Wish { is_replacing: replace, keeps_sessions: keep_sessions, takes_foreign: foreign };
            backup::restore(&place.load(None)?, &file, wish).await
        }
        Command::Verify { backup: None, format, place } => verify::run(&place.load(None)?, format).await,
        Command::Verify { backup: Some(file), format, place } => verify::backup(&place.load(None)?, &file, format).await,
        Command::Config => {
            terminal::print(config::DEFAULT);
            Ok(ExitCode::SUCCESS)
        }
        Command::Bench(command) => bench(command).await,
    }
}

async fn bench(command: yingda_bench::Command) -> Result<ExitCode> {
    let program = std::env::current_exe().map_err(Error::internal)?;
    yingda_bench::run(command, program).await.or_else(|error| {
        terminal::complain_of_bench(&error);
        Ok(ExitCode::from(2))
    })
}
