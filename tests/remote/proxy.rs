//! Requests that go through a proxy, and requests that must not. The hosts have names that only the proxy
//! resolves.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rustls::{
    ServerConnection, StreamOwned,
    server::{NoClientAuth, danger::ClientCertVerifier},
};
use tokenring::{
    FetchConfigError, RemoteJwks,
    remote::{FetchError, ProxyError, RemoteJwksBuilder},
    testkit::{Issuer, IssuerServer},
};

use crate::{
    fake::bare,
    sockets::{
        AUTHORITY, DRIP, LOOPBACK, OTHER_AUTHORITY, OTHER_HOST, SERVER_KEY, TIMEOUT, failure,
        read_head, respond, serve, serve_tls, serve_tls_to, tls_config,
    },
    tls::OneClient,
};

/// The host of [`OTHER_HOST`].
const URL: &str = "https://other.example/jwks.json";

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

fn through(proxy: impl Into<String>) -> RemoteJwksBuilder {
    RemoteJwks::builder(URL).root_certs_pem(AUTHORITY).proxy(proxy)
}

/// The error of a source whose proxy is at this address, which stands in its text.
fn proxy_error(address: SocketAddr) -> ProxyError {
    let keys = through(format!("http://user:SECRET@{address}"));
    match failure(keys) {
        FetchError::Proxy { proxy, error } if proxy == address.to_string() => error,
        error => panic!("{error:?}"),
    }
}

#[test]
fn tls_is_with_the_host_behind_the_proxy() {
    let (server, _) = serve_tls(OTHER_HOST);
    let proxy = Proxy::to(server);
    assert_eq!(through(proxy.url()).build().unwrap().prime(), Ok(()));
    assert_eq!(proxy.requests(), ["CONNECT other.example:443 HTTP/1.1"]);
    let head = &proxy.heads()[0];
    assert!(head.contains("\r\nHost: other.example:443\r\n"), "{head}");
    assert!(head.contains("\r\nUser-Agent: tokenring/"), "{head}");
    assert!(!head.contains("Authorization"), "{head}");
    // The proxy leads to a server with another name, or of an authority that is not trusted.
    let (server, _) = serve_tls(LOOPBACK);
    for (proxy, roots, why) in [
        (Proxy::to(server), AUTHORITY, "not valid for name"),
        (proxy, OTHER_AUTHORITY, "UnknownIssuer"),
    ] {
        match failure(through(proxy.url()).root_certs_pem(roots)) {
            FetchError::Tls { reason, .. } => assert!(reason.contains(why), "{reason}"),
            error => panic!("{error:?}"),
        }
    }
}

#[test]
fn port_of_the_host_is_named_to_the_proxy() {
    let (server, _) = serve_tls(OTHER_HOST);
    let proxy = Proxy::to(server);
    let keys = RemoteJwks::builder("https://other.example:8443/").root_certs_pem(AUTHORITY);
    assert_eq!(keys.proxy(proxy.url()).build().unwrap().prime(), Ok(()));
    assert_eq!(proxy.requests(), ["CONNECT other.example:8443 HTTP/1.1"]);
}

#[test]
fn credentials_are_decoded_and_sent_to_the_proxy_alone() {
    let (server, _) = serve_tls_to(OTHER_HOST, Arc::new(NoClientAuth), Some("x-api-key: KEY\r\n"));
    let proxy = Proxy::to(server);
    let keys = through(format!("http://a%40b:p%3Aw@{}", proxy.address)).header("x-api-key", "KEY");
    assert_eq!(keys.build().unwrap().prime(), Ok(()));
    let head = &proxy.heads()[0];
    // `a@b:p:w`
    assert!(head.contains("\r\nProxy-Authorization: Basic YUBiOnA6dw==\r\n"), "{head}");
    assert!(!head.contains("KEY"), "{head}");
}

