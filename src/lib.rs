//! Verifies JSON Web Tokens with *ring*: strictly, with five dependencies, no framework and no async
//! runtime.
//!
//! A token is accepted if it is well-formed, signed with a key of the issuer, and says what a [`Policy`]
//! asks for. Otherwise the first failed check is returned as a [`VerifyError`].
//!
//! ```
//! use tokenring::{JwkSet, Policy, UnixTime, Verifier, VerifyError};
//!
//! # use tokenring::testkit::Issuer;
//! # let test_issuer = Issuer::new("https://tenant.eu.auth0.com/");
//! # let jwks = test_issuer.jwks();
//! # let token = test_issuer.token_at(UnixTime::from_secs(1_780_000_000)).mint();
//! let keys = JwkSet::from_json(jwks.as_bytes())?;
//! let policy = Policy::new("https://tenant.eu.auth0.com/", "https://api.example.com/");
//! let verifier = Verifier::new(policy, keys)?;
//!
//! let an_hour_later = UnixTime::from_secs(1_780_003_600);
//! let verified = verifier.verify_at(&token, an_hour_later)?;
//! assert!(verified.has_scope("read:messages"));
//!
//! let two_days_later = UnixTime::from_secs(1_780_172_800);
//! assert_eq!(
//!     verifier.verify_at(&token, two_days_later).unwrap_err(),
//!     VerifyError::Expired { exp: 1_780_086_400, now: 1_780_172_800 },
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to start
//!
//! - **What must a token say?** [`Policy`]: issuer, audience or client, algorithms. The page
//!   [`issuers`] has the policy for Auth0, Okta, Cognito, Entra ID, Google, Keycloak and ten more.
//! - **Where do the keys come from?** [`RemoteJwks::discover`] needs the issuer's identifier,
//!   [`RemoteJwks::new`] the URL of its keys; [`JwkSet::from_json`] reads keys at hand.
//! - **Auth0?** [`Auth0::from_env`] makes all of it from three environment variables.
//! - **A service over HTTP?** [`Guard`] takes the values of the `Authorization` header and gives the
//!   caller, or the [`Rejection`] to answer. [`check`](Guard::check) blocks for keys,
//!   [`check_async`](Guard::check_async) is a future for any runtime, and
//!   [`try_check`](Guard::try_check) never waits.
//! - **Several issuers or tenants?** [`Verifier::with_issuer`].
//! - **The same tokens again and again?** [`Verifier::with_token_cache`].
//! - **Why was a token refused?** [`Verifier::explain`] shows the expected beside the actual.
//! - **Is the service ready?** [`RemoteJwks::prime`] and [`RemoteJwks::health`].
//! - **Tests of your service?** The feature `testkit`: an issuer with keys, tokens good and bad, and a
//!   server on loopback that can fail in many ways.
//!
//! # How it works
//!
//! Three steps, each a type that only the step before can make:
//!
//! 1. [`CompactJws::parse`] cuts the token and reads its header. Nothing is verified; the header may
//!    choose among keys that are trusted already.
//! 2. [`CompactJws::verify`] consumes it and, if the signature holds, gives a [`VerifiedPayload`].
//! 3. [`Verifier::check_at`] reads the claims and compares them with the policy: [`Verified`].
//!
//! [`Verifier::verify`] does all three.
//!
//! # Features
//!
//! - `fetch`, on by default, with `std`: [`RemoteJwks`] and [`Auth0`], over ureq and rustls.
//! - `std`, on by default: everything that reads the system clock. Without it the crate is `no_std` and
//!   needs `alloc`.
//! - `simd`, with `std`: base64url is decoded on AVX2 or NEON, where the processor has it, by code of the
//!   `base64` crate that has `unsafe` in it. Worth while for tokens of some kilobytes.
//! - `testkit`: an issuer for tests, whose private keys everybody has.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// 1. Token text to three segments and a header, nothing of it verified.
mod compact;
mod base64url;
mod json;
mod header;
mod algorithm;

// 2. The issuer's keys, each with one algorithm.
mod jwk;
mod jwk_set;
mod key_source;

// 3. The signature. From here on the payload may be looked at.
mod signature;

// 4. What the payload says, compared with what it has to say.
mod claims;
mod policy;
mod time;
mod verified;

// 5. The whole pipeline, and the cache that shortens it.
mod verifier;
mod token_cache;

// 6. The pipeline again, past the first failure: for operators.
mod explain;

// 7. In front of a handler.
mod bearer;
mod guard;
mod rejection;

// 8. Every way to be refused, in this order.
mod error;

// 9. The issuer's keys over the network: decisions, state and waiting, HTTP.
#[cfg(feature = "fetch")]
mod remote;
#[cfg(feature = "fetch")]
mod auth0;

// 10. What issuers really send.
#[cfg(feature = "fetch")]
#[doc = include_str!("issuers.md")]
pub mod issuers {}

// 11. An issuer for tests.
#[cfg(feature = "testkit")]
#[expect(clippy::expect_used, reason = "for tests; its panics are documented")]
pub mod testkit;

pub use algorithm::{Algorithm, UnknownAlgorithm};
#[cfg(feature = "fetch")]
pub use auth0::{Auth0, Auth0ConfigError};
pub use compact::CompactJws;
pub use error::{JsonError, KeyError, PolicyError, VerifyError};
pub use explain::{
    Check, Explanation, ExplanationWithAllClaims, Finding, Hint, KeysDescription, Outcome,
};
pub use guard::Guard;
#[cfg(feature = "std")]
pub use guard::GuardCheck;
pub use header::JoseHeader;
pub use jwk::{JwkError, JwkSetError, PublicKey};
pub use jwk_set::{JwkSet, SelectedKey, SkippedKey};
pub use key_source::{KeyLookup, KeyQuery, KeySource};
pub use policy::{Policy, TokenType};
pub use rejection::Rejection;
#[cfg(feature = "fetch")]
pub use remote::{
    Clock, Fetch, FetchConfigError, FetchError, FetchEvent, FetchFailure, FetchPurpose,
    FetchRequest, Health, KeysState, MetadataError, RemoteJwks, RemoteJwksBuilder,
};
pub use signature::VerifiedPayload;
pub use time::UnixTime;
pub use verified::{ClaimsError, ClaimsErrorKind, Verified};
pub use verifier::Verifier;

// The README's code is compiled.
#[cfg(all(doctest, feature = "fetch"))]
#[doc = include_str!("../README.md")]
struct Readme;

// What must not compile does not.
#[cfg(doctest)]
#[doc = include_str!("compile_fail.md")]
struct CompileFail;
