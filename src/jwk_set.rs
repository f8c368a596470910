//! From a JWK Set to the one key for a [`KeyQuery`]. RFC 7517 section 5.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::ops::Deref;

use crate::{
    Algorithm, JsonError, JwkError, JwkSetError, KeyError, KeyQuery, PublicKey,
    json::{self, Value},
    jwk::{self, BurntKey, MAX_JSON_BYTES},
};

/// The usable keys of a JWK Set, and the entries that were skipped. Cheap to clone.
///
/// ```
/// use tokenring::{Algorithm, JwkError, JwkSet, KeyError};
///
/// let keys = JwkSet::from_json(
///     br#"{"keys": [
///         {"kty": "OKP", "crv": "Ed25519", "kid": "2026-11", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///         {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}
///     ]}"#,
/// )?;
/// assert_eq!(keys.len(), 1);
/// assert_eq!(keys.select(Some("2026-11"), Algorithm::EdDSA)?.key_id(), Some("2026-11"));
/// assert_eq!(keys.select(Some("secret"), Algorithm::EdDSA), Err(KeyError::UnknownKey));
/// assert_eq!(keys.skipped()[0].error(), JwkError::KeyType);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwkSet {
    keys: Arc<[PublicKey]>,
    skipped: Arc<[SkippedKey]>,
    #[cfg_attr(not(feature = "fetch"), expect(dead_code, reason = "for sets that follow"))]
    burnt: Arc<[BurntKey]>,
}

impl JwkSet {
    /// Reads a JWK Set of up to 512 KiB and 100 keys. RFC 7517 section 5.
    ///
    /// A key that cannot be used is skipped, as RFC 7517 section 5 recommends. So is a key whose
    /// private key is anywhere in the set. A set without a usable key is not an error: its length
    /// is 0.
    ///
    /// # Errors
    ///
    /// [`JwkSetError`] if `json` is not a JWK Set or exceeds a limit.
    pub fn from_json(json: &[u8]) -> Result<Self, JwkSetError> {
        Self::read(json, &[])
    }

    /// The same, skipping the keys that earlier sets have burnt too.
    pub(crate) fn read(json: &[u8], burnt_before: &[BurntKey]) -> Result<Self, JwkSetError> {
        if json.len() > MAX_JSON_BYTES {
            return Err(JwkSetError::TooLong { bytes: json.len() });
        }
        let json = core::str::from_utf8(json).map_err(|_| JwkSetError::Json(JsonError::NotUtf8))?;
        // Other members are ignored. RFC 7517 section 5.
        let [keys] = json::pick(json, ["keys"]).map_err(JwkSetError::Json)?;
        let array = match keys {
            None => return Err(JwkSetError::KeysMissing),
            Some(Value::Array(array)) => array,
            Some(_) => return Err(JwkSetError::KeysType),
        };
        let entries: Vec<&str> = json::elements(array, json).collect();
        if entries.len() > MAX_KEYS {
            return Err(JwkSetError::TooManyKeys);
        }

        // A published private key burns every entry with its public key, whatever their `kid`.
        let burnt: Vec<BurntKey> = entries.iter().flat_map(|entry| jwk::burnt(entry)).collect();
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for (index, entry) in entries.into_iter().enumerate() {
            let key = PublicKey::from_json(entry).and_then(|key| {
                let burnt = BurntKey::find(&key, burnt_before.iter().chain(&burnt));
                burnt.map_or(Ok(key), |burnt| Err(burnt.error()))
            });
            match key {
                // A key that is listed twice is kept once.
                Ok(key) if keys.contains(&key) => {}
                Ok(key) => keys.push(key),
                Err(error) => skipped.push(SkippedKey { index, key_id: jwk::key_id(entry), error }),
            }
        }
        Ok(Self { keys: keys.into(), skipped: skipped.into(), burnt: burnt.into() })
    }

    /// The number of usable keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether the set has no usable key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The usable keys, in the set's order.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.iter()
    }

    /// The entries that cannot be used, in the set's order.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// The one key for a token with this `kid`, compared byte for byte, or without `kid`.
    ///
    /// An RSA key without `alg` counts as one for RS256; [`KeySource::key`](crate::KeySource::key)
    /// with a verifier's query follows the policy instead.
    ///
    /// # Errors
    ///
    /// - `UnknownKey` if no usable key has this `kid` and algorithm.
    /// - `AmbiguousKey` if two different keys have this `kid`, or if the token has no `kid` and the
    ///   set has more than one usable key for the algorithm.
    pub fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<SelectedKey, KeyError> {
        self.find(KeyQuery::new(kid, algorithm))
    }

    pub(crate) fn find(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.only(query).map(|key| SelectedKey(key.used_with(query.algorithm())))
    }

    /// Whether [`find`](Self::find) would return `key`. Clones no key: a reference count that many
    /// cores change is a point where they wait.
    pub(crate) fn finds(&self, key: &SelectedKey, query: KeyQuery<'_>) -> bool {
        key.algorithm() == query.algorithm()
            && self.only(query).is_ok_and(|found| found.is_same_key(key))
    }

    /// The public keys whose private keys this set publishes.
    #[cfg(feature = "fetch")]
    pub(crate) fn burnt(&self) -> &[BurntKey] {
        &self.burnt
    }

    fn only(&self, query: KeyQuery<'_>) -> Result<&PublicKey, KeyError> {
        let fits = |key: &&PublicKey| {
            query.key_id().is_none_or(|kid| key.key_id() == Some(kid)) && key.fits(query)
        };
        let mut fitting = self.keys.iter().filter(fits);
        let key = fitting.next().ok_or(KeyError::UnknownKey)?;
        // An entry that differs only in `alg` is not another key.
        match fitting.all(|other| other.is_same_key(key)) {
            true => Ok(key),
            false => Err(KeyError::AmbiguousKey),
        }
    }
}

/// A key that [`JwkSet::select`] or another [`KeySource`](crate::KeySource) chose. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedKey(PublicKey);

impl Deref for SelectedKey {
    type Target = PublicKey;

    fn deref(&self) -> &PublicKey {
        &self.0
    }
}

impl From<PublicKey> for SelectedKey {
    fn from(key: PublicKey) -> Self {
        Self(key)
    }
}

/// An entry of a JWK Set that is not used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    index: usize,
    key_id: Option<Box<str>>,
    error: JwkError,
}

impl SkippedKey {
    /// Its place in `keys`, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its `kid`, if it has one that is a string.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Why it is not used.
    pub fn error(&self) -> JwkError {
        self.error
    }
}

/// Auth0 publishes two or three.
const MAX_KEYS: usize = 100;
