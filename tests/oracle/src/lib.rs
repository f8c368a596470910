//! The rules of tokens, keys and key sources, written a second time, slow and simple. The fuzz
//! targets and the crate's own tests compare the crate with them.
//!
//! Also the client, the issuer and the properties that the tests of the examples share.
#![forbid(unsafe_code)]

mod algorithms;

pub use algorithms::ALGORITHMS;

// The rules a second time.
pub mod curves;
pub mod json;
pub mod keys;
pub mod pem;
pub mod proofs;
pub mod remote;
pub mod times;
pub mod tokens;
pub mod uris;

// For the tests of the examples.
pub mod api;
pub mod http;
pub mod issued;
pub mod program;
