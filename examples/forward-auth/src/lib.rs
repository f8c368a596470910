//! Answers a reverse proxy's question: may this request pass, and who sent it?
//!
//! [`decisions`] is served on the proxy's port, and [`probes`] on another one.

#[path = "../../../src/guide/mcp/metadata.rs"]
mod metadata;
mod metrics;
mod settings;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::State,
    http::{self, HeaderMap, HeaderName, HeaderValue, StatusCode, header::AUTHORIZATION},
    response::{AppendHeaders, IntoResponse, Response},
    routing::{any, get},
};
use tokenring::{
    Guard, Rejection, RemoteJwks, ResourceMetadata, Verified,
    possession::{ClientCertificate, Request},
};

use metadata::metadata_routes;
pub use settings::{SettingError, Settings};

/// `sub`.
pub const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");

/// The values in `scope`, separated by single spaces.
pub const SCOPES: HeaderName = HeaderName::from_static("x-auth-scopes");

/// The client that the token was issued to.
pub const CLIENT: HeaderName = HeaderName::from_static("x-auth-client");

/// The message of a refusal, for proxies that drop the body, such as nginx.
pub const MESSAGE: HeaderName = HeaderName::from_static("x-auth-message");

/// The method of the request that the proxy asks about. It is compared with a proof, and with nothing else.
pub const METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");

/// Its target, as the client sent it.
pub const TARGET: HeaderName = HeaderName::from_static("x-forwarded-uri");

/// The client's certificate, if [`Certificates::FromNginx`] says so.
pub const CERTIFICATE: HeaderName = HeaderName::from_static("x-client-cert");

/// Where clients look for metadata. RFC 9728 section 3.
const METADATA: &str = "/.well-known/oauth-protected-resource";

/// A proof that the client has the key of its token. RFC 9449 section 4.
const PROOF: HeaderName = HeaderName::from_static("dpop");

/// The state that both ports share.
pub struct ForwardAuth {
    guard: Guard<RemoteJwks>,
    certificates: Certificates,
    answers: Mutex<Answers>,
}

/// Where client certificates come from. A proxy that does not set the field passes on the client's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificates {
    /// From nowhere: a token that is bound to a certificate is refused.
    Ignored,
    /// From [`CERTIFICATE`], which nginx sets to `$ssl_client_escaped_cert`.
    FromNginx,
}

/// The number of answers by status and reason.
type Answers = BTreeMap<(u16, &'static str), u64>;

impl ForwardAuth {
    /// Lets requests pass that `guard` accepts.
    pub fn new(guard: Guard<RemoteJwks>, certificates: Certificates) -> Arc<Self> {
        Arc::new(Self { guard, certificates, answers: Mutex::default() })
    }

    /// The client's certificate. One that cannot be read is none: it does not matter to other tokens.
    fn certificate(&self, headers: &HeaderMap) -> Option<ClientCertificate> {
        match self.certificates {
            Certificates::Ignored => None,
            Certificates::FromNginx => {
                let certificate = ClientCertificate::from_nginx(headers.get_all(CERTIFICATE));
                certificate.unwrap_or_else(|error| {
                    eprintln!("{CERTIFICATE}: {error}");
                    None
                })
            }
        }
    }

    fn count(&self, status: u16, reason: &'static str) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = answers.entry((status, reason)).or_default();
        *answers = answers.saturating_add(1);
    }
}

/// The routes for the proxy: every path and every method gets the same decision, but those of the
/// metadata, which the proxy passes on for clients without a token.
pub fn decisions(service: Arc<ForwardAuth>, metadata: Option<&ResourceMetadata>) -> Router {
    let documents = match metadata {
        Some(metadata) => metadata_routes(metadata),
        None => Router::new().route(METADATA, any(StatusCode::NOT_FOUND)),
    };
    let others = Router::new().route(&format!("{METADATA}/{{*path}}"), any(StatusCode::NOT_FOUND));
    Router::new().fallback(decide).with_state(service).merge(documents).merge(others)
}

async fn decide(State(service): State<Arc<ForwardAuth>>, headers: HeaderMap) -> Response {
    let certificate = service.certificate(&headers);
    // All values: a client that sends two must be refused, even if one of them is valid.
    let request = Request::new(one(&headers, &METHOD), one(&headers, &TARGET))
        .authorization(headers.get_all(AUTHORIZATION))
        .dpop(headers.get_all(PROOF))
        .client_certificate(certificate.as_ref());
    match service.guard.check_request_async(&request).await {
        Ok(admission) => {
            service.count(200, "accepted");
            let nonce: Vec<_> = admission.headers().collect();
            (AppendHeaders(nonce), identity(admission.verified())).into_response()
        }
        Err(rejection) => {
            let reason = rejection.code();
            service.count(rejection.status(), reason);
            eprintln!("{reason}: {rejection}");
            refusal(rejection)
        }
    }
}

/// The value of a field that the proxy sets. If it does not, or leaves the client's beside it, the value is
/// empty, which no proof fits.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> &'h str {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (Some(Ok(value)), None) => value,
        _ => "",
    }
}

