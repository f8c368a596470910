//! The description of a source's keys, without the keys themselves.

#[cfg(feature = "fetch")]
use alloc::string::ToString as _;
use alloc::{boxed::Box, string::String, vec, vec::Vec};
use core::time::Duration;

#[cfg(feature = "fetch")]
use crate::remote::FetchFailure;
use crate::{Algorithm, JwkSet, PublicKey, SkippedKey, explain::Hint};

/// A description of the keys that a [`KeySource`](crate::KeySource) has. Its
/// [`describe`](crate::KeySource::describe) gives it to an [`Explanation`](crate::Explanation).
///
/// ```
/// use std::time::Duration;
/// use tokenring::{JwkSet, KeysDescription};
///
/// # let keys = JwkSet::from_json(br#"{"keys": []}"#)?;
/// let known = KeysDescription::of(&keys).with_state("from the database").with_age(Duration::from_secs(90));
/// let nothing = KeysDescription::default();
/// # drop((known, nothing));
/// # Ok::<(), tokenring::JwkSetError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeysDescription {
    /// None if the source does not list its keys.
    pub(crate) known: Option<Known>,
    pub(crate) state: Option<&'static str>,
    pub(crate) age: Option<Duration>,
    pub(crate) failure: Option<Failure>,
}

/// Why the last fetch failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) sentence: String,
    pub(crate) hint: Option<Hint>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) keys: Vec<KeyName>,
    pub(crate) skipped: Vec<SkippedKey>,
}

#[derive(Clone, Debug)]
pub(crate) struct KeyName {
    pub(crate) key_id: Option<Box<str>>,
    /// None for an RSA key without `alg`: the policy chooses its algorithm.
    pub(crate) algorithm: Option<Algorithm>,
}

impl KeyName {
    fn of(key: &PublicKey) -> Self {
        Self { key_id: key.key_id().map(Box::from), algorithm: key.labeled_algorithm() }
    }
}

impl KeysDescription {
    /// The `kid` and algorithm of each key, and the skipped entries with their reasons.
    pub fn of(keys: &JwkSet) -> Self {
        let skipped = keys.skipped().to_vec();
        let known = Known { keys: keys.iter().map(KeyName::of).collect(), skipped };
        Self { known: Some(known), ..Self::default() }
    }

    /// The same of a single key.
    pub(crate) fn of_key(key: &PublicKey) -> Self {
        let known = Known { keys: vec![KeyName::of(key)], skipped: Vec::new() };
        Self { known: Some(known), ..Self::default() }
    }

    /// The source is known to have no key at hand.
    pub fn none() -> Self {
        Self { known: Some(Known::default()), ..Self::default() }
    }

    /// The source has no key at hand, because every entry of the set that it fetched was skipped.
    #[cfg(feature = "fetch")]
    pub(crate) fn all_skipped(skipped: &[SkippedKey]) -> Self {
        Self {
            known: Some(Known { keys: Vec::new(), skipped: skipped.to_vec() }),
            ..Self::default()
        }
    }

    /// The state of the source in a few words, such as `fresh`.
    #[must_use]
    pub fn with_state(self, state: &'static str) -> Self {
        Self { state: Some(state), ..self }
    }

    /// How long ago the keys were fetched or loaded.
    #[must_use]
    pub fn with_age(self, age: Duration) -> Self {
        Self { age: Some(age), ..self }
    }

    /// Why the last fetch failed: a code and a sentence.
    #[must_use]
    pub fn with_failure(self, code: &'static str, reason: impl Into<String>) -> Self {
        let failure = Failure { code, sentence: reason.into(), hint: None };
        Self { failure: Some(failure), ..self }
    }

    /// The same of a failure of a [`RemoteJwks`](crate::RemoteJwks), with its
    /// [`hint`](crate::remote::FetchFailure::hint).
    #[cfg(feature = "fetch")]
    #[must_use]
    pub fn with_fetch_failure(self, failure: &FetchFailure) -> Self {
        let (code, sentence, hint) = (failure.code(), failure.to_string(), failure.hint());
        Self { failure: Some(Failure { code, sentence, hint }), ..self }
    }

    /// How many keys there are. None if that is not known.
    pub(crate) fn count(&self) -> Option<usize> {
        self.known.as_ref().map(|known| known.keys.len())
    }

    pub(crate) fn failure_code(&self) -> Option<&'static str> {
        self.failure.as_ref().map(|failure| failure.code)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &KeyName> {
        self.known.iter().flat_map(|known| &known.keys)
    }

    /// The entries that are not used.
    pub(crate) fn skipped(&self) -> &[SkippedKey] {
        self.known.as_ref().map_or(&[], |known| &known.skipped)
    }
}
