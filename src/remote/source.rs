//! The part of a key source that its clones share: the set in use, and the state under its locks.

use std::{
    boxed::Box,
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    task::Waker,
    time::Duration,
};

use crate::{
    Clock, Fetch, FetchError, FetchEvent, FetchFailure, FetchPurpose, JwkSet, KeyError, KeyQuery,
    KeysState, SelectedKey,
    remote::{
        clock::Moment,
        discovery::Location,
        health::Counters,
        http::host_of,
        refresh::{Found, Refresh, Step},
        snapshot::{Burnt, Snapshot, Timing, jitter},
    },
};

/// The function that is called after each attempt.
pub(crate) type Hook = Arc<dyn Fn(&FetchEvent) + Send + Sync>;

/// The settings of a source, checked by the builder.
pub(crate) struct Settings {
    pub(crate) location: Location,
    pub(crate) timing: Timing,
    pub(crate) timeout: Duration,
    pub(crate) max_body: usize,
    pub(crate) max_blocked: usize,
    pub(crate) max_waiting: usize,
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) hook: Option<Hook>,
}

/// The shared part of a key source.
pub(crate) struct Source {
    pub(crate) settings: Settings,
    /// Every lookup reads it, for as long as it takes to select a key.
    published: RwLock<Option<Arc<Snapshot>>>,
    /// While the monotonic clock is below this (nanoseconds), an aging set needs no refresh: one is
    /// under way or backing off. Lets lookups skip `control`.
    quiet_until: AtomicU64,
    /// Taken by lookups that may have to wait. May be held when `published` is taken, not the other
    /// way round; never held across I/O, parsing or signature checks.
    control: Mutex<Control>,
    /// Notified when an attempt has ended.
    pub(crate) ended: Condvar,
}

#[derive(Default)]
pub(crate) struct Control {
    pub(crate) refresh: Refresh,
    /// How many attempts have ended. Waiters wait for this to change.
    pub(crate) ended: u64,
    /// The number of threads that wait.
    pub(crate) blocked: usize,
    /// Futures that wait, by their number.
    pub(crate) wakers: BTreeMap<u64, Waker>,
    /// The number of the latest future that waited.
    pub(crate) last_waiter: u64,
    pub(crate) counters: Counters,
    /// With discovery: the `jwks_uri` in use, and whether the metadata must be read again first.
    pub(crate) jwks_uri: Option<Arc<str>>,
    pub(crate) metadata_due: bool,
    /// The keys that are refused, whatever a set says.
    pub(crate) burnt: Burnt,
}

impl Control {
    /// Counts a lookup that could not wait because too many waited already.
    pub(crate) fn count_busy(&mut self) {
        self.counters.busy = self.counters.busy.saturating_add(1);
    }
}

