//! A `kid` and an algorithm to a key. RFC 7515 section 6.

use alloc::{boxed::Box, sync::Arc};

use crate::{Algorithm, JwkSet, KeyError, SelectedKey};

/// Where a [`Verifier`](crate::Verifier) has its keys from: those of one issuer.
///
/// RFC 8725 section 3.8: a key is trusted for its issuer's tokens and no others, so a source is
/// never shared between issuers.
pub trait KeySource {
    /// The one key for a token with this `kid`, or without `kid`. May wait, for a bounded time.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: `UnknownKey` only if it is known that there is no such key.
    fn key(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<SelectedKey, KeyError>;

    /// Whether `key` is the one that [`key`](Self::key) would give now.
    ///
    /// # Errors
    ///
    /// Those of [`key`](Self::key).
    fn confirms(
        &self,
        key: &SelectedKey,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<bool, KeyError> {
        self.key(kid, algorithm).map(|current| current == *key)
    }

    /// The key from what is at hand: never does I/O, never has it done, and never waits.
    ///
    /// # Errors
    ///
    /// [`KeyError`]
    fn try_key(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<SelectedKey, KeyError>;
}

impl KeySource for JwkSet {
    fn key(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<SelectedKey, KeyError> {
        self.select(kid, algorithm)
    }

    fn confirms(
        &self,
        key: &SelectedKey,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<bool, KeyError> {
        self.find(kid, algorithm).map(|current| current == key)
    }

    fn try_key(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<SelectedKey, KeyError> {
        self.select(kid, algorithm)
    }
}

/// A source behind a pointer is that source. Not for all that dereferences to one, so that a type of
/// the caller's may, and be a source of its own.
macro_rules! behind {
    ($($pointer:ty),*) => {$(
        impl<K: KeySource + ?Sized> KeySource for $pointer {
            fn key(
                &self,
                kid: Option<&str>,
                algorithm: Algorithm,
            ) -> Result<SelectedKey, KeyError> {
                (**self).key(kid, algorithm)
            }

            fn confirms(
                &self,
                key: &SelectedKey,
                kid: Option<&str>,
                algorithm: Algorithm,
            ) -> Result<bool, KeyError> {
                (**self).confirms(key, kid, algorithm)
            }

            fn try_key(
                &self,
                kid: Option<&str>,
                algorithm: Algorithm,
            ) -> Result<SelectedKey, KeyError> {
                (**self).try_key(kid, algorithm)
            }
        }
    )*};
}

behind!(&K, Arc<K>, Box<K>);
