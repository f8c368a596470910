//! Without `std` there are no locks, and so there is no cache.

use alloc::sync::Arc;

use super::{KeptName, Recalled};
use crate::{SelectedKey, Verified, trust::Identity};

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
        _: Option<KeptName>,
        _: SelectedKey,
    ) {
        match *self {}
    }
}
