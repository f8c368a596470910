//! From a JWK Set to the one key for a [`KeyQuery`]. RFC 7517 section 5.

mod other_format;

#[cfg(not(feature = "std"))]
use alloc::collections::BTreeMap as ByName;
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, ops::Deref};
#[cfg(feature = "std")]
use std::collections::HashMap as ByName;

use crate::{
    Algorithm, JsonError, JwkError, JwkSetError, KeyError, KeyQuery, PublicKey,
    json::{self, Value},
    jwk::{self, BurntKey, BurntKeys, MAX_JSON_BYTES},
    key_name::KeyName,
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
/// assert_eq!(keys.skipped()[0].error(), JwkError::SharedSecret);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "JWKS")]
#[derive(Clone)]
pub struct JwkSet {
    /// In the set's order.
    keys: Arc<[PublicKey]>,
    /// The same keys by `kid`, if there are more than a few; those with one `kid` are in the set's order.
    by_key_id: Arc<ByName<Box<str>, Vec<PublicKey>>>,
    skipped: Arc<[SkippedKey]>,
    #[cfg_attr(not(feature = "fetch"), expect(dead_code, reason = "for sets that follow"))]
    burnt: Arc<[BurntKey]>,
}

impl JwkSet {
    /// Reads a JWK Set of up to 512 KiB and 1000 keys. RFC 7517 section 5.
    ///
    /// A key that cannot be used is skipped, as RFC 7517 section 5 recommends. So is a key whose
    /// private key is anywhere in the set. A set without a usable key is not an error: its length
    /// is 0.
    ///
    /// # Errors
    ///
    /// [`JwkSetError`] if `json` is not a JWK Set or exceeds a limit.
    #[doc(alias = "parse")]
    pub fn from_json(json: &[u8]) -> Result<Self, JwkSetError> {
        Self::read(json, &[])
    }

    /// A set of keys that the caller trusts, in any number. Of two equal keys, the first is kept.
    ///
    /// ```
    /// use tokenring::{Algorithm, JwkSet, PublicKey};
    ///
    /// // RFC 8410 section 10.1.
    /// let pem = "-----BEGIN PUBLIC KEY-----
    /// MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
    /// -----END PUBLIC KEY-----";
    /// let key = PublicKey::from_pem(pem, Algorithm::EdDSA)?.with_key_id("2026-11");
    /// let keys = JwkSet::from_keys([key]);
    /// assert!(keys.select(Some("2026-11"), Algorithm::EdDSA).is_ok());
    /// # Ok::<(), tokenring::PemError>(())
    /// ```
    pub fn from_keys(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        let mut distinct = Vec::new();
        for key in keys {
            if !distinct.contains(&key) {
                distinct.push(key);
            }
        }
        Self::of_parts(distinct, Vec::new(), Vec::new())
    }

    /// The same as [`from_json`](Self::from_json), skipping the keys that earlier sets have burnt too.
    pub(crate) fn read(json: &[u8], burnt_before: &[BurntKey]) -> Result<Self, JwkSetError> {
        if json.len() > MAX_JSON_BYTES {
            return Err(JwkSetError::TooLong { bytes: json.len() });
        }
        let bytes = json;
        let json = core::str::from_utf8(bytes)
            .map_err(|_| other_format::of_no_json(bytes, JsonError::NotUtf8))?;
        // Other members are ignored. RFC 7517 section 5.
        let keys =
            json::pick(json, ["keys"]).map_err(|error| other_format::of_no_json(bytes, error));
        let array = match keys? {
            [None] => return Err(other_format::of_object_without_keys(json)),
            [Some(Value::Array(array))] => array,
            [Some(_)] => return Err(JwkSetError::KeysType),
        };
        let entries: Vec<&str> = json::elements(array, json).collect();
        if entries.len() > MAX_KEYS {
            return Err(JwkSetError::TooManyKeys);
        }

        // A published private key burns every entry with its public key, whatever their `kid`.
        let burnt: Vec<BurntKey> = entries.iter().flat_map(|entry| jwk::burnt(entry)).collect();
        let all_burnt = BurntKeys::of(burnt_before.iter().chain(&burnt));
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for (index, entry) in entries.into_iter().enumerate() {
            let key = PublicKey::from_json(entry).and_then(|key| {
                let burnt = all_burnt.find(&key);
                burnt.map_or(Ok(key), |burnt| Err(burnt.error()))
            });
            match key {
                // A key that is listed twice is kept once.
                Ok(key) if keys.contains(&key) => {}
                Ok(key) => keys.push(key),
                Err(error) => skipped.push(SkippedKey { index, key_id: jwk::key_id(entry), error }),
            }
        }
        Ok(Self::of_parts(keys, skipped, burnt))
    }

    fn of_parts(keys: Vec<PublicKey>, skipped: Vec<SkippedKey>, burnt: Vec<BurntKey>) -> Self {
        let by_key_id = match keys.len() {
            ..=FEW_KEYS => ByName::new(),
            _ => by_key_id(&keys),
        };
        Self {
            keys: keys.into(),
            by_key_id: by_key_id.into(),
            skipped: skipped.into(),
            burnt: burnt.into(),
        }
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

    /// The one key for a token with this `kid`, compared byte for byte, or without `kid` and
    /// thumbprint. A token's `x5t` or `x5t#S256` counts only in a [`KeyQuery`].
    ///
    /// An RSA key without `alg` counts as one for RS256; [`KeySource::key`](crate::KeySource::key)
    /// with a verifier's query follows the policy instead.
    ///
    /// # Errors
    ///
    /// - `UnknownKey` if no usable key has this `kid` and algorithm.
    /// - `AmbiguousKey` if two different keys have this `kid`, or if the token has no `kid` and the
    ///   set has more than one usable key for the algorithm. A key under two `kid`s is one key.
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

    /// RFC 7515 section 6.
    fn only(&self, query: KeyQuery<'_>) -> Result<&PublicKey, KeyError> {
        match query.name() {
            Some(KeyName::KeyId(kid)) => only_of(self.with_key_id(kid), query),
            Some(thumbprint) => self.only_with_thumbprint(thumbprint, query),
            None => only_of(self.keys.iter(), query),
        }
    }

    fn only_with_thumbprint(
        &self,
        name: KeyName<&str>,
        query: KeyQuery<'_>,
    ) -> Result<&PublicKey, KeyError> {
        // The issuer says which thumbprints its keys have: an unknown one is another issuer's.
        if self.keys.iter().any(|key| key.fits(query) && key.member(name).is_some()) {
            let is_named = |key: &&PublicKey| key.member(name) == Some(name.text());
            return only_of(self.keys.iter().filter(is_named), query);
        }
        // AD FS writes the thumbprint into `kid` too. Otherwise it says nothing about these keys.
        match only_of(self.with_key_id(name.text()), query) {
            Err(KeyError::UnknownKey) => only_of(self.keys.iter(), query),
            found => found,
        }
    }

    fn with_key_id(&self, kid: &str) -> impl Iterator<Item = &PublicKey> {
        let keys = match self.keys.len() {
            // measured: hashing takes more instructions than these comparisons.
            ..=FEW_KEYS => &*self.keys,
            _ => self.by_key_id.get(kid).map_or(&[][..], Vec::as_slice),
        };
        keys.iter().filter(move |key| key.key_id() == Some(kid))
    }
}

fn by_key_id(keys: &[PublicKey]) -> ByName<Box<str>, Vec<PublicKey>> {
    let mut by_key_id = ByName::new();
    for key in keys {
        if let Some(kid) = key.key_id() {
            let with_key_id: &mut Vec<_> = by_key_id.entry(kid.into()).or_default();
            with_key_id.push(key.clone());
        }
    }
    by_key_id
}

/// The one key that all of `keys` are that fit the query. Entries that differ only in `alg` or `kid` are
/// one key.
fn only_of<'k>(
    keys: impl Iterator<Item = &'k PublicKey>,
    query: KeyQuery<'_>,
) -> Result<&'k PublicKey, KeyError> {
    let mut fitting = keys.filter(|key| key.fits(query));
    let key = fitting.next().ok_or(KeyError::UnknownKey)?;
    match fitting.all(|other| other.verifies_as(key)) {
        true => Ok(key),
        false => Err(KeyError::AmbiguousKey),
    }
}

impl fmt::Debug for JwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwkSet")
            .field("keys", &self.keys)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
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

/// Auth0 publishes two or three, and the largest known sets a few hundred. It bounds the time that a
/// set takes on the thread that fetches it. measured: 1000 keys take 16 ms for RSA-2048 and Ed25519,
/// 34 ms for ES256 and 260 ms for ES384, because *ring* checks each point by a key agreement.
const MAX_KEYS: usize = 1000;

/// A set with more keys is searched by the hash of `kid`.
const FEW_KEYS: usize = 8;
