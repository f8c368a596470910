//! From an issuer's identifier to its keys, over loopback, with a manual clock. OpenID Connect
//! Discovery 1.0 section 4, RFC 8414 section 3.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokenring::{
    FetchConfigError, JsonError, Policy, RemoteJwks, SettingFault, Verifier, VerifyError,
    remote::{FetchError, FetchPurpose, FetchRequest, KeysState, MetadataError, RemoteJwksBuilder},
    testkit::{AUDIENCE, Answer, IssuerServer},
};

use crate::fake::{
    FakeClock, NANO, REFRESH_DUE, STALE_CAP, TTL, UNKNOWN, bare, found, jwks, key, last_error,
    millis, secs, status, until,
};

const ISSUER: &str = "https://issuer.example/tenant";

/// An issuer on loopback, and a source that discovers its keys.
struct Site {
    server: IssuerServer,
    clock: FakeClock,
    keys: RemoteJwks,
}

impl Site {
    fn new() -> Self {
        Self::at("/")
    }

    fn at(path: &str) -> Self {
        let server = IssuerServer::start_at(path);
        let issuer = server.url();
        Self::of(server, issuer)
    }

    /// A source for `issuer`, which may differ from the issuer in the server's metadata.
    fn of(server: IssuerServer, issuer: String) -> Self {
        let clock = FakeClock::new();
        let keys = RemoteJwks::discovery_builder(issuer)
            .danger_allow_http_loopback()
            .timeout(TIMEOUT)
            .clock(clock.clone())
            .build()
            .unwrap();
        Self { server, clock, keys }
    }

    /// The number of requests for the metadata, for the metadata of RFC 8414, and for the key set.
    fn hits(&self) -> (usize, usize, usize) {
        let server = &self.server;
        (server.metadata_hits(), server.oauth_metadata_hits(), server.key_set_hits())
    }

    /// Serves the metadata with one member changed or removed.
    fn serve_with(&self, member: &str, value: Option<serde_json::Value>) {
        let mut metadata = self.server.metadata();
        let members = metadata.as_object_mut().unwrap();
        members.remove(member);
        if let Some(value) = value {
            members.insert(member.into(), value);
        }
        self.server.answer_metadata_with(Answer::body(metadata.to_string()));
    }

    /// The error of the first fetch, which ends in time and requests no key set.
    fn failure(&self) -> FetchError {
        let start = Instant::now();
        let error = bare(self.keys.prime()).unwrap_err();
        assert!(start.elapsed() < TIMEOUT + millis(200), "{error:?} took {:?}", start.elapsed());
        until(|| !self.keys.health().is_fetching());
        let health = self.keys.health();
        assert_eq!(last_error(&health).as_ref(), Some(&error));
        assert_eq!(health.last_error().unwrap().purpose(), FetchPurpose::Metadata);
        assert_eq!(self.server.key_set_hits(), 0);
        error
    }
}

/// Long enough for everything that must end earlier, even on a busy machine.
const TIMEOUT: Duration = millis(800);

fn metadata_error(error: MetadataError) -> FetchError {
    FetchError::Metadata(error)
}

// The requests.

#[test]
fn issuers_identifier_is_enough() {
    for path in ["", "/", "/tenant", "/tenant/", "/a/b"] {
        let Site { server, clock, keys } = Site::at(path);
        assert_eq!(keys.health().state(), KeysState::Empty);
        assert_eq!(server.hits(), 0, "nothing is requested before the first lookup");
        let verifier = Verifier::new(Policy::new(server.url(), AUDIENCE), keys).unwrap();
        let verified = verifier.verify(&server.token().mint()).unwrap();
        assert_eq!(verified.issuer(), server.url());
        assert_eq!((server.metadata_hits(), server.key_set_hits()), (1, 1), "{path:?}");

        // The URL of the key set is kept, so a refresh is one request.
        clock.advance(TTL);
        verifier.verify(&server.token().mint()).unwrap();
        assert_eq!((server.metadata_hits(), server.key_set_hits()), (1, 2), "{path:?}");
    }
}

#[test]
fn metadata_of_rfc_8414_is_used_if_there_is_no_other() {
    for path in ["", "/", "/tenant", "/tenant/"] {
        let site = Site::at(path);
        site.server.answer_metadata_with(Answer::status(404));
        site.server.answer_oauth_metadata_with(Answer::metadata());
        assert_eq!(site.keys.prime(), Ok(()), "{path:?}");
        assert_eq!(site.hits(), (1, 1, 1));
        site.clock.advance(TTL);
        assert_eq!(site.keys.prime(), Ok(()));
        assert_eq!(site.hits(), (1, 1, 2));
    }
}

