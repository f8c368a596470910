//! The whole way, from token text to [`Verified`]. RFC 7519 section 7.2.

use crate::{
    Algorithm, CompactJws, KeyError, KeySource, Policy, PolicyError, SelectedKey, UnixTime,
    Verified, VerifiedPayload, VerifyError, claims::ClaimsSet,
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

    /// Verifies `token` as of the system clock, read when the keys are there. May wait for them, as
    /// long as their source says.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[cfg(feature = "std")]
    pub fn verify(&self, token: &str) -> Result<Verified, VerifyError> {
        let payload = self.payload(token, K::key)?;
        self.check_at(payload, UnixTime::now())
    }

    /// Verifies `token` as of the system clock with the keys at hand: never does I/O, never waits.
    ///
    /// It does not have keys fetched either: with a source that fetches them, something else has to
    /// call [`verify`](Self::verify) or the source's own methods from time to time.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[cfg(feature = "std")]
    pub fn try_verify(&self, token: &str) -> Result<Verified, VerifyError> {
        let payload = self.payload(token, K::try_key)?;
        self.check_at(payload, UnixTime::now())
    }

    /// Verifies `token` as of `now`. May wait for keys, as [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    pub fn verify_at(&self, token: &str, now: UnixTime) -> Result<Verified, VerifyError> {
        let payload = self.payload(token, K::key)?;
        self.check_at(payload, now)
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

    /// The payload of `token`, if its signature holds.
    fn payload(
        &self,
        token: &str,
        key: impl FnOnce(&K, Option<&str>, Algorithm) -> Result<SelectedKey, KeyError>,
    ) -> Result<VerifiedPayload, VerifyError> {
        // RFC 7515 section 5.2, steps 1 to 5. Not verified yet: it may choose among our keys, and
        // nothing else.
        let jws = CompactJws::parse(token)?;
        let key = key(&self.keys, jws.header().key_id(), jws.header().algorithm())?;
        // Steps 6 to 8, over the bytes as received.
        jws.verify(&key)
    }
}

#[cfg(feature = "fetch")]
impl Verifier<crate::RemoteJwks> {
    /// Verifies `token` as of the system clock: as [`verify`](Self::verify), but where that one
    /// blocks the future waits: see [`RemoteJwks::key_async`](crate::RemoteJwks::key_async). It is
    /// `Send`, needs no runtime, and may be dropped at any time.
    ///
    /// The signature is verified in the course of a poll, which takes some ten microseconds.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    pub async fn verify_async(&self, token: &str) -> Result<Verified, VerifyError> {
        let jws = CompactJws::parse(token)?;
        let key = self.keys.key_async(jws.header().key_id(), jws.header().algorithm()).await?;
        self.check_at(jws.verify(&key)?, UnixTime::now())
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
