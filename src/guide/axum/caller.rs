//! A guard in front of the handlers of axum: a layer, and two extractors.

use std::{env, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, Request, State},
    http::{Response, request::Parts},
    middleware::Next,
    response::{self, AppendHeaders, IntoResponse as _},
};
use serde::de::DeserializeOwned;
use tokenring::{Admission, Guard, Rejection, RemoteJwks, possession};

pub type Shared = Arc<Guard<RemoteJwks>>;

/// For `middleware::from_fn_with_state`, a layer: passes on requests with a valid token. Handlers find the
/// caller as `Extension<Verified>`.
pub async fn require_token(
    State(guard): State<Shared>,
    request: Request,
    next: Next,
) -> response::Response {
    let (mut parts, body) = request.into_parts();
    match check(&guard, &parts).await {
        Ok(admission) => {
            let headers = headers_of(&admission);
            parts.extensions.insert(admission.into_verified());
            (headers, next.run(Request::from_parts(parts, body)).await).into_response()
        }
        Err(response) => response.into_response(),
    }
}

/// An extractor: the caller of a request with a valid token. With DPoP, the response needs [`headers_of`] it.
pub struct Caller(pub Admission);

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Shared: FromRef<S>,
{
    type Rejection = Response<String>;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response<String>> {
        check(&Shared::from_ref(state), parts).await.map(Self)
    }
}

/// An extractor: the claims of a valid token as a type of yours.
pub struct Claims<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Claims<T>
where
    Shared: FromRef<S>,
{
    type Rejection = Response<String>;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response<String>> {
        let Caller(caller) = Caller::from_request_parts(parts, state).await?;
        caller.verified().claims().map(Self).map_err(|error| {
            eprintln!("{error}");
            refused(Shared::from_ref(state).invalid_token("claims_do_not_fit", "Invalid token"))
        })
    }
}

/// The fields for the response: with DPoP now and then, the client's next nonce.
pub fn headers_of(admission: &Admission) -> AppendHeaders<Vec<(&'static str, String)>> {
    AppendHeaders(admission.headers().collect())
}

async fn check(guard: &Guard<RemoteJwks>, parts: &Parts) -> Result<Admission, Response<String>> {
    // In a nested router, take the URI from `OriginalUri`: this one would lack the prefix.
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    // All values: a client that sends two must be refused, even if one of them is valid.
    let request = possession::Request::new(parts.method.as_str(), target)
        .authorization(parts.headers.get_all("authorization"))
        .dpop(parts.headers.get_all("dpop"));
    guard.check_request_async(&request).await.map_err(|rejection| {
        let response = refused(rejection);
        // Every check with its values, parts of the token among them: for whoever looks for a fault.
        if env::var_os("LOG").is_some_and(|log| log == "explanation") {
            eprintln!("{}", guard.explain_request(&request));
        }
        response
    })
}

fn refused(rejection: Rejection) -> Response<String> {
    eprintln!("{}: {rejection}", rejection.code());
    rejection.into()
}