#[test]
fn any_refusal_leads_to_the_metadata_of_rfc_8414() {
    for code in [400, 401, 403, 404, 405, 410, 428, 430, 499] {
        let site = Site::new();
        site.server.answer_oauth_metadata_with(Answer::metadata());
        site.server.answer_metadata_with(Answer::status(code));
        assert_eq!(site.keys.prime(), Ok(()), "{code}");
        assert_eq!(site.hits(), (1, 1, 1));
    }
}

#[test]
fn other_statuses_do_not_lead_to_the_metadata_of_rfc_8414() {
    for code in [204, 429, 500, 503] {
        let site = Site::new();
        site.server.answer_oauth_metadata_with(Answer::metadata());
        site.server.answer_metadata_with(Answer::status(code));
        assert_eq!(site.failure(), status(code));
        assert_eq!(site.hits(), (1, 0, 0));
    }
    let site = Site::new();
    site.server.answer_metadata_with(Answer::status(404));
    assert_eq!(site.failure(), status(404));
    assert_eq!(site.hits(), (1, 1, 0));
}

#[test]
fn refusal_is_reported_if_the_second_address_has_nothing() {
    for (first, second, reported) in [(403, 404, 403), (404, 403, 403), (404, 503, 503)] {
        let site = Site::new();
        site.server.answer_metadata_with(Answer::status(first));
        site.server.answer_oauth_metadata_with(Answer::status(second));
        assert_eq!(site.failure(), status(reported), "{first} {second}");
        assert_eq!(site.hits(), (1, 1, 0));
    }
}

#[test]
fn key_set_may_be_on_another_host() {
    let (site, elsewhere) = (Site::new(), IssuerServer::start());
    site.serve_with("jwks_uri", Some(elsewhere.jwks_url().into()));
    assert_eq!(site.keys.prime(), Ok(()));
    assert_eq!((site.hits(), elsewhere.key_set_hits()), ((1, 0, 0), 1));
    // A failure then names that host.
    elsewhere.answer_with(Answer::status(500));
    site.keys.refresh_now().unwrap_err();
    let failure = site.keys.health().last_error().cloned().unwrap();
    let host = elsewhere.url();
    let host = host.trim_start_matches("http://").trim_end_matches('/');
    assert_eq!((failure.host(), failure.purpose()), (host, FetchPurpose::KeySet));
    assert_eq!(
        failure.to_string(),
        format!(
            "cannot fetch the key set from {host}: the host answered with status 500 instead of 200"
        )
    );
}

// The checks of the metadata.

