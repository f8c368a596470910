//! The whole pipeline, from token text to [`Verified`]. RFC 7519 section 7.2.

use alloc::{string::String, sync::Arc, vec::Vec};
#[cfg(feature = "std")]
use core::num::NonZeroUsize;

use crate::{
    CompactJws, Explanation, KeyError, KeyQuery, KeySource, Policy, PolicyError, SelectedKey,
    UnixTime, Verified, VerifiedPayload, VerifyError, claims, explain,
    policy::Usage,
    token_cache::{self, Recalled, TokenCache, TokenHash},
    trust::{Chosen, ConfiguredIssuer, FixedIssuers},
};
#[cfg(feature = "std")]
use crate::{Issuers, KeyLookup, trust::Registry};

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
#[doc(alias("jwt", "decode", "JwtVerifier", "Authorizer"))]
#[derive(Clone, Debug)]
pub struct Verifier<K> {
    trust: Trust<K>,
    cache: Option<Arc<TokenCache>>,
}

#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "std",
    expect(clippy::large_enum_variant, reason = "a box would put a pointer before the one issuer")
)]
enum Trust<K> {
    Fixed(FixedIssuers<K>),
    /// `K` is [`Issuers`].
    #[cfg(feature = "std")]
    Shared {
        handle: K,
        registry: Arc<dyn Registry>,
    },
}

#[cfg(feature = "std")]
impl<K: KeySource + Send + Sync + 'static> Verifier<Issuers<K>> {
    /// A verifier of the tokens of `issuers`, which may change while it serves.
    ///
    /// `iss` chooses the issuer as described at [`with_issuer`](Self::with_issuer), even if there is
    /// only one. Without any, every token is refused. [`keys`](Self::keys) returns `issuers`.
    pub fn with_issuers(issuers: Issuers<K>) -> Self {
        let registry = issuers.registry();
        Self { trust: Trust::Shared { handle: issuers, registry }, cache: None }
    }
}

impl<K: KeySource> Verifier<K> {
    /// A verifier of tokens that satisfy `policy` and are signed with one of `keys`.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the policy cannot be used.
    pub fn new(policy: Policy, keys: K) -> Result<Self, PolicyError> {
        let issuer = ConfiguredIssuer::new(policy, keys)?;
        Ok(Self { trust: Trust::Fixed(FixedIssuers::of(issuer)), cache: None })
    }

    /// Adds an issuer, with its own policy and keys.
    ///
    /// The token's `iss` chooses the issuer before anything is verified, as `kid` chooses a key:
    /// among those configured here, byte for byte. An issuer named exactly comes before one of
    /// [`Policy::for_tenants`]. Keys are never pooled: a token is verified with
    /// a key of the issuer that its claims name, or not at all. An issuer whose keys are not
    /// available delays only its own tokens.
    ///
    /// The token cache stays: an accepted token is recalled only under the policy that accepted it.
    ///
    /// All sources have the type `K`. For different types, let `K` be
    /// `Arc<dyn KeySource + Send + Sync>`.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if the policy cannot be used, if the verifier already has one for its
    /// issuer, or if it is a verifier of [`Issuers`].
    pub fn with_issuer(mut self, policy: Policy, keys: K) -> Result<Self, PolicyError> {
        match &mut self.trust {
            Trust::Fixed(issuers) => issuers.add(ConfiguredIssuer::new(policy, keys)?)?,
            #[cfg(feature = "std")]
            Trust::Shared { .. } => return Err(PolicyError::SharedIssuers),
        }
        Ok(self)
    }

    /// Remembers up to `capacity` accepted tokens, so that a repeated token need not be verified
    /// again. Clones made afterwards share the cache.
    ///
    /// No outcome changes. Each time, `exp` and `nbf` are compared with the time again, and the key
    /// is looked up or confirmed again: a token whose key was withdrawn or replaced, or whose keys
    /// are not available, is refused as if it came for the first time. The cache takes at most 4 KiB for
    /// each token of its capacity, and 16 KiB besides; a token with claims of more than 3 KiB counts as
    /// several. No thread waits for another one's use of the cache: it then verifies in full.
    ///
    /// A token is recognized by a keyed hash of its whole text (NH, RFC 4418 section 5.2, with sums of
    /// 256 bits). The text itself is not kept, and nor is its signature. The key is random, is made for
    /// this cache and never leaves it. For somebody who does not have it, any other text is taken for an
    /// accepted token with probability at most 2^-128, however it is chosen. Somebody who can read the
    /// memory of the process can make such a text.
    ///
    /// If the system gives no random bytes, there is no cache: see
    /// [`has_token_cache`](Self::has_token_cache).
    #[cfg(feature = "std")]
    #[must_use]
    pub fn with_token_cache(self, capacity: NonZeroUsize) -> Self {
        Self { cache: TokenCache::new(capacity).map(Arc::new), ..self }
    }

