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
//! This module is for services that check proofs themselves.
//! [`Verified::confirmation`](crate::Verified::confirmation) says what an accepted token is bound to.
//!
//! ```
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
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
mod policy;
mod verifier;
mod error;

pub use certificate::{CertificateError, ClientCertificate};
pub use check::{ProofCheck, ProofFinding, ProofOutcome};
pub use confirmation::{Confirmation, ConfirmationError};
pub use error::{ProofError, ProofPolicyError};
pub use nonce::{Nonce, NonceError, Nonces};
pub use policy::ProofPolicy;
pub use replay::{Insertion, ReplayError, ReplayKey, ReplayStore};
#[cfg(feature = "std")]
pub use replay_memory::ReplayMemory;
pub(crate) use request::Field;
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