#[test]
fn metadata_of_another_issuer_is_refused() {
    let url = Site::new().server.url();
    let port_less = url.trim_end_matches('/').to_owned();
    for issuer in ["https://evil.example/", "", &url.to_uppercase(), &port_less, &format!("{url} ")]
    {
        let site = Site::new();
        site.serve_with("issuer", Some(issuer.into()));
        assert_eq!(site.failure(), mismatch(&site.server.url(), issuer));
    }
    // No other fault of another issuer's metadata is reported.
    let site = Site::new();
    let metadata = r#"{"issuer": "https://evil.example/", "jwks_uri": 1}"#;
    site.server.answer_metadata_with(Answer::body(metadata));
    let error = site.failure();
    assert_eq!(error, mismatch(&site.server.url(), "https://evil.example/"));
    let text = format!(
        "the metadata's `issuer` is \"https://evil.example/\", and the issuer configured here is {:?}",
        site.server.url(),
    );
    assert_eq!(error.to_string(), text);
    // The peer's text is cut, and escaped where it is shown.
    let site = Site::new();
    site.serve_with("issuer", Some(format!("\u{1b}[31m{}", "a".repeat(500)).into()));
    let error = site.failure();
    let found = format!("\u{1b}[31m{}", "a".repeat(195));
    assert_eq!(error, mismatch(&site.server.url(), &found));
    let shown = format!(r#"`issuer` is "\u{{1b}}[31m{}... (200 bytes)", and"#, "a".repeat(115));
    assert!(error.to_string().contains(&shown), "{error}");
}

fn mismatch(expected: &str, found: &str) -> FetchError {
    FetchError::IssuerMismatch { expected: expected.into(), found: found.into() }
}

#[test]
fn slash_at_the_end_makes_a_different_issuer() {
    // Both spellings lead to the same document.
    for (path, of_source) in
        [("/tenant", "/tenant/"), ("/tenant/", "/tenant"), ("/", ""), ("", "/")]
    {
        let server = IssuerServer::start_at(path);
        let origin = server.url().strip_suffix(path).unwrap().to_owned();
        let of_source = format!("{origin}{of_source}");
        let site = Site::of(server, of_source.clone());
        assert_eq!(site.failure(), mismatch(&of_source, &format!("{origin}{path}")));
        assert_eq!(site.hits(), (1, 0, 0));
    }
}

#[test]
fn metadata_that_cannot_be_used_says_what_is_wrong_with_it() {
    use serde_json::json;

    let url = |error| metadata_error(MetadataError::JwksUri(error));
    let mistyped = |member| metadata_error(MetadataError::MemberType { member });
    let missing = |member| metadata_error(MetadataError::MemberMissing { member });
    for (member, value, error) in [
        ("issuer", None, missing("issuer")),
        ("issuer", Some(json!(null)), mistyped("issuer")),
        ("issuer", Some(json!(["x"])), mistyped("issuer")),
        ("jwks_uri", None, missing("jwks_uri")),
        ("jwks_uri", Some(json!(null)), mistyped("jwks_uri")),
        ("jwks_uri", Some(json!(7)), mistyped("jwks_uri")),
        ("jwks_uri", Some(json!({"url": "https://a.example/"})), mistyped("jwks_uri")),
        ("jwks_uri", Some(json!("")), url(FetchConfigError::Url)),
        ("jwks_uri", Some(json!("/jwks.json")), url(FetchConfigError::Url)),
        ("jwks_uri", Some(json!("https://me@a.example/")), url(FetchConfigError::Url)),
        ("jwks_uri", Some(json!("https://a.example/#x")), url(FetchConfigError::Url)),
        ("jwks_uri", Some(json!("http://a.example/")), url(FetchConfigError::NotHttps)),
        ("jwks_uri", Some(json!("file:///etc/passwd")), url(FetchConfigError::Url)),
        ("jwks_uri", Some(json!("ftp://127.0.0.1/")), url(FetchConfigError::NotHttps)),
    ] {
        let site = Site::new();
        site.serve_with(member, value.clone());
        assert_eq!(site.failure(), error, "{member} {value:?}");
    }
}

/// A proxy that is set must not carry plain http: there is none at this address.
#[test]
fn plain_http_to_a_named_host_reaches_metadata_and_keys_without_a_proxy() {
    let server = IssuerServer::start();
    let keys = RemoteJwks::discovery_builder(server.url()).proxy("http://127.0.0.1:1");
    assert_eq!(keys.danger_allow_http("127.0.0.1").build().unwrap().prime(), Ok(()));
    assert_eq!((server.metadata_hits(), server.key_set_hits()), (1, 1));

    // The issuer's host is allowed, the one in its metadata is not.
    let mut metadata = server.metadata();
    metadata["jwks_uri"] = "http://localhost/jwks.json".into();
    server.answer_metadata_with(Answer::body(metadata.to_string()));
    let keys = RemoteJwks::discovery_builder(server.url()).danger_allow_http("127.0.0.1");
    let refused = metadata_error(MetadataError::JwksUri(FetchConfigError::NotHttps));
    assert_eq!(bare(keys.build().unwrap().prime()), Err(refused));
    let keys = RemoteJwks::discovery_builder(server.url()).danger_allow_http("localhost");
    assert_eq!(keys.build().map(drop), Err(FetchConfigError::NotHttps));
}

#[test]
fn plain_jwks_uri_is_refused_unless_plain_http_was_allowed() {
    let requests = Requests::default();
    let uri = "http://127.0.0.1:1/jwks.json";
    let keys = requests.source(move |request| match request.purpose() {
        FetchPurpose::Metadata => Ok(metadata(ISSUER, uri)),
        _ => Ok(jwks(&["a"]).into_bytes()),
    });
    let refused = metadata_error(MetadataError::JwksUri(FetchConfigError::NotHttps));
    assert_eq!(bare(keys.prime()), Err(refused));
    assert_eq!(requests.urls(), ["https://issuer.example/tenant/.well-known/openid-configuration"]);
}

#[test]
fn metadata_is_one_strict_json_object_and_nothing_else() {
    let json = |error| metadata_error(MetadataError::Json(error));
    let site = Site::new();
    let good = site.server.metadata().to_string();
    let twice = good.replacen('{', "{\"issuer\":\"https://evil.example/\",", 1);
    let twice_escaped = good.replacen('{', "{\"jwks_ur\\u0069\":\"https://evil.example/\",", 1);
    for (body, error) in [
        (String::new(), JsonError::Syntax),
        ("<!DOCTYPE html><title>Sign in</title>".into(), JsonError::Syntax),
        (format!("[{good}]"), JsonError::NotObject),
        (format!("{good}x"), JsonError::Syntax),
        (good.replace('}', ""), JsonError::Syntax),
        (twice, JsonError::DuplicateMember),
        (twice_escaped, JsonError::DuplicateMember),
        (good.replacen('{', &format!("{{\"a\":{}", "[".repeat(60_000)), 1), JsonError::TooDeep),
    ] {
        let start: String = body.chars().take(60).collect();
        let site = Site::new();
        site.server.answer_metadata_with(Answer::body(body));
        assert_eq!(site.failure(), json(error), "{start}");
    }
}

#[test]
fn metadata_over_the_network_is_held_to_the_rules_of_key_sets() {
    let limit = 64 * 1024;
    let cases = [
        (Answer::redirect("/elsewhere"), { FetchError::Redirect { status: 302, host: None } }),
        (Answer::oversized(64 * 1024 + 1), FetchError::BodyTooLong { limit }),
        (Answer::oversized(1 << 40), FetchError::BodyTooLong { limit }),
        (Answer::metadata().cut_after(10), FetchError::Truncated),
        (Answer::metadata().header("Content-Encoding", "gzip"), FetchError::ContentEncoding),
        (Answer::raw("SSH-2.0-OpenSSH_9.9\r\n\r\n"), FetchError::Protocol),
        (Answer::status(204), status(204)),
    ];
    for (answer, error) in cases {
        let site = Site::new();
        site.server.answer_metadata_with(answer);
        assert_eq!(site.failure(), error);
        assert_eq!(site.hits(), (1, 0, 0));
    }
}

#[test]
fn metadata_of_64_kilobytes_is_read() {
    let site = Site::new();
    let mut metadata = site.server.metadata().to_string();
    let padding = " ".repeat(64 * 1024 - metadata.len());
    metadata.push_str(&padding);
    site.server.answer_metadata_with(Answer::body(metadata.clone()));
    assert_eq!(site.keys.prime(), Ok(()));
    let site = Site::new();
    site.server.answer_metadata_with(Answer::body(metadata + " "));
    assert_eq!(site.failure(), FetchError::BodyTooLong { limit: 64 * 1024 });
}

// One deadline and one slot.

#[test]
fn both_requests_have_one_deadline() {
    // One request that is too slow, or two that are too slow together.
    let (most, slow_body) = (3 * TIMEOUT / 4, Answer::key_set().drip_body(1, millis(20)));
    let cases = [
        (Answer::metadata().drip(1, millis(20)), Answer::key_set(), FetchError::Timeout),
        (Answer::silence(), Answer::key_set(), FetchError::Timeout),
        (Answer::metadata().delay(most), Answer::key_set().delay(most), FetchError::Timeout),
        (Answer::metadata().delay(TIMEOUT / 2), slow_body, FetchError::BodyTimeout),
    ];
    // At once, since they mostly wait.
    thread::scope(|scope| {
        for (metadata, key_set, error) in cases {
            scope.spawn(move || {
                let site = Site::new();
                site.server.answer_metadata_with(metadata);
                site.server.answer_with(key_set);
                let start = Instant::now();
                assert_eq!(bare(site.keys.prime()), Err(error));
                let elapsed = start.elapsed();
                assert!(elapsed < TIMEOUT + millis(200), "{elapsed:?}");
            });
        }
    });
}

#[test]
fn herd_of_lookups_is_one_request_each() {
    let site = Site::new();
    site.server.answer_metadata_with(Answer::metadata().delay(millis(100)));
    let kid = site.server.issuer().keys()[0].kid().to_owned();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(key(&site.keys, &kid), Ok(kid.clone())));
        }
    });
    assert_eq!(site.hits(), (1, 0, 1));
}

