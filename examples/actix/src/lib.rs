//! A protected API on actix-web, with `Guard` in front of its handlers.
//!
//! Copy [`Caller`] for single handlers, [`require_token`] for whole scopes.

use std::{fmt, pin::Pin};

use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::ErrorInternalServerError,
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    web::{Data, Json, ReqData, ServiceConfig, get, resource},
};
use serde_json::{Value, json};
use tokenring::{Guard, Rejection, RemoteJwks, Verified};

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

/// An extractor: the caller of a request with a valid token.
pub struct Caller(pub Verified);

impl FromRequest for Caller {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Clones of a request are handles to it, and actix-web's futures borrow nothing.
        let request = request.clone();
        Box::pin(async move { check(&request).await.map(Self) })
    }
}

/// A middleware that passes on requests with a valid token.
///
/// # Errors
///
/// [`Refused`], which actix-web turns into the response.
pub async fn require_token(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let caller = check(request.request()).await?;
    request.extensions_mut().insert(caller);
    next.call(request).await
}

async fn check(request: &HttpRequest) -> Result<Verified, Error> {
    let guard = request.app_data::<Data<Guard<RemoteJwks>>>();
    let guard = guard.ok_or_else(|| ErrorInternalServerError("the routes have no guard"))?;
    // All values: a client that sends two must be refused, even if one of them is valid.
    let values = request.headers().get_all(header::AUTHORIZATION);
    Ok(guard.check_async(values).await.map_err(Refused)?)
}

/// A rejection as an error of actix-web, which turns it into the response.
#[derive(Debug)]
pub struct Refused(Rejection);

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::UNAUTHORIZED)
    }

    fn error_response(&self) -> HttpResponse {
        eprintln!("{}: {}", self.0.code(), self.0);
        let mut response = HttpResponse::build(self.status_code());
        for header in self.0.headers() {
            response.append_header(header);
        }
        response.body(self.0.body())
    }
}
