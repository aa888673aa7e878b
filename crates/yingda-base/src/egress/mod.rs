//! The one way out: every call of the program to somebody else's server.
//!
//! Whoever may name an address that we call could otherwise look into the operator's network through us. So a name is resolved once, only
//! addresses of the public net are called (or networks the operator allowed), the connection goes to the very address that was
//! checked, nothing is followed, and neither time nor memory is without bound. Plain http goes to allowed networks only.
mod address;
mod roots;

pub use address::Allowed;

use crate::{Error, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response, Uri,
    client::conn::http1,
    header::{HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use roots::Roots;
use std::{fmt, net::SocketAddr, path::Path, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

crate::texts!("texts.toml");

/// What the head of an answer may weigh, in bytes.
const HEAD: usize = 64 * 1024;

/// What a call may cost.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From resolving the name to the last byte.
    pub time: Duration,
    /// The body of the answer, in bytes.
    pub size: usize,
}

/// The client. Cheap to clone.
#[derive(Clone, Default)]
pub struct Egress(Arc<Inner>);

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("allowed", &self.0.allowed).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Inner {
    allowed: Allowed,
    roots: Roots,
}

impl Egress {
    /// May call public addresses and `allowed` ones. Certificates are checked against the authorities in `authorities` (PEM), or those the system trusts.
    /// Error: `egress.authorities` if the named file holds none.
    pub fn new(allowed: Allowed, authorities: Option<&Path>) -> Result<Egress> {
        let roots = authorities.map_or_else(|| Ok(Roots::default()), Roots::of_file)?;
        Ok(Egress(Arc::new(Inner { allowed, roots })))
    }

    /// Calls, once, and answers what was answered: a redirect is an answer like any other.
    ///
    /// Errors, all with `host`: `egress.address` (not a name or scheme we call), `egress.refused` (no address that may be called),
    /// `egress.unreachable`, `egress.certificate`, `egress.slow`, `egress.too_large`.
    pub async fn call(&self, request: Request<Vec<u8>>, bounds: Bounds) -> Result<Response<Vec<u8>>> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let answered = match tokio::time::timeout(bounds.time, self.go(request, bounds.size)).await {
            Ok(answered) => answered,
            Err(_) => Err(Error::unavailable("egress.slow")),
        };
        answered.map_err(|error| error.with("host", host))
    }

    async fn go(&self, request: Request<Vec<u8>>, size: usize) -> Result<Response<Vec<u8>>> {
        let target = Target::of(request.uri())?;
        let stream = self.connect(&target).await?;
        if !target.is_tls {
            return exchange(stream, request, size).await;
        }
        let name = target.host.clone().try_into().map_err(|_| Error::unavailable("egress.address"))?;
        let stream = self.0.roots.connector()?.connect(name, stream).await.map_err(|cause| match cause.get_ref() {
            Some(inner) if inner.is::<rustls::Error>() => Error::unavailable("egress.certificate").caused_by(cause),
            _ => unreachable(cause),
        })?;
        exchange(stream, request, size).await
    }

    /// To an address that was looked at: the name is not asked a second time, when it may say something else.
    async fn connect(&self, target: &Target) -> Result<TcpStream> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((target.host.as_str(), target.port)).await.map_err(unreachable)?.collect();
        let may_call = |address: &SocketAddr| self.0.allowed.contains(address.ip()) || (target.is_tls && address::is_public(address.ip()));
        let mut failure = Error::unavailable("egress.refused");
        for address in found.into_iter().filter(may_call) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(cause) => failure = unreachable(cause),
            }
        }
        Err(failure)
    }
}

/// Where a call goes.
struct Target {
    is_tls: bool,
    host: String,
    port: u16,
}

impl Target {
    fn of(uri: &Uri) -> Result<Target> {
        let no_address = || Error::unavailable("egress.address");
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(no_address()),
        };
        // Name and password in an address are a trick, and never ours.
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(no_address)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Target { is_tls, host, port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }) })
    }
}

async fn exchange(stream: impl AsyncRead + AsyncWrite + Send + Unpin, request: Request<Vec<u8>>, size: usize) -> Result<Response<Vec<u8>>> {
    let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
    let request = addressed(request)?;
    let answer = async {
        let (head, body) = sender.send_request(request).await.map_err(unreachable)?.into_parts();
        let body = Limited::new(body, size).collect().await.map_err(|cause| match cause.downcast::<hyper::Error>() {
            Ok(cause) => unreachable(*cause),
            Err(_) => Error::unavailable("egress.too_large").with("most", size),
        })?;
        Ok(Response::from_parts(head, body.to_bytes().to_vec()))
    };
    let (mut answer, connection) = (pin!(answer), pin!(connection));
    tokio::select! {
        answered = &mut answer => answered,
        // It may be over before what it brought has been read.
        _ = connection => answer.await,
    }
}

/// As it stands on the wire: the path in the first line, the host in its header.
fn addressed(request: Request<Vec<u8>>) -> Result<Request<Full<Bytes>>> {
    let (mut head, body) = request.into_parts();
    let host = head.uri.authority().map(ToString::to_string).unwrap_or_default();
    head.headers.insert(HOST, HeaderValue::from_str(&host).map_err(Error::internal)?);
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    head.uri = Uri::try_from(path).map_err(Error::internal)?;
    Ok(Request::from_parts(head, Full::new(Bytes::from(body))))
}

fn unreachable(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("egress.unreachable").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str) -> Option<(bool, String, u16)> {
        Target::of(&uri.parse().ok()?).ok().map(|target| (target.is_tls, target.host, target.port))
    }

    #[test]
    fn addresses_are_taken_apart() {
        assert_eq!(target("https://id.example.cn/a?b=c"), Some((true, "id.example.cn".into(), 443)));
        assert_eq!(target("http://[2001:db8::7]:8080/"), Some((false, "2001:db8::7".into(), 8080)));
        for wrong in ["https://public.example@10.0.0.1/", "https://a:b@c.cn/", "ftp://a.cn/", "/a", "file:///etc/passwd"] {
            assert_eq!(target(wrong), None, "{wrong}");
        }
    }
}