    /// Whether accepted tokens are remembered. `false` after
    /// [`with_token_cache`](Self::with_token_cache) only if the system gave no random bytes.
    #[cfg(feature = "std")]
    pub fn has_token_cache(&self) -> bool {
        self.cache.is_some()
    }

    /// Verifies `token` as of the system clock, which is read once the key is known. May block while
    /// the source fetches the key: in async code, call [`verify_async`](Self::verify_async).
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    #[doc(alias("decode", "validate", "introspect"))]
    #[cfg(feature = "std")]
    pub fn verify(&self, token: &str) -> Result<Verified, VerifyError> {
        self.run(token, Usage::Bearer, Chosen::key, UnixTime::now)
    }

    /// Verifies `token` as of `now`. May wait for the key, as [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// The first reason to refuse the token, as [`VerifyError`].
    pub fn verify_at(&self, token: &str, now: UnixTime) -> Result<Verified, VerifyError> {
        self.run(token, Usage::Bearer, Chosen::key, || now)
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
        self.run(token, Usage::Bearer, Chosen::try_key, UnixTime::now)
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
        self.run_async(token, Usage::Bearer).await
    }

    /// Explains the verdict on `token`, as of the system clock, with the keys in memory.
    ///
    /// Shows every check, all faults at once, and how to fix them. Never does I/O, never waits.
    ///
    /// For operators; read the warnings at [`Explanation`] first.
    #[doc(alias("insecure_decode", "decode_header", "debug"))]
    #[cfg(feature = "std")]
    pub fn explain(&self, token: &str) -> Explanation {
        self.explain_at(token, UnixTime::now())
    }

    /// The same explanation as of `now`.
    pub fn explain_at(&self, token: &str, now: UnixTime) -> Explanation {
        let issuers = self.issuers_for(Some(token));
        explain::token(self.routing(), &trusted(&issuers), token, Usage::Bearer, now).finish()
    }

