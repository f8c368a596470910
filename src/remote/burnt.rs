//! The public keys whose private half was published, remembered while the process lives. RFC 7517
//! section 9.2.

use std::{sync::Arc, vec::Vec};

use crate::jwk::BurntKey;

/// Burnt keys, in the order in which they were seen. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Burnt(Arc<[BurntKey]>);

impl Burnt {
    /// These and `more`; the oldest forgotten where there are too many.
    pub(crate) fn with(&self, more: &[BurntKey]) -> Self {
        let mut keys = self.0.to_vec();
        for key in more {
            if !keys.contains(key) {
                keys.push(*key);
            }
        }
        let excess = keys.len().saturating_sub(MAX_BURNT);
        Self(keys.drain(excess..).collect::<Vec<_>>().into())
    }

    pub(crate) fn keys(&self) -> &[BurntKey] {
        &self.0
    }
}

/// More than one set can burn: 100 entries, each with the first and the last `n` and `x`.
const MAX_BURNT: usize = 500;
