//! The whole way, from token text to [`Verified`]. RFC 7519 section 7.2.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
#[cfg(feature = "std")]
use core::num::NonZeroUsize;

#[cfg(feature = "std")]
use crate::KeyLookup;
use crate::{
    CompactJws, Explanation, KeyError, KeyQuery, KeySource, Policy, PolicyError, SelectedKey,
    UnixTime, Verified, VerifiedPayload, VerifyError, claims,
    explain::{self, Trusted},
    token_cache::{Digest, Recalled, TokenCache},
};

/// Verifies tokens: the policy for an issuer, and where that issuer's keys come from.
///
/// Made once and shared: every method takes `&self`.
///
/// ```
/// use tokenring::{JwkSet, Policy, UnixTime, Verifier, VerifyError};
/// # use tokenring::testkit::Issuer;
/// # let now = UnixTime::from_secs(1_780_000_000);
/// # let (one, two) = (Issuer::new("https://one.example/"), Issuer::new("https://two.example/"));
/// # let (jwks_of_one, jwks_of_two) = (one.jwks(), two.jwks());
/// # let (token_of_two, token_of_three) = (two.token_at(now).mint(), Issuer::new("https://three.example/").token_at(now).mint());
///
/// let keys = JwkSet::from_json(jwks_of_one.as_bytes())?;
/// let verifier = Verifier::new(Policy::new("https://one.example/", "https://api.example.com/"), keys)?;
///
/// // A second tenant, with a policy and keys of its own.
/// let keys = JwkSet::from_json(jwks_of_two.as_bytes())?;
/// let policy = Policy::new("https://two.example/", "https://api.example.com/");
/// let verifier = verifier.with_issuer(policy, keys)?;
///
/// assert_eq!(verifier.verify_at(&token_of_two, now)?.issuer(), "https://two.example/");
/// assert_eq!(verifier.verify_at(&token_of_three, now).unwrap_err(), VerifyError::WrongIssuer);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier<K> {
    issuer: Issuer<K>,
    others: Vec<Issuer<K>>,
    cache: Option<Arc<TokenCache>>,
}

/// An issuer that is trusted, for tokens that its policy describes. RFC 8725 section 3.8: its keys
/// verify its tokens and no others.
#[derive(Clone, Debug)]
pub(crate) struct Issuer<K> {
    pub(crate) policy: Policy,
    pub(crate) keys: K,
}

impl<K: KeySource> Verifier<K> {
    /// A verifier of tokens that `policy` describes, signed with one of `keys`.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the policy makes no sense.
    pub fn new(policy: Policy, keys: K) -> Result<Self, PolicyError> {
        policy.check_self()?;
        Ok(Self { issuer: Issuer { policy, keys }, others: Vec::new(), cache: None })
    }

    /// One more issuer, with its own policy and keys.
    ///
    /// The token's `iss` picks the issuer before anything is verified, as `kid` picks a key: among
    /// those configured here, byte for byte. Keys are never pooled: a token is verified with a key of
    /// the issuer that its claims name, or not at all. An issuer whose keys are not available delays
    /// only its own tokens.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the policy makes no sense, or if the verifier has a policy for its issuer.
    pub fn with_issuer(mut self, policy: Policy, keys: K) -> Result<Self, PolicyError> {
        policy.check_self()?;
        if self.issuers().any(|known| known.policy.issuer() == policy.issuer()) {
            return Err(PolicyError::DuplicateIssuer);
        }
        self.others.push(Issuer { policy, keys });
        // Made for fewer issuers; only what was accepted under a policy may be recalled under it.
        self.cache = self.cache.map(|cache| Arc::new(cache.emptied()));
        Ok(self)
    }

