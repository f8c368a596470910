//! The test issuer over sockets, and a source that follows its rotations.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use tokenring::{
    RemoteJwks,
    remote::FetchError,
    testkit::{Answer, IssuerServer},
};

use crate::sockets::{at, failure, wait_until};

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
    assert_eq!(keys.health().usable_keys(), 3);
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
    assert_eq!(failure(at(&server)), FetchError::NoUsableKeys { skipped: 0, reasons: vec![] });
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
    // One client sends nothing, one hangs up halfway, one reads nothing, one waits.
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
