//! A guard's settings for bound tokens, and what the sender of a token must show. RFC 9449, RFC 8705.

use alloc::{string::String, vec::Vec};

use super::Guard;
use crate::{
    bearer::Scheme,
    challenge::Schemes,
    claims::ClaimsSet,
    possession::{Confirmation, ProofError, ProofVerifier},
};

impl<K> Guard<K> {
    /// Also accepts tokens that are bound to a key, with a DPoP proof that `proofs` accepts:
    /// [`check_request`](Self::check_request) then does. Bearer tokens are accepted as before. RFC 9449.
    ///
    /// Guards of one service share the memory of used proofs if they share `proofs`, or clones of it.
    ///
    /// ```
    /// # #[cfg(not(feature = "std"))] fn main() {}
    /// # #[cfg(feature = "std")] fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tokenring::{
    ///     Guard, JwkSet, Policy, Verifier,
    ///     possession::{ProofPolicy, ProofVerifier, ReplayMemory},
    /// };
    ///
    /// # let keys = JwkSet::from_json(br#"{"keys": []}"#)?;
    /// # let verifier = Verifier::new(Policy::new("https://issuer.example/", "https://api.example.com/"), keys)?;
    /// let policy = ProofPolicy::new("https://api.example.com");
    /// let proofs = ProofVerifier::new(policy, ReplayMemory::default())?;
    /// let guard = Guard::new(verifier).accept_dpop(proofs);
    ///
    /// // Without a token, the client is told both schemes.
    /// let challenges: Vec<_> = guard.missing_token().headers().skip(1).collect();
    /// assert_eq!(challenges[0].1, r#"Bearer realm="api""#);
    /// assert_eq!(challenges[1].1, r#"DPoP algs="ES256 ES384 EdDSA PS256""#);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn accept_dpop(self, proofs: ProofVerifier) -> Self {
        let algs = algs(&proofs);
        self.with_proofs(proofs, Schemes::Both { algs })
    }

    /// Accepts only tokens that are bound to a key, with a DPoP proof that `proofs` accepts. A bearer token is
    /// refused, and one that is bound to a certificate alone: [`check`](Self::check) and
    /// [`check_token`](Self::check_token) then refuse every token. RFC 9449.
    ///
    /// Replaces [`accept_dpop`](Self::accept_dpop).
    #[must_use]
    pub fn require_dpop(self, proofs: ProofVerifier) -> Self {
        let algs = algs(&proofs);
        self.with_proofs(proofs, Schemes::Dpop { algs })
    }

    fn with_proofs(mut self, proofs: ProofVerifier, schemes: Schemes) -> Self {
        self.space.schemes = schemes;
        self.proofs = Some(proofs);
        self
    }

    /// What the sender of a token with these claims must show.
    ///
    /// A token that is bound to a key never passes as a bearer token (RFC 9449 section 7.2), and a proof for a
    /// token that is not bound to one proves nothing (section 7.1).
    pub(super) fn demand(
        &self,
        scheme: Scheme,
        claims: &ClaimsSet,
    ) -> Result<Demand<'_>, Unacceptable> {
        let bound = match claims.sender_constrained {
            true => Confirmation::in_claims(claims.json())
                .map_err(|error| Unacceptable::Proof(ProofError::Confirmation(error)))?,
            false => None,
        };
        let is_bound_to_key = bound.is_some_and(|bound| bound.jkt().is_some());
        match (scheme, bound, &self.proofs) {
            (Scheme::Dpop, Some(bound), Some(proofs)) if is_bound_to_key => {
                Ok(Demand::Proof(bound, proofs))
            }
            (Scheme::Dpop, _, _) => Err(Unacceptable::Proof(ProofError::NotBound)),
            (Scheme::Bearer, _, _) if is_bound_to_key => Err(Unacceptable::AsBearer),
            (Scheme::Bearer, _, _) if self.requires_proof() => {
                Err(Unacceptable::Proof(ProofError::NotBound))
            }
            (Scheme::Bearer, Some(bound), _) => Ok(Demand::Certificate(bound)),
            (Scheme::Bearer, None, _) => Ok(Demand::Nothing),
        }
    }

    /// Whether every token must come with a proof.
    pub(super) fn requires_proof(&self) -> bool {
        matches!(self.space.schemes, Schemes::Dpop { .. })
    }
}

/// What the sender of a token must show.
pub(super) enum Demand<'g> {
    /// Nothing: it is a bearer token.
    Nothing,
    /// The certificate that the token is bound to. RFC 8705 section 3.
    Certificate(Confirmation),
    /// A proof with the key that the token is bound to, and the certificate if it is bound to one too.
    Proof(Confirmation, &'g ProofVerifier),
}

/// Why nothing that the sender shows would do.
pub(super) enum Unacceptable {
    /// A token that is bound to a key was sent as a bearer token.
    AsBearer,
    Proof(ProofError),
}

/// The value of `algs` in a challenge. RFC 9449 section 7.1.
fn algs(proofs: &ProofVerifier) -> String {
    let names: Vec<&str> = proofs.algorithms().map(|algorithm| algorithm.name()).collect();
    names.join(" ")
}
