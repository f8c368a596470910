//! The key set in use: its age, how far it may be trusted, and where lookups find it. The keys that are
//! burnt.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
    vec::Vec,
};

use crate::{
    JwkSet, KeyError, KeyQuery, SelectedKey, UnixTime, jwk::BurntKey, lock, remote::clock::Moment,
};

/// How old key sets may become, and how often they may be requested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// From this age on, a set is not used before a refresh has been tried.
    pub(crate) ttl: Duration,
    /// From this age on, a set is not used at all.
    pub(crate) stale_cap: Duration,
    /// The least time between the starts of two attempts for unknown `kid`s.
    pub(crate) kid_cooldown: Duration,
    /// The limit for one attempt.
    pub(crate) timeout: Duration,
}

/// How far the key set may be trusted, by its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeysState {
    /// There has been no key set yet.
    Empty,
    /// In use.
    Fresh,
    /// In use, and old enough to be refreshed in the background.
    RefreshDue,
    /// Past its `ttl`: used only after a refresh has been tried.
    Expired,
    /// Not used: as old as `stale_cap`, or ended by the issuer, which has served sets without a usable
    /// key for a whole `ttl` or burnt all its keys.
    Dead,
}

impl KeysState {
    /// Whether keys of the set may be used.
    pub(crate) fn serves(self) -> bool {
        matches!(self, Self::Fresh | Self::RefreshDue | Self::Expired)
    }
}

impl fmt::Display for KeysState {
    /// One word in lower case, which is stable, for metrics.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Empty => "empty",
            Self::Fresh => "fresh",
            Self::RefreshDue => "refresh_due",
            Self::Expired => "expired",
            Self::Dead => "dead",
        })
    }
}

/// A key set in use.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) keys: JwkSet,
    /// The text of the set, to read it again when a later set burns one of its keys.
    pub(crate) text: Arc<[u8]>,
    /// When the fetch began. The set may not reflect anything the issuer did after that.
    pub(crate) started: Moment,
    /// The age of the set at that time: 0, except for a seed.
    pub(crate) age_at_start: Duration,
    /// From this age on, it is refreshed in the background.
    pub(crate) refresh_due: Duration,
    pub(crate) generation: u64,
    /// When the issuer began to serve sets without a usable key.
    pub(crate) unusable_since: Option<Moment>,
}

impl Snapshot {
    /// The same set, after the issuer has served one without a usable key at `started` (I5). It is left
    /// with the keys `remaining` if that set burnt some (I6).
    pub(crate) fn outlived(&self, remaining: Option<JwkSet>, started: Moment) -> Self {
        Self {
            keys: remaining.unwrap_or_else(|| self.keys.clone()),
            unusable_since: self.unusable_since.or(Some(started)),
            ..self.clone()
        }
    }

    pub(crate) fn age(&self, now: Moment) -> Duration {
        self.age_at_start.saturating_add(now.since(self.started))
    }

    /// When the fetch began, by the wall clock.
    pub(crate) fn fetched_at(&self) -> UnixTime {
        UnixTime::from_secs(self.started.wall.saturating_sub(self.age_at_start).as_secs())
    }

    pub(crate) fn state(&self, timing: &Timing, now: Moment) -> KeysState {
        let is_outlived = |since| now.since(since) >= timing.ttl;
        match self.age(now) {
            // All its keys were burnt.
            _ if self.keys.is_empty() => KeysState::Dead,
            _ if self.unusable_since.is_some_and(is_outlived) => KeysState::Dead,
            age if age >= timing.stale_cap => KeysState::Dead,
            age if age >= timing.ttl => KeysState::Expired,
            age if age >= self.refresh_due => KeysState::RefreshDue,
            _ => KeysState::Fresh,
        }
    }
}

/// The set in use, where lookups find it without the source's mutex.
pub(crate) struct Published {
    timing: Timing,
    /// Read by every lookup, for as long as it takes to select a key.
    set: RwLock<Option<Arc<Snapshot>>>,
    /// While the monotonic clock is below this (nanoseconds), an aging set needs no refresh: one is
    /// under way or backing off.
    quiet_until: AtomicU64,
}

impl Published {
    pub(crate) fn new(timing: Timing, seed: Option<Snapshot>) -> Self {
        let set = RwLock::new(seed.map(Arc::new));
        Self { timing, set, quiet_until: AtomicU64::new(0) }
    }

