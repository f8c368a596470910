//! A protected API on axum: how `Guard` sits in front of its handlers.
//!
//! Copy [`Caller`] for single handlers, [`require_token`] for whole routers.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokenring::{
    Algorithm, Guard, KeyQuery, KeySource as _, Rejection, RemoteJwks, Verified, Verifier,
};

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    /// Requires an access token for this API.
    pub guard: Arc<Guard<RemoteJwks>>,
    /// Requires one that also has the permission `read:messages`.
    pub messages_guard: Arc<Guard<RemoteJwks>>,
}

impl Api {
    /// One verifier, two guards: they share their keys.
    pub fn new(verifier: Verifier<RemoteJwks>) -> Self {
        let guard = Guard::new(verifier);
        let messages_guard = guard.clone().require_permission("read:messages");
        Self { guard: guard.into(), messages_guard: messages_guard.into() }
    }
}

/// The routes.
pub fn router(api: Api) -> Router {
    let messages = Router::new()
        .route("/api/v1/messages", get(messages))
        .route_layer(middleware::from_fn_with_state(api.messages_guard.clone(), require_token));
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

/// A handler that asks for its caller.
async fn hello(Caller(caller): Caller) -> Json<Value> {
    let subject = caller.subject().unwrap_or("nobody");
    Json(json!({ "message": format!("Hello, {subject}") }))
}

/// A handler behind [`require_token`], which has left the caller in the request's extensions.
async fn messages(Extension(caller): Extension<Verified>) -> Json<Value> {
    Json(json!({ "messages": [], "permissions": caller.permissions().collect::<Vec<_>>() }))
}

/// Ready as long as there are keys to verify with.
async fn ready(State(api): State<Api>) -> Response {
    let keys = api.guard.verifier().keys();
    // A look-up, whatever it finds, fetches keys that are missing or old. Nobody sends requests to a
    // service that is not ready, so the probe itself has to.
    let _looked_up = keys.key_async(KeyQuery::new(None, Algorithm::RS256)).await;
    let health = keys.health();
    let status = match health.is_ready() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let last_error = health.last_error.map(|error| error.to_string());
    let body = json!({
        "keys": health.state.to_string(),
        "usable": health.usable_keys,
        "last_error": last_error,
    });
    (status, Json(body)).into_response()
}

/// An extractor: the caller of a request with a good token.
pub struct Caller(pub Verified);

impl FromRequestParts<Api> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Response> {
        check(&api.guard, &parts.headers).await.map(Self)
    }
}

/// A middleware: lets requests with a good token pass.
pub async fn require_token(
    State(guard): State<Arc<Guard<RemoteJwks>>>,
    mut request: Request,
    next: Next,
) -> Response {
    match check(&guard, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(response) => response,
    }
}

async fn check(guard: &Guard<RemoteJwks>, headers: &HeaderMap) -> Result<Verified, Response> {
    // All values: a client that sends two has to be refused, whichever of them is good.
    let values = headers.get_all(header::AUTHORIZATION);
    guard.check_async(values).await.map_err(|rejection| {
        log(&rejection);
        respond(&rejection)
    })
}

/// The client is told one text whatever the cause. The cause is for whoever runs the service.
fn log(rejection: &Rejection) {
    if let Some(cause) = rejection.cause() {
        eprintln!("{}: {cause}", cause.code());
    }
}

/// A rejection as axum's response.
fn respond(rejection: &Rejection) -> Response {
    let status = StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = (status, rejection.body()).into_response();
    for (name, value) in rejection.headers() {
        // Names and values are fit for a header field, or the crate has a fault.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
