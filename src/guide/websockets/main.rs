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
        // A client that reads nothing must not hold the connection.
        let _sent = timeout(Duration::from_secs(5), socket.send(Message::Close(Some(close)))).await;
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

/// A browser sends cookies even with requests that another site caused, so the page's origin is checked first.
async fn order(
    State(guard): State<Shared>,
    headers: HeaderMap,
) -> Result<String, Response<String>> {
    let origins: Vec<_> = headers.get_all("origin").iter().collect();
    if origins != ["https://shop.example.com"] {
        let rejection = guard.forbidden("other_origin", "Forbidden");
        log(&rejection);
        return Err(rejection.into());
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
mod tests;
