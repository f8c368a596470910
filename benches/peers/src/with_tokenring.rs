//! tokenring, with and without its token cache.

use std::num::NonZeroUsize;

use tokenring::{
    JwkSet, Policy, Verified, Verifier, VerifyError,
    testkit::{AUDIENCE, Issuer},
};

use crate::{
    peer::{Peer, Refusal},
    samples::{ALGORITHMS, LEEWAY},
};

pub(crate) struct Tokenring {
    library: &'static str,
    verifier: Verifier<JwkSet>,
}

impl Tokenring {
    pub(crate) fn new(issuer: &Issuer) -> Self {
        Self { library: "tokenring", verifier: verifier(issuer) }
    }

    pub(crate) fn with_token_cache(issuer: &Issuer) -> Self {
        Self { library: "tokenring with token cache", verifier: caching_verifier(issuer) }
    }
}

pub(crate) fn verifier(issuer: &Issuer) -> Verifier<JwkSet> {
    let policy = Policy::new(issuer.url(), AUDIENCE).leeway(LEEWAY).algorithms(ALGORITHMS);
    let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
    Verifier::new(policy, keys).unwrap()
}

/// Accepted tokens are in the cache from their second call on.
pub(crate) fn caching_verifier(issuer: &Issuer) -> Verifier<JwkSet> {
    verifier(issuer).with_token_cache(NonZeroUsize::new(1000).unwrap())
}

impl Peer for Tokenring {
    fn library(&self) -> &'static str {
        self.library
    }

    fn subject(&self, token: &str) -> Result<String, Refusal> {
        subject_of(&self.verifier.verify(token).map_err(refusal)?)
    }
}

pub(crate) fn subject_of(verified: &Verified) -> Result<String, Refusal> {
    // tokenring's policy checks `nbf` if it is present, but cannot require it.
    if verified.not_before().is_none() {
        return Err(Refusal::ClaimMissing);
    }
    verified.subject().map(str::to_owned).ok_or(Refusal::ClaimMissing)
}

fn refusal(error: VerifyError) -> Refusal {
    match error {
        VerifyError::SegmentCount { .. }
        | VerifyError::EmptySegment { .. }
        | VerifyError::NotBase64url { .. }
        | VerifyError::HeaderJson(_) => Refusal::Malformed,
        VerifyError::AlgorithmNotAccepted => Refusal::Algorithm,
        VerifyError::UnknownKey | VerifyError::AmbiguousKey => Refusal::UnknownKey,
        VerifyError::BadSignature => Refusal::BadSignature,
        VerifyError::ClaimMissing { .. } => Refusal::ClaimMissing,
        VerifyError::WrongIssuer => Refusal::WrongIssuer,
        VerifyError::WrongAudience => Refusal::WrongAudience,
        VerifyError::Expired { .. } => Refusal::Expired,
        VerifyError::NotYetValid { .. } => Refusal::NotYetValid,
        _ => Refusal::Other,
    }
}
