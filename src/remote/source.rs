//! The part of a key source that its clones share. All changes of its state are here, so that what
//! holds whenever the lock is free can be read in one file.

use std::{
    collections::BTreeMap,
    mem, process,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

use crate::{
    JwkSet, KeyError, KeyQuery, SelectedKey, UnixTime, lock,
    remote::{
        clock::{Moment, jitter},
        discovery::{Discovered, Plan},
        error::FetchError,
        fetch::FetchFailure,
        fork::PerProcess,
        health::{Counters, FetchEvent, Health},
        refresh::{Found, Reason, Refresh, Step},
        settings::Settings,
        snapshot::{Burnt, Published, Snapshot, Timing},
    },
};

/// The shared part of a key source.
pub(crate) struct Source {
    pub(crate) settings: Settings,
    locked: PerProcess<Locked>,
}

/// The part of a source that changes, in one process.
struct Locked {
    /// Locked by itself. A change of it comes from a [`Control`], under both locks.
    published: Published,
    /// Locked by lookups that may have to wait. Never locked across I/O, parsing or signature checks,
    /// nor by a thread that has locked `published`.
    state: Mutex<State>,
    /// Wakes the threads that wait for an attempt.
    wake_threads: Condvar,
}

#[derive(Default)]
struct State {
    refresh: Refresh,
    /// How many attempts have ended or lost the slot, counted from `first`.
    ended: u64,
    /// Zero, or the number with which a forked child began.
    first: u64,
    waiting_threads: usize,
    /// By the number of each future.
    waiting_futures: BTreeMap<u64, Waker>,
    /// The number of the latest future that waited.
    last_future: u64,
    counters: Counters,
    discovered: Discovered,
    /// The keys that are refused, whatever a set says.
    burnt: Burnt,
}

impl Source {
    pub(crate) fn new(settings: Settings, seed: Option<Snapshot>) -> Self {
        let burnt = Burnt::default().with(seed.as_ref().map_or(&[], |seed| seed.keys.burnt()));
        let published = Published::new(settings.timing, seed);
        let locked = Locked::new(published, State { burnt, ..State::default() });
        Self { settings, locked: PerProcess::new(locked) }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::now(&*self.settings.clock)
    }

    /// The set in use, for a lookup of a known `kid`: without a system call, and in a forked child perhaps
    /// still the parent's. Only [`Published::if_fresh`] may be used, which waits for no lock.
    pub(crate) fn published_at_hand(&self) -> &Published {
        &self.locked.latest().published
    }

    /// The set in use.
    pub(crate) fn published(&self) -> &Published {
        &self.locked().published
    }

    pub(crate) fn lock(self: &Arc<Self>) -> Control<'_> {
        let locked = self.locked();
        // A poisoned lock is used all the same: the state is consistent between any two statements, and
        // to refuse every token from then on would be worse.
        let state = locked.state.lock().unwrap_or_else(PoisonError::into_inner);
        Control { source: self, locked, state }
    }

    /// A system call finds out whether this process has been forked.
    fn locked(&self) -> &Locked {
        self.locked.own(|parents| parents.inherit(self.settings.timing))
    }
}

impl Locked {
    fn new(published: Published, state: State) -> Self {
        Self { published, state: Mutex::new(state), wake_threads: Condvar::new() }
    }

    /// The start of a forked child: without an attempt, a waiter, a back-off or a count. If another thread
    /// held one of the locks at the fork, what it guards can never be read again, and the child starts
    /// empty: keys without the memory of the burnt ones would not be safe.
    fn inherit(&self, timing: Timing) -> Self {
        let state = lock::at_once(self.state.try_lock());
        let (snapshot, discovered, burnt) = match state.zip(self.published.try_snapshot()) {
            Some((state, snapshot)) => (snapshot, state.discovered.clone(), state.burnt.clone()),
            None => Default::default(),
        };
        // A future that waited at the fork may be polled or dropped in the child. So that its number is no
        // other future's, and its attempt has ended, the child counts from elsewhere.
        let first = u64::from(process::id()).rotate_left(32);
        let state = State {
            ended: first,
            first,
            last_future: first,
            discovered,
            burnt,
            ..State::default()
        };
        Self::new(Published::new(timing, snapshot), state)
    }
}

/// A source whose state is locked.
pub(crate) struct Control<'s> {
    source: &'s Arc<Source>,
    locked: &'s Locked,
    state: MutexGuard<'s, State>,
}

/// A lookup that waits, or wants to.
#[derive(Clone, Copy)]
pub(crate) enum Waiter {
    Thread,
    /// With its number, once it has waited.
    Future(Option<u64>),
}

/// The part of an attempt that the state decides.
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) plan: Plan,
    /// Whether to go past caches.
    pub(crate) no_cache: bool,
    /// The keys burnt so far.
    pub(crate) burnt: Burnt,
    /// The text of the set in use. Only the attempt that holds the slot changes it.
    pub(crate) former: Option<Arc<[u8]>>,
}

