//! The alternatives to tokenring, doing the same work with the same tokens and policy in one run.

// 1. The tokens.
pub mod keycloak;
pub mod samples;

// 2. The libraries, each used as its documentation says.
pub mod peer;
pub mod with_jsonwebtoken;
mod with_jsonwebtoken_9;
mod with_jwt_simple;
mod with_ring;
mod with_tokenring;

// 3. The comparisons and their timing.
pub mod contest;
mod dpop;
pub mod measure;
pub mod throughput;

// 4. The results.
pub mod environment;
pub mod report;
pub mod tables;
