//! The rules of tokens, keys and key sources, written a second time, slow and simple. The fuzz
//! targets and the crate's own tests compare the crate with them.
#![forbid(unsafe_code)]

pub mod curves;
pub mod json;
pub mod keys;
pub mod remote;
pub mod tokens;
