//! The servers for the script `load`: the protected API of `examples/axum` unchanged, with the
//! token cache, with another guard and without a guard.
//!
//! `api off|guard|cache|jsonwebtoken [LISTEN]`; the default is a free port of 127.0.0.1. It starts
//! its own test issuer. It prints `issuer=` with the issuer's URL, then `token=` with a good token
//! for each of a hundred users, and as soon as it listens, `url=` with the route that accepts them.

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
    // The test issuer's private keys are public.
    if arguments.next().is_some() || !address.ip().is_loopback() {
        return Err(USAGE.into());
    }
    // Kept alive as long as the server.
    let issuer = IssuerServer::start();
    // Every verifier has its keys before the first request.
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

/// A subject as long as Auth0's.
fn subject(user: usize) -> String {
    format!("auth0|{user:024x}")
}

/// The answer of the example's handler.
fn greet(subject: &str) -> Json<Value> {
    Json(json!({ "message": format!("Hello, {subject}") }))
}

/// The API without a guard. It ignores the token, so the caller is always the first user.
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

/// The API guarded by the adapter that is compared with the other libraries. It also requires
/// `nbf`, which the tokens have.
fn guarded_by_jsonwebtoken(issuer: &IssuerServer) -> Router {
    let decoder = Arc::new(Jsonwebtoken::new(&issuer.issuer(), Backend::AwsLc));
    Router::new().route(ROUTE, get(hello)).with_state(decoder)
}

async fn hello(Subject(subject): Subject) -> Json<Value> {
    greet(&subject)
}

/// An extractor: the subject of the good token in a request.
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

/// The route of the example that requires only a valid token.
const ROUTE: &str = "/api/v1/";

const USERS: usize = 100;

/// Room for more tokens than the load test uses.
const CACHE_CAPACITY: NonZeroUsize = NonZeroUsize::new(1000).unwrap();
