//! Letting connections in.
use super::{
    connection::{Rules, attend},
    places::Places,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use yingda_base::{Error, Result, http::Proxies, supervisor::Supervisor};

/// Connections that may wait to be let in: everybody comes back at once after the network was away.
const BACKLOG: u32 = 4096;
/// Pauses after the system would not hand out a connection, most often because too many files are open.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// Listens. Codes: `listen.in_use`, `listen.failed`.
pub fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A restart should not wait for what is left of old connections.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|cause: io::Error| {
        let code = if cause.kind() == io::ErrorKind::AddrInUse { "listen.in_use" } else { "listen.failed" };
        Error::unavailable(code).with("address", address.to_string()).caused_by(cause)
    })
}

/// Lets connections in until the program stops.
pub async fn accept(listener: TcpListener, rules: Arc<Rules>, places: Arc<Places>, proxies: Proxies, supervisor: Supervisor) {
    let mut stopping = supervisor.stopping();
    let mut pause = PAUSES[0];
    loop {
        let accepted = tokio::select! {
            () = stopping.wait() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => {
                pause = PAUSES[0];
                let address = from.ip().to_canonical();
                let counted = (!address.is_loopback() && !proxies.trust(address)).then_some(address);
                let Some(place) = places.take(counted) else { continue };
                prepare(&stream);
                supervisor.spawn("connection", attend(rules.clone(), stream, address, place, supervisor.stopping()));
            }
            // Somebody left before they were let in.
            Err(error) if is_theirs(&error) => tracing::debug!(%error, "a connection was gone at once"),
            Err(error) => {
                tracing::warn!(%error, "no connection can be let in; trying again soon");
                tokio::select! {
                    () = stopping.wait() => return,
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSES[1]),
                }
            }
        }
    }
}

fn is_theirs(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, NetworkDown, NetworkUnreachable};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | HostUnreachable | NetworkDown | NetworkUnreachable)
}

fn prepare(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps waiting for more before it sends");
    }
}
