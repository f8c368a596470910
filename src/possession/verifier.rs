//! From a request and a bound token to the verdict about its proof.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, panic::AssertUnwindSafe};

use super::{
    BoundToken, Nonce, ProofError, ProofFinding, ProofPolicy, ProofPolicyError, ReplayKey,
    ReplayStore, Request, Thumbprint, check::OF_TEXT, nonce::Step, policy::Settings, rules::Case,
};
use crate::{Algorithm, UnixTime};

/// Checks DPoP proofs. RFC 9449 section 4.3.
///
/// Cheap to clone: clones share the memory of used proofs.
#[doc(alias = "dpop")]
#[derive(Clone)]
pub struct ProofVerifier {
    settings: Arc<Settings>,
    /// A store that has panicked can still be called: what it then answers is its own matter.
    memory: Arc<AssertUnwindSafe<Box<dyn ReplayStore>>>,
}

impl ProofVerifier {
    /// A verifier that demands what `policy` says, and records proofs in `memory`.
    ///
    /// # Errors
    ///
    /// [`ProofPolicyError`] if the policy cannot be used.
    pub fn new(
        policy: ProofPolicy,
        memory: impl ReplayStore + 'static,
    ) -> Result<Self, ProofPolicyError> {
        let memory: Box<dyn ReplayStore> = Box::new(memory);
        let memory = Arc::new(AssertUnwindSafe(memory));
        Ok(Self { settings: Arc::new(policy.check_self()?), memory })
    }

    /// Checks that the sender of a request has the key that its token is bound to, as of `now`, and records the
    /// proof, so that it is not accepted again.
    ///
    /// The token must have been verified. If it is bound to a certificate too, that is checked as well.
    /// Nothing is recorded before everything else has been checked: otherwise, anybody could use up the
    /// proofs of others.
    ///
    /// # Errors
    ///
    /// The first check that fails, as [`ProofError`].
    pub fn check_at(
        &self,
        request: &Request<'_>,
        token: &BoundToken<'_>,
        now: UnixTime,
    ) -> Result<ProofAccepted, ProofError> {
        self.inspect_at(request, token, now)?.record(&***self.memory, now)
    }

    /// The same without recording the proof.
    ///
    /// **The proof may have been used already.** This is for those who only look, and for those who record
    /// proofs in another way, such as one that does not block.
    ///
    /// # Errors
    ///
    /// The first check that fails, as [`ProofError`].
    pub fn inspect_at(
        &self,
        request: &Request<'_>,
        token: &BoundToken<'_>,
        now: UnixTime,
    ) -> Result<UnrecordedProof, ProofError> {
        let case = Case::new(&self.settings, request, token, now)?;
        Case::CHECKS.iter().try_for_each(|(_, rule)| rule(&case))?;
        let current = Step::of(now);
        let nonce = match (&self.settings.nonces, case.step()?) {
            (Some(nonces), Some(step)) if step != current => Some(nonces.issue(now)),
            _ => None,
        };
        Ok(UnrecordedProof {
            key: case.replay_key()?,
            end: case.end()?,
            accepted: ProofAccepted {
                thumbprint: *case.key()?.thumbprint(),
                algorithm: case.public_key()?.algorithm(),
                nonce,
            },
        })
    }

    /// Records a proof that was inspected.
    pub(crate) fn record(
        &self,
        proof: UnrecordedProof,
        now: UnixTime,
    ) -> Result<ProofAccepted, ProofError> {
        proof.record(&***self.memory, now)
    }

    /// The same without blocking.
    #[cfg(feature = "std")]
    pub(crate) async fn record_async(
        &self,
        proof: UnrecordedProof,
        now: UnixTime,
    ) -> Result<ProofAccepted, ProofError> {
        proof.record_async(&***self.memory, now).await
    }

    /// Every check and its outcome, past the first that fails: for operators. Nothing is recorded, and whether
    /// the proof has been used is not looked up.
    pub fn findings_at(
        &self,
        request: &Request<'_>,
        token: &BoundToken<'_>,
        now: UnixTime,
    ) -> Vec<ProofFinding> {
        let case = Case::new(&self.settings, request, token, now);
        let fault = case.as_ref().err().copied();
        // The text is read in the order of its checks, up to the first fault.
        let failed = fault.and_then(|fault| OF_TEXT.iter().position(|one| *one == fault.check()));
        let of_text = OF_TEXT.into_iter().enumerate().map(|(place, check)| match (failed, fault) {
            (Some(failed), Some(fault)) if place == failed => ProofFinding::new(check, Err(fault)),
            (Some(failed), _) if place > failed => ProofFinding::not_checked(check),
            _ => ProofFinding::new(check, Ok(())),
        });
        let of_proof = Case::CHECKS.iter().map(|(check, rule)| match &case {
            Ok(case) => ProofFinding::new(*check, rule(case)),
            Err(_) => ProofFinding::not_checked(*check),
        });
        of_text.chain(of_proof).collect()
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The nonce to send with an error whose [`oauth_error`](ProofError::oauth_error) is `use_dpop_nonce`,
    /// in the field `DPoP-Nonce`. `None` if nonces are off. RFC 9449 section 9.
    pub fn nonce_at(&self, now: UnixTime) -> Option<Nonce> {
        self.settings.nonces.as_ref().map(|nonces| nonces.issue(now))
    }

    /// The accepted algorithms, for `algs` in a challenge. RFC 9449 section 7.1.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.settings.algorithms.iter().copied()
    }
}

impl fmt::Debug for ProofVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofVerifier").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A proof that has passed every check but the last one: it may have been used before.
#[derive(Clone, Copy, Debug)]
#[must_use = "a proof that is not recorded can be used again"]
pub struct UnrecordedProof {
    key: ReplayKey,
    end: UnixTime,
    accepted: ProofAccepted,
}

impl UnrecordedProof {
    /// The name to record the proof under.
    pub const fn replay_key(&self) -> &ReplayKey {
        &self.key
    }

    /// The first second at which the proof is no longer accepted: it must stay recorded until then.
    pub const fn end(&self) -> UnixTime {
        self.end
    }

    /// Records the proof in `memory`, unless it has been used.
    ///
    /// # Errors
    ///
    /// [`ProofError`] of [`ProofCheck::Replay`](super::ProofCheck::Replay).
    pub fn record(
        self,
        memory: &(impl ReplayStore + ?Sized),
        now: UnixTime,
    ) -> Result<ProofAccepted, ProofError> {
        memory.insert(&self.key, self.end, now)?;
        Ok(self.accepted)
    }

    /// The same without blocking. If the future is dropped, the proof may or may not have been recorded.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub async fn record_async(
        self,
        memory: &(impl ReplayStore + ?Sized),
        now: UnixTime,
    ) -> Result<ProofAccepted, ProofError> {
        memory.insert_async(&self.key, self.end, now).await?;
        Ok(self.accepted)
    }
}

/// A proof that has been accepted, and will not be accepted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofAccepted {
    thumbprint: Thumbprint,
    algorithm: Algorithm,
    nonce: Option<Nonce>,
}

impl ProofAccepted {
    /// The thumbprint of the key that made the proof: the `jkt` of the token.
    pub const fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// The algorithm of the proof.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// A newer nonce than the proof's, to send with the response in the field `DPoP-Nonce`, together with
    /// `Cache-Control: no-store`. `None` if the proof's is of the current step, or nonces are off. RFC 9449
    /// section 8.2.
    pub const fn next_nonce(&self) -> Option<Nonce> {
        self.nonce
    }
}
