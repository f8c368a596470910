//! A guard in front of the handlers of axum: a layer, and two extractors.

use std::{env, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, Request, State},
    http::{HeaderMap, Response, request::Parts},
    middleware::Next,
    response::{self, IntoResponse as _},
};
use serde::de::DeserializeOwned;
use tokenring::{Guard, Rejection, RemoteJwks, Verified};

pub type Shared = Arc<Guard<RemoteJwks>>;

/// For `middleware::from_fn_with_state`, a layer: passes on requests with a valid token. Handlers find the
/// caller as `Extension<Verified>`.
pub async fn require_token(
    State(guard): State<Shared>,
    mut request: Request,
    next: Next,
) -> response::Response {
    match check(&guard, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(response) => response.into_response(),
    }
}

/// An extractor: the caller of a request with a valid token.
pub struct Caller(pub Verified);

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Shared: FromRef<S>,
{
    type Rejection = Response<String>;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response<String>> {
        check(&Shared::from_ref(state), &parts.headers).await.map(Self)
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
        caller.claims().map(Self).map_err(|error| {
            eprintln!("{error}");
            refused(Shared::from_ref(state).invalid_token("claims_do_not_fit", "Invalid token"))
        })
    }
}

async fn check(
    guard: &Guard<RemoteJwks>,
    headers: &HeaderMap,
) -> Result<Verified, Response<String>> {
    // All values: a client that sends two must be refused, even if one of them is valid.
    let values = headers.get_all("authorization");
    guard.check_async(&values).await.map_err(|rejection| {
        let response = refused(rejection);
        // Every check with its values, parts of the token among them: for whoever looks for a fault.
        if env::var_os("LOG").is_some_and(|log| log == "explanation") {
            eprintln!("{}", guard.explain(&values));
        }
        response
    })
}

fn refused(rejection: Rejection) -> Response<String> {
    eprintln!("{}: {rejection}", rejection.code());
    rejection.into()
}
