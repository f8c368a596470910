//! The state of a key source, for probes and metrics.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    FetchFailure, KeysState, UnixTime,
    remote::refresh::{Found, Step},
};

/// The state of a [`RemoteJwks`](crate::RemoteJwks) at one point in time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// Whether there are keys, and how old.
    pub state: KeysState,
    /// Usable keys of the current set.
    pub usable_keys: usize,
    /// Skipped entries of the current set.
    pub skipped_keys: usize,
    /// Skipped entries of the last set that was fetched and had no usable key; 0 after a success. The
    /// reasons are in `last_error`.
    pub skipped_in_unusable_set: usize,
    /// How many sets there have been.
    pub generation: u64,
    /// The time since the fetch of the current set began.
    pub age: Option<Duration>,
    /// When the fetch of the current set began.
    pub last_success: Option<UnixTime>,
    /// Why the last attempt failed, if it did. Names the host and what failed.
    pub last_error: Option<FetchFailure>,
    /// Failed attempts since the last that succeeded.
    pub consecutive_failures: u32,
    /// Whether an attempt is under way.
    pub fetching: bool,
    /// Time left of the back-off after a failure.
    pub next_attempt_in: Duration,
    /// Threads and futures that wait for an attempt.
    pub waiters: usize,
    /// Attempts that succeeded, since the start.
    pub fetches_ok: u64,
    /// Attempts that failed, since the start, by [`FetchError::code`](crate::FetchError::code).
    pub fetches_failed: BTreeMap<&'static str, u64>,
    /// Keys given out past their `ttl`, since the start.
    pub stale_served: u64,
    /// Lookups answered with `UnknownKey`, since the start.
    pub unknown_kids: u64,
    /// Lookups of an unknown `kid` that were answered without a fetch, since the start.
    pub suppressed_refreshes: u64,
    /// Lookups that found too many waiting, since the start.
    pub busy: u64,
}

impl Health {
    /// Whether there are keys to verify with: for a readiness probe.
    ///
    /// An expired set counts. It serves through an outage of the issuer, and a service that has had
    /// no traffic for a while refreshes its set with the next lookup.
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