#[test]
fn failures_are_retried_only_after_the_back_off() {
    let site = Site::new();
    site.server.answer_metadata_with(Answer::status(503).retry_after(7));
    let busy = FetchError::Status { status: 503, retry_after: Some(secs(7)) };
    assert_eq!(site.failure(), busy.clone());
    assert_eq!(site.keys.health().next_attempt_in(), secs(7));
    site.clock.advance(secs(7) - NANO);
    assert_eq!((bare(site.keys.prime()), site.hits()), (Err(busy), (1, 0, 0)));
    site.server.answer_metadata_with(Answer::metadata());
    site.clock.advance(NANO);
    assert_eq!((site.keys.prime(), site.hits()), (Ok(()), (2, 0, 1)));
}

// The URL of the key set is kept, and read again after failures.

#[test]
fn refresh_goes_on_while_the_metadata_is_down() {
    let site = Site::new();
    site.keys.prime().unwrap();
    for answer in [Answer::status(503), Answer::body("nonsense")] {
        site.server.answer_metadata_with(answer);
        site.clock.advance(TTL);
        site.keys.prime().unwrap();
    }
    assert_eq!((site.hits(), site.keys.health().generation()), ((1, 0, 3), 3));
}

#[test]
fn jwks_uri_that_moved_is_followed_though_the_old_one_answers() {
    let refresh_now = |site: &Site| site.keys.refresh_now().unwrap();
    let unknown_kid = |site: &Site| assert_eq!(key(&site.keys, "new"), UNKNOWN);
    // The last refresh before the metadata is as old as `stale_cap`.
    let time_alone = |site: &Site| {
        for _ in 0..STALE_CAP.as_secs() / TTL.as_secs() - 1 {
            site.clock.advance(TTL);
            site.keys.prime().unwrap();
        }
    };
    let causes: [fn(&Site); 3] = [refresh_now, unknown_kid, time_alone];
    for (cause, requests) in causes.into_iter().zip([1, 1, 5]) {
        let (site, elsewhere) = (Site::new(), IssuerServer::start());
        site.keys.prime().unwrap();
        site.serve_with("jwks_uri", Some(elsewhere.jwks_url().into()));
        cause(&site);
        assert_eq!((site.hits(), elsewhere.key_set_hits()), ((2, 0, requests), 1));
    }
}

