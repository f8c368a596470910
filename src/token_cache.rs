//! From a token seen before to its [`Verified`]. The verifier re-checks what may have changed: the time
//! and the key.

use alloc::boxed::Box;

use crate::{SelectedKey, Verified, key_name::KeyName, trust::Identity};

#[cfg(feature = "std")]
mod shards;
#[cfg(feature = "std")]
mod token_hash;
#[cfg(feature = "std")]
pub(crate) use {shards::TokenCache, token_hash::TokenHash};

#[cfg(not(feature = "std"))]
mod absent;
#[cfg(not(feature = "std"))]
pub(crate) use absent::{TokenCache, TokenHash};

/// An accepted token, with everything needed to check that its key is still the issuer's.
///
/// A hit changes no reference count that another entry shares: a count that many cores change is a
/// point where they wait. The key is shared, but a hit only compares it.
pub(crate) struct Recalled {
    pub(crate) verified: Verified,
    name: Option<KeptName>,
    /// The issuer whose policy accepted it.
    pub(crate) issuer: Identity,
    /// The key that verified it.
    pub(crate) key: SelectedKey,
}

impl Recalled {
    pub(crate) fn key_name(&self) -> Option<KeyName<&str>> {
        let key_id = self.verified.key_id().unwrap_or_default();
        Some(self.name.as_ref()?.as_ref().map(|text| text.as_deref().unwrap_or(key_id)))
    }
}

/// A token's own name for its key. Without a text, it is the `kid` of that key, as in most tokens.
pub(crate) type KeptName = KeyName<Option<Box<str>>>;

/// The part of `name` that is kept beside a key whose `kid` is `key_id`.
pub(crate) fn kept(name: KeyName<&str>, key_id: Option<&str>) -> KeptName {
    name.map(|text| (key_id != Some(text)).then(|| Box::from(text)))
}
