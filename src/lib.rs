//! Verifies JSON Web Tokens with *ring*: strictly, with five dependencies, no framework and no async
//! runtime.
//!
//! A token is accepted if it is well-formed, signed with a key of the issuer, and satisfies a
//! [`Policy`]. Otherwise the first failed check is returned as a [`VerifyError`].
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
//!   [`issuers`] has the policy for Auth0, Okta, Cognito, Entra ID, Google, Keycloak and 34 more.
//!   [`Auth0::from_env`] makes policy and keys from the environment.
//! - **Where do the keys come from?** [`RemoteJwks::discover`] needs the issuer's identifier,
//!   [`RemoteJwks::new`] the URL of its keys; [`JwkSet::from_json`] reads keys that you have,
//!   and [`PublicKey::from_pem`] one key or certificate.
//! - **A service over HTTP?** [`Guard`] takes the values of the `Authorization` header and returns
//!   the caller's [`Verified`] token, or the [`Rejection`] to send. [`check`](Guard::check) blocks
//!   for keys, [`check_async`](Guard::check_async) is a future for any runtime, and
//!   [`try_check`](Guard::try_check) never waits.
//! - **Scopes, permissions?** [`Guard::require_scope`] for all requests, [`Guard::check_scope`] in one
//!   handler, and the same for permissions. Scopes or roles in another claim: [`Policy::scopes_from`].
//!   Roles beside scopes: [`Guard::require_claim_value`]. Scopes that include others: [`Guard::implies`].
//! - **A second factor, or a recent login?** [`Guard::require_authentication`].
//! - **A token in another field, a cookie or a message?** [`Guard::check_token`].
//! - **Clients that find the issuer by themselves, as those of MCP?** [`ResourceMetadata`] is the document
//!   that they read, and [`Guard::resource_metadata`] tells them where it is.
//! - **Why was a token refused?** [`Verifier::explain`] shows each expected value beside the actual
//!   one, with a hint. The page [`explain`] says how to read the report.
//! - **Tests of your service?** The feature [`testkit`]: an issuer with keys, tokens good and bad, a
//!   client that makes DPoP proofs, and a server on loopback that can fail in many ways.
//! - **What if the issuer rotates its keys, or is down?** [`RemoteJwks`] answers both, and the page
//!   [`remote`] has all the rules.
//! - **Is the service ready?** [`RemoteJwks::prime`] and [`RemoteJwks::health`].
//! - **The log, metrics?** A [`Rejection`] printed as text, [`Rejection::code`] and [`VerifyError::code`]; all codes are
//!   in [`Rejection::CODES`].
//! - **The claims of an application?** [`Verified::claims`] reads them into a type of yours.
//! - **Several issuers?** [`Verifier::with_issuer`], or [`Issuers`] if they come and go while the
//!   service runs. **Several tenants of one issuer?** [`Policy::for_tenants`].
//! - **Who logged in?** [`Policy::for_id_tokens`] and [`Verifier::verify_id_token`]. The page
//!   [`id_tokens`] has an example and the rules.
//! - **Tokens that are bound to a key or a certificate?** [`Verified::confirmation`], and the module
//!   [`possession`] for DPoP proofs and client certificates.
//! - **The same tokens again and again?** [`Verifier::with_token_cache`].
//!
//! # How it works
//!
//! Three steps, each a type that only the step before can make:
//!
//! 1. [`CompactJws::parse`] splits the token and reads its header. Nothing is verified yet; the
//!    header may choose among keys that are already trusted.
//! 2. [`CompactJws::verify`] consumes the result and checks the signature: [`VerifiedPayload`].
//! 3. [`Verifier::check_at`] reads the claims and compares them with the policy: [`Verified`].
//!
//! [`Verifier::verify`] does all three.
//!
//! # Features
//!
//! - `fetch`, on by default, with `std`: [`RemoteJwks`] and [`Auth0`], over ureq and rustls.
//! - `std`, on by default: everything that reads the clock or waits, and [`Issuers`]. Without it the crate
//!   is `no_std` and needs `alloc`.
//! - `simd`, with `std`: base64url is decoded with AVX2 or NEON, where the processor has it. This
//!   code is in the `base64` crate and uses `unsafe`. Worthwhile for tokens of several kilobytes.
//! - `testkit`: an issuer for tests. Its private keys are public.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// 1. From token text to three segments and a header, not verified.
mod compact;
mod base64url;
mod json;
mod header;
mod algorithm;
mod token_type;