    /// Remembers up to `capacity` accepted tokens, so that the same token need not be verified again
    /// at each request of its life. Clones made afterwards share them.
    ///
    /// No outcome changes. Each time, `exp` and `nbf` are compared with the time again, and the key
    /// source is asked again: a token whose key was withdrawn or replaced, or whose keys are not
    /// available, is refused as if it came for the first time. A token is recognized by the SHA-256
    /// of its whole text; the text itself is not kept. At most 4 KiB are kept for a token, and one
    /// that would need more is never remembered.
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
        let attempt = self.begin(token)?;
        let key = attempt.key()?;
        self.conclude(attempt, key, UnixTime::now())
    }

    /// Verifies `token` as of `now`. May wait for keys, as [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    pub fn verify_at(&self, token: &str, now: UnixTime) -> Result<Verified, VerifyError> {
        let attempt = self.begin(token)?;
        let key = attempt.key()?;
        self.conclude(attempt, key, now)
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
        let attempt = self.begin(token)?;
        let key = attempt.key_at_hand()?;
        self.conclude(attempt, key, UnixTime::now())
    }

    /// Verifies `token` as of the system clock: as [`verify`](Self::verify), but the future waits
    /// where that one blocks. It needs no runtime and may be dropped at any time; it is `Send` if `K`
    /// is `Sync`.
    ///
    /// The signature is verified within a poll. That takes some twenty microseconds with RS256, and
    /// about half a millisecond with ES384.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[cfg(feature = "std")]
    pub async fn verify_async(&self, token: &str) -> Result<Verified, VerifyError> {
        match self.verify_unless_waiting(token) {
            Ok(outcome) => outcome,
            Err(lookup) => self.verify_with(token, lookup.await),
        }
    }

    /// Explains the verdict on `token` as of the system clock with the keys at hand: every check, all
    /// that is wrong at once, and what to do. Never does I/O, never waits.
    ///
    /// For operators; read the warnings at [`Explanation`] first.
    #[cfg(feature = "std")]
    pub fn explain(&self, token: &str) -> Explanation {
        self.explain_at(token, UnixTime::now())
    }

    /// The same as of `now`.
    pub fn explain_at(&self, token: &str, now: UnixTime) -> Explanation {
        explain::token(&self.trusted(), token, now).finish()
    }

    pub(crate) fn trusted(&self) -> Vec<Trusted<'_>> {
        self.issuers().map(|Issuer { policy, keys }| Trusted { policy, keys }).collect()
    }

    /// The last stage alone: checks what the payload says. For callers who choose the key
    /// themselves.
    ///
    /// With several issuers, the policy is that of [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// Every [`VerifyError`] from `EmptyPayload` on.
    pub fn check_at(
        &self,
        payload: VerifiedPayload,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        self.issuer.policy.check(payload, now)
    }

    /// Where the keys come from. With several issuers, those of the policy given to
    /// [`new`](Self::new).
    pub fn keys(&self) -> &K {
        &self.issuer.keys
    }

    /// Verifies `token` if its key is known at once, and else gives the look-up to wait for.
    #[cfg(feature = "std")]
    pub(crate) fn verify_unless_waiting(
        &self,
        token: &str,
    ) -> Result<Result<Verified, VerifyError>, KeyLookup<'_>> {
        let attempt = match self.begin(token) {
            Ok(attempt) => attempt,
            Err(error) => return Ok(Err(error)),
        };
        let key = match attempt.is_confirmed() {
            true => Ok(None),
            false => {
                let lookup = attempt.issuer.keys.key_async(attempt.query());
                lookup.outcome_at_once()?.map(Some)
            }
        };
        Ok(key
            .map_err(VerifyError::from)
            .and_then(|key| self.conclude(attempt, key, UnixTime::now())))
    }

    /// Verifies `token` with what its look-up came to.
    #[cfg(feature = "std")]
    pub(crate) fn verify_with(
        &self,
        token: &str,
        key: Result<SelectedKey, KeyError>,
    ) -> Result<Verified, VerifyError> {
        let attempt = self.begin(token)?;
        self.conclude(attempt, Some(key?), UnixTime::now())
    }

    fn issuers(&self) -> impl Iterator<Item = &Issuer<K>> {
        core::iter::once(&self.issuer).chain(&self.others)
    }

    fn issuer(&self, name: &str) -> Option<&Issuer<K>> {
        self.issuers().find(|issuer| issuer.policy.issuer() == name)
    }

    /// The way up to the point where a key is needed.
    fn begin<'v, 't>(&'v self, token: &'t str) -> Result<Attempt<'v, 't, K>, VerifyError> {
        let digest = self.cache.as_ref().and_then(|_| Digest::of(token));
        let known =
            self.cache.as_ref().zip(digest).and_then(|(cache, digest)| cache.recall(&digest));
        if let Some(known) = known {
            if let Some(issuer) = self.issuer(known.verified.issuer()) {
                return Ok(Attempt { issuer, token, digest, subject: Subject::Known(known) });
            }
        }
        // RFC 7515 section 5.2, steps 1 to 5. Not verified yet: it may choose among our keys, and
        // nothing else.
        let jws = CompactJws::parse(token)?;
        let issuer = self.route(&jws)?;
        issuer.policy.check_header(jws.header())?;
        Ok(Attempt { issuer, token, digest, subject: Subject::New(jws) })
    }

    /// Whose token this is. Asked only if there is a choice: a verifier of one issuer does not look at
    /// the payload before the signature holds.
    fn route(&self, jws: &CompactJws<'_>) -> Result<&Issuer<K>, VerifyError> {
        if self.others.is_empty() {
            return Ok(&self.issuer);
        }
        let name = claims::unverified_issuer(jws)?;
        self.issuer(&name).ok_or(VerifyError::WrongIssuer)
    }

    /// The rest of the way, with the key that was found. None if the token is known and its key
    /// confirmed.
    fn conclude(
        &self,
        attempt: Attempt<'_, '_, K>,
        key: Option<SelectedKey>,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        let Attempt { issuer, token, digest, subject } = attempt;
        let (jws, key) = match (subject, key) {
            (Subject::New(jws), Some(key)) => (jws, key),
            // Its key was replaced.
            (Subject::Known(known), Some(key)) if key != known.key => {
                (CompactJws::parse(token)?, key)
            }
            (Subject::Known(known), _) => return issuer.policy.check_again(&known.verified, now),
            (Subject::New(_), None) => return Err(VerifyError::UnknownKey),
        };
        let kid = digest.and(jws.header().key_id()).map(Box::from);
        // Steps 6 to 8, over the bytes as received; then RFC 7519 section 7.2, step 10.
        let verified = issuer.policy.check(jws.verify(&key)?, now)?;
        if let Some((cache, digest)) = self.cache.as_ref().zip(digest) {
            cache.remember(digest, &verified, kid, key);
        }
        Ok(verified)
    }
}

