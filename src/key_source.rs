//! From the name of a key and an algorithm to the key: the interface to a verifier's keys. RFC 7515
//! section 6.

use alloc::{boxed::Box, sync::Arc};
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use crate::{
    Algorithm, JoseHeader, JwkSet, KeyError, KeysDescription, PublicKey, SelectedKey,
    key_name::KeyName,
};

/// A query for the key of a token, by `alg` of its header and by `kid` or, without one, by the
/// thumbprint of a certificate.
///
/// A thumbprint is compared, as text, with the member of the same name of the keys that the source
/// already trusts. No certificate is read.
#[derive(Clone, Copy)]
pub struct KeyQuery<'q> {
    name: Option<KeyName<&'q str>>,
    algorithm: Algorithm,
    /// Never true unless `algorithm` is an RSA algorithm: such a key would be used with it.
    takes_unlabeled: bool,
}

impl<'q> KeyQuery<'q> {
    /// A query for the key with this `kid` and algorithm, or for the only key of the algorithm if
    /// there is no `kid`.
    ///
    /// An RSA key whose JWK has no `alg` counts as one for RS256.
    pub fn new(key_id: Option<&'q str>, algorithm: Algorithm) -> Self {
        Self::named(key_id.map(KeyName::KeyId), algorithm)
    }

    /// A query for the key that signed a token with this header.
    pub fn of(header: &'q JoseHeader) -> Self {
        Self::named(header.key_name(), header.algorithm())
    }

    pub(crate) fn named(name: Option<KeyName<&'q str>>, algorithm: Algorithm) -> Self {
        Self { name, algorithm, takes_unlabeled: algorithm == Algorithm::RS256 }
    }

    /// The same query, where RSA keys without `alg` are only for `algorithm`, an RSA algorithm.
    pub(crate) fn with_unlabeled_for(self, algorithm: Option<Algorithm>) -> Self {
        Self { takes_unlabeled: algorithm == Some(self.algorithm), ..self }
    }

    /// The same query with `name`, for a look-up that outlives the token's text.
    #[cfg(feature = "std")]
    pub(crate) fn with_name(self, name: Option<KeyName<&str>>) -> KeyQuery<'_> {
        KeyQuery { name, algorithm: self.algorithm, takes_unlabeled: self.takes_unlabeled }
    }

    pub(crate) fn name(&self) -> Option<KeyName<&'q str>> {
        self.name
    }

    /// The token's `kid`, to be compared byte for byte. RFC 7515 section 4.1.4.
    pub fn key_id(&self) -> Option<&'q str> {
        match self.name {
            Some(KeyName::KeyId(kid)) => Some(kid),
            _ => None,
        }
    }

    /// The token's `x5t`, to be compared byte for byte. RFC 7515 section 4.1.7.
    ///
    /// None if the token has `kid` or `x5t#S256`, which choose before it.
    pub fn x5t(&self) -> Option<&'q str> {
        match self.name {
            Some(KeyName::X5t(thumbprint)) => Some(thumbprint),
            _ => None,
        }
    }

    /// The token's `x5t#S256`, to be compared byte for byte. RFC 7515 section 4.1.8.
    ///
    /// None if the token has `kid`, which chooses before it.
    pub fn x5t_s256(&self) -> Option<&'q str> {
        match self.name {
            Some(KeyName::X5tS256(thumbprint)) => Some(thumbprint),
            _ => None,
        }
    }

    /// The token's `alg`. RFC 7515 section 4.1.1.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether an RSA key without `alg` fits.
    pub(crate) fn takes_unlabeled(&self) -> bool {
        self.takes_unlabeled
    }
}

/// Shows the lengths of `kid` and thumbprint, not their texts, which come from a token.
impl fmt::Debug for KeyQuery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyQuery")
            .field("algorithm", &self.algorithm)
            .field("key_id_bytes", &self.key_id().map(str::len))
            .finish_non_exhaustive()
    }
}

/// A source of a [`Verifier`](crate::Verifier)'s keys: the keys of one issuer.
///
/// [`JwkSet`] is a source of keys that you already have, [`PublicKey`] of one key, and
/// [`RemoteJwks`](crate::RemoteJwks) fetches them. A key is trusted only for tokens of its issuer, so issuers never share a source.
/// RFC 8725 section 3.8. A source in an [`Arc`] or a [`Box`] is a source too, even as
/// `Arc<dyn KeySource + Send + Sync>`.
///
/// ```
/// use std::sync::RwLock;
/// use tokenring::{JwkSet, KeyError, KeyQuery, KeySource, SelectedKey};
///
/// /// Keys that an administrator can replace while the service runs.
/// struct Replaceable(RwLock<JwkSet>);
///
/// impl KeySource for Replaceable {
///     fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
///         self.0.read().unwrap().key(query)
///     }
///
///     fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
///         self.key(query)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of keys",
    label = "expected keys, such as a `JwkSet` or `RemoteJwks`",
    note = "a builder of `RemoteJwks` becomes one by `.build()?`, and a URL by `RemoteJwks::new(url)?`"
)]
pub trait KeySource {
    /// The one key for `query`. May wait, for a bounded time.
    ///
    /// # Errors
    ///
    /// [`KeyError`]. It is `UnknownKey` only if the source knows that the issuer has no such key.
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError>;

