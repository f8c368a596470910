//! A Flask API behind each of the proxies, with the configurations shipped here: the requests that reach
//! it, and the responses that the client gets.

use serde_json::json;
use tokenring::{UnixTime, testkit::TestKey};
use tokenring_oracle::{
    http::{bearer, get, receive, request, send, values},
    issued::MINUTE,
};

use crate::stack::{Application, Service, Stack};

const IDENTITY: [&str; 3] = ["X-Auth-Subject", "X-Auth-Scopes", "X-Auth-Client"];
const NO_TOKEN: (u16, &str, Option<&str>) =
    (401, "Authorization token is missing", Some(r#"Bearer realm="api""#));

#[test]
fn good_token_reaches_flask_with_its_identity() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::flask());
    let token =
        service.issued.issuer.token().subject("auth0|somebody").scope("read:messages openid");
    let good = bearer(&token.claim("azp", "web").mint());
    for (proxy, address) in stack.proxies() {
        let response = get(address, "/api/v1/", &[("Authorization", &good)]);
        assert_eq!(response.status, 200, "{proxy}: {}", response.text);
        assert_eq!(response.json(), json!({ "message": "Hello, auth0|somebody" }), "{proxy}");

        let environ = &get(address, "/echo/x", &[("Authorization", &good)]).json()["environ"];
        assert_eq!(environ["HTTP_X_AUTH_SUBJECT"], "auth0|somebody", "{proxy}");
        assert_eq!(environ["HTTP_X_AUTH_SCOPES"], "read:messages openid", "{proxy}");
        assert_eq!(environ["HTTP_X_AUTH_CLIENT"], "web", "{proxy}");
    }
}

#[test]
fn subject_outside_visible_ascii_is_escaped_and_breaks_no_header() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let subject = "j\u{fc}r gen\r\nX-Auth-Scopes: admin";
    let token = service.issued.issuer.token().subject(subject).scope("read").mint();
    for (proxy, address) in stack.proxies() {
        assert_eq!(get(address, "/", &[("Authorization", &bearer(&token))]).status, 200, "{proxy}");
        let received = stack.recorder().take();
        let escaped = "j%C3%BCr%20gen%0D%0AX-Auth-Scopes:%20admin";
        assert_eq!(values(&received[0], "X-Auth-Subject"), [escaped], "{proxy}");
        assert_eq!(values(&received[0], "X-Auth-Scopes"), ["read"], "{proxy}");
    }
}

#[test]
fn identity_that_a_client_sends_is_dropped_in_any_spelling() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let token = service.issued.issuer.token().subject("auth0|somebody").scope("read").mint();
    let authorization = bearer(&token);
    // Every character that a name may have and that some server may take for a hyphen. RFC 9110
    // section 5.6.2.
    let separators = "-_.!#$%&'*+^`|~";
    let mut spellings: Vec<String> = Vec::new();
    for name in IDENTITY {
        for first in separators.chars() {
            for second in separators.chars() {
                let mut hyphens = [first, second].into_iter();
                let replace = |c| if c == '-' { hyphens.next().unwrap() } else { c };
                spellings.push(name.chars().map(replace).collect());
            }
        }
        spellings.extend([name.to_lowercase(), name.to_uppercase(), name.replace('-', "_-")]);
    }
    assert_eq!(spellings.len(), 3 * (15 * 15 + 3));
    for (proxy, address) in stack.proxies() {
        // The forward-auth server accepts a limited number of fields, and Caddy sends it all of these.
        for spellings in spellings.chunks(60) {
            let mut headers = vec![("Authorization", authorization.as_str())];
            headers.extend(spellings.iter().map(|name| (name.as_str(), "attacker")));
            let response = get(address, "/", &headers);
            assert_eq!((response.status, response.body()), (200, "recorded"), "{proxy}");
            let received = stack.recorder().take();
            assert_eq!(received.len(), 1, "{proxy}");
            assert!(!received[0].contains("attacker"), "{proxy}: {}", received[0]);
            assert_eq!(values(&received[0], "X-Auth-Subject"), ["auth0|somebody"], "{proxy}");
            assert_eq!(values(&received[0], "X-Auth-Scopes"), ["read"], "{proxy}");
        }
    }
}