    /// All issuers, among them the one of `token`, for which a resolver may have to be asked.
    #[cfg_attr(not(feature = "std"), expect(unused_variables, reason = "there is no resolver"))]
    pub(crate) fn issuers_for(&self, token: Option<&str>) -> Vec<Chosen<'_, K>> {
        match &self.trust {
            Trust::Fixed(issuers) => issuers.iter().map(Chosen::Fixed).collect(),
            #[cfg(feature = "std")]
            Trust::Shared { registry, .. } => {
                let jws = token.and_then(|token| CompactJws::parse(token).ok());
                let iss = jws.and_then(|jws| claims::unverified_issuer(&jws).ok());
                let of_token = iss.and_then(|iss| registry.of_token(&iss));
                let is_other = |issuer: &Arc<ConfiguredIssuer<dyn KeySource + Send + Sync>>| {
                    of_token.as_ref().is_none_or(|known| known.identity != issuer.identity)
                };
                let others = registry.all().into_iter().filter(is_other).map(Chosen::Shared);
                others.chain(of_token.clone().map(Chosen::Shared)).collect()
            }
        }
    }

    pub(crate) fn routing(&self) -> Routing {
        match self.only_issuer() {
            Some(_) => Routing::OneIssuer,
            None => Routing::ByIss,
        }
    }

    /// The issuer of `token`, and the code of the last failure to fetch its keys.
    pub(crate) fn failure_of_keys(&self, token: &str) -> Option<(String, &'static str)> {
        let issuer = self.begin(token, Usage::Bearer).ok()?.issuer;
        let explain::Trusted { policy, keys } = issuer.trusted();
        Some((policy.issuer().into(), keys.describe().failure_code()?))
    }

    /// The leeway in seconds under which tokens of this `iss` are accepted; 0 if it is no longer trusted.
    pub(crate) fn leeway_for(&self, iss: &str) -> u64 {
        self.known_issuer(iss).map_or(0, |issuer| issuer.policy().leeway_seconds())
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
        issuer.policy().check(payload, Usage::Bearer, now)
    }

    /// The source of the keys. With several issuers, the source given to [`new`](Self::new).
    pub fn keys(&self) -> &K {
        match &self.trust {
            Trust::Fixed(issuers) => &issuers.first().keys,
            #[cfg(feature = "std")]
            Trust::Shared { handle, .. } => handle,
        }
    }

    /// Where the keys of `issuer`, an `iss` or a template, come from, if the verifier has a policy
    /// for it. None for a verifier of [`Issuers`], which have a method of this name.
    pub fn keys_of(&self, issuer: &str) -> Option<&K> {
        match &self.trust {
            Trust::Fixed(issuers) => issuers.named(issuer).map(|issuer| &issuer.keys),
            #[cfg(feature = "std")]
            Trust::Shared { .. } => None,
        }
    }

    /// Runs the whole pipeline, and waits for the key.
    #[cfg(feature = "std")]
    async fn run_async(&self, token: &str, usage: Usage<'_>) -> Result<Verified, VerifyError> {
        match self.verify_unless_waiting(token, usage) {
            Ok(outcome) => outcome,
            // Parses the token a second time, which takes a few microseconds after a wait for the
            // network. `GuardCheck` owns the text of its token, so it could not keep what borrows
            // from it.
            Err(Waiting { issuer, lookup }) => self.verify_with(token, issuer, usage, lookup.await),
        }
    }

    /// Verifies `token` if its key is known at once, or else returns the look-up to wait for.
    #[cfg(feature = "std")]
    pub(crate) fn verify_unless_waiting(
        &self,
        token: &str,
        usage: Usage<'_>,
    ) -> Result<Result<Verified, VerifyError>, Waiting<'_, K>> {
        let verification = match self.begin(token, usage) {
            Ok(verification) => verification,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(known) = verification.confirmed() {
            return Ok(verification.issuer.policy().check_again(known, usage, UnixTime::now()));
        }
        // A key in memory needs no future: nothing is allocated and nothing waits.
        match verification.issuer.key_or_lookup(verification.query()) {
            Ok(key) => Ok(key
                .map_err(VerifyError::from)
                .and_then(|key| self.conclude(verification, usage, key, UnixTime::now()))),
            Err(lookup) => Err(Waiting { issuer: verification.issuer, lookup }),
        }
    }

    /// Verifies `token` with the outcome of its look-up, under the policy of `issuer`, whose key it
    /// is: by now, another one may be configured for the same `iss`.
    #[cfg(feature = "std")]
    pub(crate) fn verify_with(
        &self,
        text: &str,
        issuer: Chosen<'_, K>,
        usage: Usage<'_>,
        key: Result<SelectedKey, KeyError>,
    ) -> Result<Verified, VerifyError> {
        let token = Token::New(CompactJws::parse(text)?);
        let hash = self.cache.as_ref().and_then(|cache| cache.hash(text));
        let verification = Verification { issuer, text, hash, token };
        self.conclude(verification, usage, key?, UnixTime::now())
    }

    /// Runs the whole pipeline. `now` is called once the key is known, because `look_up` may wait.
    pub(crate) fn run<'v>(
        &'v self,
        token: &str,
        usage: Usage<'_>,
        look_up: impl FnOnce(&Chosen<'v, K>, KeyQuery<'_>) -> Result<SelectedKey, KeyError>,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<Verified, VerifyError> {
        let verification = self.begin(token, usage)?;
        // The same text, policy and key as when the token was accepted: only the time has changed.
        if let Some(known) = verification.confirmed() {
            return verification.issuer.policy().check_again(known, usage, now());
        }
        let key = look_up(&verification.issuer, verification.query())?;
        self.conclude(verification, usage, key, now())
    }

    /// Runs the pipeline up to the point where it needs a key.
    // Measured: if this is not inlined, all that it returns is copied once more, and a whole token takes
    // 0.4 % more instructions.
    #[inline(always)]
    fn begin<'v, 't>(
        &'v self,
        text: &'t str,
        usage: Usage<'_>,
    ) -> Result<Verification<'v, 't, K>, VerifyError> {
        let hash = self.cache.as_ref().and_then(|cache| cache.hash(text));
        let known = self.cache.as_ref().zip(hash).and_then(|(cache, hash)| {
            let known = cache.recall(&hash)?;
            let issuer = self.known_issuer(known.verified.issuer())?;
            // Only under the policy that accepted it, not under a later one for the same `iss`.
            (*issuer.identity() == known.issuer).then_some((issuer, known))
        });
        // Nothing of a token seen before is read again: its whole text is the one accepted then.
        if let Some((issuer, known)) = known {
            issuer.policy().check_purpose(usage)?;
            return Ok(Verification { issuer, text, hash, token: Token::Known(known) });
        }
        // RFC 7515 section 5.2, steps 1 to 5. The header is not verified yet: it may choose among
        // our keys, and nothing else.
        let jws = CompactJws::parse(text)?;
        let issuer = self.route(|| claims::unverified_issuer(&jws))?;
        issuer.policy().check_purpose(usage)?;
        // Before the key is looked up, so that a token with another algorithm never causes a fetch.
        issuer.policy().check_header(jws.header())?;
        Ok(Verification { issuer, text, hash, token: Token::New(jws) })
    }

    /// The issuer of tokens with this `iss`. A verifier with one issuer has no choice and does not call
    /// `iss`: it reads no payload before the signature is verified.
    #[inline]
    fn route(
        &self,
        iss: impl FnOnce() -> Result<String, VerifyError>,
    ) -> Result<Chosen<'_, K>, VerifyError> {
        match self.only_issuer() {
            Some(only) => Ok(Chosen::Fixed(only)),
            // RFC 8725 section 3.8: there are no keys and no policy for another issuer.
            None => self.issuer_of_token(&iss()?).ok_or(VerifyError::WrongIssuer),
        }
    }

    /// The issuer of every token, if the verifier has only one that stays.
    fn only_issuer(&self) -> Option<&ConfiguredIssuer<K>> {
        match &self.trust {
            Trust::Fixed(issuers) => issuers.only(),
            #[cfg(feature = "std")]
            Trust::Shared { .. } => None,
        }
    }

    /// The issuer that `iss` chooses.
    fn issuer_of_token(&self, iss: &str) -> Option<Chosen<'_, K>> {
        match &self.trust {
            Trust::Fixed(issuers) => issuers.of_token(iss).map(Chosen::Fixed),
            #[cfg(feature = "std")]
            Trust::Shared { registry, .. } => registry.of_token(iss).map(Chosen::Shared),
        }
    }

    /// The issuer of an accepted token with this `iss`, if it is still configured.
    fn known_issuer(&self, iss: &str) -> Option<Chosen<'_, K>> {
        match &self.trust {
            #[cfg(feature = "std")]
            Trust::Shared { registry, .. } => registry.known(iss).map(Chosen::Shared),
            Trust::Fixed(_) => match self.only_issuer() {
                Some(only) => Some(Chosen::Fixed(only)),
                None => self.issuer_of_token(iss),
            },
        }
    }

    /// Runs the rest of the pipeline, with the key that was looked up.
    fn conclude(
        &self,
        verification: Verification<'_, '_, K>,
        usage: Usage<'_>,
        key: SelectedKey,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        let Verification { issuer, text, hash, token } = verification;
        let jws = match token {
            Token::New(jws) => jws,
            Token::Known(known) if known.key == key => {
                return issuer.policy().check_again(&known.verified, usage, now);
            }
            // The issuer has replaced the key under the same `kid`: the signature must be valid under
            // the new one too.
            Token::Known(_) => CompactJws::parse(text)?,
        };
        let name = hash.and(jws.header().key_name());
        let name = name.map(|name| token_cache::kept(name, key.key_id()));
        // Steps 6 to 8, over the bytes as received; then RFC 7519 section 7.2, step 10.
        let verified = issuer.policy().check(jws.verify(&key)?, usage, now)?;
        issuer.accepted();
        // Only now: a token that any check has refused is never remembered.
        if let Some((cache, hash)) = self.cache.as_ref().zip(hash) {
            cache.remember(hash, &verified, issuer.identity(), name, key);
        }
        Ok(verified)
    }
}

