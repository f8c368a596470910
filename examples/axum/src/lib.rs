//! A protected API on axum, with `Guard` in front of its handlers.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{FromRef, State},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokenring::{
    Guard, RemoteJwks, Verified, Verifier,
    possession::{Nonces, ProofPolicy, ProofPolicyError, ProofVerifier, ReplayMemory},
};

use crate::caller::{Caller, Claims, Shared, headers_of, require_token};

/// The layer and the extractors, to be copied.
#[path = "../../../src/guide/axum/caller.rs"]
pub mod caller;

/// The state that the handlers share.
#[derive(Clone)]
pub struct Api {
    /// Requires an access token for this API.
    pub guard: Shared,
    /// Requires an access token that also has the permission `read:messages`.
    pub messages_guard: Shared,
}

impl Api {
    /// Accepts bearer tokens.
    pub fn new(verifier: Verifier<RemoteJwks>) -> Self {
        Self::guarded_by(Guard::new(verifier))
    }

    /// Also accepts tokens that are bound to a key, with a DPoP proof of their sender. RFC 9449.
    ///
    /// `origin` is the one that clients know, `https://api.example.com`: a proof names the URL of its request.
    /// `nonces` with a secret of several processes need a memory that they share (`examples/redis-replay`).
    ///
    /// # Errors
    ///
    /// If `origin` is none.
    pub fn with_dpop(
        verifier: Verifier<RemoteJwks>,
        origin: &str,
        nonces: Nonces,
    ) -> Result<Self, ProofPolicyError> {
        let policy = ProofPolicy::new(origin).nonces(nonces);
        let proofs = ProofVerifier::new(policy, ReplayMemory::default())?;
        Ok(Self::guarded_by(Guard::new(verifier).accept_dpop(proofs)))
    }

    /// Two guards with one verifier share its keys, and its memory of used proofs.
    fn guarded_by(guard: Guard<RemoteJwks>) -> Self {
        let messages_guard = guard.clone().require_permission("read:messages");
        Self { guard: guard.into(), messages_guard: messages_guard.into() }
    }
}

/// The guard of the extractors.
impl FromRef<Api> for Arc<Guard<RemoteJwks>> {
    fn from_ref(api: &Api) -> Self {
        api.guard.clone()
    }
}

/// The routes.
pub fn router(api: Api) -> Router {
    let layer = middleware::from_fn_with_state(api.messages_guard.clone(), require_token);
    let messages = Router::new().route("/api/v1/messages", get(messages)).route_layer(layer);
    Router::new()
        .route("/", get(public))
        .route("/ready", get(ready))
        .route("/api/v1/", get(hello))
        .route("/api/v1/profile", get(profile))
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

/// Claims that this API needs.
#[derive(Deserialize)]
pub struct Profile {
    sub: String,
    email: String,
}

/// A handler that takes the caller's claims as a type of its own.
async fn profile(Claims(profile, caller): Claims<Profile>) -> impl IntoResponse {
    (headers_of(&caller), Json(json!({ "subject": profile.sub, "email": profile.email })))
}

/// A handler behind the layer [`require_token`], which puts the caller into the request's extensions.
async fn messages(Extension(caller): Extension<Verified>) -> Json<Value> {
    Json(json!({ "messages": [], "permissions": caller.permissions().collect::<Vec<_>>() }))
}

/// Whether the service is ready, which means that it has keys to verify with.
async fn ready(State(api): State<Api>) -> Response {
    let keys = api.guard.verifier().keys();
    // A service that is not ready gets no requests, so the probe itself fetches keys that are missing or old.
    let _failure = keys.prime_async().await;
    let health = keys.health();
    let status = match health.is_ready() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    // Anyone may ask: the text of an error is for the operator's log.
    let body = json!({ "keys": health.state().to_string(), "usable": health.usable_keys() });
    (status, Json(body)).into_response()
}
