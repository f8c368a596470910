//! Advice on a failed fetch is tried before it is given. Each case is a source whose fetch fails with a hint,
//! and a source that follows the hint and has keys.

use std::{
    collections::BTreeSet,
    fs,
    io::{ErrorKind, Write as _},
    net::{Shutdown, SocketAddr},
    sync::{Arc, LazyLock, atomic::Ordering},
    thread,
    time::Duration,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    server::{ClientHello, NoClientAuth, ResolvesServerCert},
    sign::CertifiedKey,
};
use serde_json::json;
use tokenring::{
    Algorithm, JwkSet, JwkSetError, Policy, PublicKey, RemoteJwks, Verifier,
    remote::{
        FetchError, FetchFailure, FetchPurpose, FetchRequest, ProxyError, RemoteJwksBuilder,
        TlsFault,
    },
    testkit::{AUDIENCE, Answer, Issuer, IssuerServer},
};

use crate::{
    fake::{NANO, TTL, bare},
    sockets::{
        AUTHORITY, DRIP, HEAD, LOOPBACK, OTHER_HOST, SERVER_KEY, TIMEOUT, TempFile, at, der,
        read_head, respond, serve, serve_tls, serve_tls_to, trusting,
    },
    tls::{EXPIRED, OneClient, SELF_SIGNED},
};

/// A failure, and sources that follow its hint. Empty if only others can follow it.
struct Case {
    what: &'static str,
    code: &'static str,
    failure: FetchFailure,
    remedies: Vec<RemoteJwks>,
    /// Servers that the remedies need.
    _servers: Vec<IssuerServer>,
}

fn case(what: &'static str, code: &'static str, failing: RemoteJwksBuilder) -> Case {
    let keys = failing.timeout(TIMEOUT).build().unwrap();
    let failure = keys.prime().unwrap_err();
    Case { what, code, failure, remedies: vec![], _servers: vec![] }
}

impl Case {
    fn then(mut self, remedy: RemoteJwksBuilder) -> Self {
        self.remedies.push(remedy.build().unwrap());
        self
    }

    fn with(mut self, server: IssuerServer) -> Self {
        self._servers.push(server);
        self
    }
}

/// Made once and at once, since they mostly wait.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let groups = [connections, tls, statuses, answers, key_sets, metadata, this_process];
    thread::scope(|scope| {
        let threads = groups.map(|group| scope.spawn(group));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
});

#[test]
fn every_cause_has_its_hint_and_the_source_that_follows_it_has_keys() {
    for case in &*CASES {
        let hint = case.failure.hint().unwrap();
        assert_eq!(hint.code(), case.code, "{}: {}", case.what, case.failure);
        for remedy in &case.remedies {
            assert_eq!(remedy.prime(), Ok(()), "{}: {hint}", case.what);
        }
    }
    // Every row of the table is given.
    let source = include_str!("../../src/explain/fetch.rs");
    let rows = source.split("Hint::coded(").skip(1);
    let rows: Vec<&str> = rows.map(|row| row.split('"').nth(1).unwrap()).collect();
    let distinct: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(distinct.len(), rows.len(), "{rows:?}");
    let of_all_fetches = ["no_keys", "all_keys_skipped"];
    let given = CASES.iter().map(|case| case.code).filter(|code| !of_all_fetches.contains(code));
    assert_eq!(given.collect::<BTreeSet<&str>>(), distinct);
    for code in distinct {
        assert!(source.contains(&format!("const {}: Hint =", code.to_uppercase())), "{code}");
    }
    for case in &*CASES {
        let text = case.failure.hint().unwrap().to_string();
        assert!(text.starts_with(|first: char| first.is_ascii_uppercase()), "{text}");
        assert!(text.ends_with('.') && text.is_ascii() && text.len() <= 240, "{text}");
        assert!(!text.contains(['{', '}']), "{text}");
    }
}