/// The end of an attempt.
pub(crate) struct Fetched {
    /// The `jwks_uri`, if metadata was read.
    pub(crate) jwks_uri: Option<Arc<str>>,
    pub(crate) result: Result<FetchedSet, FetchFailure>,
}

/// A valid set, which may have no usable key.
pub(crate) struct FetchedSet {
    pub(crate) text: Arc<[u8]>,
    pub(crate) keys: JwkSet,
    /// All keys burnt so far, including those that this set burns.
    pub(crate) burnt: Burnt,
    /// If this set burns keys: the keys of the former set without those.
    pub(crate) former_keys: Option<JwkSet>,
}

impl<'s> Control<'s> {
    pub(crate) fn source(&self) -> &'s Arc<Source> {
        self.source
    }

    /// What the set answers to `query`, and the step of a lookup that has waited for `waited` attempts.
    pub(crate) fn decide(
        &mut self,
        now: Moment,
        query: KeyQuery<'_>,
        waited: u8,
    ) -> (Step, Result<SelectedKey, KeyError>) {
        let (keys_state, answer) = self.locked.published.look(now, query);
        let (found, timing) = (Found::of(query, &answer), &self.source.settings.timing);
        let step = self.state.refresh.decide(timing, now.monotonic, keys_state, found, waited);
        self.state.counters.count(keys_state, found, &step, waited);
        (step, answer)
    }

    /// The answer when waiting is not possible, or did not help: a key past its `ttl` is used. It is
    /// looked up again, since the set may have reached `stale_cap` meanwhile.
    pub(crate) fn answer_without_waiting(
        &mut self,
        now: Moment,
        query: KeyQuery<'_>,
        otherwise: KeyError,
    ) -> Result<SelectedKey, KeyError> {
        if otherwise == KeyError::Busy {
            self.state.counters.count_busy();
        }
        let (keys_state, answer) = self.locked.published.look(now, query);
        let key = answer.map_err(|_| otherwise)?;
        self.state.counters.count(keys_state, Found::Answer, &Step::Use, 0);
        Ok(key)
    }

    pub(crate) fn health(&self) -> Health {
        let now = self.source.now();
        let (keys_state, snapshot) = self.locked.published.get(now);
        let State { refresh, counters, .. } = &*self.state;
        let waiters = self.state.waiting_threads.saturating_add(self.state.waiting_futures.len());
        Health::of(keys_state, snapshot.as_deref(), refresh, counters, waiters, now)
    }

    /// How many attempts have ended or lost the slot. Waiters wait for this to change.
    pub(crate) fn ended(&self) -> u64 {
        self.state.ended
    }

    /// Whether an attempt of this process has ended or lost the slot.
    pub(crate) fn has_ended_one(&self) -> bool {
        self.state.ended != self.state.first
    }

    /// Whether this one may wait, or waits already.
    pub(crate) fn admits(&self, waiter: Waiter) -> bool {
        let State { waiting_threads, waiting_futures, .. } = &*self.state;
        let limits = self.source.settings.limits;
        match waiter {
            Waiter::Thread => *waiting_threads < limits.max_waiting_threads,
            Waiter::Future(Some(number)) if waiting_futures.contains_key(&number) => true,
            Waiter::Future(_) => waiting_futures.len() < limits.max_waiting_futures,
        }
    }

    /// Blocks until another attempt has ended. False if the one under way is overdue.
    pub(crate) fn wait(mut self) -> (Self, bool) {
        let (settings, ended) = (&self.source.settings, self.state.ended);
        self.state.waiting_threads = self.state.waiting_threads.saturating_add(1);
        let bound = settings.timing.timeout.saturating_add(TIME_TO_END);
        let is_waiting = |state: &mut State| state.ended == ended;
        let (state, _) = self
            .locked
            .wake_threads
            .wait_timeout_while(self.state, bound, is_waiting)
            .unwrap_or_else(PoisonError::into_inner);
        self.state = state;
        self.state.waiting_threads = self.state.waiting_threads.saturating_sub(1);
        let has_ended = self.state.ended != ended;
        (self, has_ended)
    }

    /// Stores a future's waker. Returns the future's number and its former waker.
    pub(crate) fn enter(&mut self, number: Option<u64>, waker: Waker) -> (u64, Option<Waker>) {
        let number = number.unwrap_or_else(|| {
            self.state.last_future = self.state.last_future.wrapping_add(1);
            self.state.last_future
        });
        (number, self.state.waiting_futures.insert(number, waker))
    }

    /// Takes the waker of a future that waits no longer.
    pub(crate) fn leave(&mut self, number: u64) -> Option<Waker> {
        self.state.waiting_futures.remove(&number)
    }

    /// Takes the wakers of all futures.
    pub(crate) fn take_wakers(&mut self) -> BTreeMap<u64, Waker> {
        mem::take(&mut self.state.waiting_futures)
    }

    /// The attempts so far.
    pub(crate) fn refresh(&self) -> &Refresh {
        &self.state.refresh
    }

    /// Takes the slot for an attempt.
    pub(crate) fn begin(&mut self, now: Moment, reason: Reason) -> Order {
        let published = &self.locked.published;
        published.keep_quiet_until(Duration::MAX);
        Order {
            number: self.state.refresh.start(now.monotonic, reason),
            plan: self.state.discovered.plan(
                &self.source.settings,
                published.state(now),
                now,
                reason,
            ),
            no_cache: reason != Reason::Age,
            burnt: self.state.burnt.clone(),
            former: published.snapshot().map(|former| Arc::clone(&former.text)),
        }
    }

    /// Ends an attempt, without `fetched` if it panicked or had no thread. Returns the event for the
    /// hook, or none if the attempt has lost its slot: its outcome is ignored then (I2).
    pub(crate) fn end(
        &mut self,
        number: u64,
        started: Moment,
        fetched: Option<Fetched>,
    ) -> Option<FetchEvent> {
        if !self.state.refresh.end(number) {
            return None;
        }
        let now = self.source.now();
        let Fetched { jwks_uri, result } = fetched.unwrap_or_else(|| Fetched {
            jwks_uri: None,
            result: Err(self.failure(FetchError::Thread)),
        });
        if let Some(jwks_uri) = jwks_uri {
            self.state.discovered.learn(jwks_uri, started);
        }
        let (mut usable_keys, mut skipped_keys, mut key_set) = (0, 0, None);
        let location = &self.source.settings.location;
        let result = result.map_err(|failure| failure.of_source_at(location)).and_then(|set| {
            (usable_keys, skipped_keys) = (set.keys.len(), set.keys.skipped().len());
            key_set = Some(Arc::clone(&set.text));
            self.accept(started, set)
        });
        self.state.discovered.end(&result);
        self.state.counters.count_attempt(&result);
        match &result {
            Ok(()) => self.state.refresh.succeed(),
            Err(failure) => self.fail(now, failure.clone()),
        }
        self.wake_threads();
        Some(FetchEvent {
            fetched_at: UnixTime::from_secs(started.wall.as_secs()),
            duration: now.monotonic.saturating_sub(started.monotonic),
            usable_keys,
            skipped_keys,
            generation: self.locked.published.snapshot().map_or(0, |snapshot| snapshot.generation),
            key_set: key_set.filter(|_| result.is_ok()),
            failure: result.err(),
        })
    }

    /// Takes a valid set into use, or fails if it has no usable key (I5, I6).
    fn accept(&mut self, started: Moment, fetched: FetchedSet) -> Result<(), FetchFailure> {
        let FetchedSet { text, keys, burnt, former_keys } = fetched;
        self.state.burnt = burnt;
        let former = self.locked.published.snapshot();
        if keys.is_empty() {
            // It does not replace the old set. But the keys that it burns are removed from that one, and
            // the time starts after which the old keys end.
            if let Some(former) = former {
                self.locked.published.replace(former.outlived(former_keys, started));
            }
            return Err(self.failure(FetchError::no_usable_keys(keys.skipped())));
        }
        let generation = former.map_or(0, |former| former.generation).saturating_add(1);
        let set = Snapshot { generation, ..self.source.settings.snapshot(keys, text, started) };
        self.locked.published.replace(set);
        Ok(())
    }

    /// The attempt under way has not ended in time. It counts as failed, so that no lookup waits for it
    /// again, and it keeps the slot.
    pub(crate) fn give_up(&mut self, now: Moment) {
        let refresh = &self.state.refresh;
        if refresh.under_way() && !refresh.failed_lately(now.monotonic) {
            self.fail(now, self.failure(FetchError::Timeout));
        }
    }

    /// Takes the slot from an attempt that is long overdue (I2). Threads that waited for it decide again
    /// now, and futures when they are next polled: at the latest when this or another attempt ends.
    pub(crate) fn reclaim_slot(&mut self, now: Moment) {
        let timing = &self.source.settings.timing;
        if self.state.refresh.is_long_overdue(timing, now.monotonic) {
            self.give_up(now);
            self.state.refresh.reclaim();
            self.wake_threads();
        }
    }

    /// The slot is free: waiters decide again. Until the back-off ends, no lookup starts a refresh.
    fn wake_threads(&mut self) {
        self.locked.published.keep_quiet_until(self.state.refresh.back_off_end());
        self.state.ended = self.state.ended.wrapping_add(1);
        self.locked.wake_threads.notify_all();
    }

    fn fail(&mut self, now: Moment, failure: FetchFailure) {
        let keys_state = self.locked.published.state(now);
        let jitter = jitter(&*self.source.settings.clock);
        self.state.refresh.fail(now.monotonic, failure, keys_state, jitter);
    }

    /// A failure of the request that is next, with its host.
    pub(crate) fn failure(&self, error: FetchError) -> FetchFailure {
        self.state.discovered.failure(&self.source.settings.location, error)
    }
}

/// How long an attempt may run past its timeout before its waiters give up.
const TIME_TO_END: Duration = Duration::from_millis(100);
