//! The server on its own: its two ports, its settings, and its start.

use std::net::SocketAddr;

use serde_json::json;
use tokenring::testkit::{Answer, IssuerServer};
use tokenring_oracle::{
    http::{bearer, get, request},
    issued::MINUTE,
    program::{Started, refusal_to_start},
};

use crate::{settings::program, stack::Service};

#[test]
fn every_path_and_method_is_the_same_question() {
    let service = Service::start(None);
    let good = bearer(&service.issued.issuer.token().mint());
    let paths = ["/", "/health", "/ready", "/metrics", "/a/b?c=d", "//", "/%2e%2e/", "*"];
    for path in paths {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
            let ask = |headers: &[_]| request(service.decisions, method, path, headers, "").status;
            assert_eq!(ask(&[]), 401, "{method} {path}");
            assert_eq!(ask(&[("Authorization", &good)]), 200, "{method} {path}");
        }
    }
}

#[test]
fn identity_is_always_set_even_to_nothing() {
    let service = Service::start(None);
    let identity = |token: String| {
        let response = get(service.decisions, "/", &[("Authorization", &bearer(&token))]);
        assert_eq!((response.status, response.body()), (200, ""));
        ["X-Auth-Subject", "X-Auth-Scopes", "X-Auth-Client"]
            .map(|name| response.header(name).map(str::to_owned))
    };
    let token = || service.issued.issuer.token();
    let set = |values: [&str; 3]| values.map(|value| Some(value.to_owned()));
    let whole = token().subject("auth0|a").scope("b c").claim("azp", "d").mint();
    assert_eq!(identity(whole), set(["auth0|a", "b c", "d"]));
    let bare = token().without_claim("sub").without_claim("scope").without_claim("azp").mint();
    assert_eq!(identity(bare), set(["", "", ""]));
    let array = token().claim("scope", json!(["b", "c"])).claim("azp", "").mint();
    let subject = "auth0|64b7f1c2a9d3e8f0b5c6a7d8";
    assert_eq!(identity(array), set([subject, "b c", ""]));
    // A mistyped `scope` grants nothing.
    let mistyped = token().subject("a\r\nb").claim("scope", json!([1])).claim("azp", "").mint();
    assert_eq!(identity(mistyped), set(["a%0D%0Ab", "", ""]));
}

#[test]
fn service_is_ready_as_long_as_it_has_keys_whatever_the_issuer_does() {
    let service = Service::start(None);
    let ready = || {
        let response = get(service.probes, "/ready", &[]);
        (response.status, response.body().to_owned())
    };
    service.issued.issuer.down();
    assert_eq!(ready(), (503, "keys: empty\n".into()));
    service.issued.issuer.up();
    service.issued.clock.advance(MINUTE);
    // A service that is not ready gets no requests, so the probe itself fetches the keys.
    assert_eq!(ready(), (200, "keys: fresh\n".into()));
    service.issued.issuer.down();
    service.issued.clock.advance(15 * MINUTE);
    assert_eq!(ready(), (200, "keys: expired\n".into()));
    service.issued.clock.advance(60 * MINUTE);
    assert_eq!(ready(), (503, "keys: dead\n".into()));
    // The program stays alive: a restart would not help.
    assert_eq!(get(service.probes, "/health", &[]).status, 200);
}