/// The proxy would contact its own machine.
#[test]
fn this_machine_is_contacted_without_the_proxy() {
    let (server, _) = serve_tls(LOOPBACK);
    let plain = IssuerServer::start();
    let proxy = Proxy::to(server);
    for url in [format!("https://{server}/"), plain.jwks_url()] {
        let keys = RemoteJwks::builder(url).danger_allow_http_loopback().root_certs_pem(AUTHORITY);
        assert_eq!(keys.proxy(proxy.url()).build().unwrap().prime(), Ok(()));
    }
    assert_eq!((proxy.requests().len(), plain.hits()), (0, 1));
}

#[test]
fn any_successful_answer_to_connect_opens_the_tunnel() {
    let (server, _) = serve_tls(OTHER_HOST);
    let many = format!("HTTP/1.0 200 OK\r\n{}\r\n", "A: b\r\n".repeat(200));
    for answer in [
        "HTTP/1.1 299 Fine\n\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200\r\n\r\n",
        // This is not about the key set.
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
        &many,
    ] {
        let proxy = Proxy::start(answer, Some(server));
        assert_eq!(through(proxy.url()).build().unwrap().prime(), Ok(()), "{answer}");
    }
}

#[test]
fn proxy_that_refuses_says_why() {
    let refused = |status| ProxyError::Refused { status };
    let unreachable = |status| ProxyError::HostUnreachable { status };
    for (status, expected) in [
        (407, refused(407)),
        (403, refused(403)),
        (400, refused(400)),
        (302, refused(302)),
        (500, refused(500)),
        (501, refused(501)),
        (502, unreachable(502)),
        (503, unreachable(503)),
        (504, unreachable(504)),
    ] {
        let answer = format!("HTTP/1.1 {status} SECRET\r\nContent-Length: 6\r\n\r\nSECRET");
        let proxy = Proxy::start(&answer, None);
        assert_eq!(proxy_error(proxy.address), expected);
        assert_eq!(proxy.requests(), ["CONNECT other.example:443 HTTP/1.1"]);
    }
}

#[test]
fn texts_of_a_failure_name_the_hosts_and_no_credentials() {
    let proxy = Proxy::start("HTTP/1.1 407 No\r\n\r\n", None);
    let keys = through(format!("http://SECRET:SECRET@{}", proxy.address)).build().unwrap();
    keys.prime().unwrap_err();
    let failure = keys.health().last_error().unwrap().to_string();
    assert_eq!(
        failure,
        format!(
            "cannot fetch the key set from other.example: the proxy {} demands credentials (status 407), and its URL has none or others",
            proxy.address
        )
    );
    for text in [format!("{keys:?}"), format!("{:?}", keys.health()), failure] {
        assert!(!text.contains("SECRET") && !text.contains("U0VDUkVU"), "{text}");
    }
}

#[test]
fn proxy_that_cannot_be_reached() {
    let refused = ProxyError::Connect { kind: ErrorKind::ConnectionRefused };
    assert_eq!(proxy_error(([127, 0, 0, 1], 1).into()), refused);
    let name = "a".repeat(64);
    let expected =
        FetchError::Proxy { proxy: format!("{name}:1"), error: ProxyError::HostNotFound };
    assert_eq!(failure(through(format!("http://{name}:1"))), expected);
}

#[test]
fn proxy_that_answers_in_no_http() {
    for answer in ["SSH-2.0-OpenSSH_9\r\n", "HTTP/2 200 OK\r\n\r\n", "\r\n\r\n", "<html>"] {
        let (address, _) = serve(move |mut stream, _| {
            stream.write_all(answer.as_bytes())?;
            io::copy(&mut stream, &mut io::sink()).map(drop)
        });
        assert_eq!(proxy_error(address), ProxyError::Protocol, "{answer}");
    }
}

