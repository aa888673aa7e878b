//! What we speak with clamd: one command on each connection, as clamd(8) describes `INSTREAM`, `PING` and `VERSION`.
//!
//! A file goes as pieces, each behind its length (32 bits, big-endian), and ends with an empty one. clamd may answer and hang up before it
//! has heard all of it, so its answer is listened for while we are still sending.
use std::{io, net::SocketAddr, path::PathBuf, pin::pin, str::FromStr};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};
use yingda_base::Error;

/// Bytes sent at a time.
const PIECE: usize = 64 * 1024;
/// No answer is longer; names of signatures are short.
const ANSWER: u64 = 1024;

/// Where clamd listens: `unix:/path` or `tcp:127.0.0.1:3310`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// This machine: clamd knows no encryption, and files of customers cross no network in the clear.
    Tcp(SocketAddr),
}

impl FromStr for Address {
    type Err = Error;
    /// Code: `file.scanner_address`.
    fn from_str(text: &str) -> Result<Address, Error> {
        let refused = || Error::invalid("file.scanner_address");
        if let Some(path) = text.strip_prefix("unix:").filter(|path| path.starts_with('/')) {
            return Ok(Address::Unix(path.into()));
        }
        let address = text.strip_prefix("tcp:").and_then(|address| address.parse::<SocketAddr>().ok());
        address.filter(|address| address.ip().is_loopback()).map(Address::Tcp).ok_or_else(refused)
    }
}

/// What clamd says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No signature fits.
    Clean,
    /// One does; its name.
    Infected(String),
    /// Beyond its `StreamMaxLength`.
    TooLarge,
}

/// Asks about what `content` holds from where it stands to its end. Without a time limit of its own. Errors: clamd cannot be reached, hangs
/// up without a word, or says anything that is no verdict; or `content` cannot be read.
pub async fn scan(address: &Address, content: impl AsyncRead + Unpin) -> io::Result<Verdict> {
    match address {
        Address::Unix(path) => stream(UnixStream::connect(path).await?, content).await,
        Address::Tcp(address) => stream(TcpStream::connect(address).await?, content).await,
    }
}

/// What clamd calls itself and its signatures. Errors as [`scan`].
pub async fn version(address: &Address) -> io::Result<String> {
    match address {
        Address::Unix(path) => ask(UnixStream::connect(path).await?).await,
        Address::Tcp(address) => ask(TcpStream::connect(address).await?).await,
    }
}

