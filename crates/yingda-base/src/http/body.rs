//! Bodies of requests: how slowly they may come, how long they may be, how much of them may be held at once.
use crate::error::{Error, Kind, Result};
use axum::{
    body::{Body, Bytes, HttpBody},
    http::HeaderMap,
};
use bytes::BytesMut;
use futures_util::StreamExt;
use http_body::{Frame, SizeHint};
use std::{
    error::Error as Cause,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};

/// What a JSON body may weigh unless its route says more.
pub(super) const JSON: usize = 64 * 1024;

/// How slowly a body may come: some time for nothing, and then as much as its bytes have earned.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Given to everybody.
    pub grace: Duration,
    /// Bytes that earn another second.
    pub rate: u32,
}

impl Pace {
    /// The same body, which fails once it is slower than this. Time counts from the first moment somebody waits for it.
    pub fn watch(self, body: Body) -> Body {
        if body.is_end_stream() { body } else { Body::new(Watched { body, pace: self, left: None }) }
    }
}

struct Watched {
    body: Body,
    pace: Pace,
    left: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<std::result::Result<Frame<Bytes>, axum::Error>>> {
        let pace = self.pace;
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let left = self.left.get_or_insert_with(|| Box::pin(sleep(pace.grace)));
        if let Poll::Ready(frame) = polled {
            if let Some(bytes) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(|frame| frame.data_ref()) {
                let earned = Duration::from_secs_f64(bytes.len() as f64 / f64::from(pace.rate.max(1)));
                let until = left.deadline() + earned;
                left.as_mut().reset(until);
            }
            return Poll::Ready(frame);
        }
        ready!(left.as_mut().poll(cx));
        Poll::Ready(Some(Err(axum::Error::new(TooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body came slower than its pace.
#[derive(Debug)]
struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body came too slowly")
    }
}
impl Cause for TooSlow {}

/// Why a body could not be read: `body_slow`, or `body_cut` if its sender is gone.
pub(super) fn failure(error: &(dyn Cause + 'static)) -> Error {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return Error::new(Kind::Slow, "body_slow");
        }
        cause = error.source();
    }
    Error::malformed("body_cut")
}

/// How much of uploads is held in memory at once, all of them together. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

/// A body and its part of the budget, given back when this is dropped.
#[derive(Debug)]
pub struct Held {
    /// What was sent.
    pub bytes: Bytes,
    _parts: Option<OwnedSemaphorePermit>,
}

/// What the budget counts in.
const PART: usize = 1024;

impl Budget {
    /// So many bytes.
    pub fn new(bytes: usize) -> Budget {
        Budget(Arc::new(Semaphore::new(bytes / PART)))
    }

    /// Reads a body of at most so many bytes. Whoever sends slowly takes no more than they have sent.
    ///
    /// Codes: `body_too_large`, `body_slow`, `body_cut`, `busy`.
    pub async fn read(&self, body: Body, headers: &HeaderMap, most: usize) -> Result<Held> {
        let too_large = || Error::new(Kind::TooLarge, "body_too_large").with("limit", most);
        let length = headers.get("content-length").and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<usize>().ok());
        if length.is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let (mut bytes, mut parts) = (BytesMut::new(), None::<OwnedSemaphorePermit>);
        let mut stream = body.into_data_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| failure(&error))?;
            if chunk.len() > most - bytes.len() {
                return Err(too_large());
            }
            let held = parts.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let wanted = u32::try_from((bytes.len() + chunk.len()).div_ceil(PART) - held).map_err(Error::internal)?;
            let more = self.0.clone().try_acquire_many_owned(wanted).map_err(|_| Error::unavailable("busy"))?;
            match &mut parts {
                Some(parts) => parts.merge(more),
                None => parts = Some(more),
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Held { bytes: bytes.freeze(), _parts: parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::io;
    use tokio::time::interval;

    const PACE: Pace = Pace { grace: Duration::from_secs(1), rate: 10_000 };

    /// So many chunks of so many bytes, twenty every second.
    fn drip(chunks: usize, size: usize) -> Body {
        let ticks = stream::unfold((interval(Duration::from_millis(50)), 0), move |(mut tick, n)| async move {
            tick.tick().await;
            (n < chunks).then(|| (Ok::<_, io::Error>(vec![b'x'; size]), (tick, n + 1)))
        });
        PACE.watch(Body::from_stream(ticks))
    }

    async fn read(budget: &Budget, body: Body) -> std::result::Result<usize, &'static str> {
        budget.read(body, &HeaderMap::new(), 1_000_000).await.map(|held| held.bytes.len()).map_err(|error| error.code())
    }

    #[tokio::test]
    async fn a_trickle_is_cut_and_a_slow_line_is_not() {
        let budget = Budget::new(1_000_000);
        let (trickle, slow, slower, short) = tokio::join!(
            read(&budget, drip(1000, 1)),
            read(&budget, drip(40, 1000)),
            read(&budget, drip(100, 100)),
            read(&budget, drip(3, 1))
        );
        assert_eq!((trickle, slower), (Err("body_slow"), Err("body_slow")));
        assert_eq!(slow, Ok(40_000), "longer than the grace, but as fast as asked for");
        assert_eq!(short, Ok(3), "within the grace");
        assert_eq!(budget.0.available_permits(), 1_000_000 / PART, "everything was given back");
    }

    #[tokio::test]
    async fn what_is_held_is_bounded_and_given_back() {
        let (budget, none) = (Budget::new(10 * PART), HeaderMap::new());
        let held = budget.read(Body::from(vec![0; 8 * PART]), &none, 100_000).await.unwrap();
        assert_eq!(budget.read(Body::from(vec![0; 3 * PART]), &none, 100_000).await.unwrap_err().code(), "busy");
        drop(held);
        assert!(budget.read(Body::from(vec![0; 10 * PART]), &none, 100_000).await.is_ok());
        assert_eq!(budget.read(Body::from(vec![0; 1001]), &none, 1000).await.unwrap_err().code(), "body_too_large");
        let told: HeaderMap = [("content-length".parse().unwrap(), "1001".parse().unwrap())].into_iter().collect();
        assert_eq!(budget.read(Body::empty(), &told, 1000).await.unwrap_err().code(), "body_too_large");
    }

    #[tokio::test]
    async fn a_sender_who_leaves_is_told_apart() {
        let gone = Body::from_stream(stream::iter([Ok(vec![1]), Err(io::Error::from(io::ErrorKind::ConnectionReset))]));
        assert_eq!(read(&Budget::new(PART), gone).await, Err("body_cut"));
    }
}