/// A proxy that is restarted behind a load balancer does this.
#[test]
fn proxy_that_closes_before_its_answer_is_tried_once_more() {
    let (address, connections) = serve(|stream, _| read_head(stream).map(drop));
    let closed = ProxyError::Connect { kind: ErrorKind::UnexpectedEof };
    assert_eq!(proxy_error(address), closed);
    assert_eq!(connections.load(Ordering::SeqCst), 2);

    let (server, _) = serve_tls(OTHER_HOST);
    let (address, _) = serve(move |client, number| {
        let head = read_head(client)?;
        match number {
            1 => Ok(()),
            _ => relay(client, ESTABLISHED, &head, server),
        }
    });
    assert_eq!(through(format!("http://{address}")).build().unwrap().prime(), Ok(()));
}

#[test]
fn proxy_that_is_silent_or_answers_byte_by_byte() {
    let (silent, _) = serve(|mut stream, _| io::copy(&mut stream, &mut io::sink()).map(drop));
    let (dripping, _) = serve(|mut stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nX: ")?;
        loop {
            stream.write_all(b"x")?;
            thread::sleep(DRIP);
        }
    });
    let (interim, _) = serve(|mut stream, _| {
        loop {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            thread::sleep(DRIP);
        }
    });
    // At once, since they mostly wait.
    thread::scope(|scope| {
        for address in [silent, dripping, interim] {
            scope.spawn(move || assert_eq!(proxy_error(address), ProxyError::Timeout));
        }
        let error = ProxyError::Connect { kind: ErrorKind::TimedOut };
        let expected = FetchError::Proxy { proxy: silent.to_string(), error };
        assert_eq!(failure(through(format!("https://{silent}"))), expected);
    });
}

/// The connection to the proxy and its answer share the time.
#[test]
fn proxy_that_is_slow_twice() {
    let config = tls_config(LOOPBACK, Arc::new(NoClientAuth));
    let (address, _) = serve(move |client, _| {
        thread::sleep(TIMEOUT * 2 / 3);
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut client = StreamOwned::new(session, client.try_clone()?);
        io::copy(&mut client, &mut io::sink()).map(drop)
    });
    let error = ProxyError::Timeout;
    let expected = FetchError::Proxy { proxy: address.to_string(), error };
    assert_eq!(failure(through(format!("https://{address}"))), expected);
}

#[test]
fn proxy_over_tls() {
    let (server, _) = serve_tls(OTHER_HOST);
    let (address, _) = serve_tls_proxy(server, Arc::new(NoClientAuth));
    let keys = || through(format!("https://{address}"));
    assert_eq!(keys().build().unwrap().prime(), Ok(()));
    // With the built-in roots besides.
    let added = RemoteJwks::builder(URL).add_root_certs_pem(AUTHORITY);
    let added = added.proxy(format!("https://{address}")).build().unwrap();
    assert_eq!(added.prime(), Ok(()));
    match failure(keys().root_certs_pem(OTHER_AUTHORITY)) {
        FetchError::Proxy { proxy, error: ProxyError::Tls { reason } } => {
            assert_eq!(proxy, address.to_string());
            assert!(reason.contains("UnknownIssuer"), "{reason}");
        }
        error => panic!("{error:?}"),
    }
}

/// The client certificate is for the host.
#[test]
fn client_certificate_is_not_shown_to_a_proxy() {
    let (server, _) = serve_tls_to(OTHER_HOST, Arc::new(OneClient), None);
    let (open, _) = serve_tls_proxy(server, Arc::new(NoClientAuth));
    let keys = through(format!("https://{open}")).client_cert_pem(LOOPBACK, SERVER_KEY);
    assert_eq!(keys.build().unwrap().prime(), Ok(()));
    let (demanding, _) = serve_tls_proxy(server, Arc::new(OneClient));
    let keys = through(format!("https://{demanding}")).client_cert_pem(LOOPBACK, SERVER_KEY);
    match failure(keys) {
        FetchError::Proxy { error: ProxyError::Tls { reason }, .. } => {
            assert!(reason.contains("CertificateRequired"), "{reason}");
        }
        error => panic!("{error:?}"),
    }
}