// 2. The issuer's keys, each with one algorithm.
mod encoding;
mod jwk;
mod pem;
mod jwk_set;
mod key_name;
mod key_source;
mod keys_description;

// 3. The signature. From here on the payload is trusted.
mod signature;

// 4. The claims, compared with the policy.
mod claims;
mod claim_path;
mod check;
mod required_claim;
mod policy;
mod authentication;
mod login;
mod tenants;
mod time;
mod verified;
mod claims_error;

// 5. The whole pipeline, and the cache that shortens it.
mod verifier;
mod trust;
mod token_cache;
#[cfg(feature = "std")]
mod lock;

// 6. The pipeline again, past the first failure: for operators.
pub mod explain;

// 7. The check of an HTTP request, before its handler.
mod bearer;
mod scope_hierarchy;
mod guard;
mod challenge;
mod rejection;

// 8. Tokens that are bound to a key or a certificate: the proof in a request.
pub mod possession;

// 9. What the service says of itself.
mod host;
mod resource_metadata;

// 10. Every reason for refusal, in pipeline order, and the faults of a setting's text.
mod error;
mod setting_text;

// 11. The issuer's keys over the network.
#[cfg(feature = "fetch")]
pub mod remote;
#[cfg(feature = "fetch")]
mod auth0;

// 12. The tokens of common issuers.
#[cfg(feature = "fetch")]
#[doc = include_str!("issuers.md")]
pub mod issuers {}

// 13. Logins: what to check in an ID token.
#[doc = include_str!("id_tokens.md")]
pub mod id_tokens {}

// 14. An issuer for tests.
#[cfg(feature = "testkit")]
#[expect(clippy::expect_used, reason = "for tests; its panics are documented")]
pub mod testkit;

pub use algorithm::{Algorithm, UnknownAlgorithm};
#[cfg(feature = "fetch")]
pub use auth0::{Auth0, Auth0ConfigError};
pub use authentication::Authentication;
pub use bearer::FieldValues;
pub use claim_path::ClaimPath;
pub use claims_error::{ClaimsError, ClaimsErrorKind};
pub use compact::CompactJws;
pub use error::{JsonError, KeyError, PolicyError, VerifyError};
pub use explain::Explanation;
#[cfg(feature = "std")]
pub use guard::GuardCheck;
pub use guard::{Admission, Guard};
pub use header::JoseHeader;
pub use jwk::{JwkError, JwkSetError, PublicKey};
pub use jwk_set::{JwkSet, SelectedKey, SkippedKey};
pub use key_source::{KeyLookup, KeyQuery, KeySource};
pub use keys_description::KeysDescription;
pub use login::Login;
pub use pem::{DerError, PemError};
pub use policy::Policy;
pub use rejection::Rejection;
#[cfg(feature = "fetch")]
pub use remote::{FetchConfigError, RemoteJwks};
pub use resource_metadata::{ResourceMetadata, ResourceMetadataBuilder, ResourceMetadataError};
pub use setting_text::SettingFault;
pub use signature::VerifiedPayload;
pub use time::UnixTime;
pub use token_type::TokenType;
#[cfg(feature = "std")]
pub use trust::Issuers;
pub use verified::Verified;
pub use verifier::Verifier;

// The README's code is compiled.
#[cfg(all(doctest, feature = "fetch"))]
#[doc = include_str!("../README.md")]
struct Readme;

// Code that must not compile does not.
#[cfg(doctest)]
#[doc = include_str!("compile_fail.md")]
struct CompileFail;
