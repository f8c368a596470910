//! From a token seen before to its [`Verified`]. The verifier re-checks what may have changed: the time
//! and the key.

use alloc::boxed::Box;

use ring::digest::{SHA256, digest};

use crate::{SelectedKey, Verified, compact::MAX_TOKEN_BYTES, key_name::KeyName, trust::Identity};

#[cfg(feature = "std")]
mod shards;
#[cfg(feature = "std")]
pub(crate) use shards::TokenCache;

#[cfg(not(feature = "std"))]
mod absent;
#[cfg(not(feature = "std"))]
pub(crate) use absent::TokenCache;

/// The SHA-256 of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// `None` for a token that is too long to be accepted: refusing it must be cheap.
    pub(crate) fn of(token: &str) -> Option<Self> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let digest = digest(&SHA256, token.as_bytes());
        digest.as_ref().try_into().ok().map(Self)
    }
}

/// An accepted token, with everything needed to check that its key is still the issuer's.
///
/// A hit changes no reference count that another entry shares: a count that many cores change is a
/// point where they wait. The key is shared, but a hit only compares it.
pub(crate) struct Recalled {
    pub(crate) verified: Verified,
    /// The token's own name for its key.
    name: Option<KeyName<Box<str>>>,
    /// The issuer whose policy accepted it.
    pub(crate) issuer: Identity,
    /// The key that verified it.
    pub(crate) key: SelectedKey,
}

impl Recalled {
    pub(crate) fn key_name(&self) -> Option<KeyName<&str>> {
        self.name.as_ref().map(KeyName::borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_too_long_to_be_accepted_is_not_hashed() {
        let longest = "x".repeat(MAX_TOKEN_BYTES);
        assert!(Digest::of(&longest).is_some());
        assert_eq!(Digest::of(&(longest + "x")), None);
    }
}