#[test]
fn plain_http_is_sent_to_the_proxy_itself() {
    let proxy = Proxy::to(serve_plain());
    assert_eq!(plain_through(proxy.address).build().unwrap().prime(), Ok(()));
    assert_eq!(proxy.requests(), ["GET http://keycloak:8080/jwks.json?a=b HTTP/1.1"]);
    let head = &proxy.heads()[0];
    assert_eq!(head.matches("\r\nProxy-Authorization: Basic dTpw\r\n").count(), 1, "{head}");
    assert!(head.to_ascii_lowercase().contains("\r\nhost: keycloak:8080\r\n"), "{head}");
}

fn plain_through(proxy: SocketAddr) -> RemoteJwksBuilder {
    let keys = RemoteJwks::builder("http://keycloak:8080/jwks.json?a=b");
    keys.danger_allow_http("keycloak").proxy(format!("http://u:p@{proxy}"))
}

fn serve_plain() -> SocketAddr {
    serve(|stream, _| respond(stream, Issuer::default().jwks().as_bytes())).0
}

#[test]
fn statuses_of_plain_http_are_the_hosts_unless_only_a_proxy_gives_them() {
    for (status, error) in [
        (407, Some(ProxyError::Refused { status: 407 })),
        (502, Some(ProxyError::HostUnreachable { status: 502 })),
        (504, Some(ProxyError::HostUnreachable { status: 504 })),
        (403, None),
        (503, None),
    ] {
        let proxy =
            Proxy::start(&format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"), None);
        let expected = match error {
            Some(error) => FetchError::Proxy { proxy: proxy.address.to_string(), error },
            None => FetchError::Status { status, retry_after: None },
        };
        let failure = plain_through(proxy.address).build().unwrap().prime().unwrap_err();
        assert_eq!(failure.error(), &expected);
        // A 403 may be the host's or the proxy's: squid refuses with it.
        let advice = failure.hint().unwrap().to_string();
        assert!(status == 503 || advice.contains("proxy"), "{advice}");
        assert_eq!(proxy.requests(), ["GET http://keycloak:8080/jwks.json?a=b HTTP/1.1"]);
    }
    let error = ProxyError::Connect { kind: ErrorKind::ConnectionRefused };
    let expected = FetchError::Proxy { proxy: "127.0.0.1:1".into(), error };
    assert_eq!(failure(plain_through(([127, 0, 0, 1], 1).into())), expected);
}

/// Through a tunnel, every status is the host's.
#[test]
fn status_407_of_the_host_is_not_the_proxys() {
    let config = tls_config(OTHER_HOST, Arc::new(NoClientAuth));
    let (server, _) = serve(move |stream, _| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(session, stream.try_clone()?);
        read_head(&mut stream)?;
        stream.write_all(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")?;
        stream.flush()
    });
    let expected = FetchError::Status { status: 407, retry_after: None };
    assert_eq!(failure(through(Proxy::to(server).url())), expected);
}

#[test]
fn proxy_that_cannot_be_used() {
    let setting = "proxy";
    for url in ["", "/", "a b", "http://proxy:0", "http://proxy/proxy.pac"] {
        let built = through(url).build().map(drop);
        assert_eq!(built, Err(FetchConfigError::Proxy { setting }), "{url:?}");
    }
    for url in ["socks5://127.0.0.1:1080", "socks4://127.0.0.1", "ftp://127.0.0.1"] {
        let built = through(url).build().map(drop);
        assert_eq!(built, Err(FetchConfigError::ProxyScheme { setting }), "{url:?}");
    }
}

/// Runs itself in child processes with other variables: a test cannot change its own environment.
#[test]
fn proxy_of_the_environment_is_used_unless_told_otherwise() {
    const NAME: &str = "proxy::proxy_of_the_environment_is_used_unless_told_otherwise";
    const CASE: &str = "TOKENRING_TEST_CASE";

    // No name server is queried for a label of this length.
    let unknown = "a".repeat(64);
    if let Ok(case) = std::env::var(CASE) {
        let url = match &*case {
            "tls" => URL.to_owned(),
            "plain" => "http://keycloak/jwks.json".to_owned(),
            "unknown" | "disabled" => format!("https://a.{unknown}:8443/"),
            "unknown plain" => format!("http://a.{unknown}:8080/"),
            _ => panic!("{case}"),
        };
        let keys = RemoteJwks::builder(url).root_certs_pem(AUTHORITY).danger_allow_http("keycloak");
        let keys = keys.danger_allow_http(format!("a.{unknown}"));
        let keys = if case == "disabled" { keys.no_proxy() } else { keys };
        let outcome = bare(keys.build().unwrap().prime());
        let expected = match &*case {
            "tls" | "plain" => Ok(()),
            _ => Err(FetchError::HostNotFound),
        };
        assert_eq!(outcome, expected);
        return;
    }

    let (tls, _) = serve_tls(OTHER_HOST);
    let plain = serve_plain();
    let (port, network) = (format!("b.test {unknown}.:8443 c.test"), format!("*.{unknown}"));
    // The case, the variables, where `PROXY` stands for the proxy, and the number of requests to it.
    let dead = "http://127.0.0.1:1";
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], usize);
    let cases: [Case<'_>; 15] = [
        ("tls", &[("HTTPS_PROXY", "PROXY")], 1),
        ("tls", &[("https_proxy", "PROXY")], 1),
        ("tls", &[("ALL_PROXY", "PROXY")], 1),
        ("tls", &[("all_proxy", "PROXY")], 1),
        ("tls", &[("HTTPS_PROXY", "PROXY"), ("ALL_PROXY", dead), ("HTTP_PROXY", dead)], 1),
        (
            "tls",
            &[("https_proxy", "PROXY"), ("ALL_PROXY", dead), ("NO_PROXY", "other.example:1")],
            1,
        ),
        ("plain", &[("HTTP_PROXY", "PROXY"), ("HTTPS_PROXY", dead)], 1),
        ("plain", &[("http_proxy", "PROXY"), ("REQUEST_METHOD", "GET"), ("HTTP_PROXY", dead)], 1),
        ("plain", &[("ALL_PROXY", "PROXY"), ("HTTPS_PROXY", dead)], 1),
        ("unknown", &[("HTTPS_PROXY", "PROXY"), ("NO_PROXY", &port)], 0),
        ("unknown", &[("HTTPS_PROXY", "PROXY"), ("no_proxy", &network)], 0),
        ("unknown", &[("HTTPS_PROXY", "PROXY"), ("NO_PROXY", "*")], 0),
        ("unknown", &[("HTTP_PROXY", "PROXY"), ("http_proxy", "PROXY")], 0),
        ("unknown plain", &[("HTTP_PROXY", "PROXY"), ("REQUEST_METHOD", "GET")], 0),
        ("disabled", &[("HTTPS_PROXY", "PROXY"), ("ALL_PROXY", "PROXY")], 0),
    ];
    for (case, variables, uses) in cases {
        let proxy = Proxy::to(if case == "plain" { plain } else { tls });
        let url = proxy.url();
        let value =
            |value: &&str| if *value == "PROXY" { url.clone() } else { (*value).to_owned() };
        let variables: Vec<_> = variables.iter().map(|(name, text)| (*name, value(text))).collect();
        let output =
            this_test_alone(NAME).env(CASE, case).envs(variables.clone()).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let passed = output.status.success() && printed.contains("1 passed");
        assert!(passed, "{case} {variables:?}: {printed}");
        assert_eq!(proxy.requests().len(), uses, "{case} {variables:?}");
    }
}