#[test]
fn metadata_is_read_at_least_once_in_each_stale_cap_and_not_with_each_set() {
    let site = Site::new();
    for _ in 0..=144 {
        site.keys.prime().unwrap();
        site.clock.advance(TTL);
    }
    // A day is 144 times `ttl`, and one read lasts for five.
    assert_eq!(site.hits(), (1 + 144 / 5, 0, 145));
}

#[test]
fn metadata_is_read_with_each_set_if_no_set_may_outlast_its_ttl() {
    let requests = Requests::default();
    let clock = FakeClock::new();
    let keys = requests.source_with(
        |builder| builder.clock(clock.clone()).ttl(TTL).stale_cap(TTL),
        |request| match request.purpose() {
            FetchPurpose::Metadata => Ok(metadata(ISSUER, "https://keys.example/set")),
            _ => Ok(jwks(&["a"]).into_bytes()),
        },
    );
    keys.prime().unwrap();
    clock.advance(REFRESH_DUE);
    assert_eq!(key(&keys, "a"), found("a"));
    until(|| keys.health().generation() == 2);
    assert_eq!(requests.all().len(), 4);
}

#[test]
fn absent_metadata_of_any_kind_leaves_the_known_jwks_uri_in_use() {
    let answers = [
        Answer::status(403),
        Answer::status(404),
        Answer::status(429),
        Answer::status(503),
        Answer::status(204),
        Answer::redirect("/elsewhere"),
        Answer::raw("SSH-2.0-OpenSSH_9.9\r\n\r\n"),
        Answer::raw(""),
        Answer::metadata().header("Content-Encoding", "gzip"),
        Answer::oversized(64 * 1024 + 1),
        Answer::metadata().cut_after(10),
        Answer::body("<!DOCTYPE html><title>Sign in</title>"),
        Answer::body(""),
        Answer::silence(),
        Answer::metadata().drip(1, millis(20)),
    ];
    for answer in answers {
        let site = Site::new();
        site.keys.prime().unwrap();
        site.server.answer_metadata_with(answer.clone());
        let start = Instant::now();
        assert_eq!(site.keys.refresh_now(), Ok(()), "{answer:?}");
        assert!(start.elapsed() < TIMEOUT + millis(200), "{answer:?} took {:?}", start.elapsed());
        let (metadata, _, key_sets) = site.hits();
        assert!(metadata >= 2, "{answer:?} was not requested");
        assert_eq!((key_sets, site.keys.health().generation()), (2, 2), "{answer:?}");
    }
}

