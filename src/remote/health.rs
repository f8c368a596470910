//! The state of a key source, for probes and metrics, and the event that is reported after each fetch.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use crate::{
    FetchFailure, KeysState, UnixTime,
    remote::refresh::{Found, Step},
};

/// The state of a [`RemoteJwks`](crate::RemoteJwks) at one point in time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// Whether there are keys, and how old they are.
    pub state: KeysState,
    /// Usable keys of the current set.
    pub usable_keys: usize,
    /// Skipped entries of the current set.
    pub skipped_keys: usize,
    /// If the last attempt got a set without a usable key, the skipped entries of that set; otherwise 0.
    /// The reasons are in `last_error`.
    pub skipped_in_unusable_set: usize,
    /// How many sets there have been.
    pub generation: u64,
    /// The time since the fetch of the current set began.
    pub age: Option<Duration>,
    /// When the fetch of the current set began.
    pub last_success: Option<UnixTime>,
    /// Why the last attempt failed, if it did, with the host.
    pub last_error: Option<FetchFailure>,
    /// Failed attempts since the last that succeeded.
    pub consecutive_failures: u32,
    /// Whether an attempt is under way.
    pub fetching: bool,
    /// Time left of the back-off after a failure.
    pub next_attempt_in: Duration,
    /// Threads and futures that wait for an attempt.
    pub waiters: usize,
    /// Successful attempts since the start.
    pub fetches_ok: u64,
    /// Failed attempts since the start, by [`FetchError::code`](crate::FetchError::code).
    pub fetches_failed: BTreeMap<&'static str, u64>,
    /// Lookups answered from a set past its `ttl`, since the start.
    pub stale_served: u64,
    /// Lookups of a `kid` answered with `UnknownKey`, since the start.
    pub unknown_kids: u64,
    /// Lookups of an unknown `kid` that were answered without a fetch, since the start.
    pub suppressed_refreshes: u64,
    /// Lookups that could not wait because too many waited already, since the start.
    pub busy: u64,
}

impl Health {
    /// Whether there are keys to verify with. Meant for a readiness probe.
    ///
    /// An expired set counts as ready: it is used during an outage of the issuer, and after a time
    /// without traffic the next lookup refreshes it.
    pub fn is_ready(&self) -> bool {
        self.state.serves()
    }
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) fetches_ok: u64,
    pub(crate) fetches_failed: BTreeMap<&'static str, u64>,
    pub(crate) stale_served: u64,
    pub(crate) unknown_kids: u64,
    pub(crate) suppressed_refreshes: u64,
    pub(crate) busy: u64,
}

impl Counters {
    /// Counts an answer to a lookup that has waited for `waited` attempts.
    pub(crate) fn count(&mut self, state: KeysState, found: Found, step: &Step, waited: u8) {
        let answered = matches!(step, Step::Use | Step::UseAndRefresh);
        let mut add = |counter: fn(&mut Self) -> &mut u64| {
            let counter = counter(self);
            *counter = counter.saturating_add(1);
        };
        match found {
            Found::Answer if answered && state == KeysState::Expired => {
                add(|counters| &mut counters.stale_served);
            }
            Found::UnknownKid if matches!(step, Step::Use | Step::Refuse(_)) => {
                if waited == 0 {
                    add(|counters| &mut counters.suppressed_refreshes);
                }
                if answered {
                    add(|counters| &mut counters.unknown_kids);
                }
            }
            _ => {}
        }
    }
}

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