impl Source {
    pub(crate) fn new(settings: Settings, seed: Option<Snapshot>) -> Self {
        let burnt = Burnt::default().with(seed.as_ref().map_or(&[], |seed| seed.keys.burnt()));
        Self {
            settings,
            published: RwLock::new(seed.map(Arc::new)),
            quiet_until: AtomicU64::new(0),
            control: Mutex::new(Control { burnt, ..Control::default() }),
            ended: Condvar::new(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::now(&*self.settings.clock)
    }

    pub(crate) fn jitter(&self) -> f64 {
        jitter(&*self.settings.clock)
    }

    /// A poisoned lock is used all the same: the state is consistent between any two statements, and to
    /// refuse every token from then on would be worse.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn publish(&self, snapshot: Snapshot) {
        let former = {
            let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
            published.replace(Arc::new(snapshot))
        };
        // Its keys are freed after the lock is released.
        drop(former);
    }

    /// Until this time, no lookup starts a refresh because of the set's age.
    pub(crate) fn keep_quiet_until(&self, time: Duration) {
        self.quiet_until.store(nanos(time), Ordering::Relaxed);
    }

    /// The answer of a set within its `ttl`, without a mutex and without allocation (I1). None if
    /// [`Refresh::decide`] must decide.
    pub(crate) fn fresh_answer(
        &self,
        query: KeyQuery<'_>,
    ) -> Option<Result<SelectedKey, KeyError>> {
        let answer = self.if_fresh(|set| set.find(query))?;
        (found(query, &answer) == Found::Answer).then_some(answer)
    }

    /// The result of `look` on the set, if that is within its `ttl` and needs no refresh now.
    pub(crate) fn if_fresh<T>(&self, look: impl FnOnce(&JwkSet) -> T) -> Option<T> {
        let now = self.now();
        let published = self.published.read().unwrap_or_else(PoisonError::into_inner);
        let snapshot = published.as_ref()?;
        let is_usable = match snapshot.state(&self.settings.timing, now) {
            KeysState::Fresh => true,
            KeysState::Ahead => nanos(now.monotonic) < self.quiet_until.load(Ordering::Relaxed),
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
        let snapshot = self.snapshot();
        let state = self.state_of(snapshot.as_deref(), now);
        match snapshot.filter(|_| state.serves()) {
            Some(snapshot) => (state, snapshot.keys.find(query)),
            None => (state, Err(KeyError::UnknownKey)),
        }
    }

    pub(crate) fn state(&self, now: Moment) -> KeysState {
        self.state_of(self.snapshot().as_deref(), now)
    }

    pub(crate) fn state_of(&self, snapshot: Option<&Snapshot>, now: Moment) -> KeysState {
        snapshot.map_or(KeysState::Empty, |snapshot| snapshot.state(&self.settings.timing, now))
    }

    /// The answer when waiting is not possible, or did not help: a key past its `ttl` is used. It is
    /// looked up again, since the set may have reached `stale_cap` meanwhile.
    pub(crate) fn answer_without_waiting(
        &self,
        control: &mut Control,
        now: Moment,
        query: KeyQuery<'_>,
        otherwise: KeyError,
    ) -> Result<SelectedKey, KeyError> {
        let (state, answer) = self.look(now, query);
        let key = answer.map_err(|_| otherwise)?;
        control.counters.count(state, Found::Answer, &Step::Use, 0);
        Ok(key)
    }

    /// Waits until more than `ended` attempts have ended, or until one is overdue. Returns whether one
    /// has ended.
    pub(crate) fn wait<'c>(
        &'c self,
        mut control: MutexGuard<'c, Control>,
        ended: u64,
    ) -> (MutexGuard<'c, Control>, bool) {
        control.blocked = control.blocked.saturating_add(1);
        let bound = self.settings.timeout.saturating_add(TIME_TO_END);
        let waiting = |control: &mut Control| control.ended == ended;
        let (mut control, _) = self
            .ended
            .wait_timeout_while(control, bound, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        control.blocked = control.blocked.saturating_sub(1);
        let has_ended = control.ended != ended;
        (control, has_ended)
    }

    /// Waits for the attempt under way, if there is one, and returns the outcome of the last one.
    pub(crate) fn outcome<'c>(
        &'c self,
        mut control: MutexGuard<'c, Control>,
    ) -> Result<(), FetchError> {
        if control.refresh.under_way() {
            let ended = control.ended;
            let has_ended;
            (control, has_ended) = self.wait(control, ended);
            if !has_ended {
                return Err(FetchError::Timeout);
            }
        }
        control.refresh.last_error().map_or(Ok(()), |failure| Err(failure.error().clone()))
    }

    /// The attempt under way has not ended in time: lookups no longer wait for it.
    pub(crate) fn give_up(&self, control: &mut Control, now: Moment) {
        let failure = self.failure(control, FetchError::Timeout);
        let (state, jitter) = (self.state(now), self.jitter());
        control.refresh.give_up(now.monotonic, failure, state, jitter);
    }

    /// Takes the slot from an attempt that is long overdue (I2). Threads that waited for it decide again
    /// now, and futures when they are next polled: at the latest when this or another attempt ends.
    pub(crate) fn reclaim_slot(&self, control: &mut Control, now: Moment) {
        if control.refresh.is_long_overdue(&self.settings.timing, now.monotonic) {
            self.give_up(control, now);
            control.refresh.reclaim();
            control.ended = control.ended.wrapping_add(1);
            self.ended.notify_all();
            self.keep_quiet_until(control.refresh.back_off_end());
        }
    }

    /// A failure of the next request that is due, with its host.
    pub(crate) fn failure(&self, control: &Control, error: FetchError) -> FetchFailure {
        let (url, purpose) = match (&self.settings.location, &control.jwks_uri) {
            (Location::Url(url), _) => (url, FetchPurpose::KeySet),
            (Location::Discovery(_), Some(jwks_uri)) => (jwks_uri, FetchPurpose::KeySet),
            (Location::Discovery(issuer), None) => (&issuer.openid_url, FetchPurpose::Metadata),
        };
        FetchFailure::new(host_of(url), purpose, error)
    }
}

/// Only an unknown `kid` is worth a newer set; a missing or ambiguous one is not.
pub(crate) fn found(query: KeyQuery<'_>, answer: &Result<SelectedKey, KeyError>) -> Found {
    match (query.key_id(), answer) {
        (Some(_), Err(KeyError::UnknownKey)) => Found::UnknownKid,
        _ => Found::Answer,
    }
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}

/// How long an attempt may run past its timeout before its waiters give up.
const TIME_TO_END: Duration = Duration::from_millis(100);