#[test]
fn identity_that_the_token_lacks_is_not_taken_from_the_client() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let token = service.issued.issuer.token().without_claim("sub").without_claim("azp");
    let authorization = bearer(&token.without_claim("scope").mint());
    let mut headers = vec![("Authorization", authorization.as_str())];
    headers.extend(IDENTITY.map(|name| (name, "attacker")));
    for (proxy, address) in stack.proxies() {
        assert_eq!(get(address, "/", &headers).status, 200, "{proxy}");
        let received = stack.recorder().take();
        for name in IDENTITY {
            // nginx leaves them out, Caddy sends them empty.
            let values = values(&received[0], name);
            assert!(values.iter().all(|value| value.is_empty()), "{proxy}: {}", received[0]);
        }
    }
}

#[test]
fn client_cannot_remove_the_identity_with_its_connection_header() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let authorization = bearer(&service.issued.issuer.token().subject("auth0|somebody").mint());
    // RFC 9110 section 7.6.1: a proxy drops the header fields named there.
    let connection = format!("close, {}", IDENTITY.join(", "));
    let headers = [("Authorization", authorization.as_str()), ("Connection", connection.as_str())];
    // One that has its own token removed is refused, or the proxy removes nothing.
    let own = [headers[0], ("Connection", "close, Authorization")];
    for (proxy, address) in stack.proxies() {
        let status = get(address, "/", &own).status;
        assert_eq!(stack.recorder().take().len(), if status == 401 { 0 } else { 1 }, "{proxy}");
        assert!([200, 401].contains(&status), "{proxy}: {status}");
        assert_eq!(get(address, "/", &headers).status, 200, "{proxy}");
        let received = stack.recorder().take();
        assert_eq!(values(&received[0], "X-Auth-Subject"), ["auth0|somebody"], "{proxy}");
        for name in IDENTITY {
            assert_eq!(values(&received[0], name).len(), 1, "{proxy}: {}", received[0]);
        }
    }
}

#[test]
fn identity_in_a_trailer_is_dropped() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let authorization = bearer(&service.issued.issuer.token().mint());
    for (proxy, address) in stack.proxies() {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Authorization: {authorization}\r\nTransfer-Encoding: chunked\r\n\
             Trailer: X-Auth-Subject\r\n\r\n4\r\nbody\r\n0\r\nX-Auth-Subject: attacker\r\n\r\n"
        );
        assert_eq!(receive(send(address, &request)).status, 200, "{proxy}");
        let received = stack.recorder().take();
        assert!(!received[0].contains("attacker"), "{proxy}: {}", received[0]);
    }
}

