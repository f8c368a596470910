//! The protected API of `examples/axum`, as it is, with the token cache, with another guard and with
//! none: what the script `load` puts under load.
//!
//! `api off|guard|cache|jsonwebtoken [LISTEN]`, on a free port of 127.0.0.1 unless told otherwise.
//! Brings a test issuer of its own. Prints `issuer=` and its URL, then `token=` and a good token for
//! each of a hundred users, then, once it listens, `url=` and the route that they are good for.

use std::{env, error::Error, net::SocketAddr, num::NonZeroUsize, sync::Arc};

use axum::{
    Json, Router,
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    routing::get,
};
use serde_json::{Value, json};
use tokenring::{
    Policy, RemoteJwks, UnixTime, Verifier,
    testkit::{AUDIENCE, IssuerServer},
};
use tokenring_axum::{Api, router};
use tokio::net::TcpListener;

use peers::{
    peer::Peer,
    samples::LEEWAY,
    with_jsonwebtoken::{Backend, Jsonwebtoken},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let kind = arguments.next().ok_or(USAGE)?;
    let listen = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    let address: SocketAddr = listen.parse().map_err(|_| USAGE)?;
    // Everybody has the test issuer's keys.
    if arguments.next().is_some() || !address.ip().is_loopback() {
        return Err(USAGE.into());
    }
    // Lives as long as the server.
    let issuer = IssuerServer::start();
    // Whatever needs keys has them before the first request.
    let app = match kind.as_str() {
        "off" => unguarded(),
        "guard" => router(Api::new(verifier(&issuer)?)),
        "cache" => router(Api::new(verifier(&issuer)?.with_token_cache(CACHE_CAPACITY))),
        "jsonwebtoken" => guarded_by_jsonwebtoken(&issuer),
        _ => return Err(USAGE.into()),
    };
    let listener = TcpListener::bind(address).await?;

    println!("issuer={}", issuer.url());
    let now = UnixTime::now().as_secs();
    for user in 0..USERS {
        println!("token={}", issuer.token().subject(subject(user)).claim("nbf", now).mint());
    }
    println!("url=http://{}{ROUTE}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// As long as Auth0's.
fn subject(user: usize) -> String {
    format!("auth0|{user:024x}")
}

/// What the example's handler answers.
fn greet(subject: &str) -> Json<Value> {
    Json(json!({ "message": format!("Hello, {subject}") }))
}

/// Looks at no token, so it takes everybody for the first user.
fn unguarded() -> Router {
    let first: &str = subject(0).leak();
    Router::new().route(ROUTE, get(move || async move { greet(first) }))
}

fn verifier(issuer: &IssuerServer) -> Result<Verifier<RemoteJwks>, Box<dyn Error>> {
    let keys = RemoteJwks::builder(issuer.jwks_url()).danger_allow_http_loopback().no_proxy();
    let keys = keys.build()?;
    keys.prime()?;
    let policy = Policy::new(issuer.url(), AUDIENCE).leeway(LEEWAY);
    Ok(Verifier::new(policy, keys)?)
}

/// The adapter that is compared with the other libraries. It demands `nbf` too, which the tokens have.
fn guarded_by_jsonwebtoken(issuer: &IssuerServer) -> Router {
    let decoder = Arc::new(Jsonwebtoken::new(&issuer.issuer(), Backend::AwsLc));
    Router::new().route(ROUTE, get(hello)).with_state(decoder)
}

async fn hello(Subject(subject): Subject) -> Json<Value> {
    greet(&subject)
}

/// An extractor: whom the token is about, of a request that carries a good one.
struct Subject(String);

impl FromRequestParts<Arc<Jsonwebtoken>> for Subject {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut Parts,
        decoder: &Arc<Jsonwebtoken>,
    ) -> Result<Self, StatusCode> {
        let value = parts.headers.get(header::AUTHORIZATION);
        let token = value.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let subject = token.and_then(|token| decoder.subject(token).ok());
        subject.map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

const USAGE: &str = "usage: api off|guard|cache|jsonwebtoken [LISTEN], LISTEN a loopback address";

/// The route of the example that wants a token and nothing more of it.
const ROUTE: &str = "/api/v1/";

const USERS: usize = 100;

/// Room for more tokens than there are.
const CACHE_CAPACITY: NonZeroUsize = NonZeroUsize::new(1000).unwrap();
