//! How a key source fares, for probes and metrics.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    FetchError, KeysState, UnixTime,
    refresh::{Found, Step},
};

/// How things stand with a [`RemoteJwks`](crate::RemoteJwks), at one point in time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// Whether there are keys, and how old. `Fresh` and `Ahead` are ready; `Expired` still serves.
    pub state: KeysState,
    /// Keys in the set at hand.
    pub usable_keys: usize,
    /// Entries of the set at hand that are not used.
    pub skipped_keys: usize,
    /// How many sets there have been.
    pub generation: u64,
    /// The time since the fetch of the set at hand began.
    pub age: Option<Duration>,
    /// When the fetch of the set at hand began.
    pub last_success: Option<UnixTime>,
    /// Why the last fetch failed, if it did.
    pub last_error: Option<FetchError>,
    /// Failed fetches since the last that succeeded.
    pub consecutive_failures: u32,
    /// Whether a fetch is under way.
    pub fetching: bool,
    /// How long the back-off after a failure lasts yet.
    pub next_attempt_in: Duration,
    /// Threads and futures that wait for a fetch.
    pub waiters: usize,
    /// Fetches that gave a set, since the start.
    pub fetches_ok: u64,
    /// Fetches that failed, since the start, by [`FetchError::code`].
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
    /// Counts an answer to a lookup that has waited for `waited` fetches.
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
