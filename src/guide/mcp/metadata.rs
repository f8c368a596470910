//! The metadata of the resource, for clients that find the issuer by themselves. RFC 9728.

use axum::{
    Router,
    http::{HeaderName, StatusCode, header},
    response::IntoResponse as _,
    routing::get,
};
use tokenring::ResourceMetadata;

/// The document at its path. Nobody needs a token for it, and browsers may read it from any origin.
///
/// Also at the root, where older clients look: right as long as this is the only resource on the host.
pub fn metadata_routes(metadata: &ResourceMetadata) -> Router {
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

const ROOT: &str = "/.well-known/oauth-protected-resource";