    /// The result of `look` on the set, if that is within its `ttl` and needs no refresh now, and is not
    /// just being replaced. Takes no mutex and does not allocate (I1).
    pub(crate) fn if_fresh<T>(&self, now: Moment, look: impl FnOnce(&JwkSet) -> T) -> Option<T> {
        // `look` runs under the read lock: a clone of the `Arc` would write one more counter that all
        // threads share.
        // It does not wait for the lock: in a forked child, a thread that is gone may have it for ever.
        let set = lock::at_once(self.set.try_read())?;
        let snapshot = set.as_ref()?;
        let is_usable = match snapshot.state(&self.timing, now) {
            KeysState::Fresh => true,
            // The mutex is needed only if a refresh may have to be started.
            KeysState::RefreshDue => {
                nanos(now.monotonic) < self.quiet_until.load(Ordering::Relaxed)
            }
            KeysState::Empty | KeysState::Expired | KeysState::Dead => false,
        };
        is_usable.then(|| look(&snapshot.keys))
    }

    /// The state of the set, and its answer to `query`.
    pub(crate) fn look(
        &self,
        now: Moment,
        query: KeyQuery<'_>,
    ) -> (KeysState, Result<SelectedKey, KeyError>) {
        let (state, snapshot) = self.get(now);
        match snapshot.filter(|_| state.serves()) {
            Some(snapshot) => (state, snapshot.keys.find(query)),
            None => (state, Err(KeyError::UnknownKey)),
        }
    }

    /// The state of the set, and the set itself, which may be dead.
    pub(crate) fn get(&self, now: Moment) -> (KeysState, Option<Arc<Snapshot>>) {
        let snapshot = self.snapshot();
        let state = snapshot.as_ref().map(|snapshot| snapshot.state(&self.timing, now));
        (state.unwrap_or(KeysState::Empty), snapshot)
    }

    pub(crate) fn state(&self, now: Moment) -> KeysState {
        self.get(now).0
    }

    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same without waiting. None if the set is being replaced.
    pub(crate) fn try_snapshot(&self) -> Option<Option<Snapshot>> {
        lock::at_once(self.set.try_read()).map(|set| set.as_deref().cloned())
    }

    pub(crate) fn replace(&self, snapshot: Snapshot) {
        let former = {
            let mut set = self.set.write().unwrap_or_else(PoisonError::into_inner);
            set.replace(Arc::new(snapshot))
        };
        // Its keys are freed after the lock is released: every lookup needs that lock.
        drop(former);
    }

    /// Until this time, no lookup starts a refresh because of the set's age.
    pub(crate) fn keep_quiet_until(&self, time: Duration) {
        self.quiet_until.store(nanos(time), Ordering::Relaxed);
    }
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}

/// The public keys whose private half was published, remembered for the life of the process. RFC 7517
/// section 9.2. Oldest first. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Burnt(Arc<[BurntKey]>);

impl Burnt {
    /// These keys and `more`. If there are too many, the oldest are forgotten.
    pub(crate) fn with(&self, more: &[BurntKey]) -> Self {
        let mut known: BTreeSet<&BurntKey> = self.0.iter().collect();
        let new = more.iter().filter(|key| known.insert(key));
        let mut keys: Vec<BurntKey> = self.0.iter().chain(new).copied().collect();
        let excess = keys.len().saturating_sub(MAX_BURNT);
        Self(keys.drain(excess..).collect::<Vec<_>>().into())
    }

    pub(crate) fn keys(&self) -> &[BurntKey] {
        &self.0
    }
}

/// More than one set can burn: 1000 entries, each with the first and the last `n` and `x`.
const MAX_BURNT: usize = 5000;

#[cfg(test)]
mod tests {
    use std::{format, string::String};

    use super::*;

    #[test]
    fn last_five_thousand_burnt_keys_are_remembered_the_oldest_forgotten_first() {
        let burnt = |number: usize| {
            let x = format!("{number:08}");
            let set: String =
                format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","d":"AQAB"}}]}}"#);
            JwkSet::read(set.as_bytes(), &[]).unwrap().burnt().to_vec()
        };
        let keys: Vec<BurntKey> = (0..5000).flat_map(burnt).collect();
        let full = Burnt::default().with(&keys);
        assert_eq!(full.keys(), keys);
        assert_eq!(full.with(&burnt(7)).keys(), keys, "one that is known makes no room");
        let more = full.with(&burnt(5000));
        assert_eq!(more.keys().split_last(), Some((&burnt(5000)[0], &keys[1..])));
    }
}
