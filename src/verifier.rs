//! The whole way, from token text to [`Verified`]. RFC 7519 section 7.2.

use alloc::{boxed::Box, sync::Arc};
#[cfg(feature = "std")]
use core::num::NonZeroUsize;

use crate::{
    Algorithm, CompactJws, KeyError, KeySource, Policy, PolicyError, SelectedKey, UnixTime,
    Verified, VerifiedPayload, VerifyError,
    claims::ClaimsSet,
    token_cache::{Digest, Recalled, TokenCache},
};

/// Verifies the tokens of one issuer: a policy, and where that issuer's keys come from.
///
/// Made once and shared: every method takes `&self`.
#[derive(Clone, Debug)]
pub struct Verifier<K> {
    policy: Policy,
    keys: K,
    cache: Option<Arc<TokenCache>>,
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
        Ok(Self { policy, keys, cache: None })
    }

    /// Remembers up to `capacity` accepted tokens, so that the same token need not be verified again
    /// at each request of its life. Clones made afterwards share them.
    ///
    /// No outcome changes. Each time, `exp` and `nbf` are compared with the time again, and the key
    /// source is asked again: a token whose key was withdrawn or replaced, or whose keys cannot be
    /// had, is refused as if it came for the first time. A token is recognized by the SHA-256 of its
    /// whole text; the text itself is not kept. One whose payload is longer than 2 KiB is never
    /// remembered, so that a token takes at most about 3 KiB of memory.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn with_token_cache(self, capacity: NonZeroUsize) -> Self {
        Self { cache: Some(Arc::new(TokenCache::new(capacity))), ..self }
    }

    /// Verifies `token` as of the system clock, read when the keys are there. May wait for them, as
    /// long as their source says.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[cfg(feature = "std")]
    pub fn verify(&self, token: &str) -> Result<Verified, VerifyError> {
        self.outcome(token, K::key, K::confirms, UnixTime::now)
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
        let confirms = |keys: &K, key: &SelectedKey, kid: Option<&str>, algorithm| {
            keys.try_key(kid, algorithm).map(|current| current == *key)
        };
        self.outcome(token, K::try_key, confirms, UnixTime::now)
    }

    /// Verifies `token` as of `now`. May wait for keys, as [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    pub fn verify_at(&self, token: &str, now: UnixTime) -> Result<Verified, VerifyError> {
        self.outcome(token, K::key, K::confirms, || now)
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

    fn outcome(
        &self,
        token: &str,
        key: impl FnOnce(&K, Option<&str>, Algorithm) -> Result<SelectedKey, KeyError>,
        confirms: impl FnOnce(&K, &SelectedKey, Option<&str>, Algorithm) -> Result<bool, KeyError>,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<Verified, VerifyError> {
        let digest = self.cache.as_ref().and_then(|_| Digest::of(token));
        if let Some(recalled) = self.recall(digest) {
            let Recalled { verified, kid, key } = &*recalled;
            if confirms(&self.keys, key, kid.as_deref(), key.algorithm())? {
                return self.policy.check_again(verified, now());
            }
        }
        // RFC 7515 section 5.2, steps 1 to 5. Not verified yet: it may choose among our keys, and
        // nothing else.
        let jws = CompactJws::parse(token)?;
        let key = key(&self.keys, jws.header().key_id(), jws.header().algorithm())?;
        self.conclude(jws, key, digest, now())
    }

    fn recall(&self, digest: Option<Digest>) -> Option<Arc<Recalled>> {
        self.cache.as_ref()?.recall(&digest?)
    }

    fn conclude(
        &self,
        jws: CompactJws<'_>,
        key: SelectedKey,
        digest: Option<Digest>,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        let kid = digest.and(jws.header().key_id()).map(Box::from);
        // Steps 6 to 8, over the bytes as received.
        let verified = self.check_at(jws.verify(&key)?, now)?;
        if let Some((cache, digest)) = self.cache.as_ref().zip(digest) {
            cache.remember(digest, &verified, kid, key);
        }
        Ok(verified)
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
        let digest = self.cache.as_ref().and_then(|_| Digest::of(token));
        if let Some(recalled) = self.recall(digest) {
            let Recalled { verified, kid, key } = &*recalled;
            if self.keys.key_async(kid.as_deref(), key.algorithm()).await? == *key {
                return self.policy.check_again(verified, UnixTime::now());
            }
        }
        let jws = CompactJws::parse(token)?;
        let key = self.keys.key_async(jws.header().key_id(), jws.header().algorithm()).await?;
        self.conclude(jws, key, digest, UnixTime::now())
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
