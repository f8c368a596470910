//! The settings that the builder accepts or refuses, and the texts of the errors.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use tokenring::{
    FetchConfigError, Guard, JsonError, JwkSetError, Policy, RemoteJwks, SettingFault, Verifier,
    remote::{
        Clock, Fetch, FetchError, FetchRequest, MetadataError, ProxyError, RemoteJwksBuilder,
        RootCertsFault, TlsFault,
    },
};

use crate::fake::{
    FakeClock, FakeFetch, NANO, Reply, Rig, STALE_CAP, TTL, UNKNOWN, URL, bare, found, jwks, secs,
    status,
};

// The settings.

#[test]
fn settings_that_make_no_sense_are_refused() {
    let zero = |setting| FetchConfigError::Zero { setting };
    let long = |setting| FetchConfigError::TimeoutTooLong { setting };
    const DAY: Duration = secs(86_400);
    type Change = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let cases: [(Change, FetchConfigError); 24] = [
        (|builder| builder.ttl(Duration::ZERO), zero("ttl")),
        (|builder| builder.kid_cooldown(Duration::ZERO), zero("kid_cooldown")),
        (|builder| builder.timeout(Duration::ZERO), zero("timeout")),
        (|builder| builder.connect_timeout(Duration::ZERO), zero("connect_timeout")),
        (|builder| builder.max_waiting_threads(0), zero("max_waiting_threads")),
        (|builder| builder.max_waiting_futures(0), zero("max_waiting_futures")),
        (|builder| builder.max_body(0), zero("max_body")),
        // Refused, and not reduced to the limit.
        (|builder| builder.max_body(512 * 1024 + 1), FetchConfigError::MaxBodyTooLarge),
        (|builder| builder.ttl(secs(1) - NANO), FetchConfigError::TtlTooShort),
        (|builder| builder.timeout(DAY + NANO), long("timeout")),
        (|builder| builder.connect_timeout(DAY + NANO), long("connect_timeout")),
        (|builder| builder.stale_cap(TTL - NANO), FetchConfigError::StaleCapBelowTtl),
        (|builder| builder.ttl(STALE_CAP + NANO), FetchConfigError::StaleCapBelowTtl),
        (|builder| builder.proxy("a b"), FetchConfigError::Proxy { setting: "proxy" }),
        (
            |builder| builder.proxy("socks5://127.0.0.1"),
            FetchConfigError::ProxyScheme { setting: "proxy" },
        ),
        (|builder| builder.danger_allow_http("keycloak:8080"), FetchConfigError::HttpHost),
        (|builder| builder.header("a b", "c"), FetchConfigError::HeaderName),
        (|builder| builder.header("a", "b\r\nc: d"), FetchConfigError::HeaderValue),
        (
            |builder| builder.header("a", "Bearer ${TOKEN}"),
            FetchConfigError::SpoiledHeader { fault: SettingFault::Placeholder },
        ),
        (|builder| builder.header("Host", "a"), FetchConfigError::ReservedHeader),
        (|builder| builder.header("a", "b").header("A", "b"), FetchConfigError::RepeatedHeader),
        (
            |builder| builder.header("Authorization", "a b").bearer_token_file("/token"),
            FetchConfigError::RepeatedHeader,
        ),
        (|builder| builder.user_agent("a\nb"), FetchConfigError::UserAgent),
        (|builder| builder.user_agent(""), FetchConfigError::UserAgent),
    ];
    for (change, error) in cases {
        assert_eq!(change(RemoteJwks::builder(URL)).build().unwrap_err(), error);
    }
}