#[test]
fn keys_outlive_stale_cap_while_the_metadata_is_absent() {
    let site = Site::new();
    site.keys.prime().unwrap();
    site.server.answer_metadata_with(Answer::redirect("/elsewhere"));
    for _ in 0..3 * STALE_CAP.as_secs() / TTL.as_secs() {
        site.clock.advance(TTL);
        assert_eq!(site.keys.prime(), Ok(()));
    }
    // From the fifth refresh on, each one requests the metadata.
    assert_eq!(site.hits(), (1 + 14, 0, 1 + 18));
}

#[test]
fn metadata_that_was_read_and_refused_is_never_passed_over() {
    let missing = |member| metadata_error(MetadataError::MemberMissing { member });
    let url = metadata_error(MetadataError::JwksUri(FetchConfigError::NotHttps));
    for (member, value, error) in [
        ("issuer", Some("https://evil.example/"), None),
        ("issuer", None, Some(missing("issuer"))),
        ("jwks_uri", None, Some(missing("jwks_uri"))),
        ("jwks_uri", Some("http://a.example/"), Some(url)),
    ] {
        let site = Site::new();
        let of_other = || mismatch(&site.server.url(), "https://evil.example/");
        let error = error.unwrap_or_else(of_other);
        site.keys.prime().unwrap();
        site.serve_with(member, value.map(Into::into));
        assert_eq!(bare(site.keys.refresh_now()), Err(error), "{member} {value:?}");
        assert_eq!(site.hits(), (2, 0, 1));
    }
}

#[test]
fn requests_for_metadata_leave_half_of_the_timeout_for_a_known_jwks_uri() {
    let requests = Requests::default();
    let first = AtomicBool::new(true);
    let keys = requests.source(move |request| match request.purpose() {
        FetchPurpose::Metadata if first.swap(false, Ordering::SeqCst) => {
            Ok(metadata(ISSUER, "https://keys.example/set"))
        }
        FetchPurpose::Metadata => Err(status(404)),
        _ => Ok(jwks(&["a"]).into_bytes()),
    });
    keys.prime().unwrap();
    keys.refresh_now().unwrap();
    let [_, _, openid, oauth, key_set] = &requests.all()[..] else { panic!() };
    let half = millis(2500);
    assert_eq!(openid.timeout(), half);
    assert!(oauth.timeout() <= half, "both requests share it: {:?}", oauth.timeout());
    assert!(key_set.timeout() > half, "{:?}", key_set.timeout());
}

#[test]
fn metadata_is_read_again_after_the_key_set_failed_and_may_be_missing() {
    let site = Site::new();
    site.keys.prime().unwrap();
    site.clock.advance(TTL);
    site.server.answer_with(Answer::status(500));
    assert_eq!(bare(site.keys.prime()), Err(status(500)));
    assert_eq!(site.hits(), (1, 0, 2));
    // The key set is still down: each document is requested once.
    site.clock.advance(site.keys.health().next_attempt_in());
    assert_eq!(bare(site.keys.prime()), Err(status(500)));
    assert_eq!(site.hits(), (2, 0, 3));
    // Now the metadata is down, and the key set is at its old URL.
    site.server.answer_metadata_with(Answer::status(503));
    site.server.answer_with(Answer::key_set());
    site.clock.advance(site.keys.health().next_attempt_in());
    assert_eq!(site.keys.prime(), Ok(()));
    assert_eq!(site.hits(), (3, 0, 4));
    site.clock.advance(TTL);
    assert_eq!(site.keys.prime(), Ok(()));
    assert_eq!(site.hits(), (3, 0, 5));
}

#[test]
fn wrong_metadata_is_not_ignored_when_it_is_read_again() {
    let site = Site::new();
    site.keys.prime().unwrap();
    site.server.answer_with(Answer::status(500));
    site.clock.advance(TTL);
    site.keys.prime().unwrap_err();
    site.server.answer_with(Answer::key_set());
    site.clock.advance(site.keys.health().next_attempt_in());
    site.serve_with("issuer", Some("https://evil.example/".into()));
    let mismatch = mismatch(&site.server.url(), "https://evil.example/");
    assert_eq!(bare(site.keys.prime()), Err(mismatch));
    assert_eq!(site.hits(), (2, 0, 2));
    // The set in use stays in use. I6.
    assert_eq!(site.keys.health().state(), KeysState::Expired);
}