/// The proxy may be there to restrict traffic.
#[test]
fn proxy_of_the_environment_that_cannot_be_read_is_not_passed_over() {
    const NAME: &str = "proxy::proxy_of_the_environment_that_cannot_be_read_is_not_passed_over";
    const CASE: &str = "TOKENRING_TEST_CASE";

    // In the child process, which has its own environment.
    if let Ok(setting) = std::env::var(CASE) {
        let setting: &'static str = setting.leak();
        let error = RemoteJwks::new(URL).map(drop).unwrap_err();
        assert!(error.to_string().starts_with(setting), "{error}");
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
        match std::env::var(setting).unwrap().starts_with("socks5") {
            true => assert_eq!(error, FetchConfigError::ProxyScheme { setting }),
            false => assert_eq!(error, FetchConfigError::Proxy { setting }),
        }
        assert_eq!(RemoteJwks::builder(URL).no_proxy().build().map(drop), Ok(()));
        return;
    }
    let good = ("all_proxy", "http://127.0.0.1:1");
    for setting in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        for value in ["http://user:1/SECRET@proxy.example", "socks5://user:SECRET@proxy.example"] {
            let output =
                this_test_alone(NAME).env(CASE, setting).envs([good, (setting, value)]).output();
            let output = output.unwrap();
            let printed = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
        }
    }
}

