//! The bytes of one connection, plain or encrypted, with an eye on those who are too slow.
//!
//! hyper limits how long a connection may idle; here the head of a request, once it has begun, must arrive in a shorter time, and
//! whoever does not read what is written to them is cut. What happens to a request's body is watched in the HTTP kit.
use super::places::Place;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_rustls::server::TlsStream;

/// Plain or encrypted.
pub enum Wire {
    /// As it is.
    Plain(TcpStream),
    /// Through TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

/// What a connection is about; shared with whoever answers its requests.
#[derive(Clone, Debug, Default)]
pub struct Phase(Arc<AtomicU8>);

/// The head of a request is expected or arriving.
const HEAD: u8 = 0;
/// A request is being answered, or the connection has become a socket.
const BUSY: u8 = 1;
/// Nothing is under way.
const IDLE: u8 = 2;

impl Phase {
    /// A request has begun.
    pub fn busy(&self) {
        self.0.store(BUSY, Ordering::Relaxed);
    }

    /// Its answer is written.
    pub fn idle(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How slow a client may be.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first byte of a request, or of the connection, to the end of the head.
    pub head: Duration,
    /// Without taking a single byte of what is written.
    pub write: Duration,
}

/// A connection. Timers exist only while somebody is waited for, since most connections wait for nothing most of the time.
pub struct Stream {
    wire: Wire,
    phase: Phase,
    patience: Patience,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

impl Stream {
    /// A connection that has just begun.
    pub fn new(wire: Wire, phase: Phase, patience: Patience, place: Place) -> Stream {
        let reading = Some(Box::pin(sleep(patience.head)));
        Stream { wire, phase, patience, reading, writing: None, _place: place }
    }

    fn wire(&mut self) -> Pin<&mut dyn Duplex> {
        match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream),
            Wire::Tls(stream) => Pin::new(&mut **stream),
        }
    }

    /// Counts the time in which nothing could be written.
    fn watched<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing = None;
            return written;
        }
        let patience = self.patience.write;
        let writing = self.writing.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(writing.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.wire().poll_read(cx, buffer);
        if self.phase.get() == IDLE && buffer.filled().len() > before {
            self.phase.0.store(HEAD, Ordering::Relaxed);
            self.reading = Some(Box::pin(sleep(self.patience.head)));
        } else if self.phase.get() != HEAD {
            self.reading = None;
        }
        if let (Poll::Pending, Some(reading)) = (&read, self.reading.as_mut()) {
            ready!(reading.as_mut().poll(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.wire().poll_write(cx, bytes);
        self.watched(cx, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = self.wire().poll_write_vectored(cx, bytes);
        self.watched(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(stream) => stream.is_write_vectored(),
            Wire::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.wire().poll_flush(cx);
        self.watched(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = self.wire().poll_shutdown(cx);
        self.watched(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::places::Places, *};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        time::timeout,
    };

    const HEAD_PATIENCE: Duration = Duration::from_millis(300);

    async fn pair() -> (TcpStream, Stream, Phase) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (phase, place) = (Phase::default(), Places::new(1, 1, Arc::default()).take(None).unwrap());
        let patience = Patience { head: HEAD_PATIENCE, write: Duration::from_millis(500) };
        let stream = Stream::new(Wire::Plain(accepted.unwrap().0), phase.clone(), patience, place);
        (client.unwrap(), stream, phase)
    }

    #[tokio::test]
    async fn a_head_that_comes_byte_by_byte_is_cut_however_many_come() {
        let (mut client, mut stream, _) = pair().await;
        let slowly = async {
            let mut tick = tokio::time::interval(HEAD_PATIENCE / 10);
            while client.write_all(b"G").await.is_ok() {
                tick.tick().await;
            }
        };
        let read = async {
            loop {
                if let Err(error) = stream.read_u8().await {
                    return error.kind();
                }
            }
        };
        let cut = tokio::select! {
            cut = read => cut,
            () = slowly => panic!("the client gave up first"),
        };
        assert_eq!(cut, io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn nobody_is_cut_while_a_request_is_answered_or_nothing_is_under_way() {
        let (mut client, mut stream, phase) = pair().await;
        for set in [Phase::busy, Phase::idle] {
            set(&phase);
            assert!(timeout(HEAD_PATIENCE * 2, stream.read_u8()).await.is_err(), "it waits");
        }
        client.write_all(b"G").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'G');
        let cut = timeout(HEAD_PATIENCE * 3, stream.read_u8()).await.expect("a head has begun");
        assert_eq!(cut.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn whoever_reads_nothing_is_cut() {
        let (_client, mut stream, phase) = pair().await;
        phase.busy();
        let flood = [0_u8; 65_536];
        let cut = loop {
            if let Err(error) = stream.write_all(&flood).await {
                break error;
            }
        };
        assert_eq!(cut.kind(), io::ErrorKind::TimedOut);
    }
}
