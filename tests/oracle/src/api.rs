//! The answers that every example over HTTP gives, to requests over the wire. RFC 6750 section 3.
//!
//! `/api/v1/` greets the subject of any good token, `/api/v1/messages` also needs the permission
//! `read:messages`, `/` is public, and `/ready` says whether there are keys.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokenring::{
    RemoteJwks, UnixTime, Verifier,
    testkit::{AUDIENCE, Answer, IssuerServer, TestKey},
};

use crate::{
    http::{self, Refusal, Response, bearer, receive, send},
    issued::{Issued, MINUTE},
    program::{Started, without_settings},
};

/// An example that is being served, and its issuer.
pub struct Api {
    pub issued: Issued,
    pub address: SocketAddr,
}

/// The routes that need a token.
const PROTECTED: [&str; 2] = ["/api/v1/", "/api/v1/messages"];

const CHALLENGE: Option<&str> = Some(r#"Bearer realm="api""#);

impl Api {
    /// Starts an issuer, and the example with `serve`, which returns the example's address.
    pub fn start(serve: impl FnOnce(Verifier<RemoteJwks>) -> SocketAddr) -> Self {
        let issued = Issued::start();
        let address = serve(issued.verifier());
        Self { issued, address }
    }

    /// The response to a request with these `Authorization` headers. Asserts that it contains none of
    /// their text.
    pub fn get(&self, path: &str, authorization: &[String]) -> Response {
        let headers = authorization.iter().map(|value| ("Authorization", value.as_str()));
        let response = http::get(self.address, path, &headers.collect::<Vec<_>>());
        let parts = authorization.iter().flat_map(|value| value.split([' ', '.']));
        for part in parts.filter(|part| part.len() > "Bearer".len()) {
            assert!(!response.text.contains(part), "{part} in {}", response.text);
        }
        response
    }

    /// Asserts that each protected route answers so.
    fn assert_refused(&self, authorization: &[String], expected: Refusal<'_>, wrong: &str) {
        for path in PROTECTED {
            let response = self.get(path, authorization);
            assert_eq!(response.refusal(), expected, "{wrong}: {path}");
        }
    }
}

pub fn assert_greets_good_tokens_by_their_subject(api: &Api) {
    let token = api.issued.issuer.token().subject("auth0|somebody").mint();
    let response = api.get("/api/v1/", &[bearer(&token)]);
    assert_eq!(response.status, 200);
    assert_eq!(response.json(), json!({ "message": "Hello, auth0|somebody" }));
    assert_eq!(response.header("WWW-Authenticate"), None);
}

pub fn assert_refuses_requests_without_one_bearer_token(api: &Api) {
    // RFC 6750 section 3.1: no error code.
    api.assert_refused(&[], (401, "Authorization token is missing", CHALLENGE), "none");
    let values = [
        "",                     // nothing
        "Bearer",               // no token
        "Basic dXNlcjpwYXNz",   // another scheme
        "eyJhbGciOi.e30.c2ln",  // no scheme
        "Bearer one two",       // two tokens
        "Bearer one,two",       // a character that no token has
        "Bearer=eyJhbGciOi",    // no space
        "BearerToken eyJhbGci", // a scheme that begins with the right one
        "Bearer t\u{f6}ken",    // not ASCII
    ];
    for value in values {
        api.assert_refused(&[value.into()], (401, "Invalid token format", CHALLENGE), value);
    }
    // Even if all of them are good.
    let good = bearer(&api.issued.issuer.token().mint());
    let challenge = Some(r#"Bearer error="invalid_request", realm="api""#);
    for values in [[good.clone(), good.clone()], [good, "Basic dXNlcjpwYXNz".into()]] {
        api.assert_refused(&values, (400, "Invalid token format", challenge), "several");
    }
    assert_eq!(api.issued.issuer.hits(), 0);
}

/// One answer to every bad token, whatever the cause.
pub fn assert_refuses_bad_tokens_alike(api: &Api) {
    let token = || api.issued.issuer.token();
    let hour = 3600;
    let now = UnixTime::now().as_secs();
    let tokens = [
        ("expired an hour ago", token().expires_at(UnixTime::from_secs(now - hour)).mint()),
        ("not valid for another hour", token().claim("nbf", now + hour).mint()),
        ("another audience", token().audience("https://other.example.com/").mint()),
        ("another issuer", token().issuer("https://other.example.com/").mint()),
        ("no expiration", token().without_claim("exp").mint()),
        ("signed with a key of somebody else", token().forged_by(&TestKey::attacker()).mint()),
        ("a key that nobody publishes", token().key(&TestKey::attacker()).mint()),
        ("unsigned", token().header("alg", "none").signature_segment("").mint()),
        ("HS256", token().header("alg", "HS256").mint()),
        ("two segments", "eyJhbGciOi.e30".into()),
        ("not base64url", token().signature_segment("~~~~").mint()),
    ];
    let challenge = Some(r#"Bearer error="invalid_token", realm="api""#);
    for (wrong, token) in tokens {
        api.assert_refused(&[bearer(&token)], (401, "Invalid token", challenge), wrong);
    }
}

/// Nothing of a refused request is in the response.
pub fn assert_repeats_nothing_of_a_refused_request(api: &Api) {
    let token = || api.issued.issuer.token();
    let marked = token()
        .header("typ", "MARKER")
        .header("kid", "MARKER")
        .issuer("MARKER")
        .subject("MARKER")
        .audience("MARKER");
    let values = [
        bearer(&marked.clone().mint()),
        bearer(&marked.key(&TestKey::attacker().with_kid("MARKER")).mint()),
        bearer(&token().without_claim("permissions").subject("MARKER").mint()),
        bearer("MARKER"),
        "MARKER MARKER".into(),
    ];
    for value in values {
        let response = api.get("/api/v1/messages", &[value]);
        assert!([401, 403].contains(&response.status));
        assert!(!response.text.contains("MARKER"), "{}", response.text);
    }
}

pub fn assert_requires_the_permission_where_a_handler_asks_for_it(api: &Api) {
    let token = || api.issued.issuer.token();
    let refused = [
        ("no permissions", token().without_claim("permissions").mint()),
        ("another one", token().permissions(["write:messages"]).mint()),
        ("a longer one", token().permissions(["read:messages2"]).mint()),
        // The scope `read:messages`, which every token here has, is no permission.
        ("an empty array", token().permissions(Vec::<Value>::new()).mint()),
    ];
    // A permission is nothing that a client can request as a scope.
    let challenge = Some(r#"Bearer error="insufficient_scope", realm="api""#);
    for (wrong, token) in refused {
        let response = api.get("/api/v1/messages", &[bearer(&token)]);
        assert_eq!(response.refusal(), (403, "Insufficient scope", challenge), "{wrong}");
        // The token is valid for the other route.
        assert_eq!(api.get("/api/v1/", &[bearer(&token)]).status, 200, "{wrong}");
    }
    let good = token().permissions(["read:messages"]).mint();
    let response = api.get("/api/v1/messages", &[bearer(&good)]);
    assert_eq!(response.status, 200);
    assert_eq!(response.json(), json!({ "messages": [], "permissions": ["read:messages"] }));
}

pub fn assert_serves_the_public_route_without_looking_at_tokens(api: &Api) {
    for values in [vec![], vec![bearer("nonsense")]] {
        assert_eq!(api.get("/", &values).status, 200);
        // The middleware does not answer for unknown paths.
        assert_eq!(api.get("/api/v1/unknown", &values).status, 404);
    }
    assert_eq!(api.issued.issuer.hits(), 0);
}

/// An issuer that is down is no fault of the token.
pub fn assert_is_unavailable_while_the_issuer_is_down(api: &Api) {
    api.issued.issuer.down();
    let good = [bearer(&api.issued.issuer.token().mint())];
    for path in PROTECTED {
        let response = api.get(path, &good);
        assert_eq!(response.refusal(), (503, "Service unavailable", None));
        assert_eq!(response.header("Retry-After"), Some("1"));
    }
    // The second request started no fetch: it came too soon.
    assert_eq!(api.issued.keys.health().consecutive_failures(), 1);

    api.issued.issuer.up();
    api.issued.clock.advance(MINUTE);
    for path in PROTECTED {
        assert_eq!(api.get(path, &good).status, 200);
    }
}

pub fn assert_is_ready_as_long_as_it_has_keys(api: &Api) {
    let Issued { issuer, clock, .. } = &api.issued;
    let good = [bearer(&issuer.token().mint())];
    let ready = || {
        let response = api.get("/ready", &[]);
        let body = response.json();
        // Nothing else: anyone may ask, and the text of an error is not for strangers.
        assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
        (response.status, body["keys"].as_str().unwrap().to_owned(), body["usable"].clone())
    };
    issuer.down();
    assert_eq!(ready(), (503, "empty".into(), json!(0)));
    issuer.up();
    clock.advance(MINUTE);
    // A service that is not ready gets no requests, so the probe itself fetches the keys.
    assert_eq!(ready(), (200, "fresh".into(), json!(1)));

    // After the `ttl` of ten minutes.
    issuer.down();
    clock.advance(15 * MINUTE);
    assert_eq!(ready(), (200, "expired".into(), json!(1)));
    assert_eq!(api.get("/api/v1/", &good).status, 200);

    // After the `stale_cap` of an hour.
    clock.advance(60 * MINUTE);
    assert_eq!(ready(), (503, "dead".into(), json!(1)));
    assert_eq!(api.get("/api/v1/", &good).status, 503);

    issuer.up();
    clock.advance(MINUTE);
    assert_eq!(ready(), (200, "fresh".into(), json!(1)));
    assert_eq!(api.get("/api/v1/", &good).status, 200);
}

/// This number of requests on a cold start, half of them to each protected route, cause one fetch and
/// block no thread.
pub fn assert_fetches_once_for_many_requests_on_a_cold_start(api: &Api, requests: usize) {
    let Issued { issuer, .. } = &api.issued;
    issuer.answer_with(Answer::key_set().delay(Duration::from_secs(3)));
    let token = bearer(&issuer.token().mint());
    let mut waiting = Vec::new();
    while waiting.len() < requests {
        // No more at once than the listener's queue holds: the kernel delays others by seconds.
        waiting.extend(PROTECTED.iter().cycle().take(100).map(|path| {
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: {token}\r\n\r\n",
                api.address
            );
            send(api.address, &request)
        }));
        api.issued.await_waiters(waiting.len());
    }

    // All of them still wait for seconds.
    api.issued.assert_answers_at_once(requests, || assert_eq!(api.get("/", &[]).status, 200));

    for stream in waiting {
        assert_eq!(receive(stream).status, 200);
    }
    assert_eq!((issuer.connections(), issuer.hits()), (1, 1));
}

/// Asserts that an example prints these `curl` commands, each under its comment, and that each gets this
/// status and has this string in the body of its response.
pub fn assert_printed_curl_lines_work(example: &mut Started, expected: &[(&str, u16, &str)]) {
    let mut lines = example.lines();
    for (comment, status, string) in expected {
        let printed = lines.by_ref().find(|line| line.starts_with('#')).unwrap();
        assert_eq!(printed, *comment);
        let line = lines.next().unwrap();
        let response = run_curl(&line);
        assert_eq!(response.status, *status, "{line}");
        assert!(response.body().contains(&format!("\"{string}\"")), "{line}: {}", response.text);
    }
}

/// The log of an example about an expired token, which its extractor refuses, and about a token without
/// the permission, which its middleware refuses.
pub fn log_of_two_refusals(mut example: Started) -> Vec<String> {
    let mut lines = example.lines();
    let mut curl = |comment: &str| {
        lines.by_ref().find(|line| line == comment).unwrap();
        run_curl(&lines.next().unwrap()).status
    };
    assert_eq!(curl("# an expired token"), 401);
    assert_eq!(curl("# a token without it"), 403);
    example.log()
}

/// Asserts that [`log_of_two_refusals`] has a line for each, with the cause and without the token.
pub fn assert_logs_causes_without_tokens(example: Started) {
    let log = log_of_two_refusals(example);
    let [expired, insufficient] = &log[..] else { panic!("{log:?}") };
    assert!(expired.starts_with("expired: the token expired at "), "{expired}");
    assert!(!expired.contains("eyJ"), "{expired}");
    assert!(insufficient.starts_with("insufficient_scope: "), "{insufficient}");
}

/// Sends the request of a `curl` command that an example prints.
pub fn run_curl(line: &str) -> Response {
    let rest = line.trim_end().strip_prefix("curl -i http://").unwrap();
    let (url, header) = rest.split_once(' ').unwrap_or((rest, ""));
    let (address, path) = url.split_once('/').unwrap();
    let header =
        header.strip_prefix("-H 'Authorization: ").and_then(|rest| rest.strip_suffix('\''));
    let headers: Vec<_> = header.map(|value| ("Authorization", value)).into_iter().collect();
    http::get(address.parse().unwrap(), &format!("/{path}"), &headers)
}

/// Asserts that an example accepts the tokens of the issuer that its environment names, whether its keys
/// are discovered or at a URL of another host.
pub fn assert_serves_the_issuer_of_its_environment(program: &str) {
    let issuer = IssuerServer::start();
    let public = "https://login.example.com/realms/shop";
    let (inner, jwks_url) = (issuer.url(), issuer.jwks_url());
    let vectors: [(&str, &[(&str, &str)]); 2] =
        [(&inner, &[("ISSUER", &inner)]), (public, &[("ISSUER", public), ("JWKS_URL", &jwks_url)])];
    for (name, variables) in vectors {
        let mut command = without_settings(program);
        command.env("AUDIENCE", AUDIENCE).envs(variables.iter().copied());
        let mut example = Started::new(&mut command);
        let line = example.lines().next().unwrap();
        let (url, _) = line.split_once("/api/v1/ accepts ").unwrap_or_else(|| panic!("{line}"));
        let address = url.strip_prefix("http://").unwrap().parse().unwrap();
        let status = |issuer: &IssuerServer, name: &str| {
            let token = bearer(&issuer.token().issuer(name).mint());
            http::get(address, "/api/v1/", &[("Authorization", &token)]).status
        };
        assert_eq!(status(&issuer, name), 200, "{variables:?}");
        assert_eq!(status(&issuer, "https://other.example.com/"), 401, "{variables:?}");
    }
}
