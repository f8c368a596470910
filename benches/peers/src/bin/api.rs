//! The protected API of `examples/axum`, as it is, with the token cache, with another guard and with
//! none: what the script `load` puts under load.
//!
//! `api off|guard|cache|jsonwebtoken [LISTEN]`, on a free port of 127.0.0.1 unless told otherwise.
//! Brings a test issuer of its own. Prints `issuer=` and its URL, then `token=` and a good token for
//! each of a hundred users, then, once it listens, `url=` and the route that they are good for.

use std::{
    collections::HashMap,
    env,
    error::Error,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    routing::get,
};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, crypto::aws_lc, decode, decode_header, jwk::JwkSet,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokenring::{
    Policy, RemoteJwks, UnixTime, Verifier,
    testkit::{AUDIENCE, IssuerServer},
};
use tokenring_axum::{Api, router};
use tokio::net::TcpListener;

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
        "jsonwebtoken" => guarded_by_jsonwebtoken(&issuer)?,
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

fn guarded_by_jsonwebtoken(issuer: &IssuerServer) -> Result<Router, Box<dyn Error>> {
    // Two are compiled in, so that one has to be chosen.
    aws_lc::DEFAULT_PROVIDER.install_default().map_err(|_| "there is a provider already")?;
    let set: JwkSet = serde_json::from_str(&fetch(&issuer.jwks_url())?)?;
    let mut keys = HashMap::new();
    for jwk in &set.keys {
        let kid = jwk.common.key_id.clone().ok_or("a key without kid")?;
        keys.insert(kid, DecodingKey::from_jwk(jwk)?);
    }
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[issuer.url()]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    validation.leeway = LEEWAY.as_secs();
    let decoder = Arc::new(Decoder { keys, validation });
    Ok(Router::new().route(ROUTE, get(hello)).with_state(decoder))
}

/// The body that an `http:` URL has; enough for the test issuer, which closes the connection after it.
fn fetch(url: &str) -> Result<String, Box<dyn Error>> {
    let rest = url.strip_prefix("http://").ok_or("not an http URL")?;
    let (host, path) = rest.split_once('/').ok_or("a URL without path")?;
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let (_, body) = response.split_once("\r\n\r\n").ok_or("not an HTTP response")?;
    Ok(body.into())
}

async fn hello(claims: Claims) -> Json<Value> {
    greet(&claims.sub)
}

/// What jsonwebtoken needs, made once.
struct Decoder {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
}

impl Decoder {
    fn decode(&self, token: &str) -> Option<Claims> {
        let kid = decode_header(token).ok()?.kid?;
        let token = decode(token, self.keys.get(&kid)?, &self.validation).ok()?;
        Some(token.claims)
    }
}

/// An extractor: the claims, as far as the handler wants them, of a request that carries a good token.
#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl FromRequestParts<Arc<Decoder>> for Claims {
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut Parts,
        decoder: &Arc<Decoder>,
    ) -> Result<Self, StatusCode> {
        let value = parts.headers.get(header::AUTHORIZATION);
        let token = value.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        token.and_then(|token| decoder.decode(token)).ok_or(StatusCode::UNAUTHORIZED)
    }
}

const USAGE: &str = "usage: api off|guard|cache|jsonwebtoken [LISTEN], LISTEN a loopback address";

/// The route of the example that wants a token and nothing more of it.
const ROUTE: &str = "/api/v1/";

const LEEWAY: Duration = Duration::from_secs(60);

const USERS: usize = 100;

/// Room for more tokens than there are.
const CACHE_CAPACITY: NonZeroUsize = NonZeroUsize::new(1000).unwrap();
