//! A guard in front of the handlers of axum: a layer, and two extractors.

use std::{env, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, Request, State},
    http::{HeaderMap, Response, request::Parts},
    middleware::Next,
    response::{self, IntoResponse as _},
};
use serde::de::DeserializeOwned;
use tokenring::{Admission, Guard, Rejection, RemoteJwks, possession};

pub type Shared = Arc<Guard<RemoteJwks>>;

/// For `middleware::from_fn_with_state`, a layer: passes on requests with a valid token, and adds [`headers_of`] to
/// their responses. Handlers find the caller as `Extension<Verified>`.
pub async fn require_token(
    State(guard): State<Shared>,
    request: Request,
    next: Next,
) -> response::Response {
    let (mut parts, body) = request.into_parts();
    match check(&guard, &mut parts).await {
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

/// An extractor: the claims of a valid token as a type of yours, and the caller.
pub struct Claims<T>(pub T, pub Admission);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Claims<T>
where
    Shared: FromRef<S>,
{
    type Rejection = Response<String>;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response<String>> {
        let Caller(caller) = Caller::from_request_parts(parts, state).await?;
        let claims = caller.verified().claims().map_err(|error| {
            eprintln!("{error}");
            refused(Shared::from_ref(state).invalid_token("claims_do_not_fit", "Invalid token"))
        })?;
        Ok(Self(claims, caller))
    }
}

/// The fields for the response: with DPoP now and then, the client's next nonce.
pub fn headers_of(admission: &Admission) -> HeaderMap {
    let fields = admission.headers();
    fields.filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?))).collect()
}

/// Checks a request once, however many ask: a second check would refuse its proof as used.
async fn check(guard: &Shared, parts: &mut Parts) -> Result<Admission, Response<String>> {
    // Only of this guard: another may require more.
    let checked = parts.extensions.get::<(Shared, Admission)>();
    if let Some((_, admission)) = checked.filter(|(by, _)| Arc::ptr_eq(by, guard)) {
        return Ok(admission.clone());
    }
    // In a nested router, take the URI from `OriginalUri`: this one would lack the prefix.
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    // All values: a client that sends two must be refused, even if one of them is valid.
    let request = possession::Request::new(parts.method.as_str(), target)
        .authorization(parts.headers.get_all("authorization"))
        .dpop(parts.headers.get_all("dpop"));
    let admission = guard.check_request_async(&request).await.map_err(|rejection| {
        let response = refused(rejection);
        // Every check with its values, parts of the token among them: for whoever looks for a fault.
        if env::var_os("LOG").is_some_and(|log| log == "explanation") {
            eprintln!("{}", guard.explain_request(&request));
        }
        response
    })?;
    parts.extensions.insert((guard.clone(), admission.clone()));
    Ok(admission)
}

/// Logs a refusal, also one by a handler: `guard.check_scope(&caller, "orders:write").map_err(refused)?`.
pub fn refused(rejection: Rejection) -> Response<String> {
    eprintln!("{}: {rejection}", rejection.code());
    rejection.into()
}
