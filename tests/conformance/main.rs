//! The documents that the crate is held to, in the order of `src/lib.rs`, each in a module of its own.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may"
)]

#[allow(unreachable_pub, reason = "in its own package it is public")]
#[path = "../oracle/src/algorithms.rs"]
mod algorithms;
mod common;

// JSON Web Signature.
mod rfc7515;
mod rfc7515_x5t;
// JSON Web Key: keys and sets of them; keys whose private half was published.
mod rfc7517;
mod rfc7517_burnt;
// JSON Web Algorithms: RSA; elliptic curves.
mod rfc7518;
mod rfc7518_ec;
// Ed25519.
mod rfc8037;
// Keys in PEM and DER, and in certificates; keys that are not in a JWK Set.
mod rfc7468;
mod rfc5280;
mod single_keys;
// JSON Web Token.
mod rfc7519;
// JSON Pointer: scopes in other claims.
mod rfc6901;
// The profile for access tokens.
mod rfc9068;
// OpenID Connect Core: tokens for a client.
mod openid_connect;
// ID tokens and logins.
mod openid_connect_login;
// Security events and logout tokens.
mod rfc8417;
// Best current practices: kinds of tokens; one algorithm for a key; several issuers,
// fixed and at run time.
mod rfc8725;
mod rfc8725_algorithms;
mod rfc8725_issuers;
#[cfg(feature = "std")]
mod issuers_at_run_time;
// Microsoft Entra's documentation of access tokens: an issuer with a name for each tenant.
mod tenants;
// Bearer tokens in requests; a guard's answers.
mod rfc6750;
mod rfc6750_guard;
// Metadata of the service, for clients.
mod rfc9728;
#[cfg(feature = "fetch")]
mod http_response;
// Step-up authentication: `acr` and `auth_time` of an access token.
mod rfc9470;
// Bound tokens: thumbprints; `cnf`; certificates; proofs, their URI, their nonces, and used ones.
mod proofs;
mod rfc7638;
mod rfc7800;
mod rfc8705;
mod rfc9449;
mod rfc9449_explain;
mod rfc9449_guard;
mod rfc9449_htu;
mod rfc9449_nonce;
#[cfg(feature = "std")]
mod rfc9449_replay;
// Times as they are displayed.
mod rfc3339;

// The examples of the JOSE cookbook.
mod rfc7520;
// Project Wycheproof's vectors.
mod wycheproof;
// Tokens and key sets of PyJWT and jose.
mod interop;
// Our own corpus, for other implementations too.
mod corpus;
mod corpus_proofs;
// The table of issuers in `src/issuers.md`.
mod issuers;

// The pages of the guide.
mod guide;

// What the crate promises besides: errors, explanations, Auth0's settings, the test issuer, threads.
mod errors;
mod typed_claims;
mod debug;
mod explain;
mod advice;
mod auth0;
mod testkit;
#[cfg(feature = "std")]
mod testkit_dpop;
mod testkit_server;
mod auto_traits;
// And whatever other crates are in the build.
mod dependencies;
mod feature_unification;