#[test]
fn key_set_that_moved_is_found_after_the_old_url_fails() {
    let site = Site::new();
    site.keys.prime().unwrap();
    site.server.move_key_set("/elsewhere/keys");
    site.server.rotate();
    let before = site.keys.keys().unwrap().len();
    site.clock.advance(TTL);
    assert_eq!(bare(site.keys.prime()), Err(status(404)));
    site.clock.advance(site.keys.health().next_attempt_in());
    assert_eq!(site.keys.prime(), Ok(()));
    assert_eq!((before, site.keys.keys().unwrap().len()), (1, 2));
    assert_eq!(site.hits().0, 2);
}

#[test]
fn first_fetch_for_a_dead_set_reads_the_metadata_and_does_not_use_the_old_url() {
    let site = Site::new();
    site.keys.prime().unwrap();
    site.clock.advance(STALE_CAP);
    assert_eq!(site.keys.prime(), Ok(()));
    assert_eq!(site.hits(), (2, 0, 2));

    site.clock.advance(STALE_CAP);
    site.server.answer_metadata_with(Answer::status(503));
    assert_eq!(bare(site.keys.prime()), Err(status(503)));
    assert_eq!(site.hits(), (3, 0, 2), "the old URL is not requested");
}

// I10: nothing in a token influences a URL.

#[test]
fn nothing_in_a_token_influences_discovery() {
    let site = Site::new();
    let evil = "https://evil.example/";
    let policy = Policy::new(site.server.url(), AUDIENCE);
    let verifier = Verifier::new(policy, site.keys.clone()).unwrap();
    let token = site.server.token().issuer(evil).header("jku", evil).header("x5u", evil);
    assert_eq!(verifier.verify(&token.mint()).unwrap_err(), VerifyError::WrongIssuer);
    assert_eq!(site.hits(), (1, 0, 1));
}

// A `Fetch` of the caller's own.

/// The requests that the caller's own `Fetch` received.
#[derive(Clone, Default)]
struct Requests(Arc<Mutex<Vec<FetchRequest>>>);

impl Requests {
    fn source(
        &self,
        answer: impl Fn(&FetchRequest) -> Result<Vec<u8>, FetchError> + Send + Sync + 'static,
    ) -> RemoteJwks {
        self.source_with(|builder| builder, answer)
    }

    fn source_with(
        &self,
        settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
        answer: impl Fn(&FetchRequest) -> Result<Vec<u8>, FetchError> + Send + Sync + 'static,
    ) -> RemoteJwks {
        let log = Arc::clone(&self.0);
        let fetch = move |request: &FetchRequest| {
            log.lock().unwrap().push(request.clone());
            answer(request)
        };
        let builder = RemoteJwks::discovery_builder(ISSUER).fetch(fetch).timeout(secs(5));
        settings(builder).build().unwrap()
    }

    fn all(&self) -> Vec<FetchRequest> {
        self.0.lock().unwrap().clone()
    }

    fn urls(&self) -> Vec<String> {
        self.all().iter().map(|request| request.url().to_owned()).collect()
    }
}

fn metadata(issuer: &str, jwks_uri: &str) -> Vec<u8> {
    serde_json::json!({ "issuer": issuer, "jwks_uri": jwks_uri }).to_string().into_bytes()
}

#[test]
fn callers_own_fetch_gets_both_requests_with_their_limits() {
    let requests = Requests::default();
    let keys = requests.source(|request| match request.purpose() {
        FetchPurpose::Metadata => {
            thread::sleep(millis(30));
            Ok(metadata(ISSUER, "https://keys.example/set"))
        }
        _ => Ok(jwks(&["a"]).into_bytes()),
    });
    assert_eq!(keys.prime(), Ok(()));
    let [first, second] = &requests.all()[..] else { panic!() };
    assert_eq!(first.url(), "https://issuer.example/tenant/.well-known/openid-configuration");
    assert_eq!((first.purpose(), first.max_body()), (FetchPurpose::Metadata, 64 * 1024));
    assert_eq!((first.timeout(), first.accept()), (secs(5), "application/json"));
    assert_eq!(second.url(), "https://keys.example/set");
    assert_eq!((second.purpose(), second.max_body()), (FetchPurpose::KeySet, 512 * 1024));
    // The time that the first request has left.
    assert!(second.timeout() <= secs(5) - millis(30), "{:?}", second.timeout());
    keys.refresh_now().unwrap();
    assert!(requests.all()[2].no_cache());
}

