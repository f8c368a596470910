//! Sender-constrained tokens: the proof that a request comes from the holder of the token's key. DPoP
//! (RFC 9449) and client certificates (RFC 8705).
//!
//! A bearer token is good for whoever holds it. A sender-constrained token has a claim `cnf` (RFC 7800),
//! which names a key (`jkt`) or a certificate (`x5t#S256`), and a request must prove that it has the
//! private half:
//!
//! - with **DPoP**, by a *proof*: a small JWT in the field `DPoP`, signed with that key for this method,
//!   this URI and this token. [`ProofVerifier`] checks it.
//! - with a **client certificate**, by the TLS connection. [`ClientCertificate`] reads it from DER or from
//!   the field that a proxy sets, and [`Confirmation::check_certificate`] compares it.
//!
//! # With a guard
//!
//! [`Guard::check_request`](crate::Guard::check_request) does all of it. A [`Request`] has the method, the target
//! and the fields, and an [`Admission`](crate::Admission) has the token and the header fields for the response:
//!
//! ```
//! # #[cfg(not(feature = "std"))] fn main() {}
//! # #[cfg(feature = "std")] fn main() {
//! use tokenring::{
//!     Guard, JwkSet, Policy, Rejection, Verifier,
//!     possession::{Nonces, ProofPolicy, ProofVerifier, ReplayMemory, Request},
//! };
//!
//! # fn keys() -> JwkSet { JwkSet::from_json(br#"{"keys": []}"#).unwrap() }
//! fn guard() -> Result<Guard<JwkSet>, Box<dyn std::error::Error>> {
//!     let policy = Policy::new("https://issuer.example/", "https://api.example.com/");
//!     // The URL by which clients know the service: never taken from `Host`.
//!     let proofs = ProofPolicy::new("https://api.example.com").nonces(Nonces::random()?);
//!     let proofs = ProofVerifier::new(proofs, ReplayMemory::default())?;
//!     Ok(Guard::new(Verifier::new(policy, keys())?).accept_dpop(proofs)) // or require_dpop
//! }
//!
//! /// All values of the fields `Authorization` and `DPoP`.
//! async fn hello(
//!     guard: &Guard<JwkSet>,
//!     authorization: Vec<String>,
//!     dpop: Vec<String>,
//! ) -> Result<(Vec<(&'static str, String)>, String), Rejection> {
//!     let request = Request::new("GET", "/hello").authorization(&authorization).dpop(&dpop);
//!     let admission = guard.check_request_async(&request).await?;
//!     let text = format!("hello {}", admission.verified().subject().unwrap_or("nobody"));
//!     Ok((admission.headers().collect(), text))
//! }
//! # guard().unwrap();
//! # drop(hello);
//! # }
//! ```
//!
//! | `cnf` of the token | `Authorization: Bearer` | `Authorization: DPoP` |
//! |---|---|---|
//! | none | accepted, unless the guard requires proofs | refused: the proof would prove nothing |
//! | `jkt` | refused | needs a proof |
//! | `x5t#S256` | needs the certificate; refused if the guard requires proofs | refused |
//! | both | refused | needs the proof and the certificate |
//! | anything else | refused | refused |
//!
//! Without [`accept_dpop`](crate::Guard::accept_dpop) or [`require_dpop`](crate::Guard::require_dpop), `DPoP` is an
//! unknown scheme. Certificates need no setting.
//!
//! - **Browsers** may read the fields of the answer only if the service says so, by
//!   `Access-Control-Expose-Headers: WWW-Authenticate, DPoP-Nonce`.
//! - **Behind a proxy**, give [`Request::new`] the method and the path that the client sent. A prefix that the proxy
//!   strips belongs to the origin of the [`ProofPolicy`]. For certificates, read [`ClientCertificate`].
//! - **Several processes** behind one origin need a [`ReplayStore`] that they share, and one secret for
//!   [`Nonces::with_secret`]. With a memory for each process, a proof is accepted once by each.
//! - **After a restart**, a [`ReplayMemory`] is empty: a proof that was used shortly before is accepted once more,
//!   until its time has ended. With [`Nonces::random`], it is not: its nonce is unknown to the new process.
//!
//! # Without a guard
//!
//! A service that verifies tokens in another way calls [`ProofVerifier`] itself.
//! [`Verified::confirmation`](crate::Verified::confirmation) says what an accepted token is bound to.
//!
//! ```
//! # #[cfg(not(feature = "std"))] fn main() {}
//! # #[cfg(feature = "std")] fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tokenring::{
//!     PublicKey, UnixTime,
//!     possession::{BoundToken, Confirmation, ProofError, ProofPolicy, ProofVerifier, ReplayMemory, Request},
//! };
//!
//! let proofs = ProofVerifier::new(
//!     ProofPolicy::new("https://resource.example.org"),
//!     ReplayMemory::default(),
//! )?;
//!
//! // The access token and the proof of RFC 9449 section 7.1.
//! let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
//! let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUk\
//!     lDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE\
//!     QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvd\
//!     XJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05\
//!     yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6\
//!     Fy1dqd-jfxSYoMxhAJpLjA";
//!
//! // In a service, of the verified token: `verified.confirmation()`.
//! let cnf = br#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#;
//! let token = BoundToken::new(token, Confirmation::from_json(cnf)?);
//!
//! let request = Request::new("GET", "/protectedresource").dpop([proof]);
//! let now = UnixTime::from_secs(1_562_262_620);
//! proofs.check_at(&request, &token, now)?;
//!
//! // A proof is good for one request.
//! assert_eq!(proofs.check_at(&request, &token, now).unwrap_err(), ProofError::Replayed);
//! # Ok(())
//! # }
//! ```

// In the order of the checks of a proof.
mod request;
mod proof;
mod proof_key;
mod thumbprint;
mod confirmation;
mod certificate;
mod target;
mod nonce;
mod replay;
#[cfg(feature = "std")]
mod replay_memory;

// The list of checks, what they are, and who walks it.
mod check;
mod rules;
mod presentation;
mod policy;
mod verifier;
mod error;

pub use certificate::{CertificateError, ClientCertificate};
pub use check::{ProofCheck, ProofFinding, ProofOutcome};
pub use confirmation::{Confirmation, ConfirmationError};
pub use error::{ProofError, ProofPolicyError};
pub use nonce::{Nonce, NonceError, Nonces};
pub use policy::ProofPolicy;
pub(crate) use presentation::{Presented, certificate_values};
pub use replay::{Insertion, ReplayError, ReplayKey, ReplayStore};
#[cfg(feature = "std")]
pub use replay_memory::ReplayMemory;
#[cfg(feature = "std")]
pub(crate) use request::HeldRequest;
pub use request::{BoundToken, Request};
pub use target::UriError;
pub use thumbprint::Thumbprint;
pub use verifier::{ProofAccepted, ProofVerifier, UnrecordedProof};

/// The SHA-256 of `parts`, one after the other.
fn sha256<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> [u8; 32] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut digest = [0; 32];
    for (place, byte) in digest.iter_mut().zip(context.finish().as_ref()) {
        *place = *byte;
    }
    digest
}
