//! The whole pipeline, from token text to [`Verified`]. RFC 7519 section 7.2.

use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
#[cfg(feature = "std")]
use core::num::NonZeroUsize;

#[cfg(feature = "std")]
use crate::KeyLookup;
use crate::{
    CompactJws, Explanation, KeyError, KeyQuery, KeySource, Login, Policy, PolicyError,
    SelectedKey, UnixTime, Verified, VerifiedPayload, VerifyError, claims,
    explain::{self, Trusted},
    token_cache::{Digest, Recalled, TokenCache},
};

mod id_token;

/// Verifies tokens, with a policy for an issuer and a source of that issuer's keys.
///
/// Make one when the service starts and share it, for example in an [`Arc`]: every method that verifies
/// takes `&self`. It is `Send` and `Sync` if `K` is. A service over HTTP puts it into a
/// [`Guard`](crate::Guard).
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
    issuer: ConfiguredIssuer<K>,
    others: Vec<ConfiguredIssuer<K>>,
    cache: Option<Arc<TokenCache>>,
}

/// A trusted issuer, its policy and its keys. The keys verify only its own tokens. RFC 8725
/// section 3.8.
#[derive(Clone, Debug)]
struct ConfiguredIssuer<K> {
    policy: Policy,
    keys: K,
}

impl<K: KeySource> Verifier<K> {
    /// A verifier of tokens that satisfy `policy` and are signed with one of `keys`.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the policy cannot be used.
    pub fn new(policy: Policy, keys: K) -> Result<Self, PolicyError> {
        policy.check_self()?;
        Ok(Self { issuer: ConfiguredIssuer { policy, keys }, others: Vec::new(), cache: None })
    }

    /// Adds an issuer, with its own policy and keys.
    ///
    /// The token's `iss` chooses the issuer before anything is verified, as `kid` chooses a key:
    /// among those configured here, byte for byte. Keys are never pooled: a token is verified with
    /// a key of the issuer that its claims name, or not at all. An issuer whose keys are not
    /// available delays only its own tokens.
    ///
    /// All sources have the type `K`. For different types, let `K` be
    /// `Arc<dyn KeySource + Send + Sync>`.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the policy cannot be used, or if the verifier already has one for its
    /// issuer.
    pub fn with_issuer(mut self, policy: Policy, keys: K) -> Result<Self, PolicyError> {
        policy.check_self()?;
        // `iss` has to choose one policy.
        if self.issuers().any(|known| known.policy.issuer() == policy.issuer()) {
            return Err(PolicyError::DuplicateIssuer);
        }
        self.others.push(ConfiguredIssuer { policy, keys });
        // Restarts empty, not shared with clones that have fewer issuers: a token may be recalled
        // only under the policy that accepted it.
        self.cache = self.cache.map(|cache| Arc::new(cache.emptied()));
        Ok(self)
    }

