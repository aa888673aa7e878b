//! The judges of the product: load and fault tests that reach it only as its clients do, over HTTP and WebSocket, or start and
//! kill it as a process. Nothing here knows the inside of the program.
//!
//! Start at [`Command`]. `client` is an honest client of docs/protocol.md (reconnect, resume, heal, outbox); `target` is the
//! program under test; `setup` holds every administrative call; `process` what the kernel tells of a process. Each command is a
//! folder of its own: `replay`, `killstorm`, `chat`, `storm`, and `floor`, the relay that `chat` compares with.

#![expect(
    clippy::disallowed_methods,
    reason = "a judge stands outside the program: real time, real chance, and tasks that end with their handles"
)]

mod api;
mod chat;
mod client;
mod floor;
mod killstorm;
mod process;
mod program;
mod replay;
mod report;
mod setup;
mod storm;
mod target;

use std::{path::PathBuf, process::ExitCode};

/// The subcommands of `yingda bench`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Plays recorded dialogues through both sides' sockets and compares what was shown and stored with the file.
    Replay(replay::Options),
    /// Kills the program again and again under load and checks that no acknowledged entry is lost, doubled or moved.
    Killstorm(killstorm::Options),
    /// Measures durable chat between visitors and agents, beside a relay that does nothing but store and hand on.
    Chat(chat::Options),
    /// Measures what thousands of idle sockets cost, and how soon all are back after a cut.
    Storm(storm::Options),
    /// The relay that `chat` compares with: hands text on between pairs of sockets after a synced commit.
    Floor(floor::Options),
}

/// Runs one command. `program` is the path of the `yingda` binary, started where the command needs a program of its own.
///
/// Exit code 0: the product kept its promise; 1: it did not. An error means that the judge itself could not work.
pub async fn run(command: Command, program: PathBuf) -> anyhow::Result<ExitCode> {
    match command {
        Command::Replay(options) => replay::run(options, program).await,
        Command::Killstorm(options) => killstorm::run(options, program).await,
        Command::Chat(options) => chat::run(options, program).await,
        Command::Storm(options) => storm::run(options, program).await,
        Command::Floor(options) => floor::run(options).await,
    }
}