#[test]
fn client_gets_the_refusal_of_the_forward_auth_server() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let token = || service.issued.issuer.token();
    let an_hour_ago = UnixTime::from_secs(UnixTime::now().as_secs() - 3600);
    let malformed = (401, "Invalid token format", Some(r#"Bearer realm="api""#));
    let invalid_token =
        (401, "Invalid token", Some(r#"Bearer error="invalid_token", realm="api""#));
    let vectors = [
        ("no header", vec![], NO_TOKEN),
        ("another scheme", vec!["Basic dXNlcjpwYXNz".into()], malformed),
        ("expired", vec![bearer(&token().expires_at(an_hour_ago).mint())], invalid_token),
        ("another audience", vec![bearer(&token().audience("other").mint())], invalid_token),
        ("forged", vec![bearer(&token().forged_by(&TestKey::attacker()).mint())], invalid_token),
    ];
    for (what, authorization, expected) in vectors {
        let headers: Vec<_> =
            authorization.iter().map(|value: &String| ("Authorization", value.as_str())).collect();
        let decision = get(service.decisions, "/", &headers);
        assert_eq!(decision.refusal(), expected, "{what}");
        for (proxy, address) in stack.proxies() {
            let response = get(address, "/api/v1/", &headers);
            assert_eq!(response.refusal(), expected, "{what}, {proxy}: {}", response.text);
        }
    }
    assert_eq!(stack.recorder().take(), [""; 0]);
}

#[test]
fn several_authorization_headers_are_refused_even_if_all_are_good() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let good = bearer(&service.issued.issuer.token().mint());
    let other = "Basic dXNlcjpwYXNz";
    let challenge = r#"Bearer error="invalid_request", realm="api""#;
    let expected = (400, "Invalid token format", Some(challenge));
    for values in [[good.as_str(), &good], [good.as_str(), other], [other, good.as_str()]] {
        let headers = values.map(|value| ("Authorization", value));
        assert_eq!(get(service.decisions, "/", &headers).refusal(), expected);
        for (proxy, address) in stack.proxies() {
            let response = get(address, "/", &headers);
            match proxy {
                // nginx refuses them itself.
                "nginx" => assert_eq!(response.status, 400),
                // Envoy joins them to one.
                "envoy" => {
                    let malformed = (401, "Invalid token format", Some(r#"Bearer realm="api""#));
                    assert_eq!(response.refusal(), malformed);
                }
                _ => assert_eq!(response.refusal(), expected, "{proxy}"),
            }
        }
    }
    assert_eq!(stack.recorder().take(), [""; 0]);
}

#[test]
fn required_scope_must_be_present() {
    let service = Service::start(Some("read:messages"));
    let stack = Stack::start(&service, Application::recorder());
    let challenge = r#"Bearer error="insufficient_scope", scope="read:messages", realm="api""#;
    let forbidden = (403, "Insufficient scope", Some(challenge));
    let vectors = [
        service.issued.issuer.token().without_claim("scope"),
        service.issued.issuer.token().scope("openid"),
        service.issued.issuer.token().scope("read:messages2"),
    ];
    for (proxy, address) in stack.proxies() {
        for token in &vectors {
            let response = get(address, "/", &[("Authorization", &bearer(&token.mint()))]);
            assert_eq!(response.refusal(), forbidden, "{proxy}: {}", response.text);
        }
        assert_eq!(stack.recorder().take(), [""; 0], "{proxy}");
        let good = bearer(&service.issued.issuer.token().scope("openid read:messages").mint());
        assert_eq!(get(address, "/", &[("Authorization", &good)]).status, 200, "{proxy}");
        assert_eq!(stack.recorder().take().len(), 1, "{proxy}");
    }
}

#[test]
fn issuer_that_is_down_is_no_fault_of_the_token() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    service.issued.issuer.down();
    let good = bearer(&service.issued.issuer.token().mint());
    let unavailable = (503, "Service unavailable", None);
    for (proxy, address) in stack.proxies() {
        let response = get(address, "/", &[("Authorization", &good)]);
        // Envoy has a verdict or none: nothing of this one but the status.
        if proxy == "envoy" {
            assert_eq!((response.status, response.body()), (503, ""));
            continue;
        }
        assert_eq!(response.refusal(), unavailable, "{proxy}: {}", response.text);
        assert_eq!(response.header("Retry-After"), Some("1"), "{proxy}");
    }
    assert_eq!(stack.recorder().take(), [""; 0]);

    service.issued.issuer.up();
    service.issued.clock.advance(MINUTE);
    for (proxy, address) in stack.proxies() {
        assert_eq!(get(address, "/", &[("Authorization", &good)]).status, 200, "{proxy}");
    }
}

#[test]
fn nothing_passes_while_the_forward_auth_server_is_down() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let good = bearer(&service.issued.issuer.token().mint());
    for (proxy, address) in stack.proxies() {
        assert_eq!(get(address, "/", &[("Authorization", &good)]).status, 200, "{proxy}");
    }
    stack.recorder().take();
    service.stop();
    let expected = [("nginx", 503), ("caddy", 502), ("envoy", 503), ("traefik", 500)];
    for ((proxy, address), expected) in stack.proxies().zip(expected) {
        let response = get(address, "/", &[("Authorization", &good)]);
        assert_eq!((proxy, response.status), expected, "{}", response.text);
    }
    assert_eq!(stack.recorder().take(), [""; 0]);
}

/// With and without a document, the answer is the forward-auth server's own.
#[test]
fn metadata_is_the_forward_auth_servers_and_reaches_no_application() {
    let root = "/.well-known/oauth-protected-resource";
    for resource in [None, Some("https://api.example.com/v1")] {
        let service = Service::with_resource(resource);
        let stack = Stack::start(&service, Application::recorder());
        for (proxy, address) in stack.proxies() {
            let response = get(address, &format!("{root}/v1"), &[]);
            match resource {
                Some(resource) => assert_eq!(response.json()["resource"], resource, "{proxy}"),
                None => assert_eq!(response.status, 404, "{proxy}"),
            }
            assert_eq!(get(address, &format!("{root}/v2"), &[]).status, 404, "{proxy}");
            let expected = if resource.is_some() { 200 } else { 404 };
            assert_eq!(get(address, root, &[]).status, expected, "{proxy}");
            for path in [
                format!("{root}/../../a"),
                format!("{root}/%2e%2e/%2e%2e/a"),
                format!("{root}/v1/../../../a"),
                format!("/{root}/v1"),
                format!("/a/..{root}/v1"),
                format!("{root}2/v1"),
                format!("{root}%2Fv1"),
            ] {
                // Traefik merges slashes and so finds the document.
                let status = get(address, &path, &[]).status;
                assert!([200, 401, 404].contains(&status), "{proxy} {path}: {status}");
            }
            assert!(stack.recorder().take().is_empty(), "{proxy}");
        }
    }
}

#[test]
fn every_path_and_method_needs_a_token() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let paths =
        ["/", "/api/v1/", "//", "/api/../health", "/api/%2e%2e/", "/ready", "/metrics", "/?a=b"];
    for (proxy, address) in stack.proxies() {
        for path in paths {
            let response = get(address, path, &[]);
            assert_eq!(response.refusal(), NO_TOKEN, "{proxy} {path}: {}", response.text);
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
            let response = request(address, method, "/api/v1/", &[], "body");
            assert_eq!(response.refusal(), NO_TOKEN, "{proxy} {method}: {}", response.text);
        }
        assert_eq!(request(address, "HEAD", "/", &[], "").status, 401, "{proxy}");
        // Header fields that servers and proxies read in place of the method or the path.
        let headers = [
            ("X-HTTP-Method-Override", "OPTIONS"),
            ("X-Original-URL", "/health"),
            ("X-Forwarded-Uri", "/health"),
        ];
        assert_eq!(get(address, "/", &headers).refusal(), NO_TOKEN, "{proxy}");
    }
    // The location through which nginx asks is closed to clients.
    let nginx = stack.proxies().find(|(proxy, _)| *proxy == "nginx").unwrap().1;
    assert_eq!(get(nginx, "/_forward_auth", &[]).status, 404);
    assert_eq!(stack.recorder().take(), [""; 0]);
}

#[test]
fn request_with_a_good_token_reaches_flask_whole() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::flask());
    let good = bearer(&service.issued.issuer.token().mint());
    let headers = [("Authorization", good.as_str()), ("Content-Type", "text/plain")];
    for (proxy, address) in stack.proxies() {
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let response = request(address, method, "/echo/a/b?c=d", &headers, "a body");
            assert_eq!(response.status, 200, "{proxy} {method}: {}", response.text);
            let echo = response.json();
            assert_eq!(echo["method"], method, "{proxy}");
            assert_eq!(echo["path"], "/echo/a/b?c=d", "{proxy} {method}");
            assert_eq!(echo["body"], "a body", "{proxy} {method}");
        }
        let head = request(address, "HEAD", "/echo/a", &headers, "");
        assert_eq!((head.status, head.body()), (200, ""), "{proxy}");
        // The application's own answers are not changed.
        let response = get(address, "/unknown", &headers);
        assert_eq!(response.status, 404, "{proxy}");
        assert_eq!(response.header("Content-Type"), Some("text/html; charset=utf-8"), "{proxy}");
    }
}
