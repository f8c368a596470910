//! What a service would use instead of tokenring, put to the same work: the same tokens, the same
//! policy, one run.

// 1. The tokens.
pub mod samples;

// 2. Who verifies them, and how: each as its own documentation tells a service to.
pub mod peer;
pub mod with_jsonwebtoken;
mod with_jsonwebtoken_9;
mod with_jwt_simple;
mod with_ring;
mod with_tokenring;

// 3. What is timed, and the timing of it.
pub mod contest;
pub mod measure;
pub mod throughput;

// 4. What is kept of it.
pub mod environment;
pub mod report;
