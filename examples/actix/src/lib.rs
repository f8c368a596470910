//! A protected API on actix-web, with `Guard` in front of its handlers.

use actix_web::{
    HttpResponse,
    middleware::from_fn,
    web::{Data, Json, ReqData, ServiceConfig, get, resource},
};
use serde_json::{Value, json};
use tokenring::{Guard, RemoteJwks, Verified};

use crate::caller::{Caller, Refused, require_token};

/// The middleware and the extractor, to be copied.
#[path = "../../../src/guide/actix/caller.rs"]
pub mod caller;

/// The routes. `guard` requires an access token for this API.
///
/// Call it with clones of one guard: actix-web builds its routes once for each of its threads, and
/// clones share their keys.
pub fn routes(guard: Guard<RemoteJwks>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(Data::new(guard))
            .route("/", get().to(public))
            .route("/ready", get().to(ready))
            .route("/api/v1/", get().to(hello))
            .service(
                resource("/api/v1/messages").wrap(from_fn(require_token)).route(get().to(messages)),
            );
    }
}

async fn public() -> &'static str {
    "GET /api/v1/ with an access token\n"
}

/// A handler that takes its caller from an extractor.
async fn hello(Caller(caller): Caller) -> Json<Value> {
    let subject = caller.subject().unwrap_or("nobody");
    Json(json!({ "message": format!("Hello, {subject}") }))
}

/// A handler behind [`require_token`], which puts the caller into the request's extensions. The handler
/// also requires a permission.
async fn messages(
    guard: Data<Guard<RemoteJwks>>,
    caller: ReqData<Verified>,
) -> Result<Json<Value>, Refused> {
    guard.check_permission(&caller, "read:messages")?;
    Ok(Json(json!({ "messages": [], "permissions": caller.permissions().collect::<Vec<_>>() })))
}

/// Whether the service is ready, which means that it has keys to verify with.
async fn ready(guard: Data<Guard<RemoteJwks>>) -> HttpResponse {
    let keys = guard.verifier().keys();
    // A service that is not ready gets no requests, so the probe itself fetches keys that are missing or old.
    let _failure = keys.prime_async().await;
    let health = keys.health();
    let mut response = match health.is_ready() {
        true => HttpResponse::Ok(),
        false => HttpResponse::ServiceUnavailable(),
    };
    // Anyone may ask: the text of an error is for the operator's log.
    response.json(json!({ "keys": health.state().to_string(), "usable": health.usable_keys() }))
}
