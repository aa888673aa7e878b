//! The sockets of the relay. Text from socket 2n goes to 2n+1 and back, once it is stored.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message, Utf8Bytes,
        handshake::server::{Request, Response},
        protocol::WebSocketConfig,
    },
};

use super::store::Store;

/// Letters that may wait for a commit before sockets are no longer read.
const QUEUE: usize = 65_536;
/// Letters of one commit.
const BATCH: usize = 1024;
/// Letters that may wait for one socket before it counts as too slow.
const OUTBOX: usize = 4096;
/// As the program has it.
const BUFFER: usize = 4096;

/// Text on its way from one socket to its neighbour.
#[derive(Debug)]
pub struct Letter {
    pub from: u64,
    pub text: Utf8Bytes,
}

impl Letter {
    /// Both ends have the same.
    pub fn pair(&self) -> u64 {
        self.from / 2
    }

    fn to(&self) -> u64 {
        self.from ^ 1
    }
}

/// Where letters for each socket go. Without an entry nobody is there.
#[derive(Debug, Default)]
struct Outboxes(Mutex<HashMap<u64, mpsc::Sender<Utf8Bytes>>>);

impl Outboxes {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, mpsc::Sender<Utf8Bytes>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands stored letters on. A socket that takes nothing is cut, so that a letter is never left out between two others.
    fn deliver(&self, letters: impl Iterator<Item = Letter>) {
        let mut outboxes = self.lock();
        for letter in letters {
            let to = letter.to();
            if outboxes.get(&to).is_some_and(|outbox| outbox.try_send(letter.text).is_err()) {
                outboxes.remove(&to);
            }
        }
    }
}

/// Serves until `stop` ends or the store fails. The store is dropped before this returns.
pub async fn serve(listener: TcpListener, store: Box<dyn Store>, stop: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let outboxes = Arc::new(Outboxes::default());
    let (queue, waiting) = mpsc::channel(QUEUE);
    let mut committing = tokio::task::spawn_blocking({
        let outboxes = Arc::clone(&outboxes);
        move || commit(store, waiting, &outboxes)
    });
    let mut sockets = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let ended = loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (queue, outboxes) = (queue.clone(), Arc::clone(&outboxes));
                    sockets.spawn(async move {
                        if let Err(error) = relay(stream, &queue, &outboxes).await {
                            tracing::debug!(%error, "a socket ended");
                        }
                    });
                }
                Err(error) => break Err(error.into()),
            },
            Some(_) = sockets.join_next() => {}
            ended = &mut committing => return ended?,
            ended = &mut stop => break ended,
        }
    };
    sockets.shutdown().await;
    drop(queue);
    committing.await??;
    ended
}

/// Stores whatever waits with one commit, then hands it on; no timer.
fn commit(mut store: Box<dyn Store>, mut waiting: mpsc::Receiver<Letter>, outboxes: &Outboxes) -> anyhow::Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
        store.keep(&batch)?;
        outboxes.deliver(batch.drain(..));
    }
    Ok(())
}

/// One socket, `/pair?id=N`, until either side ends it.
async fn relay(stream: TcpStream, queue: &mpsc::Sender<Letter>, outboxes: &Outboxes) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut id = None;
    #[expect(clippy::result_large_err, reason = "the library asks for this form")]
    let read_id = |request: &Request, response: Response| {
        id = request.uri().query().and_then(|query| query.strip_prefix("id=")?.parse::<u64>().ok());
        Ok(response)
    };
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    let mut socket = accept_hdr_async_with_config(stream, read_id, Some(config)).await?;
    let id = id.ok_or_else(|| anyhow::anyhow!("a socket without id"))?;
    let (outbox, mut letters) = mpsc::channel(OUTBOX);
    outboxes.lock().insert(id, outbox);
    let ended = talk(&mut socket, id, queue, &mut letters).await;
    outboxes.lock().remove(&id);
    ended
}

async fn talk(
    socket: &mut WebSocketStream<TcpStream>,
    id: u64,
    queue: &mpsc::Sender<Letter>,
    letters: &mut mpsc::Receiver<Utf8Bytes>,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            letter = letters.recv() => {
                let mut next = Some(letter.ok_or_else(|| anyhow::anyhow!("too slow"))?);
                while let Some(text) = next {
                    socket.feed(Message::Text(text)).await?;
                    next = letters.try_recv().ok();
                }
                socket.flush().await?;
            }
            message = socket.next() => {
                let mut next = Some(message);
                while let Some(message) = next {
                    match message {
                        Some(Ok(Message::Text(text))) => queue.send(Letter { from: id, text }).await?,
                        Some(Ok(Message::Close(_))) | None => return Ok(()),
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return Err(error.into()),
                    }
                    next = socket.next().now_or_never();
                }
            }
        }
    }
}