/// The issuers as an explanation reads them.
pub(crate) fn trusted<'c, K: KeySource>(issuers: &'c [Chosen<'_, K>]) -> Vec<explain::Trusted<'c>> {
    issuers.iter().map(Chosen::trusted).collect()
}

/// How a verifier finds the issuer of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Routing {
    /// There is only one.
    OneIssuer,
    /// `iss` chooses one, before the signature.
    ByIss,
}

/// A verification that waits for its key.
#[cfg(feature = "std")]
pub(crate) struct Waiting<'v, K> {
    pub(crate) issuer: Chosen<'v, K>,
    pub(crate) lookup: KeyLookup<'v>,
}

/// A verification that has reached the point where it needs a key.
struct Verification<'v, 't, K> {
    issuer: Chosen<'v, K>,
    text: &'t str,
    hash: Option<TokenHash>,
    token: Token<'t>,
}

enum Token<'t> {
    /// Accepted before, under the same policy.
    Known(Arc<Recalled>),
    New(CompactJws<'t>),
}

impl<K: KeySource> Verification<'_, '_, K> {
    #[inline]
    fn query(&self) -> KeyQuery<'_> {
        let (name, algorithm) = match &self.token {
            Token::Known(known) => (known.key_name(), known.key.algorithm()),
            Token::New(jws) => (jws.header().key_name(), jws.header().algorithm()),
        };
        self.issuer.policy().query(name, algorithm)
    }

    /// The claims of a token accepted before, if the source still has the same key for it.
    fn confirmed(&self) -> Option<&Verified> {
        match &self.token {
            Token::Known(known) if self.issuer.confirms(&known.key, self.query()) => {
                self.issuer.accepted();
                Some(&known.verified)
            }
            _ => None,
        }
    }
}