#[test]
fn sentence_of_every_failure_is_short_enough_to_be_shown_whole() {
    for case in &*CASES {
        assert!(case.failure.to_string().len() < 1000, "{}", case.failure);
    }
    // The longest: ten entries with long reasons.
    let entry =
        json!({ "kty": "RSA", "alg": "RSA-OAEP-512", "n": "AQAB", "e": "AQAB", "d": "AQAB" });
    let set = json!({ "keys": vec![entry; 20] }).to_string();
    let fetch = move |_: &FetchRequest| Ok(set.clone().into_bytes());
    let keys = RemoteJwks::builder("https://issuer.example/").fetch(fetch).build().unwrap();
    keys.prime().unwrap_err();
    let sentence = keys.health().last_error().unwrap().to_string();
    assert!((600..1700).contains(&sentence.len()), "{sentence}");
    let verifier = Verifier::new(Policy::new("https://issuer.example/", AUDIENCE), keys).unwrap();
    let report = verifier.explain(&Issuer::default().token().mint()).to_string();
    let shown: String = report.split_whitespace().collect();
    let sentence: String = sentence.split_whitespace().collect();
    assert!(shown.contains(&sentence), "{report}");
}

#[test]
fn password_of_an_issuer_is_in_no_error() {
    let fetch = |_: &FetchRequest| Ok(br#"{"issuer": "https://issuer.example/"}"#.to_vec());
    let issuer = "http://me:SECRET@sidecar:15000/tenant";
    let keys = RemoteJwks::discovery_builder(issuer).fetch(fetch).build().unwrap();
    let (expected, found) = ("sidecar:15000".into(), "https://issuer.example/".into());
    assert_eq!(bare(keys.prime()), Err(FetchError::IssuerMismatch { expected, found }));
}

/// A source whose client fails with `error`.
fn failing(error: FetchError) -> RemoteJwksBuilder {
    let fetch = move |_: &FetchRequest| Err(error.clone());
    RemoteJwks::builder("https://issuer.example/jwks").fetch(fetch)
}

fn http(address: SocketAddr) -> RemoteJwksBuilder {
    RemoteJwks::builder(format!("http://{address}/")).danger_allow_http_loopback()
}

fn https(address: SocketAddr) -> RemoteJwksBuilder {
    RemoteJwks::builder(format!("https://{address}/")).no_proxy()
}

fn discovering(issuer: impl Into<String>) -> RemoteJwksBuilder {
    RemoteJwks::discovery_builder(issuer).danger_allow_http_loopback()
}

fn connections() -> Vec<Case> {
    let issuer = IssuerServer::start();
    let slow = |answer: Answer| {
        let server = IssuerServer::start();
        server.answer_with(answer);
        server
    };
    let unknown = format!("https://{}.example/", "a".repeat(64));
    let (closing, _) = serve(|stream, _| stream.shutdown(Shutdown::Both));
    let (silent, _) = serve(|_, _| {
        thread::sleep(4 * TIMEOUT);
        Ok(())
    });
    let silence = slow(Answer::silence());
    let half = slow(Answer::key_set().drip_body(5, DRIP));
    let half_url = at(&half);
    vec![
        case("no such host", "fetch_host_not_found", RemoteJwks::builder(unknown).no_proxy())
            .then(at(&issuer)),
        case(
            "no name server",
            "fetch_resolve_timeout",
            RemoteJwks::builder("https://localhost:1/").no_proxy().connect_timeout(NANO),
        ),
        case(
            "no listener",
            "fetch_refused",
            RemoteJwks::builder("http://127.0.0.1:1/").danger_allow_http_loopback(),
        )
        .then(at(&issuer)),
        case("closed at once", "fetch_closed", http(closing)),
        case(
            "no route",
            "fetch_unreachable",
            failing(FetchError::Connect { kind: ErrorKind::HostUnreachable }),
        ),
        case("packets dropped", "fetch_connect_timeout", failing(FetchError::ConnectTimeout)),
        case(
            "packets dropped, by the system",
            "fetch_connect_timeout",
            failing(FetchError::Connect { kind: ErrorKind::TimedOut }),
        ),
        case("no handshake", "fetch_tls_timeout", https(silent)),
        case("no answer", "fetch_timeout", at(&silence)),
        case("slow body", "fetch_body_timeout", half_url)
            .then(at(&half).timeout(Duration::from_secs(60)))
            .with(half),
        case(
            "no proxy there",
            "fetch_proxy_unreachable",
            RemoteJwks::builder("https://other.example/").proxy("http://127.0.0.1:1"),
        )
        .then(at(&issuer).no_proxy())
        .with(issuer),
    ]
}

/// Knows no host.
#[derive(Debug)]
struct NoHost;

impl ResolvesServerCert for NoHost {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

fn tls() -> Vec<Case> {
    let (good, _) = serve_tls(LOOPBACK);
    let trusted = || trusting(AUTHORITY, good);
    let with = |certificate: &str, roots: &str| trusting(roots, serve_tls(certificate).0);
    let (plain, _) = serve(|mut stream, _| {
        let mut first = [0];
        stream.peek(&mut first)?;
        match first {
            [b'G'] => respond(stream, Issuer::default().jwks().as_bytes()),
            _ => stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        }
    });
    let alert = |description: u8| {
        let alert = [21, 3, 3, 0, 2, 2, description];
        https(serve(move |mut stream, _| stream.write_all(&alert)).0)
    };
    let (closing, _) = serve(|stream, _| stream.shutdown(Shutdown::Write));
    let (hostless, _) = serve(|stream, _| {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(NoHost));
        let session = ServerConnection::new(Arc::new(config)).unwrap();
        read_head(StreamOwned::new(session, stream.try_clone()?)).map(drop)
    });
    let (demanding, _) = serve_tls_to(LOOPBACK, Arc::new(OneClient), None);
    let demanded = || trusting(AUTHORITY, demanding);
    vec![
        case("built-in roots only", "tls_unknown_issuer", https(good))
            .then(https(good).add_root_certs_pem(AUTHORITY)),
        case("self-signed", "tls_unknown_issuer", with(SELF_SIGNED, AUTHORITY))
            .then(with(SELF_SIGNED, SELF_SIGNED)),
        case("another host", "tls_other_host", with(OTHER_HOST, AUTHORITY)).then(trusted()),
        case("expired", "tls_expired", with(EXPIRED, AUTHORITY)).then(trusted()),
        case("not yet valid", "tls_not_yet_valid", with(NOT_YET_VALID, NOT_YET_VALID))
            .then(trusted()),
        case(
            "an authority's certificate",
            "tls_authority_as_server",
            with(AUTHORITY_AS_SERVER, AUTHORITY_AS_SERVER),
        )
        .then(with(SELF_SIGNED, SELF_SIGNED)),
        case("ECDSA with SHA-512", "tls_unsupported", with(UNSUPPORTED, UNSUPPORTED))
            .then(with(SELF_SIGNED, SELF_SIGNED)),
        case("no common cipher", "tls_refused", alert(40)),
        case("no common version", "tls_refused", alert(70)),
        case("host unknown there", "tls_refused", https(hostless)),
        case("no client certificate", "tls_client_certificate", demanded())
            .then(demanded().client_cert_pem(LOOPBACK, SERVER_KEY)),
        case(
            "another client certificate",
            "tls_client_certificate",
            demanded().client_cert_pem(SELF_SIGNED, SERVER_KEY),
        )
        .then(demanded().client_cert_pem(LOOPBACK, SERVER_KEY)),
        case("plain http", "tls_not_tls", https(plain))
            .then(RemoteJwks::builder(format!("http://{plain}/")).danger_allow_http("127.0.0.1")),
        case("closed", "tls_closed", https(closing)),
        case("another alert", "tls_other", alert(50)),
    ]
}

#[test]
fn fault_of_tls_is_in_words_before_the_librarys_error() {
    let (address, _) = serve_tls(OTHER_HOST);
    let keys = trusting(AUTHORITY, address).build().unwrap();
    let Err(FetchError::Tls { fault, reason }) = bare(keys.prime()) else { panic!() };
    assert_eq!((fault, fault.code()), (TlsFault::OtherHost, "other_host"));
    let failure = keys.health().last_error().unwrap().to_string();
    let words = "TLS with the host failed, its certificate is for another host: ";
    assert!(failure.ends_with(&format!("{words}{reason}")), "{failure}");
    assert!(reason.contains("other.example"), "{reason}");
}

#[test]
fn name_in_a_certificate_cannot_pass_for_another_fault() {
    let (address, connections) = serve_tls(NAME_OF_A_FAULT);
    let keys = https(address).add_root_certs_pem(NAME_OF_A_FAULT).build().unwrap();
    let Err(FetchError::Tls { fault, reason }) = bare(keys.prime()) else { panic!() };
    assert!(fault == TlsFault::OtherHost && reason.contains("UnknownIssuer"), "{reason}");
    // Another attempt, with the built-in roots, follows only an unknown issuer.
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

fn statuses() -> Vec<Case> {
    let key_set = |answer: Answer| {
        let server = IssuerServer::start();
        server.answer_with(answer);
        (at(&server), server)
    };
    let of_metadata = |answer: Answer| {
        let server = IssuerServer::start();
        server.answer_metadata_with(answer);
        (discovering(server.url()), server)
    };
    let of_jwks_uri = |answer: Answer| {
        let server = IssuerServer::start();
        server.answer_with(answer);
        (discovering(server.url()), server)
    };
    let mut cases = vec![];
    for (status, code) in [
        (401, "fetch_access_refused"),
        (403, "fetch_access_refused"),
        (407, "fetch_other_status"),
        (429, "fetch_unavailable"),
        (500, "fetch_unavailable"),
        (503, "fetch_unavailable"),
        (599, "fetch_unavailable"),
        (204, "fetch_other_status"),
        (304, "fetch_other_status"),
        (400, "fetch_other_status"),
        (405, "fetch_other_status"),
        (406, "fetch_other_status"),
        (428, "fetch_other_status"),
        (430, "fetch_other_status"),
        (600, "fetch_other_status"),
    ] {
        let error = FetchError::Status { status, retry_after: None };
        cases.push(case("a status", code, failing(error)));
    }
    let (address, _) =
        serve_tls_to(LOOPBACK, Arc::new(NoClientAuth), Some("authorization: Bearer a.b.c\r\n"));
    let (token, by_header) = (TempFile::with("a.b.c"), "Bearer a.b.c");
    let demanded = || trusting(AUTHORITY, address);
    let refused = case("no credentials", "fetch_access_refused", demanded())
        .then(demanded().header("Authorization", by_header))
        .then(demanded().bearer_token_file(&token.0));
    for remedy in &refused.remedies {
        assert_eq!(remedy.prime(), Ok(()));
    }
    // The file is gone when the other remedies are tried.
    cases.push(Case { remedies: vec![], ..refused });

    let moved = IssuerServer::start();
    let old = RemoteJwks::builder(moved.jwks_url()).danger_allow_http_loopback();
    moved.move_key_set("/keys");
    cases.push(
        case("key set elsewhere", "fetch_not_found", old)
            .then(at(&moved))
            .then(discovering(moved.url()))
            .with(moved),
    );
    for status in [404, 410] {
        let (failing, server) = key_set(Answer::status(status));
        cases.push(case("no key set", "fetch_not_found", failing).with(server));
        let (failing, server) = of_jwks_uri(Answer::status(status));
        cases.push(case("no jwks_uri", "fetch_jwks_uri_not_found", failing).with(server));
        let (failing, server) = of_metadata(Answer::status(status));
        let no_metadata = case("no metadata", "fetch_metadata_not_found", failing);
        cases.push(no_metadata.then(at(&server)).with(server));
    }
    let target = IssuerServer::start();
    let (failing, _server) = key_set(Answer::redirect(target.jwks_url()));
    cases.push(case("redirect", "fetch_redirect", failing).then(at(&target)));
    let (failing, _server) = of_jwks_uri(Answer::redirect(target.jwks_url()));
    cases.push(
        case("redirect of jwks_uri", "fetch_redirect_of_jwks_uri", failing).then(at(&target)),
    );
    let (failing, _server) = of_metadata(Answer::redirect(target.url()));
    cases.push(
        case("redirect of metadata", "fetch_redirect_of_metadata", failing)
            .then(discovering(target.url()))
            .then(at(&target))
            .with(target),
    );
    cases
}

fn answers() -> Vec<Case> {
    let serving = |answer: Answer| {
        let server = IssuerServer::start();
        server.answer_with(answer);
        server
    };
    let of = |what: &'static str, code: &'static str, answer: Answer| {
        let server = serving(answer);
        case(what, code, at(&server)).with(server)
    };
    let many = (0..200).map(|number| format!("X-{number}: a\r\n")).collect::<String>();
    let long = format!("X: {}\r\n", "a".repeat(70_000));
    let headers = |lines: &str| Answer::raw(format!("{HEAD}{lines}Content-Length: 2\r\n\r\n{{}}"));
    let too_long = serving(Answer::key_set());
    let limited = at(&too_long).max_body(10);
    let metadata = IssuerServer::start();
    metadata.answer_metadata_with(Answer::oversized(100_000));
    let broken = serving(Answer::key_set().cut_after(10));
    vec![
        of("not HTTP", "fetch_not_http", Answer::raw("SSH-2.0-OpenSSH_9.6\r\n")),
        of("many headers", "fetch_headers_too_large", headers(&many)),
        of("long headers", "fetch_headers_too_large", headers(&long)),
        of(
            "compressed",
            "fetch_content_encoding",
            Answer::key_set().header("Content-Encoding", "gzip"),
        ),
        case("too long", "fetch_body_too_long", limited)
            .then(at(&too_long).max_body(512 * 1024))
            .with(too_long),
        case("metadata too long", "fetch_metadata_too_long", discovering(metadata.url()))
            .then(at(&metadata))
            .with(metadata),
        case("broken off", "fetch_truncated", at(&broken)),
    ]
}

fn key_sets() -> Vec<Case> {
    let of = |code: &'static str, body: &[u8]| {
        let server = IssuerServer::start();
        server.answer_with(Answer::body(body));
        case(code, code, at(&server)).with(server)
    };
    let of_jwks_uri = |code: &'static str, body: &[u8]| {
        let server = IssuerServer::start();
        server.answer_with(Answer::body(body));
        case(code, code, discovering(server.url())).with(server)
    };
    let jwks = Issuer::default().jwks();
    let utf16: Vec<u8> = jwks.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let key = Issuer::default().keys()[0].jwk();
    let kid = "kid";
    let many = json!({ "keys": vec![key.clone(); 1001] }).to_string();
    let metadata = IssuerServer::start();
    let metadata_url = format!("{}.well-known/openid-configuration", metadata.url());
    let twice = RemoteJwks::builder(metadata_url).danger_allow_http_loopback();
    let unusable = json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }).to_string();
    vec![
        of("fetch_empty", b""),
        of("fetch_encoding", &[&[0xff, 0xfe], utf16.as_slice()].concat()),
        of("fetch_encoding", &utf16),
        of("fetch_encoding", format!("\u{feff}{jwks}").as_bytes()),
        of("fetch_pem", LOOPBACK.as_bytes()),
        of("fetch_pem", &der(LOOPBACK)),
        of("fetch_private_key", SERVER_KEY.as_bytes()),
        of("fetch_private_key", b"{\"kty\":\"EC\",\"d\":\"AQAB\"}"),
        of("fetch_pem_by_key_id", json!({ kid: LOOPBACK }).to_string().as_bytes()),
        of("fetch_key_without_set", key.to_string().as_bytes()),
        of("fetch_escaped_line_breaks", b"{\\n\"keys\": []\\n}\\n"),
        of("fetch_several_objects", format!("{jwks}{jwks}").as_bytes()),
        of("fetch_too_many_keys", many.as_bytes()),
        of("fetch_not_json", b"<!DOCTYPE html><title>Log in</title>"),
        of_jwks_uri("fetch_jwks_uri_not_json", b"<!DOCTYPE html>"),
        of("fetch_no_key_set", b"{}"),
        of("fetch_no_key_set", b"{\"keys\": {}}"),
        of_jwks_uri("fetch_jwks_uri_no_key_set", b"{}"),
        case("metadata", "fetch_metadata_as_key_set", twice)
            .then(at(&metadata))
            .then(discovering(metadata.url()))
            .with(metadata),
        of_jwks_uri("fetch_jwks_uri_of_metadata", b"{\"jwks_uri\": \"https://a.example/\"}"),
        of("no_keys", b"{\"keys\": []}"),
        of("all_keys_skipped", unusable.as_bytes()),
    ]
}

