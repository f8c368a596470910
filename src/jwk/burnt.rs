//! Burnt keys: public keys whose private key was published, so that anyone can sign with it.
//! RFC 7517 section 9.2.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};

use super::{JwkError, Material, PublicKey, members::private, without_leading_zeros};
use crate::{
    base64url,
    json::{self, Value},
};

/// The `kid` of an entry of a JWK Set, even one that is not a valid JWK.
pub(crate) fn key_id(entry: &str) -> Option<Box<str>> {
    match json::up_to_fault(entry).find(|(name, _)| name == "kid")? {
        (_, Value::String(kid)) => Some(kid.characters(entry).into()),
        _ => None,
    }
}

/// The keys that `entry` of a JWK Set burns: if it has a private member, every `n` and `x` that a
/// reader could find in it. Of a repeated member, readers see the first or the last. The numbers may be
/// spelled in any way.
pub(crate) fn burnt(entry: &str) -> Vec<BurntKey> {
    let Some(member) = private(entry) else { return Vec::new() };
    let (mut n, mut x) = (None, None);
    for (name, value) in json::up_to_fault(entry) {
        let seen = match &*name {
            "n" => &mut n,
            "x" => &mut x,
            _ => continue,
        };
        if let Value::String(number) = value {
            let first = seen.map_or(number, |(first, _)| first);
            *seen = Some((first, number));
        }
    }
    let numbers = [n, x].into_iter().flatten().flat_map(|(first, last)| [first, last]);
    let mut burnt: Vec<BurntKey> = numbers
        .filter_map(|number| {
            BurntKey::new(&base64url::decode_at_any_price(&number.characters(entry))?, member)
        })
        .collect();
    burnt.dedup();
    burnt
}

/// A public key whose private key was published. It must not be used, whatever its `kid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BurntKey {
    digest: [u8; 32],
    member: &'static str,
}

impl BurntKey {
    fn new(number: &[u8], member: &'static str) -> Option<Self> {
        Some(Self { digest: digest(number)?, member })
    }

    /// The fault of an entry with this key.
    pub(crate) fn error(&self) -> JwkError {
        JwkError::PrivateKey { member: self.member }
    }
}

/// Burnt keys, ordered so that a set of a thousand keys can be compared with thousands of them.
pub(crate) struct BurntKeys<'b>(BTreeMap<[u8; 32], &'b BurntKey>);

impl<'b> BurntKeys<'b> {
    /// Of two that are the same key, the first is kept.
    pub(crate) fn of(burnt: impl Iterator<Item = &'b BurntKey>) -> Self {
        let mut keys = BTreeMap::new();
        for key in burnt {
            keys.entry(key.digest).or_insert(key);
        }
        Self(keys)
    }

    /// The burnt key that is `key`.
    pub(crate) fn find(&self, key: &PublicKey) -> Option<&'b BurntKey> {
        if self.0.is_empty() {
            return None;
        }
        let number = match &key.shared.material {
            Material::Rsa(key) => key.modulus(),
            Material::Ec(key) => key.x(),
            Material::Ed25519(key) => key.octets(),
        };
        self.0.get(&digest(number)?).copied()
    }
}

/// The SHA-256 of `n` or `x` without leading zeros.
fn digest(number: &[u8]) -> Option<[u8; 32]> {
    let digest = ring::digest::digest(&ring::digest::SHA256, without_leading_zeros(number));
    digest.as_ref().try_into().ok()
}
