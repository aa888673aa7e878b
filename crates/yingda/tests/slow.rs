//! Slow peers and too many of them, while others are served.
use super::{
    program::{Place, Serving, yingda},
    wire::{Answer, exchange, plain, rest},
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{interval, timeout},
};

/// Short, so that tests are; the ratio to the patience of tests is what counts.
const IMPATIENT: &str = "[limits]\nhead_seconds = 1\nbody_seconds = 1\nidle_seconds = 2\n";

/// Sends a beginning and then a byte now and then; answers what came back until the other side closed.
async fn trickle(serving: &Serving, beginning: &str) -> String {
    let mut stream = plain(serving.address()).await;
    stream.write_all(beginning.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let send = async {
        let mut tick = interval(Duration::from_millis(100));
        loop {
            tick.tick().await;
            if writing.write_all(b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let read = async {
        let mut bytes = Vec::new();
        // A reset after the answer is an end like any other.
        let _ = reading.read_to_end(&mut bytes).await;
        String::from_utf8(bytes).unwrap()
    };
    timeout(Duration::from_secs(15), async {
        tokio::select! { said = read => said, () = send => unreachable!("it sends for ever") }
    })
    .await
    .expect("the program gives up on whoever sends for ever")
}

#[tokio::test]
async fn slow_heads_and_bodies_are_cut_while_others_are_served() {
    let place = Place::new();
    let serving = place.configured(IMPATIENT, &[]);
    let body = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{";
    let others = async {
        for _ in 0..20 {
            assert_eq!(serving.get("/readyz").await.status(), 200);
        }
    };
    let (head, body, ()) = tokio::join!(trickle(&serving, "GET /healthz HTTP/1.1\r\nHost: local"), trickle(&serving, body), others);
    assert_eq!(head, "", "a head that never ends is cut without a word");
    let answer = Answer::parse(&body);
    assert_eq!((answer.status, answer.json()["code"].as_str()), (408, Some("body_slow")), "{body}");
}

#[tokio::test]
async fn whoever_says_nothing_is_cut() {
    let place = Place::new();
    let serving = place.configured(IMPATIENT, &[]);
    let mut silent = plain(serving.address()).await;
    assert_eq!(rest(&mut silent).await, "");
    let mut idle = plain(serving.address()).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(Answer::parse(&rest(&mut idle).await).status, 200, "served, and closed after a while");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_named_with_its_limit() {
    let place = Place::new();
    let serving = place.serve(&[]);
    let body = format!("{{\"login\":\"{}\",\"password\":\"\"}}", "x".repeat(70_000));
    let answer = exchange(plain(serving.address()).await, "POST /api/v1/auth/login", &[], &body).await;
    assert_eq!((answer.status, &answer.json()["details"]["limit"]), (413, &65_536.into()), "{}", answer.body);
}

#[tokio::test]
async fn beyond_the_limit_only_what_is_vital_is_answered() {
    let place = Place::new();
    let serving = place.configured("[limits]\nconnections = 3\n", &[]);
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..3 {
        let mut stream = plain(serving.address()).await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        stream.readable().await.unwrap();
        held.push(stream);
    }
    let ask = async |line: &str| exchange(plain(serving.address()).await, line, &[("accept-language", "zh-CN")], "").await;
    let answer = ask("GET /openapi.json").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{answer:?}");
    assert_eq!((answer.header("content-type"), answer.json()["code"].as_str()), (Some("application/problem+json"), Some("overloaded")));
    assert!(answer.json()["title"].as_str().unwrap().contains("系统繁忙"), "{}", answer.body);
    let socket = ask("GET /api/v1/socket").await;
    assert_eq!((socket.status, socket.header("retry-after")), (503, Some("5")), "no place for a socket either: {socket:?}");
    assert_eq!(ask("GET /readyz").await.status, 200);
    assert_eq!(ask("GET /api/v1/auth/me").await.status, 401, "whoever must get in to help is heard");
    drop(held);
    let served = async { while ask("GET /openapi.json").await.status != 200 {} };
    timeout(Duration::from_secs(15), served).await.expect("places come back");
    let ended = serving.stop();
    assert!(!ended.err.contains("ERROR"), "{}", ended.err);
}

/// The system allows 530 open files, of which 18 are left for connections: the next ones are told so, and none fails for want of a file.
#[tokio::test]
async fn few_open_files_mean_fewer_connections_and_no_failure() {
    let place = Place::new();
    let data = place.data();
    let program = yingda(&[]).get_program().to_owned();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -n 530 && exec \"$@\"", "sh"]).arg(program);
    command.args(["serve", "--data", &data, "--listen", "127.0.0.1:0"]).env_remove("LANG").env_remove("LC_ALL");
    let serving = Serving::begin(command);
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..18 {
        let mut stream = plain(serving.address()).await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        stream.readable().await.unwrap();
        held.push(stream);
    }
    assert_eq!(exchange(plain(serving.address()).await, "GET /openapi.json", &[], "").await.status, 503);
    assert_eq!(exchange(plain(serving.address()).await, "GET /readyz", &[], "").await.status, 200);
    let ended = serving.stop();
    assert!(ended.err.contains("fewer connections than configured") && !ended.err.contains("no connection can be let in"), "{}", ended.err);
}

/// A WebSocket that is open; what follows are its bytes.
async fn socket(serving: &Serving) -> TcpStream {
    let mut stream = plain(serving.address()).await;
    let head = "GET /api/v1/socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("the socket opens"));
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
    stream
}

/// Half a frame, a frame that promises a gigabyte, a byte, nothing at all; and heads without end.
#[tokio::test]
async fn peers_of_every_bad_kind_are_cut_while_others_are_served() {
    let place = Place::new();
    let serving = place.configured("[limits]\nhead_seconds = 2\nidle_seconds = 2\nconnections = 400\n", &[]);
    let mut peers: Vec<TcpStream> = Vec::new();
    for n in 0..150 {
        peers.push(match n % 5 {
            0 => plain(serving.address()).await,
            _ => socket(&serving).await,
        });
        let bytes: &[u8] = match n % 5 {
            1 => b"\x81\x85\0\0\0\0h",
            2 => b"\x81\xff\0\0\0\0\x40\0\0\0\0\0\0\0xxxx",
            3 => b"\x81",
            _ => b"",
        };
        peers[n].write_all(bytes).await.unwrap();
    }
    let huge = async {
        let mut stream = plain(serving.address()).await;
        let line = format!("X-Long: {}\r\n", "x".repeat(60_000));
        let mut head = String::from("GET /readyz HTTP/1.1\r\nHost: localhost\r\n");
        head.extend(std::iter::repeat_n(line.as_str(), 20));
        // It may hang up before it has heard all of it.
        let _ = stream.write_all(format!("{head}\r\n").as_bytes()).await;
        let mut said = Vec::new();
        let _ = timeout(Duration::from_secs(15), stream.read_to_end(&mut said)).await.expect("it is not listened to for ever");
        String::from_utf8_lossy(&said).into_owned()
    };
    let others = async {
        for _ in 0..20 {
            assert_eq!(serving.get("/readyz").await.status(), 200);
        }
    };
    let (said, ()) = tokio::join!(huge, others);
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 431"), "{said}");
    for (n, peer) in peers.iter_mut().enumerate() {
        // Fifteen seconds: ten to say hello, and the last words. A reset is an end like any other.
        let end = timeout(Duration::from_secs(15), peer.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "peer {n} is still listened to");
    }
    let metrics = serving.get("/metrics").await.text().await.unwrap();
    let open = metrics.lines().find_map(|line| line.strip_prefix("yingda_connections ")).unwrap();
    assert!(open.parse::<f64>().unwrap() < 10.0, "their places came back: {open}");
    let ended = serving.stop();
    assert!(!ended.err.contains("ERROR") && !ended.err.contains("panicked"), "{}", ended.err);
}