/// The caller, for the application. All three headers are always present: a proxy that copies headers
/// needs each of them to replace the client's.
fn identity(caller: &Verified) -> [(HeaderName, String); 3] {
    let scopes: Vec<String> = caller.scopes().map(visible).collect();
    [
        (SUBJECT, visible(caller.subject().unwrap_or_default())),
        (SCOPES, scopes.join(" ")),
        (CLIENT, visible(caller.authorized_party().unwrap_or_default())),
    ]
}

/// `text` in visible ASCII. All other characters, and `%`, are percent-encoded, so that two texts never
/// look the same, and none can end its header field, or begin or end with white space.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'%' => visible.push(byte.into()),
            _ => visible.push_str(&format!("%{byte:02X}")),
        }
    }
    visible
}

fn refusal(rejection: Rejection) -> Response {
    let message = HeaderValue::from_static(rejection.message());
    let mut response = http::Response::from(rejection).into_response();
    response.headers_mut().insert(MESSAGE, message);
    response
}

/// The routes for the operator: `/health`, `/ready` and `/metrics`.
pub fn probes(service: Arc<ForwardAuth>) -> Router {
    Router::new()
        .route("/health", get(async || "ok\n"))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(service)
}

/// Whether the service is ready, which means that it has keys to verify with.
async fn ready(State(service): State<Arc<ForwardAuth>>) -> Response {
    let keys = service.guard.verifier().keys();
    // A service that is not ready gets no requests, so the probe itself fetches keys that are missing or old.
    let _failure = keys.prime_async().await;
    let health = keys.health();
    let status = match health.is_ready() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    // The text of an error is for the log; `/metrics` counts the errors.
    (status, format!("keys: {}\n", health.state())).into_response()
}

async fn metrics(State(service): State<Arc<ForwardAuth>>) -> Response {
    let health = service.guard.verifier().keys().health();
    let answers = service.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = metrics::text(&answers, &health);
    ([("content-type", "text/plain; version=0.0.4")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn identity_is_visible_ascii_and_no_two_look_alike() {
        let vectors = [
            ("", ""),
            ("auth0|64b7f1c2", "auth0|64b7f1c2"),
            ("Jane Doe", "Jane%20Doe"),
            ("Jane%20Doe", "Jane%2520Doe"),
            (" a\t", "%20a%09"),
            ("a\r\nX-Auth-Scopes: admin", "a%0D%0AX-Auth-Scopes:%20admin"),
            ("j\u{fc}rgen", "j%C3%BCrgen"),
            ("\u{0}\u{7f}", "%00%7F"),
        ];
        for (text, expected) in vectors {
            assert_eq!(visible(text), expected, "{text:?}");
        }
    }
}
