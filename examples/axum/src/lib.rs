//! A protected API on axum, with `Guard` in front of its handlers.
//!
//! Copy [`Caller`] for single handlers, [`require_token`] for whole routers.

use std::{error::Error, sync::Arc};

use axum::{
    Extension, Json, Router,
    extract::{FromRequestParts, Request, State},
    http::{self, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{AppendHeaders, IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokenring::{
    Admission, Algorithm, Guard, KeyQuery, KeySource as _, RemoteJwks, Verified, Verifier,
    possession::{self, Nonces, ProofPolicy, ProofVerifier, ReplayMemory},
};

/// The state that the handlers share.
#[derive(Clone)]
pub struct Api {
    /// Requires an access token for this API.
    pub guard: Arc<Guard<RemoteJwks>>,
    /// Requires an access token that also has the permission `read:messages`.
    pub messages_guard: Arc<Guard<RemoteJwks>>,
    /// How refusals are logged.
    pub log: Log,
}

impl Api {
    /// Accepts bearer tokens.
    pub fn new(verifier: Verifier<RemoteJwks>) -> Self {
        Self::guarded_by(Guard::new(verifier))
    }

    /// Also accepts tokens that are bound to a key, with a DPoP proof of their sender. RFC 9449.
    ///
    /// `origin` is the one that clients know, `https://api.example.com`: a proof names the URL of its request.
    ///
    /// # Errors
    ///
    /// If `origin` is none, or the system has no randomness.
    pub fn with_dpop(verifier: Verifier<RemoteJwks>, origin: &str) -> Result<Self, Box<dyn Error>> {
        // For several processes: one secret (`Nonces::with_secret`), and a memory that they share
        // (`examples/redis-replay`).
        let policy = ProofPolicy::new(origin).nonces(Nonces::random()?);
        let proofs = ProofVerifier::new(policy, ReplayMemory::default())?;
        Ok(Self::guarded_by(Guard::new(verifier).accept_dpop(proofs)))
    }

    /// Two guards with one verifier share its keys, and its memory of used proofs.
    fn guarded_by(guard: Guard<RemoteJwks>) -> Self {
        let messages_guard = guard.clone().require_permission("read:messages");
        Self { guard: guard.into(), messages_guard: messages_guard.into(), log: Log::Cause }
    }
}

/// How a refusal is logged. The client gets the same text in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// The cause, in one line.
    Cause,
    /// Also every check with its expected and actual value, to find out why a token is refused. It costs
    /// more than a verification, and shows parts of the token.
    Explanation,
}

/// The routes.
pub fn router(api: Api) -> Router {
    let required = (api.messages_guard.clone(), api.log);
    let messages = Router::new()
        .route("/api/v1/messages", get(messages))
        .route_layer(middleware::from_fn_with_state(required, require_token));
    Router::new()
        .route("/", get(public))
        .route("/ready", get(ready))
        .route("/api/v1/", get(hello))
        .merge(messages)
        .with_state(api)
}

async fn public() -> &'static str {
    "GET /api/v1/ with an access token\n"
}

/// A handler that takes its caller from an extractor.
async fn hello(Caller(caller): Caller) -> impl IntoResponse {
    let subject = caller.verified().subject().unwrap_or("nobody");
    (headers_of(&caller), Json(json!({ "message": format!("Hello, {subject}") })))
}

/// A handler behind [`require_token`], which puts the caller into the request's extensions.
async fn messages(Extension(caller): Extension<Verified>) -> Json<Value> {
    Json(json!({ "messages": [], "permissions": caller.permissions().collect::<Vec<_>>() }))
}

/// Whether the service is ready, which means that it has keys to verify with.
async fn ready(State(api): State<Api>) -> Response {
    let keys = api.guard.verifier().keys();
    // Any lookup fetches keys that are missing or old. A service that is not ready gets no requests, so
    // the probe itself must look up a key.
    let _looked_up = keys.key_async(KeyQuery::new(None, Algorithm::RS256)).await;
    let health = keys.health();
    let status = match health.is_ready() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    // Anyone may ask: the text of an error is for the operator's log.
    let body = json!({ "keys": health.state().to_string(), "usable": health.usable_keys() });
    (status, Json(body)).into_response()
}

/// An extractor: the caller of a request with a valid token. The response needs [`headers_of`] it.
pub struct Caller(pub Admission);

impl FromRequestParts<Api> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Response> {
        check(&api.guard, api.log, parts).await.map(Self)
    }
}

/// A middleware that passes on requests with a valid token.
pub async fn require_token(
    State((guard, log)): State<(Arc<Guard<RemoteJwks>>, Log)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match check(&guard, log, &parts).await {
        Ok(admission) => {
            let headers = headers_of(&admission);
            parts.extensions.insert(admission.into_verified());
            (headers, next.run(Request::from_parts(parts, body)).await).into_response()
        }
        Err(response) => response,
    }
}

/// The fields for the response: now and then, the client's next nonce.
pub fn headers_of(admission: &Admission) -> AppendHeaders<Vec<(&'static str, String)>> {
    AppendHeaders(admission.headers().collect())
}

async fn check(guard: &Guard<RemoteJwks>, log: Log, parts: &Parts) -> Result<Admission, Response> {
    // In a nested router, take the URI from `OriginalUri`: this one would lack the prefix.
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    // All values: a client that sends two must be refused, even if one of them is valid.
    let request = possession::Request::new(parts.method.as_str(), target)
        .authorization(parts.headers.get_all(header::AUTHORIZATION))
        .dpop(parts.headers.get_all("DPoP"));
    guard.check_request_async(&request).await.map_err(|rejection| {
        if let Some(cause) = rejection.cause() {
            eprintln!("{}: {cause}", cause.code());
        }
        if log == Log::Explanation {
            eprintln!("{}", guard.explain_request(&request));
        }
        http::Response::from(rejection).into_response()
    })
}
