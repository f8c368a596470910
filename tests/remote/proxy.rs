//! Requests that go through a proxy, and requests that must not.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use tokenring::{FetchConfigError, RemoteJwks, remote::FetchError, testkit::IssuerServer};

use crate::sockets::{AUTHORITY, DRIP, LOOPBACK, failure, read_head, serve, serve_tls, trusting};

#[test]
fn explicit_proxy_is_used() {
    let (address, _) = serve_tls(LOOPBACK);
    let proxy = Tunnel::start(b"HTTP/1.1 200 Connection established\r\n\r\n");
    let keys = trusting(AUTHORITY, address).proxy(proxy.url()).build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
    assert_eq!(proxy.requests(), [format!("CONNECT {address} HTTP/1.1")]);
}

/// For the proxy, the loopback address would mean another machine.
#[test]
fn plain_http_that_was_allowed_for_this_machine_goes_through_no_proxy() {
    let server = IssuerServer::start();
    let proxy = Tunnel::start(b"HTTP/1.1 200 OK\r\n\r\n");
    let keys = RemoteJwks::builder(server.jwks_url()).danger_allow_http_loopback();
    assert_eq!(keys.proxy(proxy.url()).build().unwrap().prime(), Ok(()));
    assert_eq!((proxy.requests(), server.hits()), (vec![], 1));
}

#[test]
fn proxy_that_refuses() {
    for status in [403, 407, 502] {
        let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
        let proxy = Tunnel::start(answer.as_bytes());
        let keys = RemoteJwks::builder("https://issuer.example/").proxy(proxy.url());
        assert_eq!(failure(keys), FetchError::Proxy);
        assert_eq!(proxy.requests(), ["CONNECT issuer.example:443 HTTP/1.1"]);
    }
}

#[test]
fn proxy_that_cannot_be_reached() {
    let keys = RemoteJwks::builder("https://issuer.example/").proxy("http://127.0.0.1:1");
    assert_eq!(failure(keys), FetchError::Proxy);
    let name = "a".repeat(64);
    let keys = RemoteJwks::builder("https://issuer.example/").proxy(format!("http://{name}:1"));
    assert_eq!(failure(keys), FetchError::Proxy);
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
    for address in [silent, dripping] {
        let keys = RemoteJwks::builder("https://issuer.example/");
        assert_eq!(failure(keys.proxy(format!("http://{address}"))), FetchError::Timeout);
    }
}

#[test]
fn proxy_that_cannot_be_used() {
    for url in ["", "/", "socks5://127.0.0.1:1080", "socks4://127.0.0.1", "ftp://127.0.0.1", "a b"]
    {
        let keys = RemoteJwks::builder("https://issuer.example/").proxy(url);
        assert_eq!(keys.build().map(drop), Err(FetchConfigError::Proxy), "{url:?}");
    }
}

/// Runs the test in child processes with proxies in their environment, because a test cannot change
/// its own.
#[test]
fn proxy_of_the_environment_is_used_unless_told_otherwise() {
    const NAME: &str = "proxy::proxy_of_the_environment_is_used_unless_told_otherwise";
    const CASE: &str = "TOKENRING_TEST_CASE";
    const URL: &str = "TOKENRING_TEST_URL";
    const ROOTS: &str = "TOKENRING_TEST_ROOTS";

    if let Ok(case) = std::env::var(CASE) {
        let url = std::env::var(URL).unwrap();
        let keys = RemoteJwks::builder(url).root_certs_pem(std::env::var(ROOTS).unwrap());
        let keys = match &*case {
            "no_proxy" => keys.no_proxy(),
            "http" => keys.danger_allow_http_loopback(),
            _ => keys,
        };
        if case == "socks" {
            assert_eq!(keys.build().map(drop), Err(FetchConfigError::Proxy));
        } else {
            assert_eq!(keys.build().unwrap().prime(), Ok(()));
        }
        return;
    }

    let (address, _) = serve_tls(LOOPBACK);
    let plain = IssuerServer::start();
    let (https, http) = (format!("https://{address}/"), plain.jwks_url());
    // The case, the URL, another environment variable, and the number of requests to the proxy.
    for (case, url, variable, uses) in [
        ("environment", &https, ("NO_PROXY", "other.example"), 1),
        ("environment", &https, ("NO_PROXY", "127.0.0.1"), 0),
        ("no_proxy", &https, ("NO_PROXY", ""), 0),
        // Plain http that was allowed for loopback does not leave the machine.
        ("http", &http, ("NO_PROXY", ""), 0),
        ("socks", &https, ("ALL_PROXY", "socks5://127.0.0.1:1"), 0),
    ] {
        let proxy = Tunnel::start(b"HTTP/1.1 200 OK\r\n\r\n");
        let output = this_test_alone(NAME)
            .env(CASE, case)
            .env(URL, url)
            .env(ROOTS, AUTHORITY)
            .env("HTTPS_PROXY", proxy.url())
            .env(variable.0, variable.1)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.contains("1 passed"), "{case}: {printed}");
        assert_eq!(proxy.requests().len(), uses, "{case} {variable:?}");
    }
}

/// The proxy may be there to restrict traffic.
#[test]
fn proxy_of_the_environment_that_cannot_be_read_is_not_passed_over() {
    let name = "proxy::proxy_of_the_environment_that_cannot_be_read_is_not_passed_over";
    let url = "https://issuer.example/jwks.json";
    // In the child process, which has its own environment.
    if std::env::var_os("HTTPS_PROXY").is_some_and(|proxy| proxy == UNREADABLE_PROXY) {
        assert_eq!(RemoteJwks::new(url).map(drop), Err(FetchConfigError::Proxy));
        assert_eq!(RemoteJwks::builder(url).no_proxy().build().map(drop), Ok(()));
        return;
    }
    let output = this_test_alone(name).env("HTTPS_PROXY", UNREADABLE_PROXY).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
}

const UNREADABLE_PROXY: &str = "ht!tp:/x";

/// One test of this program in a child process, which does not inherit the environment.
fn this_test_alone(name: &str) -> Command {
    // This variable says where a program built for coverage writes its counts.
    let counts = std::env::vars_os().filter(|(variable, _)| variable == "LLVM_PROFILE_FILE");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name]).env_clear().envs(counts);
    command
}

/// A proxy that only supports `CONNECT`. RFC 9110 section 9.3.6.
struct Tunnel {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    fn start(answer: &[u8]) -> Self {
        let requests = Arc::new(Mutex::new(vec![]));
        let (log, answer) = (Arc::clone(&requests), answer.to_vec());
        let (address, _) = serve(move |mut client, _| {
            let head = read_head(client)?;
            log.lock().unwrap().push(head.lines().next().unwrap().into());
            client.write_all(&answer)?;
            if !answer.starts_with(b"HTTP/1.1 200") {
                return Ok(());
            }
            let mut server = TcpStream::connect(head.split(' ').nth(1).unwrap())?;
            let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
            thread::spawn(move || io::copy(&mut from, &mut to));
            io::copy(&mut server, &mut client).map(drop)
        });
        Self { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}
