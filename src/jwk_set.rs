//! A JWK Set to the one key for a `kid`. RFC 7517 section 5.

use alloc::{sync::Arc, vec::Vec};
use core::ops::Deref;

use serde::de::MapAccess;

use crate::{
    Algorithm, JsonError, JwkError, JwkSetError, KeyError, PublicKey,
    json::{self, Next, Object, Objects, Value},
    jwk::{self, MAX_JSON_BYTES},
};

/// The usable keys of a JWK Set, and what was skipped. Cheap to clone.
#[derive(Clone, Debug)]
pub struct JwkSet {
    keys: Arc<[SelectedKey]>,
    skipped: Arc<[SkippedKey]>,
}

impl JwkSet {
    /// Reads a JWK Set of up to 512 KiB and 100 keys. RFC 7517 section 5.
    ///
    /// A key that cannot be used is skipped, as RFC 7517 section 5 asks for. A set without any
    /// usable key is no error: it has the length 0.
    ///
    /// # Errors
    ///
    /// [`JwkSetError`] if the set itself is not one.
    pub fn from_json(json: &[u8]) -> Result<Self, JwkSetError> {
        if json.len() > MAX_JSON_BYTES {
            return Err(JwkSetError::TooLong { bytes: json.len() });
        }
        let json = core::str::from_utf8(json).map_err(|_| JwkSetError::Json(JsonError::NotUtf8))?;
        let members: Members = json::read(json).map_err(JwkSetError::Json)?;
        let entries = match members.keys {
            None => return Err(JwkSetError::KeysMissing),
            Some(Value::Array(Objects { more: true, .. })) => return Err(JwkSetError::TooManyKeys),
            Some(Value::Array(Objects { first, .. })) => first,
            Some(_) => return Err(JwkSetError::KeysType),
        };

        // A private key that was published is nobody's any more, under whatever name it stands here
        // again.
        let burnt: Vec<(Vec<u8>, JwkError)> =
            entries.iter().filter_map(|entry| entry.as_ref().ok()?.burnt_modulus(json)).collect();
        let mut keys: Vec<SelectedKey> = Vec::new();
        let mut skipped = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let key = entry
                .map_err(JwkError::Json)
                .and_then(|members| PublicKey::from_members(members, json))
                .and_then(|key| match burnt.iter().find(|(n, _)| n == key.modulus()) {
                    Some((_, error)) => Err(*error),
                    None => Ok(key),
                });
            match key {
                // The same key twice is one key.
                Ok(key) if keys.iter().any(|other| **other == key) => {}
                Ok(key) => keys.push(SelectedKey(Arc::new(key))),
                Err(error) => skipped.push(SkippedKey { index, error }),
            }
        }
        Ok(Self { keys: keys.into(), skipped: skipped.into() })
    }

    /// How many usable keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no usable key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The entries that cannot be used, in order.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// The one key for a token with this `kid`, compared byte for byte, or without `kid`.
    ///
    /// # Errors
    ///
    /// `UnknownKey`; `AmbiguousKey` if two different keys have this `kid`, or if the token has none
    /// and the set has more than one usable key.
    pub fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<SelectedKey, KeyError> {
        self.find(kid, algorithm).cloned()
    }

    /// The same, without counting one more reference to it.
    pub(crate) fn find(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<&SelectedKey, KeyError> {
        let fits = |key: &&SelectedKey| {
            key.algorithm() == algorithm && (kid.is_none() || key.key_id() == kid)
        };
        let mut fitting = self.keys.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (None, _) => Err(KeyError::UnknownKey),
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(KeyError::AmbiguousKey),
        }
    }
}

/// A key that [`JwkSet::select`] or another [`KeySource`](crate::KeySource) chose. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedKey(Arc<PublicKey>);

impl Deref for SelectedKey {
    type Target = PublicKey;

    fn deref(&self) -> &PublicKey {
        &self.0
    }
}

impl From<PublicKey> for SelectedKey {
    fn from(key: PublicKey) -> Self {
        Self(Arc::new(key))
    }
}

/// An entry of a JWK Set that is not used, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    index: usize,
    error: JwkError,
}

impl SkippedKey {
    /// Its place in `keys`, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Why it is not used.
    pub fn error(&self) -> JwkError {
        self.error
    }
}

/// The members as they stand in the JWK Set. Unknown ones are ignored. RFC 7517 section 5.
#[derive(Debug, Default)]
struct Members {
    keys: Option<Value<Objects<jwk::Members>>>,
}

impl<'a> Object<'a> for Members {
    fn member<M: MapAccess<'a>>(
        &mut self,
        name: &str,
        next: Next<'a, '_, M>,
    ) -> Result<(), M::Error> {
        match name {
            "keys" => self.keys = Some(next.objects()?),
            _ => {
                next.value()?;
            }
        }
        Ok(())
    }
}