#[test]
fn body_that_the_callers_own_fetch_did_not_limit_is_too_long() {
    let requests = Requests::default();
    let keys = requests.source(|_| {
        let mut body = metadata(ISSUER, "https://keys.example/set");
        body.resize(64 * 1024 + 1, b' ');
        Ok(body)
    });
    assert_eq!(bare(keys.prime()), Err(FetchError::BodyTooLong { limit: 64 * 1024 }));
}

#[test]
fn well_known_paths_follow_the_two_documents() {
    for (issuer, openid, oauth) in [
        (
            "https://a.example",
            "https://a.example/.well-known/openid-configuration",
            "https://a.example/.well-known/oauth-authorization-server",
        ),
        (
            "https://a.example/",
            "https://a.example/.well-known/openid-configuration",
            "https://a.example/.well-known/oauth-authorization-server",
        ),
        (
            "https://a.example:8443/realms/one/",
            "https://a.example:8443/realms/one/.well-known/openid-configuration",
            "https://a.example:8443/.well-known/oauth-authorization-server/realms/one",
        ),
    ] {
        let log = Requests::default();
        let inner = Arc::clone(&log.0);
        let fetch = move |request: &FetchRequest| -> Result<Vec<u8>, FetchError> {
            inner.lock().unwrap().push(request.clone());
            Err(status(404))
        };
        let keys = RemoteJwks::discovery_builder(issuer).fetch(fetch).build().unwrap();
        assert_eq!(bare(keys.prime()), Err(status(404)));
        assert_eq!(log.urls(), [openid, oauth]);
        let failure = keys.health().last_error().cloned().unwrap();
        assert!(failure.host().starts_with("a.example"));
    }
}

// The settings.

#[test]
fn issuer_is_checked_when_the_source_is_built() {
    let outcome = |issuer: &str| RemoteJwks::discover(issuer).map(drop);
    assert_eq!(outcome("https://issuer.example"), Ok(()));
    assert_eq!(outcome("https://issuer.example/tenant/"), Ok(()));
    for (issuer, error) in [
        ("", FetchConfigError::Url),
        ("issuer.example", FetchConfigError::UrlWithoutScheme),
        ("localhost:8080/realms/shop", FetchConfigError::UrlWithoutScheme),
        ("https://issuer.example/\n", SPACE),
        ("'https://issuer.example/'", QUOTES),
        ("https://${HOST}/", PLACEHOLDER),
        ("https://login.example/{tenant}/v2.0", PLACEHOLDER),
        ("https://<domain>.example/", PLACEHOLDER),
        (
            "https://issuer.example/.well-known/openid-configuration",
            FetchConfigError::IssuerWellKnown,
        ),
        (
            "https://issuer.example/.well-known/oauth-authorization-server/tenant",
            FetchConfigError::IssuerWellKnown,
        ),
        ("https://issuer.example/.well-known/jwks.json", FetchConfigError::IssuerWellKnown),
        ("https://me@issuer.example", FetchConfigError::Url),
        ("https://issuer.example/#a", FetchConfigError::Url),
        ("https://issuer.example/?a=b", FetchConfigError::IssuerQuery),
        ("https://issuer.example?", FetchConfigError::IssuerQuery),
        ("http://issuer.example", FetchConfigError::NotHttps),
        ("http://127.0.0.1:1/", FetchConfigError::NotHttps),
    ] {
        assert_eq!(outcome(issuer), Err(error), "{issuer:?}");
    }
    let builder = RemoteJwks::discovery_builder("http://issuer.example");
    let far = builder.danger_allow_http_loopback().build().map(drop);
    assert_eq!(far, Err(FetchConfigError::NotHttps));
}

const SPACE: FetchConfigError = FetchConfigError::SpoiledUrl { fault: SettingFault::WhiteSpace };
const QUOTES: FetchConfigError = FetchConfigError::SpoiledUrl { fault: SettingFault::Quotes };
const PLACEHOLDER: FetchConfigError =
    FetchConfigError::SpoiledUrl { fault: SettingFault::Placeholder };
