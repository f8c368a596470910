//! The built-in client against servers that misbehave. RFC 9110, RFC 9112.
//!
//! Each case ends in time, and with the right error.

use std::{
    fs,
    io::{ErrorKind, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tokenring::{
    JsonError, JwkSetError, RemoteJwks, UnixTime,
    remote::{FetchError, KeysState},
    testkit::{Answer, Issuer, IssuerServer},
};

use crate::{
    fake::bare,
    sockets::{DRIP, HEAD, TIMEOUT, TempFile, at, failure, read_head, respond, serve},
};

// The request.

#[test]
fn request_names_the_client_and_the_accepted_type() {
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
fn forced_refresh_bypasses_caches() {
    let server = IssuerServer::start();
    let keys = at(&server).build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
    assert_eq!(keys.refresh_now(), Ok(()));
    assert!(request_lines(&server).contains(&"cache-control: no-cache".into()));
    // Connections are not kept, because they would be stale ten minutes later.
    assert_eq!((server.hits(), server.connections()), (2, 2));
}

#[test]
fn headers_and_user_agent_are_sent_as_given() {
    let server = IssuerServer::start();
    let keys = at(&server).header("X-Api-Key", "a key").user_agent("service/1.0 (team)");
    assert_eq!(keys.build().unwrap().prime(), Ok(()));
    let lines = request_lines(&server);
    assert!(lines.contains(&"x-api-key: a key".into()), "{lines:?}");
    assert!(lines.contains(&"user-agent: service/1.0 (team)".into()), "{lines:?}");
}

#[test]
fn bearer_token_is_read_anew_for_each_fetch() {
    let server = IssuerServer::start();
    let file = TempFile::with("first.token\n");
    let keys = at(&server).bearer_token_file(&file.0).build().unwrap();
    let sent = || request_lines(&server).into_iter().find(|line| line.starts_with("authorization"));
    assert_eq!(keys.prime(), Ok(()));
    assert_eq!(sent(), Some("authorization: Bearer first.token".into()));
    fs::write(&file.0, "second.token").unwrap();
    assert_eq!(keys.refresh_now(), Ok(()));
    assert_eq!(sent(), Some("authorization: Bearer second.token".into()));
}

#[test]
fn token_file_without_a_token_fails_the_fetch_and_is_tried_again() {
    let server = IssuerServer::start();
    let file = TempFile::with("good");
    let invalid = FetchError::TokenFile { kind: ErrorKind::InvalidData };
    for content in
        ["", " \n", "SECRET SECRET", "SECRET\r\nHost: a", "SECR\u{c9}T", &"S".repeat(65536)]
    {
        fs::write(&file.0, content).unwrap();
        let keys = at(&server).bearer_token_file(&file.0).build().unwrap();
        assert_eq!(bare(keys.prime()), Err(invalid.clone()), "{content:?}");
        let health = keys.health();
        let text = format!("{:?} {}", health, health.last_error().unwrap());
        assert!(!text.contains("SECR") && !text.contains("tokenring-test-"), "{text}");
    }
    fs::write(&file.0, [0xff]).unwrap();
    let keys = at(&server).bearer_token_file(&file.0).build().unwrap();
    assert_eq!(bare(keys.prime()), Err(invalid));
    fs::remove_file(&file.0).unwrap();
    let missing = FetchError::TokenFile { kind: ErrorKind::NotFound };
    assert_eq!(bare(keys.refresh_now()), Err(missing));
    assert_eq!(server.connections(), 0);
    fs::write(&file.0, "good").unwrap();
    assert_eq!(keys.refresh_now(), Ok(()));
}

#[cfg(unix)]
#[test]
fn token_file_that_is_a_pipe_is_refused_and_never_opened() {
    let server = IssuerServer::start();
    let file = TempFile::with("");
    fs::remove_file(&file.0).unwrap();
    crate::file::make_pipe(&file.0);
    let keys = at(&server).bearer_token_file(&file.0).build().unwrap();
    let invalid = FetchError::TokenFile { kind: ErrorKind::InvalidData };
    assert_eq!(bare(keys.prime()), Err(invalid.clone()));
    // The attempt has ended: another one is made at once.
    assert_eq!(bare(keys.refresh_now()), Err(invalid));
    assert_eq!(server.connections(), 0);
    fs::remove_file(&file.0).unwrap();
    fs::write(&file.0, "good").unwrap();
    assert_eq!(keys.refresh_now(), Ok(()));
}

#[test]
fn headers_are_sent_to_the_issuer_and_not_to_the_host_of_its_keys() {
    let (issuer, other) = (IssuerServer::start(), IssuerServer::start());
    let file = TempFile::with("token");
    let source = || {
        let keys = RemoteJwks::discovery_builder(issuer.url()).danger_allow_http_loopback();
        keys.header("x-api-key", "key").bearer_token_file(&file.0).build().unwrap()
    };
    let secrets = |server: &IssuerServer| {
        let lines = request_lines(server).into_iter();
        lines.filter(|line| line.ends_with(": key") || line.ends_with(": Bearer token")).count()
    };
    assert_eq!(source().prime(), Ok(()));
    assert_eq!((issuer.key_set_hits(), secrets(&issuer)), (1, 2));
    let mut metadata = issuer.metadata();
    metadata["jwks_uri"] = other.jwks_url().into();
    issuer.answer_metadata_with(Answer::body(metadata.to_string()));
    assert_eq!(source().prime(), Ok(()));
    assert_eq!((issuer.key_set_hits(), secrets(&issuer)), (1, 2));
    assert_eq!((other.key_set_hits(), secrets(&other)), (1, 0));
}

// Connections that fail.

#[test]
fn refused_connection() {
    // No test can listen on a port that only the system's administrator may use.
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
fn second_attempt_has_the_time_that_the_first_one_left() {
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
fn headers_that_arrive_byte_by_byte() {
    let server = IssuerServer::start();
    server.answer_with(Answer::key_set().drip(1, DRIP));
    assert_eq!(failure(at(&server)), FetchError::Timeout);
}

#[test]
fn endless_interim_responses() {
    let server = IssuerServer::start();
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
    server.answer_with(Answer::raw(interim.repeat(10_000)).drip(interim.len(), DRIP));
    assert_eq!(failure(at(&server)), FetchError::Timeout);
}

#[test]
fn body_that_arrives_byte_by_byte() {
    let answers =
        [Answer::key_set(), Answer::key_set().chunked(), Answer::key_set().close_delimited()];
    // At once, since they mostly wait.
    thread::scope(|scope| {
        for answer in answers {
            let server = IssuerServer::start();
            server.answer_with(answer.drip_body(1, DRIP));
            scope.spawn(move || assert_eq!(failure(at(&server)), FetchError::BodyTimeout));
        }
    });
}

#[test]
fn slow_body_that_is_complete_in_time() {
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
        // There was a status, so the request is not repeated.
        assert_eq!(server.hits(), hits + 1);
    }
}

#[test]
fn good_body_does_not_excuse_another_status() {
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
fn retry_after_is_read_if_it_is_a_number_of_seconds_or_a_date() {
    let server = IssuerServer::start();
    for (text, seconds) in [
        ("7", Some(7)),
        ("0", Some(0)),
        ("86400", Some(86_400)),
        // In the past, by the wall clock.
        ("Wed, 21 Oct 2015 07:28:00 GMT", Some(0)),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", Some(0)),
        ("Wed Oct 21 07:28:00 2015", Some(0)),
        ("Wednesday, 21-Oct-2015 07:28:00 GMT", None),
        ("tomorrow", None),
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
fn retry_after_as_a_date_counts_from_the_date_of_the_response() {
    let server = IssuerServer::start();
    for (date, end, seconds) in [
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:30:07 GMT", 127),
        ("Wed Oct 21 07:28:00 2015", "Wednesday, 21-Oct-15 07:30:07 GMT", 127),
        ("Thu, 31 Dec 2099 23:59:59 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", 1),
        ("Fri, 01 Jan 2100 00:00:00 GMT", "Thu, 31 Dec 2099 23:59:59 GMT", 0),
    ] {
        let answer = Answer::status(503).header("Date", date).header("Retry-After", end);
        server.answer_with(answer);
        let retry_after = Some(Duration::from_secs(seconds));
        assert_eq!(failure(at(&server)), FetchError::Status { status: 503, retry_after }, "{end}");
    }
    // Without a `Date` that can be read, from the wall clock.
    for date in ["", "yesterday"] {
        let end = "Fri, 01 Jan 2100 00:00:00 GMT";
        server.answer_with(Answer::status(503).header("Date", date).header("Retry-After", end));
        let left = || Duration::from_secs(4_102_444_800 - UnixTime::now().as_secs());
        let most = left();
        let FetchError::Status { retry_after: Some(wait), .. } = failure(at(&server)) else {
            panic!("{date:?}");
        };
        assert!((left()..=most).contains(&wait), "{wait:?}");
    }
}

#[test]
fn redirect_is_reported_and_not_followed() {
    let (server, target) = (IssuerServer::start(), IssuerServer::start());
    for status in [301, 302, 303, 307, 308] {
        let location = target.jwks_url();
        server.answer_with(Answer::status(status).header("Location", &location));
        let host = location.split('/').nth(2).map(str::to_owned);
        assert_eq!(failure(at(&server)), FetchError::Redirect { status, host });
    }
    server.answer_with(Answer::redirect("/elsewhere"));
    assert_eq!(failure(at(&server)), FetchError::Redirect { status: 302, host: None });
    server.answer_with(Answer::redirect(format!("https://{}.example/", "a".repeat(1000))));
    assert_eq!(failure(at(&server)), FetchError::Redirect { status: 302, host: None });
    assert_eq!(target.connections(), 0);
}

/// The password is longer than all that is kept of a peer's text.
#[test]
fn secrets_of_a_redirect_are_in_no_text() {
    let server = IssuerServer::start();
    let password = "SECRET".repeat(100);
    for (location, host) in [
        (format!("https://user:{password}@h.example:8/SECRET?SECRET#SECRET"), Some("h.example:8")),
        (format!("https://h.example/?code={password}"), Some("h.example")),
        ("/a//SECRET/b".into(), None),
        ("/next/https://SECRET/".into(), None),
    ] {
        server.answer_with(Answer::redirect(&location));
        let keys = at(&server).build().unwrap();
        let error = bare(keys.prime()).unwrap_err();
        assert_eq!(error, FetchError::Redirect { status: 302, host: host.map(str::to_owned) });
        let health = keys.health();
        let failure = health.last_error().unwrap();
        for text in [format!("{health:?}"), format!("{failure:?}{failure}"), format!("{keys:?}")] {
            assert!(!text.contains("SECRET"), "{text}");
        }
    }
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
    // The whole set, without the last chunk.
    let length = server.issuer().jwks().len();
    server.answer_with(Answer::key_set().chunked().cut_after(length));
    assert_eq!(failure(at(&server)), FetchError::Truncated);
}

#[test]
fn truncated_close_delimited_body() {
    // HTTP does not reveal the truncation, but JSON does.
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
        assert_eq!(failure(at(&server)), FetchError::HeadersTooLarge);
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
    // The rest is in the system's buffers of both ends.
    let sent = sent.load(Ordering::SeqCst);
    assert!(sent < 32 << 20, "{sent} bytes were taken");
}

#[test]
fn oversized_bodies_of_the_test_issuer() {
    let server = IssuerServer::start();
    let limit = 512 * 1024;
    // The body consists of spaces.
    server.answer_with(Answer::oversized(512 * 1024));
    assert_eq!(failure(at(&server)), FetchError::KeySet(JwkSetError::Empty));
    server.answer_with(Answer::oversized(512 * 1024 + 1));
    assert_eq!(failure(at(&server)), FetchError::BodyTooLong { limit });
    server.answer_with(Answer::oversized(1 << 40));
    assert_eq!(failure(at(&server)), FetchError::BodyTooLong { limit });
}

#[test]
fn encoded_body() {
    // The same holds with ureq's feature `gzip`, which would decode it: `--features ureq/gzip`.
    let server = IssuerServer::start();
    let body = gzip(server.issuer().jwks().as_bytes());
    for framing in [
        Answer::body(&*body),
        Answer::body(&*body).chunked(),
        Answer::body(&*body).close_delimited(),
        Answer::body(&*body).drip(7, Duration::from_micros(100)),
    ] {
        for coding in ["gzip", "GZip", "x-gzip", "br", "identity, gzip", "none, br"] {
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
fn value_that_is_no_coding_is_not_an_encoding() {
    let server = IssuerServer::start();
    for value in ["identity", "Identity", "", "none", "UTF-8", "utf-8", "identity, none"] {
        server.answer_with(Answer::key_set().header("Content-Encoding", value));
        assert_eq!(at(&server).build().unwrap().prime(), Ok(()), "{value:?}");
    }
}

#[test]
fn age_of_a_copy_from_a_cache_is_not_added() {
    let server = IssuerServer::start();
    let day = (24 * 60 * 60).to_string();
    server.answer_with(Answer::key_set().header("Age", day.as_str()));
    let keys = at(&server).build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
    assert_eq!(keys.health().state(), KeysState::Fresh);
    assert_eq!((keys.prime(), server.key_set_hits()), (Ok(()), 1));
}

#[test]
fn bodies_that_are_not_a_key_set() {
    let server = IssuerServer::start();
    let json = |error| FetchError::KeySet(JwkSetError::Json(error));
    for (body, error) in [
        ("", FetchError::KeySet(JwkSetError::Empty)),
        ("<!DOCTYPE html><title>Sign in</title>", json(JsonError::Syntax)),
        ("[]", json(JsonError::NotObject)),
        ("null", json(JsonError::NotObject)),
        ("{", json(JsonError::Syntax)),
        (&"[".repeat(400_000), json(JsonError::TooDeep)),
        (&format!("{{\"keys\":{}", "[".repeat(400_000)), json(JsonError::TooDeep)),
        ("{}", FetchError::KeySet(JwkSetError::KeysMissing)),
        (r#"{"keys":{}}"#, FetchError::KeySet(JwkSetError::KeysType)),
        (r#"{"keys":[]}"#, FetchError::NoUsableKeys { skipped: 0, reasons: vec![] }),
    ] {
        server.answer_with(Answer::body(body));
        let start: String = body.chars().take(40).collect();
        assert_eq!(failure(at(&server)), error, "{start}");
    }
}

/// The lines of the last request, with the headers sorted and their names in lower case.
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