async fn ask(mut peer: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<String> {
    peer.write_all(b"zVERSION\0").await?;
    let said = hear(peer).await?;
    if said.starts_with("ClamAV ") { Ok(said) } else { Err(strange(&said)) }
}

async fn stream(peer: impl AsyncRead + AsyncWrite, content: impl AsyncRead + Unpin) -> io::Result<Verdict> {
    let (answers, orders) = tokio::io::split(peer);
    let (mut hearing, mut sending) = (pin!(hear(answers)), pin!(send(orders, content)));
    let was_sent = tokio::select! {
        biased;
        said = &mut hearing => return judge(&said?, false),
        sent = &mut sending => sent,
    };
    // It may have hung up on us with a reason: that counts for more than our broken pipe.
    let said = hearing.await;
    match (was_sent, said) {
        (Ok(()), said) => judge(&said?, true),
        (Err(cause), said) => said.ok().and_then(|said| judge(&said, false).ok()).ok_or(cause),
    }
}

async fn send(mut orders: impl AsyncWrite + Unpin, mut content: impl AsyncRead + Unpin) -> io::Result<()> {
    orders.write_all(b"zINSTREAM\0").await?;
    let mut piece = vec![0; 4 + PIECE];
    loop {
        let count = content.read(&mut piece[4..]).await?;
        piece[..4].copy_from_slice(&u32::try_from(count).map_err(io::Error::other)?.to_be_bytes());
        orders.write_all(&piece[..4 + count]).await?;
        if count == 0 {
            return orders.flush().await;
        }
    }
}

/// An answer up to the NUL that ends it.
async fn hear(answers: impl AsyncRead + Unpin) -> io::Result<String> {
    let mut said = Vec::new();
    let mut answers = answers.take(ANSWER);
    while !said.ends_with(b"\0") {
        if answers.read_buf(&mut said).await? == 0 {
            return Err(if answers.limit() == 0 { strange("more than an answer") } else { io::ErrorKind::UnexpectedEof.into() });
        }
    }
    said.pop();
    String::from_utf8(said).map_err(|_| strange("no text"))
}

/// What an answer means. That a file is clean is believed only after all of it was sent.
fn judge(said: &str, was_all_sent: bool) -> io::Result<Verdict> {
    match said.strip_prefix("stream: ") {
        Some("OK") if was_all_sent => Ok(Verdict::Clean),
        Some(found) if found.ends_with(" FOUND") => Ok(Verdict::Infected(name(found.trim_end_matches(" FOUND")))),
        None if said.starts_with("INSTREAM size limit exceeded") => Ok(Verdict::TooLarge),
        _ => Err(strange(said)),
    }
}

/// The name of a signature as it may stand in a log.
fn name(signature: &str) -> String {
    signature.chars().filter(|letter| letter.is_ascii_graphic()).take(200).collect()
}

fn strange(said: &str) -> io::Error {
    let said: String = said.chars().filter(|letter| !letter.is_control()).take(200).collect();
    io::Error::new(io::ErrorKind::InvalidData, format!("clamd answered: {said}"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use tempfile::TempDir;
    use tokio::net::UnixListener;

    /// Says its version, and answers every `INSTREAM` with `play`, which begins at the NUL behind it.
    #[expect(clippy::disallowed_methods, reason = "a peer of this test alone")]
    pub(in crate::file) fn fake<F>(play: impl Fn(UnixStream) -> F + Send + 'static) -> (TempDir, Address)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("clamd.ctl");
        let listener = UnixListener::bind(&path).unwrap();
        tokio::spawn(async move {
            while let Ok((mut peer, _)) = listener.accept().await {
                let mut order = [0; 9];
                peer.read_exact(&mut order).await.unwrap();
                if &order == b"zVERSION\0" {
                    peer.write_all(b"ClamAV fake\0").await.unwrap();
                } else {
                    assert_eq!(&order, b"zINSTREAM");
                    tokio::spawn(play(peer));
                }
            }
        });
        (folder, Address::Unix(path))
    }

    /// Hears a whole command with its file.
    pub(in crate::file) async fn hear_all(peer: &mut UnixStream) -> Vec<u8> {
        assert_eq!(peer.read_u8().await.unwrap(), 0);
        let mut all = Vec::new();
        loop {
            let length = peer.read_u32().await.unwrap() as usize;
            if length == 0 {
                return all;
            }
            let from = all.len();
            all.resize(from + length, 0);
            peer.read_exact(&mut all[from..]).await.unwrap();
        }
    }

    async fn verdict(said: &'static [u8], bytes: usize) -> Result<Verdict, io::ErrorKind> {
        let (_folder, address) = fake(move |mut peer| async move {
            assert_eq!(hear_all(&mut peer).await, vec![7; bytes]);
            peer.write_all(said).await.unwrap();
        });
        scan(&address, &vec![7; bytes][..]).await.map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn all_of_a_file_is_sent_and_the_answer_understood() {
        for bytes in [0, 1, PIECE, 3 * PIECE + 17] {
            assert_eq!(verdict(b"stream: OK\0", bytes).await, Ok(Verdict::Clean));
        }
        assert_eq!(verdict(b"stream: Win.Test\x1b[2J-1 FOUND\0", 5).await, Ok(Verdict::Infected("Win.Test[2J-1".into())));
    }

    #[tokio::test]
    async fn garbage_is_no_verdict() {
        for said in [&b"OK\0"[..], b"stream: ok\0", b"stream: \0", b"\0", b"\xff\xfe\0", b"HTTP/1.1 400 Bad Request\r\n\0", &[b'x'; 5000]] {
            assert_eq!(verdict(said, 5).await, Err(io::ErrorKind::InvalidData), "{said:?}");
        }
        for said in [&b""[..], b"stream: OK"] {
            assert_eq!(verdict(said, 5).await, Err(io::ErrorKind::UnexpectedEof), "{said:?} has no end");
        }
    }

    #[tokio::test]
    async fn one_that_dies_or_answers_too_soon_is_no_verdict() {
        let file = vec![7; 8 * 1024 * 1024];
        let (_folder, dies) = fake(async |mut peer| {
            peer.read_exact(&mut [0; 100_000]).await.unwrap();
        });
        assert!(scan(&dies, &file[..]).await.is_err());
        let (_folder, hasty) = fake(async |mut peer| {
            peer.write_all(b"stream: OK\0").await.unwrap();
        });
        assert_eq!(version(&hasty).await.unwrap(), "ClamAV fake");
        assert!(scan(&hasty, &file[..]).await.is_err(), "it has not seen the file");
        assert!(scan(&Address::Unix("/nonexistent/clamd.ctl".into()), &file[..]).await.is_err());
    }

    #[tokio::test]
    async fn a_refused_size_is_heard_though_it_hangs_up_on_us() {
        let (_folder, address) = fake(async |mut peer| {
            peer.read_exact(&mut [0; 100_000]).await.unwrap();
            peer.write_all(b"INSTREAM size limit exceeded. ERROR\0").await.unwrap();
        });
        assert_eq!(scan(&address, &vec![7; 8 * 1024 * 1024][..]).await.unwrap(), Verdict::TooLarge);
    }

    #[test]
    fn only_this_machine_is_an_address() {
        let read = |text: &str| text.parse::<Address>().ok();
        assert_eq!(read("unix:/run/clamav/clamd.ctl"), Some(Address::Unix("/run/clamav/clamd.ctl".into())));
        assert_eq!(read("tcp:[::1]:3310"), Some(Address::Tcp("[::1]:3310".parse().unwrap())));
        for bad in ["", "clamd", "unix:clamd.ctl", "unix:", "tcp:3310", "tcp:10.0.0.1:3310", "tcp:0.0.0.0:3310", "tcp:clamav:3310"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
