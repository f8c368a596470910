//! Requests that ask to take over the connection. RFC 9110 section 7.8.

use tokenring_oracle::http::{bearer, receive, send, values};

use crate::stack::{Application, Service, Stack, TUNNELLED};

#[test]
fn websocket_with_a_good_token_reaches_the_application() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let good = bearer(&service.issued.issuer.token().subject("auth0|somebody").mint());
    for (proxy, address) in stack.proxies() {
        for protocol in ["websocket", "WebSocket"] {
            let handshake = |authorization: &str| {
                receive(send(
                    address,
                    &format!(
                        "GET /socket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
                         Upgrade: {protocol}\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{authorization}\r\n"
                    ),
                ))
            };
            let response = handshake(&format!("Authorization: {good}\r\n"));
            assert_eq!((response.status, response.body()), (101, TUNNELLED), "{proxy}");
            let received = stack.recorder().take();
            // Envoy passes it on as it is.
            let upgrade = values(&received[0], "Upgrade").concat();
            assert!(upgrade.eq_ignore_ascii_case("websocket"), "{proxy}: {upgrade}");
            assert_eq!(values(&received[0], "X-Auth-Subject"), ["auth0|somebody"], "{proxy}");
        }
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
        );
        assert_eq!(receive(send(address, &request)).status, 401, "{proxy}");
    }
    assert_eq!(stack.recorder().take(), [""; 0]);
}

#[test]
fn no_other_protocol_takes_over_a_connection_to_the_application() {
    let service = Service::start(None);
    let stack = Stack::start(&service, Application::recorder());
    let good = bearer(&service.issued.issuer.token().mint());
    // HTTP/2 on a connection that the proxies no longer read: any request, with any identity.
    let vectors = [
        "Upgrade: h2c\r\n",
        "Upgrade: h2c, websocket\r\n",
        "Upgrade: websocket, h2c\r\n",
        "Upgrade: h2c\r\nUpgrade: websocket\r\n",
        "Upgrade: websocket\r\nUpgrade: h2c\r\n",
        "Upgrade: websocket2\r\n",
        "Upgrade: TLS/1.0\r\n",
        "upgrade:h2c\r\n",
    ];
    for (proxy, address) in stack.proxies() {
        for upgrade in vectors {
            let request = format!(
                "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
                 HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n{upgrade}Authorization: {good}\r\n\r\n"
            );
            let response = receive(send(address, &request));
            let received = stack.recorder().take();
            // Envoy refuses all but WebSocket, except for h2c alone, which it drops.
            if proxy == "envoy" && received.is_empty() {
                assert_eq!(response.status, 403, "{upgrade:?}");
                continue;
            }
            // A second value may be dropped: then it is a request for WebSocket.
            let protocols = values(&received[0], "Upgrade");
            assert!(protocols.is_empty() || protocols == ["websocket"], "{proxy}: {}", received[0]);
            let status = if protocols.is_empty() { 200 } else { 101 };
            assert_eq!(response.status, status, "{proxy} {upgrade:?}");
            assert!(!received[0].contains("h2c"), "{proxy}: {}", received[0]);
        }
    }
}