    /// The one key for `query` among those in memory. Never does I/O, never starts any, never
    /// waits.
    ///
    /// # Errors
    ///
    /// [`KeyError`], as from [`key`](Self::key); `Unavailable` if only a fetch could tell.
    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError>;

    /// Whether [`key`](Self::key) would return `key` at once: `false` if it would return another
    /// key or an error, wait, or start a fetch.
    ///
    /// Called for tokens seen before, so that many threads need not clone one key. The provided
    /// method returns `false`, which is always correct: the key is then looked up.
    fn confirms(&self, _key: &SelectedKey, _query: KeyQuery<'_>) -> bool {
        false
    }

    /// The keys in memory now, for an [`Explanation`](crate::Explanation). Never does I/O.
    ///
    /// The provided method describes a source of which nothing is known.
    fn describe(&self) -> KeysDescription {
        KeysDescription::default()
    }

    /// The one key for `query`, for async code: the future waits where [`key`](Self::key) blocks.
    ///
    /// The provided method calls [`key`](Self::key) at once. That is right only for a source that
    /// never waits; any other must override this method.
    fn key_async(&self, query: KeyQuery<'_>) -> KeyLookup<'_> {
        KeyLookup::ready(self.key(query))
    }
}

/// A future of a key. It is allocation-free if the source already knows the key.
#[must_use = "futures do nothing unless polled"]
pub struct KeyLookup<'k>(Lookup<'k>);

enum Lookup<'k> {
    Ready(Option<Result<SelectedKey, KeyError>>),
    Pending(Pin<Box<dyn Future<Output = Result<SelectedKey, KeyError>> + Send + 'k>>),
}

impl<'k> KeyLookup<'k> {
    /// A look-up that has already finished.
    pub fn ready(outcome: Result<SelectedKey, KeyError>) -> Self {
        Self(Lookup::Ready(Some(outcome)))
    }

    /// A look-up that waits for `future`, which is boxed.
    pub fn pending(
        future: impl Future<Output = Result<SelectedKey, KeyError>> + Send + 'k,
    ) -> Self {
        Self(Lookup::Pending(Box::pin(future)))
    }

    /// The outcome if the look-up has finished, or else the look-up.
    #[cfg(feature = "std")]
    pub(crate) fn outcome_at_once(self) -> Result<Result<SelectedKey, KeyError>, Self> {
        match self.0 {
            Lookup::Ready(Some(outcome)) => Ok(outcome),
            lookup => Err(Self(lookup)),
        }
    }
}

impl Future for KeyLookup<'_> {
    type Output = Result<SelectedKey, KeyError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            Lookup::Ready(outcome) => match outcome.take() {
                Some(outcome) => outcome,
                // Polled after completion: no correct executor does that.
                None => return Poll::Pending,
            },
            Lookup::Pending(future) => ready!(future.as_mut().poll(context)),
        };
        // An `async` block would panic if it were polled once more.
        self.0 = Lookup::Ready(None);
        Poll::Ready(outcome)
    }
}

impl fmt::Debug for KeyLookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLookup").finish_non_exhaustive()
    }
}

impl KeySource for JwkSet {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.find(query)
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.find(query)
    }

    fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        self.finds(key, query)
    }

    fn describe(&self) -> KeysDescription {
        KeysDescription::of(self)
    }
}

/// A source with this key alone. It gives what [`JwkSet::from_keys`] with the one key would give: the key
/// for its algorithm, for a token without `kid` or with the key's own. A token that names another `kid`,
/// or any if the key has none, is signed with an unknown key: see [`PublicKey::with_key_id`].
impl KeySource for PublicKey {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        match self.answers(query) {
            true => Ok(self.used_with(query.algorithm()).into()),
            false => Err(KeyError::UnknownKey),
        }
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.key(query)
    }

    fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        key.algorithm() == query.algorithm() && self.answers(query) && self.is_same_key(key)
    }

    fn describe(&self) -> KeysDescription {
        KeysDescription::of_key(self)
    }
}

/// Pointers to a source are sources. There is no blanket `impl` for `Deref`: a caller's own pointer
/// type may want to be a different source.
macro_rules! forward_to_pointee {
    ($($pointer:ty),*) => {$(
        impl<K: KeySource + ?Sized> KeySource for $pointer {
            fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
                (**self).key(query)
            }

            fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
                (**self).try_key(query)
            }

            fn confirms(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
                (**self).confirms(key, query)
            }

            fn describe(&self) -> KeysDescription {
                (**self).describe()
            }

            fn key_async(&self, query: KeyQuery<'_>) -> KeyLookup<'_> {
                (**self).key_async(query)
            }
        }
    )*};
}

forward_to_pointee!(&K, Arc<K>, Box<K>);
