//! A protected gRPC service on tonic, with `Guard` in front of it.
//!
//! Copy [`RequireToken`], a tower layer. It can wait for keys without blocking, which an interceptor of tonic's cannot.

pub mod api;

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::header::AUTHORIZATION;
use tokenring::{Guard, Rejection, RemoteJwks, Verified};
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    metadata::MetadataMap,
    service::{LayerExt as _, Layered},
};
use tower::{Layer, Service};

use crate::api::{
    Empty, HelloReply, ListReply,
    messages_server::{Messages, MessagesServer},
};

/// The service, for `Server::add_service`. Other services added to the server need no token.
pub fn service(
    guard: Guard<RemoteJwks>,
) -> Layered<RequireTokenService<MessagesServer<Api>>, MessagesServer<Api>> {
    let guard = Arc::new(guard);
    let api = MessagesServer::new(Api { guard: guard.clone() });
    RequireToken(guard).named_layer(api)
}

/// The handlers. They find the caller in the request's extensions, where [`RequireToken`] puts it.
pub struct Api {
    guard: Arc<Guard<RemoteJwks>>,
}

#[tonic::async_trait]
impl Messages for Api {
    async fn hello(&self, request: Request<Empty>) -> Result<Response<HelloReply>, Status> {
        let subject = caller(&request)?.subject().unwrap_or("nobody");
        Ok(Response::new(HelloReply { message: format!("Hello, {subject}") }))
    }

    async fn list(&self, request: Request<Empty>) -> Result<Response<ListReply>, Status> {
        let permission = self.guard.check_permission(caller(&request)?, "read:messages");
        permission.map_err(status)?;
        Ok(Response::new(ListReply { messages: vec!["a message".into()] }))
    }
}

fn caller(request: &Request<Empty>) -> Result<&Verified, Status> {
    let caller = request.extensions().get::<Verified>();
    caller.ok_or_else(|| Status::internal("the service has no guard"))
}

/// A layer that passes on calls with a valid token.
#[derive(Clone)]
pub struct RequireToken(pub Arc<Guard<RemoteJwks>>);

impl<S> Layer<S> for RequireToken {
    type Service = RequireTokenService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireTokenService { guard: self.0.clone(), inner }
    }
}

/// A service behind [`RequireToken`].
#[derive(Clone)]
pub struct RequireTokenService<S> {
    guard: Arc<Guard<RemoteJwks>>,
    inner: S,
}

impl<S> Service<http::Request<Body>> for RequireTokenService<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let guard = self.guard.clone();
        // The call goes to the service whose readiness was polled. A clone takes the next call.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            // All values: a client that sends two must be refused, even if one of them is valid.
            let check = guard.check_async(request.headers().get_all(AUTHORIZATION));
            match check.await {
                Ok(caller) => {
                    request.extensions_mut().insert(caller);
                    inner.call(request).await
                }
                Err(rejection) => Ok(status(rejection).into_http()),
            }
        })
    }
}

/// A rejection as a gRPC status. Its metadata are the header fields that an HTTP client would get.
fn status(rejection: Rejection) -> Status {
    if let Some(cause) = rejection.cause() {
        eprintln!("{}: {cause}", cause.code());
    }
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
