//! A test issuer: mints good tokens, and broken ones that no real issuer would mint. RFC 7515
//! section 7.1.
//!
//! # Never outside tests
//!
//! **The private keys in this module are public.** They are the same in every copy of the crate.
//! Anyone can sign anything with them, so **a service that trusts them lets anyone in, as anyone.**
//! Turn the feature `testkit` on under `[dev-dependencies]` and nowhere else
//! (`cargo add --dev tokenring --features testkit`), and never load
//! [`Issuer::jwks`] into a service that others can reach. The published keys are called
//! `tokenring-test-key-01` to `-03`, or by their algorithm as in `tokenring-test-key-es256`, so
//! that a search for `tokenring-test-key` finds them.
//!
//! # Use
//!
//! An [`Issuer`] has keys and publishes them as a JWK Set. A [`TokenBuilder`] starts as a valid
//! Auth0 access token; each method changes one thing about it, and [`TokenBuilder::mint`] signs the
//! result. Nothing is checked on the way: broken tokens are the purpose.
//!
//! ```
//! use tokenring::UnixTime;
//! use tokenring::testkit::{Issuer, TestKey};
//!
//! let now = UnixTime::from_secs(1_750_000_000);
//! let issuer = Issuer::default();
//! let good = issuer.token_at(now).scope("read:messages").mint();
//! let expired = issuer.token_at(now).expires_at(now).mint();
//! let forged = issuer.token_at(now).forged_by(&TestKey::attacker()).mint();
//! let unsigned = issuer.token_at(now).header("alg", "none").signature_segment("").mint();
//! # assert!([good, expired, forged].iter().all(|token| token.split('.').count() == 3));
//! # assert!(unsigned.ends_with('.'));
//! ```
//!
//! Keys are for RS256 unless [`Issuer::for_algorithm`] or [`TestKey::for_algorithm`] made them for
//! another [`Algorithm`](crate::Algorithm).
//!
//! A [`DpopClient`] makes proofs for tokens that are bound to its key, good ones and bad ones. RFC 9449.
//!
//! With the feature `std`, an [`IssuerServer`] serves an issuer's keys and metadata over HTTP. It
//! can fail in many ways, on request.
//!
//! The keys are fixed, and RSASSA-PKCS1-v1_5 and Ed25519 have no randomness: the same builder at
//! the same time mints the same token, byte for byte. With RSASSA-PSS and ECDSA, the signature
//! differs each time. The `jti` of a proof is random.

mod issuer;
mod token;
mod key;
mod signer;
mod fixed_keys;
mod dpop;

#[cfg(feature = "std")]
mod server;
#[cfg(feature = "std")]
mod site;
#[cfg(feature = "std")]
mod connection;
#[cfg(feature = "std")]
mod answer;

#[cfg(feature = "std")]
pub use answer::Answer;
pub use dpop::DpopClient;
pub use issuer::Issuer;
pub use key::TestKey;
#[cfg(feature = "std")]
pub use server::IssuerServer;
pub use token::TokenBuilder;

/// The URL of [`Issuer::default`], as in `iss`.
pub const ISSUER: &str = "https://tenant.example.auth0.com/";

/// The default audience of tokens: the first of the two elements of `aud`.
pub const AUDIENCE: &str = "https://api.example.com/";

/// The default client of tokens: their `azp`.
pub const CLIENT_ID: &str = "tokenringTestkitClientIdentifier";
