//! One connection from its first byte to its last.
use super::{
    places::Place,
    stream::{Patience, Phase, Stream, Wire},
};
use axum::{Router, body::Body, extract::Request, http::StatusCode, response::Response};
use bytes::Bytes;
use hyper::{
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    io,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use yingda_base::{
    http::{Pace, Peer},
    supervisor::Stopping,
};

/// The first byte of TLS: a handshake.
const HANDSHAKE: u8 = 0x16;
/// Answered to whoever speaks plain HTTP where TLS is expected.
const HINT: &[u8] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\
    This address speaks https only.\n这里只接受加密连接，请使用 https:// 地址。\n"
    .as_bytes();
/// No client needs longer heads or more of them, and each connection may hold that much.
const HEAD_BYTES: usize = 64 * 1024;

/// What all connections have in common.
pub struct Rules {
    /// Who answers.
    pub router: Router,
    /// How connections begin; none: readable.
    pub tls: Option<TlsAcceptor>,
    /// How slow clients may be.
    pub patience: Patience,
    /// How long a connection may idle between requests.
    pub idle: Duration,
    /// How slowly bodies may come.
    pub body: Pace,
}

/// Serves one connection until either side has enough.
pub async fn attend(rules: Arc<Rules>, stream: TcpStream, address: IpAddr, place: Place, mut stopping: Stopping) {
    let begun = timeout(rules.patience.head, begin(&rules, stream));
    let wire = tokio::select! {
        begun = begun => match begun.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(Some(wire)) => wire,
            Ok(None) => return,
            Err(error) => return tracing::debug!(%address, %error, "a connection did not begin"),
        },
        () = stopping.wait() => return,
    };
    let peer = Peer { address, is_tls: matches!(wire, Wire::Tls(_)), is_last: place.is_last };
    let phase = Phase::default();
    let io = TokioIo::new(Stream::new(wire, phase.clone(), rules.patience, place));
    let (router, body_pace, idle) = (rules.router.clone(), rules.body, rules.idle);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        answer(router.clone(), request.map(|body| body_pace.watch(Body::new(body))), peer, phase.clone())
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(idle).max_buf_size(HEAD_BYTES).keep_alive(!peer.is_last);
    let connection = builder.serve_connection(io, service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.wait() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%address, %error, "a connection was cut");
    }
}

/// Shakes hands. `None` if the other side does not speak TLS and was told so.
async fn begin(rules: &Rules, mut stream: TcpStream) -> io::Result<Option<Wire>> {
    let Some(tls) = &rules.tls else { return Ok(Some(Wire::Plain(stream))) };
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Ok(None);
    }
    if first[0] != HANDSHAKE {
        hint(&mut stream).await?;
        return Ok(None);
    }
    Ok(Some(Wire::Tls(Box::new(tls.accept(stream).await?))))
}

/// Says what is wrong and reads the rest, since closing on unread bytes would take the words back.
async fn hint(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(HINT).await?;
    stream.shutdown().await?;
    let mut left = HEAD_BYTES;
    let mut rubbish = [0; 4096];
    while left > 0 {
        match tokio::io::AsyncReadExt::read(stream, &mut rubbish).await? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}

async fn answer(router: Router, mut request: Request, peer: Peer, phase: Phase) -> Result<Response, Infallible> {
    phase.busy();
    request.extensions_mut().insert(peer);
    let response = router.oneshot(request).await?;
    // What became a socket stays busy for ever.
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response);
    }
    Ok(response.map(|body| Body::new(Answer { body, phase })))
}

/// The body of an answer; when hyper lets it go, the connection idles.
struct Answer {
    body: Body,
    phase: Phase,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.phase.idle();
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