#[test]
fn settings_at_their_limits_are_accepted_and_work() {
    let smallest = Rig::with(|builder| {
        let builder =
            builder.ttl(secs(1)).stale_cap(secs(1)).kid_cooldown(NANO).max_waiting_threads(1);
        builder.max_waiting_futures(1).connect_timeout(NANO)
    });
    assert_eq!(smallest.key("a"), found("a"));
    smallest.clock.advance(secs(1));
    assert_eq!((smallest.key("a"), smallest.issuer.count()), (found("a"), 2));

    let (max, day) = (Duration::MAX, secs(86_400));
    let largest = Rig::with(|builder| {
        let builder = builder.ttl(max).stale_cap(max).kid_cooldown(max).timeout(day);
        let builder = builder.connect_timeout(day).max_waiting_threads(usize::MAX);
        builder.max_waiting_futures(usize::MAX).max_body(512 * 1024)
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
fn client_and_clock_may_be_behind_pointers() {
    fn primed(fetch: impl Fetch + 'static, clock: impl Clock + 'static) -> Result<(), FetchError> {
        bare(RemoteJwks::builder(URL).fetch(fetch).clock(clock).build().unwrap().prime())
    }
    let clock = FakeClock::new();
    let issuer = FakeFetch::new(&clock);
    let boxed_issuer: Box<dyn Fetch> = Box::new(issuer.clone());
    let boxed_clock: Box<dyn Clock> = Box::new(clock.clone());
    assert_eq!(primed(Arc::new(issuer.clone()), Arc::new(clock.clone())), Ok(()));
    assert_eq!(primed(boxed_issuer, boxed_clock), Ok(()));
    let leaked_issuer: &'static dyn Fetch = Box::leak(Box::new(issuer.clone()));
    let leaked_clock: &'static FakeClock = Box::leak(Box::new(clock));
    assert_eq!(primed(leaked_issuer, leaked_clock), Ok(()));
    assert_eq!(issuer.count(), 3);
}

#[test]
fn debug_shows_the_host_and_neither_keys_nor_the_rest_of_a_url() {
    let rig = Rig::primed(&["a"]);
    assert_eq!(format!("{:?}", rig.keys), r#"RemoteJwks { host: "tenant.example.auth0.com", .. }"#);
    let url = "https://issuer.example:8443/SECRET?SECRET=SECRET";
    let keys = RemoteJwks::new(url).unwrap();
    let host = r#"host: "issuer.example:8443", .. }"#;
    assert_eq!(format!("{keys:?}"), format!("RemoteJwks {{ {host}"));
    let issuer = RemoteJwks::discover("https://issuer.example:8443/SECRET").unwrap();
    assert_eq!(format!("{issuer:?}"), format!("RemoteJwks {{ {host}"));
    let policy = Policy::new("https://issuer.example:8443/", "api");
    let verifier = Verifier::new(policy.clone(), keys.clone()).unwrap();
    let guard = Guard::new(Verifier::new(policy, keys).unwrap());
    let request = FetchRequest::new(url, secs(1), 1);
    let failing = RemoteJwks::builder(url).fetch(|_: &FetchRequest| Err(FetchError::Timeout));
    let failing = failing.build().unwrap();
    assert_eq!(bare(failing.prime()), Err(FetchError::Timeout));
    let health = failing.health();
    for text in [
        format!("{verifier:?}"),
        format!("{guard:?}"),
        format!("{request:?}"),
        format!("{health:?}"),
        format!("{:?}", health.last_error().unwrap()),
    ] {
        assert!(text.contains("issuer.example:8443") && !text.contains("SECRET"), "{text}");
    }
    // The builder has not checked its URL.
    for (url, host) in [
        ("https://user:SECRET@issuer.example:8443/SECRET", "issuer.example:8443"),
        ("user:SECRET@issuer.example", ""),
        ("/SECRET", ""),
    ] {
        let shown = format!("RemoteJwksBuilder {{ host: {host:?}, .. }}");
        assert_eq!(format!("{:?}", RemoteJwks::builder(url)), shown);
        assert_eq!(format!("{:?}", RemoteJwks::discovery_builder(url)), shown);
    }
}

#[test]
fn own_client_may_be_given_any_url() {
    for url in ["unix:/run/keys.sock", "file:///etc/keys.json", "http://sidecar:15000/keys", "keys"]
    {
        assert!(RemoteJwks::new(url).is_err(), "{url}");
        let keys = RemoteJwks::builder(url).fetch(move |request: &FetchRequest| {
            assert_eq!(request.url(), url);
            Ok(jwks(&["a"]).into_bytes())
        });
        assert_eq!(keys.build().unwrap().prime(), Ok(()), "{url}");
    }
    let failing = |_: &FetchRequest| Err(FetchError::Timeout);
    let keys = RemoteJwks::builder("unix:/run/SECRET.sock").fetch(failing).build().unwrap();
    assert_eq!(bare(keys.prime()), Err(FetchError::Timeout));
    let failure = keys.health().last_error().cloned().unwrap();
    assert_eq!(failure.host(), "");
    assert_eq!(
        failure.to_string(),
        "cannot fetch the key set: the answer was not complete in time"
    );
    // The two addresses of the metadata are made from the issuer's URL.
    let issuer = |issuer: &str| {
        let keys = RemoteJwks::discovery_builder(issuer).fetch(failing);
        keys.build().map(|keys| bare(keys.prime()))
    };
    assert_eq!(issuer("http://sidecar:15000"), Ok(Err(FetchError::Timeout)));
    assert_eq!(issuer("sidecar"), Err(FetchConfigError::Url));
    assert_eq!(issuer("http://sidecar?a"), Err(FetchConfigError::IssuerQuery));
}

#[test]
fn config_errors_say_what_to_change() {
    let texts = [
        (
            FetchConfigError::Url,
            "the URL must be absolute, with a host, without user information and fragment",
        ),
        (
            FetchConfigError::SpoiledUrl { fault: SettingFault::WhiteSpace },
            "the URL has white space at an end, or a control character: remove it",
        ),
        (
            FetchConfigError::UrlWithoutScheme,
            "the URL has no scheme, write https:// before its host",
        ),
        (
            FetchConfigError::NotHttps,
            "the URL must begin with https:, unless danger_allow_http or danger_allow_http_loopback allows http: for its host",
        ),
        (
            FetchConfigError::HttpHost,
            "danger_allow_http must be given a host, without scheme, port and path",
        ),
        (FetchConfigError::IssuerQuery, "the issuer's URL must not have a query"),
        (
            FetchConfigError::IssuerWellKnown,
            "the issuer's URL is that of its metadata, end it before /.well-known/",
        ),
        (FetchConfigError::Zero { setting: "ttl" }, "ttl must not be zero"),
        (FetchConfigError::TtlTooShort, "ttl must be at least a second"),
        (FetchConfigError::StaleCapBelowTtl, "stale_cap must not be less than ttl"),
        (FetchConfigError::TimeoutTooLong { setting: "timeout" }, "timeout must not exceed a day"),
        (FetchConfigError::MaxBodyTooLarge, "max_body must not exceed 524288"),
        (FetchConfigError::RootCerts(RootCertsFault::Empty), "the root certificates are empty"),
        (
            FetchConfigError::RootCerts(RootCertsFault::Utf16),
            "the root certificates are UTF-16, save them as UTF-8 or ASCII",
        ),
        (
            FetchConfigError::RootCerts(RootCertsFault::ByteOrderMark),
            "the root certificates begin with a byte order mark, remove it",
        ),
        (
            FetchConfigError::RootCerts(RootCertsFault::Der),
            "the root certificates are DER, convert them with openssl x509 -inform DER",
        ),
        (
            FetchConfigError::RootCerts(RootCertsFault::EscapedLineBreaks),
            "the line breaks of the root certificates are written as \\n, replace them with line breaks",
        ),
        (
            FetchConfigError::RootCerts(RootCertsFault::PrivateKey),
            "the root certificates have a private key beside them, which belongs to their owner alone",
        ),
        (
            FetchConfigError::RootCerts(RootCertsFault::NotCertificates),
            "root certificates must be in PEM, with nothing else beside them",
        ),
        (
            FetchConfigError::RootCertsFile { kind: ErrorKind::NotFound },
            "the file of root certificates cannot be read: entity not found",
        ),
        (
            FetchConfigError::ClientCert,
            "client_cert_pem must be given certificates in PEM, of version 3, with nothing else beside them",
        ),
        (
            FetchConfigError::ClientKey,
            "client_cert_pem must be given one private key in PEM, of RSA, P-256, P-384 or Ed25519",
        ),
        (
            FetchConfigError::ClientKeyMismatch,
            "the private key is not that of the first client certificate",
        ),
        (FetchConfigError::HeaderName, "the name of a header must be a token of RFC 9110"),
        (
            FetchConfigError::HeaderValue,
            "the value of a header must be visible ASCII, with spaces only inside",
        ),
        (
            FetchConfigError::SpoiledHeader { fault: SettingFault::Placeholder },
            "the value of a header has a placeholder such as ${NAME}, {name} or <name>: put the value in its place",
        ),
        (
            FetchConfigError::ReservedHeader,
            "this header is set by the client itself, or may not be sent with a fetch",
        ),
        (
            FetchConfigError::RepeatedHeader,
            "a header must be given once, and Authorization not beside bearer_token_file",
        ),
        (FetchConfigError::UserAgent, "user_agent must be visible ASCII, with spaces only inside"),
        (
            FetchConfigError::Proxy { setting: "HTTPS_PROXY" },
            "HTTPS_PROXY must be the URL of a proxy, http://HOST:PORT, with credentials percent-encoded",
        ),
        (
            FetchConfigError::ProxyScheme { setting: "all_proxy" },
            "all_proxy must be an http: or https: proxy, other kinds are not supported",
        ),
        (FetchConfigError::FileName, "the path must be that of a file and end in its name"),
        (
            FetchConfigError::FetchOfFile,
            "fetch is for a URL or an issuer, a key set in a file has no HTTP client",
        ),
        (FetchConfigError::SeedWithoutKeys, "the seed has no usable key"),
        (FetchConfigError::SeedFromFuture, "the seed's time must not be in the future"),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
    let seed = FetchConfigError::Seed(JwkSetError::KeysMissing).to_string();
    assert_eq!(seed, format!("the seed is not a key set: {}", JwkSetError::KeysMissing));
}

#[test]
fn fetch_errors_have_a_text_and_a_code() {
    let redirect = |location: &str| FetchError::redirect(302, location);
    let member = "jwks_uri";
    let metadata = FetchError::Metadata;
    let proxy = |error| FetchError::Proxy { proxy: "proxy.example:3128".to_owned(), error };
    let texts = [
        (FetchError::HostNotFound, "host_not_found", "the host's name cannot be resolved"),
        (
            FetchError::Connect { kind: ErrorKind::ConnectionRefused },
            "connect",
            "no connection to the host: connection refused",
        ),
        (
            FetchError::Tls { fault: TlsFault::Other, reason: "a reason".to_owned() },
            "tls",
            "TLS with the host failed: a reason",
        ),
        (
            FetchError::Tls { fault: TlsFault::Expired, reason: "a reason".to_owned() },
            "tls",
            "TLS with the host failed, its certificate has expired: a reason",
        ),
        (FetchError::ResolveTimeout, "resolve_timeout", "the name servers did not answer in time"),
        (
            FetchError::ConnectTimeout,
            "connect_timeout",
            "there was no connection to the host in time",
        ),
        (FetchError::TlsTimeout, "tls_timeout", "the TLS handshake was not complete in time"),
        (FetchError::Timeout, "timeout", "the answer was not complete in time"),
        (FetchError::BodyTimeout, "body_timeout", "the body was not complete in time"),
        (status(503), "status", "the host answered with status 503 instead of 200"),
        // Only the host of the target is shown.
        (
            redirect("https://me:secret@x.example:8/a?b"),
            "redirect",
            "the host redirects (302) to \"x.example:8\", which is not followed",
        ),
        (
            redirect("/login"),
            "redirect",
            "the host redirects (302) without naming a host, which is not followed",
        ),
        (FetchError::Protocol, "protocol", "the host did not answer in proper HTTP"),
        (
            FetchError::HeadersTooLarge,
            "headers_too_large",
            "the headers of the answer are longer than 64 KiB, or more than 128",
        ),
        (
            FetchError::ContentEncoding,
            "content_encoding",
            "the body came encoded, which is not accepted",
        ),
        (FetchError::BodyTooLong { limit: 5 }, "body_too_long", "the body is longer than 5 bytes"),
        (FetchError::Truncated, "truncated", "the connection closed before the end of the body"),
        (
            metadata(MetadataError::MemberMissing { member }),
            "metadata",
            "the metadata has no `jwks_uri`",
        ),
        (
            metadata(MetadataError::MemberType { member }),
            "metadata",
            "the metadata's `jwks_uri` is not a string",
        ),
        (
            metadata(MetadataError::JwksUri(FetchConfigError::NotHttps)),
            "metadata",
            "the metadata's `jwks_uri` cannot be used: the URL must begin with https:, unless danger_allow_http or danger_allow_http_loopback allows http: for its host",
        ),
        (
            FetchError::IssuerMismatch { expected: "a".into(), found: "b\n".into() },
            "issuer_mismatch",
            r#"the metadata's `issuer` is "b\u{a}", and the issuer configured here is "a""#,
        ),
        (
            FetchError::MetadataAsKeySet,
            "metadata_as_key_set",
            "the document is the issuer's metadata, not a key set",
        ),
        (
            metadata(MetadataError::KeySet),
            "metadata",
            "the document is a key set, not the issuer's metadata",
        ),
        (
            FetchError::NoUsableKeys { skipped: 0, reasons: vec![] },
            "no_usable_keys",
            "the key set has no usable key, 0 were skipped",
        ),
        (
            proxy(ProxyError::HostNotFound),
            "proxy_unreachable",
            "the proxy proxy.example:3128 has a name that cannot be resolved",
        ),
        (
            proxy(ProxyError::Connect { kind: ErrorKind::ConnectionRefused }),
            "proxy_unreachable",
            "the proxy proxy.example:3128 cannot be reached: connection refused",
        ),
        (
            proxy(ProxyError::Tls { reason: "expired".to_owned() }),
            "proxy_unreachable",
            "the proxy proxy.example:3128 cannot be reached over TLS: expired",
        ),
        (
            proxy(ProxyError::Timeout),
            "proxy_unreachable",
            "the proxy proxy.example:3128 did not answer in time",
        ),
        (
            proxy(ProxyError::Protocol),
            "proxy_unreachable",
            "the proxy proxy.example:3128 did not answer in proper HTTP, so it may be no proxy",
        ),
        (
            proxy(ProxyError::Refused { status: 407 }),
            "proxy_refused",
            "the proxy proxy.example:3128 demands credentials (status 407), and its URL has none or others",
        ),
        (
            proxy(ProxyError::Refused { status: 403 }),
            "proxy_refused",
            "the proxy proxy.example:3128 forbids the connection to the host (status 403)",
        ),
        (
            proxy(ProxyError::Refused { status: 500 }),
            "proxy_refused",
            "the proxy proxy.example:3128 refused the connection to the host with status 500",
        ),
        (
            proxy(ProxyError::HostUnreachable { status: 502 }),
            "proxy_host_unreachable",
            "the proxy proxy.example:3128 could not reach the host (status 502)",
        ),
        (
            FetchError::TokenFile { kind: ErrorKind::NotFound },
            "token_file",
            "the file of the bearer token cannot be used: entity not found",
        ),
        (
            FetchError::File { kind: ErrorKind::PermissionDenied },
            "file",
            "the file cannot be read: permission denied",
        ),
        (FetchError::FileType, "file_type", "the path leads to a directory, a pipe or a device"),
        (FetchError::Thread, "thread", "the fetch had no thread to run on, or it panicked"),
        (FetchError::custom("the vault is sealed"), "custom", "the vault is sealed"),
    ];
    for (error, code, text) in texts {
        assert_eq!((error.code(), error.to_string().as_str()), (code, text));
    }
    // The errors of a key set and of its JSON keep their own texts.
    let key_set = FetchError::KeySet(JwkSetError::KeysMissing);
    assert_eq!(
        (key_set.code(), key_set.to_string()),
        ("key_set", JwkSetError::KeysMissing.to_string())
    );
    let json = metadata(MetadataError::Json(JsonError::Syntax)).to_string();
    assert_eq!(json, format!("the metadata: {}", JsonError::Syntax));
}

#[test]
fn error_of_an_own_client_is_short_and_printable_in_every_text() {
    let error = FetchError::custom("a\u{202e}b\r\n\u{1b}[31m\u{e4}\"");
    let rig = Rig::new();
    rig.issuer.reply(Reply::Fail(error.clone()));
    assert_eq!(bare(rig.keys.prime()), Err(error));
    let health = rig.keys.health();
    let text = "cannot fetch the key set from tenant.example.auth0.com: \
        a\\u{202e}b\\u{d}\\u{a}\\u{1b}[31m\\u{e4}\"";
    assert_eq!(health.last_error().unwrap().to_string(), text);
    let debug = format!("{health:?}");
    assert!(!debug.contains(['\r', '\n', '\u{1b}', '\u{202e}']), "{debug}");

    // Cut between characters, even if it was not made by the constructor.
    let long = "\u{e4}".repeat(201);
    assert_eq!(FetchError::custom(&long), FetchError::Custom { reason: "\u{e4}".repeat(200) });
    let text = format!("{}... (402 bytes)", "\\u{e4}".repeat(200));
    assert_eq!(FetchError::Custom { reason: long }.to_string(), text);
    assert_eq!(FetchError::custom("").to_string(), "");
}
