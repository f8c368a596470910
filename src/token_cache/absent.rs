//! Without `std` there are no locks, and so there is no cache.

use alloc::{boxed::Box, sync::Arc};

use super::{Digest, Recalled};
use crate::{SelectedKey, Verified, key_name::KeyName, trust::Identity};

/// A cache that nothing can make.
#[derive(Debug)]
pub(crate) enum TokenCache {}

impl TokenCache {
    pub(crate) fn recall(&self, _: &Digest) -> Option<Arc<Recalled>> {
        match *self {}
    }

    pub(crate) fn remember(
        &self,
        _: Digest,
        _: &Verified,
        _: &Identity,
        _: Option<KeyName<Box<str>>>,
        _: SelectedKey,
    ) {
        match *self {}
    }
}