/// A verification that needs a key to go on.
struct Attempt<'v, 't, K> {
    issuer: &'v Issuer<K>,
    token: &'t str,
    digest: Option<Digest>,
    subject: Subject<'t>,
}

enum Subject<'t> {
    /// A token that was accepted before, under the same policy.
    Known(Arc<Recalled>),
    New(CompactJws<'t>),
}

impl<K: KeySource> Attempt<'_, '_, K> {
    fn query(&self) -> KeyQuery<'_> {
        let (kid, algorithm) = match &self.subject {
            Subject::Known(known) => (known.kid.as_deref(), known.key.algorithm()),
            Subject::New(jws) => (jws.header().key_id(), jws.header().algorithm()),
        };
        self.issuer.policy.query(kid, algorithm)
    }

    /// Whether the token is known, and its key still the one that the source would give.
    fn is_confirmed(&self) -> bool {
        match &self.subject {
            Subject::Known(known) => self.issuer.keys.confirms(&known.key, self.query()),
            Subject::New(_) => false,
        }
    }

    /// The key, for which the caller may wait. None if [it is confirmed](Self::is_confirmed).
    fn key(&self) -> Result<Option<SelectedKey>, KeyError> {
        match self.is_confirmed() {
            true => Ok(None),
            false => self.issuer.keys.key(self.query()).map(Some),
        }
    }

    /// The same from what is at hand.
    #[cfg(feature = "std")]
    fn key_at_hand(&self) -> Result<Option<SelectedKey>, KeyError> {
        match self.is_confirmed() {
            true => Ok(None),
            false => self.issuer.keys.try_key(self.query()).map(Some),
        }
    }
}
