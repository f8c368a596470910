//! Misbehaving servers on loopback, and sources for them.

use std::{
    env, fs,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoClientAuth, danger::ClientCertVerifier},
};
use tokenring::{
    RemoteJwks,
    remote::{FetchError, RemoteJwksBuilder},
    testkit::{Issuer, IssuerServer},
};

use crate::fake::{bare, last_error};

/// A source for the keys of `server`, over plain http.
pub(crate) fn at(server: &IssuerServer) -> RemoteJwksBuilder {
    RemoteJwks::builder(server.jwks_url()).danger_allow_http_loopback()
}

/// A source for the server at `address` that trusts `roots`, in PEM.
pub(crate) fn trusting(roots: &str, address: SocketAddr) -> RemoteJwksBuilder {
    RemoteJwks::builder(format!("https://{address}/")).no_proxy().root_certs_pem(roots)
}

/// The error of the first fetch. Asserts that it ended in time.
pub(crate) fn failure(keys: RemoteJwksBuilder) -> FetchError {
    let keys = keys.timeout(TIMEOUT).connect_timeout(10 * TIMEOUT).build().unwrap();
    let start = Instant::now();
    let error = bare(keys.prime()).unwrap_err();
    wait_until(|| !keys.health().is_fetching());
    let elapsed = start.elapsed();
    assert!(elapsed < TIMEOUT + Duration::from_millis(200), "{error:?} took {elapsed:?}");
    let health = keys.health();
    assert_eq!(last_error(&health).as_ref(), Some(&error));
    assert_eq!((health.consecutive_failures(), health.usable_keys()), (1, 0));
    error
}

pub(crate) fn wait_until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(10), "the condition stays false");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A server that calls `handle` with each connection and its number, until the process ends.
pub(crate) fn serve(
    handle: impl Fn(&TcpStream, usize) -> io::Result<()> + Send + Sync + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let (counter, handle) = (Arc::clone(&connections), Arc::new(handle));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, handle) = (stream.unwrap(), Arc::clone(&handle));
            let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
            // An error means that the client hung up.
            thread::spawn(move || handle(&stream, number));
        }
    });
    (address, connections)
}

/// A server of a key set over TLS with this `certificate`, in PEM.
pub(crate) fn serve_tls(certificate: &str) -> (SocketAddr, Arc<AtomicUsize>) {
    serve_tls_to(certificate, Arc::new(NoClientAuth), None)
}

/// The same for the clients that `clients` accepts. A request without the line `demanded` gets status 401.
pub(crate) fn serve_tls_to(
    certificate: &str,
    clients: Arc<dyn ClientCertVerifier>,
    demanded: Option<&'static str>,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let config = tls_config(certificate, clients);
    serve(move |stream, _| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let (mut raw, mut stream) = (stream, StreamOwned::new(session, stream.try_clone()?));
        let Ok(head) = read_head(&mut stream) else {
            // To close with unread bytes would reset the connection, and the client could lose the alert.
            raw.shutdown(Shutdown::Write)?;
            return io::copy(&mut raw, &mut io::sink()).map(drop);
        };
        match demanded.is_none_or(|line| head.contains(line)) {
            true => write_body(&mut stream, Issuer::default().jwks().as_bytes())?,
            false => stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")?,
        }
        stream.conn.send_close_notify();
        stream.flush()
    })
}

pub(crate) fn tls_config(
    certificate: &str,
    clients: Arc<dyn ClientCertVerifier>,
) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from_pem_slice(SERVER_KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![der(certificate)], key)
        .unwrap();
    Arc::new(config)
}

pub(crate) fn respond(mut stream: impl Read + Write, body: &[u8]) -> io::Result<()> {
    read_head(&mut stream)?;
    write_body(stream, body)
}

fn write_body(mut stream: impl Write, body: &[u8]) -> io::Result<()> {
    let head = format!("{HEAD}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())
}

pub(crate) fn read_head(mut stream: impl Read) -> io::Result<String> {
    let (mut head, mut byte) = (vec![], [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

pub(crate) fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// A file that is removed when it is dropped.
pub(crate) struct TempFile(pub(crate) PathBuf);

impl TempFile {
    pub(crate) fn with(content: impl AsRef<[u8]>) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("tokenring-test-{}-{number}", process::id());
        let file = Self(env::temp_dir().join(name));
        fs::write(&file.0, content).unwrap();
        file
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _removed_by_the_test = fs::remove_file(&self.0);
    }
}

pub(crate) const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

/// Long enough for everything that must end earlier, even on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(600);

/// The pause between two bytes: much shorter than a timeout that each byte would restart.
pub(crate) const DRIP: Duration = Duration::from_millis(20);

// Made by `vectors/tls/make.sh`. Valid from 2019 to the year 4000 unless noted.

pub(crate) const AUTHORITY: &str = include_str!("../vectors/tls/authority.pem");

/// An authority that signed none of the other certificates.
pub(crate) const OTHER_AUTHORITY: &str = include_str!("../vectors/tls/other-authority.pem");

/// A certificate for 127.0.0.1, signed by [`AUTHORITY`].
pub(crate) const LOOPBACK: &str = include_str!("../vectors/tls/loopback.pem");

/// A certificate for other.example, signed by [`AUTHORITY`].
pub(crate) const OTHER_HOST: &str = include_str!("../vectors/tls/other-host.pem");

/// The private key of all servers; the authorities have others.
pub(crate) const SERVER_KEY: &str = include_str!("../vectors/tls/server-key.pem");
