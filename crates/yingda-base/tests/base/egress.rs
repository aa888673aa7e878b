//! The way out: what is called, and what is not.
use hyper::{Request, Response};
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use yingda_base::{
    Result,
    egress::{Allowed, Bounds, Egress},
};

const BOUNDS: Bounds = Bounds { time: Duration::from_secs(5), size: 1000 };

fn open() -> Egress {
    Egress::new(Allowed::parse(["127.0.0.1"]).unwrap(), None).unwrap()
}

async fn call(egress: &Egress, uri: &str, bounds: Bounds) -> Result<Response<Vec<u8>>> {
    egress.call(Request::post(uri).body(b"asked".to_vec()).unwrap(), bounds).await
}

/// Answers what was said to it; nothing if `said` is empty.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, said: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(b"asked") {
        if stream.read_buf(&mut heard).await.unwrap() == 0 {
            break;
        }
    }
    if said.is_empty() {
        std::future::pending::<()>().await;
    }
    // Whoever asked may have hung up.
    let _ = stream.write_all(said.as_bytes()).await;
    let _ = stream.shutdown().await;
    String::from_utf8(heard).unwrap()
}

/// A server of one call; answers its port and what it will have heard.
#[expect(clippy::disallowed_methods, reason = "a server of this test, which ends with it")]
async fn server(said: String) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, tokio::spawn(async move { answer(listener.accept().await.unwrap().0, &said).await }))
}

#[tokio::test]
async fn an_allowed_address_is_called_and_its_redirect_is_not_followed() {
    let (port, heard) = server("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 2\r\n\r\nok".into()).await;
    let answer = call(&open(), &format!("http://127.0.0.1:{port}/a?b=c"), BOUNDS).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (302, b"ok".as_slice()));
    let heard = heard.await.unwrap();
    assert!(heard.starts_with("POST /a?b=c HTTP/1.1\r\n") && heard.contains(&format!("host: 127.0.0.1:{port}\r\n")), "{heard}");
}

#[tokio::test]
async fn inner_addresses_are_not_called_unless_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        for scheme in ["http", "https"] {
            let refused = call(&Egress::default(), &format!("{scheme}://{host}:{port}/"), BOUNDS).await.unwrap_err();
            assert_eq!(refused.code(), "egress.refused", "{scheme} {host}");
        }
    }
    let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "not even a connection was made");
    assert_eq!(call(&open(), "http://127.0.0.1:1/", BOUNDS).await.unwrap_err().code(), "egress.unreachable");
}

#[tokio::test]
async fn neither_time_nor_memory_is_without_bound() {
    let slow = Bounds { time: Duration::from_millis(100), ..BOUNDS };
    let (port, silent) = server(String::new()).await;
    let error = call(&open(), &format!("http://127.0.0.1:{port}/"), slow).await.unwrap_err();
    assert_eq!((error.code(), &error.details()["host"]), ("egress.slow", &"127.0.0.1".into()));
    silent.abort();
    let bodies = [format!("content-length: 1001\r\n\r\n{}", "x".repeat(1001)), format!("\r\n{}", "x".repeat(5000))];
    for body in bodies {
        let (port, _) = server(format!("HTTP/1.1 200 OK\r\n{body}")).await;
        let error = call(&open(), &format!("http://127.0.0.1:{port}/"), BOUNDS).await.unwrap_err();
        assert_eq!(error.code(), "egress.too_large");
    }
    let (port, _) = server(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(200_000))).await;
    assert_eq!(call(&open(), &format!("http://127.0.0.1:{port}/"), BOUNDS).await.unwrap_err().code(), "egress.unreachable");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a server of this test, which ends with it")]
async fn a_certificate_must_be_trusted_and_name_the_host() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let secret = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth().with_single_cert(chain, secret).unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                answer(stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate).unwrap();
    let trusting = Egress::new(Allowed::parse(["127.0.0.1"]).unwrap(), Some(&file)).unwrap();
    assert_eq!(call(&trusting, &format!("https://127.0.0.1:{port}/"), BOUNDS).await.unwrap().body(), b"ok");
    let wrong_name = call(&trusting, &format!("https://localhost:{port}/"), BOUNDS).await.unwrap_err();
    assert_eq!(wrong_name.code(), "egress.certificate");
    let other = folder.path().join("other.pem");
    let stranger = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&KeyPair::generate().unwrap()).unwrap();
    std::fs::write(&other, stranger.pem()).unwrap();
    let strict = Egress::new(Allowed::parse(["127.0.0.1"]).unwrap(), Some(&other)).unwrap();
    assert_eq!(call(&strict, &format!("https://127.0.0.1:{port}/"), BOUNDS).await.unwrap_err().code(), "egress.certificate");
    assert_eq!(Egress::new(Allowed::default(), Some(&folder.path().join("none"))).err().unwrap().code(), "egress.authorities");
    serving.abort();
}
