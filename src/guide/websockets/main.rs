//! A WebSocket, a stream of events and a cookie. A connection ends when its token does.

use std::{convert::Infallible, error::Error, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, Response},
    response::{
        self,
        sse::{Event, Sse},
    },
    routing::{any, get, post},
};
use futures_util::{Stream, StreamExt as _, stream};
use tokenring::{Guard, Rejection, RemoteJwks, UnixTime, Verified, Verifier};
use tokio::{
    net::TcpListener,
    time::{interval, sleep, timeout},
};

type Shared = Arc<Guard<RemoteJwks>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let verifier = Verifier::discover("https://login.example.com/", "https://api.example.com/")?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app(Guard::new(verifier))).await?;
    Ok(())
}

fn app(guard: Guard<RemoteJwks>) -> Router {
    let routes = Router::new().route("/socket", any(socket)).route("/events", get(events));
    routes.route("/orders", post(order)).with_state(Arc::new(guard))
}

/// How long a connection of this caller may stay open.
fn time_left(caller: &Verified) -> Duration {
    let end = caller.expires_at().as_secs();
    Duration::from_secs(end.saturating_sub(UnixTime::now().as_secs()))
}

/// A browser cannot send `Authorization` with a WebSocket, so the token is the first message.
async fn socket(State(guard): State<Shared>, upgrade: WebSocketUpgrade) -> response::Response {
    upgrade.max_message_size(64 * 1024).on_upgrade(async move |mut socket| {
        let reason = match first_message(&guard, &mut socket).await {
            Ok(caller) => match timeout(time_left(&caller), serve(&mut socket, &caller)).await {
                Ok(()) => return,
                Err(_) => "the token has expired",
            },
            Err(rejection) => {
                eprintln!("{rejection}");
                rejection.message()
            }
        };
        // 1008: a policy of the server. RFC 6455 section 7.4.1.
        let close = CloseFrame { code: 1008, reason: reason.into() };
        let _sent = socket.send(Message::Close(Some(close))).await;
    })
}

async fn first_message(
    guard: &Guard<RemoteJwks>,
    socket: &mut WebSocket,
) -> Result<Verified, Rejection> {
    match timeout(Duration::from_secs(10), socket.recv()).await {
        Ok(Some(Ok(Message::Text(token)))) => guard.check_token_async(&token).await,
        _ => Err(guard.missing_token()),
    }
}

async fn serve(socket: &mut WebSocket, caller: &Verified) {
    let name = caller.subject().unwrap_or("nobody");
    let _sent = socket.send(Message::Text(format!("hello {name}").into())).await;
    while let Some(Ok(message)) = socket.recv().await {
        if let Message::Text(text) = message {
            let _sent = socket.send(Message::Text(text)).await;
        }
    }
}

/// For clients that send `Authorization`, as `fetch` can. A browser's `EventSource` sends only cookies.
async fn events(
    State(guard): State<Shared>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Response<String>> {
    let caller = guard.check_async(headers.get_all("authorization")).await.inspect_err(log)?;
    let ticks = stream::unfold(interval(Duration::from_millis(200)), |mut interval| async {
        interval.tick().await;
        Some((Ok(Event::default().data("tick")), interval))
    });
    Ok(Sse::new(ticks.take_until(sleep(time_left(&caller)))))
}

/// A browser sends a cookie whoever caused the request, so the origin of the page is checked first.
async fn order(
    State(guard): State<Shared>,
    headers: HeaderMap,
) -> Result<String, Response<String>> {
    let origins: Vec<_> = headers.get_all("origin").iter().collect();
    if origins != ["https://shop.example.com"] {
        return Err(guard.forbidden("other_origin", "Forbidden").into());
    }
    let token = cookie(&guard, &headers).inspect_err(log)?;
    let caller = guard.check_token_async(token).await.inspect_err(log)?;
    Ok(format!("ordered by {}", caller.subject().unwrap_or("nobody")))
}

/// The one cookie with the token. With two, another reader might take the other.
fn cookie<'h>(guard: &Guard<RemoteJwks>, headers: &'h HeaderMap) -> Result<&'h str, Rejection> {
    let values = headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
    let mut tokens = values
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix("__Host-token="));
    match (tokens.next(), tokens.next()) {
        (Some(token), None) => Ok(token),
        (None, _) => Err(guard.missing_token()),
        (Some(_), Some(_)) => Err(guard.invalid_request("cookie_repeated", "Invalid token format")),
    }
}

fn log(rejection: &Rejection) {
    eprintln!("{rejection}");
}

#[cfg(test)]
mod tests {
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
        let token = issuer.token().subject("ada").expires_at(in_two_seconds()).mint();
        assert_eq!(answers(&url, &token).await, ["hello ada", "Policy: the token has expired"]);

        let forged = format!("{}A", issuer.token().mint());
        assert_eq!(answers(&url, &forged).await, ["Policy: Invalid token"]);
        assert_eq!(answers(&url, "").await, ["Policy: Invalid token format"]);
    }

    #[tokio::test]
    async fn events_end_with_their_token() {
        let (issuer, app) = started();
        let token = issuer.token().expires_at(in_two_seconds()).mint();
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

    fn in_two_seconds() -> UnixTime {
        UnixTime::from_secs(UnixTime::now().as_secs() + 2)
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
}
