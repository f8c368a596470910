//! Real connections, with tokens that end in three seconds.

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use futures_util::SinkExt as _;
use tokenring::{
    Policy,
    testkit::{AUDIENCE, IssuerServer},
};
use tokio_tungstenite::{connect_async, tungstenite};
use tower::ServiceExt as _;

use super::*;

#[tokio::test]
async fn socket_ends_with_its_token() {
    let (issuer, app) = started();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/socket", listener.local_addr().unwrap());
    let _server = tokio::spawn(async move { axum::serve(listener, app).await });
    let token = issuer.token().subject("ada").expires_at(in_three_seconds()).mint();
    assert_eq!(answers(&url, &token).await, ["hello ada", "Policy: the token has expired"]);

    let forged = format!("{}A", issuer.token().mint());
    assert_eq!(answers(&url, &forged).await, ["Policy: Invalid token"]);
    assert_eq!(answers(&url, "").await, ["Policy: Invalid token format"]);
}

#[tokio::test]
async fn events_end_with_their_token() {
    let (issuer, app) = started();
    let token = issuer.token().expires_at(in_three_seconds()).mint();
    let request = Request::get("/events").header("authorization", format!("Bearer {token}"));
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = timeout(Duration::from_secs(10), to_bytes(response.into_body(), 100_000)).await;
    assert!(body.unwrap().unwrap().starts_with(b"data: tick\n\ndata: tick\n\n"));
}

#[tokio::test]
async fn cookie_counts_once_and_from_the_own_site() {
    let (issuer, app) = started();
    let good = format!("__Host-token={}", issuer.token().subject("ada").mint());
    let twice = format!("{good}; {good}");
    let shop = "https://shop.example.com";
    for (origin, cookies, expected) in [
        (shop, vec![good.as_str()], (200, "ordered by ada")),
        (shop, vec!["theme=dark", &good], (200, "ordered by ada")),
        (shop, vec![], (401, r#"{"message": "Authorization token is missing"}"#)),
        (shop, vec!["__Host-token=a.b.c"], (401, r#"{"message": "Invalid token"}"#)),
        (shop, vec![&twice], (400, r#"{"message": "Invalid token format"}"#)),
        (shop, vec![&good, &good], (400, r#"{"message": "Invalid token format"}"#)),
        ("https://evil.example", vec![&good], (403, r#"{"message": "Forbidden"}"#)),
    ] {
        let mut request = Request::post("/orders").header("origin", origin);
        for cookie in &cookies {
            request = request.header("cookie", *cookie);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!((status, body.as_str()), expected, "{origin} {cookies:?}");
    }
}

fn started() -> (IssuerServer, Router) {
    let issuer = IssuerServer::start();
    let keys = RemoteJwks::discovery_builder(issuer.url()).danger_allow_http_loopback();
    let policy = Policy::new(issuer.url(), AUDIENCE);
    let guard = Guard::new(Verifier::new(policy, keys.build().unwrap()).unwrap());
    (issuer, app(guard))
}

fn in_three_seconds() -> UnixTime {
    UnixTime::from_secs(UnixTime::now().as_secs() + 3)
}

/// The texts of the messages that a server sends until it closes.
async fn answers(url: &str, first: &str) -> Vec<String> {
    let (mut socket, _) = connect_async(url).await.unwrap();
    socket.send(first.into()).await.unwrap();
    let mut answers = Vec::new();
    while let Some(Ok(message)) = socket.next().await {
        answers.push(match message {
            tungstenite::Message::Close(Some(close)) => {
                format!("{:?}: {}", close.code, close.reason)
            }
            other => other.into_text().unwrap().to_string(),
        });
    }
    answers
}
