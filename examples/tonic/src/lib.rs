//! A protected gRPC service on tonic, with `Guard` in front of it.

use std::sync::Arc;

use tokenring::{Guard, RemoteJwks, Verified};
use tonic::{Request, Response, Status, service::Routes};

use crate::{
    api::{
        Empty, HelloReply, ListReply,
        messages_server::{Messages, MessagesServer},
    },
    layer::{guarded, status},
};

pub mod api;
/// The layer, to be copied. It can wait for keys without blocking, which an interceptor of tonic's cannot.
#[path = "../../../src/guide/grpc/layer.rs"]
pub mod layer;

/// The service, for `Server::add_routes`. Services that are added to it need no token.
pub fn service(guard: Guard<RemoteJwks>) -> Routes {
    let guard = Arc::new(guard);
    let api = Api { guard: guard.clone() };
    guarded(guard, Routes::new(MessagesServer::new(api)))
}

/// The handlers. They find the caller in the request's extensions, where [`guarded`] puts it.
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