    /// Remembers up to `capacity` accepted tokens, so that a repeated token need not be verified
    /// again. Clones made afterwards share the cache.
    ///
    /// No outcome changes. Each time, `exp` and `nbf` are compared with the time again, and the key
    /// is looked up or confirmed again: a token whose key was withdrawn or replaced, or whose keys
    /// are not available, is refused as if it came for the first time. A token is recognized by the
    /// SHA-256 of its whole text; the text itself is not kept. At most 4 KiB are kept per token; a
    /// token that needs more is never remembered.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn with_token_cache(self, capacity: NonZeroUsize) -> Self {
        Self { cache: Some(Arc::new(TokenCache::new(capacity))), ..self }
    }

    /// Verifies `token` as of the system clock, which is read once the key is known. May block while
    /// the source fetches the key: in async code, call [`verify_async`](Self::verify_async).
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[cfg(feature = "std")]
    pub fn verify(&self, token: &str) -> Result<Verified, VerifyError> {
        self.run(token, None, K::key, UnixTime::now)
    }

    /// Verifies `token` as of `now`. May wait for the key, as [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    pub fn verify_at(&self, token: &str, now: UnixTime) -> Result<Verified, VerifyError> {
        self.run(token, None, K::key, || now)
    }

    /// Verifies `token` as of the system clock, with the keys in memory: never does I/O, never
    /// waits.
    ///
    /// It does not start a fetch either. If the source fetches its keys, something else must call
    /// [`verify`](Self::verify) or the source's own methods from time to time.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[cfg(feature = "std")]
    pub fn try_verify(&self, token: &str) -> Result<Verified, VerifyError> {
        self.run(token, None, K::try_key, UnixTime::now)
    }

    /// Verifies `token` as of the system clock: the future waits where [`verify`](Self::verify)
    /// blocks.
    ///
    /// It needs no runtime and may be dropped at any time; it is `Send` if `K` is `Sync`. The
    /// signature is verified within a poll. That takes about twenty microseconds with RS256, and about
    /// half a millisecond with ES384.
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[cfg(feature = "std")]
    pub async fn verify_async(&self, token: &str) -> Result<Verified, VerifyError> {
        self.run_async(token, None).await
    }

    /// Explains the verdict on `token`, as of the system clock, with the keys in memory.
    ///
    /// Shows every check, all faults at once, and how to fix them. Never does I/O, never waits.
    ///
    /// For operators; read the warnings at [`Explanation`] first.
    #[cfg(feature = "std")]
    pub fn explain(&self, token: &str) -> Explanation {
        self.explain_at(token, UnixTime::now())
    }

    /// The same explanation as of `now`.
    pub fn explain_at(&self, token: &str, now: UnixTime) -> Explanation {
        explain::token(&self.trusted(), token, None, now).finish()
    }

    pub(crate) fn trusted(&self) -> Vec<Trusted<'_>> {
        self.issuers().map(|ConfiguredIssuer { policy, keys }| Trusted { policy, keys }).collect()
    }

    /// The issuer of `token`, and the code of the last failure to fetch its keys.
    pub(crate) fn failure_of_keys(&self, token: &str) -> Option<(&str, &'static str)> {
        let issuer = self.begin(token, None).ok()?.issuer;
        Some((issuer.policy.issuer(), issuer.keys.describe().failure_code()?))
    }

    /// Checks the claims of a verified payload: the last stage alone, for callers who choose the
    /// key themselves. RFC 7519 section 7.2, step 10.
    ///
    /// With several issuers, the payload's `iss` chooses the policy. It does not prove that the key
    /// was that issuer's: compare [`Verified::issuer`] with the issuer whose key you used.
    ///
    /// # Errors
    ///
    /// Every [`VerifyError`] from `EmptyPayload` to `RequiredClaim`.
    pub fn check_at(
        &self,
        payload: VerifiedPayload,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        let issuer = self.route(|| claims::issuer_of(payload.as_bytes()))?;
        issuer.policy.check(payload, None, now)
    }

    /// The source of the keys. With several issuers, the source given to [`new`](Self::new).
    pub fn keys(&self) -> &K {
        &self.issuer.keys
    }

    /// Where the keys of `issuer` come from, if the verifier has a policy for it.
    pub fn keys_of(&self, issuer: &str) -> Option<&K> {
        self.issuer(issuer).map(|issuer| &issuer.keys)
    }

    /// Runs the whole pipeline, and waits for the key.
    #[cfg(feature = "std")]
    async fn run_async(&self, token: &str, login: Option<&Login>) -> Result<Verified, VerifyError> {
        match self.verify_unless_waiting(token, login) {
            Ok(outcome) => outcome,
            // Parses the token a second time, which takes a few microseconds after a wait for the
            // network. `GuardCheck` owns the text of its token, so it could not keep what borrows
            // from it.
            Err(lookup) => self.verify_with(token, login, lookup.await),
        }
    }

    /// Verifies `token` if its key is known at once, or else returns the look-up to wait for.
    #[cfg(feature = "std")]
    pub(crate) fn verify_unless_waiting(
        &self,
        token: &str,
        login: Option<&Login>,
    ) -> Result<Result<Verified, VerifyError>, KeyLookup<'_>> {
        let verification = match self.begin(token, login) {
            Ok(verification) => verification,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(known) = verification.confirmed() {
            return Ok(verification.issuer.policy.check_again(known, login, UnixTime::now()));
        }
        // A key in memory needs no future: nothing is allocated and nothing waits.
        let key = verification.issuer.keys.key_async(verification.query()).outcome_at_once()?;
        Ok(key
            .map_err(VerifyError::from)
            .and_then(|key| self.conclude(verification, login, key, UnixTime::now())))
    }

    /// Verifies `token` with the outcome of its look-up.
    #[cfg(feature = "std")]
    pub(crate) fn verify_with(
        &self,
        token: &str,
        login: Option<&Login>,
        key: Result<SelectedKey, KeyError>,
    ) -> Result<Verified, VerifyError> {
        let verification = self.begin(token, login)?;
        self.conclude(verification, login, key?, UnixTime::now())
    }

    fn issuers(&self) -> impl Iterator<Item = &ConfiguredIssuer<K>> {
        core::iter::once(&self.issuer).chain(&self.others)
    }

    fn issuer(&self, name: &str) -> Option<&ConfiguredIssuer<K>> {
        self.issuers().find(|issuer| issuer.policy.issuer() == name)
    }

    /// Runs the whole pipeline. `now` is called once the key is known, because `look_up` may wait.
    fn run(
        &self,
        token: &str,
        login: Option<&Login>,
        look_up: impl FnOnce(&K, KeyQuery<'_>) -> Result<SelectedKey, KeyError>,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<Verified, VerifyError> {
        let verification = self.begin(token, login)?;
        // The same text, policy and key as when the token was accepted: only the time has changed.
        if let Some(known) = verification.confirmed() {
            return verification.issuer.policy.check_again(known, login, now());
        }
        let key = look_up(&verification.issuer.keys, verification.query())?;
        self.conclude(verification, login, key, now())
    }

    /// Runs the pipeline up to the point where it needs a key.
    fn begin<'v, 't>(
        &'v self,
        text: &'t str,
        login: Option<&Login>,
    ) -> Result<Verification<'v, 't, K>, VerifyError> {
        let digest = self.cache.as_ref().and_then(|_| Digest::of(text));
        let known = self.cache.as_ref().zip(digest).and_then(|(cache, digest)| {
            let known = cache.recall(&digest)?;
            Some((self.issuer(known.verified.issuer())?, Token::Known(known)))
        });
        // Nothing of a token seen before is read again: its whole text is the one accepted then.
        if let Some((issuer, token)) = known {
            issuer.policy.check_purpose(login)?;
            return Ok(Verification { issuer, text, digest, token });
        }
        // RFC 7515 section 5.2, steps 1 to 5. The header is not verified yet: it may choose among
        // our keys, and nothing else.
        let jws = CompactJws::parse(text)?;
        let issuer = self.route(|| claims::unverified_issuer(&jws))?;
        issuer.policy.check_purpose(login)?;
        // Before the key is looked up, so that a token with another algorithm never causes a fetch.
        issuer.policy.check_header(jws.header())?;
        Ok(Verification { issuer, text, digest, token: Token::New(jws) })
    }

    /// The issuer with this `iss`. A verifier with one issuer has no choice and does not call `iss`:
    /// it reads no payload before the signature is verified.
    fn route(
        &self,
        iss: impl FnOnce() -> Result<String, VerifyError>,
    ) -> Result<&ConfiguredIssuer<K>, VerifyError> {
        if self.others.is_empty() {
            return Ok(&self.issuer);
        }
        // RFC 8725 section 3.8: there are no keys and no policy for another issuer.
        self.issuer(&iss()?).ok_or(VerifyError::WrongIssuer)
    }

    /// Runs the rest of the pipeline, with the key that was looked up.
    fn conclude(
        &self,
        verification: Verification<'_, '_, K>,
        login: Option<&Login>,
        key: SelectedKey,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        let Verification { issuer, text, digest, token } = verification;
        let jws = match token {
            Token::New(jws) => jws,
            Token::Known(known) if known.key == key => {
                return issuer.policy.check_again(&known.verified, login, now);
            }
            // The issuer has replaced the key under the same `kid`: the signature must be valid under
            // the new one too.
            Token::Known(_) => CompactJws::parse(text)?,
        };
        let name = digest.and(jws.header().key_name()).map(|name| name.map(Box::from));
        // Steps 6 to 8, over the bytes as received; then RFC 7519 section 7.2, step 10.
        let verified = issuer.policy.check(jws.verify(&key)?, login, now)?;
        // Only now: a token that any check has refused is never remembered.
        if let Some((cache, digest)) = self.cache.as_ref().zip(digest) {
            cache.remember(digest, &verified, name, key);
        }
        Ok(verified)
    }
}

/// A verification that has reached the point where it needs a key.
struct Verification<'v, 't, K> {
    issuer: &'v ConfiguredIssuer<K>,
    text: &'t str,
    digest: Option<Digest>,
    token: Token<'t>,
}

enum Token<'t> {
    /// Accepted before, under the same policy.
    Known(Arc<Recalled>),
    New(CompactJws<'t>),
}

impl<K: KeySource> Verification<'_, '_, K> {
    fn query(&self) -> KeyQuery<'_> {
        let (name, algorithm) = match &self.token {
            Token::Known(known) => (known.key_name(), known.key.algorithm()),
            Token::New(jws) => (jws.header().key_name(), jws.header().algorithm()),
        };
        self.issuer.policy.query(name, algorithm)
    }

    /// The claims of a token accepted before, if the source still has the same key for it.
    fn confirmed(&self) -> Option<&Verified> {
        match &self.token {
            Token::Known(known) if self.issuer.keys.confirms(&known.key, self.query()) => {
                Some(&known.verified)
            }
            _ => None,
        }
    }
}
