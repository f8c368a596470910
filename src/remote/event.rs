//! The event that is reported after each fetch.

use std::{fmt, sync::Arc, time::Duration};

use crate::{FetchFailure, UnixTime};

/// One attempt to fetch the keys, for a log line or a counter:
/// see [`RemoteJwksBuilder::on_fetch`](crate::RemoteJwksBuilder::on_fetch).
#[derive(Clone)]
pub struct FetchEvent {
    pub(crate) failure: Option<FetchFailure>,
    pub(crate) fetched_at: UnixTime,
    pub(crate) duration: Duration,
    pub(crate) usable_keys: usize,
    pub(crate) skipped_keys: usize,
    pub(crate) generation: u64,
    pub(crate) key_set: Option<Arc<[u8]>>,
}

impl FetchEvent {
    /// Why the attempt failed. None if it succeeded and its set is now in use.
    pub fn failure(&self) -> Option<&FetchFailure> {
        self.failure.as_ref()
    }

    /// When the attempt began.
    pub fn fetched_at(&self) -> UnixTime {
        self.fetched_at
    }

    /// How long the attempt took.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Usable keys of the set fetched. 0 if the attempt failed.
    pub fn usable_keys(&self) -> usize {
        self.usable_keys
    }

    /// Skipped entries of the set fetched. 0 if no set was fetched.
    pub fn skipped_keys(&self) -> usize {
        self.skipped_keys
    }

    /// How many sets there have been, like [`Health::generation`](crate::Health::generation) after the
    /// attempt.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The text of the key set, if the attempt succeeded. Store it with [`fetched_at`](Self::fetched_at)
    /// for [`RemoteJwksBuilder::seed`](crate::RemoteJwksBuilder::seed).
    pub fn key_set(&self) -> Option<&str> {
        self.key_set.as_deref().and_then(|text| core::str::from_utf8(text).ok())
    }
}

/// Shows the length of the key set in place of its text.
impl fmt::Debug for FetchEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchEvent")
            .field("failure", &self.failure)
            .field("fetched_at", &self.fetched_at)
            .field("duration", &self.duration)
            .field("usable_keys", &self.usable_keys)
            .field("skipped_keys", &self.skipped_keys)
            .field("generation", &self.generation)
            .field("key_set_bytes", &self.key_set.as_ref().map(|text| text.len()))
            .finish()
    }
}
