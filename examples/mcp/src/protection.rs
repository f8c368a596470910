//! The guard before the MCP server, and the scopes of the tools.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{self, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tokenring::{Guard, Rejection, RemoteJwks, Verified};

use crate::files::scope_of;

/// A guard, shared by the routes and the tools.
#[derive(Clone)]
pub struct Protection {
    guard: Arc<Guard<RemoteJwks>>,
}

impl Protection {
    pub fn new(guard: Guard<RemoteJwks>) -> Self {
        Self { guard: guard.into() }
    }

    /// Checks that the caller may call these tools.
    ///
    /// # Errors
    ///
    /// The response to send: a 403 whose challenge has all scopes that the request needs at once.
    pub fn check_tools<'n>(
        &self,
        caller: &Verified,
        tools: impl IntoIterator<Item = &'n str>,
    ) -> Result<(), Rejection> {
        let scopes: Vec<&str> = tools.into_iter().filter_map(scope_of).collect();
        match scopes.is_empty() {
            // To the guard, a scope without a name is one that no token has.
            true => Ok(()),
            false => self.guard.check_scope(caller, &scopes.join(" ")),
        }
    }
}

/// A middleware that passes on the requests of callers who may make them.
///
/// The token is checked before the message is read, and it is not passed on: a tool that calls another
/// service needs a token of its own. It finds the caller's [`Verified`] in the request's extensions.
pub async fn protect(
    State(protection): State<Protection>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&protection, request).await {
        Ok(request) => next.run(request).await,
        Err(response) => response,
    }
}

async fn admit(protection: &Protection, request: Request) -> Result<Request, Response> {
    // All values: a request with two is refused.
    let values = request.headers().get_all(header::AUTHORIZATION);
    let caller = protection.guard.check_async(&values).await.map_err(respond)?;

    let (mut parts, body) = request.into_parts();
    parts.headers.remove(header::AUTHORIZATION);
    let body = to_bytes(body, MAX_BODY)
        .await
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    // A client requests another token if the HTTP status says so. An error inside the message would be one
    // for the user.
    let message = serde_json::from_slice(&body).unwrap_or(Value::Null);
    protection.check_tools(&caller, called_tools(&message)).map_err(respond)?;
    parts.extensions.insert(caller);
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The tools that a message calls, or a batch of messages.
///
/// This decides only how a refusal looks. rmcp may read another name, of a message with two: so
/// `Files::call_tool` checks the scope of the tool that is called.
fn called_tools(message: &Value) -> impl Iterator<Item = &str> {
    let messages = message.as_array().map_or(std::slice::from_ref(message), Vec::as_slice);
    let calls = messages.iter().filter(|message| message["method"] == "tools/call");
    calls.filter_map(|call| call["params"]["name"].as_str())
}

fn respond(rejection: Rejection) -> Response {
    eprintln!("{}: {rejection}", rejection.code());
    http::Response::from(rejection).into_response()
}

/// The limit of rmcp.
const MAX_BODY: usize = 4 << 20;
