//! Without `std` there are no locks, and so there is no cache.

use alloc::{boxed::Box, sync::Arc};

use super::Recalled;
use crate::{SelectedKey, Verified, key_name::KeyName, trust::Identity};

/// A cache that nothing can make.
#[derive(Debug)]
pub(crate) enum TokenCache {}

/// The hash of a token by such a cache.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenHash {}

impl TokenCache {
    pub(crate) fn hash(&self, _: &str) -> Option<TokenHash> {
        match *self {}
    }

    pub(crate) fn recall(&self, _: &TokenHash) -> Option<Arc<Recalled>> {
        match *self {}
    }

    pub(crate) fn remember(
        &self,
        _: TokenHash,
        _: &Verified,
        _: &Identity,
        _: Option<KeyName<Box<str>>>,
        _: SelectedKey,
    ) {
        match *self {}
    }
}
