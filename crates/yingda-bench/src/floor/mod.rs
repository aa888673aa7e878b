//! `bench floor`: the least that a durable chat can cost on this machine. It hands text on between pairs of sockets after a synced
//! commit and does nothing else: no JSON, no people, no rights. `bench chat` starts it as a process of its own and compares.
//!
//! `relay` has the sockets, `store` the two databases.

mod relay;
mod store;

use std::{io::Read as _, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use tokio::net::{TcpListener, TcpSocket};

use self::store::{Postgres, Sqlite, Store};

/// Sockets that may wait to be let in.
const BACKLOG: u32 = 4096;

/// Options of `bench floor`. It prints its address as the first line and ends when its standard input does.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Where to listen; sockets come to `/pair?id=N`, and those with 2n and 2n+1 are a pair.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The SQLite file to make and store in.
    #[arg(long, required_unless_present = "database")]
    file: Option<PathBuf>,
    /// PostgreSQL to store in, in a schema that is dropped at the end.
    #[arg(long, conflicts_with = "file")]
    database: Option<String>,
}

pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let store = tokio::task::spawn_blocking(move || open(options.file, options.database)).await??;
    let listener = listen(options.listen)?;
    announce(&listener)?;
    relay::serve(listener, store, async { tokio::task::spawn_blocking(input_ends).await? }).await?;
    Ok(ExitCode::SUCCESS)
}

fn open(file: Option<PathBuf>, database: Option<String>) -> anyhow::Result<Box<dyn Store>> {
    match (file, database) {
        (_, Some(url)) => Ok(Box::new(Postgres::create(&url)?)),
        (Some(file), None) => Ok(Box::new(Sqlite::create(&file)?)),
        (None, None) => anyhow::bail!("either --file or --database is needed"),
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address).with_context(|| format!("listening on {address}"))?;
    Ok(socket.listen(BACKLOG)?)
}

#[expect(clippy::print_stdout, reason = "whoever started the relay reads its address here")]
fn announce(listener: &TcpListener) -> anyhow::Result<()> {
    println!("{}", listener.local_addr()?);
    Ok(())
}

/// The judge has gone, however it went: nobody needs the relay any more.
fn input_ends() -> anyhow::Result<()> {
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
