//! The requests that a browser sends before a script's request to another origin. They have no token.
//! Fetch Standard, section 3.3.

use tokenring_oracle::http::{bearer, receive, request, send, values};

use crate::stack::{Application, Service, Stack};

/// The preflight of a script that wants to send a token.
const PREFLIGHT: [(&str, &str); 3] = [
    ("Origin", "https://app.example.com"),
    ("Access-Control-Request-Method", "PUT"),
    ("Access-Control-Request-Headers", "authorization"),
];

#[test]
fn preflight_is_refused_as_shipped() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    for (proxy, address) in stack.proxies() {
        assert_eq!(request(address, "OPTIONS", "/", &PREFLIGHT, "").status, 401, "{proxy}");
    }
    assert_eq!(stack.recorder().take(), [""; 0]);
}

#[test]
fn preflight_reaches_flask_without_an_identity_if_its_origin_is_turned_on() {
    let service = Service::start(None);
    let stack = Stack::with_preflights(&service, Application::flask());
    let good = bearer(&service.issued.issuer.token().mint());
    let mut forged = PREFLIGHT.to_vec();
    forged.extend(
        ["X-Auth-Subject", "X_Auth_Scopes", "x-auth-client"].map(|name| (name, "attacker")),
    );
    let mut with_token = PREFLIGHT.to_vec();
    with_token.push(("Authorization", &good));
    for (proxy, address) in stack.proxies() {
        for headers in [PREFLIGHT.as_slice(), &forged, &with_token] {
            let response = request(address, "OPTIONS", "/echo/a?b=c", headers, "");
            assert_eq!(response.status, 200, "{proxy}: {}", response.text);
            let echo = response.json();
            assert_eq!(
                (&echo["method"], &echo["path"]),
                (&"OPTIONS".into(), &"/echo/a?b=c".into())
            );
            assert_eq!(echo["environ"]["HTTP_ORIGIN"], "https://app.example.com", "{proxy}");
            assert!(!response.text.contains("attacker"), "{proxy}: {}", response.text);
            for name in ["HTTP_X_AUTH_SUBJECT", "HTTP_X_AUTH_SCOPES", "HTTP_X_AUTH_CLIENT"] {
                assert_eq!(
                    echo["environ"][name].as_str().unwrap_or_default(),
                    "",
                    "{proxy} {name}"
                );
            }
        }
        // Flask's own answer, for an API without code for it.
        let response = request(address, "OPTIONS", "/api/v1/", &PREFLIGHT, "");
        let allowed = response.header("Allow").unwrap();
        assert!(allowed.contains("GET"), "{proxy}: {allowed}");
    }
}

#[test]
fn only_a_preflight_of_that_origin_passes_without_a_token() {
    let service = Service::start(None);
    let stack = Stack::with_preflights(&service, Application::recorder());
    let origin = |origin| vec![("Origin", origin), PREFLIGHT[1]];
    let method = |method| vec![PREFLIGHT[0], ("Access-Control-Request-Method", method)];
    let refused = [
        vec![],
        vec![PREFLIGHT[0]],
        vec![PREFLIGHT[1]],
        origin("https://app-example.com"),
        origin("https://appxexample.com"),
        origin("https://app.example.com.attacker.example"),
        origin("https://attacker.example https://app.example.com"),
        origin("http://app.example.com"),
        origin("HTTPS://APP.EXAMPLE.COM"),
        origin("null"),
        origin("*"),
        method(""),
        method("put"),
        method("PUT https://app.example.com"),
    ];
    for (proxy, address) in stack.proxies() {
        for headers in &refused {
            let response = request(address, "OPTIONS", "/", headers, "");
            assert_eq!(response.status, 401, "{proxy} {headers:?}");
        }
        // Every other method needs a token, whatever the header fields say.
        let mut headers = PREFLIGHT.to_vec();
        headers.push(("X-HTTP-Method-Override", "OPTIONS"));
        headers.push(("X-Forwarded-Method", "OPTIONS"));
        headers.push(("X-Original-Method", "OPTIONS"));
        for method in ["GET", "HEAD", "POST", "PUT", "options", "OPTIONSX"] {
            let response = request(address, method, "/", &headers, "");
            // nginx refuses a method in lower case itself.
            assert!([400, 401].contains(&response.status), "{proxy} {method}: {}", response.text);
        }
        assert_eq!(stack.recorder().take(), [""; 0], "{proxy}");
        assert_eq!(request(address, "OPTIONS", "/", &PREFLIGHT, "").status, 200, "{proxy}");
        assert_eq!(stack.recorder().take().len(), 1, "{proxy}");
    }
}

/// An application may look at `Upgrade` alone, and not at the method.
#[test]
fn preflight_takes_over_no_connection() {
    let service = Service::start(None);
    let stack = Stack::with_preflights(&service, Application::recorder());
    let fields: String =
        PREFLIGHT.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    // nginx drops the field, Caddy takes the request for no preflight.
    for ((proxy, address), (status, reached)) in stack.proxies().zip([(200, 1), (401, 0)]) {
        let request = format!(
            "OPTIONS / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade, close\r\n\
             Upgrade: websocket\r\n{fields}\r\n"
        );
        assert_eq!(receive(send(address, &request)).status, status, "{proxy}");
        let received = stack.recorder().take();
        assert_eq!(received.len(), reached, "{proxy}");
        assert!(received.iter().all(|request| values(request, "Upgrade").is_empty()), "{proxy}");
    }
}
