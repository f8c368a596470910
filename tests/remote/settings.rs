//! What the builder takes and what it refuses, and the texts of the errors.

use std::{io::ErrorKind, time::Duration};

use tokenring::{
    FetchConfigError, FetchError, JwkSetError, RemoteJwks, RemoteJwksBuilder,
};

use crate::fake::{
    FakeClock, FakeFetch, NANO, Rig, STALE_CAP, TTL, UNKNOWN, URL, found, secs, status,
};

// The settings.

#[test]
fn settings_that_make_no_sense_are_refused() {
    let zero = |setting| FetchConfigError::Zero { setting };
    type Change = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let cases: [(Change, FetchConfigError); 8] = [
        (|builder| builder.ttl(Duration::ZERO), zero("ttl")),
        (|builder| builder.kid_cooldown(Duration::ZERO), zero("kid_cooldown")),
        (|builder| builder.timeout(Duration::ZERO), zero("timeout")),
        (|builder| builder.connect_timeout(Duration::ZERO), zero("connect_timeout")),
        (|builder| builder.max_blocked(0), zero("max_blocked")),
        (|builder| builder.max_body(0), zero("max_body")),
        (|builder| builder.stale_cap(TTL - NANO), FetchConfigError::StaleCapBelowTtl),
        (|builder| builder.ttl(STALE_CAP + NANO), FetchConfigError::StaleCapBelowTtl),
    ];
    for (change, error) in cases {
        assert_eq!(change(RemoteJwks::builder(URL)).build().unwrap_err(), error);
    }
}

#[test]
fn settings_at_their_limits_are_accepted_and_work() {
    let smallest = Rig::with(|builder| {
        builder.ttl(NANO).stale_cap(NANO).kid_cooldown(NANO).max_blocked(1).connect_timeout(NANO)
    });
    assert_eq!(smallest.key("a"), found("a"));
    smallest.clock.advance(NANO);
    assert_eq!((smallest.key("a"), smallest.issuer.count()), (found("a"), 2));

    let max = Duration::MAX;
    let largest = Rig::with(|builder| {
        let builder = builder.ttl(max).stale_cap(max).kid_cooldown(max).timeout(max);
        builder.connect_timeout(max).max_blocked(usize::MAX)
    });
    assert_eq!((largest.key("b"), largest.issuer.count()), (UNKNOWN, 2));
    largest.clock.advance(secs(1_000_000_000));
    assert_eq!((largest.key("b"), largest.key("a")), (UNKNOWN, found("a")));
    assert_eq!(largest.issuer.count(), 2);
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let clock = FakeClock::new();
    let issuer = FakeFetch::new(&clock);
    let builder = RemoteJwks::builder(URL).fetch(issuer.clone()).clock(clock);
    builder.build().unwrap().prime().unwrap();
    let request = issuer.last_request();
    assert_eq!((request.timeout(), request.max_body()), (secs(5), 512 * 1024));
}

#[test]
fn debug_shows_the_url_and_no_keys() {
    let rig = Rig::primed(&["a"]);
    let text = format!("RemoteJwks {{ url: {URL:?}, .. }}");
    assert_eq!(format!("{:?}", rig.keys), text);
    let text = format!("RemoteJwksBuilder {{ url: {URL:?}, .. }}");
    assert_eq!(format!("{:?}", RemoteJwks::builder(URL)), text);
}

#[test]
fn config_errors_say_what_to_change() {
    let texts = [
        (
            FetchConfigError::Url,
            "the key set's URL must be absolute, with a host, without user information and fragment",
        ),
        (FetchConfigError::NotHttps, "the key set's URL must begin with https:"),
        (
            FetchConfigError::NotLoopback,
            "http: is allowed for 127.0.0.0/8, [::1] and localhost only",
        ),
        (FetchConfigError::Zero { setting: "ttl" }, "ttl must not be zero"),
        (FetchConfigError::StaleCapBelowTtl, "stale_cap must not be less than ttl"),
        (FetchConfigError::RootCerts, "root_certs_pem must hold certificates in PEM"),
        (FetchConfigError::Proxy, "the proxy must be an HTTP proxy, given by its URL"),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn fetch_errors_have_a_text_and_a_code() {
    let redirect = FetchError::Redirect { status: 302, location: "https://x/\n".to_owned() };
    let tls = FetchError::Tls { reason: "expired".to_owned() };
    let texts = [
        (FetchError::HostNotFound, "host_not_found", "the key set's host is not known"),
        (
            FetchError::Connect { kind: ErrorKind::ConnectionRefused },
            "connect",
            "no connection to the key set's host: connection refused",
        ),
        (tls, "tls", "TLS with the key set's host failed: expired"),
        (FetchError::Timeout, "timeout", "the key set did not come in time"),
        (status(503), "status", "the key set's host answered with status 503 instead of 200"),
        (
            redirect,
            "redirect",
            "the key set's host redirects (302) to \"https://x/\\n\", which is not followed",
        ),
        (FetchError::Protocol, "protocol", "the key set's host did not answer in proper HTTP"),
        (
            FetchError::ContentEncoding,
            "content_encoding",
            "the key set came encoded, which is not accepted",
        ),
        (
            FetchError::BodyTooLong { limit: 5 },
            "body_too_long",
            "the key set is longer than 5 bytes",
        ),
        (FetchError::Truncated, "truncated", "the key set broke off"),
        (FetchError::KeySet(JwkSetError::KeysMissing), "key_set", "key set has no `keys`"),
        (
            FetchError::NoUsableKeys { skipped: 2, reasons: vec![] },
            "no_usable_keys",
            "the key set has no usable key, 2 were skipped",
        ),
        (FetchError::Proxy, "proxy", "the proxy cannot be used"),
        (FetchError::Thread, "thread", "the thread that fetched the key set failed"),
    ];
    for (error, code, text) in texts {
        assert_eq!((error.code(), error.to_string().as_str()), (code, text));
    }
}
