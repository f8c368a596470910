//! What both tests need: the issuer, its policy, and a server.

use std::net::SocketAddr;

use axum::Router;
use issuers::Issuer;
use tokenring::{Policy, RemoteJwks, Verifier};
use tokio::{net::TcpListener, runtime::Runtime};

/// The API that the tokens are for.
pub const AUDIENCE: &str = "https://api.example.com/";

/// A verifier of the issuer's tokens for [`AUDIENCE`]. oidc-provider follows RFC 9068.
///
/// # Panics
///
/// If the issuer has no keys.
pub fn verifier(issuer: &Issuer) -> Verifier<RemoteJwks> {
    Verifier::new(Policy::rfc9068(issuer.identifier(), AUDIENCE), issuer.keys()).unwrap()
}

/// Serves, until the process ends, the router for the address that it is served at.
///
/// # Panics
///
/// If there is no port.
pub fn serve(router: impl FnOnce(SocketAddr) -> Router) -> SocketAddr {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let router = router(address);
    Box::leak(Box::new(runtime)).spawn(async move { axum::serve(listener, router).await });
    address
}
