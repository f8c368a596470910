//! An MCP server on rmcp, over streamable HTTP, with `Guard` in front of it: the resource server of MCP's
//! authorization specification.
//!
//! Copy [`router`] and the module [`protection`]; [`files`] has the tools.

use axum::{
    Router,
    http::{HeaderName, StatusCode, header},
    middleware,
    response::IntoResponse as _,
    routing::get,
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tokenring::{Guard, RemoteJwks, ResourceMetadata, ResourceMetadataError, Verifier};

use crate::{files::Files, protection::Protection};

pub mod files;
pub mod protection;

/// The routes: the MCP server at the path of `resource`, and the metadata of the resource.
///
/// `resource` is the URL that clients connect to, and the audience of their tokens.
///
/// # Errors
///
/// [`ResourceMetadataError`] if `resource` or the issuer cannot be in the metadata.
pub fn router(
    verifier: Verifier<RemoteJwks>,
    resource: &str,
) -> Result<Router, ResourceMetadataError> {
    // Every request needs this scope. A tool may need a further one: see `files::scope_of`.
    let guard = Guard::new(verifier).require_scope(files::READ).implies(files::WRITE, files::READ);
    let metadata = guard
        .metadata_builder(resource)
        .scopes_supported([files::READ, files::WRITE])
        .name("Files")
        // Changes nothing for the https URL of a real service.
        .danger_allow_http_loopback()
        .build()?;
    let protection = Protection::new(guard.resource_metadata(&metadata));

    let (host, path) = host_and_path(resource);
    let mcp = Router::new()
        .route_service(path, service(Files::new(protection.clone()), host))
        .route_layer(middleware::from_fn_with_state(protection, protection::protect));
    Ok(mcp.merge(metadata_routes(&metadata)))
}

/// The tools over HTTP, for requests to this host, with its port if it has one.
pub fn service(files: Files, host: &str) -> StreamableHttpService<Files, NeverSessionManager> {
    // Without sessions, no session can be used with another user's token.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_allowed_hosts([host]);
    StreamableHttpService::new(move || Ok(files.clone()), Default::default(), config)
}

/// The document at its path. Nobody needs a token for it, and browsers may read it from any origin.
///
/// Also at the root, where older clients look: right as long as this is the only resource on the host.
fn metadata_routes(metadata: &ResourceMetadata) -> Router {
    let json = metadata.to_json();
    let document = get(move || async {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        ];
        (headers, json)
    });
    let document = document.options(|| async {
        let headers: [(HeaderName, &str); 3] = [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        ];
        (StatusCode::NO_CONTENT, headers).into_response()
    });
    let routes = Router::new().route(metadata.well_known_path(), document.clone());
    match metadata.well_known_path() {
        ROOT => routes,
        _ => routes.route(ROOT, document),
    }
}

/// The host of a resource, with its port, and its path. The metadata has checked that it has a host.
fn host_and_path(resource: &str) -> (&str, &str) {
    let rest = resource.split_once("://").map_or(resource, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or(rest);
    match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    }
}

const ROOT: &str = "/.well-known/oauth-protected-resource";
