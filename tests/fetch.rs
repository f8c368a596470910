//! How the built-in client takes what servers and networks do to it. RFC 9110, RFC 9112.
//!
//! Each case goes over sockets of this machine, and through `RemoteJwks`: it must end with the
//! right error, and in time.
#![cfg(feature = "fetch")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may"
)]

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustls::{
    CertificateError, Error, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime as TlsTime, pem::PemObject},
};
use tokenring::{
    FetchConfigError, FetchError, JsonError, JwkSetError, RemoteJwks, RemoteJwksBuilder,
    testkit::{Answer, Issuer, IssuerServer},
};

// What the request says.

#[test]
fn request_says_who_asks_and_for_what() {
    let server = IssuerServer::start();
    let keys = at(&server).build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
    let url = server.url();
    let expected = [
        "GET /.well-known/jwks.json HTTP/1.1",
        "accept-encoding: identity",
        "accept: application/jwk-set+json, application/json",
        &format!("host: {}", url.trim_start_matches("http://").trim_end_matches('/')),
        concat!("user-agent: tokenring/", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(request_lines(&server), expected);
    assert_eq!((server.hits(), server.connections()), (1, 1));
}

#[test]
fn forced_refresh_goes_past_caches() {
    let server = IssuerServer::start();
    let keys = at(&server).build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
    assert_eq!(keys.refresh_now(), Ok(()));
    assert!(request_lines(&server).contains(&"cache-control: no-cache".into()));
    // No connection is kept: ten minutes later it would be stale.
    assert_eq!((server.hits(), server.connections()), (2, 2));
}

// Connections that fail.

#[test]
fn refused_connection() {
    // Nothing listens on a port that only the system's administrator may use.
    let keys = RemoteJwks::builder("http://127.0.0.1:1/").danger_allow_http_loopback();
    assert_eq!(failure(keys), FetchError::Connect { kind: ErrorKind::ConnectionRefused });
}

#[test]
fn connection_closed_before_a_status_is_tried_twice() {
    let server = IssuerServer::start();
    server.answer_with(Answer::raw([]));
    assert_eq!(failure(at(&server)), FetchError::Connect { kind: ErrorKind::UnexpectedEof });
    assert_eq!(server.connections(), 2);
    server.answer_with(Answer::raw("HTTP/1.1 200 OK\r\nContent-Le"));
    assert_eq!(failure(at(&server)), FetchError::Connect { kind: ErrorKind::UnexpectedEof });
    assert_eq!(server.connections(), 4);
}

#[test]
fn second_attempt_may_succeed() {
    let (address, connections) = serve(|stream, number| match number {
        1 => Ok(()),
        _ => respond(stream, Issuer::default().jwks().as_bytes()),
    });
    let url = format!("http://{address}/");
    let keys = RemoteJwks::builder(url).danger_allow_http_loopback().build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn second_attempt_has_the_time_the_first_one_left() {
    let server = IssuerServer::start();
    server.answer_with(Answer::raw([]).delay(2 * TIMEOUT / 3));
    assert_eq!(failure(at(&server)), FetchError::Timeout);
    assert_eq!(server.connections(), 2);
}

#[test]
fn issuer_that_is_down_and_up_again() {
    let server = IssuerServer::start();
    server.down();
    assert!(matches!(failure(at(&server)), FetchError::Connect { .. }));
    assert_eq!((server.hits(), server.connections()), (0, 2));
    server.up();
    assert_eq!(at(&server).build().unwrap().prime(), Ok(()));
}

#[test]
fn silent_server() {
    let server = IssuerServer::start();
    server.answer_with(Answer::silence());
    assert_eq!(failure(at(&server)), FetchError::Timeout);
    assert_eq!(server.connections(), 1);
}

#[test]
fn headers_that_drip() {
    let server = IssuerServer::start();
    server.answer_with(Answer::key_set().drip(1, DRIP));
    assert_eq!(failure(at(&server)), FetchError::Timeout);
}

#[test]
fn interim_responses_without_end() {
    let server = IssuerServer::start();
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
    server.answer_with(Answer::raw(interim.repeat(10_000)).drip(interim.len(), DRIP));
    assert_eq!(failure(at(&server)), FetchError::Timeout);
}

#[test]
fn body_that_drips() {
    for answer in
        [Answer::key_set(), Answer::key_set().chunked(), Answer::key_set().close_delimited()]
    {
        let server = IssuerServer::start();
        server.answer_with(answer.drip_body(1, DRIP));
        assert_eq!(failure(at(&server)), FetchError::Timeout);
    }
}

#[test]
fn slow_body_that_is_there_in_time() {
    let server = IssuerServer::start();
    server.answer_with(Answer::key_set().chunked().drip_body(400, DRIP));
    assert_eq!(at(&server).timeout(20 * TIMEOUT).build().unwrap().prime(), Ok(()));
}

// Statuses.

#[test]
fn statuses_other_than_200() {
    let server = IssuerServer::start();
    for status in [201, 202, 203, 204, 206, 299, 300, 304, 400, 401, 404, 429, 500, 503, 999] {
        let hits = server.hits();
        server.answer_with(Answer::status(status));
        assert_eq!(failure(at(&server)), FetchError::Status { status, retry_after: None });
        // There was a status: not tried again.
        assert_eq!(server.hits(), hits + 1);
    }
}

#[test]
fn good_body_does_not_make_up_for_a_status() {
    let server = IssuerServer::start();
    let body = server.issuer().jwks();
    let length = body.len();
    for status in [201, 203, 206, 404] {
        server.answer_with(Answer::raw(format!(
            "HTTP/1.1 {status} Test\r\nContent-Length: {length}\r\n\r\n{body}"
        )));
        assert_eq!(failure(at(&server)), FetchError::Status { status, retry_after: None });
    }
}

#[test]
fn retry_after_is_read_if_it_is_a_number_of_seconds() {
    let server = IssuerServer::start();
    for (text, seconds) in [
        ("7", Some(7)),
        ("0", Some(0)),
        ("86400", Some(86_400)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("", None),
        ("99999999999999999999", None),
    ] {
        for status in [429, 503] {
            server.answer_with(Answer::status(status).header("Retry-After", text));
            let retry_after = seconds.map(Duration::from_secs);
            assert_eq!(failure(at(&server)), FetchError::Status { status, retry_after }, "{text}");
        }
    }
}

#[test]
fn redirect_is_reported_and_not_followed() {
    let (server, target) = (IssuerServer::start(), IssuerServer::start());
    for status in [301, 302, 303, 307, 308] {
        let location = target.jwks_url();
        server.answer_with(Answer::status(status).header("Location", &location));
        assert_eq!(failure(at(&server)), FetchError::Redirect { status, location });
    }
    server.answer_with(Answer::redirect("/elsewhere"));
    let location = "/elsewhere".into();
    assert_eq!(failure(at(&server)), FetchError::Redirect { status: 302, location });
    server.answer_with(Answer::redirect("a".repeat(1000)));
    let location = "a".repeat(200);
    assert_eq!(failure(at(&server)), FetchError::Redirect { status: 302, location });
    assert_eq!(target.connections(), 0);
}

// Bodies.

#[test]
fn good_bodies_of_each_framing() {
    let server = IssuerServer::start();
    for answer in
        [Answer::key_set(), Answer::key_set().chunked(), Answer::key_set().close_delimited()]
    {
        server.answer_with(answer);
        assert_eq!(at(&server).build().unwrap().prime(), Ok(()));
    }
}

#[test]
fn truncated_body_with_content_length() {
    let server = IssuerServer::start();
    for bytes in [0, 1, 100] {
        server.answer_with(Answer::key_set().cut_after(bytes));
        assert_eq!(failure(at(&server)), FetchError::Truncated, "after {bytes} bytes");
    }
}

#[test]
fn truncated_chunked_body() {
    let server = IssuerServer::start();
    for bytes in [0, 1, 300] {
        server.answer_with(Answer::key_set().chunked().cut_after(bytes));
        assert_eq!(failure(at(&server)), FetchError::Truncated, "after {bytes} bytes");
    }
    // All of the set, and no last chunk.
    let length = server.issuer().jwks().len();
    server.answer_with(Answer::key_set().chunked().cut_after(length));
    assert_eq!(failure(at(&server)), FetchError::Truncated);
}

#[test]
fn truncated_close_delimited_body() {
    // HTTP does not tell, JSON does.
    let server = IssuerServer::start();
    server.answer_with(Answer::key_set().close_delimited().cut_after(100));
    let syntax = FetchError::KeySet(JwkSetError::Json(JsonError::Syntax));
    assert_eq!(failure(at(&server)), syntax);
}

#[test]
fn broken_framing() {
    let server = IssuerServer::start();
    for (what, response) in [
        ("no HTTP", "SSH-2.0-OpenSSH_9.9\r\n\r\n".to_string()),
        ("HTTP/2", "HTTP/2 200\r\n\r\n".to_string()),
        ("no status", "HTTP/1.1 OK\r\n\r\n".to_string()),
        ("chunk size", format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nxyz\r\n")),
        ("length", format!("{HEAD}Content-Length: -1\r\n\r\n")),
        ("header name", format!("{HEAD}a b: c\r\n\r\n")),
    ] {
        server.answer_with(Answer::raw(response));
        assert_eq!(failure(at(&server)), FetchError::Protocol, "{what}");
    }
}

#[test]
fn headers_of_500_kilobytes() {
    let server = IssuerServer::start();
    for line in ["a".repeat(500_000), "a: b\r\nc".repeat(80_000)] {
        server.answer_with(Answer::key_set().header("X", line));
        assert_eq!(failure(at(&server)), FetchError::Protocol);
    }
}

#[test]
fn limit_of_the_body_is_exact() {
    let server = IssuerServer::start();
    let length = server.issuer().jwks().len();
    for framing in
        [Answer::key_set(), Answer::key_set().chunked(), Answer::key_set().close_delimited()]
    {
        server.answer_with(framing);
        assert_eq!(at(&server).max_body(length).build().unwrap().prime(), Ok(()));
        let limit = length - 1;
        assert_eq!(failure(at(&server).max_body(limit)), FetchError::BodyTooLong { limit });
    }
}

#[test]
fn body_of_a_gigabyte_is_read_up_to_the_limit() {
    let (sent, count) = (Arc::new(AtomicUsize::new(0)), 1 << 30);
    let counter = Arc::clone(&sent);
    let (address, _) = serve(move |mut stream, _| {
        read_head(stream)?;
        stream.write_all(format!("{HEAD}Content-Length: {count}\r\n\r\n").as_bytes())?;
        while counter.load(Ordering::SeqCst) < count {
            let bytes = stream.write(&[b' '; 65_536])?;
            counter.fetch_add(bytes, Ordering::SeqCst);
        }
        Ok(())
    });
    let url = format!("http://{address}/");
    let keys = RemoteJwks::builder(url).danger_allow_http_loopback();
    assert_eq!(failure(keys), FetchError::BodyTooLong { limit: 512 * 1024 });
    // The rest is what the system keeps for both ends.
    let sent = sent.load(Ordering::SeqCst);
    assert!(sent < 32 << 20, "{sent} bytes were taken");
}

#[test]
fn oversized_bodies_of_the_test_issuer() {
    let server = IssuerServer::start();
    let limit = 512 * 1024;
    server.answer_with(Answer::oversized(512 * 1024));
    let syntax = FetchError::KeySet(JwkSetError::Json(JsonError::Syntax));
    assert_eq!(failure(at(&server)), syntax);
    server.answer_with(Answer::oversized(512 * 1024 + 1));
    assert_eq!(failure(at(&server)), FetchError::BodyTooLong { limit });
    server.answer_with(Answer::oversized(1 << 40));
    assert_eq!(failure(at(&server)), FetchError::BodyTooLong { limit });
}

#[test]
fn encoded_body() {
    // Also with ureq's feature `gzip`, which would decode it: `--features ureq/gzip`.
    let server = IssuerServer::start();
    let body = gzip(server.issuer().jwks().as_bytes());
    for framing in [
        Answer::body(&*body),
        Answer::body(&*body).chunked(),
        Answer::body(&*body).close_delimited(),
        Answer::body(&*body).drip(7, Duration::from_micros(100)),
    ] {
        for coding in ["gzip", "GZip", "x-gzip", "br", "identity, gzip", ""] {
            server.answer_with(framing.clone().header("Content-Encoding", coding));
            assert_eq!(failure(at(&server)), FetchError::ContentEncoding, "{coding:?}");
        }
    }
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
    let head = format!("{interim}{HEAD}Content-Encoding: gzip\r\n\r\n");
    server.answer_with(Answer::raw([head.as_bytes(), &body].concat()));
    assert_eq!(failure(at(&server)), FetchError::ContentEncoding);
}

#[test]
fn encoded_error_page_is_an_error_by_its_status() {
    let server = IssuerServer::start();
    let busy = Answer::status(503).retry_after(9).header("Content-Encoding", "gzip");
    server.answer_with(busy);
    let retry_after = Some(Duration::from_secs(9));
    assert_eq!(failure(at(&server)), FetchError::Status { status: 503, retry_after });
}

#[test]
fn identity_is_no_encoding() {
    let server = IssuerServer::start();
    server.answer_with(Answer::key_set().header("Content-Encoding", "identity"));
    assert_eq!(at(&server).build().unwrap().prime(), Ok(()));
}

#[test]
fn bodies_that_are_no_key_set() {
    let server = IssuerServer::start();
    let json = |error| FetchError::KeySet(JwkSetError::Json(error));
    for (body, error) in [
        ("", json(JsonError::Syntax)),
        ("<!DOCTYPE html><title>Sign in</title>", json(JsonError::Syntax)),
        ("[]", json(JsonError::NotObject)),
        ("null", json(JsonError::NotObject)),
        ("{", json(JsonError::Syntax)),
        (&"[".repeat(400_000), json(JsonError::TooDeep)),
        (&format!("{{\"keys\":{}", "[".repeat(400_000)), json(JsonError::TooDeep)),
        ("{}", FetchError::KeySet(JwkSetError::KeysMissing)),
        (r#"{"keys":{}}"#, FetchError::KeySet(JwkSetError::KeysType)),
        (r#"{"keys":[]}"#, FetchError::NoUsableKeys { skipped: 0 }),
        (r#"{"keys":[{"kty":"EC"},{}]}"#, FetchError::NoUsableKeys { skipped: 2 }),
    ] {
        server.answer_with(Answer::body(body));
        let start: String = body.chars().take(40).collect();
        assert_eq!(failure(at(&server)), error, "{start}");
    }
}

// TLS.

#[test]
fn plain_http_is_refused_when_the_source_is_built() {
    let outcome = |url: &str| RemoteJwks::new(url).map(drop);
    assert_eq!(outcome("http://127.0.0.1:1/"), Err(FetchConfigError::NotHttps));
    let builder = RemoteJwks::builder("http://192.0.2.1/").danger_allow_http_loopback();
    assert_eq!(builder.build().map(drop), Err(FetchConfigError::NotLoopback));
}

#[test]
fn certificate_of_a_private_authority() {
    let (address, _) = serve_tls(LOOPBACK);
    assert_eq!(trusting(AUTHORITY, address).build().unwrap().prime(), Ok(()));
}

#[test]
fn self_signed_certificate() {
    let (address, _) = serve_tls(SELF_SIGNED);
    assert_tls_failure(trusting(AUTHORITY, address), "UnknownIssuer");
}

#[test]
fn certificate_of_an_authority_that_is_not_trusted() {
    let (address, _) = serve_tls(LOOPBACK);
    let with_defaults = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    assert_tls_failure(with_defaults, "UnknownIssuer");
}

#[test]
fn nobody_but_the_given_root_certificates_is_trusted() {
    let (address, _) = serve_tls(LOOPBACK);
    assert_tls_failure(trusting(OTHER_AUTHORITY, address), "UnknownIssuer");
    let both = format!("{OTHER_AUTHORITY}{AUTHORITY}");
    assert_eq!(trusting(&both, address).build().unwrap().prime(), Ok(()));
}

#[test]
fn certificate_of_another_host() {
    let (address, _) = serve_tls(OTHER_HOST);
    assert_tls_failure(trusting(AUTHORITY, address), "not valid for name");
}

#[test]
fn expired_certificate() {
    let (address, _) = serve_tls(EXPIRED);
    assert_tls_failure(trusting(AUTHORITY, address), "expired");
}

/// The certificates are files, and files get old: when each ends, as rustls sees it.
#[test]
fn certificates_of_these_tests_are_good_until_the_year_4000() {
    for (certificate, name, end) in [
        (LOOPBACK, "127.0.0.1", END_OF_3999),
        (OTHER_HOST, "other.example", END_OF_3999),
        (EXPIRED, "127.0.0.1", END_OF_2019),
    ] {
        let mut roots = RootCertStore::empty();
        roots.add(der(AUTHORITY)).unwrap();
        let provider = Arc::new(default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().unwrap();
        let at = |seconds| {
            let now = TlsTime::since_unix_epoch(Duration::from_secs(seconds));
            let name = ServerName::try_from(name).unwrap();
            verifier.verify_server_cert(&der(certificate), &[], &name, &[], now).map(drop)
        };
        // Before 2019 they are not good yet.
        assert!(matches!(
            at(BEGINNING_OF_2019 - 1),
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { .. }))
        ));
        assert_eq!((at(BEGINNING_OF_2019), at(end)), (Ok(()), Ok(())), "{name}");
        assert!(matches!(
            at(end + 1),
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { .. }))
        ));
    }
}

#[test]
fn plain_http_behind_an_https_url() {
    let server = IssuerServer::start();
    server.answer_with(Answer::key_set());
    let url = server.jwks_url().replace("http:", "https:");
    let (address, _) = serve(|mut stream, _| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert_tls_failure(RemoteJwks::builder(format!("https://{address}/")).no_proxy(), "");
    // This one waits for the end of a request that never comes.
    assert_eq!(failure(RemoteJwks::builder(url).no_proxy()), FetchError::Timeout);
}

#[test]
fn tls_that_drips() {
    let (address, _) = serve(|mut stream, _| {
        // The header of a handshake record, and 16 KiB that take for ever.
        stream.write_all(&[22, 3, 3, 64, 0, 2, 0, 63, 252])?;
        loop {
            stream.write_all(&[0])?;
            thread::sleep(DRIP);
        }
    });
    let keys = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    assert_eq!(failure(keys), FetchError::Timeout);
}

#[test]
fn connection_has_a_timeout_of_its_own() {
    let (address, _) = serve(|mut stream, _| io::copy(&mut stream, &mut io::sink()).map(drop));
    let keys = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    let keys = keys.timeout(10 * TIMEOUT).connect_timeout(TIMEOUT).build().unwrap();
    let start = Instant::now();
    assert_eq!(keys.prime(), Err(FetchError::Timeout));
    assert!(start.elapsed() < TIMEOUT + Duration::from_millis(200), "{:?}", start.elapsed());
}

#[test]
fn tls_that_is_closed_at_once_is_tried_twice() {
    let (address, connections) = serve(|stream, _| stream.shutdown(Shutdown::Write));
    let keys = RemoteJwks::builder(format!("https://{address}/")).no_proxy();
    assert!(matches!(failure(keys), FetchError::Connect { .. }));
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[test]
fn root_certificates_must_be_certificates() {
    for bad in [
        String::new(),
        "no PEM".into(),
        SERVER_KEY.into(),
        format!("{AUTHORITY}{SERVER_KEY}"),
        AUTHORITY.replace("-----END", "----END"),
        AUTHORITY.replace('M', "*"),
    ] {
        let keys = RemoteJwks::builder("https://issuer.example/").root_certs_pem(bad.clone());
        assert_eq!(keys.build().map(drop), Err(FetchConfigError::RootCerts), "{bad}");
    }
}

// Proxies.

#[test]
fn explicit_proxy_is_used() {
    let (address, _) = serve_tls(LOOPBACK);
    let proxy = Tunnel::start(b"HTTP/1.1 200 Connection established\r\n\r\n");
    let keys = trusting(AUTHORITY, address).proxy(proxy.url()).build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
    assert_eq!(proxy.requests(), [format!("CONNECT {address} HTTP/1.1")]);
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
fn proxy_that_is_not_there() {
    let keys = RemoteJwks::builder("https://issuer.example/").proxy("http://127.0.0.1:1");
    assert_eq!(failure(keys), FetchError::Proxy);
    let name = "a".repeat(64);
    let keys = RemoteJwks::builder("https://issuer.example/").proxy(format!("http://{name}:1"));
    assert_eq!(failure(keys), FetchError::Proxy);
}

#[test]
fn proxy_that_is_silent_or_drips() {
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

/// Runs itself in processes with proxies in their environment, which a test cannot have in its own.
#[test]
fn proxy_of_the_environment_is_used_unless_told_otherwise() {
    const NAME: &str = "proxy_of_the_environment_is_used_unless_told_otherwise";
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
    // The case, the URL, more of the environment, how often the proxy is called.
    for (case, url, variable, uses) in [
        ("environment", &https, ("NO_PROXY", "other.example"), 1),
        ("environment", &https, ("NO_PROXY", "127.0.0.1"), 0),
        ("no_proxy", &https, ("NO_PROXY", ""), 0),
        // What was allowed for this machine stays on it.
        ("http", &http, ("NO_PROXY", ""), 0),
        ("socks", &https, ("ALL_PROXY", "socks5://127.0.0.1:1"), 0),
    ] {
        let proxy = Tunnel::start(b"HTTP/1.1 200 OK\r\n\r\n");
        let output = Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact"])
            .env_clear()
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

// The test issuer itself.

#[test]
fn issuer_rotates_a_hundred_times_and_a_source_keeps_up() {
    let server = IssuerServer::start();
    let first = server.issuer().keys()[0].kid().to_string();
    let mut names = vec![first];
    for _ in 0..100 {
        let key = server.rotate();
        assert!(!names.contains(&key.kid().to_string()), "{} is not new", key.kid());
        names.push(key.kid().into());
        let issuer = server.issuer();
        assert_eq!(issuer.keys()[0].kid(), key.kid());
        let published: Vec<&str> = issuer.keys().iter().map(|key| key.kid()).collect();
        let newest: Vec<&str> = names.iter().rev().take(3).map(String::as_str).collect();
        assert_eq!(published, newest);
        let moduli: Vec<String> =
            issuer.keys().iter().map(|key| key.jwk()["n"].to_string()).collect();
        assert!((1..moduli.len()).all(|index| !moduli[index..].contains(&moduli[index - 1])));
    }
    let keys = at(&server).build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
    assert_eq!(keys.health().usable_keys, 3);
}

#[test]
fn revoked_key_is_no_longer_published_and_the_next_one_signs() {
    let server = IssuerServer::start();
    let key = server.rotate();
    server.revoke(key.kid());
    let issuer = server.issuer();
    assert_eq!(issuer.keys().len(), 1);
    assert_eq!(issuer.keys()[0].kid(), "tokenring-test-key-01");
    assert!(server.token().header_json().contains("tokenring-test-key-01"));
    server.revoke("tokenring-test-key-01");
    assert_eq!(failure(at(&server)), FetchError::NoUsableKeys { skipped: 0 });
    server.publish(issuer.keys().to_vec());
    assert_eq!(at(&server).build().unwrap().prime(), Ok(()));
}

#[test]
fn issuer_answers_on_its_one_path_only() {
    let server = IssuerServer::start();
    let keys = RemoteJwks::builder(server.url()).danger_allow_http_loopback();
    assert_eq!(failure(keys), FetchError::Status { status: 404, retry_after: None });
    assert_eq!(server.url() + ".well-known/jwks.json", server.jwks_url());
    assert_eq!(server.issuer().url(), server.url());
}

#[test]
fn issuer_ends_promptly_whatever_its_clients_do() {
    let server = IssuerServer::start();
    let address = server.url();
    let address = address.trim_start_matches("http://").trim_end_matches('/');
    // One says nothing, one hangs up in the middle, one reads nothing, one waits.
    let _idle = TcpStream::connect(address).unwrap();
    TcpStream::connect(address).unwrap().write_all(b"GET /").unwrap();
    server.answer_with(Answer::oversized(1 << 30));
    let request = b"GET /.well-known/jwks.json HTTP/1.1\r\n\r\n";
    let mut deaf = TcpStream::connect(address).unwrap();
    deaf.write_all(request).unwrap();
    wait_until(|| server.hits() == 1);
    server.answer_with(Answer::key_set().delay(Duration::from_secs(3600)));
    let mut patient = TcpStream::connect(address).unwrap();
    patient.write_all(request).unwrap();
    wait_until(|| server.hits() == 2);
    let start = Instant::now();
    drop(server);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let mut nothing = vec![];
    assert!(matches!(patient.read_to_end(&mut nothing), Ok(0) | Err(_)));
}

// What the tests are made of.

/// A source for the keys of `server`, in a hurry.
fn at(server: &IssuerServer) -> RemoteJwksBuilder {
    RemoteJwks::builder(server.jwks_url()).danger_allow_http_loopback()
}

/// A source that trusts the `roots`, PEM, for the server at `address`.
fn trusting(roots: &str, address: SocketAddr) -> RemoteJwksBuilder {
    RemoteJwks::builder(format!("https://{address}/")).no_proxy().root_certs_pem(roots)
}

/// The error that the first fetch ends with, in time.
fn failure(keys: RemoteJwksBuilder) -> FetchError {
    let keys = keys.timeout(TIMEOUT).connect_timeout(10 * TIMEOUT).build().unwrap();
    let start = Instant::now();
    let error = keys.prime().unwrap_err();
    wait_until(|| !keys.health().fetching);
    let elapsed = start.elapsed();
    assert!(elapsed < TIMEOUT + Duration::from_millis(200), "{error:?} took {elapsed:?}");
    let health = keys.health();
    assert_eq!(health.last_error.as_ref(), Some(&error));
    assert_eq!((health.consecutive_failures, health.usable_keys), (1, 0));
    error
}

fn assert_tls_failure(keys: RemoteJwksBuilder, why: &str) {
    match failure(keys) {
        FetchError::Tls { reason } => assert!(reason.contains(why), "{reason}"),
        error => panic!("{error:?}"),
    }
}

fn wait_until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(10), "it never happens");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The lines of the last request, the headers' names in lower case and in order.
fn request_lines(server: &IssuerServer) -> Vec<String> {
    let request = server.last_request().unwrap();
    let mut lines: Vec<String> =
        request.lines().filter(|line| !line.is_empty()).map(str::to_string).collect();
    for line in &mut lines[1..] {
        let (name, value) = line.split_once(':').unwrap();
        *line = format!("{}:{value}", name.to_ascii_lowercase());
    }
    lines[1..].sort();
    lines
}

/// A server that calls `handle` with each connection and its number, until the process ends.
fn serve(
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
            // An error is the client hanging up.
            thread::spawn(move || handle(&stream, number));
        }
    });
    (address, connections)
}

/// A server of a key set over TLS, with this `certificate`, PEM.
fn serve_tls(certificate: &str) -> (SocketAddr, Arc<AtomicUsize>) {
    let key = PrivateKeyDer::from_pem_slice(SERVER_KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der(certificate)], key)
        .unwrap();
    let config = Arc::new(config);
    serve(move |stream, _| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(session, stream.try_clone()?);
        respond(&mut stream, Issuer::default().jwks().as_bytes())?;
        stream.conn.send_close_notify();
        stream.flush()
    })
}

fn respond(mut stream: impl Read + Write, body: &[u8]) -> io::Result<()> {
    read_head(&mut stream)?;
    let head = format!("{HEAD}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())
}

fn read_head(mut stream: impl Read) -> io::Result<String> {
    let (mut head, mut byte) = (vec![], [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

/// A proxy that knows `CONNECT` only. RFC 9110 section 9.3.6.
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

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// `data` as gzip, in one block that is not compressed. RFC 1952, RFC 1951 section 3.2.4.
fn gzip(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    [
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1].as_slice(),
        length.to_le_bytes().as_slice(),
        &(!length).to_le_bytes(),
        data,
        &(!crc).to_le_bytes(),
        &u32::from(length).to_le_bytes(),
    ]
    .concat()
}

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

/// Long enough for whatever ends before it, on a busy machine.
const TIMEOUT: Duration = Duration::from_millis(600);

/// Between two drops: each comes well before a timeout that would start anew with it.
const DRIP: Duration = Duration::from_millis(20);

// Made by `vectors/tls/make.sh`. Good from 2019 until the year 4000, where nothing else is said.

const AUTHORITY: &str = include_str!("vectors/tls/authority.pem");
/// One that has signed none of the others.
const OTHER_AUTHORITY: &str = include_str!("vectors/tls/other-authority.pem");
/// For 127.0.0.1, by [`AUTHORITY`], as are the next two.
const LOOPBACK: &str = include_str!("vectors/tls/loopback.pem");
/// For other.example.
const OTHER_HOST: &str = include_str!("vectors/tls/other-host.pem");
/// For 127.0.0.1, until 2020.
const EXPIRED: &str = include_str!("vectors/tls/expired.pem");
/// For 127.0.0.1, by itself.
const SELF_SIGNED: &str = include_str!("vectors/tls/self-signed.pem");
/// The private key of every server, and of no authority.
const SERVER_KEY: &str = include_str!("vectors/tls/server-key.pem");

const BEGINNING_OF_2019: u64 = 1_546_300_800;
const END_OF_2019: u64 = 1_577_836_800;
const END_OF_3999: u64 = 64_060_588_800;

/// It may be there to keep traffic in.
#[test]
fn proxy_of_the_environment_that_cannot_be_read_is_not_passed_over() {
    let name = "proxy_of_the_environment_that_cannot_be_read_is_not_passed_over";
    let url = "https://issuer.example/jwks.json";
    // In a process of its own, whose environment nobody else has.
    if std::env::var_os("HTTPS_PROXY").is_some_and(|proxy| proxy == UNREADABLE_PROXY) {
        assert_eq!(RemoteJwks::new(url).map(drop), Err(FetchConfigError::Proxy));
        assert_eq!(RemoteJwks::builder(url).no_proxy().build().map(drop), Ok(()));
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env_clear()
        .env("HTTPS_PROXY", UNREADABLE_PROXY)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

const UNREADABLE_PROXY: &str = "ht!tp:/x";
