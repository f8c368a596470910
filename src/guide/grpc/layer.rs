//! A guard in front of the services of tonic.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http,
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use tokenring::{Guard, Rejection, RemoteJwks};
use tonic::{Code, Status, metadata::MetadataMap, service::Routes};

/// These services, for calls with a valid token. Services that are added to the result need none. Handlers
/// find the caller in the request's extensions, as `Verified`.
pub fn guarded(guard: Arc<Guard<RemoteJwks>>, services: Routes) -> Routes {
    services.into_axum_router().route_layer(from_fn_with_state(guard, require_token)).into()
}

async fn require_token(
    State(guard): State<Arc<Guard<RemoteJwks>>>,
    mut request: Request,
    next: Next,
) -> Response {
    // All values: a client that sends two must be refused, even if one of them is valid.
    match guard.check_async(request.headers().get_all("authorization")).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(rejection) => status(rejection).into_http(),
    }
}

/// A rejection as a gRPC status. Its metadata are the header fields that an HTTP client would get.
pub fn status(rejection: Rejection) -> Status {
    eprintln!("{rejection}");
    let code = match rejection.status() {
        403 => Code::PermissionDenied,
        503 => Code::Unavailable,
        _ => Code::Unauthenticated,
    };
    let message = rejection.message();
    let (fields, _) = http::Response::<String>::from(rejection).into_parts();
    // tonic replaces our `content-type` with gRPC's own.
    Status::with_metadata(code, message, MetadataMap::from_headers(fields.headers))
}
