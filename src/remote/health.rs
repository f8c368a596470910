//! The state of a key source, for probes and metrics, and the event that is reported after each fetch.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use crate::{
    JwkSet, UnixTime,
    remote::{
        clock::Moment,
        error::FetchError,
        fetch::FetchFailure,
        refresh::{Found, Refresh, Step},
        snapshot::{KeysState, Snapshot},
    },
};

/// The state of a [`RemoteJwks`](crate::RemoteJwks) at one point in time.
#[derive(Clone, Debug)]
pub struct Health {
    state: KeysState,
    usable_keys: usize,
    skipped_keys: usize,
    generation: u64,
    age: Option<Duration>,
    last_success: Option<UnixTime>,
    last_error: Option<FetchFailure>,
    consecutive_failures: u32,
    is_fetching: bool,
    next_attempt_in: Duration,
    waiters: usize,
    counters: Counters,
}

impl Health {
    pub(crate) fn of(
        state: KeysState,
        snapshot: Option<&Snapshot>,
        refresh: &Refresh,
        counters: &Counters,
        waiters: usize,
        now: Moment,
    ) -> Self {
        let keys = snapshot.map(|snapshot| &snapshot.keys);
        Self {
            state,
            usable_keys: keys.map_or(0, JwkSet::len),
            skipped_keys: keys.map_or(0, |keys| keys.skipped().len()),
            generation: snapshot.map_or(0, |snapshot| snapshot.generation),
            age: snapshot.map(|snapshot| snapshot.age(now)),
            last_success: snapshot.map(Snapshot::fetched_at),
            last_error: refresh.last_error().cloned(),
            consecutive_failures: refresh.failures(),
            is_fetching: refresh.under_way(),
            next_attempt_in: refresh.back_off(now.monotonic),
            waiters,
            counters: counters.clone(),
        }
    }

    /// Whether there are keys to verify with. Meant for a readiness probe.
    ///
    /// An expired set counts as ready: it is used during an outage of the issuer, and after a time
    /// without traffic the next lookup refreshes it.
    ///
    /// It is false before the first fetch, and again once a service without traffic has had no lookup for
    /// [`stale_cap`](crate::remote::RemoteJwksBuilder::stale_cap). It then stays false until something looks
    /// up a key, because only lookups fetch. So a probe that keeps traffic away must fetch itself: it calls
    /// [`prime`](crate::RemoteJwks::prime) or [`prime_async`](crate::RemoteJwks::prime_async) before it answers.
    pub fn is_ready(&self) -> bool {
        self.state.serves()
    }

    /// Whether there are keys, and how old they are.
    pub fn state(&self) -> KeysState {
        self.state
    }

    /// Usable keys of the current set.
    pub fn usable_keys(&self) -> usize {
        self.usable_keys
    }

    /// Skipped entries of the current set.
    pub fn skipped_keys(&self) -> usize {
        self.skipped_keys
    }

    /// If the last attempt got a set without a usable key, the skipped entries of that set; otherwise
    /// 0. The reasons are in [`last_error`](Self::last_error).
    pub fn skipped_in_unusable_set(&self) -> usize {
        match self.last_error().map(FetchFailure::error) {
            Some(FetchError::NoUsableKeys { skipped, .. }) => *skipped,
            _ => 0,
        }
    }

    /// How many sets there have been.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The time since the fetch of the current set began. An HTTP cache's copy may be older, by the `Age`
    /// that the cache gives it.
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// When the fetch of the current set began.
    pub fn last_success(&self) -> Option<UnixTime> {
        self.last_success
    }

    /// Why the last attempt failed, if it did, with the host or the name of the file.
    pub fn last_error(&self) -> Option<&FetchFailure> {
        self.last_error.as_ref()
    }

    /// Failed attempts since the last that succeeded.
    pub fn consecutive_failures(&self) -> u32 {
        self.consecutive_failures
    }

    /// Whether an attempt is under way.
    pub fn is_fetching(&self) -> bool {
        self.is_fetching
    }

    /// Time left of the back-off after a failure.
    pub fn next_attempt_in(&self) -> Duration {
        self.next_attempt_in
    }

    /// Threads and futures that wait for an attempt.
    pub fn waiters(&self) -> usize {
        self.waiters
    }

    /// Successful attempts since the start.
    pub fn fetches_ok(&self) -> u64 {
        self.counters.fetches_ok
    }

    /// Failed attempts since the start, by [`FetchError::code`].
    pub fn fetches_failed(&self) -> &BTreeMap<&'static str, u64> {
        &self.counters.fetches_failed
    }

    /// Lookups answered from a set past its `ttl`, since the start.
    pub fn stale_served(&self) -> u64 {
        self.counters.stale_served
    }

    /// Lookups of a `kid` answered with `UnknownKey`, since the start.
    pub fn unknown_kids(&self) -> u64 {
        self.counters.unknown_kids
    }

    /// Lookups of an unknown `kid` that were answered without a fetch, since the start.
    pub fn suppressed_refreshes(&self) -> u64 {
        self.counters.suppressed_refreshes
    }

    /// Lookups that could not wait because too many waited already, since the start.
    pub fn busy(&self) -> u64 {
        self.counters.busy
    }
}

/// Counts since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    fetches_ok: u64,
    fetches_failed: BTreeMap<&'static str, u64>,
    stale_served: u64,
    unknown_kids: u64,
    suppressed_refreshes: u64,
    busy: u64,
}

impl Counters {
    /// Counts an answer to a lookup that has waited for `waited` attempts.
    pub(crate) fn count(&mut self, state: KeysState, found: Found, step: &Step, waited: u8) {
        let answered = matches!(step, Step::Use | Step::UseAndRefresh);
        match found {
            Found::Answer if answered && state == KeysState::Expired => add(&mut self.stale_served),
            Found::UnknownKid if matches!(step, Step::Use | Step::Refuse(_)) => {
                if waited == 0 {
                    add(&mut self.suppressed_refreshes);
                }
                if answered {
                    add(&mut self.unknown_kids);
                }
            }
            _ => {}
        }
    }

    /// Counts a lookup that could not wait because too many waited already.
    pub(crate) fn count_busy(&mut self) {
        add(&mut self.busy);
    }

    pub(crate) fn count_attempt(&mut self, result: &Result<(), FetchFailure>) {
        add(match result {
            Ok(()) => &mut self.fetches_ok,
            Err(failure) => self.fetches_failed.entry(failure.code()).or_default(),
        });
    }
}

fn add(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// One attempt to fetch the keys, for a log line or a counter:
/// see [`RemoteJwksBuilder::on_fetch`](crate::remote::RemoteJwksBuilder::on_fetch).
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

    /// How many sets there have been, like [`Health::generation`](crate::remote::Health::generation) after the
    /// attempt.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The text of the key set, if the attempt succeeded. Store it with [`fetched_at`](Self::fetched_at)
    /// for [`RemoteJwksBuilder::seed`](crate::remote::RemoteJwksBuilder::seed).
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