#[test]
fn metrics_count_answers_by_reason_and_show_the_keys() {
    let service = Service::start(None);
    let ask = |token: String| get(service.decisions, "/", &[("Authorization", &bearer(&token))]);
    for _ in 0..2 {
        assert_eq!(ask(service.issued.issuer.token().mint()).status, 200);
    }
    assert_eq!(ask(service.issued.issuer.token().audience("other").mint()).status, 401);
    assert_eq!(get(service.decisions, "/", &[]).status, 401);
    service.issued.issuer.answer_with(Answer::status(500));
    service.issued.clock.advance(60 * MINUTE);
    assert_eq!(ask(service.issued.issuer.token().mint()).status, 503);

    let response = get(service.probes, "/metrics", &[]);
    assert_eq!(response.header("Content-Type"), Some("text/plain; version=0.0.4"));
    let samples: Vec<&str> =
        response.body().lines().filter(|line| !line.starts_with('#')).collect();
    let expected = [
        "forward_auth_answers_total{status=\"200\",reason=\"accepted\"} 2",
        "forward_auth_answers_total{status=\"401\",reason=\"header_missing\"} 1",
        "forward_auth_answers_total{status=\"401\",reason=\"wrong_audience\"} 1",
        "forward_auth_answers_total{status=\"503\",reason=\"keys_unavailable\"} 1",
        "tokenring_ready 0",
        "tokenring_keys 1",
        "tokenring_keys_skipped 0",
        "tokenring_waiters 0",
        "tokenring_consecutive_failures 1",
        "tokenring_keys_age_seconds 3600",
        "tokenring_fetches_total{outcome=\"ok\"} 1",
        "tokenring_fetches_total{outcome=\"status\"} 1",
        "tokenring_stale_served_total 0",
        "tokenring_unknown_kids_total 0",
        "tokenring_suppressed_total 0",
        "tokenring_busy_total 0",
    ];
    assert_eq!(samples, expected);
    // Each sample's name is declared once, above it.
    for sample in samples {
        let name = sample.split(['{', ' ']).next().unwrap();
        assert_eq!(response.body().matches(&format!("# TYPE {name} ")).count(), 1, "{name}");
    }
    // The operator's routes are not on the proxy's port.
    assert_eq!(get(service.decisions, "/metrics", &[]).status, 401);
    assert_eq!(get(service.probes, "/", &[]).status, 404);
}

#[test]
fn program_has_keys_before_it_listens() {
    let issuer = IssuerServer::start();
    let mut program = Started::new(program(&issuer).env("SCOPE", "read"));
    let mut lines = program.lines();
    let mut address = |what: &str| -> SocketAddr {
        let line = lines.next().unwrap();
        line.strip_prefix(what)
            .and_then(|rest| rest.parse().ok())
            .unwrap_or_else(|| panic!("{line}"))
    };
    let decisions = address("decisions at http://");
    let probes = address("health, ready and metrics at http://");
    let fetched = issuer.hits();
    issuer.down();
    let ask = |scope: &str| {
        let token = bearer(&issuer.token().scope(scope).mint());
        get(decisions, "/", &[("Authorization", &token)]).status
    };
    assert_eq!((ask("read"), ask("write")), (200, 403));
    assert_eq!(get(probes, "/ready", &[]).status, 200);
    assert_eq!(issuer.hits(), fetched);
}

#[test]
fn program_without_keys_ends_and_says_why() {
    let issuer = IssuerServer::start();
    issuer.answer_with(Answer::status(500));
    let stderr = refusal_to_start(&mut program(&issuer));
    let expected = format!("no keys of {}: ", issuer.url());
    assert!(stderr.starts_with(&expected), "{stderr}");
    // The hint follows.
    assert!(stderr.contains(" with status 500 instead of 200. The host is overloaded"), "{stderr}");
}

#[test]
fn unusable_settings_are_refused_by_name() {
    let issuer = IssuerServer::start();
    let vectors = [
        ("ISSUER", None, "ISSUER is not set, it must be "),
        ("AUDIENCE", None, "AUDIENCE is not set, it must be "),
        ("ISSUER", Some(""), "ISSUER is set but empty"),
        ("AUDIENCE", Some(""), "AUDIENCE is set but empty"),
        // An empty `SCOPE` must not mean that no scope is required.
        ("SCOPE", Some(""), "SCOPE is set but empty"),
        // Neither https nor loopback.
        ("ISSUER", Some("http://192.0.2.1/"), "ISSUER: "),
        ("ISSUER", Some("nonsense"), "ISSUER: "),
        ("LISTEN", Some("127.0.0.1"), "LISTEN must be an address and a port"),
        ("LISTEN_PROBES", Some("9001"), "LISTEN_PROBES must be an address and a port"),
    ];
    for (name, value, sentence) in vectors {
        let mut program = program(&issuer);
        match value {
            Some(value) => program.env(name, value),
            None => program.env_remove(name),
        };
        let stderr = refusal_to_start(&mut program);
        assert!(stderr.starts_with(sentence), "{name}={value:?}: {stderr}");
    }
    assert_eq!(issuer.connections(), 0);
}
