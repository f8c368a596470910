//! Verifies JSON Web Tokens with *ring*.
#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

// 1. Token text to three segments and a header, nothing of it verified.
mod compact;
mod base64url;
mod json;
mod header;

// 2. The issuer's keys, each with one algorithm.
mod jwk;
mod jwk_set;
mod key_source;

// 3. The signature. From here on the payload may be looked at.
mod signature;

// 4. What the payload says, against what it has to say.
mod claims;
mod policy;

// 5. All of it in one function.
mod verifier;

// 6. Every way to be refused, in this order.
mod error;

#[cfg(feature = "testkit")]
#[expect(clippy::expect_used, reason = "for tests; its panics are documented")]
pub mod testkit;

pub use claims::Verified;
pub use compact::CompactJws;
pub use error::{
    ClaimsError, JsonError, JwkError, JwkSetError, KeyError, PolicyError, VerifyError,
};
pub use header::JoseHeader;
pub use jwk::{Algorithm, PublicKey};
pub use jwk_set::{JwkSet, SelectedKey, SkippedKey};
pub use key_source::KeySource;
pub use policy::{Policy, TokenType, UnixTime};
pub use signature::VerifiedPayload;
pub use verifier::Verifier;
