//! The whole way, from token text to [`Verified`]. RFC 7519 section 7.2.

use crate::{
    CompactJws, KeySource, Policy, PolicyError, UnixTime, Verified, VerifiedPayload, VerifyError,
    claims::ClaimsSet,
};

/// Verifies the tokens of one issuer: a policy, and where that issuer's keys come from.
///
/// Made once and shared: every method takes `&self`.
#[derive(Clone, Debug)]
pub struct Verifier<K> {
    policy: Policy,
    keys: K,
}

impl<K: KeySource> Verifier<K> {
    /// A verifier of tokens that `policy` describes, signed with one of `keys`.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the policy names nothing where it must name something, or has too much
    /// leeway.
    pub fn new(policy: Policy, keys: K) -> Result<Self, PolicyError> {
        policy.check_self()?;
        Ok(Self { policy, keys })
    }

    /// Verifies `token` as of the system clock. May wait for keys, as long as their source says.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[cfg(feature = "std")]
    pub fn verify(&self, token: &str) -> Result<Verified, VerifyError> {
        self.verify_at(token, UnixTime::now())
    }

    /// Verifies `token` as of the system clock with the keys at hand: never does I/O, never waits.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[cfg(feature = "std")]
    pub fn try_verify(&self, token: &str) -> Result<Verified, VerifyError> {
        let jws = CompactJws::parse(token)?;
        let key = self.keys.try_key(jws.header().key_id(), jws.header().algorithm())?;
        self.check_at(jws.verify(&key)?, UnixTime::now())
    }

    /// Verifies `token` as of `now`.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    pub fn verify_at(&self, token: &str, now: UnixTime) -> Result<Verified, VerifyError> {
        // RFC 7515 section 5.2, steps 1 to 5. Not verified yet: it may choose among our keys, and
        // nothing else.
        let jws = CompactJws::parse(token)?;
        let key = self.keys.key(jws.header().key_id(), jws.header().algorithm())?;
        // Steps 6 to 8, over the bytes as received.
        self.check_at(jws.verify(&key)?, now)
    }

    /// The last stage alone: checks what the payload says. For callers who choose the key
    /// themselves.
    ///
    /// # Errors
    ///
    /// Every [`VerifyError`] from `EmptyPayload` on.
    pub fn check_at(
        &self,
        payload: VerifiedPayload,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        // RFC 7519 section 7.2, step 10, and section 4.1.
        self.policy.check(ClaimsSet::parse(payload)?, now)
    }

    /// Where the keys come from.
    pub fn keys(&self) -> &K {
        &self.keys
    }
}

#[cfg(feature = "std")]
impl UnixTime {
    /// The time of the system clock.
    ///
    /// A clock that stands before 1970 counts as the end of time, at which every token has expired.
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self::from_secs(since.map_or(u64::MAX, |duration| duration.as_secs()))
    }
}
