//! Verifies JSON Web Tokens with *ring*: strictly, with five dependencies, no framework and no async
//! runtime.
//!
//! ```no_run
//! use tokenring::{Guard, Verifier};
//!
//! # #[cfg(not(feature = "fetch"))] fn main() {}
//! # #[cfg(feature = "fetch")]
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Once: the `iss` of the tokens, and the `aud` that names this service. The issuer's keys are found,
//!     // fetched and refreshed.
//!     let verifier = Verifier::discover("https://login.example.com/", "https://api.example.com/")?;
//!     let guard = Guard::new(verifier).require_scope("read:messages");
//!
//!     // For each request, with all values of its `Authorization` field. In async code: `check_async`.
//!     match guard.check(["Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"]) {
//!         Ok(caller) => println!("hello {}", caller.subject().unwrap_or("nobody")),
//!         Err(rejection) => {
//!             eprintln!("{rejection}"); // for the log, with the cause
//!             println!("{} {}", rejection.status(), rejection.body()); // for the client
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! A token is accepted if it is well-formed, signed with a key of the issuer, and satisfies a
//! [`Policy`]. Otherwise the first failed check is returned as a [`VerifyError`]. The parts also work
//! without a network, a clock or a request:
//!
//! ```
//! use tokenring::{JwkSet, Policy, UnixTime, Verifier, VerifyError};
//!
//! # use tokenring::testkit::Issuer;
//! # let test_issuer = Issuer::new("https://login.example.com/");
//! # let jwks = test_issuer.jwks();
//! # let token = test_issuer.token_at(UnixTime::from_secs(1_780_000_000)).mint();
//! let keys = JwkSet::from_json(jwks.as_bytes())?;
//! let policy = Policy::new("https://login.example.com/", "https://api.example.com/");
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
//! With a page of the [`guide`], if one is about your task:
//!
//! - [A first service, from `cargo new`](guide::first_service). [A layer and extractors for axum](guide::axum),
//!   [for actix-web](guide::actix), [gRPC with tonic](guide::grpc),
//!   [WebSockets, event streams and cookies](guide::websockets).
//! - [From `jsonwebtoken` to this crate](guide::from_jsonwebtoken).
//! - [The policy for my issuer](issuers): Auth0, Okta, Cognito, Entra ID, Google, Keycloak and 34 more.
//!   [Its roles, groups and scopes](guide::roles_and_groups).
//! - [A second factor, a recent login](guide::step_up). [Several tenants](guide::tenants).
//!   [Logins with ID tokens](id_tokens).
//! - [A server for MCP clients](guide::mcp). [DPoP and client certificates](guide::dpop).
//! - [Behind nginx, Caddy, Envoy or Traefik](guide::behind_a_proxy), [Kubernetes](guide::kubernetes),
//!   [Docker Compose](guide::docker_compose), [serverless functions](guide::serverless).
//! - [Metrics, logs, alerts](guide::metrics_and_logs). [Tests of your service](guide::testing).
//!   [No network at all](guide::air_gapped).
//! - [Compared with other libraries](guide::comparison). [Algorithms and standards, with their
//!   tests](guide::standards). [Versions](guide::versioning).
//!
//! Or with an item:
//!
//! - **What must a token say?** [`Policy`]: issuer, audience or client, algorithms. [`Auth0::from_env`] makes
//!   policy and keys from the environment. Scopes or roles in another claim: [`Policy::scopes_from`].
//! - **Where do the keys come from?** [`RemoteJwks::discover`] needs the issuer's identifier,
//!   [`RemoteJwks::new`] the URL of its keys, [`RemoteJwks::from_file`] a file that changes;
//!   [`JwkSet::from_json`] reads keys that you have, and [`PublicKey::from_pem`] one key or certificate.
//! - **What if the issuer rotates its keys, or is down?** [`RemoteJwks`] answers both, and the page
//!   [`remote`] has all the rules. **Is the service ready?** [`RemoteJwks::prime`] and [`RemoteJwks::health`].
//! - **A service over HTTP?** [`Guard`] takes the values of the `Authorization` header and returns
//!   the caller's [`Verified`] token, or the [`Rejection`] to send. [`check`](Guard::check) blocks
//!   for keys, [`check_async`](Guard::check_async) is a future for any runtime, and
//!   [`try_check`](Guard::try_check) never waits. A token from elsewhere: [`Guard::check_token`].
//! - **Scopes, permissions?** [`Guard::require_scope`] for all requests, [`Guard::check_scope`] in one
//!   handler, and the same for permissions, roles beside scopes ([`Guard::require_claim_value`]) and the login
//!   ([`Guard::require_authentication`]). Scopes that include others: [`Guard::implies`].
//! - **Why was a token refused?** [`Verifier::explain`] shows each expected value beside the actual
//!   one, with a hint. The page [`explain`] says how to read the report.
//! - **The log, metrics?** A [`Rejection`] printed as text, [`Rejection::code`] and [`VerifyError::code`]; all
//!   codes are in [`Rejection::CODES`].
//! - **The claims of an application?** [`Verified::claims`] reads them into a type of yours.
//! - **Several issuers?** [`Verifier::with_issuer`], or [`Issuers`] if they come and go while the
//!   service runs. **Several tenants of one issuer?** [`Policy::for_tenants`].
//! - **Tokens that are bound to a key or a certificate?** [`Guard::check_request`], and the module
//!   [`possession`] for those who check proofs themselves.
//! - **Clients that find the issuer by themselves?** [`ResourceMetadata`] is the document
//!   that they read, and [`Guard::resource_metadata`] tells them where it is.
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
//! - `fetch`, on by default, with `std`: [`RemoteJwks`], [`Verifier::discover`] and [`Auth0`], over ureq and
//!   rustls; `into()` an `http::Response`; the pages [`guide`] and [`issuers`].
//! - `std`, on by default: everything that reads the clock or waits, [`Issuers`], the token cache. Without it
//!   the crate is `no_std` and needs `alloc`.
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

// 6. Tokens that are bound to a key or a certificate: the proof in a request.
pub mod possession;

// 7. The check of an HTTP request, before its handler.
mod bearer;
mod scope_hierarchy;
mod guard;
mod challenge;
mod rejection;

// 8. What the service says of itself.
mod host;
mod resource_metadata;

// 9. The pipeline again, past the first failure: for operators.
pub mod explain;

// 10. Every reason for refusal, in pipeline order, and the faults of a setting's text.
mod error;
mod setting_text;

// 11. The issuer's keys over the network.
#[cfg(feature = "fetch")]
pub mod remote;
#[cfg(feature = "fetch")]
mod discover;
#[cfg(feature = "fetch")]
mod auth0;

// 12. The tokens of common issuers.
#[cfg(feature = "fetch")]
#[doc = include_str!("issuers.md")]
#[doc(alias(
    "Auth0",
    "Okta",
    "Cognito",
    "Entra ID",
    "Azure AD",
    "Google",
    "Keycloak",
    "Kubernetes"
))]
pub mod issuers {}

// 13. Logins: what to check in an ID token.
#[doc = include_str!("id_tokens.md")]
#[doc(alias("login", "relying party", "OpenID Connect"))]
pub mod id_tokens {}

// 14. A page for each task.
#[cfg(feature = "fetch")]
pub mod guide;

// 15. An issuer for tests.
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
#[cfg(feature = "fetch")]
pub use discover::DiscoverError;
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