/// One test of this program in a child process, which does not inherit the environment.
fn this_test_alone(name: &str) -> Command {
    // This variable says where a program built for coverage writes its counts.
    let counts = std::env::vars_os().filter(|(variable, _)| variable == "LLVM_PROFILE_FILE");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name]).env_clear().envs(counts);
    command
}

/// The path of a URL.
fn path(url: &str) -> &str {
    &url[url.match_indices('/').nth(2).unwrap().0..]
}

/// A proxy that connects every request to one server, whatever host it names. RFC 9110 section 9.3.6,
/// RFC 9112 section 3.2.2.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn to(server: SocketAddr) -> Self {
        Self::start(ESTABLISHED, Some(server))
    }

    /// Answers with `answer`, and then connects to the server if there is one.
    fn start(answer: &str, server: Option<SocketAddr>) -> Self {
        let heads = Arc::new(Mutex::new(vec![]));
        let (log, answer) = (Arc::clone(&heads), answer.to_owned());
        let (address, _) = serve(move |mut client, _| {
            let head = read_head(client)?;
            log.lock().unwrap().push(head.clone());
            match server {
                Some(server) => relay(client, &answer, &head, server),
                None => client.write_all(answer.as_bytes()),
            }
        });
        Self { address, heads }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    fn requests(&self) -> Vec<String> {
        self.heads().iter().map(|head| head.lines().next().unwrap().to_owned()).collect()
    }
}

/// Answers to `CONNECT`, or passes any other request on, and then copies in both directions.
fn relay(mut client: &TcpStream, answer: &str, head: &str, server: SocketAddr) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    match head.strip_prefix("GET ") {
        None => client.write_all(answer.as_bytes())?,
        Some(url) => server.write_all(format!("GET {}", path(url)).as_bytes())?,
    }
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || io::copy(&mut from, &mut to));
    io::copy(&mut server, &mut client).map(drop)
}

/// A proxy that speaks TLS with its clients, and connects each to `server`.
fn serve_tls_proxy(
    server: SocketAddr,
    clients: Arc<dyn ClientCertVerifier>,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let config = tls_config(LOOPBACK, clients);
    serve(move |client, _| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut client = StreamOwned::new(session, client.try_clone()?);
        read_head(&mut client)?;
        let mut server = TcpStream::connect(server)?;
        client.write_all(ESTABLISHED.as_bytes())?;
        for socket in [&client.sock, &server] {
            socket.set_read_timeout(Some(Duration::from_millis(5)))?;
        }
        loop {
            copy_some(&mut client, &mut server)?;
            copy_some(&mut server, &mut client)?;
        }
    })
}

/// Copies what is there now. The end is an error.
fn copy_some(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = [0; 4096];
    match from.read(&mut buffer) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(length) => to.write_all(&buffer[..length]).and_then(|()| to.flush()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(()),
        Err(error) => Err(error),
    }
}