#[test]
fn single_key_or_certificate_is_read_as_the_hint_says() {
    let certificate = PublicKey::from_pem(LOOPBACK, Algorithm::ES256).unwrap();
    assert_eq!(certificate.algorithm(), Algorithm::ES256);
    let jwk = Issuer::default().keys()[0].jwk().to_string();
    assert!(PublicKey::from_jwk(jwk.as_bytes()).is_ok());
    // One array of one object for two sets, and no escaped line breaks.
    let [one, other] = [0, 1].map(|number| Issuer::default().keys()[number].jwk());
    let joined = json!({ "keys": [one, other] }).to_string();
    assert_eq!(JwkSet::from_json(joined.as_bytes()).unwrap().len(), 2);
    let escaped = joined.replace("{\"keys\"", "{\\n\"keys\"");
    assert_eq!(JwkSet::from_json(escaped.as_bytes()).err(), Some(JwkSetError::EscapedLineBreaks));
    assert!(JwkSet::from_json(escaped.replace("\\n", "\n").as_bytes()).is_ok());
}

/// The document is metadata only if it says where the keys are.
#[test]
fn object_without_keys_is_metadata_if_it_has_a_jwks_uri() {
    for (body, expected) in [
        (r#"{"jwks_uri": "https://a.example/"}"#, FetchError::MetadataAsKeySet),
        (r#"{"jwks_uri": 1}"#, FetchError::KeySet(JwkSetError::KeysMissing)),
        (r#"{"issuer": "https://a.example/"}"#, FetchError::KeySet(JwkSetError::KeysMissing)),
        (r#"{"jwks_uri": "a", "keys": 1}"#, FetchError::KeySet(JwkSetError::KeysType)),
    ] {
        let fetch = |_: &FetchRequest| Ok(body.into());
        let keys = RemoteJwks::builder("https://a.example/").fetch(fetch).build().unwrap();
        assert_eq!(bare(keys.prime()), Err(expected), "{body}");
    }
    // A set that has both is a set.
    let mut set: serde_json::Value = serde_json::from_str(&Issuer::default().jwks()).unwrap();
    set["jwks_uri"] = "https://a.example/".into();
    let fetch = move |_: &FetchRequest| Ok(set.to_string().into());
    let keys = RemoteJwks::builder("https://a.example/").fetch(fetch).build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
}

fn metadata() -> Vec<Case> {
    let with = |code: &'static str, document: &dyn Fn(&IssuerServer) -> String| {
        let server = IssuerServer::start();
        server.answer_metadata_with(Answer::body(document(&server)));
        case(code, code, discovering(server.url())).then(at(&server)).with(server)
    };
    let member = |name: &'static str, value: Option<&'static str>| {
        move |server: &IssuerServer| {
            let mut metadata = server.metadata();
            let members = metadata.as_object_mut().unwrap();
            members.remove(name);
            members.extend(value.map(|value| (name.into(), value.into())));
            metadata.to_string()
        }
    };
    let slash = IssuerServer::start();
    let without_slash = slash.url().trim_end_matches('/').to_owned();
    vec![
        with("fetch_metadata_not_json", &|_| "<!DOCTYPE html>".into()),
        with("fetch_key_set_as_metadata", &|_| Issuer::default().jwks()),
        with("fetch_jwks_uri_missing", &member("jwks_uri", None)),
        with("fetch_no_metadata", &|_| "{}".into()),
        with("fetch_no_metadata", &member("issuer", None)),
        with("fetch_no_metadata", &|_| r#"{"issuer": 1}"#.into()),
        with("fetch_jwks_uri_not_https", &member("jwks_uri", Some("http://a.example/"))),
        with("fetch_jwks_uri_unusable", &member("jwks_uri", Some("/jwks.json"))),
        with("fetch_issuer_other", &member("issuer", Some("https://id.example.com/"))),
        with("fetch_issuer_other", &member("issuer", Some(""))),
        with(
            "fetch_issuer_template",
            &member("issuer", Some("https://login.example/{tenantid}/v2.0")),
        ),
        case("slash", "fetch_issuer_slash", discovering(without_slash))
            .then(discovering(slash.url()))
            .with(slash),
    ]
}

/// A service in the same network as its issuer, which the clients reach by another name: Keycloak in Docker.
#[test]
fn internal_key_url_and_public_iss_verify_the_tokens_of_a_split_host() {
    let server = IssuerServer::start();
    let public = "https://id.example.com/realms/shop";
    let mut metadata = server.metadata();
    metadata["issuer"] = public.into();
    server.answer_metadata_with(Answer::body(metadata.to_string()));
    let discovered = discovering(server.url()).build().unwrap();
    let mismatch = FetchError::IssuerMismatch { expected: server.url(), found: public.into() };
    assert_eq!(bare(discovered.prime()), Err(mismatch));
    let hint = discovered.health().last_error().unwrap().hint().unwrap();
    assert_eq!(
        hint.to_string(),
        "Configure the issuer as its metadata spells it. If this address is internal, as in Docker: `RemoteJwks::new` with the key URL here, `Policy` with the public `iss`.",
    );
    let keys = at(&server).build().unwrap();
    let verifier = Verifier::new(Policy::new(public, AUDIENCE), keys).unwrap();
    let token = server.token().issuer(public).mint();
    assert_eq!(verifier.verify(&token).map(|_| ()), Ok(()));
}

#[test]
fn jwks_uri_over_plain_http_may_be_allowed() {
    let server = IssuerServer::start();
    let elsewhere = IssuerServer::start();
    let mut metadata = server.metadata();
    metadata["jwks_uri"] = elsewhere.jwks_url().replace("127.0.0.1", "localhost").into();
    server.answer_metadata_with(Answer::body(metadata.to_string()));
    let keys = || RemoteJwks::discovery_builder(server.url()).danger_allow_http("127.0.0.1");
    let refused = case("plain http", "fetch_jwks_uri_not_https", keys());
    assert_eq!(refused.failure.hint().unwrap().code(), refused.code);
    assert_eq!(keys().danger_allow_http("localhost").build().unwrap().prime(), Ok(()));
}

fn this_process() -> Vec<Case> {
    let issuer = IssuerServer::start();
    let file = TempFile::with("");
    let empty = at(&issuer).bearer_token_file(&file.0);
    let empty = case("empty file", "fetch_token_file", empty);
    fs::write(&file.0, "a.b.c").unwrap();
    let written = at(&issuer).bearer_token_file(&file.0).build().unwrap();
    assert_eq!(written.prime(), Ok(()));
    let panics = RemoteJwks::builder("https://issuer.example/").fetch(
        |_: &FetchRequest| -> Result<Vec<u8>, FetchError> {
            std::panic::resume_unwind(Box::new(()))
        },
    );
    let refused = |status| ProxyError::Refused { status };
    let proxy = |error| failing(FetchError::Proxy { proxy: "proxy.example".into(), error });
    let read = |path: &str| RemoteJwks::file_builder(path);
    let set = TempFile::with(Issuer::default().jwks());
    let set = set.0.to_str().unwrap();
    assert_eq!(read(set).build().unwrap().prime(), Ok(()));
    vec![
        case("no proxy", "fetch_proxy_unreachable", proxy(ProxyError::HostNotFound)),
        case(
            "proxy with a strange certificate",
            "fetch_proxy_tls",
            proxy(ProxyError::Tls { reason: "invalid peer certificate: UnknownIssuer".into() }),
        ),
        case("proxy refuses", "fetch_proxy_refused", proxy(refused(407))),
        case("proxy forbids", "fetch_proxy_refused", proxy(refused(403))),
        case(
            "proxy without a way",
            "fetch_proxy_host_unreachable",
            proxy(ProxyError::HostUnreachable { status: 502 }),
        ),
        case("no key set file", "fetch_file", read("/no/jwks.json")),
        case(
            "no key set in the file",
            "fetch_file",
            read(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
        ),
        case("no file", "fetch_token_file", at(&issuer).bearer_token_file("/no/such/file")),
        empty,
        case("panic", "fetch_thread", panics),
    ]
}

#[test]
fn discovery_is_remembered_when_only_the_key_set_is_requested() {
    let server = IssuerServer::start();
    let clock = crate::fake::FakeClock::new();
    let keys = discovering(server.url()).clock(clock.clone()).build().unwrap();
    assert_eq!(keys.prime(), Ok(()));
    server.answer_with(Answer::status(404));
    clock.advance(TTL);
    keys.prime().unwrap_err();
    assert_eq!((server.metadata_hits(), server.key_set_hits()), (1, 2));
    let failure = keys.health().last_error().cloned().unwrap();
    assert_eq!(failure.purpose(), FetchPurpose::KeySet);
    assert_eq!(failure.hint().unwrap().code(), "fetch_jwks_uri_not_found");
}

// Made by `vectors/tls/make-faults.sh`: signed by themselves, for 127.0.0.1 unless noted.

/// The certificate of an authority.
const AUTHORITY_AS_SERVER: &str = include_str!("../vectors/tls/authority-as-server.pem");
/// Valid from the year 3999.
const NOT_YET_VALID: &str = include_str!("../vectors/tls/not-yet-valid.pem");
/// Signed with ECDSA on P-256 and SHA-512.
const UNSUPPORTED: &str = include_str!("../vectors/tls/unsupported.pem");
/// For the host UnknownIssuer.example.
const NAME_OF_A_FAULT: &str = include_str!("../vectors/tls/name-of-a-fault.pem");
